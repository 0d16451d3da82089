//! WhatsApp Cloud API by a template message (developers.facebook.com, "Message templates"): free texts reach nobody who has not
//! written within a day. A 200 says that it is accepted; what became of it comes to the source of the number.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut};
use super::http::{HttpAnswer, word};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::secret::{Secret, SecretSource};
use crate::text::{Both, Language};
use crate::written::{At, SecretRef, WordOr};

/// Longest parameter of a template, in characters.
const LONGEST: usize = 1_024;
/// Statuses after which nothing will change.
const GONE: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// Where the Graph API is called.
const VENDOR: &str = "https://graph.facebook.com/v23.0";

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
    /// Of WhatsApp: the id of the number that writes.
    pub sender: Option<At<String>>,
    /// Of WhatsApp: the template's name.
    pub template: Option<At<String>>,
    /// Of WhatsApp: the template's language, such as "es_CO".
    pub template_language: Option<At<String>>,
    /// Of WhatsApp: what stands in the template's placeholders: "subject", "client", "time", "channel", "owner", "request".
    pub parameters: Vec<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A number that writes, and what it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The API.
    pub endpoint: Endpoint,
    /// Where its token is kept.
    pub token: SecretSource,
    /// The number to which is written; each person's own where it is left out.
    pub to: Option<String>,
    /// What is written.
    pub letter: Letter,
}

/// What is written, and by which number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Id of the number that writes.
    pub sender: String,
    /// The template's name.
    pub template: String,
    /// The template's language, `es_CO`.
    pub language: String,
    /// What stands in its placeholders, in their order.
    pub parameters: Vec<Parameter>,
}

/// A number and a template, ready to be called.
#[derive(Clone)]
pub struct WhatsApp {
    base: String,
    token: Secret,
    to: Option<String>,
    letter: Letter,
}

/// What stands in a placeholder of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The line that tells all.
    Subject,
    /// The client.
    Client,
    /// Time left, or since when it is overdue.
    Time,
    /// The channel.
    Channel,
    /// The owner.
    Owner,
    /// The request, `R-17`.
    Request,
}

impl Parameter {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Subject, Self::Client, Self::Time, Self::Channel, Self::Owner, Self::Request];

    /// The word in `sla.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Client => "client",
            Self::Time => "time",
            Self::Channel => "channel",
            Self::Owner => "owner",
            Self::Request => "request",
        }
    }

    fn of(self, message: &Message) -> String {
        let facts = &message.card.facts;
        let text = match self {
            Self::Subject => &message.subject,
            Self::Client => &facts.client,
            Self::Time => &facts.time,
            Self::Channel => &facts.channel,
            Self::Owner => &facts.owner,
            Self::Request => &facts.request,
        };
        // A parameter has no line breaks, no tabs and no more than four spaces in a row, and is not empty.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { "–".to_owned() } else { cut(&text, LONGEST, characters) }
    }
}

impl Provider for WhatsApp {
    const WORD: &'static str = "whatsapp";
    /// Eighty messages a second for each number (developers.facebook.com, "Throughput").
    const CAN: Capabilities = Capabilities { readers: Readers::ByReach, pace: Pace::of(20, 13), ..Capabilities::ROOM };

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
        let sender = reader.needed_text("sender", config.sender.as_ref(), "\"100000000000001\"");
        let template = reader.needed_text("template", config.template.as_ref(), "\"plazo_alerta\"");
        let usual = match reader.language() {
            Language::Es => "es",
            Language::En => "en",
        };
        let language = config.template_language.as_ref().map_or_else(|| usual.to_owned(), |code| code.to_string());
        let parameters = parameters(&config.parameters, reader);
        let to = reader.to(config.to.as_ref());
        Some(Settings { endpoint: endpoint?, token, to, letter: Letter { sender, template, language, parameters } })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.to.is_none()
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.to.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let (base, token) = (line.base(), settings.token.read()?);
        Ok(line.to(Self { base, token, to: settings.to.clone(), letter: settings.letter.clone() }))
    }
}

/// The placeholders that are known; the line that tells all where none is.
fn parameters(written: &[At<String>], reader: &mut dyn ConfigReader) -> Vec<Parameter> {
    let mut known = Vec::new();
    for word in written {
        match Parameter::ALL.into_iter().find(|parameter| parameter.as_str() == word.as_str()) {
            Some(parameter) => known.push(parameter),
            None => {
                let what = Both { en: "unknown parameter", es: "parámetro desconocido" };
                reader.unknown(word.span(), what, word, &Parameter::ALL.map(Parameter::as_str));
            }
        }
    }
    if known.is_empty() { vec![Parameter::Subject] } else { known }
}

impl Peer for WhatsApp {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let to = self.to.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        let to = to.ok_or_else(|| gave_up("no number is known"))?;
        let to: String = to.chars().filter(char::is_ascii_digit).collect();
        let parameters =
            self.letter.parameters.iter().map(|parameter| json!({ "type": "text", "text": parameter.of(message) }));
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": "template",
            "template": {
                "name": self.letter.template,
                "language": { "code": self.letter.language },
                "components": [{ "type": "body", "parameters": parameters.collect::<Vec<Value>>() }],
            },
        });
        let url = Url::parse(&format!("{}/{}/messages", self.base, self.letter.sender));
        let url = url.map_err(|_| gave_up("the address is malformed"))?;
        Ok(HookCall::post(url, body).bearer(self.token.expose()))
    }

    fn probe(&self) -> PeerProbe {
        let call =
            |url| HookCall { method: Method::GET, ..HookCall::post(url, Value::Null) }.bearer(self.token.expose());
        PeerProbe::call(&self.base, &format!("{}?fields=id", self.letter.sender), call, greeting)
    }

    fn name(&self) -> &'static str {
        "WhatsApp"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        !json["error"]["code"].is_null() || answer.status.is_success() && json["messages"][0]["id"].is_string()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"messaging_product\":\"whatsapp\"")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() && body["error"].is_null() {
            if body["messages"][0]["message_status"] == "paused" {
                let cause = "HTTP 200, but the template is paused".to_owned();
                return Judged::Failed(DeliveryError::Hold { after: None, cause });
            }
            let reference = body["messages"][0]["id"].as_str().map(str::to_owned);
            return Judged::Taken(Receipt { answer: "accepted".to_owned(), reference });
        }
        let code = word(&body["error"]["code"]).and_then(|code| code.parse::<i64>().ok());
        let (code, said) = (code, body["error"]["message"].as_str().unwrap_or_default());
        let cause = format!("HTTP {}: {}", answer.status.as_u16(), cut(said, 120, characters));
        let is_our_fault = answer.status == StatusCode::BAD_REQUEST && body["error"]["is_transient"] != true;
        Judged::Failed(match code {
            // Too many to this person, or in all; the account's own limits.
            Some(131_056) => DeliveryError::Retry { cause },
            Some(4 | 17 | 32 | 613 | 80_007 | 80_008 | 130_429 | 131_048 | 133_016) => answer.held(cause),
            // The token, its rights, the number, the account, its maintenance: nothing gets out until that is mended.
            Some(
                0
                | 3
                | 10
                | 33
                | 190
                | 200..=299
                | 368
                | 131_031
                | 131_037
                | 131_042
                | 131_045
                | 131_057
                | 132_015
                | 133_010,
            ) => DeliveryError::Hold { after: None, cause },
            Some(1 | 2 | 131_000 | 131_016 | 133_004 | 135_000) => DeliveryError::Retry { cause },
            Some(_) if is_our_fault || GONE.contains(&answer.status) => DeliveryError::GiveUp { cause },
            _ => answer.error(&[]),
        })
    }
}

/// Whether it knows the token, and the number that sends.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match (answer.status.is_success(), body["error"]["message"].as_str()) {
        (true, _) if word(&body["id"]).is_some() => Greeting::Known,
        (false, Some(said)) => Greeting::Unknown(cut(said, 80, |_| 1)),
        _ => Greeting::Foreign,
    }
}
