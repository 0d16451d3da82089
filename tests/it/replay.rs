//! Replay: recorded events in virtual time, the difference between two files, and the journal of a daemon.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{PATIENCE, data, plazo, wait_for};

fn replay(args: &[&str]) -> Command {
    let mut command = plazo();
    command.arg("--config").arg(data("replay/current.toml")).arg("replay").args(args);
    command
}

fn morning() -> String {
    data("replay/morning.ndjson").display().to_string()
}

/// What it printed, and what it complained of.
#[track_caller]
fn ran(mut command: Command, code: i32) -> (String, String) {
    let output = command.output().expect("plazo runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout: {stdout}\nstderr: {stderr}");
    (stdout, stderr)
}

#[track_caller]
fn ran_json(args: &[&str]) -> Value {
    let mut command = replay(args);
    command.arg("--json");
    serde_json::from_str(&ran(command, 0).0).expect("JSON")
}

#[test]
fn a_file_is_played_with_every_verdict_and_alert_at_its_instant() {
    let (said, complaints) = ran(replay(&["--events", &morning(), "--to", "2026-03-02 11:20"]), 0);
    let expected = "\
Mon 2 Mar, 09:12  R-2  kept       reply (whatsapp)
Mon 2 Mar, 09:15  R-1  alert      reply (whatsapp): Due soon (5 min before the end) → Laura Mora
Mon 2 Mar, 09:20  R-1  broken     reply (whatsapp)
Mon 2 Mar, 09:20  R-1  alert      reply (whatsapp): Overdue (at the end) → Ana Ruiz
Mon 2 Mar, 09:25  R-1  kept late  reply (whatsapp): due Mon 2 Mar, 09:20
Mon 2 Mar, 10:15  R-1  alert      reply (whatsapp): Due soon (5 min before the end) → Laura Mora
Mon 2 Mar, 10:20  R-1  broken     reply (whatsapp) · no longer holds
Mon 2 Mar, 10:20  R-1  alert      reply (whatsapp): Overdue (at the end) → Ana Ruiz
Mon 2 Mar, 10:05  R-1  kept       reply (whatsapp) · noticed Mon 2 Mar, 10:40
Mon 2 Mar, 11:15  R-3  alert      reply (whatsapp): Due soon (5 min before the end) → Laura Mora
";
    let lines: String = said.split_inclusive('\n').take(10).collect();
    assert_eq!(lines, expected, "{said}");
    // 11:20 itself is not played any more.
    assert!(said.contains("9 events, 3 requests, until Mon 2 Mar, 11:19:59; promises still open: 1"), "{said}");
    assert!(complaints.contains("line 4, replay/m-3: its id was there already"), "{complaints}");
    assert!(complaints.contains("line 9, replay/m-7: it belongs to no known request"), "{complaints}");
}

#[test]
fn a_span_shows_what_falls_into_it_and_plays_what_came_before() {
    let played = ran_json(&["--events", &morning(), "--from", "2026-03-02 09:20", "--to", "2026-03-02T09:26"]);
    let whats: Vec<_> = played["entries"].as_array().expect("entries").iter().map(|e| e["what"].as_str()).collect();
    assert_eq!(whats, [Some("breached"), Some("alert"), Some("met_late")]);
    assert_eq!(
        played["totals"],
        json!([{
            "policy": "whatsapp", "kept": 0, "kept_late": 1, "broken": 1, "early": 0, "cancelled": 0, "alerts": 1
        }])
    );
    // A date in `--to` is played to its end.
    let day = ran_json(&["--events", &morning(), "--from", "2026-03-02", "--to", "2026-03-02"]);
    assert_eq!((&day["from"], &day["to"]), (&json!("2026-03-02T05:00:00Z"), &json!("2026-03-03T05:00:00Z")));
    let (_, refused) = ran(replay(&["--events", &morning(), "--from", "la semana pasada"]), 2);
    assert!(
        refused.contains("--from: ") && refused.contains("la semana pasada") && refused.contains("2026-12-08"),
        "{refused}"
    );
}

/// Names of conversations that say less than an id join nothing in a replay, whichever they are: the store decides by time and state.
#[test]
fn a_loose_name_joins_no_two_requests() {
    use plazo::engine::event::{BY_CLIENT, BY_SUBJECT};
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("loose.ndjson");
    for (name, n_requests) in [(BY_SUBJECT, 2), (BY_CLIENT, 2), ("id:", 1)] {
        let line = |n: u32| {
            json!({"id": format!("m-{n}"), "type": "message", "channel": "whatsapp", "direction": "in",
                "threads": [format!("own-{n}"), format!("{name}x")], "at": format!("2026-03-02T09:0{n}:00-05:00"),
                "author": {"name": "Luisa", "kind": "customer"}, "text": "¿Hay noticias?"})
            .to_string()
        };
        std::fs::write(&path, format!("{}\n{}\n", line(1), line(2))).expect("written");
        let played = ran_json(&["--events", path.to_str().expect("a path"), "--to", "2026-03-02 12:00"]);
        let entries = played["entries"].as_array().expect("entries");
        let requests: std::collections::BTreeSet<_> = entries.iter().filter_map(|e| e["request"].as_str()).collect();
        assert_eq!(requests.len(), n_requests, "{name}: {played}");
    }
}

#[test]
fn the_difference_of_two_files_is_what_breaks_whom_it_alerts_and_which_requests_change() {
    let (current, longer) = (data("replay/current.toml"), data("replay/longer.toml"));
    let play = |json: bool| {
        let mut command = plazo();
        command.arg("--config").arg(&longer).args(["replay", "--events", &morning(), "--to", "2026-03-02 12:00"]);
        command.arg("--against").arg(&current).args(json.then_some("--json"));
        ran(command, 0).0
    };
    let difference = serde_json::from_str::<Value>(&play(true)).expect("JSON")["difference"].clone();
    // By 20 minutes R-1 breaks at 09:20 and R-3 at 11:20; by 30 only R-3 does. The answer of 10:05 was heard of late, and
    // takes the second breach of R-1 back.
    assert_eq!(
        difference["policies"],
        json!([{ "policy": "whatsapp", "gained": 0, "lost": 1, "before": 2, "after": 1 }])
    );
    let alerts: Vec<_> = difference["people"]
        .as_array()
        .expect("people")
        .iter()
        .map(|row| {
            (row["recipient"]["person"].as_str(), row["before"]["n_alerts"].as_u64(), row["after"]["n_alerts"].as_u64())
        })
        .collect();
    assert_eq!(alerts, [(Some("ana"), Some(3), Some(2)), (Some("laura"), Some(3), Some(2))]);
    let change = &difference["requests"][0];
    assert_eq!(difference["requests"].as_array().map(Vec::len), Some(1), "{difference}");
    assert_eq!((&change["request"], change["clocks"].as_array().map(Vec::len)), (&json!("R-1"), Some(1)));
    let states = (&change["clocks"][0]["before"]["state"], &change["clocks"][0]["after"]["state"]);
    assert_eq!(states, (&json!("met_late"), &json!("met")));
    assert_eq!(difference["only_alerts"], json!(["R-3"]));
    let said = play(false);
    assert!(
        said.contains("Requests that come out otherwise: 1")
            && said.contains("kept late (due Mon 2 Mar, 09:20, whatsapp) → kept"),
        "{said}"
    );
}

#[test]
fn mistakes_of_a_file_are_told_with_their_lines() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("bad.ndjson");
    std::fs::write(&path, "{\"id\":\"a\",\n{\"id\":\"b\",\"type\":\"message\"}\n{\"id\":\"c\",\"type\":\"dance\",\"at\":\"2026-03-02T09:00:00Z\"}\n")
        .expect("written");
    let (_, said) = ran(replay(&["--events", &path.display().to_string()]), 2);
    for part in
        ["bad.ndjson:1: this is not JSON", "bad.ndjson:2: `at`: is missing", "bad.ndjson:3: `type`: `dance` is no type"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let data = directory.path().join("nothing").display().to_string();
    let (_, said) = ran(replay(&["--data", &data]), 2);
    assert!(said.contains("no journal to replay") && said.contains("--events"), "{said}");
}

#[test]
fn the_journal_replays_to_what_the_daemon_decided() {
    let policy = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"50%\", tell = [\"laura\"] }, { at = \"due\", tell = [\"ana\"] }]
";
    let daemon = Daemon::start(&format!("{PEOPLE}{policy}"));
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let message = |id: &str, thread: &str, direction: &str, ago: u64| {
        let by = if direction == "in" { "Luisa" } else { "Laura Mora" };
        daemon.event(&json!({
            "id": id, "type": "message", "channel": "whatsapp", "thread": thread, "direction": direction,
            "at": crate::support::daemon::before_now(minutes(ago)), "author": { "name": by }, "text": "Hola, ¿qué tal?",
        }))
    };
    let decided = |request: &str| -> Vec<Value> {
        let shown = daemon.get(&format!("/v1/requests/{request}"));
        let rows = shown["history"].as_array().expect("rows").clone();
        rows.iter().flat_map(|row| row["effects"].as_array().expect("effects").clone()).collect()
    };
    // A replay looks without delay; so that it sees the same, each request has been looked at before its next event.
    let alerted = |request: &str| {
        wait_for("an alert", PATIENCE, || decided(request).iter().find(|e| e["effect"] == "alert").map(|_| ()));
    };
    message("a", "t-1", "in", 90);
    alerted("R-1");
    message("b", "t-2", "in", 60);
    alerted("R-2");
    // Out of order: heard of last, it happened first.
    message("d", "t-2", "out", 30);
    message("c", "t-2", "out", 55);
    message("e", "t-3", "in", 15);
    alerted("R-3");
    let mut command = daemon.command();
    command.args(["replay", "--json"]);
    let played: Value = serde_json::from_str(&ran(command, 0).0).expect("JSON");
    for request in ["R-1", "R-2", "R-3"] {
        let short = |what: &Value, promise: &Value, rest: &Value| format!("{what} {promise} {}", rest["step"]);
        let mut theirs: Vec<_> = decided(request)
            .iter()
            .filter(|e| ["met", "met_late", "breached", "cancelled", "violation"].iter().any(|w| e["effect"] == *w))
            .map(|e| short(&e["effect"], &e["clock"]["kind"], &Value::Null))
            .collect();
        let mut ours: Vec<_> = played["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .filter(|e| e["request"] == request && e["what"] != "alert")
            .map(|e| short(&e["what"], &e["promise"], &Value::Null))
            .collect();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{request}");
        let recipients = |of: &[Value], word: &str| -> Vec<Value> {
            of.iter().filter(|e| e[word] == "alert").map(|e| e["recipients"].clone()).collect()
        };
        let entries: Vec<_> = played["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .filter(|e| e["request"] == request)
            .cloned()
            .collect();
        assert_eq!(recipients(&entries, "what"), recipients(&decided(request), "effect"), "{request}");
    }
}
