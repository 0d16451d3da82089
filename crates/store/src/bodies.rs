//! How events lie in the journal: without their source and id, which have columns of their own, so that they are not written twice. Versions
//! before 15 wrote them with both, and are read all the same.

use std::borrow::Cow;

use rusqlite::types::ValueRef;

use super::Store;
use super::database::Row;
use plazo_core::engine::event::{Event, EventId};
use plazo_core::engine::request_id::RequestId;

/// The column of a body; those of its source and id come after it.
pub(super) const NAMED_BODY: &str = "body, source, event";

/// How every event begins, as it is told.
fn beginning(source: &str, id: &str) -> Option<String> {
    Some(format!("{{\"source\":{},\"id\":{},", serde_json::to_string(source).ok()?, serde_json::to_string(id).ok()?))
}

/// An event's body as it is written.
pub(super) fn nameless<'b>(body: &'b str, id: &EventId) -> Cow<'b, str> {
    let rest = beginning(&id.source, &id.id).and_then(|beginning| body.strip_prefix(&beginning));
    rest.map_or(Cow::Borrowed(body), |rest| Cow::Owned(format!("{{{rest}")))
}

/// The same with its name, which earlier versions wrote into it.
fn named<'b>(body: &'b [u8], source: &str, id: &str) -> Cow<'b, [u8]> {
    match (body.strip_prefix(b"{"), beginning(source, id)) {
        (Some(rest), Some(beginning)) if !rest.starts_with(b"\"source\":") && rest.len() > 1 => {
            Cow::Owned([beginning.as_bytes(), rest].concat())
        }
        _ => Cow::Borrowed(body),
    }
}

impl Store {
    /// The event of a row that has [`NAMED_BODY`] from that column on; none where it has no event, or what cannot be read, which is noted.
    pub(super) fn event_in(&self, request: RequestId, row: &Row<'_>, column: usize) -> Option<Event> {
        let text = |column: usize| match row.get_ref(column) {
            Ok(ValueRef::Text(bytes)) => bytes,
            _ => &[],
        };
        let (source, id) = (String::from_utf8_lossy(text(column + 1)), String::from_utf8_lossy(text(column + 2)));
        match row.get_ref(column) {
            Ok(ValueRef::Null) => None,
            Ok(ValueRef::Text(body)) => self.parsed_bytes(request, "event", &named(body, &source, &id)),
            _ => self.parsed(request, "event", row, column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_it_was_whether_it_was_written_with_its_name_or_without() {
        let id = EventId { source: "what\"sapp".to_owned(), id: "ñ-\\1".to_owned() };
        let told = r#"{"source":"what\"sapp","id":"ñ-\\1","at":"2026-03-02T14:00:00Z","type":"ack"}"#;
        let event: Event = serde_json::from_str(told).expect("an event");
        assert_eq!(serde_json::to_string(&event).expect("JSON"), told, "a name stands first");
        let written = nameless(told, &id);
        assert_eq!(written, r#"{"at":"2026-03-02T14:00:00Z","type":"ack"}"#);
        for body in [told, &written] {
            let read: Event = serde_json::from_slice(&named(body.as_bytes(), &id.source, &id.id)).expect("an event");
            assert_eq!(read, event);
        }
        for broken in ["{", "{}", "", "no JSON"] {
            assert_eq!(named(broken.as_bytes(), "s", "i"), broken.as_bytes(), "what cannot be read stays what it is");
        }
    }
}
