//! Discord by a webhook (discord.com/developers/docs, resources/webhook): content and one embed; edited in place when it is over.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace};
use super::endpoint::{self, Endpoint};
use super::hook::{Form, HookCall, Judged, Peer, characters, cut, markdown_links, without_markdown};
use super::http::{HttpAnswer, word};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError, Tone};

/// Longest content, title, description, and name and value of a field, in characters.
const LONGEST_CONTENT: usize = 2_000;
const LONGEST_TITLE: usize = 256;
const LONGEST_DESCRIPTION: usize = 3_000;
const LONGEST_VALUE: usize = 200;
/// An embed has 25 fields, and 6,000 characters in all.
const MOST_FIELDS: usize = 10;
/// Statuses after which the hook will not come back; calling on bans the address.
const GONE: [StatusCode; 4] =
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];

/// A webhook.
#[derive(Debug, Clone)]
pub struct Discord {
    url: Url,
}

impl Provider for Discord {
    const WORD: &'static str = "discord";
    const CAN: Capabilities = Capabilities { updates: true, pace: Pace::of(5, 400), ..Capabilities::ROOM };

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

impl Peer for Discord {
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError> {
        let mut url = self.url.clone();
        let method = match &message.updates {
            Some(id) => {
                let malformed = |()| DeliveryError::GiveUp { cause: "the webhook's address takes no path".to_owned() };
                url.path_segments_mut().map_err(malformed)?.extend(["messages", id]);
                Method::PATCH
            }
            None => Method::POST,
        };
        // Only then it tells the message's id.
        url.query_pairs_mut().append_pair("wait", "true");
        Ok(HookCall { method, ..HookCall::post(url, payload(message, form)) })
    }

    fn probe(&self) -> PeerProbe {
        // Asked by GET, a webhook tells of itself (discord.com/developers, "Get Webhook with Token").
        PeerProbe::Call(HookCall { method: Method::GET, ..HookCall::post(self.url.clone(), Value::Null) }, greeting)
    }

    fn name(&self) -> &'static str {
        "Discord"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        match answer.status {
            StatusCode::NO_CONTENT => true,
            status if status.is_success() => word(&json["id"]).is_some(),
            _ => {
                json["message"].is_string() && !json["code"].is_null()
                    || json.is_object() && answer.status == StatusCode::BAD_REQUEST
            }
        }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"id\":\"") || answer.is_cut_after("{\"type\":")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() {
            let reference = word(&body["id"]);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference, cost: None });
        }
        if answer.status == StatusCode::TOO_MANY_REQUESTS
            && let Some(seconds) = body["retry_after"].as_f64().filter(|seconds| (0.0..=1e9).contains(seconds))
        {
            // With a fraction, where the header is rounded.
            let after = TimeDelta::from_std(std::time::Duration::from_secs_f64(seconds)).ok();
            return Judged::Failed(DeliveryError::Hold { after, cause: "HTTP 429".to_owned() });
        }
        if answer.status == StatusCode::BAD_REQUEST {
            return Judged::Plainer(answer.error(&[StatusCode::BAD_REQUEST]));
        }
        Judged::Failed(answer.error(&GONE))
    }
}

fn payload(message: &Message, form: Form) -> Value {
    // Mentions are off by `allowed_mentions`; nobody's words are Markdown either.
    let subject = without_markdown(&message.subject);
    let mut body = json!({
        "content": cut(&subject, LONGEST_CONTENT, characters),
        "allowed_mentions": { "parse": [] },
    });
    if form == Form::Plain {
        return body;
    }
    let card = &message.card;
    let field = |(label, value): &(String, String)| json!({ "name": cut(label, LONGEST_VALUE, characters), "value": cut(&without_markdown(value), LONGEST_VALUE, characters), "inline": true });
    let text = if card.fields.is_empty() { message.body() } else { card.notes.join("\n") };
    let links = markdown_links(card);
    let description = cut(&without_markdown(&text), LONGEST_DESCRIPTION - 1_500, characters);
    let mut embed = json!({
        "title": cut(&without_markdown(message.heading()), LONGEST_TITLE, characters),
        "description": if links.is_empty() { description } else { format!("{description}\n{links}") },
        "color": color(card.tone),
        "timestamp": message.decided_at,
        "fields": card.fields.iter().take(MOST_FIELDS).map(field).collect::<Vec<_>>(),
    });
    if let Some(show) = &card.show {
        embed["url"] = show.clone().into();
    }
    body["embeds"] = json!([embed]);
    body
}

const fn color(tone: Tone) -> u32 {
    match tone {
        Tone::Breach => 0x00c0_271d,
        Tone::Warning => 0x00c9_8500,
        Tone::Done => 0x002e_7d32,
        Tone::Neutral => 0x0024_619b,
    }
}

/// Whether there is such a webhook.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match (answer.status.is_success(), body["message"].as_str()) {
        (true, _) if word(&body["id"]).is_some() => Greeting::Known,
        (false, Some(said)) => Greeting::Unknown(cut(said, 80, characters)),
        _ => Greeting::Foreign,
    }
}
