//! Generic JSON webhook, signed by the Standard Webhooks scheme (github.com/standard-webhooks, specification 1.0).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{StatusCode, Url};
use sha2::Sha256;

use super::{DeliveryError, Message, Receipt, SetupError, http};
use crate::secret::SecretSource;

/// Statuses that say that the hook itself is gone.
const GONE: [StatusCode; 2] = [StatusCode::GONE, StatusCode::PAYLOAD_TOO_LARGE];
/// The receiver's address or its door is wrong, for every message alike, or a proxy stands in its place: it may be mended.
const STANDS: [StatusCode; 5] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::PROXY_AUTHENTICATION_REQUIRED,
];

/// A generic webhook.
#[derive(Clone)]
pub struct WebhookTransport {
    client: reqwest::Client,
    url: Url,
    /// The key in force, and the one before it while both are in use; unsigned without.
    keys: Vec<Vec<u8>>,
    timeout: Duration,
}

impl std::fmt::Debug for WebhookTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookTransport").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl WebhookTransport {
    pub(super) fn new(
        url: Url,
        secrets: &[SecretSource],
        client: &reqwest::Client,
        timeout: Duration,
    ) -> Result<Self, SetupError> {
        let keys = secrets.iter().map(signing_key).collect::<Result<_, _>>()?;
        Ok(Self { client: client.clone(), url, keys, timeout })
    }

    pub(super) async fn send(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let body = message.facts.to_string();
        let id = format!("msg_{}", message.id);
        let timestamp = now.timestamp();
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp);
        if !self.keys.is_empty() {
            let signatures: Vec<_> = self.keys.iter().map(|key| sign(key, &id, timestamp, &body)).collect();
            request = request.header("webhook-signature", signatures.join(" "));
        }
        let answer = http::exchange(request.body(body), self.timeout, now).await?;
        // Any 2xx is success here, but for a page: programs answer with none.
        match answer.status {
            status if status.is_success() && !answer.is_page() => Ok(Receipt::of(format!("HTTP {status}"))),
            status if status.is_success() || status.is_redirection() || STANDS.contains(&status) => {
                Err(answer.foreign("the receiver"))
            }
            status if answer.is_page() && !GONE.contains(&status) => Err(answer.foreign("the receiver")),
            _ => Err(answer.error(&GONE)),
        }
    }
}

/// The signature of a body: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
pub fn sign(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Decodes a `whsec_` key; the prefix and the padding are optional.
///
/// # Errors
///
/// [`SetupError`] if there is none or it is no base64.
pub fn signing_key(source: &SecretSource) -> Result<Vec<u8>, SetupError> {
    let secret = source.read()?;
    let encoded = secret.expose();
    let encoded = encoded.strip_prefix("whsec_").unwrap_or(encoded);
    STANDARD_NO_PAD
        .decode(encoded.trim_end_matches('='))
        .map_err(|_| SetupError::Malformed(format!("{source:?} holds no signing key (whsec_ and base64)")))
}
