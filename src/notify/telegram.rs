//! Telegram by a bot (core.telegram.org/bots/api): HTML, buttons, answers in the thread of the first message about a request, edited
//! in place when it is over. The token stands in the address, which is never told.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::hook::{Call, Judged, Peer, cut, utf16};
use super::http::Answer;
use super::{DeliveryError, Message, Receipt};
use crate::text::Language;

/// Longest text after its markup is read, in units of UTF-16.
const LONGEST: usize = 4_096;
/// Statuses after which the chat will not come back.
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// A bot and, unless each person has one, a chat.
#[derive(Clone)]
pub struct Telegram {
    /// `https://api.telegram.org/bot<token>`.
    pub(super) base: String,
    pub(super) chat: Option<String>,
    pub(super) topic: Option<i64>,
    pub(super) buttons: Option<Language>,
}

impl Peer for Telegram {
    fn call(&self, message: &Message, plain: bool) -> Result<Call, DeliveryError> {
        let gave_up = |cause: &str| DeliveryError::GiveUp { cause: cause.to_owned() };
        let chat = self.chat.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        let chat = chat.ok_or_else(|| gave_up("no chat is known"))?;
        let method = if message.updates.is_some() { "editMessageText" } else { "sendMessage" };
        let url = Url::parse(&format!("{}/{method}", self.base)).map_err(|_| gave_up("the address is malformed"))?;
        let mut body = json!({
            "chat_id": chat.parse::<i64>().map_or_else(|_| Value::from(chat.as_str()), Value::from),
            "text": text(message, plain),
            "link_preview_options": { "is_disabled": true },
        });
        if !plain {
            body["parse_mode"] = "HTML".into();
        }
        match (message.updates.as_ref(), message.first.as_ref()) {
            (Some(reference), _) => body["message_id"] = message_number(reference),
            (None, Some(first)) => {
                body["reply_parameters"] =
                    json!({ "message_id": message_number(first), "allow_sending_without_reply": true });
            }
            (None, None) => {}
        }
        if let Some(topic) = self.topic.filter(|_| message.updates.is_none()) {
            body["message_thread_id"] = topic.into();
        }
        if let Some(keyboard) = keyboard(message, self.buttons) {
            body["reply_markup"] = json!({ "inline_keyboard": [keyboard] });
        }
        Ok(Call::post(url, body))
    }

    fn judge(&self, answer: &Answer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        let said = body["description"].as_str().unwrap_or_default();
        if answer.status.is_success() && body["ok"] == true {
            let (chat, id) = (&body["result"]["chat"]["id"], &body["result"]["message_id"]);
            let reference =
                id.as_i64().map(|id| chat.as_i64().map_or_else(|| id.to_string(), |chat| format!("{chat}:{id}")));
            return Judged::Taken(Receipt { answer: "ok".to_owned(), reference });
        }
        let cause = format!("HTTP {}: {}", answer.status.as_u16(), cut(said, 120, |_| 1));
        if let Some(seconds) = body["parameters"]["retry_after"].as_i64() {
            let after = Some(TimeDelta::seconds(seconds.clamp(0, 86_400)));
            return Judged::Failed(DeliveryError::Hold { after, cause });
        }
        // Edited to what it says already.
        if said.contains("message is not modified") {
            return Judged::Taken(Receipt::of("unchanged".to_owned()));
        }
        if said.contains("can't parse entities") || said.contains("message is too long") {
            return Judged::Plainer(DeliveryError::GiveUp { cause });
        }
        Judged::Failed(match answer.error(&GONE) {
            DeliveryError::GiveUp { .. } => DeliveryError::GiveUp { cause },
            other => other,
        })
    }
}

/// The message's number of a reference, `CHAT:NUMBER`; those of before are the number alone.
fn message_number(reference: &str) -> Value {
    let id = reference.rsplit(':').next().unwrap_or(reference);
    id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from)
}

fn text(message: &Message, plain: bool) -> String {
    // The limit is for what is left after the markup is read; the marks themselves are few.
    let (subject, rest) = (cut(&message.subject, 300, utf16), cut(&message.text, LONGEST - 400, utf16));
    if plain {
        return format!("{subject}\n{rest}");
    }
    format!("<b>{}</b>\n{}", escaped(&subject), escaped(&rest))
}

/// The buttons that the mapping of Telegram understands, else links.
fn keyboard(message: &Message, buttons: Option<Language>) -> Option<Value> {
    if message.updates.is_some() || message.card.is_over {
        return None;
    }
    match (buttons, message.request, &message.card.links) {
        (Some(language), Some(request), _) => {
            let words = language.of(super::BUTTONS);
            let keys = ["ack", "snooze_15m", "snooze_1h"];
            let all = words.iter().zip(keys);
            let all = all.map(|(word, key)| json!({ "text": word, "callback_data": format!("{key}:{request}") }));
            // A bot cannot show a page by itself; a link can.
            let show = message.card.links.as_ref().map(|links| json!({ "text": words[3], "url": links.show }));
            Some(all.chain(show).collect())
        }
        (_, _, Some(links)) => Some(
            links.buttons(message.language).iter().map(|(word, url)| json!({ "text": word, "url": url })).collect(),
        ),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
