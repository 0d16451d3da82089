//! A `sla.toml` that somebody emptied, or cut to nothing, while the daemon runs; and what an edit ends and gives back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::{PATIENCE, wait_for};

/// Two promises for whoever writes by WhatsApp: the one is broken after five minutes, the other takes a day.
fn whole() -> String {
    format!(
        "{PEOPLE}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
         reply = {{ within = \"5m\", escalation = \"e\" }}\ndeliver = {{ within = \"24h\", escalation = \"e\" }}\n\
         [escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}, {{ at = \"+8h\", tell = [\"laura\"] }}]\n"
    )
}

/// The same with a promise for another channel only.
fn gutted() -> String {
    format!("{PEOPLE}\n[[policy]]\nname = \"crm\"\nmatch = {{ channel = \"crm\" }}\nreply = {{ within = \"5m\" }}\n")
}

fn write(daemon: &Daemon, file: &str) {
    let operator = daemon.directory.path().join("operator").display().to_string();
    let partial = daemon.directory.path().join("sla.toml.partial");
    std::fs::write(&partial, file.replace("OPERATOR", &operator)).expect("written");
    std::fs::rename(partial, daemon.config_path()).expect("renamed");
}

/// What the operator was told, oldest first.
fn notices(daemon: &Daemon) -> Vec<String> {
    let files = std::fs::read_dir(daemon.directory.path().join("operator")).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).filter(|text| text.ends_with('}')).collect()
}

fn notice(daemon: &Daemon, words: &str) -> String {
    wait_for(&format!("a notice of {words}"), PATIENCE, || {
        notices(daemon).into_iter().find(|text| text.contains(words))
    })
}

fn clock(daemon: &Daemon, kind: &str) -> Value {
    let request = daemon.get("/v1/requests/R-1");
    let clocks = request["clocks"].as_array().cloned().unwrap_or_default();
    clocks.into_iter().find(|clock| clock["kind"] == kind).unwrap_or_default()
}

/// How many alerts of that promise went out to people.
fn told(daemon: &Daemon) -> usize {
    let rows = daemon.get("/v1/deliveries")["deliveries"].as_array().cloned().unwrap_or_default();
    rows.iter().filter(|row| row["why"] == "breach" && row["person"] == "ana").count()
}

#[test]
fn s1_a_file_without_promises_is_refused_and_whoever_operates_it_is_told() {
    let daemon = Daemon::start(&whole());
    daemon.client_message("m-1", "t-1", Duration::from_secs(600));
    wait_for("the breach", PATIENCE, || (told(&daemon) == 1).then_some(()));
    for (file, n) in [("", 1), ("# nothing here yet\n", 2), ("language = \"en\"\ntimezone = \"America/Bogota\"\n", 3)] {
        write(&daemon, file);
        let text = wait_for("the refusal", PATIENCE, || {
            let told: Vec<_> = notices(&daemon).into_iter().filter(|text| text.contains("promises nothing")).collect();
            (told.len() == n).then(|| told.concat())
        });
        assert!(text.contains("2 promises") && text.contains("stop plazo and start it again"), "{text}");
        assert_eq!(clock(&daemon, "reply")["state"], "breached", "{file:?}");
        assert_eq!(clock(&daemon, "deliver")["state"], "running", "{file:?}");
    }
    assert!(daemon.log().contains("promises nothing"), "{}", daemon.log());
    let output = daemon.command().arg("status").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("sla.toml was not taken") && said.contains("promises nothing"), "{said}");
    // Put back as it was, everything goes on, and nothing is told again.
    write(&daemon, &whole());
    wait_for("the file", PATIENCE, || daemon.get("/v1/sources")["refused_file"].is_null().then_some(()));
    assert_eq!((told(&daemon), &clock(&daemon, "reply")["cycle"]), (1, &json!(1)));
}

#[test]
fn s1_what_an_edit_ends_is_told_with_names_and_what_another_gives_back_is_not_told_again() {
    let daemon = Daemon::start(&whole());
    daemon.client_message("m-1", "t-1", Duration::from_secs(600));
    wait_for("the breach", PATIENCE, || (told(&daemon) == 1).then_some(()));
    let due_at = clock(&daemon, "deliver")["due_at"].clone();
    write(&daemon, &gutted());
    let text = notice(&daemon, "ended 2 deadlines of 1 open request");
    assert!(text.contains("R-1: reply") && text.contains("R-1: deliver"), "{text}");
    assert!(text.contains("told again") && !text.contains("Luisa"), "{text}");
    write(&daemon, &whole());
    wait_for("both clocks", PATIENCE, || {
        let is_back = clock(&daemon, "reply")["state"] == "breached" && clock(&daemon, "deliver")["state"] == "running";
        is_back.then_some(())
    });
    // The same waits, by the same names and instants.
    assert_eq!(clock(&daemon, "deliver")["due_at"], due_at);
    for kind in ["reply", "deliver"] {
        assert_eq!(clock(&daemon, kind)["cycle"], 1, "{kind}");
    }
    // What comes later is told after all that was decided before it.
    daemon.event(&json!({
        "id": "m-2", "type": "message", "channel": "whatsapp", "thread": "t-2", "direction": "in",
        "at": before_now(Duration::from_secs(600)), "author": {"name": "Nora", "kind": "customer"}, "text": "¿Hola?",
    }));
    wait_for("the other breach", PATIENCE, || (2 <= told(&daemon)).then_some(()));
    assert_eq!(told(&daemon), 2, "one of each");
}

#[test]
fn an_emptied_file_is_taken_by_a_new_start_and_told() {
    let daemon = Daemon::start(&whole());
    daemon.client_message("m-1", "t-1", Duration::from_secs(1));
    let (_, directory) = daemon.stop();
    let operator = directory.path().join("operator").display().to_string();
    std::fs::write(directory.path().join("sla.toml"), PEOPLE.replace("OPERATOR", &operator)).expect("written");
    let daemon = Daemon::start_in(directory);
    assert!(notice(&daemon, "ended 2 deadlines").contains("R-1"));
    assert_eq!(clock(&daemon, "reply")["state"], "cancelled");
}

#[test]
fn a_refused_file_is_logged_with_its_place() {
    let daemon = Daemon::start(&whole());
    write(&daemon, &whole().replace("within = \"24h\"", "within = \"24 parsecs\""));
    let log = wait_for("the refusal", PATIENCE, || daemon.log().contains("was not taken").then(|| daemon.log()));
    let line = 1 + whole().lines().position(|line| line.contains("24h")).expect("a line");
    assert!(log.contains(&format!("sla.toml:{line}:")), "{log}");
}

#[test]
fn each_alert_that_goes_out_is_a_line_of_the_log_without_anybodys_words() {
    let daemon = Daemon::start(&whole());
    daemon.client_message("m-1", "t-1", Duration::from_secs(600));
    let line = wait_for("the line", PATIENCE, || {
        daemon.log().lines().find(|line| line.contains("delivered") && line.contains("request=R-1")).map(str::to_owned)
    });
    for field in ["INFO", "what=reply", "step=due", "to=ana", "by=email", "reply="] {
        assert!(line.contains(field), "{field}: {line}");
    }
    assert!(!line.contains("Luisa") && !line.contains("noticias"), "{line}");
}
