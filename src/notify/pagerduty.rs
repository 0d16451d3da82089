//! PagerDuty Events API v2 (developer.pagerduty.com, "Send an event"): an incident for each promise of a request, acknowledged when
//! somebody takes it, resolved when it is over.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut};
use super::http::HttpAnswer;
use super::probe::PeerProbe;
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{BUTTONS, DeliveryError, Message, Receipt, SetupError, Tone};
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

/// Longest summary, in characters.
const LONGEST: usize = 1_024;
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
/// How long a service that calls itself too busy is left alone.
const BUSY_FOR: TimeDelta = TimeDelta::minutes(2);

/// Where events are taken.
const VENDOR: &str = "https://events.pagerduty.com";

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Where the token is kept: of a bot, of an API; of PagerDuty, the integration key.
    pub token: Option<At<SecretRef>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The API.
    pub endpoint: Endpoint,
    /// Where the service's integration key is kept.
    pub key: SecretSource,
}

/// A service, ready to be called.
#[derive(Clone)]
pub struct PagerDuty {
    /// The address of `enqueue`.
    url: Url,
    key: Secret,
}

impl Provider for PagerDuty {
    const WORD: &'static str = "pagerduty";
    /// A hundred and twenty events a minute for each key (developer.pagerduty.com, "Events API v2 overview").
    const CAN: Capabilities =
        Capabilities { gathers: false, updates: true, pace: Pace::of(60, 500), ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let endpoint = Endpoint::settle(
            config.url.as_ref(),
            config.private.as_ref(),
            config.timeout.as_ref(),
            Some(VENDOR),
            reader,
        );
        let key = reader.needed_secret("token", config.token.as_ref());
        Some(Settings { endpoint: endpoint?, key })
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let malformed = |_| SetupError::Malformed("the address is malformed".to_owned());
        let url = Url::parse(&format!("{}/v2/enqueue", line.base())).map_err(malformed)?;
        Ok(line.to(Self { url, key: settings.key.read()? }))
    }
}

impl Peer for PagerDuty {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        Ok(HookCall::post(self.url.clone(), payload(message, self.key.expose())))
    }

    fn probe(&self) -> PeerProbe {
        PeerProbe::Host(self.url.clone())
    }

    fn name(&self) -> &'static str {
        "PagerDuty"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        if answer.status == StatusCode::ACCEPTED {
            return !answer.is_page();
        }
        if answer.status.is_success() { json["status"] == "success" } else { json["status"].is_string() }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.status == StatusCode::ACCEPTED
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() {
            let reference = body["dedup_key"].as_str().map(str::to_owned);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference, cost: None });
        }
        Judged::Failed(match answer.error(&GONE) {
            DeliveryError::Hold { after: None, cause } => DeliveryError::Hold { after: Some(BUSY_FOR), cause },
            error => error,
        })
    }
}

fn payload(message: &Message, key: &str) -> Value {
    // The same for each step of a promise; a message about nothing in particular is an incident of its own.
    let dedup_key = message
        .updates
        .clone()
        .unwrap_or_else(|| format!("plazo-{}", message.card.key.as_ref().unwrap_or(&message.id)));
    let mut body = json!({ "routing_key": key, "dedup_key": cut(&dedup_key, 255, characters) });
    if message.updates.is_some() {
        body["event_action"] = if message.card.is_over { "resolve" } else { "acknowledge" }.into();
        return body;
    }
    let severity = match message.card.tone {
        Tone::Breach => "critical",
        Tone::Warning => "warning",
        Tone::Done | Tone::Neutral => "info",
    };
    let details: serde_json::Map<_, _> =
        message.card.fields.iter().map(|(label, value)| (label.clone(), Value::from(value.as_str()))).collect();
    body["event_action"] = "trigger".into();
    body["client"] = "plazo".into();
    body["payload"] = json!({
        "summary": cut(&message.subject, LONGEST, characters),
        "source": "plazo",
        "severity": severity,
        "timestamp": message.decided_at,
        "component": message.card.facts.channel,
        "class": "sla",
        "custom_details": details,
    });
    if let Some(show) = &message.card.show {
        body["client_url"] = show.clone().into();
        body["links"] = json!([{ "href": show, "text": message.language.of(BUTTONS)[3] }]);
    }
    body
}
