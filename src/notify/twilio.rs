//! Twilio's API as its texts and its calls share it (twilio.com/docs/usage/api): an account, forms to it, and what its codes mean
//! (twilio.com/docs/api/errors). No key against doubles is documented, so whoever sends looks first.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;

use super::endpoint::Endpoint;
use super::hook::{HookCall, characters, cut};
use super::http::{self, HttpAnswer};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment};
use super::{DeliveryError, SetupError};
use crate::outbox::ReaderLimit;
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

/// Where the API is.
const VENDOR: &str = "https://api.twilio.com";
/// Too many requests at once: one second would do, and is not promised.
const TOO_FAST: TimeDelta = TimeDelta::seconds(2);
/// What an error of the account, its numbers or its permissions says: every message will meet it until somebody changes that. Of SMS to a
/// country that is closed 21408, of calls 21215; senders that are not the account's, or not fit; the account itself.
const OF_ALL: [i64; 14] =
    [10_001, 20_003, 20_005, 20_404, 21_210, 21_212, 21_215, 21_408, 21_606, 21_611, 21_612, 21_659, 21_660, 21_703];
/// The person wrote STOP: only the person can undo that.
const OPTED_OUT: i64 = 21_610;

/// An account, and who speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The API.
    pub endpoint: Endpoint,
    /// The account's id, `AC…`.
    pub id: String,
    /// Id of an API key, `SK…`, and where its secret is kept; else the account's own token is the password.
    pub key: Option<(String, SecretSource)>,
    /// Where the account's token is kept, by which it signs its calls.
    pub token: SecretSource,
    /// The number that writes or calls, `+57…`; of texts also a messaging service, `MG…`.
    pub sender: String,
}

/// The keys of an account, as the file writes them.
pub(super) struct Written<'a> {
    pub(super) url: Option<&'a At<WordOr<SecretRef>>>,
    pub(super) private: Option<&'a At<bool>>,
    pub(super) timeout: Option<&'a At<String>>,
    pub(super) account: Option<&'a At<String>>,
    pub(super) key: Option<&'a At<String>>,
    pub(super) key_secret: Option<&'a At<SecretRef>>,
    pub(super) token: Option<&'a At<SecretRef>>,
    pub(super) sender: Option<&'a At<String>>,
}

impl Account {
    /// What the keys mean.
    pub(super) fn settle(written: &Written<'_>, reader: &mut dyn ConfigReader) -> Option<Self> {
        let endpoint = Endpoint::settle(written.url, written.private, written.timeout, Some(VENDOR), reader);
        let id = reader.needed_text("account", written.account, "\"AC…\"");
        let key = match (written.key, written.key_secret) {
            (Some(key), secret) => Some((reader.text(key, "\"SK…\""), reader.needed_secret("key_secret", secret))),
            (None, Some(secret)) => {
                reader.missing("key", "\"SK…\"");
                reader.secret(secret);
                None
            }
            (None, None) => None,
        };
        let token = reader.needed_secret("token", written.token);
        let sender = reader.needed_text("sender", written.sender, "\"+576010000001\"");
        Some(Self { endpoint: endpoint?, id, key, token, sender })
    }

    pub(super) fn open(&self, equipment: &Equipment<'_>) -> Result<TwilioLine, SetupError> {
        let line = self.endpoint.open(equipment)?;
        let (user, password) = match &self.key {
            Some((key, secret)) => (key.as_str(), secret.read()?),
            None => (self.id.as_str(), self.token.read()?),
        };
        let authorization = Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose()))));
        let base = format!("{}/2010-04-01/Accounts/{}", line.base(), self.id);
        Ok(TwilioLine { base, client: line.client, timeout: line.timeout, authorization, sender: self.sender.clone() })
    }
}

/// An account ready to be called.
#[derive(Debug)]
pub(super) struct TwilioLine {
    base: String,
    client: Client,
    timeout: Duration,
    authorization: Secret,
    pub(super) sender: String,
}

impl TwilioLine {
    /// Sends a form to a path of the account.
    pub(super) async fn post(
        &self,
        path: &str,
        form: &[(&str, String)],
        now: DateTime<Utc>,
    ) -> Result<HttpAnswer, DeliveryError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .client
            .post(self.url(path)?)
            .header("authorization", self.authorization.expose())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        http::exchange(request, self.timeout, now).await
    }

    /// Reads a list of the account.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Result<Value, DeliveryError> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(query);
        let request = self.client.get(url).header("authorization", self.authorization.expose());
        let answer = http::exchange(request, self.timeout, now).await?;
        let body = answer.json();
        if answer.status.is_success() && body.is_object() { Ok(body) } else { Err(error(&answer)) }
    }

    /// A look at a list of the account, which needs the rights that sending needs.
    pub(super) fn probe(&self, list: &str) -> PeerProbe {
        let authorization = self.authorization.expose().to_owned();
        let call = |url| HookCall {
            method: Method::GET,
            authorization: Some(authorization),
            ..HookCall::post(url, Value::Null)
        };
        PeerProbe::call(&self.base, &format!("{list}?PageSize=1"), call, greeting)
    }

    /// The client and its patience, for looks.
    pub(super) const fn client(&self) -> (&Client, Duration) {
        (&self.client, self.timeout)
    }

    fn url(&self, path: &str) -> Result<Url, DeliveryError> {
        let malformed = |_| DeliveryError::GiveUp { cause: "the address is malformed".to_owned() };
        Url::parse(&format!("{}/{path}", self.base)).map_err(malformed)
    }
}

/// What was made, by its own document.
///
/// # Errors
///
/// [`DeliveryError`] where it was not, or nobody can tell.
pub(super) fn made(answer: &HttpAnswer) -> Result<Value, DeliveryError> {
    let body = answer.json();
    if answer.status.is_success() && body["sid"].is_string() { Ok(body) } else { Err(error(answer)) }
}

/// Twilio's code of an error.
pub(super) fn code(answer: &HttpAnswer) -> Option<i64> {
    answer.json()["code"].as_i64()
}

/// What an answer means by which nothing was made.
pub(super) fn error(answer: &HttpAnswer) -> DeliveryError {
    let body = answer.json();
    let (code, said) = (body["code"].as_i64(), body["message"].as_str().unwrap_or_default());
    let is_fast = answer.status == StatusCode::TOO_MANY_REQUESTS;
    let Some(code) = code.or_else(|| is_fast.then_some(0)) else { return answer.foreign("Twilio") };
    let cause = format!("HTTP {}: {code}: {}", answer.status.as_u16(), cut(said, 120, characters));
    match answer.status {
        _ if is_fast => match answer.held(cause) {
            DeliveryError::Hold { after, cause } => DeliveryError::Hold { after: after.or(Some(TOO_FAST)), cause },
            other => other,
        },
        StatusCode::SERVICE_UNAVAILABLE => DeliveryError::Retry { cause },
        // It may have been made before that broke.
        status if status.is_server_error() => DeliveryError::Doubt { cause },
        _ if code == OPTED_OUT => DeliveryError::NotToReader { limit: ReaderLimit::OptedOut, cause },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            DeliveryError::Hold { after: None, cause }
        }
        _ if OF_ALL.contains(&code) => DeliveryError::Hold { after: None, cause },
        _ => DeliveryError::GiveUp { cause },
    }
}

/// An instant of a list: `Mon, 02 Mar 2026 14:35:00 +0000`.
pub(super) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value.as_str()?).ok().map(|at| at.to_utc())
}

/// Whether it knows the account and its key.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match (answer.status.is_success(), body["code"].as_i64()) {
        (true, _) if body.is_object() => Greeting::Known,
        (false, Some(code)) => {
            Greeting::Unknown(format!("{code}: {}", cut(body["message"].as_str().unwrap_or_default(), 80, characters)))
        }
        _ => Greeting::Foreign,
    }
}
