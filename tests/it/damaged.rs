//! What the store holds and cannot be read costs its own request, and nothing else (LESSONS 59).

use std::path::Path;
use std::time::Duration;

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::desk::Desk;
use crate::support::webhook::Webhook;
use plazo::engine::request_id::RequestId;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3_600);

fn config(url: &str) -> String {
    format!(
        "{PEOPLE}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
         reply = {{ rule = \"A1\", within = \"1h\", escalation = \"e\" }}\n[escalation]\ne = [{{ at = \"due\", tell = [\"hook\"] }}]\n\
         [destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"{url}\"\n"
    )
}

/// Does something to the store of a daemon that does not run.
fn damage(data: &Path, sql: &[&str]) {
    let store = rusqlite::Connection::open(data.join("plazo.sqlite3")).expect("the store");
    // A disk that fails asks no constraint.
    store.execute_batch("PRAGMA ignore_check_constraints = ON").expect("set");
    for sql in sql {
        store.execute(sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// The review's H5: an unknown field as deep as a body may have it went to the journal, one level deeper, and could not be read back.
#[test]
fn lessons_59_what_is_accepted_can_be_read_back() {
    let daemon = Daemon::start(&config("http://127.0.0.1:9/"));
    for levels in [1, 16, 17, 100, 118, 125, 126] {
        let body = format!(
            "{{\"id\":\"d{levels}\",\"type\":\"message\",\"direction\":\"in\",\"author\":{{\"kind\":\"customer\"}},\
             \"channel\":\"whatsapp\",\"thread\":\"t{levels}\",\"text\":\"a\",\"x\":{}}}",
            nested(levels)
        );
        let answer = daemon.call("POST", "/v1/events", &[], body.as_bytes());
        assert_eq!(answer.status, 200, "{levels}: {}", answer.body);
        let is_kept = answer.json()["warnings"].is_null();
        assert_eq!(is_kept, levels <= 16, "{levels}: what is left out is told: {}", answer.body);
    }
    let large = json!({"id": "large", "type": "message", "direction": "in", "author": {"kind": "customer"}, "channel": "whatsapp",
        "thread": "large", "text": "a", "refs": {"small": "kept", "z": "x".repeat(20_000)}});
    let answer = daemon.post("/v1/events", &large).json();
    assert!(answer["warnings"][0]["detail"].as_str().is_some_and(|detail| detail.contains("16 KiB")), "{answer}");
    for format in ["json", "csv", "text", "html"] {
        let answer = daemon.call("GET", &format!("/v1/report?format={format}"), &[], b"");
        assert_eq!(answer.status, 200, "{format}: {}", answer.body);
    }
    let act = json!({"id": "act", "type": "own", "request": "R-1", "owner": "ana", "y": nested(40).parse::<Value>().expect("JSON")});
    assert_eq!(daemon.post("/v1/events", &act).status, 422, "what nobody waits for is refused");
}

#[test]
fn lessons_59_one_row_that_cannot_be_read_costs_its_own_request_only() {
    let webhook = Webhook::start();
    let daemon = Daemon::start(&config(&webhook.url));
    for n in 1..=6 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::from_secs(60));
    }
    let data = daemon.data();
    let (_, directory) = daemon.stop();
    damage(
        &data,
        &[
            "UPDATE journal SET body = '{\"id\":' WHERE request = 1",
            "UPDATE requests SET state = 'x' WHERE id = 2",
            "UPDATE clocks SET clock = '{}' WHERE request = 3",
            "UPDATE journal SET effects = '[' WHERE request = 4",
            "UPDATE requests SET state = cast(x'7bff7d' AS TEXT) WHERE id = 5",
        ],
    );
    let daemon = Daemon::start_in(directory);
    let listed = daemon.get("/v1/requests");
    let ids: Vec<&str> =
        listed["requests"].as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["R-6", "R-4", "R-3", "R-1"], "{listed}");
    let (from, to) = (before_now(24 * HOUR), before_now(Duration::ZERO));
    for format in ["json", "csv", "text", "html"] {
        let path = format!("/v1/report?format={format}&from={from}&to={to}").replace('+', "%2B");
        let answer = daemon.call("GET", &path, &[], b"");
        assert_eq!(answer.status, 200, "{format}: {}", answer.body);
    }
    for path in [
        "/v1/queue",
        "/v1/violations",
        "/v1/escalations",
        "/v1/unknown?days=30",
        "/v1/deliveries",
        "/v1/requests/R-4",
        "/metrics",
    ] {
        let answer = daemon.call("GET", path, &[], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    let shown = daemon.call("GET", "/v1/requests/R-2", &[], b"");
    assert_eq!(shown.json()["code"], "unreadable_request", "{}", shown.body);
    // A late event of another request, and one of the request whose history is damaged.
    for request in [6, 1] {
        let late = json!({"id": format!("late-{request}"), "type": "message", "direction": "out", "channel": "whatsapp",
            "thread": format!("t-{request}"), "author": {"name": "Ana", "kind": "agent"}, "text": "Sale a las tres",
            "at": before_now(Duration::from_secs(50))});
        assert_eq!(daemon.post("/v1/events", &late).status, 200, "R-{request}");
    }
    // Whoever writes in a conversation whose request is lost waits in another.
    let again = daemon.client_message("again", "t-2", Duration::from_secs(1));
    assert_eq!(again, "R-7");
    assert_eq!(daemon.client_message("and again", "t-2", Duration::from_secs(0)), "R-7");
    let status = daemon.command().arg("status").output().expect("plazo runs");
    let told = String::from_utf8_lossy(&status.stdout);
    for request in ["R-1", "R-2", "R-3", "R-4", "R-5"] {
        assert!(told.contains(request), "{request} is not named: {told}");
    }
    assert!(!told.contains("R-6"), "{told}");
    assert_eq!(status.status.code(), Some(1), "{told}");
    assert!(daemon.call("GET", "/metrics", &[], b"").body.contains("plazo_unreadable_requests 5"));
}

/// A wake whose request cannot be read does not keep the others from theirs, and an alert that cannot be read is shown as dead.
#[test]
fn lessons_59_alerts_go_out_beside_what_cannot_be_read() {
    let webhook = Webhook::start();
    let daemon = Daemon::start(&config(&webhook.url));
    for n in 1..=4 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::from_secs(3_597));
    }
    let data = daemon.data();
    let (_, directory) = daemon.stop();
    damage(&data, &["UPDATE requests SET state = 'x' WHERE id IN (1, 3)"]);
    let daemon = Daemon::start_in(directory);
    daemon.client_message("m-5", "t-5", HOUR);
    let told = webhook.wait_for(1).iter().map(|call| call.body.clone()).collect::<String>();
    assert!(!told.is_empty());
    let data = daemon.data();
    crate::support::wait_for("the other alerts", crate::support::PATIENCE, || {
        let sent = daemon.get("/v1/deliveries?state=sent")["deliveries"].as_array()?.len();
        let gathered = daemon.get("/v1/deliveries?state=gathered")["deliveries"].as_array()?.len();
        (3 <= sent + gathered).then_some(())
    });
    let (_, directory) = daemon.stop();
    damage(
        &data,
        &[
            "UPDATE deliveries SET state = 'pending', next_at = 0 WHERE state = 'sent' AND alert IN (SELECT id FROM alerts WHERE request = 5)",
            "UPDATE alerts SET content = 'x' WHERE request = 5",
        ],
    );
    let daemon = Daemon::start_in(directory);
    let dead = daemon.delivery("dead");
    assert!(dead["answer"].as_str().is_some_and(|answer| answer.contains("cannot be read")), "{dead}");
}

#[tokio::test]
async fn the_operator_is_told_once_of_what_cannot_be_read() {
    let mut desk = Desk::open("2026-03-02 09:00", &config("http://127.0.0.1:9/"));
    desk.ask("whatsapp", "t-1").await;
    damage(desk.directory.path(), &["UPDATE journal SET body = '{' WHERE request = 1"]);
    for _ in 0..2 {
        desk.app.views.events(RequestId(1)).await.expect("what can be read");
        desk.app.outbox.tell_of_unreadable().await.expect("written");
    }
    let store = rusqlite::Connection::open(desk.directory.path().join("plazo.sqlite3")).expect("the store");
    let sql = "SELECT count(*) FROM alerts WHERE content LIKE '%R-1: un evento%' OR content LIKE '%R-1: an event%'";
    let n: i64 = store.query_row(sql, [], |row| row.get(0)).expect("a count");
    assert_eq!(n, 1);
}

/// A word or an instant that this version does not know, in a delivery: it goes out by itself or is dead and shown as that, and whatever
/// else waits goes out.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_of_one_delivery_keeps_no_other_one() {
    let mut desk = Desk::open("2026-03-02 09:00", DESK);
    let silenced = serde_json::from_value(json!({"all": true})).expect("a matcher");
    let span = (desk.now(), desk.now() + chrono::TimeDelta::hours(2));
    desk.app.outbox.add_silence(silenced, span, None, None).await.expect("written");
    for thread in ["a", "b", "c"] {
        desk.ask("whatsapp", thread).await;
    }
    assert!(desk.until("2026-03-02 10:30").await.is_empty());
    damage(
        desk.directory.path(),
        &[
            "UPDATE deliveries SET held_for = 'siesta', next_at = 0 WHERE id = 1",
            "UPDATE deliveries SET planned_at = 9223372036854775807, state = 'pending', held_for = NULL, next_at = 0 WHERE id = 2",
        ],
    );
    let told = desk.until("2026-03-02 11:05").await;
    let requests: Vec<_> = told.iter().filter_map(|(.., content)| content.request()).map(|id| id.0).collect();
    assert_eq!(requests, [1, 3], "{told:?}");
    let store = rusqlite::Connection::open(desk.directory.path().join("plazo.sqlite3")).expect("the store");
    let state: String =
        store.query_row("SELECT state FROM deliveries WHERE id = 2", [], |row| row.get(0)).expect("a delivery");
    assert_eq!(state, "dead");
}

/// What belongs to no request and cannot be read holds nothing up: a silence, a destination's or a reader's wait, a span without plazo, a
/// token, the time of the last sign of life. Each alone, and the lists that show them go on.
#[tokio::test(flavor = "multi_thread")]
async fn what_holds_alerts_up_and_cannot_be_read_holds_none_up() {
    const NEVER: i64 = i64::MAX;
    let rows = [
        "INSERT INTO silences (matcher, starts_at, ends_at, created_at) VALUES ('{', 0, 4102444800000, 0)".to_owned(),
        format!(
            "INSERT INTO silences (matcher, starts_at, ends_at, created_at) VALUES ('{{\"all\":true}}', 0, {NEVER}, 0)"
        ),
        format!("INSERT INTO holds (destination, until, failures, cause) VALUES ('email', {NEVER}, 1, 'x')"),
        format!("INSERT INTO windows (person, destination, until) VALUES ('ana', 'email', {NEVER})"),
        format!("INSERT INTO downtimes (began_at, ended_at) VALUES (0, {NEVER})"),
        format!("UPDATE meta SET value = '{NEVER}' WHERE key = 'alive_at'"),
        format!(
            "INSERT INTO tokens (name, scopes, hash, source, types, created_at) VALUES ('x', 'read', zeroblob(32), 'x', '', {NEVER})"
        ),
        format!("UPDATE journal SET at = {NEVER} WHERE request = 1"),
        format!("UPDATE journal SET received_at = {NEVER} WHERE request = 1"),
    ];
    for sql in rows {
        let mut desk = Desk::open("2026-03-02 09:00", DESK);
        desk.ask("whatsapp", "damaged").await;
        desk.app.outbox.note_alive(chrono::TimeDelta::minutes(1)).await.expect("written");
        damage(desk.directory.path(), &[&sql]);
        desk.app.outbox.note_alive(chrono::TimeDelta::minutes(1)).await.expect("written");
        desk.ask("whatsapp", "sound").await;
        let told = desk.until("2026-03-02 09:30").await;
        let requests: Vec<_> = told.iter().filter_map(|(.., content)| content.request()).map(|id| id.0).collect();
        assert!(requests.contains(&2), "{sql}: {told:?}");
        let now = desk.now();
        let views = &desk.app.views;
        assert!(views.silences(true).await.is_ok(), "{sql}");
        assert!(views.counts().await.is_ok(), "{sql}");
        assert!(desk.app.has_token().await.is_ok(), "{sql}");
        assert!(views.authors(now - chrono::TimeDelta::days(1), 10).await.is_ok(), "{sql}");
        assert!(views.story(RequestId(1)).await.is_ok(), "{sql}");
        assert!(views.whole(RequestId(1)).await.is_ok(), "{sql}");
        let store = plazo::store::Store::open_reader(desk.directory.path()).expect("a reader");
        assert!(store.each_event(|_, _, _| ()).is_ok(), "{sql}");
        let is_of_a_list = ["silences", "holds", "tokens", "journal"].iter().any(|table| sql.contains(table));
        assert_eq!(!desk.app.views.unreadable().all().is_empty(), is_of_a_list, "it is noted: {sql}");
    }
}

const DESK: &str = r#"
timezone = "America/Bogota"
[person.ana]
email = "ana@agencia.example"
[[policy]]
name = "all"
reply = { within = "20m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = "ana" }]
"#;
