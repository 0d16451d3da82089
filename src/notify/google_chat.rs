//! Google Chat by an incoming webhook (developers.google.com/workspace/chat, "Build a Google Chat app as a webhook"): text, one
//! thread a request.

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
use super::{DeliveryError, Message, Receipt, SetupError};

/// Longest text, in bytes: of 32,000, less what the links need.
const LONGEST: usize = 28_000;
/// Statuses after which the hook will not come back.
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// A space.
#[derive(Debug, Clone)]
pub struct GoogleChat {
    url: Url,
}

impl Provider for GoogleChat {
    const WORD: &'static str = "google-chat";
    /// One message a second for each space (developers.google.com/workspace/chat, "Usage limits").
    const CAN: Capabilities = Capabilities { pace: Pace::of(1, 1_000), ..Capabilities::ROOM };

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

impl Peer for GoogleChat {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let mut url = self.url.clone();
        if message.thread.is_some() {
            url.query_pairs_mut().append_pair("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
        }
        Ok(HookCall::post(url, payload(message)))
    }

    fn probe(&self) -> PeerProbe {
        PeerProbe::Host(self.url.clone())
    }

    fn name(&self) -> &'static str {
        "Google Chat"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        if answer.status.is_success() {
            return json["name"].as_str().is_some_and(|name| name.starts_with("spaces/"));
        }
        json["error"]["code"].is_number() || json["error"]["status"].is_string()
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"name\":\"spaces/")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        if answer.status.is_success() {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        Judged::Failed(answer.error(&GONE))
    }
}

fn payload(message: &Message) -> Value {
    let text = cut(&format!("*{}*\n{}", inert(message.heading()), inert(&message.body())), LONGEST, bytes);
    let links: Vec<_> = message.card.links().map(|button| format!("<{}|{}>", button.url, button.word)).collect();
    let text = if links.is_empty() { text } else { format!("{text}\n{}", links.join(" · ")) };
    let mut body = json!({ "text": text });
    if let Some(thread) = &message.thread {
        body["thread"] = json!({ "threadKey": format!("plazo-{thread}") });
    }
    body
}

/// Nobody's words mention or link anything: `<users/all>` does so only in its brackets.
fn inert(text: &str) -> String {
    text.replace('<', "‹").replace('>', "›")
}
