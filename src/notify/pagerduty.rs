//! PagerDuty Events API v2 (developer.pagerduty.com, "Send an event"): an incident for each promise of a request, acknowledged when
//! somebody takes it, resolved when it is over.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::hook::{Call, Form, Judged, Peer, characters, cut};
use super::http::Answer;
use super::{BUTTONS, DeliveryError, Message, Receipt, Tone};
use crate::secret::Secret;

/// Longest summary, in characters.
const LONGEST: usize = 1_024;
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
/// How long a service that calls itself too busy is left alone.
const BUSY_FOR: TimeDelta = TimeDelta::minutes(2);

/// A service.
#[derive(Clone)]
pub struct PagerDuty {
    /// The address of `enqueue`.
    pub(super) url: Url,
    pub(super) key: Secret,
}

impl Peer for PagerDuty {
    fn call(&self, message: &Message, _: Form) -> Result<Call, DeliveryError> {
        Ok(Call::post(self.url.clone(), payload(message, self.key.expose())))
    }

    fn name(&self) -> &'static str {
        "PagerDuty"
    }

    fn is_own(&self, answer: &Answer) -> bool {
        let json = answer.json();
        if answer.status == StatusCode::ACCEPTED {
            return !answer.is_page();
        }
        if answer.status.is_success() { json["status"] == "success" } else { json["status"].is_string() }
    }

    fn began_well(&self, answer: &Answer) -> bool {
        answer.status == StatusCode::ACCEPTED
    }

    fn judge(&self, answer: &Answer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() {
            let reference = body["dedup_key"].as_str().map(str::to_owned);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference });
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
