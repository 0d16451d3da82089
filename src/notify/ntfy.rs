//! ntfy (docs.ntfy.sh, "Publishing"): JSON to the root of a server, urgent what is broken.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::hook::{Call, Judged, Peer, bytes, cut};
use super::http::Answer;
use super::{DeliveryError, Message, Receipt, Tone};
use crate::secret::Secret;

/// Longest message, in bytes; a longer one becomes an attachment.
const LONGEST: usize = 3_900;
const LONGEST_TITLE: usize = 200;
/// The day's quota is used up (error code 42908).
const DAY_QUOTA: i64 = 42_908;
/// Statuses after which nothing will change.
const GONE: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::PAYLOAD_TOO_LARGE,
];

/// A topic.
#[derive(Clone)]
pub struct Ntfy {
    pub(super) url: Url,
    pub(super) topic: Option<String>,
    pub(super) token: Option<Secret>,
}

impl Peer for Ntfy {
    fn call(&self, message: &Message, _: bool) -> Result<Call, DeliveryError> {
        let topic = self.topic.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        let topic = topic.ok_or_else(|| DeliveryError::GiveUp { cause: "no topic is known".to_owned() })?;
        let call = Call::post(self.url.clone(), payload(message, topic));
        Ok(match &self.token {
            Some(token) => call.bearer(token.expose()),
            None => call,
        })
    }

    fn judge(&self, answer: &Answer, _: DateTime<Utc>) -> Judged {
        if answer.status.is_success() {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        if answer.json()["code"] == DAY_QUOTA {
            let cause = "HTTP 429: the day's quota is used up".to_owned();
            return Judged::Failed(DeliveryError::Hold { after: Some(TimeDelta::hours(6)), cause });
        }
        Judged::Failed(answer.error(&GONE))
    }
}

fn payload(message: &Message, topic: &str) -> Value {
    let (priority, tag) = match message.card.tone {
        Tone::Breach => (5, "rotating_light"),
        Tone::Warning => (4, "hourglass_flowing_sand"),
        Tone::Done => (2, "white_check_mark"),
        Tone::Neutral => (3, "information_source"),
    };
    let mut body = json!({
        "topic": topic,
        "title": cut(&message.subject, LONGEST_TITLE, bytes),
        "message": cut(&message.text, LONGEST, bytes),
        "priority": priority,
        "tags": [tag],
    });
    if let Some(links) = &message.card.links {
        body["click"] = links.show.clone().into();
        // Three at most. They open the page that asks; ntfy itself may fetch what it is given.
        let actions = links.buttons(message.language);
        let actions = actions.iter().take(3).map(|(word, url)| json!({ "action": "view", "label": word, "url": url }));
        body["actions"] = actions.collect();
    }
    body
}
