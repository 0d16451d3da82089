//! Rocket.Chat by an incoming webhook (docs.rocket.chat, "Integrations"): a heading, and the rest as one attachment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::capabilities::Capabilities;
use super::endpoint::{self, Endpoint};
use super::hook::{Form, HookCall, Judged, Peer, characters, cut, markdown_links, without_mentions};
use super::http::HttpAnswer;
use super::probe::PeerProbe;
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{BUTTONS, DeliveryError, Message, Receipt, SetupError, Tone};

/// Longest message, in characters: of 5,000 by default, less what wraps the texts.
const LONGEST: usize = 4_900;
/// Statuses after which the hook will not come back.
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// A hook.
#[derive(Debug, Clone)]
pub struct RocketChat {
    url: Url,
}

impl Provider for RocketChat {
    const WORD: &'static str = "rocket-chat";
    const CAN: Capabilities = Capabilities::ROOM;

    type Config = endpoint::Config;
    type Settings = Endpoint;

    fn settle(config: &Self::Config, reader: &mut dyn ConfigReader) -> Option<Endpoint> {
        config.settle(reader)
    }

    fn ready(settings: &Endpoint, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.open(equipment)?;
        let url = line.url.clone();
        Ok(line.to(Self { url }))
    }
}

impl Peer for RocketChat {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        Ok(HookCall::post(self.url.clone(), payload(message, form)))
    }

    fn probe(&self) -> PeerProbe {
        PeerProbe::Host(self.url.clone())
    }

    fn name(&self) -> &'static str {
        "Rocket.Chat"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        json["success"].is_boolean() || json["error"].is_string()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"success\":true")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if body["error"] == "error-message-size-exceeded" {
            let cause = "the message is longer than that server allows".to_owned();
            return Judged::Plainer(DeliveryError::GiveUp { cause });
        }
        if !answer.status.is_success() {
            return Judged::Failed(answer.error(&GONE));
        }
        if body["success"] == true {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        let said = body["error"].as_str().unwrap_or("success: false");
        let cause = format!("HTTP 200, but {}", cut(said, 80, characters));
        Judged::Failed(if said.contains("too-many-requests") {
            DeliveryError::Hold { after: None, cause }
        } else {
            DeliveryError::GiveUp { cause }
        })
    }
}

fn payload(message: &Message, form: Form) -> Value {
    let heading = cut(&without_mentions(message.heading()), LONGEST / 3, characters);
    let attachments = match form {
        Form::Full => json!([attachment(message)]),
        Form::Plain => json!([]),
    };
    json!({ "alias": "plazo", "text": heading, "attachments": attachments })
}

fn attachment(message: &Message) -> Value {
    let text = cut(&without_mentions(&message.body()), LONGEST / 2 - 1_200, characters);
    let links = markdown_links(&message.card);
    let mut attachment = json!({
        "text": if links.is_empty() { text } else { format!("{text}\n{links}") },
        "color": color(message.card.tone),
    });
    if let Some(show) = &message.card.show {
        attachment["title"] = message.language.of(BUTTONS)[3].into();
        attachment["title_link"] = show.clone().into();
    }
    attachment
}

const fn color(tone: Tone) -> &'static str {
    match tone {
        Tone::Breach => "#C0271D",
        Tone::Warning => "#C98500",
        Tone::Done => "#2E7D32",
        Tone::Neutral => "#24619B",
    }
}
