//! What programs get: the facts of a message as JSON, with a sentence ready to show (docs/webhooks.md).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::engine::request::RequestId;
use crate::text::alert::{Content, Reader};
use crate::text::printable::printable_line;
use crate::text::shown;

/// The document of a generic webhook: `{"type", "timestamp", "data"}`. `subject` is what people would read; an alert needs none.
pub fn document(
    content: &Content,
    (delivery, person, decided_at): (i64, Option<&str>, DateTime<Utc>),
    subject: &str,
    reader: &Reader<'_>,
) -> Value {
    let text = match content {
        Content::Alert(facts) => printable_line(&shown::sentence(facts, reader)),
        _ => subject.to_owned(),
    };
    let mut data = json!({
        "delivery": delivery,
        "person": person,
        "text": text,
        "links": links(content, reader),
        "content": named(json!(content)),
    });
    if let Some(request) = about(content) {
        data["request_id"] = request.to_string().into();
    }
    json!({ "type": content.type_name(), "timestamp": decided_at, "data": data })
}

/// The request that a message is about, with whose links it is of use. A link anew belongs to no thread of that request, and names it.
fn about(content: &Content) -> Option<RequestId> {
    match content {
        Content::Link { request, .. } => Some(*request),
        _ => content.request(),
    }
}

/// Pages on which the reader can act, by what they are for; empty where the file gives no public address.
fn links(content: &Content, reader: &Reader<'_>) -> Value {
    let mut links =
        about(content).and_then(|request| (reader.links)(request)).map_or_else(|| json!({}), |links| json!(links));
    match content {
        Content::Alert(facts) => {
            if let Some(place) = &facts.place {
                links["conversation"] = place.url.clone().into();
            }
        }
        Content::Digest { .. } => {
            if let Some(list) = &reader.list {
                links["list"] = list.clone().into();
            }
        }
        _ => {}
    }
    links
}

/// The facts as they are kept, with each request's name beside its number, and the next step as an object: a pair says nothing to whoever
/// reads it.
fn named(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(named).collect()),
        Value::Object(members) => {
            let id = members.get("request").and_then(Value::as_i64).map(|number| format!("R-{number}"));
            let mut members: serde_json::Map<_, _> =
                members.into_iter().map(|(name, value)| (name, named(value))).collect();
            if let Some(id) = id {
                members.insert("request_id".to_owned(), id.into());
            }
            if let Some(next) = members.get_mut("next").filter(|next| next.is_array()) {
                *next = json!({ "step": next[0], "at": next[1] });
            }
            Value::Object(members)
        }
        value => value,
    }
}
