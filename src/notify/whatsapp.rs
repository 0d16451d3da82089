//! WhatsApp Cloud API by a template message (developers.facebook.com, "Message templates"): free texts reach nobody who has not
//! written within a day. A 200 says that it is accepted; what became of it comes to the source of the number.

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::hook::{Call, Form, Judged, Peer, characters, cut};
use super::http::{Answer, word};
use super::{DeliveryError, Message, Receipt};
use crate::secret::Secret;

/// Longest parameter of a template, in characters.
const LONGEST: usize = 1_024;
/// Statuses after which nothing will change.
const GONE: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// A number and a template.
#[derive(Clone)]
pub struct WhatsApp {
    pub(super) base: String,
    pub(super) token: Secret,
    /// Id of the number that writes.
    pub(super) sender: String,
    pub(super) to: Option<String>,
    pub(super) template: String,
    /// Its language, `es_CO`.
    pub(super) language: String,
    pub(super) parameters: Vec<Parameter>,
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

impl Peer for WhatsApp {
    fn call(&self, message: &Message, _: Form) -> Result<Call, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let to = self.to.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        let to = to.ok_or_else(|| gave_up("no number is known"))?;
        let to: String = to.chars().filter(char::is_ascii_digit).collect();
        let parameters =
            self.parameters.iter().map(|parameter| json!({ "type": "text", "text": parameter.of(message) }));
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": "template",
            "template": {
                "name": self.template,
                "language": { "code": self.language },
                "components": [{ "type": "body", "parameters": parameters.collect::<Vec<Value>>() }],
            },
        });
        let url = Url::parse(&format!("{}/{}/messages", self.base, self.sender));
        let url = url.map_err(|_| gave_up("the address is malformed"))?;
        Ok(Call::post(url, body).bearer(self.token.expose()))
    }

    fn name(&self) -> &'static str {
        "WhatsApp"
    }

    fn is_own(&self, answer: &Answer) -> bool {
        let json = answer.json();
        !json["error"]["code"].is_null() || answer.status.is_success() && json["messages"][0]["id"].is_string()
    }

    fn began_well(&self, answer: &Answer) -> bool {
        answer.is_cut_after("{\"messaging_product\":\"whatsapp\"")
    }

    fn judge(&self, answer: &Answer, _: DateTime<Utc>) -> Judged {
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
