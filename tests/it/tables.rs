//! What people see on a terminal: every table in a real pseudo-terminal of each width, with colours and without, in both languages.

use std::collections::HashSet;
use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use nix::pty::{Winsize, openpty};
use serde_json::json;

use crate::support::daemon::{Daemon, PEOPLE, before_now};

const WIDTHS: [u16; 5] = [60, 80, 100, 120, 200];
const ROWS: u16 = 400;

const RULES: &str = r#"
[[policy]]
name = "whatsapp"
match = { channel = "whatsapp" }
reply = { rule = "A1", within = "20m", escalation = "e" }

[[policy]]
name = "email"
match = { channel = "email" }
acknowledge = { within = "30m", escalation = "e" }
deliver = { rule = "A4", within = "48h", escalation = "e" }

[escalation]
e = [{ at = "50%", tell = ["laura"] }, { at = "due", tell = ["ana"] }]

[rota.guardia]
people = ["laura", "ana"]
handover = "08:00"
since = "2026-01-05"

[source.chat]
preset = "zammad"
secret = { env = "PATH" }

[check.authorised]
"#;

/// Every command that draws a table, or lines that are wrapped.
const COMMANDS: [&[&str]; 13] = [
    &["list"],
    &["list", "--state", "all"],
    &["queue"],
    &["deliveries"],
    &["silence"],
    &["token", "list"],
    &["status"],
    &["violations"],
    &["unknown"],
    &["report", "--so-far"],
    &["source", "presets"],
    &["duty"],
    &["show", "R-1"],
];

/// A desk with something in every table: long names, letters of more than one byte, overdue and waiting requests.
fn desk(language: &str) -> Daemon {
    let config = format!("{PEOPLE}{RULES}").replace("language = \"en\"", &format!("language = \"{language}\""));
    let daemon = Daemon::start(&config);
    let requests = [
        (
            "whatsapp",
            "Panadería Luna y Hermanos de Chapinero",
            "¿Cuándo llega el pedido que salió el martes de Barranquilla?",
            7_200,
        ),
        ("whatsapp", "Northwind Traders", "Where is our order of a hundred and twenty chairs?", 60),
        ("email", "Almacenes Andina", "Réplica de la campaña: piezas, textos, presupuesto y calendario", 600),
        ("email", "東京商事", "日本語の件名はどこまで見えますか", 30),
    ];
    for (n, (channel, name, subject, ago)) in requests.into_iter().enumerate() {
        let event = json!({
            "id": format!("m-{n}"), "type": "message", "channel": channel, "thread": format!("t-{n}"), "direction": "in",
            "at": before_now(Duration::from_secs(ago)), "subject": subject, "text": subject,
            "author": {"name": name, "address": format!("cliente-{n}@muy-largo-dominio.example"), "kind": "customer"},
        });
        let id = daemon.event(&event);
        if n == 0 {
            // Before anybody answers.
            daemon.delivery("sent");
        }
        if n != 1 {
            daemon.post(&format!("/v1/requests/{id}/own"), &json!({"owner": "laura"}));
        }
    }
    // Somebody who may not answer clients does (A7), and late.
    daemon.event(&json!({
        "id": "a-1", "type": "message", "channel": "whatsapp", "thread": "t-1", "direction": "out",
        "author": {"name": "Operator", "kind": "agent"}, "text": "Va en camino.",
    }));
    daemon.event(&json!({
        "id": "a-2", "type": "message", "channel": "whatsapp", "thread": "t-0", "direction": "out",
        "author": {"name": "Laura Mora", "kind": "agent"}, "text": "Llega mañana, ya está en reparto.",
    }));
    for arguments in [
        &[
            "silence",
            "add",
            "--channel",
            "crm",
            "--for",
            "2h",
            "--why",
            "feria de la ciudad en el centro de convenciones",
        ][..],
        &["token", "create", "--name", "integración-del-CRM-de-ventas", "--scope", "ingest,read", "--expires", "90d"],
    ] {
        let done = daemon.command().args(arguments).output().expect("plazo runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    }
    daemon
}

/// What a command writes to a terminal of that width.
fn on_terminal(daemon: &Daemon, arguments: &[&str], width: u16, has_colours: bool) -> Vec<u8> {
    let size = Winsize { ws_row: ROWS, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = openpty(Some(&size), None).expect("a pseudo-terminal");
    let mut command = daemon.command();
    command.args(arguments).env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    if !has_colours {
        command.env("NO_COLOR", "1");
    }
    command.stdin(Stdio::null()).stdout(pair.slave).stderr(Stdio::null());
    let mut child = command.spawn().expect("plazo runs");
    // It holds the other end of the terminal.
    drop(command);
    let mut written = Vec::new();
    let mut master = std::fs::File::from(pair.master);
    let mut buffer = [0; 4_096];
    // A terminal whose other end is closed fails to be read.
    while let Ok(n @ 1..) = master.read(&mut buffer) {
        written.extend_from_slice(&buffer[..n]);
    }
    child.wait().expect("ended");
    written
}

fn piped(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = daemon.command().args(arguments).output().expect("plazo runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

/// A count of seconds that went on between two runs says nothing of the table.
fn may_change(word: &str) -> bool {
    word.chars().any(|letter| letter.is_ascii_digit()) || ["s", "min", "h", "min)", "s)", "h)", "·"].contains(&word)
}

#[test]
fn no_table_tears_a_word_or_shows_a_colour_s_code_at_any_width() {
    for language in ["es", "en"] {
        let daemon = desk(language);
        for arguments in COMMANDS {
            let whole = piped(&daemon, arguments);
            let known: HashSet<&str> = words(&whole).collect();
            assert!(!known.is_empty(), "{arguments:?} says nothing");
            for width in WIDTHS {
                for has_colours in [true, false] {
                    let place = format!("{language}, {arguments:?}, {width}, colours: {has_colours}");
                    let written = on_terminal(&daemon, arguments, width, has_colours);
                    let mut terminal = vt100::Parser::new(ROWS, width, 0);
                    terminal.process(&written);
                    let screen = terminal.screen();
                    if !has_colours {
                        assert!(!written.contains(&0x1b), "{place}: colours where none are wanted");
                    }
                    for (row, line) in screen.rows(0, width).enumerate() {
                        let at = format!("{place}, line {row}: {line}");
                        let is_link = line.contains("https://") || line.contains("plazo.sock");
                        let row = u16::try_from(row).expect("few rows");
                        assert!(is_link || !screen.row_wrapped(row), "{at}: wider than the terminal");
                        for word in words(&line) {
                            assert!(!is_remains(word), "{at}: the remains of a colour: {word}");
                            let is_cut = word
                                .strip_suffix('…')
                                .is_some_and(|start| known.iter().any(|known| known.starts_with(start)));
                            assert!(known.contains(word) || is_cut || may_change(word), "{at}: torn: {word}\n{whole}");
                        }
                    }
                }
            }
        }
    }
}

/// `[31m`, `0m` and the like.
fn is_remains(word: &str) -> bool {
    let code = regex::Regex::new(r"(^|\[)\d{1,2}(;\d+)*m($|[^a-z\u{e0}-\u{ff}i])").expect("a pattern");
    code.is_match(word) || word.contains("[0m") || word.contains("[31")
}

/// The words of the code, by the language in which nobody is to read them.
#[test]
fn no_word_of_the_code_reaches_a_person() {
    const IN_BOTH: [&str; 9] =
        ["met_late", "handed_over", "gathered", "tick", "replanned", "leased", "unneeded", "hop", "no_policy"];
    const IN_SPANISH: [&str; 19] = [
        "open",
        "closed",
        "waiting",
        "sent",
        "pending",
        "held",
        "dead",
        "warning",
        "breach",
        "escalation",
        "digest",
        "due",
        "running",
        "paused",
        "met",
        "cancelled",
        "started",
        "message",
        "own",
    ];
    for language in ["es", "en"] {
        let daemon = desk(language);
        for arguments in COMMANDS.into_iter().filter(|arguments| arguments[0] != "source") {
            let said = piped(&daemon, arguments);
            let in_spanish = IN_SPANISH.iter().filter(|_| language == "es");
            for code in IN_BOTH.iter().chain(in_spanish) {
                let is_there =
                    said.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == *code);
                assert!(!is_there, "{language}, {arguments:?}: `{code}` in\n{said}");
            }
        }
    }
}

#[test]
fn the_list_begins_with_what_is_due_first_and_counts_what_it_leaves_out() {
    let daemon = desk("es");
    let all = piped(&daemon, &["list"]);
    let order: Vec<_> = all.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    // The second is owed since a minute, the third by mail since ten, the fourth since half a one; the first is answered.
    assert_eq!(order, ["R-2", "R-3", "R-4", "R-1"], "{all}");
    let some = piped(&daemon, &["list", "--limit", "2"]);
    assert!(some.contains("2 de 4"), "{some}");
    let page = daemon.get("/v1/requests?order=due&limit=3");
    let next = page["next"].as_str().expect("a cursor");
    let rest = daemon.get(&format!("/v1/requests?order=due&limit=3&cursor={next}"));
    assert_eq!(rest["requests"][0]["id"], "R-1", "{rest}");
    assert_eq!((&page["total"], &rest["next"]), (&json!(4), &json!(null)));
    assert!(piped(&daemon, &["list", "--state", "closed"]).contains("no hay solicitudes cerradas"));
}

/// Two people see one hour for one deadline, and which zone it is of.
#[test]
fn without_a_file_at_hand_the_daemon_says_its_language_and_zone() {
    let daemon = desk("es");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let listed = crate::support::plazo()
        .current_dir(elsewhere.path())
        .env("TZ", "Asia/Tokyo")
        .env("LANG", "en_US.UTF-8")
        .arg("--data")
        .arg(daemon.data())
        .arg("list")
        .output()
        .expect("plazo runs");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("vence (Bogotá)") && listed.contains("solicitud"), "{listed}");
}

#[test]
fn history_names_people_and_says_how_late() {
    let shown = piped(&desk("es"), &["show", "R-1"]);
    for part in [
        "Laura Mora queda como responsable",
        "aviso a Ana Ruiz (correo): vencido, responder",
        "Laura Mora le respondió al cliente",
        "tarde",
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
}

#[test]
fn status_says_whether_all_is_well_in_its_exit_code() {
    let daemon = desk("es");
    let output = daemon.command().arg("status").output().expect("plazo runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in [env!("CARGO_PKG_VERSION"), "en marcha desde", "America/Bogota", "abiertas 4", "no hay [smtp]"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}
