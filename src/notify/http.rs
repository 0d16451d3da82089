//! What webhooks share: the client, and what an HTTP answer means.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::{DeliveryError, SetupError};
use crate::secret::SecretSource;

/// No more of an answer is read than this.
const LONGEST_ANSWER: usize = 64 << 10;
/// No peer is obeyed for longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// Reads and checks the address of a webhook.
pub(super) fn read_address(source: &SecretSource) -> Result<reqwest::Url, SetupError> {
    let url = source.read()?;
    let malformed = || SetupError::Malformed(format!("{source:?} holds no web address (https://…)"));
    let url = reqwest::Url::parse(url.expose()).map_err(|_| malformed())?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(malformed()) }
}

/// An answer: its status, and as much of its body as matters.
#[derive(Debug)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: String,
    headers: HeaderMap,
    retry_after: Option<TimeDelta>,
}

/// Sends a request and reads the answer.
pub(super) async fn exchange(
    request: RequestBuilder,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Result<Answer, DeliveryError> {
    // Without its address, which may be a secret.
    let mut response = request.timeout(timeout).send().await.map_err(|error| failed(error.without_url()))?;
    let status = response.status();
    let headers = response.headers().clone();
    let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|value| wait(value, now));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(error.without_url()))? {
        body.extend_from_slice(&chunk);
        if LONGEST_ANSWER < body.len() {
            break;
        }
    }
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), headers, retry_after })
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
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
            _ if self.retry_after.is_some() => DeliveryError::Hold { after: self.retry_after, cause },
            status if gone.contains(&status) => DeliveryError::GiveUp { cause },
            _ => DeliveryError::Retry { cause },
        }
    }
}

fn failed(error: reqwest::Error) -> DeliveryError {
    let cause = chain(&error);
    if error.is_connect() { DeliveryError::Hold { after: None, cause } } else { DeliveryError::Retry { cause } }
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

/// Reads `Retry-After`: seconds or a date (RFC 9110 §10.2.3).
fn wait(value: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let wait = match value.trim().parse::<i64>() {
        Ok(seconds) => TimeDelta::try_seconds(seconds)?,
        Err(_) => DateTime::parse_from_rfc2822(value).ok()?.to_utc() - now,
    };
    Some(wait.clamp(TimeDelta::zero(), LONGEST_WAIT))
}
