//! What `packaging/watching` gives to Prometheus and Grafana: what is asked for there is told by a daemon, and each alert is tried.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Answer, Daemon, PEOPLE};
use crate::support::webhook::{Webhook, answer};
use crate::support::{PATIENCE, wait_for};

/// What others tell of the machine: Prometheus itself, and its exporter for systemd's units.
const OF_OTHERS: [&str; 3] = ["up", "node_systemd_unit_state", "node_systemd_timer_last_trigger_seconds"];
/// What the daemon tells only once the store has grown for two days.
const OF_DAYS: [&str; 2] = ["plazo_disk_full_in_seconds", "plazo_store_daily_growth_bytes"];

fn watching(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging/watching").join(file)
}

/// What promtool says; fails if it finds anything.
#[track_caller]
fn promtool(args: &[&str], input: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().expect("promtool is missing; install it: apt-get install --no-install-recommends prometheus");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().expect("promtool runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {}: {said}\n{input}", args.join(" "));
    said
}

/// A daemon that has done one of everything that is counted by labels: told, been refused, heard and turned away.
fn daemon(receiver: &Webhook, chat: &Webhook) -> Daemon {
    let directory = tempfile::tempdir().expect("a directory");
    let config = format!(
        r#"{PEOPLE}
[person.rita]
notify = "receiver"
[person.rosa]
notify = "chat"
[destination.receiver]
type = "webhook"
private = true
url = "{}"
[destination.chat]
type = "slack"
private = true
url = "{}"
token = {{ env = "CHAT_TOKEN" }}
to = "C0"
[source.crm]
preset = "zammad"
secret = {{ env = "CRM_SECRET" }}
[[policy]]
name = "all"
reply = {{ within = "20m", escalation = "e" }}
[escalation]
e = [{{ at = "due", tell = ["rita", "rosa"] }}]
"#,
        receiver.url,
        chat.url.trim_end_matches("/hook")
    );
    let config = config.replace("OPERATOR", &directory.path().join("operator").display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("CHAT_TOKEN", "xoxb-1").env("CRM_SECRET", "a secret of the two");
    });
    daemon.client_message("m-1", "t-1", Duration::from_secs(1_199));
    daemon.client_message("m-2", "t-2", Duration::ZERO);
    daemon.delivery("sent");
    wait_for("a destination that stands", PATIENCE, || {
        (!daemon.get("/v1/status")["standing"].as_array()?.is_empty()).then_some(())
    });
    // Calls that are not let in.
    assert_eq!(daemon.call("POST", "/hooks/crm", &[("Content-Type", "application/json")], b"{}").status, 401);
    let stranger = ("Authorization", "Bearer plz_none");
    assert_eq!(daemon.call_by_tcp("GET", "/v1/requests", &[stranger], b"").status, 401);
    daemon
}

fn metrics(daemon: &Daemon, accept: &str) -> Answer {
    let answer = daemon.call("GET", "/metrics", &[("Accept", accept)], b"");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

/// The names of plazo's figures in an expression, or in lines of `/metrics`.
fn names(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !word(c)).filter(|found| found.starts_with("plazo_") || OF_OTHERS.contains(found));
    words.map(str::to_owned).collect()
}

/// The expressions of a board, and of what it asks to fill its choices.
fn expressions(board: &Value, found: &mut Vec<String>) {
    match board {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if ["expr", "definition"].contains(&key.as_str()) => found.push(text.clone()),
                    value => expressions(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

#[test]
fn what_the_daemon_tells_is_as_prometheus_wants_it_and_holds_all_that_rules_and_boards_ask_for() {
    let receiver = Webhook::start();
    let refused = json!({"ok": false, "error": "token_revoked"}).to_string();
    let chat = Webhook::scripted(move |_, _| answer("200 OK", "", &refused));
    let daemon = daemon(&receiver, &chat);
    let classic = metrics(&daemon, "*/*");
    assert_eq!(classic.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(promtool(&["check", "metrics"], &classic.body), "", "nothing is to be mended");
    // The same figures, whichever form is asked for.
    let open = metrics(&daemon, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
    assert_eq!(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.body.ends_with("# EOF\n") && !classic.body.contains("# EOF"), "{}", open.body);
    let told_in = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| Some(line.split(['{', ' ']).next()?.to_owned())).collect()
    };
    assert_eq!(told_in(&classic.body), told_in(&open.body));
    for line in [
        r#"plazo_promises_total{promise="reply",verdict="broken"} 1"#,
        r#"plazo_requests{state="open"} 2"#,
        "plazo_overdue_requests 1",
        r#"plazo_source_silent{source="crm"} 0"#,
        "plazo_store_failing 0",
    ] {
        assert!(classic.body.lines().any(|told| told == line), "{line} in\n{}", classic.body);
    }

    let told = names(&classic.body);
    let rules = std::fs::read_to_string(watching("plazo.rules.yml")).expect("the rules");
    let expressions_of_rules: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    assert!(10 < expressions_of_rules.len(), "{expressions_of_rules:?}");
    let mut asked: Vec<(String, String)> =
        expressions_of_rules.iter().map(|text| ("plazo.rules.yml".to_owned(), (*text).to_owned())).collect();
    for file in ["grafana-plazo.json", "grafana-plazo.es.json"] {
        let board: Value =
            serde_json::from_str(&std::fs::read_to_string(watching(file)).expect("a board")).expect("JSON");
        let mut found = Vec::new();
        expressions(&board, &mut found);
        assert!(20 < found.len(), "{found:?}");
        asked.extend(found.into_iter().map(|text| (file.to_owned(), text)));
    }
    let others: BTreeSet<&str> = OF_OTHERS.into_iter().chain(OF_DAYS).collect();
    for (file, text) in asked {
        let found = names(&text);
        assert!(!found.is_empty(), "{file}: `{text}` asks for nothing");
        for name in found {
            assert!(
                told.contains(&name) || others.contains(name.as_str()),
                "{file}: `{text}`: the daemon tells no {name}"
            );
        }
    }
}

#[test]
fn each_alert_is_well_formed_and_tried() {
    let (rules, tests) = (watching("plazo.rules.yml"), watching("plazo.rules.test.yml"));
    let said = promtool(&["check", "rules", &rules.display().to_string()], "");
    assert!(said.contains("SUCCESS"), "{said}");
    let said = promtool(&["test", "rules", &tests.display().to_string()], "");
    assert!(said.contains("SUCCESS"), "{said}");
    let (rules, tests) =
        (std::fs::read_to_string(rules).expect("the rules"), std::fs::read_to_string(tests).expect("their tests"));
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    for (alert, text) in alerts.iter().zip(rules.split("- alert: ").skip(1)) {
        for key in ["severity: ", "summary: ", "description: ", "resumen: ", "descripcion: ", "runbook: "] {
            assert!(text.contains(key), "{alert} has no {key}");
        }
        let fires = format!("alertname: {alert}\n        exp_alerts:");
        assert!(tests.contains(&fires), "no test of plazo.rules.test.yml shows {alert} firing");
    }
}

#[test]
fn the_boards_are_one_in_two_languages_and_can_be_imported() {
    let board = |file: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(watching(file)).expect("a board")).expect("JSON")
    };
    let (english, spanish) = (board("grafana-plazo.json"), board("grafana-plazo.es.json"));
    let asked = |board: &Value| {
        let mut found = Vec::new();
        expressions(board, &mut found);
        found
    };
    assert_eq!(asked(&english), asked(&spanish));
    // As rules of a file, so that promtool reads them; Grafana puts the spans and names in.
    let rules: Vec<Value> = asked(&english)
        .into_iter()
        .filter(|text| !text.starts_with("label_values("))
        .enumerate()
        .map(|(n, text)| {
            let text = text.replace("$__rate_interval", "5m").replace("$instance", ".*");
            json!({"record": format!("board:{n}"), "expr": text})
        })
        .collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let rules = json!({"groups": [{"name": "board", "rules": rules}]}).to_string();
    std::fs::write(file.path(), rules).expect("written");
    promtool(&["check", "rules", &file.path().display().to_string()], "");
    for board in [&english, &spanish] {
        assert!(board["id"].is_null() && board["uid"].is_null(), "an installation gives it its own");
        assert!(board["schemaVersion"].as_u64().is_some_and(|version| 30 < version));
        assert_eq!(board["__inputs"][0]["pluginId"], "prometheus");
        for panel in board["panels"].as_array().expect("panels") {
            assert_eq!(panel["datasource"], json!({"type": "prometheus", "uid": "${datasource}"}), "{panel}");
        }
    }
}
