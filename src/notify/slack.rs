//! Slack by an incoming webhook or by a bot (docs.slack.dev, "Sending messages using incoming webhooks", `chat.postMessage`): Block
//! Kit, and with a bot one thread a request, and the message edited in place when it is over.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut};
use super::http::HttpAnswer;
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{BUTTONS, Button, Card, DeliveryError, Message, Receipt, SetupError};
use crate::both;
use crate::engine::request_id::RequestId;
use crate::secret::{Secret, SecretSource};
use crate::text::Language;
use crate::text::button::escaped;
use crate::written::{At, SecretRef, WordOr};

/// Statuses that Slack's error table marks as final: our fault, or the hook is gone.
const GONE: [StatusCode; 4] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];
/// Longest text of a section block and of one of its fields, in characters, after Slack's escapes.
const LONGEST_SECTION: usize = 3_000;
const LONGEST_FIELD: usize = 300;
const MOST_FIELDS: usize = 10;
/// What has nothing to do with this message, and may pass.
const PASSING: [&str; 6] = [
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "the answer is not `ok`",
    "no `ok` in the answer",
];
/// The token is of no use any more: the whole destination stands.
const BAD_TOKEN: [&str; 15] = [
    "invalid_auth",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "not_authed",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "ekm_access_denied",
    "team_access_not_granted",
    "accesslimited",
    "access_denied",
    "org_login_required",
    "team_added_to_org",
    "message_limit_exceeded",
];
/// The form of the blocks, not the message.
const BAD_BLOCKS: [&str; 5] =
    ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_attachments"];

/// Where bots call.
const VENDOR: &str = "https://slack.com/api";

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
    /// Of Slack and Telegram: whether alerts have buttons. Needs a [source.NAME] of the same system that hears them.
    pub buttons: Option<At<bool>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A webhook, or a bot where there is a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The webhook, or the API.
    pub endpoint: Endpoint,
    /// Where the bot's token is kept.
    pub token: Option<SecretSource>,
    /// The bot's channel; each person's own where it is left out.
    pub channel: Option<String>,
    /// The language of the buttons that a source of Slack hears; none without.
    pub buttons: Option<Language>,
}

/// A webhook, or a bot with a channel.
#[derive(Clone)]
pub struct Slack {
    way: Way,
    /// The language of the buttons that a source of Slack hears; none without.
    buttons: Option<Language>,
}

/// How messages reach Slack.
#[derive(Clone)]
enum Way {
    Webhook(Url),
    Bot { base: String, token: Secret, channel: Option<String> },
}

impl Provider for Slack {
    const WORD: &'static str = "slack";
    /// A bot's. One message a second for each channel, with a little more at once (docs.slack.dev, "Rate limits").
    const CAN: Capabilities =
        Capabilities { updates: true, readers: Readers::ByReach, pace: Pace::of(3, 1_000), ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let vendor = config.token.as_ref().map(|_| VENDOR);
        let endpoint =
            Endpoint::settle(config.url.as_ref(), config.private.as_ref(), config.timeout.as_ref(), vendor, reader);
        if let (Some(to), None) = (&config.to, &config.token) {
            reader.error(
                to.span(),
                both!("a webhook of Slack leads to one channel", "un webhook de Slack lleva a un solo canal"),
                both!(
                    "remove `to`, or write `token` instead of `url`",
                    "quite `to`, o escriba `token` en vez de `url`"
                ),
            );
        }
        Some(Settings {
            token: config.token.as_ref().and_then(|token| reader.secret(token)),
            channel: reader.to(config.to.as_ref()),
            buttons: reader.buttons(config.buttons.as_ref()),
            endpoint: endpoint?,
        })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.token.is_some() && config.to.is_none()
    }

    fn can(settings: &Settings) -> Capabilities {
        if settings.token.is_some() {
            return Self::CAN;
        }
        // A webhook says no name of its messages.
        let has_nameless_buttons = settings.buttons.is_some();
        Capabilities { updates: false, readers: Readers::Shared, has_nameless_buttons, ..Self::CAN }
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.channel.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let way = match &settings.token {
            Some(token) => Way::Bot { base: line.base(), token: token.read()?, channel: settings.channel.clone() },
            None => Way::Webhook(line.url.clone()),
        };
        Ok(line.to(Self { way, buttons: settings.buttons }))
    }
}

impl Peer for Slack {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let mut body = payload(message, self.buttons, form);
        let (base, token, channel) = match &self.way {
            Way::Webhook(url) => return Ok(HookCall::post(url.clone(), body)),
            Way::Bot { base, token, channel } => (base, token, channel),
        };
        let (method, channel) = match &message.updates {
            Some(reference) => {
                let (channel, ts) = reference.split_once(':').ok_or_else(|| gave_up("the message has no address"))?;
                body["ts"] = ts.into();
                ("chat.update", channel.to_owned())
            }
            None => {
                let own = channel.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
                // The channel of the first message: that of a person is another than the id by which it was opened.
                let first = message.first.as_ref().and_then(|first| first.split_once(':'));
                if let Some((_, ts)) = first {
                    body["thread_ts"] = ts.into();
                }
                body["unfurl_links"] = false.into();
                body["unfurl_media"] = false.into();
                let channel = first.map(|(channel, _)| channel.to_owned()).or_else(|| own.cloned());
                ("chat.postMessage", channel.ok_or_else(|| gave_up("no channel is known"))?)
            }
        };
        body["channel"] = channel.into();
        let url = Url::parse(&format!("{base}/{method}")).map_err(|_| gave_up("the address is malformed"))?;
        Ok(HookCall::post(url, body).bearer(token.expose()))
    }

    fn probe(&self) -> PeerProbe {
        match &self.way {
            Way::Webhook(url) => PeerProbe::Host(url.clone()),
            Way::Bot { base, token, .. } => {
                let call = |url| HookCall::post(url, json!({})).bearer(token.expose());
                PeerProbe::call(base, "auth.test", call, greeting)
            }
        }
    }

    fn name(&self) -> &'static str {
        "Slack"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        let is_word = || {
            (2..=60).contains(&answer.body.len())
                && answer.body.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        if answer.status.is_success() {
            answer.body == "ok" || json["ok"].is_boolean()
        } else {
            is_word() || json["ok"].is_boolean()
        }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("ok") || answer.is_cut_after("{\"ok\":true")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        if BAD_BLOCKS.contains(&answer.body.as_str()) {
            return Judged::Plainer(answer.error(&GONE));
        }
        if !answer.status.is_success() {
            return Judged::Failed(answer.error(&GONE));
        }
        // A 200 is no success yet (LESSONS 31).
        let body = answer.body.trim();
        let refused = match serde_json::from_str::<Value>(body) {
            Ok(json) if json["ok"] == true => {
                let reference = json["channel"].as_str().zip(json["ts"].as_str());
                let reference = reference.map(|(channel, ts)| format!("{channel}:{ts}"));
                return Judged::Taken(Receipt { answer: "ok".to_owned(), reference, cost: None });
            }
            Ok(json) => json["error"].as_str().unwrap_or("no `ok` in the answer").to_owned(),
            Err(_) if body == "ok" => return Judged::Taken(Receipt::of("ok".to_owned())),
            Err(_) => "the answer is not `ok`".to_owned(),
        };
        let cause = format!("HTTP 200, but {}", cut(&refused, 80, characters));
        match refused.as_str() {
            "ratelimited" | "rate_limited" => Judged::Failed(answer.held(cause)),
            word if BAD_TOKEN.contains(&word) => Judged::Failed(DeliveryError::Hold { after: None, cause }),
            word if PASSING.contains(&word) => Judged::Failed(DeliveryError::Retry { cause }),
            word if BAD_BLOCKS.contains(&word) => Judged::Plainer(DeliveryError::GiveUp { cause }),
            _ => Judged::Failed(DeliveryError::GiveUp { cause }),
        }
    }
}

/// The message as blocks, with `text` for notifications; `buttons` below what is about one request.
pub fn payload(message: &Message, buttons: Option<Language>, form: Form) -> Value {
    let subject = escaped(&message.subject);
    if form == Form::Plain {
        return json!({ "text": cut(&format!("*{subject}*\n{}", escaped(&message.text)), LONGEST_SECTION, characters) });
    }
    let section =
        |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    let mut blocks = vec![section(format!("*{}*", cut(&escaped(message.heading()), LONGEST_SECTION - 2, characters)))];
    let card = &message.card;
    if card.fields.is_empty() {
        blocks.push(section(cut(&escaped(&message.body()), LONGEST_SECTION, characters)));
    } else {
        let notes = escaped(&card.notes.join("\n"));
        if !notes.is_empty() {
            blocks.push(section(cut(&notes, LONGEST_SECTION, characters)));
        }
        let fields = card.fields.iter().take(MOST_FIELDS);
        let fields = fields.map(|(label, value)| {
            let text = format!("*{}*\n{}", escaped(label), cut(&escaped(value), LONGEST_FIELD, characters));
            json!({ "type": "mrkdwn", "text": text, "verbatim": true })
        });
        blocks.push(json!({ "type": "section", "fields": fields.collect::<Vec<_>>() }));
    }
    match (buttons, message.request) {
        _ if card.is_over => {}
        (Some(language), Some(request)) => blocks.push(actions(request, card, language)),
        _ if !card.buttons.is_empty() => {
            let elements: Vec<_> = card.links().map(link).collect();
            blocks.push(json!({ "type": "actions", "elements": elements }));
        }
        _ => {}
    }
    json!({ "text": cut(&subject, LONGEST_SECTION, characters), "blocks": blocks })
}

fn link(button: &Button) -> Value {
    json!({ "type": "button", "text": { "type": "plain_text", "text": button.word }, "url": button.url })
}

/// The buttons that the mapping of Slack understands, take, put off, show; and links: the conversation where it is, and what is wanted
/// more rarely.
fn actions(request: RequestId, card: &Card, language: Language) -> Value {
    let words = language.of(BUTTONS);
    let elements = words.into_iter().zip(["ack", "snooze_15m", "snooze_1h", "show"]).map(|(word, action)| {
        json!({
            "type": "button",
            "action_id": action,
            "value": request.to_string(),
            "text": { "type": "plain_text", "text": word },
        })
    });
    let links = card.place.iter().chain(&card.also).map(link);
    json!({ "type": "actions", "elements": elements.chain(links).collect::<Vec<_>>() })
}

/// Whether it knows the bot; it says no with 200.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match body["ok"].as_bool() {
        Some(true) => Greeting::Known,
        Some(false) => Greeting::Unknown(cut(body["error"].as_str().unwrap_or_default(), 80, characters)),
        None => Greeting::Foreign,
    }
}
