//! Zulip by a bot (zulip.com/api, "Send a message", "Edit a message"): a topic a request, its message edited in place when it is over.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut, markdown_links};
use super::http::{HttpAnswer, word};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::secret::SecretSource;
use crate::written::{At, SecretRef, WordOr};

/// Longest message, in characters with what undoes marks: of 10,000, less what the links need.
const LONGEST: usize = 8_000;
const LONGEST_HEADING: usize = 1_000;
const LONGEST_TOPIC: usize = 60;
/// What concerns the bot or its channel, and so every message.
const OF_ALL: [&str; 4] = ["STREAM_DOES_NOT_EXIST", "INVALID_API_KEY", "USER_DEACTIVATED", "REALM_DEACTIVATED"];

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Of Zulip: the bot's address.
    pub bot: Option<At<String>>,
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

/// A bot and, unless it writes to each person, a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server.
    pub endpoint: Endpoint,
    /// The bot's address.
    pub bot: String,
    /// Where its key is kept.
    pub token: SecretSource,
    /// The channel; each person directly where it is left out.
    pub channel: Option<String>,
}

/// The same, ready to be called.
#[derive(Clone)]
pub struct Zulip {
    base: String,
    /// The whole of `Authorization`.
    authorization: String,
    channel: Option<String>,
}

impl Provider for Zulip {
    const WORD: &'static str = "zulip";
    /// Two hundred calls a minute for each user (zulip.readthedocs.io, "Rate limiting").
    const CAN: Capabilities =
        Capabilities { updates: true, readers: Readers::ByReach, pace: Pace::of(60, 300), ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let endpoint =
            Endpoint::settle(config.url.as_ref(), config.private.as_ref(), config.timeout.as_ref(), None, reader);
        let bot = reader.needed_text("bot", config.bot.as_ref(), "\"plazo-bot@agencia.example\"");
        let token = reader.needed_secret("token", config.token.as_ref());
        let channel = reader.to(config.to.as_ref());
        Some(Settings { endpoint: endpoint?, bot, token, channel })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.to.is_none()
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.channel.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let (base, key) = (format!("{}/api/v1", line.base()), settings.token.read()?);
        let authorization = format!("Basic {}", STANDARD.encode(format!("{}:{}", settings.bot, key.expose())));
        Ok(line.to(Self { base, authorization, channel: settings.channel.clone() }))
    }
}

impl Peer for Zulip {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let content = content(message);
        let (method, path, body) = match (&message.updates, &self.channel, &message.to) {
            (Some(number), ..) => (Method::PATCH, format!("messages/{number}"), json!({ "content": content })),
            (None, Some(channel), _) => {
                let body = json!({ "type": "stream", "to": channel, "topic": topic(message), "content": content });
                (Method::POST, "messages".to_owned(), body)
            }
            (None, None, Some((_, address))) => {
                // A number is an id, anything else an address.
                let user = address.parse::<i64>().map_or_else(|_| Value::from(address.as_str()), Value::from);
                let body = json!({ "type": "direct", "to": json!([user]).to_string(), "content": content });
                (Method::POST, "messages".to_owned(), body)
            }
            (None, None, None) => return Err(gave_up("no channel is known")),
        };
        let url = Url::parse(&format!("{}/{path}", self.base)).map_err(|_| gave_up("the address is malformed"))?;
        let authorization = Some(self.authorization.clone());
        Ok(HookCall { method, authorization, ..HookCall::post(url, body).form() })
    }

    fn probe(&self) -> PeerProbe {
        let call = |url| HookCall {
            method: Method::GET,
            authorization: Some(self.authorization.clone()),
            ..HookCall::post(url, Value::Null)
        };
        PeerProbe::call(&self.base, "users/me", call, greeting)
    }

    fn name(&self) -> &'static str {
        "Zulip"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        answer.json()["result"].is_string()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"result\":\"success\"")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() && body["result"] == "success" {
            let reference = word(&body["id"]);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference, cost: None });
        }
        let said = cut(body["msg"].as_str().unwrap_or_default(), 120, characters);
        let cause = format!("HTTP {}: {said}", answer.status.as_u16());
        let is_of_all = body["code"].as_str().is_some_and(|code| OF_ALL.contains(&code));
        match answer.status {
            // Seconds with a fraction, in the header as well.
            StatusCode::TOO_MANY_REQUESTS => {
                let in_header = || answer.header("retry-after").and_then(|text| text.parse::<f64>().ok());
                let after = body["retry-after"].as_f64().or_else(in_header).and_then(whole_seconds);
                Judged::Failed(DeliveryError::Hold { after, cause })
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Judged::Failed(DeliveryError::Hold { after: None, cause })
            }
            _ if is_of_all => Judged::Failed(DeliveryError::Hold { after: None, cause }),
            // A message can be edited for a while only, and may be gone.
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Judged::Apart(DeliveryError::GiveUp { cause }),
            _ => Judged::Failed(answer.error(&[])),
        }
    }
}

/// So many seconds, rounded up.
fn whole_seconds(seconds: f64) -> Option<TimeDelta> {
    let seconds = Some(seconds.ceil()).filter(|seconds| (0.0..=1e9).contains(seconds))?;
    TimeDelta::from_std(std::time::Duration::from_secs_f64(seconds)).ok()
}

/// One a request. Topics are no Markdown.
fn topic(message: &Message) -> String {
    let facts = &message.card.facts;
    let topic = format!("{} {}", facts.request, facts.client);
    match topic.trim() {
        "" => "plazo".to_owned(),
        topic => cut(topic, LONGEST_TOPIC, characters),
    }
}

fn content(message: &Message) -> String {
    let heading = inert(&cut(message.heading(), LONGEST_HEADING, weight));
    let text = inert(&cut(&message.body(), LONGEST - LONGEST_HEADING, weight));
    let links = markdown_links(&message.card);
    let parts = [format!("**{heading}**"), text, links];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Whether it is a mark of Zulip's Markdown: mentions, links to channels, formulas and times among them.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '&' | '@' | '#' | '*' | '~' | '`' | '$' | '|' | '[' | ']' | '<' | '>')
}

/// A text whose marks stand for themselves. Zulip knows no backslash; it shows what an entity stands for.
fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_mark(letter) {
            inert.push_str(&format!("&#{};", u32::from(letter)));
        } else {
            inert.push(letter);
        }
    }
    inert
}

/// How long a letter is when its mark is undone.
const fn weight(letter: char) -> usize {
    if is_mark(letter) { "&#126;".len() } else { 1 }
}

/// Whether it knows the bot.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match body["result"].as_str() {
        Some("success") => Greeting::Known,
        Some(_) => Greeting::Unknown(cut(body["msg"].as_str().unwrap_or_default(), 80, characters)),
        None => Greeting::Foreign,
    }
}
