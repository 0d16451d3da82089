//! Mattermost by an incoming webhook (developers.mattermost.com, "Incoming webhooks"): one text in Markdown.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace};
use super::endpoint::{self, Endpoint};
use super::hook::{Form, HookCall, Judged, Peer, characters, cut, markdown_links, without_mentions};
use super::http::HttpAnswer;
use super::probe::PeerProbe;
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError};

/// Longest text, in characters: of 16,383, less what the links need.
const LONGEST: usize = 14_000;
/// Statuses after which the hook will not come back.
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// A hook.
#[derive(Debug, Clone)]
pub struct Mattermost {
    url: Url,
}

impl Provider for Mattermost {
    const WORD: &'static str = "mattermost";
    /// Ten a second by default (docs.mattermost.com, "Rate limiting").
    const CAN: Capabilities = Capabilities { pace: Pace::of(10, 100), ..Capabilities::ROOM };

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

impl Peer for Mattermost {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        Ok(HookCall::post(self.url.clone(), payload(message, form)))
    }

    fn probe(&self) -> PeerProbe {
        PeerProbe::Host(self.url.clone())
    }

    fn name(&self) -> &'static str {
        "Mattermost"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        if answer.status.is_success() {
            answer.body == "ok"
        } else {
            json["id"].is_string() && json["message"].is_string()
        }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("ok")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        if answer.status.is_success() {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        // Switched off over there, for every message alike.
        if answer.json()["id"] == "web.incoming_webhook.disabled.app_error" {
            let cause = "Mattermost has incoming webhooks switched off".to_owned();
            return Judged::Failed(DeliveryError::Hold { after: None, cause });
        }
        Judged::Failed(answer.error(&GONE))
    }
}

fn payload(message: &Message, form: Form) -> Value {
    let heading = without_mentions(message.heading());
    let text = match form {
        Form::Full => without_mentions(&message.body()),
        Form::Plain => String::new(),
    };
    let text = cut(&format!("#### {heading}\n{text}"), LONGEST, characters);
    let links = markdown_links(&message.card);
    json!({ "username": "plazo", "text": if links.is_empty() { text } else { format!("{text}\n{links}") } })
}
