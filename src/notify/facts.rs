//! What programs get: the facts of a message as JSON, with a sentence ready to show (docs/webhooks.md).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::engine::request_id::RequestId;
use crate::outbox::{Content, DeliveryId};
use crate::text::printable::printable_line;
use crate::text::reader::Reader;
use crate::text::shown;

/// The document of a generic webhook: `{"type", "timestamp", "data"}`. `subject` is what people would read; an alert needs none.
pub fn document(
    content: &Content,
    (delivery, person, decided_at): (DeliveryId, Option<&str>, DateTime<Utc>),
    subject: &str,
    reader: &Reader<'_>,
) -> Value {
    let text = match content {
        Content::Alert(facts) => printable_line(&shown::sentence(facts, reader)),
        _ => subject.to_owned(),
    };
    // Put together by hand: `json!` would write values anew that are there.
    let mut data = object([
        ("delivery", delivery.0.into()),
        ("person", person.into()),
        ("text", text.into()),
        ("links", links(content, reader)),
        ("content", named(json!(content))),
    ]);
    if let Some(request) = about(content) {
        data["request_id"] = request.to_string().into();
    }
    object([("type", content.type_name().into()), ("timestamp", json!(decided_at)), ("data", data)])
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
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
fn named(mut value: Value) -> Value {
    name(&mut value);
    value
}

fn name(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(name),
        Value::Object(members) => {
            members.values_mut().for_each(name);
            if let Some(number) = members.get("request").and_then(Value::as_i64) {
                members.insert("request_id".to_owned(), RequestId(number).to_string().into());
            }
            if let Some(next) = members.get_mut("next").filter(|next| next.is_array()) {
                *next = json!({ "step": next[0], "at": next[1] });
            }
        }
        _ => {}
    }
}
