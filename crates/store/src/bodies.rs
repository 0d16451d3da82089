//! How events lie in the journal: without their source and id, which have columns of their own, so that they are not written twice. Versions
//! before 15 wrote them with both, and are read all the same.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use serde::Deserialize;

use super::Store;
use super::database::Row;
use plazo_core::engine::event::{About, Audience, Author, Direction, Event, EventId, Fact, Gist, Ground, RequestKind};
use plazo_core::engine::proof::Proof;
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

/// A body as it lies there: an event without what its columns say, and of its fact what the most frequent types have. [`Event`] finds its parts by
/// trying one after the other, which takes several times as long; reports read hundreds of thousands.
#[derive(Deserialize)]
struct Body<'b> {
    source: Option<String>,
    id: Option<String>,
    at: DateTime<Utc>,
    #[serde(default)]
    threads: Vec<String>,
    author: Option<Author>,
    channel: Option<String>,
    customer: Option<String>,
    contact: Option<String>,
    subject: Option<String>,
    inbox: Option<String>,
    priority: Option<String>,
    kind: Option<RequestKind>,
    audience: Option<Audience>,
    #[serde(default)]
    tags: Vec<String>,
    ticket: Option<String>,
    parent: Option<RequestId>,
    #[serde(default)]
    off_thread: bool,
    #[serde(default)]
    cc: Vec<String>,
    #[serde(default)]
    recipients: Vec<String>,
    #[serde(default)]
    attached: bool,
    #[serde(default)]
    proof: Proof,
    gist: Option<Gist>,
    #[serde(default)]
    refs: serde_json::Map<String, serde_json::Value>,
    #[serde(borrow, rename = "type")]
    type_name: Cow<'b, str>,
    direction: Option<Direction>,
    text: Option<String>,
    reason: Option<String>,
    ground: Option<Ground>,
}

/// The event of a body; by that name, unless it bears one.
fn read(body: &[u8], source: &str, id: &str) -> serde_json::Result<Event> {
    let read: Body<'_> = serde_json::from_slice(body)?;
    let fact = match (&*read.type_name, read.direction) {
        ("message", Some(direction)) => Fact::Message { direction, text: read.text },
        ("deliver", _) => Fact::Deliver { text: read.text.unwrap_or_default() },
        ("close", _) => Fact::Close { reason: read.reason.unwrap_or_default(), ground: read.ground },
        _ => serde_json::from_slice(body)?,
    };
    Ok(Event {
        id: EventId {
            source: read.source.unwrap_or_else(|| source.to_owned()),
            id: read.id.unwrap_or_else(|| id.to_owned()),
        },
        at: read.at,
        threads: read.threads,
        author: read.author,
        about: About {
            channel: read.channel,
            customer: read.customer,
            contact: read.contact,
            subject: read.subject,
            inbox: read.inbox,
            priority: read.priority,
            kind: read.kind,
            audience: read.audience,
            tags: read.tags,
            ticket: read.ticket,
            parent: read.parent,
            off_thread: read.off_thread,
        },
        cc: read.cc,
        recipients: read.recipients,
        attached: read.attached,
        proof: read.proof,
        gist: read.gist,
        refs: read.refs,
        fact,
    })
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
            Ok(ValueRef::Text(body)) => self.noted(request, "event", read(body, &source, &id)),
            _ => self.parsed(request, "event", row, column),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
            assert_eq!(read(body.as_bytes(), &id.source, &id.id).expect("an event"), event);
        }
    }

    #[test]
    fn each_type_is_read_as_the_event_says_it() {
        let about = r#""at":"2026-03-02T14:00:00Z","threads":["t\n1"],"author":{"name":"Ana","address":"+57","kind":"agent"},"channel":"whatsapp","customer":"c","contact":"d","subject":"s","inbox":"i","priority":"high","kind":"task","audience":"internal","tags":["a"],"ticket":"T-1","parent":7,"off_thread":true,"cc":["x@y.example"],"recipients":["z@y.example"],"attached":true,"refs":{"link":"https://y.example","n":1}"#;
        let mut seen = BTreeSet::new();
        for fact in [
            r#""type":"message","direction":"in","text":"¿y \"el\" pedido?""#,
            r#""type":"message","direction":"internal""#,
            r#""type":"open","promise":{"due":"2026-03-02T15:00:00Z"},"owner":"ana""#,
            r#""type":"own","owner":null"#,
            r#""type":"move","to":"ventas""#,
            r#""type":"tag","add":["a"],"remove":["b"]"#,
            r#""type":"prioritise","to":"high""#,
            r#""type":"wait","reason":"r","on":"supplier","until":"2026-03-02T15:00:00Z""#,
            r#""type":"resume""#,
            r#""type":"promise","promise":{"within":7200000}"#,
            r#""type":"deliver","text":"listo""#,
            r#""type":"deliver""#,
            r#""type":"comment","text":"nota""#,
            r#""type":"close","reason":"r","ground":"answered""#,
            r#""type":"close""#,
            r#""type":"reopen""#,
            r#""type":"merge""#,
            r#""type":"undelivered","of":"o","failed":["f"]"#,
            r#""type":"ack","until":"2026-03-02T15:00:00Z""#,
            r#""type":"snooze","until":"2026-03-02T15:00:00Z""#,
            r#""type":"log","person":"p","medium":"m","reason":"r","protocol":true,"items":2"#,
            r#""type":"schedule","due":null,"participants":["p@y.example"]"#,
            r#""type":"held""#,
            r#""type":"call_dropped""#,
            r#""type":"call_made""#,
            r#""type":"follow_up""#,
            r#""type":"block","blocker":3"#,
            r#""type":"unblock""#,
            r#""type":"split","parts":["a","b"]"#,
            r#""type":"stage","to":"done","number":"CUN-1""#,
            r#""type":"escalate","reason":"r""#,
            r#""type":"replica""#,
            r#""type":"undo","of":"cli/1""#,
            r#""type":"waive","reason":"r","seen":"2026-03-02T13:00:00Z""#,
            r#""type":"reason","reason":"rain","promise":"reply","cycle":1,"text":"t""#,
            r#""type":"approve","refuse":true"#,
        ] {
            let body = format!("{{{about},{fact}}}");
            let whole = format!(r#"{{"source":"s","id":"i",{about},{fact}}}"#);
            let event: Event = serde_json::from_str(&whole).expect(fact);
            assert_eq!(read(body.as_bytes(), "s", "i").expect(fact), event);
            seen.insert(event.fact.type_name());
        }
        assert_eq!(seen, Fact::TYPES.into_iter().collect(), "each type has its row");
        for broken in
            ["{", "{}", "", "no JSON", r#"{"type":"ack"}"#, r#"{"at":"2026-03-02T14:00:00Z","type":"message"}"#]
        {
            read(broken.as_bytes(), "s", "i").expect_err(broken);
        }
    }
}
