//! What a reader of Slack sees after a click on a button of an alert.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Language, format, vocabulary};
use crate::both;
use crate::engine::directory::Directory;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;

/// A click on a button of an alert, which wants an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Press {
    /// Where the answer goes.
    pub to: String,
    /// The request, as `R-17`.
    pub request: String,
    /// `ack`, `snooze` or `show`.
    pub what: String,
    /// Who clicked: a name, or an id that the directory knows.
    pub who: Option<String>,
    /// The message that bore the button, as `CHANNEL:ID`.
    pub pressed: Option<String>,
    /// The text of the message.
    pub text: Option<String>,
    /// What of the message stays.
    #[serde(default)]
    pub blocks: Vec<Value>,
}

/// The answer to a click, in the form that Slack's `response_url` takes (docs.slack.dev, "Handling user interaction").
///
/// `request` is none where the store has none of that id. Taking and putting off replace the buttons in place; what is only shown,
/// and what could not be done, is seen by the one who clicked.
pub fn answer(
    press: &Press,
    id: RequestId,
    request: Option<&Request>,
    directory: &Directory,
    (zone, language): (Tz, Language),
    now: DateTime<Utc>,
) -> Value {
    let Some(request) = request else {
        return aside(&language.of(both!("{id} is not known here", "aquí no se conoce {id}")));
    };
    let who = press.who.as_deref().map_or_else(String::new, |word| {
        directory.person(word).map_or_else(|| word.to_owned(), |person| person.name.clone())
    });
    let done = match press.what.as_str() {
        "ack" if request.phase.is_live() => {
            let at = format::time(now, zone);
            both!("✓ {who} took it, {at}", "✓ {who} lo tomó, {at}")
        }
        "snooze" => match request.snoozed_until.filter(|until| now < *until) {
            Some(until) => {
                let until = format::time(until, zone);
                both!("⏸ {who} put it off until {until}", "⏸ {who} lo pospuso hasta las {until}")
            }
            None => return aside(&state(id, request, zone, language)),
        },
        _ => return aside(&state(id, request, zone, language)),
    };
    let done = language.of(done);
    let mut blocks = press.blocks.clone();
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": escaped(&done) }] }));
    json!({ "replace_original": true, "text": press.text.clone().unwrap_or(done), "blocks": blocks })
}

fn aside(text: &str) -> Value {
    json!({ "replace_original": false, "response_type": "ephemeral", "text": escaped(text) })
}

/// A line for the request, and one for each of its clocks.
fn state(id: RequestId, request: &Request, zone: Tz, language: Language) -> String {
    let channel = vocabulary::channel(&request.facets.channel, language);
    let contact = [request.contact.clone(), request.contact_by()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let subject = request.subject.as_deref().map(|subject| format::one_line(subject, 80)).unwrap_or_default();
    let head = [id.to_string(), channel, contact, subject];
    let mut lines = vec![head.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")];
    for clock in &request.clocks {
        let (task, state) = (vocabulary::task(clock.kind, language), vocabulary::state(clock.state, language));
        let due = clock.due_at.map(|due| format!(" · {}", format::instant(due, zone, language))).unwrap_or_default();
        lines.push(format!("{task}: {state}{due}"));
    }
    lines.join("\n")
}

/// Slack's three control characters, so that nobody's words mention or link anything.
pub fn escaped(text: &str) -> String {
    html_escape::encode_text(text).into_owned()
}
