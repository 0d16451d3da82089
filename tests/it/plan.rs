//! `plazo check --plan`: what taking a file would do to the open requests, before it is taken.

use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::plazo;

fn file(reply: &str) -> String {
    format!(
        "{PEOPLE}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n{reply}\n\
         [escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n"
    )
}

/// A desk with two open conversations, ten minutes and one minute old, of which 30 minutes are promised; and the plan of `edit`.
fn planned(edit: &str, arguments: &[&str]) -> String {
    let daemon = Daemon::start(&file("reply = { within = \"30m\", escalation = \"e\" }"));
    daemon.client_message("m-1", "t-1", Duration::from_secs(600));
    daemon.client_message("m-2", "t-2", Duration::from_secs(60));
    let new = daemon.directory.path().join("new.toml");
    std::fs::write(&new, file(edit).replace("OPERATOR", "/tmp")).expect("written");
    let output = plazo().arg("check").arg(&new).arg("--plan").args(arguments).arg("--data").arg(daemon.data()).output();
    let output = output.expect("plazo runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    // Looking changes nothing.
    assert_eq!(daemon.get("/v1/requests/R-1")["clocks"][0]["state"], "running");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn l22_a_shorter_promise_shows_what_moves_and_whom_it_would_alert() {
    let text = planned("reply = { within = \"5m\", escalation = \"e\" }", &["--json"]);
    let plan = serde_json::from_str::<Value>(&text).expect("JSON")["plan"].clone();
    assert_eq!((&plan["n_requests"], &plan["n_clocks"]), (&2.into(), &2.into()));
    assert_eq!(plan["moved"].as_array().map(Vec::len), Some(2));
    // Only the older one has been waiting for more than five minutes.
    let alerts = plan["alerts"].as_array().expect("alerts");
    assert_eq!(alerts.len(), 1, "{plan}");
    assert_eq!((&alerts[0]["request"], &alerts[0]["why"]), (&1.into(), &"breach".into()));
    assert_eq!(plan["told"], serde_json::json!({"Ana Ruiz": 1}));
}

#[test]
fn a_promise_taken_back_ends_its_clocks_with_the_reason() {
    let text = planned("reply = \"none\"", &[]);
    assert!(text.contains("of 2 clocks on 2 open requests"), "{text}");
    assert!(text.contains("2 end without a verdict"), "{text}");
    assert!(text.contains("R-1 reply: no policy promises it any more"), "{text}");
    assert!(text.contains("0 alerts would go out at once"), "{text}");
}

#[test]
fn the_same_file_changes_nothing() {
    let text = planned("reply = { within = \"30m\", escalation = \"e\" }", &[]);
    assert!(text.contains("0 are due at another instant"), "{text}");
}

#[test]
fn without_a_store_the_remedy_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), file("reply = { within = \"5m\", escalation = \"e\" }"))
        .expect("written");
    let output = plazo().args(["check", "--plan"]).current_dir(directory.path()).output().expect("plazo runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("--plan needs the store") && told.contains("--data"), "{told}");
    assert_eq!(output.status.code(), Some(2));
}
