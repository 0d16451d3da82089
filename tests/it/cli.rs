//! The command line: what people see, and what scripts get.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::plazo;

const POLICY: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
deliver = { rule = \"A4\", within = \"48h\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";

fn daemon() -> Daemon {
    Daemon::start(&format!("{PEOPLE}{POLICY}"))
}

#[track_caller]
fn ran(command: &mut Command, code: i32) -> String {
    let output = command.output().expect("plazo runs");
    said(&output, code)
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout: {stdout}\nstderr: {stderr}");
    assert!(!stdout.contains('\x1b'), "no colours where nobody can see them: {stdout}");
    if code == 2 { stderr.into_owned() } else { stdout.into_owned() }
}

#[test]
fn a_request_from_opening_to_closing() {
    let daemon = daemon();
    let run = |args: &[&str], code: i32| ran(daemon.command().args(args), code);
    let opened = run(&["open", "--channel", "whatsapp", "--customer", "ACME", "--owner", "laura", "Pauta de marzo"], 0);
    assert!(opened.contains("R-1") && opened.contains("Laura Mora") && opened.contains("(A1)"), "{opened}");
    assert!(run(&["list"], 0).contains("Pauta de marzo"));
    assert!(run(&["queue"], 0).contains("R-1"));
    assert!(run(&["wait", "R-1", "--reason", "textos"], 0).contains("paused"));
    assert!(!run(&["resume", "R-1"], 0).contains("paused"));
    assert!(run(&["answer", "R-1", "--by", "laura", "--text", "Ya va"], 0).contains("met"));
    run(&["deliver", "R-1", "--text", "Lista"], 0);
    run(&["close", "R-1"], 0);
    assert!(run(&["close", "R-1"], 1).contains("nothing changed"));
    run(&["reopen", "R-1"], 0);
    run(&["ack", "R-1", "--by", "ana"], 0);
    run(&["snooze", "R-1", "--for", "30m"], 0);
    run(&["own", "R-1"], 0);
    let shown: Value = serde_json::from_str(&run(&["show", "R-1", "--json"], 0)).expect("JSON");
    assert_eq!(shown["owner"], Value::Null);
    assert_eq!(shown["state"], "open");
    let history: Vec<_> =
        shown["history"].as_array().expect("rows").iter().map(|row| row["type"].as_str().expect("a type")).collect();
    assert_eq!(
        history,
        ["open", "wait", "resume", "message", "deliver", "close", "close", "reopen", "ack", "snooze", "own"]
    );
}

#[test]
fn events_come_by_standard_input_and_what_is_rejected_is_said() {
    let daemon = daemon();
    let mut child = daemon
        .command()
        .args(["event", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("plazo runs");
    let lines = "{\"id\":\"a\",\"type\":\"message\",\"channel\":\"whatsapp\",\"thread\":\"t\",\"direction\":\"in\"}\n{\"id\":\"b\",\"type\":\"x\"}\n";
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    let answer: Value = serde_json::from_str(&said(&child.wait_with_output().expect("ended"), 1)).expect("JSON");
    assert_eq!((&answer["accepted"], answer["rejected"].as_array().map(Vec::len)), (&Value::from(1), Some(1)));
}

#[test]
fn with_no_daemon_reading_reads_the_store_and_writing_says_how_to_start_one() {
    let daemon = daemon();
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    let (_, directory) = daemon.stop();
    let run = |args: &[&str], code: i32| {
        let (config, data) = (directory.path().join("sla.toml"), directory.path().join("data"));
        ran(plazo().arg("--config").arg(config).arg("--data").arg(data).args(args), code)
    };
    assert!(run(&["list"], 0).contains("R-1"));
    assert!(run(&["queue"], 0).contains("R-1"));
    assert!(run(&["show", "R-1"], 0).contains("Luisa wrote: \"¿Hay noticias?\""));
    assert!(run(&["deliveries"], 0).contains("nobody was told"));
    assert!(run(&["status"], 0).contains("not running"));
    let refused = run(&["ack", "R-1"], 2);
    assert!(refused.contains("no daemon runs") && refused.contains("plazo run"), "{refused}");
    assert!(run(&["show", "R-7"], 2).contains("there is no request R-7"));
}

#[test]
fn tokens_are_printed_once_listed_without_themselves_and_revoked() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str], code: i32| {
        ran(plazo().current_dir(directory.path()).arg("--data").arg(directory.path()).args(args), code)
    };
    let created = run(&["token", "create", "--name", "crm", "--scope", "ingest,read"], 0);
    let token = created.lines().last().expect("the token").to_owned();
    assert!(token.starts_with("plz_") && token.len() == 68, "{token}");
    let listed = run(&["token", "list"], 0);
    assert!(listed.contains("crm") && listed.contains("ingest,read") && !listed.contains(&token), "{listed}");
    assert!(run(&["token", "create", "--name", "crm", "--scope", "read"], 2).contains("revoke it first"));
    assert!(run(&["token", "create", "--name", "x", "--scope", "root"], 2).contains("no scope"));
    run(&["token", "revoke", "crm"], 0);
    assert!(run(&["token", "revoke", "crm"], 2).contains("no token named"));
}

#[test]
fn test_notify_goes_the_whole_way_and_prints_the_peers_answer() {
    let daemon = daemon();
    let sent = ran(daemon.command().args(["test-notify", "laura"]), 0);
    assert!(sent.contains("sent") && sent.contains(".eml"), "{sent}");
    let unknown = ran(daemon.command().args(["test-notify", "nobody"]), 2);
    assert!(unknown.contains("neither a person nor a destination") && unknown.contains("laura"), "{unknown}");
}

#[test]
fn completions_and_help_exist_and_a_closed_pipe_is_no_error() {
    assert!(ran(plazo().args(["completions", "bash"]), 0).contains("_plazo"));
    let help = ran(plazo().arg("--help"), 0);
    for command in [
        "run",
        "check",
        "replay",
        "demo",
        "open",
        "event",
        "list",
        "show",
        "answer",
        "own",
        "wait",
        "resume",
        "deliver",
        "close",
        "reopen",
        "ack",
        "snooze",
        "queue",
        "deliveries",
        "test-notify",
        "schema",
        "token",
        "ingest-email",
        "bench",
        "completions",
    ] {
        assert!(help.contains(&format!("  {command} ")), "{command} is not in the help");
    }
    let mut child = plazo().arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("plazo runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(ran(plazo().arg("--version"), 0).contains("time zones 20"));
}

/// EX_TEMPFAIL of sysexits.h: whatever is wrong with plazo, the mail server keeps the mail.
#[test]
fn lessons_57_a_mail_pipe_is_told_to_try_later_whatever_is_wrong_with_plazo() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).into_os_string().into_string().expect("a path");
    std::fs::write(at("good.toml"), PEOPLE).expect("a file");
    std::fs::write(at("bad.toml"), "language = \"es\"\ntimezone = ").expect("a file");
    std::fs::write(at("file"), "x").expect("a file");
    type Case<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 8] = [
        ("no daemon", &["--config", &at("good.toml")], &[]),
        ("a mistake in sla.toml", &["--config", &at("bad.toml")], &[]),
        ("no sla.toml", &["--config", &at("none.toml")], &[]),
        ("a directory as sla.toml", &["--config", "/"], &[]),
        ("an option that is none", &["--owner", "@agencia.example"], &[]),
        ("a data directory that is a file", &["--data", &at("file")], &[]),
        ("an address that is none", &[], &[("PLAZO_URL", "no es una dirección")]),
        ("a token that is none", &[], &[("PLAZO_URL", "http://127.0.0.1:9"), ("PLAZO_TOKEN", "ñ\n")]),
    ];
    for (name, arguments, variables) in cases {
        let mut child = plazo()
            .arg("ingest-email")
            .args(arguments)
            .env("PLAZO_DATA", at("data"))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("plazo runs");
        child.stdin.take().expect("a pipe").write_all(b"From: luisa@x.example\nTo: ana@agencia.example\n\nHola\n").ok();
        let output = child.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(75), "{name}: {output:?}");
        assert!(!output.stderr.is_empty(), "{name}: why is said");
    }
}
