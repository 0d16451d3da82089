//! What stands in a room: a message as text and as HTML, in a thread, or in the place of another.

use html_escape::{encode_double_quoted_attribute, encode_text};
use serde_json::{Value, json};

use crate::notify::hook::{bytes, cut};
use crate::notify::{Button, Message};

/// Longest text, in bytes: an event has 65,536 at most, in which it stands up to three times, once with marks undone.
const LONGEST: usize = 6_000;
const LONGEST_HEADING: usize = 600;

/// The content of the event that tells of a message in that room: one of its own, in the thread of the first about its request, or what
/// takes the place of one.
pub(super) fn event(message: &Message, room: &str) -> Value {
    let content = content(message);
    if let Some(reference) = &message.updates {
        let of = reference.split_once(' ').map_or(reference.as_str(), |(_, event)| event);
        return json!({
            "msgtype": "m.text",
            "body": format!("* {}", content["body"].as_str().unwrap_or_default()),
            "m.mentions": {},
            "m.new_content": content,
            "m.relates_to": { "rel_type": "m.replace", "event_id": of },
        });
    }
    let mut event = content;
    // Events of another room are no thread here.
    let first = message.first.as_ref().and_then(|reference| reference.split_once(' '));
    if let Some((_, first)) = first.filter(|(place, _)| *place == room) {
        event["m.relates_to"] = json!({
            "rel_type": "m.thread",
            "event_id": first,
            "is_falling_back": true,
            "m.in_reply_to": { "event_id": first },
        });
    }
    event
}

/// What it says, as text and as HTML. It mentions nobody, whatever a client wrote.
fn content(message: &Message) -> Value {
    // What some programs take for a call to all who are in the room.
    let quiet = |text: &str| text.replace("@room", "@\u{200b}room");
    let heading = cut(&quiet(message.heading()), LONGEST_HEADING, bytes);
    let text = cut(&quiet(&message.body()), LONGEST - LONGEST_HEADING, bytes);
    let plain = |button: &Button| format!("{}: {}", button.word, button.url);
    let link = |button: &Button| {
        format!("<a href=\"{}\">{}</a>", encode_double_quoted_attribute(&button.url), encode_text(&button.word))
    };
    let buttons: Vec<&Button> = message.card.links().collect();
    let links = (!buttons.is_empty()).then(|| buttons.iter().copied().map(link).collect::<Vec<_>>().join(" · "));
    let html = text.lines().map(|line| encode_text(line).into_owned()).chain(links);
    let html: Vec<_> = std::iter::once(format!("<b>{}</b>", encode_text(&heading))).chain(html).collect();
    let lines: Vec<_> = [heading, text].into_iter().chain(buttons.iter().copied().map(plain)).collect();
    json!({
        "msgtype": "m.text",
        "body": lines.join("\n"),
        "format": "org.matrix.custom.html",
        "formatted_body": html.join("<br>"),
        "m.mentions": {},
    })
}
