//! ntfy (docs.ntfy.sh, "Publishing"): JSON to the root of a server, urgent what is broken.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, bytes, cut};
use super::http::{HttpAnswer, word};
use super::probe::PeerProbe;
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError, Tone};
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

/// Longest message, in bytes; a longer one becomes an attachment.
const LONGEST: usize = 3_900;
const LONGEST_TITLE: usize = 200;
/// The day's quota of bandwidth or of messages is used up.
const DAY_QUOTAS: [i64; 2] = [42_905, 42_908];
/// Its buttons are not as that server wants them.
const BAD_ACTIONS: i64 = 40_018;
/// Statuses after which nothing will change.
const GONE: [StatusCode; 2] = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];

/// The server that is there for everybody.
const VENDOR: &str = "https://ntfy.sh";

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Where the token is kept: of a bot, of an API; of PagerDuty, the integration key.
    pub token: Option<At<SecretRef>>,
    /// Slack's or Zulip's channel, Telegram's chat, Matrix's room, WhatsApp's number, Pushover's user, ntfy's topic or ClickUp's list.
    /// Where it is left out, each person's.
    pub to: Option<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A server and, unless each person has one, a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server's root.
    pub endpoint: Endpoint,
    /// Where its token is kept, if it wants one.
    pub token: Option<SecretSource>,
    /// The topic; each person's own where it is left out.
    pub topic: Option<String>,
}

/// A topic.
#[derive(Clone)]
pub struct Ntfy {
    url: Url,
    topic: Option<String>,
    token: Option<Secret>,
}

impl Provider for Ntfy {
    const WORD: &'static str = "ntfy";
    /// Sixty at once, then one in five seconds (docs.ntfy.sh, "Limitations").
    const CAN: Capabilities =
        Capabilities { readers: Readers::ByReach, pace: Pace::of(60, 5_000), ..Capabilities::ROOM };

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
        let token = config.token.as_ref().and_then(|token| reader.secret(token));
        let topic = reader.to(config.to.as_ref());
        Some(Settings { endpoint: endpoint?, token, topic })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.to.is_none()
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.topic.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let (url, token) = (line.url.clone(), settings.token.as_ref().map(SecretSource::read).transpose()?);
        Ok(line.to(Self { url, topic: settings.topic.clone(), token }))
    }
}

impl Peer for Ntfy {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        let topic = self.topic.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        let topic = topic.ok_or_else(|| DeliveryError::GiveUp { cause: "no topic is known".to_owned() })?;
        let call = HookCall::post(self.url.clone(), payload(message, topic, form));
        Ok(match &self.token {
            Some(token) => call.bearer(token.expose()),
            None => call,
        })
    }

    fn probe(&self) -> PeerProbe {
        PeerProbe::Host(self.url.clone())
    }

    fn name(&self) -> &'static str {
        "ntfy"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        if answer.status.is_success() {
            return json["id"].is_string() && json["event"] == "message";
        }
        !json["code"].is_null() && json["error"].is_string()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"id\":\"")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        if answer.status.is_success() {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        let body = answer.json();
        let code = word(&body["code"]).and_then(|code| code.parse::<i64>().ok());
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Judged::Failed(DeliveryError::Hold {
                after: None,
                cause: format!("HTTP {}: the token is not taken", answer.status.as_u16()),
            });
        }
        if code == Some(BAD_ACTIONS) {
            return Judged::Plainer(DeliveryError::GiveUp { cause: "HTTP 400: the actions are not taken".to_owned() });
        }
        if code.is_some_and(|code| DAY_QUOTAS.contains(&code)) {
            let cause = "HTTP 429: the day's quota is used up".to_owned();
            return Judged::Failed(DeliveryError::Hold { after: Some(TimeDelta::hours(6)), cause });
        }
        Judged::Failed(answer.error(&GONE))
    }
}

fn payload(message: &Message, topic: &str, form: Form) -> Value {
    let (priority, tag) = match message.card.tone {
        Tone::Breach => (5, "rotating_light"),
        Tone::Warning => (4, "hourglass_flowing_sand"),
        Tone::Done => (2, "white_check_mark"),
        Tone::Neutral => (3, "information_source"),
    };
    let mut body = json!({
        "topic": topic,
        "title": cut(&message.subject, LONGEST_TITLE, bytes),
        "message": cut(&message.brief(), LONGEST, bytes),
        "priority": priority,
        "tags": [tag],
    });
    if form == Form::Plain {
        return body;
    }
    if let Some(show) = &message.card.show {
        body["click"] = show.clone().into();
    }
    if !message.card.buttons.is_empty() {
        // Three at most. They open the page that asks; ntfy itself may fetch what it is given.
        let actions = message.card.buttons.iter().take(3);
        body["actions"] =
            actions.map(|button| json!({ "action": "view", "label": button.word, "url": button.url })).collect();
    }
    body
}
