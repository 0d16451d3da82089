//! Microsoft Teams by a Workflows webhook: an Adaptive Card 1.4 (learn.microsoft.com, "Post a workflow when a webhook request is
//! received"). A 202 says that the flow began, not that the card was posted.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace};
use super::endpoint::{self, Endpoint};
use super::hook::{Form, HookCall, Judged, Peer, bytes, cut};
use super::http::HttpAnswer;
use super::probe::PeerProbe;
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{Card, DeliveryError, Message, Receipt, SetupError, Tone};
use crate::both;
use crate::written::WordOr;

/// Longest whole message, in bytes: 28 KB, less what wraps the texts.
const LONGEST: usize = 24_000;
/// Actions of a card that Teams shows.
const MOST_ACTIONS: usize = 6;
/// Statuses after which the hook will not come back.
const GONE: [StatusCode; 5] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];

/// A flow.
#[derive(Debug, Clone)]
pub struct Teams {
    url: Url,
}

impl Provider for Teams {
    const WORD: &'static str = "teams";
    /// Four a second (learn.microsoft.com, "Rate limiting for connectors").
    const CAN: Capabilities = Capabilities { pace: Pace::of(4, 250), ..Capabilities::ROOM };

    type Config = endpoint::Config;
    type Settings = Endpoint;

    fn settle(config: &Self::Config, reader: &mut dyn ConfigReader) -> Option<Endpoint> {
        if let Some(url) = &config.url
            && let WordOr::Word(word) = &**url
            && word.contains(".webhook.office.com")
        {
            reader.error(
                url.span(),
                both!("connectors of Office 365 are retired", "los conectores de Office 365 están retirados"),
                both!(
                    "make a workflow in Teams (\"when a webhook request is received\") and write its address",
                    "cree un flujo en Teams («cuando se recibe una solicitud de webhook») y escriba su dirección"
                ),
            );
        }
        config.settle(reader)
    }

    fn ready(settings: &Endpoint, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.open(equipment)?;
        let url = line.url.clone();
        Ok(line.to(Self { url }))
    }
}

impl Peer for Teams {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        Ok(HookCall::post(self.url.clone(), payload(message, form)))
    }

    fn probe(&self) -> PeerProbe {
        PeerProbe::Host(self.url.clone())
    }

    fn name(&self) -> &'static str {
        "Teams"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        match answer.status {
            StatusCode::ACCEPTED => !answer.is_page(),
            StatusCode::OK => {
                answer.body.is_empty()
                    || answer.body == "1"
                    || json.is_object() && json["error"].is_null() && json["message"].is_null()
                    || failed_status(&answer.body).is_some()
            }
            _ => json["error"]["code"].is_string() || json["error"]["code"].is_number(),
        }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.status == StatusCode::ACCEPTED
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        match answer.status {
            StatusCode::OK if let Some(status) = failed_status(&answer.body) => refused(status),
            status if status.is_success() => Judged::Taken(Receipt::of(format!("HTTP {status}"))),
            _ => Judged::Failed(answer.error(&GONE)),
        }
    }
}

/// What connectors say under 200: "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 …". The
/// status within, 0 where there is none.
fn failed_status(body: &str) -> Option<u16> {
    let lower: String = body.chars().take(400).collect::<String>().to_lowercase();
    if !lower.contains("delivery failed") && !lower.contains("error contacting") {
        return None;
    }
    let status = lower.split("http error ").nth(1).map(|rest| rest.chars().take(3).collect::<String>());
    Some(status.and_then(|status| status.parse().ok()).unwrap_or_default())
}

fn refused(status: u16) -> Judged {
    let cause = format!("HTTP 200, but Teams says that delivery failed ({status})");
    match status {
        413 => Judged::Plainer(DeliveryError::GiveUp { cause }),
        400 | 403 | 404 | 410 => Judged::Failed(DeliveryError::GiveUp { cause }),
        _ => Judged::Failed(DeliveryError::Hold { after: None, cause }),
    }
}

/// The card. Words of clients stand in `TextRun`s, which know no Markdown and no mention.
fn payload(message: &Message, form: Form) -> Value {
    let run = |text: &str, weight: &str| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "weight": weight }] });
    let subject = cut(&message.subject, 500, bytes);
    let mut body = vec![json!({
        "type": "Container", "style": style(message.card.tone), "bleed": true, "items": [run(&subject, "Bolder")],
    })];
    let mut room = LONGEST;
    for text in lines(&message.card, &message.text, form) {
        let text = cut(&text, room.min(4_000), bytes);
        room = room.saturating_sub(text.len() + 120);
        if room == 0 {
            break;
        }
        body.push(run(&text, "Default"));
    }
    let buttons = message.card.links().filter(|_| form == Form::Full).take(MOST_ACTIONS);
    let actions: Vec<_> =
        buttons.map(|button| json!({ "type": "Action.OpenUrl", "title": button.word, "url": button.url })).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
                "actions": actions,
            },
        }],
    })
}

/// What the card says below its subject; where there are no fields, the text.
fn lines(card: &Card, text: &str, form: Form) -> Vec<String> {
    if form == Form::Plain {
        return Vec::new();
    }
    if card.fields.is_empty() {
        return vec![text.to_owned()];
    }
    let fields = card.fields.iter().map(|(label, value)| format!("{label}: {value}"));
    card.notes.iter().cloned().chain(fields).collect()
}

const fn style(tone: Tone) -> &'static str {
    match tone {
        Tone::Breach => "attention",
        Tone::Warning => "warning",
        Tone::Done => "good",
        Tone::Neutral => "default",
    }
}
