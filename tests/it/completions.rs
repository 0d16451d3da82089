//! What a shell offers on TAB, by the protocol of clap_complete: names of the file, numbers of what is there, words of plazo's own.

use std::path::Path;
use std::process::Command;

use plazo::text::Language;
use serde_json::json;

use crate::help::{at_a_terminal, commands};
use crate::support::daemon::Daemon;

const FILE: &str = r#"language = "es"
timezone = "UTC"
operator = "diego"
[calendar.oficina]
hours = { mon-fri = "08:00-18:00" }
[person.diego]
name = "Diego Soto"
email = "diego@luna.example"
[person.ana]
name = "Ana Ruiz"
email = "ana@luna.example"
[team.social]
lead = "ana"
members = ["diego"]
[destination.sala]
type = "file"
path = "sala"
[customer.luna]
name = "Luna"
[inbox.quejas]
entry = true
takes = ["queja"]
[source.tienda]
preset = "slack"
secret = { env = "PATH" }
[wait.proveedor]
name = "el proveedor"
at_most = "3 working days"
escalation = "e"
[reasons.transportista]
name = "El transportista"
[report.semanal]
at = "mon 07:00"
calendar = "oficina"
tell = ["lead"]
[escalation]
e = [{ at = "due", tell = ["lead"] }]
[[policy]]
name = "todo"
match = { channel = "whatsapp", priority = "alta" }
reply = { within = "20m", escalation = "e" }
"#;

/// What is offered for the last word of a command line, as `value` or `value<TAB>description`.
fn offered(folder: &Path, words: &[&str], change: impl FnOnce(&mut Command)) -> Vec<String> {
    let mut command = at_a_terminal(folder, &[("COMPLETE", "fish")]);
    command.args(["--", "plazo"]).args(words);
    change(&mut command);
    let output = command.output().expect("plazo runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[track_caller]
fn check(offered: &[String], words: &[&str], expected: &str) {
    let value = |line: &String| line.split('\t').next() == Some(expected);
    assert!(offered.iter().any(value), "{words:?} lacks `{expected}`: {offered:?}");
}

#[test]
fn names_of_the_file_and_words_of_plazo_s_own_are_offered_wherever_one_may_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("sla.toml"), FILE).expect("written");
    let checked = at_a_terminal(folder.path(), &[]).arg("check").output().expect("plazo runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let rows: &[(&[&str], &str)] = &[
        (&["sho"], "show"),
        (&["list", "--state", ""], "overdue"),
        (&["list", "--owner", ""], "diego"),
        (&["list", "--team", ""], "social"),
        (&["list", "--channel", ""], "whatsapp"),
        (&["top", "--team", ""], "social"),
        (&["page", "--wall", "--team", ""], "social"),
        (&["page", "--wall", "--inbox", ""], "quejas"),
        (&["page", "--by", ""], "ana"),
        (&["open", "--customer", ""], "luna"),
        (&["open", "--kind", ""], "claim"),
        (&["open", "--inbox", ""], "quejas"),
        (&["open", "--priority", ""], "alta"),
        (&["open", "--tag", ""], "queja"),
        (&["own", "R-1", ""], "diego"),
        (&["move", "R-1", ""], "quejas"),
        (&["prioritise", "R-1", ""], "alta"),
        (&["tag", "R-1", "--add", ""], "queja"),
        (&["wait", "R-1", "--on", ""], "proveedor"),
        (&["reason", "R-1", ""], "transportista"),
        (&["reason", "R-1", "transportista", "--promise", ""], "deliver"),
        (&["stage", "R-1", ""], "done"),
        (&["close", "R-1", "--ground", ""], "confirmed"),
        (&["away", "ana", "--substitute", ""], "diego"),
        (&["silence", "add", "--person", ""], "ana"),
        (&["silence", "add", "--team", ""], "social"),
        (&["silence", "add", "--customer", ""], "luna"),
        (&["erase", "--client", ""], "luna"),
        (&["test-notify", ""], "ana"),
        (&["test-notify", ""], "sala"),
        (&["calendar", "show", ""], "oficina"),
        (&["report", ""], "semanal"),
        (&["report", "--of", ""], "person:diego"),
        (&["source", "show", ""], "slack"),
        (&["source", "test", ""], "tienda"),
        (&["import", "--mapping", ""], "zendesk"),
        (&["texts", ""], "es/alert.html"),
        (&["violations", "--rule", ""], "A7"),
        (&["init", "--from", ""], "agencia"),
        (&["init", "--country", ""], "CO"),
        (&["init", "--zone", "America/Bo"], "America/Bogota"),
        (&["completions", ""], "fish"),
    ];
    for (words, expected) in rows {
        check(&offered(folder.path(), words, |_| ()), words, expected);
    }
    // Whoever was spoken with by telephone is nobody of the house.
    let words = ["log", "R-1", "--person", ""];
    assert!(!offered(folder.path(), &words, |_| ()).iter().any(|line| line.starts_with("diego")));
    // Another file's names where another file is named.
    let none = offered(folder.path(), &["--config", "otro.toml", "list", "--owner", ""], |_| ());
    assert!(!none.iter().any(|line| line.starts_with("diego")), "{none:?}");
}

#[test]
fn what_is_open_is_offered_by_its_number_with_what_it_is_about() {
    let directory = tempfile::tempdir().expect("a folder");
    std::fs::write(directory.path().join("sla.toml"), FILE).expect("written");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("NADA", "a-secret-long-enough-for-slack");
    });
    daemon.event(&json!({
        "id": "m-1", "type": "message", "direction": "in", "channel": "whatsapp", "thread": "t-1", "subject": "Banner",
        "author": {"name": "Rosa", "address": "573005550101", "kind": "customer"}, "text": "¿Cómo va?",
    }));
    let ran = |arguments: &[&str]| {
        let output = daemon.command().args(arguments).output().expect("plazo runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    ran(&["silence", "add", "--channel", "whatsapp", "--for", "2h", "--why", "feriado"]);
    ran(&["away", "ana", "--until", "+7d"]);
    ran(&["token", "create", "--name", "crm", "--scope", "read"]);
    let rows: &[(&[&str], &str)] = &[
        (&["show", ""], "R-1\tBanner"),
        (&["ack", ""], "R-1\tBanner"),
        (&["block", "R-1", ""], "R-1\tBanner"),
        (&["silence", "add", "--request", ""], "R-1\tBanner"),
        (&["silence", "end", ""], "1\tferiado"),
        (&["away", "end", ""], "1\tAna Ruiz"),
        (&["token", "revoke", ""], "crm"),
    ];
    for (words, expected) in rows {
        let lines = offered(daemon.directory.path(), words, |command| {
            command.env("PLAZO_DATA", daemon.data());
        });
        assert!(lines.iter().any(|line| line == expected), "{words:?} lacks `{expected}`: {lines:?}");
    }
}

/// An argument that takes a name of the file, or a number of the store, offers what there is.
#[test]
fn no_argument_that_takes_a_name_is_forgotten() {
    // What they take is written anew each time, or lies outside of plazo.
    const FREE: [&str; 2] = ["log person", "token create name"];
    const NAMES: [&str; 14] = [
        "request",
        "blocker",
        "owner",
        "by",
        "person",
        "substitute",
        "team",
        "inbox",
        "customer",
        "client",
        "priority",
        "channel",
        "mapping",
        "preset",
    ];
    for (path, command) in commands(Language::En) {
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let takes_values = argument.get_action().takes_values() && argument.get_possible_values().is_empty();
            if !takes_values || !NAMES.contains(&id) || FREE.contains(&format!("{path} {id}").as_str()) {
                continue;
            }
            let offers = argument.get::<clap_complete::engine::ArgValueCandidates>().is_some();
            assert!(offers, "plazo {path}: {id} offers nothing; see src/cli/help/candidates");
        }
    }
}
