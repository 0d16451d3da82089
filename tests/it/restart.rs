//! kill -9, restart, catch-up: nothing lost, doubles only where a message was in flight, and marked.

use std::collections::HashMap;
use std::time::Duration;

use crate::support::daemon::{Daemon, PEOPLE, before_now, spawn};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);

fn config(url: &str, more: &str) -> String {
    format!(
        "{PEOPLE}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
         reply = {{ within = \"1h\", escalation = \"e\" }}\n\
         [escalation]\ne = [{{ at = \"50%\", tell = [\"hook\"] }}, {{ at = \"due\", tell = [\"hook\"] }}]\n\
         [destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"{url}\"\ntimeout = \"60s\"\n{more}\n"
    )
}

fn request_of(call: &Received) -> i64 {
    let body: serde_json::Value = serde_json::from_str(&call.body).expect("JSON");
    body["data"]["content"]["request"].as_i64().unwrap_or(0)
}

#[test]
fn killed_between_decision_and_send_and_between_send_and_record() {
    // One on its way at a time. The first call arrives and is never answered: sent, not recorded. The others are decided, not sent.
    let webhook = Webhook::scripted(|n, _| if n == 0 { None } else { answer("200 OK", "", "") });
    let daemon = Daemon::start(&config(&webhook.url, "[alerts]\nin_flight = 1\ngather = false\n"));
    for n in 1..=5 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), HOUR);
    }
    webhook.wait_for(1);
    wait_for("the other decisions", PATIENCE, || {
        let rows = daemon.get("/v1/deliveries?state=pending")["deliveries"].as_array()?.len();
        (rows == 4).then_some(())
    });
    let daemon = Daemon::start_in(daemon.kill());
    let calls = webhook.wait_for(6);
    let mut told: HashMap<i64, usize> = HashMap::new();
    for call in &calls {
        *told.entry(request_of(call)).or_default() += 1;
    }
    let in_flight = request_of(&calls[0]);
    assert_eq!(told.len(), 5, "nothing is lost");
    assert!(told.iter().all(|(request, n)| *n == if *request == in_flight { 2 } else { 1 }), "{told:?}");
    assert_eq!(
        calls[0].header("webhook-id"),
        calls.iter().skip(1).find(|call| request_of(call) == in_flight).expect("again").header("webhook-id")
    );
    let sent = wait_for("all recorded", PATIENCE, || {
        daemon.get("/v1/deliveries?state=sent")["deliveries"].as_array().filter(|rows| rows.len() == 5).cloned()
    });
    for delivery in sent {
        assert_eq!(delivery["in_doubt"] == true, delivery["request"] == format!("R-{in_flight}"), "{delivery}");
    }
    assert!(daemon.call("GET", "/metrics", &[], b"").body.contains("plazo_possible_doubles_total 1"));
}

#[test]
fn killed_during_start_up_again_and_again() {
    let webhook = Webhook::start();
    let daemon = Daemon::start(&config(&webhook.url, "[alerts]\ngather = false\n"));
    for n in 1..=20 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), HOUR - Duration::from_secs(2));
    }
    let directory = daemon.kill();
    // Killed at ever later moments of its start, from before the store is opened to after it serves.
    for step in 0..12 {
        let mut child = spawn(directory.path(), |_| ());
        std::thread::park_timeout(Duration::from_millis(7 * step));
        child.kill().expect("kill");
        child.wait().expect("wait");
    }
    let daemon = Daemon::start_in(directory);
    let told = wait_for("every request to be told", PATIENCE, || {
        let told: std::collections::HashSet<_> = webhook.received().iter().map(request_of).collect();
        (told.len() == 20).then_some(told)
    });
    assert_eq!(told, (1..=20).collect());
    assert_eq!(daemon.get("/v1/requests?state=all&limit=100")["requests"].as_array().map(Vec::len), Some(20));
}

#[test]
fn lessons_29_after_downtime_one_digest_a_recipient_and_no_storm() {
    let webhook = Webhook::start();
    let daemon = Daemon::start(&config(&webhook.url, ""));
    // Due in a moment, and in half an hour.
    for n in 1..=10 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::from_secs(60));
    }
    let (status, directory) = daemon.stop();
    assert!(status.success());
    // While it is down, more than the hour passes: told by moving what happened back in time.
    shift(directory.path(), Duration::from_secs(2 * 3_600));
    let daemon = Daemon::start_in(directory);
    let calls = webhook.wait_for(1);
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).expect("JSON");
    assert_eq!(body["type"], "sla.digest");
    let alerts = body["data"]["content"]["alerts"].as_array().expect("alerts");
    assert_eq!(alerts.len(), 10);
    for alert in alerts {
        assert_eq!(alert["why"], "breach", "the breach supersedes its warnings");
        assert_eq!(alert["late"], true);
    }
    assert_eq!(daemon.delivery("sent")["why"], "digest");
    assert_eq!(webhook.received().len(), 1);
}

/// Moves everything in the store `by` into the past, as if the machine had been off for so long.
fn shift(directory: &std::path::Path, by: Duration) {
    let store = rusqlite::Connection::open(directory.join("data/plazo.sqlite3")).expect("the store");
    let by = i64::try_from(by.as_millis()).expect("a span");
    let mut requests = store.prepare("SELECT id, state FROM requests").expect("requests");
    let rows: Vec<(i64, String)> = requests
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    for (id, state) in rows {
        let mut state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
        earlier(&mut state, by);
        store
            .execute("UPDATE requests SET state = ?2 WHERE id = ?1", rusqlite::params![id, state.to_string()])
            .expect("update");
    }
    store.execute("UPDATE wakes SET at = at - ?1", [by]).expect("wakes");
}

fn earlier(value: &mut serde_json::Value, by: i64) {
    match value {
        // Instants are microseconds; nothing else in a state is as large.
        serde_json::Value::Number(number) => {
            if let Some(micros) = number.as_i64().filter(|number| 1_000_000_000_000_000 < *number) {
                *number = (micros - 1_000 * by).into();
            }
        }
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|value| earlier(value, by)),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|value| earlier(value, by)),
        _ => {}
    }
}

#[test]
fn sigterm_lets_deliveries_on_their_way_end() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let webhook = Webhook::scripted(move |_, _| {
        released.lock().expect("no panic").recv_timeout(PATIENCE).expect("released");
        answer("200 OK", "", "")
    });
    let daemon = Daemon::start(&config(&webhook.url, ""));
    daemon.client_message("m-1", "t-1", HOUR);
    webhook.wait_for(1);
    daemon.signal("TERM");
    wait_for("the daemon to drain", PATIENCE, || daemon.log().contains("stopping").then_some(()));
    release.send(()).expect("the webhook waits");
    let (status, directory) = daemon.stop();
    assert!(status.success(), "{status}");
    let daemon = Daemon::start_in(directory);
    assert_eq!(daemon.delivery("sent")["in_doubt"], false);
    assert_eq!(webhook.received().len(), 1, "nothing is sent twice");
}

#[test]
fn a_second_daemon_on_the_same_directory_is_refused() {
    let daemon = Daemon::start(PEOPLE);
    let output = daemon.command().args(["run", "--listen", "127.0.0.1:0"]).output().expect("plazo runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("another plazo already runs on"), "{said}");
    assert!(said.contains("--data"), "it names the remedy: {said}");
    // And the first one is none the worse.
    daemon.get("/v1/queue");
}

#[test]
fn the_same_event_twice_is_one_even_across_a_restart() {
    let daemon = Daemon::start(PEOPLE);
    let at = before_now(Duration::from_secs(5));
    let event =
        serde_json::json!({"id": "m-1", "type": "message", "channel": "x", "thread": "t", "direction": "in", "at": at});
    daemon.event(&event);
    let daemon = Daemon::start_in(daemon.kill());
    let answer = daemon.post("/v1/events", &event).json();
    assert_eq!(answer["duplicate"], 1);
    assert_eq!(answer["requests"][0], "R-1");
}

#[test]
fn a_file_that_changed_while_plazo_was_down_plans_the_open_requests_anew() {
    let webhook = Webhook::start();
    let daemon = Daemon::start(&config(&webhook.url, ""));
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    let (_, directory) = daemon.stop();
    let path = directory.path().join("sla.toml");
    let shorter = std::fs::read_to_string(&path).expect("sla.toml").replace("within = \"1h\"", "within = \"62s\"");
    std::fs::write(&path, shorter).expect("written");
    let daemon = Daemon::start_in(directory);
    assert!(daemon.log().contains("planned by the new sla.toml"), "{}", daemon.log());
    let calls = webhook.wait_for(1);
    assert!(calls[0].body.contains("sla.breach"), "{}", calls[0].body);
}
