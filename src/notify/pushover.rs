//! Pushover (pushover.net/api): what is broken rings until somebody takes it there, and stops when it is taken or over elsewhere.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut};
use super::http::{self, HttpAnswer};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{BUTTONS, DeliveryError, Message, Receipt, SetupError, Tone};
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

/// Longest parts of a message, in characters.
const LONGEST: usize = 1_024;
const LONGEST_TITLE: usize = 250;
const LONGEST_URL: usize = 512;
/// What rings does so each minute, for an hour.
const RINGS_EVERY: &str = "60";
const RINGS_FOR: &str = "3600";
/// Calls come no sooner than this after a failure over there.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(5);
/// What is the message's own fault, or its reader's.
const GONE: [StatusCode; 2] = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];

/// Where the API is called.
const VENDOR: &str = "https://api.pushover.net";

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
    /// Of Pushover: where the public address of a [source.NAME] with its preset is kept, secret word included, by which plazo hears who
    /// took it.
    pub callback: Option<At<SecretRef>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// An application and, unless each person has one, a user's or a group's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The API.
    pub endpoint: Endpoint,
    /// Where the application's token is kept.
    pub token: SecretSource,
    /// The key of a user or group; each person's own where it is left out.
    pub user: Option<String>,
    /// Where the address is kept at which Pushover tells who took it.
    pub callback: Option<SecretSource>,
}

/// The same, ready to be called.
#[derive(Clone)]
pub struct Pushover {
    base: String,
    token: Secret,
    user: Option<String>,
    callback: Option<Url>,
}

impl Provider for Pushover {
    const WORD: &'static str = "pushover";
    /// Two calls at a time and 10,000 messages a month for each application (pushover.net/api, "Being friendly to our API").
    const CAN: Capabilities =
        Capabilities { updates: true, readers: Readers::ByReach, pace: Pace::of(10, 1_000), ..Capabilities::ROOM };

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
        let token = reader.needed_secret("token", config.token.as_ref());
        let user = reader.to(config.to.as_ref());
        let callback = config.callback.as_ref().and_then(|callback| reader.secret(callback));
        Some(Settings { endpoint: endpoint?, token, user, callback })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.to.is_none()
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.user.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let (base, token) = (line.base(), settings.token.read()?);
        let callback = settings.callback.as_ref().map(http::read_address).transpose()?;
        Ok(line.to(Self { base, token, user: settings.user.clone(), callback }))
    }
}

impl Peer for Pushover {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let (path, body) = match &message.updates {
            // Whoever took it, and whatever became of it: it need not ring any more.
            Some(receipt) => (format!("receipts/{receipt}/cancel.json"), json!({ "token": self.token.expose() })),
            None => {
                let user = self.user.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
                let user = user.ok_or_else(|| gave_up("no user is known"))?;
                ("messages.json".to_owned(), self.payload(message, user))
            }
        };
        let url = Url::parse(&format!("{}/1/{path}", self.base)).map_err(|_| gave_up("the address is malformed"))?;
        Ok(HookCall::post(url, body).form())
    }

    fn probe(&self) -> PeerProbe {
        let token = self.token.expose();
        match &self.user {
            // Says whether the user is there, and tells them nothing.
            Some(user) => {
                let call = |url| HookCall::post(url, json!({ "token": token, "user": user })).form();
                PeerProbe::call(&self.base, "1/users/validate.json", call, greeting)
            }
            None => {
                let call = |mut url: Url| {
                    url.query_pairs_mut().append_pair("token", token);
                    HookCall { method: Method::GET, ..HookCall::post(url, Value::Null) }
                };
                PeerProbe::call(&self.base, "1/apps/limits.json", call, greeting)
            }
        }
    }

    fn name(&self) -> &'static str {
        "Pushover"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        answer.status.is_server_error() || answer.json()["status"].is_number()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"status\":1")
    }

    fn judge(&self, answer: &HttpAnswer, now: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() && body["status"] == 1 {
            let receipt = body["receipt"].as_str().filter(|receipt| receipt.bytes().all(|b| b.is_ascii_alphanumeric()));
            let reference = receipt.map(str::to_owned);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference });
        }
        let said = cut(body["errors"][0].as_str().unwrap_or_default(), 120, characters);
        let cause = format!("HTTP {}: {said}", answer.status.as_u16());
        Judged::Failed(match answer.status {
            // The month's messages are used up; the header says until when, in seconds since 1970.
            StatusCode::TOO_MANY_REQUESTS => {
                let at = answer.header("x-limit-app-reset").and_then(|at| at.parse::<i64>().ok());
                let after = at.and_then(|at| TimeDelta::try_seconds(at.checked_sub(now.timestamp())?));
                if after.is_some() { DeliveryError::Hold { after, cause } } else { answer.held(cause) }
            }
            status if status.is_server_error() => {
                let cause = format!("HTTP {}", status.as_u16());
                DeliveryError::Hold { after: Some(AFTER_FAILURE), cause }
            }
            // The application, not the reader. Which of them, only the field says.
            _ if body["token"] == "invalid" => DeliveryError::Hold { after: None, cause },
            status if GONE.contains(&status) => DeliveryError::GiveUp { cause },
            _ => answer.error(&GONE),
        })
    }
}

impl Pushover {
    fn payload(&self, message: &Message, user: &str) -> Value {
        let brief = message.brief();
        // A message without a text is refused.
        let text = if brief.trim().is_empty() { &message.subject } else { &brief };
        let mut body = json!({
            "token": self.token.expose(),
            "user": user,
            "title": cut(&message.subject, LONGEST_TITLE, characters),
            "message": cut(text, LONGEST, characters),
        });
        // Only what is about one promise can be taken, and so silenced, there.
        let rings = message.card.tone == Tone::Breach && message.card.key.is_some();
        body["priority"] = match message.card.tone {
            Tone::Breach if rings => "2",
            Tone::Breach | Tone::Warning => "1",
            Tone::Neutral => "0",
            Tone::Done => "-1",
        }
        .into();
        if rings {
            body["retry"] = RINGS_EVERY.into();
            body["expire"] = RINGS_FOR.into();
            if let (Some(callback), Some(request)) = (&self.callback, message.request) {
                let mut callback = callback.clone();
                callback.query_pairs_mut().append_pair("request", &request.to_string());
                body["callback"] = String::from(callback).into();
            }
        }
        if let Some(show) = message.card.show.as_ref().filter(|show| show.len() <= LONGEST_URL) {
            body["url"] = show.clone().into();
            body["url_title"] = message.language.of(BUTTONS)[3].into();
        }
        body
    }
}

/// Whether it knows the application, and the user where one was named.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match body["status"].as_i64() {
        Some(1) => Greeting::Known,
        Some(_) => Greeting::Unknown(cut(body["errors"][0].as_str().unwrap_or_default(), 80, characters)),
        None => Greeting::Foreign,
    }
}
