//! What webhooks share: the client, and what an HTTP answer means.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::{DeliveryError, SetupError};
use crate::net::answer::{self, Ending};
use crate::secret::SecretSource;

/// No more of an answer is read than this.
const LONGEST_ANSWER: usize = 256 << 10;

/// Reads and checks the address of a webhook.
pub(super) fn read_address(source: &SecretSource) -> Result<reqwest::Url, SetupError> {
    let url = source.read()?;
    let malformed = || SetupError::Malformed(format!("{source:?} holds no web address (https://…)"));
    let url = reqwest::Url::parse(url.expose()).map_err(|_| malformed())?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(malformed()) }
}

/// An answer: its status, and as much of its body as matters.
#[derive(Debug)]
pub struct HttpAnswer {
    pub(super) status: StatusCode,
    pub(super) body: String,
    headers: HeaderMap,
    retry_after: Option<TimeDelta>,
    /// Whether the body ends before its end: broken off, or too large.
    is_cut: bool,
}

/// Sends a request and reads the answer.
pub(super) async fn exchange(
    request: RequestBuilder,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Result<HttpAnswer, DeliveryError> {
    answered(request, timeout, now).await.map_err(failed)
}

/// The same with the client's own error, which bears no address: that may be a secret.
pub(super) async fn answered(
    request: RequestBuilder,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Result<HttpAnswer, reqwest::Error> {
    let mut response = request.timeout(timeout).send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    let headers = response.headers().clone();
    let retry_after = answer::retry_after(&headers, now);
    // The status has come: what it says holds, whatever became of the rest.
    let (body, ending) = answer::read(&mut response, LONGEST_ANSWER).await;
    let is_cut = !matches!(ending, Ending::Whole);
    let body = String::from_utf8_lossy(&body).trim_start_matches('\u{feff}').trim().to_owned();
    Ok(HttpAnswer { status, body, headers, retry_after, is_cut })
}

impl HttpAnswer {
    /// The body as JSON; null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Whether the body is broken off, and began with so much, or with as much of it as came.
    pub(super) fn is_cut_after(&self, beginning: &str) -> bool {
        let body: String = self.body.chars().filter(|letter| !letter.is_whitespace()).take(beginning.len()).collect();
        self.is_cut && !body.is_empty() && beginning.starts_with(&body)
    }

    /// Whether it is a page for people, whatever its status says.
    pub(super) fn is_page(&self) -> bool {
        self.body.starts_with('<')
    }

    /// An answer that is not the system's own: of a proxy, a portal, whatever stands at its address instead. It says nothing about the
    /// message, so the destination stands as if nobody answered, but where the message's own form may be to blame. Its words are not
    /// told: pages repeat the address, which may be a secret.
    pub(super) fn foreign(&self, system: &str) -> DeliveryError {
        let what = if self.is_page() { "a page" } else { "an answer" };
        let cause = format!("HTTP {}: {what} that is not {system}'s own", self.status.as_u16());
        match self.status.as_u16() {
            400 | 406 | 411 | 415 | 431 => DeliveryError::Retry { cause },
            200..=299 if self.is_cut && !self.is_page() => {
                DeliveryError::Doubt { cause: format!("{cause}, and broken off") }
            }
            429 | 500..=599 => DeliveryError::Hold { after: self.retry_after, cause },
            _ => DeliveryError::Hold { after: None, cause },
        }
    }

    /// The destination stands, for as long as the peer asks.
    pub(super) const fn held(&self, cause: String) -> DeliveryError {
        DeliveryError::Hold { after: self.retry_after, cause }
    }

    /// What time it is where the answer was made (RFC 9110 §6.6.1).
    pub(super) fn peer_time(&self) -> Option<DateTime<Utc>> {
        answer::peer_time(&self.headers)
    }

    /// A header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The error that a status other than 2xx stands for. Where `gone` lists it, the hook will not come back.
    pub(super) fn error(&self, gone: &[StatusCode]) -> DeliveryError {
        let said: String = self.body.chars().take(80).filter(|c| !c.is_control()).collect();
        let cause =
            if said.is_empty() { format!("HTTP {}", self.status) } else { format!("HTTP {}: {said}", self.status) };
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => DeliveryError::Hold { after: self.retry_after, cause },
            status if status.is_server_error() && self.retry_after.is_some() => {
                DeliveryError::Hold { after: self.retry_after, cause }
            }
            status if gone.contains(&status) => DeliveryError::GiveUp { cause },
            _ => DeliveryError::Retry { cause },
        }
    }
}

fn failed(error: reqwest::Error) -> DeliveryError {
    let cause = chain(&error);
    if error.is_connect() {
        DeliveryError::Hold { after: None, cause }
    } else if error.is_builder() {
        DeliveryError::Retry { cause }
    } else {
        // No answer, or a broken one: the message may have arrived.
        DeliveryError::Doubt { cause }
    }
}

/// The innermost cause of an error, which tells most.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The error and its causes, outer first.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A string, or a number written out: systems change between the two.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) if !word.is_empty() => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
