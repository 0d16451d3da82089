//! The HTTP interface: what is taken, what is refused and how, who is let in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Answer, Daemon, PEOPLE, before_now};

const POLICY: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";

fn daemon() -> Daemon {
    Daemon::start(&format!("{PEOPLE}{POLICY}"))
}

#[track_caller]
fn problem(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.content_type, "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    problem
}

#[test]
fn object_array_and_ndjson_are_taken_alike() {
    let daemon = daemon();
    let message = |id: &str, thread: &str| json!({"id": id, "type": "message", "channel": "whatsapp", "thread": thread, "direction": "in"});
    assert_eq!(daemon.event(&message("a", "t-1")), "R-1");
    let array = daemon.post("/v1/events", &json!([message("b", "t-1"), message("c", "t-2")])).json();
    assert_eq!((&array["accepted"], &array["requests"]), (&json!(2), &json!(["R-1", "R-2"])));
    let lines =
        format!("{}\n{}\n{}\n", message("d", "t-3"), json!({"id": "e", "type": "nonsense"}), message("a", "t-1"));
    let ndjson = daemon.call("POST", "/v1/events", &[], lines.as_bytes()).json();
    assert_eq!((&ndjson["accepted"], &ndjson["duplicate"]), (&json!(1), &json!(1)));
    assert_eq!(ndjson["rejected"][0]["index"], 1);
    assert!(ndjson["rejected"][0]["detail"].as_str().is_some_and(|detail| detail.contains("`type`")));
}

#[test]
fn everything_wrong_is_a_problem_document_that_names_the_field() {
    let daemon = daemon();
    let post = |event: Value| daemon.post("/v1/events", &event);
    let field =
        |answer: &Answer| problem(answer, 422, "invalid_field")["field"].as_str().unwrap_or_default().to_owned();
    assert_eq!(field(&post(json!({"type": "message"}))), "id");
    assert_eq!(field(&post(json!({"id": "1", "type": "mesage"}))), "type");
    assert_eq!(field(&post(json!({"id": "1", "type": "resume", "request": "R-1", "at": "some day"}))), "at");
    assert_eq!(field(&post(json!({"id": "1", "type": "message", "direction": "sideways"}))), "direction");
    assert_eq!(field(&post(json!({"id": "1", "type": "snooze", "request": "R-1"}))), "until");
    problem(&post(json!({"id": "1", "type": "message", "direction": "in"})), 422, "missing_field");
    problem(&post(json!({"id": "1", "type": "close", "request": "R-99"})), 404, "unknown_request");
    problem(
        &post(json!({"id": "1", "type": "close", "thread": "nobody", "channel": "whatsapp"})),
        404,
        "unknown_request",
    );
    problem(
        &post(json!({"id": "1", "type": "resume", "channel": "x", "thread": "t", "at": "2999-01-01T00:00:00Z"})),
        422,
        "at_in_future",
    );
    problem(&daemon.call("GET", "/v1/requests?state=lost", &[], b""), 422, "invalid_field");
    let query = problem(&daemon.call("GET", "/v1/requests?limit=many", &[], b""), 400, "invalid_query");
    assert_eq!(query["field"], "limit");
    problem(&daemon.call("GET", "/v1/requests/R-99", &[], b""), 404, "unknown_request");
    problem(&daemon.call("GET", "/v1/requests/x", &[], b""), 404, "unknown_request");
    problem(&daemon.post("/v1/requests/R-1/explode", &json!({})), 404, "unknown_action");
    problem(&daemon.call("GET", "/v1/nothing", &[], b""), 404, "no_such_path");
    problem(&daemon.call("DELETE", "/v1/events", &[], b""), 405, "no_such_method");
}

#[test]
fn truncated_oversized_nested_and_broken_bodies_are_refused_whole() {
    let daemon = daemon();
    let post = |body: &[u8]| daemon.call("POST", "/v1/events", &[], body);
    problem(&post(b"{\"id\": \"1\", \"type\": \"mess"), 400, "not_json");
    problem(&post(b"\xff\xfe\x00"), 400, "not_json");
    problem(&post(b"{\"id\": \"\xff\", \"type\": \"message\"}"), 400, "not_json");
    problem(&post("[".repeat(100_000).as_bytes()), 400, "not_json");
    problem(&post(b""), 400, "number_of_events");
    problem(&post(b"[]"), 400, "number_of_events");
    problem(&post(b"42"), 400, "not_json");
    problem(&post(b"[42]"), 422, "invalid_field");
    problem(&post("x".repeat((1 << 20) + 1).as_bytes()), 413, "too_large");
    // One whole event before the cut: nothing of the body is kept.
    let message = json!({"id": "a", "type": "message", "channel": "whatsapp", "thread": "t", "direction": "in"});
    problem(&post(format!("{message}\n{{\"id\": \"b\"").as_bytes()), 400, "not_json");
    assert_eq!(daemon.get("/v1/requests?state=all")["requests"], json!([]));
}

#[test]
fn events_out_of_order_give_the_verdict_of_their_instants() {
    let daemon = daemon();
    let event = |id: &str, direction: &str, minutes: u64| {
        let kind = if direction == "in" { "customer" } else { "agent" };
        json!({
            "id": id, "type": "message", "channel": "whatsapp", "thread": "t", "direction": direction, "text": "hola",
            "at": before_now(Duration::from_secs(60 * minutes)), "author": {"name": if direction == "in" { "Luisa" } else { "laura" }, "kind": kind},
        })
    };
    daemon.event(&event("ask", "in", 60));
    daemon.event(&event("late answer", "out", 10));
    let clock = |daemon: &Daemon| daemon.get("/v1/requests/R-1")["clocks"][0].clone();
    assert_eq!(clock(&daemon)["state"], "met_late");
    daemon.event(&event("early answer", "out", 45));
    assert_eq!(clock(&daemon)["state"], "met", "{}", clock(&daemon));
}

#[test]
fn actions_change_a_request_and_say_how() {
    let daemon = daemon();
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    let act = |action: &str, body: Value| daemon.post(&format!("/v1/requests/R-1/{action}"), &body).json();
    assert_eq!(act("own", json!({"owner": "laura@agencia.example"}))["request"]["owner"], "Laura Mora");
    assert_eq!(act("tag", json!({"tags": ["urgente"]}))["request"]["tags"], json!(["urgente"]));
    assert!(act("snooze", json!({"for": "30m"}))["request"]["snoozed_until"].is_string());
    assert!(act("ack", json!({"by": "ana"}))["request"]["clocks"][0]["acked_at"].is_string());
    let refused = act("answer", json!({"by": "nobody", "text": "hola"}));
    assert_eq!(
        refused["effects"][0],
        json!({"effect": "violation", "check": "authorised", "rule": "A7", "who": "nobody", "finding": "not_authorised"})
    );
    assert_eq!(refused["request"]["clocks"][0]["state"], "running");
    assert_eq!(act("answer", json!({"by": "laura", "text": "Ya"}))["request"]["clocks"][0]["state"], "met");
    assert_eq!(act("close", json!({"reason": "lista", "source": "crm"}))["request"]["state"], "closed");
    assert_eq!(act("close", json!({}))["effects"][0]["why"], "already_so");
    assert_eq!(act("reopen", json!({}))["request"]["state"], "open");
    let history = daemon.get("/v1/requests/R-1")["history"].to_string();
    assert!(!history.contains("hola") && !history.contains("Ya\""), "nobody's words are in the history: {history}");
}

#[test]
fn listing_filters_and_pages() {
    let daemon = daemon();
    for n in 1..=5 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::from_secs(60));
    }
    daemon.post("/v1/requests/R-2/own", &json!({"owner": "laura"}));
    daemon.post("/v1/requests/R-3/close", &json!({}));
    let ids = |path: &str| -> Vec<String> {
        let page = daemon.get(path);
        page["requests"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(ids("/v1/requests"), ["R-5", "R-4", "R-2", "R-1"]);
    assert_eq!(ids("/v1/requests?state=closed"), ["R-3"]);
    assert_eq!(ids("/v1/requests?owner=Laura%20Mora"), ["R-2"]);
    let first = daemon.get("/v1/requests?state=all&limit=2");
    assert_eq!(first["next"], "R-4");
    assert_eq!(ids("/v1/requests?state=all&limit=2&cursor=R-4"), ["R-3", "R-2"]);
    assert_eq!(daemon.get("/v1/queue?limit=2")["wakes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn with_one_token_created_every_call_needs_one_with_its_scope() {
    let daemon = daemon();
    let output =
        daemon.command().args(["token", "create", "--name", "crm", "--scope", "ingest"]).output().expect("plazo runs");
    assert!(output.status.success(), "{output:?}");
    let stdout = String::from_utf8(output.stdout).expect("text");
    let token = stdout.lines().last().expect("the token").to_owned();
    crate::support::wait_for("the token to be known", crate::support::PATIENCE, || {
        (daemon.call_by_tcp("GET", "/v1/queue", &[], b"").status == 401).then_some(())
    });
    let bearer = format!("Bearer {token}");
    let message =
        json!({"id": "a", "type": "message", "channel": "whatsapp", "thread": "t", "direction": "in"}).to_string();
    let authorised = [("Authorization", bearer.as_str())];
    problem(&daemon.call_by_tcp("POST", "/v1/events", &[], message.as_bytes()), 401, "token_needed");
    problem(
        &daemon.call_by_tcp("POST", "/v1/events", &[("Authorization", "Bearer plz_wrong")], message.as_bytes()),
        401,
        "token_needed",
    );
    assert_eq!(daemon.call_by_tcp("POST", "/v1/events", &authorised, message.as_bytes()).status, 200);
    problem(&daemon.call_by_tcp("GET", "/v1/queue", &authorised, b""), 403, "scope_missing");
    assert_eq!(daemon.call("GET", "/healthz", &[], b"").status, 200);
    let store = std::fs::read(daemon.data().join("plazo.sqlite3")).expect("the store");
    let wal = std::fs::read(daemon.data().join("plazo.sqlite3-wal")).unwrap_or_default();
    let has = |bytes: &[u8]| bytes.windows(token.len()).any(|window| window == token.as_bytes());
    assert!(!has(&store) && !has(&wal), "the token itself is not stored");
}

#[test]
fn an_address_that_others_reach_is_refused_without_a_token() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), PEOPLE).expect("sla.toml");
    let mut command = crate::support::plazo();
    command
        .arg("run")
        .arg("--config")
        .arg(directory.path().join("sla.toml"))
        .arg("--data")
        .arg(directory.path().join("data"));
    let output = command.args(["--listen", "0.0.0.0:0"]).output().expect("plazo runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("plazo token create"), "{said}");
}

#[test]
fn revoking_the_last_token_lets_nobody_in_where_others_reach_it() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), PEOPLE).expect("sla.toml");
    let token = |words: &[&str]| {
        let mut command = crate::support::plazo();
        command.arg("--data").arg(directory.path().join("data")).arg("token").args(words);
        assert!(command.output().expect("plazo runs").status.success());
    };
    token(&["create", "--name", "crm", "--scope", "read"]);
    token(&["create", "--name", "keep", "--scope", "read"]);
    token(&["revoke", "keep"]);
    let data = directory.path().join("data");
    let daemon = Daemon::start_with(directory, |command| {
        command.args(["--listen", "0.0.0.0:0"]);
    });
    assert_eq!(daemon.call_by_tcp("GET", "/v1/queue", &[], b"").status, 401);
    let mut revoke = crate::support::plazo();
    assert!(
        revoke.arg("--data").arg(data).args(["token", "revoke", "crm"]).output().expect("plazo runs").status.success()
    );
    // What was read of the tokens is good for a second; then, as before, nobody is let in.
    let since = std::time::Instant::now();
    crate::support::wait_for("a fresh look at the tokens", crate::support::PATIENCE, || {
        assert_eq!(daemon.call_by_tcp("GET", "/v1/queue", &[], b"").status, 401);
        (Duration::from_millis(1_500) < since.elapsed()).then_some(())
    });
}

#[test]
fn a_request_is_handed_only_to_somebody_whom_the_file_knows() {
    let daemon = daemon();
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    let refused = problem(&daemon.post("/v1/requests/R-1/own", &json!({"owner": "fulano"})), 422, "invalid_field");
    assert_eq!(refused["field"], "owner");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("laura")), "{refused}");
    assert_eq!(daemon.get("/v1/requests/R-1")["owner"], Value::Null);
}

#[test]
fn a_web_page_in_the_machines_own_browser_is_not_let_in() {
    let daemon = daemon();
    problem(&daemon.call_by_tcp("GET", "/v1/queue", &[("Origin", "https://malo.example")], b""), 403, "not_local");
}

#[test]
fn the_interface_describes_itself() {
    let daemon = daemon();
    let description = daemon.get("/openapi.json");
    for path in [
        "/v1/events",
        "/v1/requests",
        "/v1/requests/{id}",
        "/v1/requests/{id}/{action}",
        "/v1/queue",
        "/v1/deliveries",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        assert!(description["paths"][path].is_object(), "{path} is not described");
    }
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    let accepts = [("Accept", "application/openmetrics-text; version=1.0.0")];
    let metrics = daemon.call("GET", "/metrics", &accepts, b"").body;
    assert!(metrics.contains("plazo_events_total{result=\"accepted\"} 1"), "{metrics}");
    assert!(metrics.contains("plazo_queue_length 1"), "{metrics}");
    assert!(metrics.trim_end().ends_with("# EOF"));
    assert_eq!(daemon.call("GET", "/readyz", &[], b"").status, 200);
}

/// The address of somebody who is in no file: told with what was written last, and not with what comes last by the alphabet.
#[test]
fn who_is_unknown_is_shown_as_he_wrote_last() {
    let daemon = Daemon::start(PEOPLE);
    let write = |id: &str, channel: &str, name: Option<&str>, seconds: u64| {
        let author = json!({"name": name, "address": "zoe@cliente.example", "kind": "customer"});
        daemon.event(&json!({"id": id, "type": "message", "direction": "in", "channel": channel, "thread": id,
            "at": before_now(std::time::Duration::from_secs(seconds)), "author": author, "text": "Hola"}));
    };
    write("1", "whatsapp", Some("Zoe"), 30);
    write("2", "email", Some("Ana Z."), 20);
    write("3", "slack", None, 10);
    let unknown = daemon.get("/v1/unknown?days=30")["unknown"].clone();
    let row = &unknown[0];
    assert_eq!(unknown.as_array().map(Vec::len), Some(1), "{unknown}");
    let told = [&row["channel"], &row["name"], &row["request"], &row["events"]];
    assert_eq!(told, [&json!("slack"), &json!("Ana Z."), &json!("R-3"), &json!(3)], "{row}");
}
