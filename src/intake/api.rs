//! The API behind a source: what a hook was too thin to tell, and what has no hook, is asked for here.

mod whole;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, header};
use serde_json::Value;
use tokio::sync::Mutex;

use super::bounded;
use super::mapping::Auth;
use super::source::Source;
use crate::net::answer::{self, Ending};
use crate::net::{Clients, NotPublic};
use crate::secret::{Secret, SecretError};

pub use whole::{ApiAnswer, ApiCall, CallFault};

const TIMEOUT: Duration = Duration::from_secs(30);
/// No honest answer is longer.
const LONGEST_ANSWER: usize = 16 << 20;
/// A token is not used in its last minute.
const TOKEN_MARGIN: TimeDelta = TimeDelta::seconds(60);
/// A peer that wants to be asked again at once is not.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);
/// No peer is obeyed for longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// Why an API did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Later perhaps.
    #[error("{cause}")]
    Later {
        /// The wait that the peer asked for.
        after: Option<TimeDelta>,
        /// What happened; never holds a secret or a part of an answer.
        cause: String,
        /// What the peer answered, if it did.
        status: Option<StatusCode>,
    },
    /// What is asked for is not there.
    #[error("{cause}")]
    Gone {
        /// What happened.
        cause: String,
    },
}

impl ApiError {
    fn later(cause: impl Into<String>) -> Self {
        Self::Later { after: None, cause: cause.into(), status: None }
    }
}

/// An API that cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiSetupError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It lies inside of the house, and the file does not allow that.
    #[error(transparent)]
    NotPublic(#[from] NotPublic),
    /// Nobody says where it is.
    #[error("the mapping names no address, and [source.…] gives no `api`")]
    NoAddress,
}

/// An API ready to be asked.
#[derive(Debug)]
pub struct ApiClient {
    client: Client,
    base: String,
    auth: Auth,
    token: Option<Secret>,
    app_token: Option<Secret>,
    client_id: Option<Secret>,
    client_secret: Option<Secret>,
    /// `set` of `[source.NAME]`, whose words stand in addresses as `{word}`.
    set: Value,
    /// A session or access token, and until when it is good.
    session: Mutex<Option<(Secret, DateTime<Utc>)>>,
}

impl ApiClient {
    /// The API of a source; none if its mapping has none.
    ///
    /// # Errors
    ///
    /// [`ApiSetupError`] if a secret or the address is missing.
    pub fn of(source: &Source, clients: &Clients) -> Result<Option<Self>, ApiSetupError> {
        let Some(api) = &source.settings.mapping.api else { return Ok(None) };
        let settings = &source.settings.api;
        let secret = |key: &str| settings.secrets.get(key).map(crate::secret::SecretSource::read).transpose();
        let base = settings.base.clone().or_else(|| api.base.as_deref().map(|base| filled(base, &source.settings.set)));
        let Some(base) = base else {
            // Where it is not needed, a team may do without.
            let is_needed = source.settings.mapping.needs.iter().any(|need| need == "api");
            return if is_needed { Err(ApiSetupError::NoAddress) } else { Ok(None) };
        };
        let mut addresses = vec![base.as_str()];
        if let Auth::OAuth2 { token_url, .. } = &api.auth {
            addresses.push(token_url);
        }
        // One that still has a word to fill in fails when it is asked.
        for url in addresses.into_iter().filter_map(|address| Url::parse(address).ok()) {
            clients.of(&url, source.settings.private)?;
        }
        let client = clients.of_kind(source.settings.private).clone();
        Ok(Some(Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            auth: api.auth.clone(),
            token: secret("token")?,
            app_token: secret("app_token")?,
            client_id: secret("client_id")?,
            client_secret: secret("client_secret")?,
            set: source.settings.set.clone(),
            session: Mutex::new(None),
        }))
    }

    /// Asks for a path below the base, or for a whole address below the same base, such as that of a next page.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    pub async fn get(&self, path: &str, now: DateTime<Utc>) -> Result<Value, ApiError> {
        self.call(&ApiCall::get(path), now).await
    }

    /// The same by any call.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    pub async fn call(&self, call: &ApiCall, now: DateTime<Utc>) -> Result<Value, ApiError> {
        let url = self.address(&call.path)?;
        let method: Method = call.method.parse().map_err(|_| ApiError::later("the method is none of HTTP's"))?;
        let request = || {
            let mut request = self.client.request(method.clone(), &url);
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            match &call.body {
                Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()),
                None => request,
            }
        };
        match self.exchange(request(), now).await {
            // A session may have ended before its time; once, a new one is opened.
            Err(ApiError::Later { status: Some(StatusCode::UNAUTHORIZED), .. }) if self.has_session().await => {
                *self.session.lock().await = None;
                self.exchange(request(), now).await
            }
            answer => answer,
        }
    }

    /// What is to be sent, in which every text that is `{token}` stands for the token: some systems want it there.
    ///
    /// # Errors
    ///
    /// [`ApiError`] if there is no token.
    pub fn with_token(&self, body: Value) -> Result<Value, ApiError> {
        Ok(match body {
            Value::String(text) if text == "{token}" => {
                let token = self.token.as_ref().ok_or_else(|| ApiError::later("[source.…] gives no `token`"))?;
                token.expose().into()
            }
            Value::Array(items) => {
                items.into_iter().map(|item| self.with_token(item)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| Ok((name, self.with_token(value)?)));
                Value::Object(members.collect::<Result<_, ApiError>>()?)
            }
            other => other,
        })
    }

    /// Asks for a socket in Slack's manner (docs.slack.dev, `apps.connections.open`), and gives its address, which is a secret.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    pub async fn socket_url(&self, path: &str, now: DateTime<Utc>) -> Result<String, ApiError> {
        let token = self.app_token.as_ref().ok_or_else(|| ApiError::later("[source.…] gives no `app_token`"))?;
        let answer = read(self.client.post(self.address(path)?).bearer_auth(token.expose()), now).await?;
        let Some(url) = answer["url"].as_str().filter(|_| answer["ok"] == true) else {
            let why = answer["error"].as_str().unwrap_or("no address was given");
            return Err(ApiError::later(format!("no socket is given: {why}")));
        };
        self.safe_socket(url)
    }

    /// The address of a socket if it goes over TLS; without only where the API itself is asked without, as in a test.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    pub fn safe_socket(&self, url: &str) -> Result<String, ApiError> {
        let is_safe = url.starts_with("wss://") || (url.starts_with("ws://") && self.base.starts_with("http://"));
        if is_safe { Ok(url.to_owned()) } else { Err(ApiError::later("the address of the socket is no wss://")) }
    }

    /// An address elsewhere would be given our token.
    fn address(&self, path: &str) -> Result<String, ApiError> {
        // `https://api.example` begins `https://api.example.elsewhere.example` too.
        if let Some(rest) = path.strip_prefix(&self.base)
            && (rest.is_empty() || rest.starts_with(['/', '?']))
        {
            return if stays_below(rest) { Ok(path.to_owned()) } else { Err(outside()) };
        }
        if path.contains("://") || !path.starts_with('/') {
            return Err(outside());
        }
        if stays_below(path) { Ok(format!("{}{path}", self.base)) } else { Err(outside()) }
    }

    async fn has_session(&self) -> bool {
        self.session.lock().await.is_some()
    }

    async fn exchange(&self, request: RequestBuilder, now: DateTime<Utc>) -> Result<Value, ApiError> {
        let request = self.authorised(request, now).await?;
        read(request, now).await
    }

    async fn authorised(&self, request: RequestBuilder, now: DateTime<Utc>) -> Result<RequestBuilder, ApiError> {
        let missing = |what: &str| ApiError::later(format!("[source.…] gives no `{what}`"));
        match &self.auth {
            Auth::Bearer => {
                let token = self.token.as_ref().ok_or_else(|| missing("token"))?;
                Ok(request.bearer_auth(token.expose()))
            }
            Auth::Token => {
                let token = self.token.as_ref().ok_or_else(|| missing("token"))?;
                Ok(request.header(header::AUTHORIZATION, token.expose()))
            }
            Auth::Header { name, value } => {
                let token = self.token.as_ref().ok_or_else(|| missing("token"))?;
                Ok(request.header(name, value.replace("{token}", token.expose())))
            }
            Auth::Basic { value } => {
                let token = self.token.as_ref().ok_or_else(|| missing("token"))?;
                let value = STANDARD.encode(value.replace("{token}", token.expose()));
                Ok(request.header(header::AUTHORIZATION, format!("Basic {value}")))
            }
            Auth::Password { token_url, scope } => {
                let token = self.session(now, self.user_token(token_url, scope, now)).await?;
                Ok(request.bearer_auth(token.expose()))
            }
            Auth::OAuth2 { token_url, scope, in_header } => {
                let token = self.session(now, self.access_token(token_url, scope, *in_header, now)).await?;
                Ok(request.bearer_auth(token.expose()))
            }
            Auth::Glpi => {
                let session = self.session(now, self.glpi_session(now)).await?;
                let request = request.header("Session-Token", session.expose());
                Ok(match &self.app_token {
                    Some(token) => request.header("App-Token", token.expose()),
                    None => request,
                })
            }
        }
    }

    async fn session(
        &self,
        now: DateTime<Utc>,
        open: impl Future<Output = Result<(Secret, DateTime<Utc>), ApiError>>,
    ) -> Result<Secret, ApiError> {
        let mut session = self.session.lock().await;
        if let Some((token, until)) = session.as_ref()
            && now < *until
        {
            return Ok(token.clone());
        }
        let (token, until) = open.await?;
        *session = Some((token.clone(), until));
        Ok(token)
    }

    /// OAuth 2 client credentials (RFC 6749 §4.4).
    async fn access_token(
        &self,
        token_url: &str,
        scope: &str,
        in_header: bool,
        now: DateTime<Utc>,
    ) -> Result<(Secret, DateTime<Utc>), ApiError> {
        let url = filled(token_url, &self.set);
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url };
        let missing = |what: &str| ApiError::later(format!("[source.…] gives no `{what}`"));
        let id = self.client_id.as_ref().ok_or_else(|| missing("client_id"))?.expose();
        let secret = self.client_secret.as_ref().ok_or_else(|| missing("client_secret"))?.expose();
        let mut form = vec![("grant_type", "client_credentials".to_owned())];
        if !scope.is_empty() {
            form.push(("scope", scope.to_owned()));
        }
        let mut request = self.client.post(&url);
        if in_header {
            request = request.basic_auth(id, Some(secret));
        } else {
            form.extend([("client_id", id.to_owned()), ("client_secret", secret.to_owned())]);
        }
        token(request, &form, now).await
    }

    /// OAuth 2 by a user's name and password (RFC 6749 §4.3).
    async fn user_token(
        &self,
        token_url: &str,
        scope: &str,
        now: DateTime<Utc>,
    ) -> Result<(Secret, DateTime<Utc>), ApiError> {
        let missing = |what: &str| ApiError::later(format!("[source.…] gives no `{what}`"));
        let secret = |secret: &Option<Secret>, key| {
            Ok::<_, ApiError>(secret.as_ref().ok_or_else(|| missing(key))?.expose().to_owned())
        };
        let whole = secret(&self.token, "token")?;
        let (user, password) = whole.split_once(':').ok_or_else(|| ApiError::later("`token` is no name:password"))?;
        let form = [
            ("grant_type", "password".to_owned()),
            ("client_id", secret(&self.client_id, "client_id")?),
            ("client_secret", secret(&self.client_secret, "client_secret")?),
            ("username", user.to_owned()),
            ("password", password.to_owned()),
            ("scope", scope.to_owned()),
        ];
        let url = filled(token_url, &self.set);
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url };
        token(self.client.post(&url), &form, now).await
    }

    /// GLPI's legacy REST API wants a session (apirest.md).
    async fn glpi_session(&self, now: DateTime<Utc>) -> Result<(Secret, DateTime<Utc>), ApiError> {
        let token = self.token.as_ref().map(|token| token.expose().to_owned()).unwrap_or_default();
        let mut request = self
            .client
            .get(format!("{}/initSession", self.base))
            .header(header::AUTHORIZATION, format!("user_token {token}"));
        if let Some(app_token) = &self.app_token {
            request = request.header("App-Token", app_token.expose());
        }
        let answer = read(request, now).await?;
        let session = answer["session_token"].as_str().ok_or_else(|| ApiError::later("no session was opened"))?;
        Ok((Secret::new(session), now + TimeDelta::minutes(30)))
    }
}

/// An address in which `{word}` stands for `set.word`; what is not given stays, and fails when it is asked.
fn filled(address: &str, set: &Value) -> String {
    let words = set.as_object().into_iter().flatten().filter_map(|(name, word)| Some((name, word.as_str()?)));
    words.fold(address.to_owned(), |address, (name, word)| address.replace(&format!("{{{name}}}"), word))
}

/// Asks for an access token (RFC 6749), and says until when it is good.
///
/// # Errors
///
/// [`ApiError`].
pub async fn token(
    request: RequestBuilder,
    form: &[(&str, String)],
    now: DateTime<Utc>,
) -> Result<(Secret, DateTime<Utc>), ApiError> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    let answer = read(request, now).await?;
    let token = answer["access_token"].as_str().ok_or_else(|| ApiError::later("no access token was given"))?;
    let lives = TimeDelta::seconds(answer["expires_in"].as_i64().unwrap_or(300).clamp(0, 86_400));
    Ok((Secret::new(token), now + lives - TOKEN_MARGIN))
}

async fn read(request: RequestBuilder, now: DateTime<Utc>) -> Result<Value, ApiError> {
    let failed = |error: reqwest::Error| ApiError::later(error.without_url().to_string());
    let mut response = request.timeout(TIMEOUT).send().await.map_err(failed)?;
    let status = response.status();
    let after = answer::retry_after(response.headers(), now).map(|wait| wait.clamp(SHORTEST_WAIT, LONGEST_WAIT));
    if !status.is_success() {
        let cause = format!("HTTP {status}");
        return Err(match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => ApiError::Gone { cause },
            _ => ApiError::Later { after, cause, status: Some(status) },
        });
    }
    let body = match answer::read(&mut response, LONGEST_ANSWER).await {
        (body, Ending::Whole) => body,
        (_, Ending::TooLong) => {
            return Err(ApiError::Gone { cause: "the answer is longer than 16 MiB".to_owned() });
        }
        (_, Ending::Broken(error)) => return Err(failed(error)),
    };
    if body.is_empty() && status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    bounded::json(&body).map_err(|_| ApiError::later("the answer is no JSON, or has too much in it"))
}

fn outside() -> ApiError {
    ApiError::Gone { cause: "the address lies outside the API".to_owned() }
}

/// Whether a path stays below the base that it is put after: ids in payloads are others' words, and clients of HTTP take `..`, its
/// encodings and `\\` for a way up.
fn stays_below(path: &str) -> bool {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_way_up = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
        plain.split('/').any(|part| part == "." || part == "..")
    };
    !path.contains(['\\', '#']) && !query.contains('#') && !path.contains("//") && !path.split('/').any(is_way_up)
}
