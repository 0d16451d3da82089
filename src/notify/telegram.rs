//! Telegram by a bot (core.telegram.org/bots/api): HTML, buttons, answers in the thread of the first message about a request, edited
//! in place when it is over. The token stands in the address, which is never told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use html_escape::encode_text;
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, cut, utf16};
use super::http::{HttpAnswer, word};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{Button, DeliveryError, Message, Receipt, SetupError};
use crate::secret::SecretSource;
use crate::text::Language;
use crate::written::{At, SecretRef, WordOr};

/// Longest text after its markup is read, in units of UTF-16.
const LONGEST: usize = 4_096;
/// Statuses after which the chat will not come back.
const GONE: [StatusCode; 2] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN];
/// What is said of a message's form, its buttons and its topic, in small letters.
const PLAINER: [&str; 7] = [
    "can't parse entities",
    "message is too long",
    "button url",
    "button_url_invalid",
    "button_data_invalid",
    "wrong http url",
    "message thread not found",
];

/// Where bots call.
const VENDOR: &str = "https://api.telegram.org";

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
    /// Of Telegram: the topic of a group.
    pub topic: Option<At<i64>>,
    /// Of Slack and Telegram: whether alerts have buttons. Needs a [source.NAME] of the same system that hears them.
    pub buttons: Option<At<bool>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A bot and, unless each person has one, a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The API.
    pub endpoint: Endpoint,
    /// Where the bot's token is kept.
    pub token: SecretSource,
    /// The chat; each person's own where it is left out.
    pub chat: Option<String>,
    /// The topic, where the chat is a group that has some.
    pub topic: Option<i64>,
    /// The language of the buttons that a source of Telegram hears; none without.
    pub buttons: Option<Language>,
}

/// The same, ready to be called.
#[derive(Clone)]
pub struct Telegram {
    /// `https://api.telegram.org/bot<token>`.
    base: String,
    chat: Option<String>,
    topic: Option<i64>,
    buttons: Option<Language>,
    /// Groups that became supergroups since the daemon started, with their new ids.
    moved: Arc<Mutex<HashMap<String, String>>>,
}

impl Provider for Telegram {
    const WORD: &'static str = "telegram";
    /// One message a second for each chat, twenty a minute for each group (core.telegram.org/bots/faq).
    const CAN: Capabilities =
        Capabilities { updates: true, readers: Readers::ByReach, pace: Pace::of(5, 3_000), ..Capabilities::ROOM };

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
        Some(Settings {
            token: reader.needed_secret("token", config.token.as_ref()),
            chat: reader.to(config.to.as_ref()),
            topic: config.topic.as_deref().copied(),
            buttons: reader.buttons(config.buttons.as_ref()),
            endpoint: endpoint?,
        })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.to.is_none()
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.chat.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let base = format!("{}/bot{}", line.base(), settings.token.read()?.expose());
        let (chat, topic, buttons) = (settings.chat.clone(), settings.topic, settings.buttons);
        Ok(line.to(Self { base, chat, topic, buttons, moved: Arc::default() }))
    }
}

impl Peer for Telegram {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let chat = self.chat.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        let chat = chat.ok_or_else(|| gave_up("no chat is known"))?;
        let chat = self.moved().get(chat).unwrap_or(chat).clone();
        let method = if message.updates.is_some() { "editMessageText" } else { "sendMessage" };
        let url = Url::parse(&format!("{}/{method}", self.base)).map_err(|_| gave_up("the address is malformed"))?;
        // A message is edited where it stands, whatever became of the chat.
        let chat = message.updates.as_ref().and_then(|reference| place(reference)).map_or(chat, str::to_owned);
        let mut body = json!({
            "chat_id": chat.parse::<i64>().map_or_else(|_| Value::from(chat.as_str()), Value::from),
            "text": text(message, form),
            "link_preview_options": { "is_disabled": true },
        });
        if form == Form::Full {
            body["parse_mode"] = "HTML".into();
        }
        match (message.updates.as_ref(), message.first.as_ref()) {
            (Some(reference), _) => body["message_id"] = message_number(reference),
            // The numbers of another chat are others.
            (None, Some(first)) if place(first).is_none_or(|place| place == chat) => {
                body["reply_parameters"] =
                    json!({ "message_id": message_number(first), "allow_sending_without_reply": true });
            }
            (None, _) => {}
        }
        if let Some(topic) = self.topic.filter(|_| message.updates.is_none() && form == Form::Full) {
            body["message_thread_id"] = topic.into();
        }
        if let Some(keyboard) = keyboard(message, self.buttons).filter(|_| form == Form::Full) {
            body["reply_markup"] = json!({ "inline_keyboard": keyboard });
        }
        Ok(HookCall::post(url, body))
    }

    fn probe(&self) -> PeerProbe {
        // "A simple method for testing your bot's authentication token."
        PeerProbe::call(&self.base, "getMe", |url| HookCall::post(url, json!({})), greeting)
    }

    fn name(&self) -> &'static str {
        "Telegram"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        answer.json()["ok"].is_boolean()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"ok\":true")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        let said = body["description"].as_str().unwrap_or_default();
        if answer.status.is_success() && body["ok"] == true {
            let (chat, id) = (word(&body["result"]["chat"]["id"]), word(&body["result"]["message_id"]));
            let reference = id.map(|id| chat.map_or_else(|| id.clone(), |chat| format!("{chat}:{id}")));
            return Judged::Taken(Receipt { answer: "ok".to_owned(), reference, cost: None });
        }
        let cause = format!("HTTP {}: {}", answer.status.as_u16(), cut(said, 120, |_| 1));
        if let Some(to) = word(&body["parameters"]["migrate_to_chat_id"]) {
            return self.follow(to, cause);
        }
        if let Some(seconds) = body["parameters"]["retry_after"].as_i64() {
            let after = TimeDelta::try_seconds(seconds);
            return Judged::Failed(DeliveryError::Hold { after, cause });
        }
        // Edited to what it says already.
        if said.contains("message is not modified") {
            return Judged::Taken(Receipt::of("unchanged".to_owned()));
        }
        if PLAINER.iter().any(|part| said.to_lowercase().contains(part)) {
            return Judged::Plainer(DeliveryError::GiveUp { cause });
        }
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) {
            // The bot's token, which stands in the address.
            return Judged::Failed(DeliveryError::Hold { after: None, cause });
        }
        Judged::Failed(match answer.error(&GONE) {
            DeliveryError::GiveUp { .. } => DeliveryError::GiveUp { cause },
            other => other,
        })
    }
}

impl Telegram {
    fn moved(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The group has another id since it became a supergroup: what goes to it follows.
    fn follow(&self, to: String, cause: String) -> Judged {
        let Some(from) = self.chat.clone() else { return Judged::Failed(DeliveryError::GiveUp { cause }) };
        tracing::warn!(chat = from, now = to, "a Telegram group has another id; write the new one into sla.toml");
        self.moved().insert(from, to);
        Judged::Moved(DeliveryError::GiveUp { cause })
    }
}

/// The chat of a reference, where it holds one.
fn place(reference: &str) -> Option<&str> {
    reference.rsplit_once(':').map(|(chat, _)| chat)
}

/// The message's number of a reference, `CHAT:NUMBER`; those of before are the number alone.
fn message_number(reference: &str) -> Value {
    let id = reference.rsplit(':').next().unwrap_or(reference);
    id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from)
}

fn text(message: &Message, form: Form) -> String {
    // The limit is for what is left after the markup is read; the marks themselves are few.
    let (heading, rest) = (cut(message.heading(), 300, utf16), cut(&message.body(), LONGEST - 400, utf16));
    if form == Form::Plain {
        return format!("{heading}\n{rest}");
    }
    format!("<b>{}</b>\n{}", encode_text(&heading), encode_text(&rest))
}

/// Rows of buttons, those that the mapping of Telegram understands or links: the first one alone, the others by two, or their words are cut.
fn keyboard(message: &Message, buttons: Option<Language>) -> Option<Value> {
    if message.updates.is_some() || message.card.is_over {
        return None;
    }
    let card = &message.card;
    let link = |button: &Button| json!({ "text": button.word, "url": button.url });
    let keys: Vec<Value> = match (buttons, message.request) {
        (Some(language), Some(request)) => {
            let words = language.of(super::BUTTONS);
            let keys = ["ack", "snooze_15m", "snooze_1h"];
            let all = words.iter().zip(keys);
            let all = all.map(|(word, key)| json!({ "text": word, "callback_data": format!("{key}:{request}") }));
            // A bot cannot show a page by itself; a link can.
            let show = card.show.as_ref().map(|show| json!({ "text": words[3], "url": show }));
            all.chain(show).chain(card.place.iter().chain(&card.also).map(link)).collect()
        }
        _ => card.links().map(link).collect(),
    };
    let (first, others) = keys.split_first()?;
    Some(std::iter::once(json!([first])).chain(others.chunks(2).map(|row| json!(row))).collect())
}

/// Whether it knows the bot. Without a good token the whole address leads nowhere, which it says as 404.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match body["ok"].as_bool() {
        Some(true) => Greeting::Known,
        Some(false) => Greeting::Unknown(cut(body["description"].as_str().unwrap_or_default(), 80, |_| 1)),
        None => Greeting::Foreign,
    }
}
