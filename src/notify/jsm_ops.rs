//! Operations of Jira Service Management (developer.atlassian.com, "JSM Ops REST API", integration events): an alert for each promise of
//! a request, acknowledged when somebody takes it, closed when it is over. Opsgenie, whose shape this is, takes the same at its own
//! address until 2027-04-05.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::capabilities::{Capabilities, Pace};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut};
use super::http::HttpAnswer;
use super::probe::PeerProbe;
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError, Tone};
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

/// Longest parts of an alert, in characters.
const LONGEST_MESSAGE: usize = 130;
const LONGEST_ALIAS: usize = 512;
const LONGEST_DESCRIPTION: usize = 15_000;
const LONGEST_NOTE: usize = 2_000;
/// Of 8,000 for all details together.
const LONGEST_DETAIL: usize = 500;
/// What is the message's own fault, or its alert's.
const GONE: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY];

/// Where integrations call.
const VENDOR: &str = "https://api.atlassian.com/jsm/ops/integration";

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

/// An integration of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The API.
    pub endpoint: Endpoint,
    /// Where the integration's key is kept.
    pub key: SecretSource,
}

/// An integration, ready to be called.
#[derive(Clone)]
pub struct JsmOps {
    /// The address of alerts.
    alerts: Url,
    key: Secret,
}

impl Provider for JsmOps {
    const WORD: &'static str = "jsm-ops";
    /// No limit is documented but that there is one; a minute's rest follows where it is met.
    const CAN: Capabilities =
        Capabilities { gathers: false, updates: true, pace: Pace::of(30, 1_000), ..Capabilities::ROOM };

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
        let alerts = Url::parse(&format!("{}/v2/alerts", line.base())).map_err(malformed)?;
        Ok(line.to(Self { alerts, key: settings.key.read()? }))
    }
}

impl Peer for JsmOps {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let mut url = self.alerts.clone();
        let (alias, body) = match &message.updates {
            Some(alias) => {
                let deed = if message.card.is_over { "close" } else { "acknowledge" };
                let malformed = |()| DeliveryError::GiveUp { cause: "the address takes no path".to_owned() };
                url.path_segments_mut().map_err(malformed)?.push(alias).push(deed);
                url.set_query(Some("identifierType=alias"));
                (alias.clone(), update(message))
            }
            None => {
                let alias = alias(message);
                let body = alert(message, &alias);
                (alias, body)
            }
        };
        let authorization = Some(format!("GenieKey {}", self.key.expose()));
        // The answer names only the call; the alert goes by the alias that plazo gave it.
        Ok(HookCall { authorization, named: Some(alias), ..HookCall::post(url, body) })
    }

    fn probe(&self) -> PeerProbe {
        // The key of an integration may have the right to make alerts, and no other.
        PeerProbe::Host(self.alerts.clone())
    }

    fn name(&self) -> &'static str {
        "JSM Operations"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        answer.json()["requestId"].is_string()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.status == StatusCode::ACCEPTED && !answer.is_page()
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        if answer.status.is_success() {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        let cause = format!("HTTP {}", answer.status.as_u16());
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS => {
                let period = answer.header("x-ratelimit-period-in-sec").and_then(|period| period.parse().ok());
                Judged::Failed(match period.and_then(TimeDelta::try_seconds) {
                    Some(after) => DeliveryError::Hold { after: Some(after), cause },
                    None => answer.held(cause),
                })
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let cause = format!("{cause}: the key is not taken");
                Judged::Failed(DeliveryError::Hold { after: None, cause })
            }
            _ => Judged::Failed(answer.error(&GONE)),
        }
    }
}

/// The same for each step of a promise; a message about nothing in particular is an alert of its own.
fn alias(message: &Message) -> String {
    let alias = format!("plazo-{}", message.card.key.as_ref().unwrap_or(&message.id));
    cut(&alias, LONGEST_ALIAS, characters)
}

fn alert(message: &Message, alias: &str) -> Value {
    let card = &message.card;
    let priority = match card.tone {
        Tone::Breach => "P1",
        Tone::Warning => "P2",
        Tone::Neutral => "P3",
        Tone::Done => "P5",
    };
    let detail = |(label, value): &(String, String)| (label.clone(), cut(value, LONGEST_DETAIL, characters).into());
    let mut details: Map<_, Value> = card.fields.iter().map(detail).collect();
    if let Some(show) = &card.show {
        details.insert("link".to_owned(), show.clone().into());
    }
    json!({
        "message": cut(&message.subject, LONGEST_MESSAGE, characters),
        "alias": alias,
        "description": cut(&message.body(), LONGEST_DESCRIPTION, characters),
        "priority": priority,
        "tags": ["plazo"],
        "details": details,
        "source": "plazo",
    })
}

fn update(message: &Message) -> Value {
    let mut body = json!({ "source": "plazo" });
    if let Some(who) = &message.card.who {
        body["user"] = who.clone().into();
    }
    if message.card.is_over {
        body["note"] = cut(&message.subject, LONGEST_NOTE, characters).into();
    }
    body
}
