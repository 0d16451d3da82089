//! Calls whose whole answer is wanted: status, headers and body, as whoever writes back judges them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode, Url, header};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{ApiClient, ApiError, ApiSetupError, TIMEOUT, filled};
use crate::intake::bounded;
use crate::intake::mapping::write::WriteMapping;
use crate::intake::source::SourceSettings;
use crate::net::Clients;
use crate::net::answer::{self, Ending};
use crate::secret::SecretSource;

/// No more of an answer is read. Systems that answer with a whole conversation send more.
const LONGEST: usize = 256 << 10;
/// The same of what is asked for: a list of what was written about a ticket.
const LONGEST_READ: usize = 4 << 20;

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiCall {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path below the base.
    pub path: String,
    /// Headers besides those of the authentication.
    pub headers: Vec<(String, String)>,
    /// What is sent, as JSON.
    pub body: Option<Value>,
}

impl ApiCall {
    /// Asks for a path.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET".to_owned(), path: path.into(), headers: Vec::new(), body: None }
    }

    /// Sends JSON to a path, or nothing.
    pub fn post(path: impl Into<String>, body: Option<Value>) -> Self {
        Self { method: "POST".to_owned(), path: path.into(), headers: Vec::new(), body }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON; a string where it is none, be it empty; null where it is cut.
    pub body: Value,
    /// Whether the body ends before its end: too long, or broken off.
    pub is_cut: bool,
}

/// Why there is no answer. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallFault {
    /// It was not sent: the address cannot be called.
    Address(String),
    /// It was not sent: nobody listens there, or no session was opened.
    Connection(String),
    /// It was sent, and nothing came back.
    Silence(String),
}

impl ApiClient {
    /// The API behind a source, for writing back by `write`.
    ///
    /// # Errors
    ///
    /// [`ApiSetupError`] if a secret or the address is missing, or lies inside of the house.
    pub fn for_writing(
        settings: &SourceSettings,
        write: &WriteMapping,
        clients: &Clients,
    ) -> Result<Self, ApiSetupError> {
        let api = settings.mapping.api.as_ref().and_then(|api| api.base.as_deref());
        let usual = write.base.as_deref().or(api).map(|base| filled(base, &settings.set));
        let base = settings.api.base.clone().or(usual).ok_or(ApiSetupError::NoAddress)?;
        if let Ok(url) = Url::parse(&base) {
            clients.of(&url, settings.private)?;
        }
        let secret = |key: &str| settings.api.secrets.get(key).map(SecretSource::read).transpose();
        Ok(Self {
            client: clients.of_kind(settings.private).clone(),
            base: base.trim_end_matches('/').to_owned(),
            auth: write.auth.clone(),
            token: secret("token")?,
            app_token: secret("app_token")?,
            client_id: secret("client_id")?,
            client_secret: secret("client_secret")?,
            set: settings.set.clone(),
            session: Mutex::new(None),
        })
    }

    /// Makes a call and gives its answer, whatever its status. A session that has ended is opened once more.
    ///
    /// # Errors
    ///
    /// [`CallFault`] where there is no answer.
    pub async fn ask(&self, call: &ApiCall, now: DateTime<Utc>) -> Result<ApiAnswer, CallFault> {
        let answer = self.ask_once(call, now).await?;
        if answer.status == StatusCode::UNAUTHORIZED.as_u16() && self.has_session().await {
            *self.session.lock().await = None;
            return self.ask_once(call, now).await;
        }
        Ok(answer)
    }

    /// Where the API lies, for addresses that answers name.
    pub fn host(&self) -> Option<String> {
        Url::parse(&self.base).ok()?.host_str().map(str::to_owned)
    }

    async fn ask_once(&self, call: &ApiCall, now: DateTime<Utc>) -> Result<ApiAnswer, CallFault> {
        let url = self.address(&call.path).map_err(|error| CallFault::Address(error.to_string()))?;
        let method: Method =
            call.method.parse().map_err(|_| CallFault::Address("the method is none of HTTP's".to_owned()))?;
        let mut request = self.client.request(method, url).timeout(TIMEOUT);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8").body(body.to_string());
        }
        let request = self.authorised(request, now).await.map_err(|error| match error {
            ApiError::Later { cause, .. } | ApiError::Gone { cause } => CallFault::Connection(cause),
        })?;
        let mut response = request.send().await.map_err(|error| {
            let error = error.without_url();
            if error.is_connect() || error.is_builder() {
                CallFault::Connection(innermost(&error))
            } else {
                CallFault::Silence(innermost(&error))
            }
        })?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        // The status has come: what it says holds, whatever became of the rest.
        let most = if call.method == "GET" { LONGEST_READ } else { LONGEST };
        let (body, ending) = answer::read(&mut response, most).await;
        let is_cut = !matches!(ending, Ending::Whole);
        Ok(ApiAnswer { status, headers, body: if is_cut { Value::Null } else { read(&body) }, is_cut })
    }
}

/// A body as JSON; as a string where it is none.
fn read(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    bounded::json(text.as_bytes()).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// The innermost cause of an error, which tells most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
