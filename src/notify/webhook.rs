//! Generic JSON webhook, signed by the Standard Webhooks scheme (github.com/standard-webhooks, specification 1.0).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::Sha256;

use super::capabilities::Capabilities;
use super::endpoint::{Endpoint, Line};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::{DeliveryError, Message, Receipt, SetupError, http, probe};
use crate::secret::SecretSource;
use crate::written::{At, SecretRef, WordOr};

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

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Of a generic webhook: where the signing key is kept ("whsec_…").
    pub secret: Option<At<SecretRef>>,
    /// Of a generic webhook: the key before this one, while both are in use.
    pub previous_secret: Option<At<SecretRef>>,
    /// Of a generic webhook: whether it is told, too, who took what it was told of, and that it is over.
    pub updates: Option<At<bool>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A generic webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The receiver.
    pub endpoint: Endpoint,
    /// Where the signing keys are kept: the one in force, and the one before it while both are in use; unsigned without.
    pub secrets: Vec<SecretSource>,
    /// Whether it is told what became of what it was told.
    pub updates: bool,
}

/// A generic webhook, ready to be called.
#[derive(Clone)]
pub struct WebhookTransport {
    client: reqwest::Client,
    url: Url,
    /// The key in force, and the one before it while both are in use; unsigned without.
    keys: Vec<Vec<u8>>,
    /// Whether it is told what became of what it was told.
    updates: bool,
    timeout: Duration,
}

impl std::fmt::Debug for WebhookTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookTransport").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Provider for WebhookTransport {
    const WORD: &'static str = "webhook";
    const CAN: Capabilities =
        Capabilities { is_read_by_people: false, takes_facts: true, gathers: false, ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let endpoint =
            Endpoint::settle(config.url.as_ref(), config.private.as_ref(), config.timeout.as_ref(), None, reader);
        let secrets = [&config.secret, &config.previous_secret].into_iter().flatten();
        let secrets = secrets.filter_map(|secret| reader.secret(secret)).collect();
        let updates = config.updates.as_ref().is_some_and(|wanted| **wanted);
        Some(Settings { endpoint: endpoint?, secrets, updates })
    }

    fn can(settings: &Settings) -> Capabilities {
        Capabilities { updates: settings.updates, ..Self::CAN }
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let Line { client, url, timeout } = settings.endpoint.open(equipment)?;
        let keys = settings.secrets.iter().map(signing_key).collect::<Result<_, _>>()?;
        Ok(Arc::new(Self { client, url, keys, updates: settings.updates, timeout }))
    }
}

impl Sender for WebhookTransport {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.post(message, now))
    }

    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        Box::pin(probe::host(&self.url, &self.client, self.timeout, now))
    }
}

impl WebhookTransport {
    async fn post(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
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
            status if status.is_success() && !answer.is_page() => {
                let reference = if self.updates { promise(message) } else { None };
                Ok(Receipt { answer: format!("HTTP {status}"), reference })
            }
            status if status.is_success() || status.is_redirection() || STANDS.contains(&status) => {
                Err(answer.foreign("the receiver"))
            }
            status if answer.is_page() && !GONE.contains(&status) => Err(answer.foreign("the receiver")),
            _ => Err(answer.error(&GONE)),
        }
    }
}

/// Names the promise that an alert is about, so that what becomes of it is told once, however many steps were.
fn promise(message: &Message) -> Option<String> {
    let content = &message.facts["data"]["content"];
    let (request, target) = (content["request_id"].as_str()?, content["target"].as_str()?);
    Some(format!("{request}-{target}-{}", content["cycle"]))
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
