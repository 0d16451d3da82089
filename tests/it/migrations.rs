//! Migrations: what an older version wrote can be read after them.

use std::fs;
use std::path::Path;

use plazo::engine::event::{Event, Fact};
use rusqlite::{Connection, params};

/// A store as version `n` of the schema left it.
fn store_of(n: usize) -> Connection {
    let connection = Connection::open_in_memory().expect("a store");
    for n in 1..=n {
        migrate(&connection, n);
    }
    connection
}

fn migrate(connection: &Connection, n: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/store/src/migrations");
    let mut files = fs::read_dir(folder).expect("migrations").map(|entry| entry.expect("an entry").path());
    let is_meant = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("V{n}__")))
    };
    let path = files.find(is_meant).unwrap_or_else(|| panic!("no migration {n}"));
    connection.execute_batch(&fs::read_to_string(path).expect("SQL")).expect("applied");
}

#[test]
fn types_of_event_that_were_only_noted_are_facts_after_version_6() {
    let connection = store_of(5);
    let noted = |id: &str, what: &str, refs: &str| {
        let body = format!(
            r#"{{"source":"crm","id":"{id}","at":"2026-03-02T14:00:00Z","channel":"phone","refs":{refs},"type":"noted","what":"{what}"}}"#
        );
        connection
            .execute(
                "INSERT INTO journal (request, at, received_at, source, event, type, body, effects) VALUES (1, 0, 0, 'crm', ?1, ?2, ?3, '[]')",
                params![id, what, body],
            )
            .expect("a row");
    };
    let whats =
        ["log", "schedule", "held", "call_dropped", "call_made", "follow_up", "block", "split", "stage", "escalate"];
    for (n, what) in whats.iter().enumerate() {
        noted(&n.to_string(), what, r#"{"motivo":"x"}"#);
    }
    connection
        .execute(
            "INSERT INTO requests (id, phase, kind, channel, opened_at, state) VALUES (1, 'open', 'request', 'email', 0,
             '{\"marks\":{\"unanswered_since\":\"2026-03-02T14:00:00Z\"}}')",
            [],
        )
        .expect("a row");
    migrate(&connection, 6);
    let mut statement = connection.prepare("SELECT body FROM journal ORDER BY seq").expect("rows");
    let bodies: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("a body")).collect();
    let events: Vec<Event> = bodies
        .iter()
        .map(|body| serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
        .collect();
    for (event, what) in events.iter().zip(whats) {
        let is_comment = matches!(event.fact, Fact::Comment { .. });
        assert!(is_comment || event.fact.type_name() == what, "{what}: {event:?}");
        assert_eq!(is_comment, ["block", "split", "stage"].contains(&what), "{what}");
        assert_eq!(event.refs["motivo"], "x", "what it said besides stays");
    }
    let since: String = connection
        .query_row("SELECT json_extract(state, '$.marks.unacknowledged_since') FROM requests", [], |row| row.get(0))
        .expect("a mark");
    assert_eq!(since, "2026-03-02T14:00:00Z", "an email that waits goes on waiting");
}
