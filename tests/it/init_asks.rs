//! The first minutes at a terminal: what `plazo init` asks and tries, and what `plazo run` says.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use toml::Table;

use crate::support::plazo;
use crate::support::smtp::{Smtp, Stage};
use crate::support::terminal::Terminal;

/// Wide enough for every question in a line of its own.
const SIZE: (u16, u16) = (180, 60);
const PASSWORD: &str = "clave-de-ana";

fn start(directory: &Path, arguments: &[&str]) -> Terminal {
    let mut command = plazo();
    command.args(arguments).current_dir(directory);
    Terminal::start(command, SIZE)
}

/// Answers all that is asked before the mail server.
fn up_to_mail(terminal: &mut Terminal) {
    for question in ["What is your team like?", "Country of the holidays", "Time zone", "Hours, Monday to Friday"] {
        terminal.answer(question, "\r");
    }
    terminal.answer("Hours of a Saturday", "\r");
    terminal.answer("Your name and address", "Ana Ruiz, ana@agencia.example\r");
    terminal.answer("Somebody of the team", "Pía Gómez, pia@agencia.example\r");
    terminal.wait_for("· Pía Gómez, pia@agencia.example");
    terminal.answer("Somebody of the team", "\r");
    terminal.answer("Who stands above", "\r");
    terminal.wait_for("Mail server, such as");
}

fn file(directory: &Path) -> (String, Table) {
    let text = std::fs::read_to_string(directory.join("sla.toml")).expect("a file");
    let table = text.parse().expect("TOML");
    (text, table)
}

/// What a secret's file holds; it is there for its owner alone.
fn secret(directory: &Path, name: &str) -> String {
    let path = directory.join("secrets").join(name);
    let mode = std::fs::metadata(&path).expect("a secret").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{name}");
    std::fs::read_to_string(path).expect("text").trim_end().to_owned()
}

#[test]
fn the_server_is_tried_as_it_is_typed_then_the_log_in_and_chats_are_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let good = base64::engine::general_purpose::STANDARD.encode(format!("\0ana\0{PASSWORD}"));
    let smtp = Smtp::scripted(move |stage, _, line| {
        (stage == Stage::Auth && line != format!("AUTH PLAIN {good}")).then_some("535 5.7.8 wrong password")
    });
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut terminal = start(directory.path(), &["init"]);
    up_to_mail(&mut terminal);
    terminal.press(&format!("{closed}\r"));
    terminal.wait_for(&format!("✗ {closed}: no connection: "));
    terminal.wait_for("another one, or none for now");
    terminal.answer("Mail server", &format!("127.0.0.1:{}\r", smtp.port));
    terminal.wait_for("220 loopback ESMTP · without TLS · people log in");
    terminal.answer("Who logs in there", "ana\r");
    terminal.answer("Its password", "mala\r");
    terminal.wait_for("✗ ana: it does not let you in: 535 5.7.8 wrong password");
    terminal.answer("Who logs in there", "ana\r");
    terminal.answer("Its password (kept in secrets/smtp, for you alone)", &format!("{PASSWORD}\r"));
    terminal.wait_for("✓ ana is let in");
    terminal.answer("Slack: address of an incoming webhook", "esto no es\r");
    terminal.wait_for("that is no address of a webhook");
    terminal.answer("Slack: address", "https://hooks.slack.com/services/T0/B0/hidden\r");
    terminal.answer("WhatsApp: id of the number", "123456789012345\r");
    terminal.answer("The approved template", "aviso_plazo\r");
    terminal.answer("Its token", "token-hidden\r");
    terminal.answer("WhatsApp of Ana Ruiz", "\r");
    terminal.answer("WhatsApp of Pía Gómez", "+57 300 555 0101\r");
    terminal.answer("Send a test message to ana@agencia.example? [Y/n]", "\r");
    let screen = terminal.wait_for("plazo test-notify whatsapp");
    assert!(terminal.ended().success(), "{screen}");
    assert!(screen.contains("✓ 127.0.0.1 took a test message to ana@agencia.example"), "{screen}");
    assert!(!screen.contains(PASSWORD) && !screen.contains("hidden"), "no secret is shown: {screen}");
    assert_eq!(smtp.wait_for(1)[0].to, ["ana@agencia.example"]);

    let (text, table) = file(directory.path());
    assert!(!text.contains(PASSWORD) && !text.contains("hidden"), "no secret is in the file: {text}");
    assert_eq!(secret(directory.path(), "smtp"), PASSWORD);
    assert_eq!(secret(directory.path(), "slack"), "https://hooks.slack.com/services/T0/B0/hidden");
    assert_eq!(secret(directory.path(), "whatsapp"), "token-hidden");
    assert_eq!(table["smtp"]["user"].as_str(), Some("ana"));
    let notify = |person: &str| table["person"][person]["notify"].to_string();
    assert_eq!(notify("lider"), r#"["email", "equipo-slack"]"#);
    assert_eq!(notify("pia"), r#"["email", "whatsapp"]"#);
    assert_eq!(table["person"]["pia"]["reach"]["whatsapp"].as_str(), Some("573005550101"));
    let checked = plazo().arg("check").current_dir(directory.path()).output().expect("plazo runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_server_that_says_nothing_is_waited_for_a_bounded_time_and_none_is_an_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    // It accepts by its queue, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    let mut terminal = start(directory.path(), &["init"]);
    up_to_mail(&mut terminal);
    terminal.press(&format!("{address}\r"));
    terminal.wait_for(&format!("✗ {address}: its greeting: no answer in time"));
    terminal.answer("Mail server", "\r");
    terminal.answer("Slack: address", "\r");
    terminal.answer("WhatsApp: id", "\r");
    let screen = terminal.wait_for("plazo page");
    assert!(terminal.ended().success() && screen.contains("written as files into data/outbox"), "{screen}");
    let (_, table) = file(directory.path());
    assert!(!table.contains_key("smtp") && !table.contains_key("destination"));
    assert!(!directory.path().join("secrets").exists());
}

#[test]
fn a_server_for_everybody_asks_for_no_password_and_nobody_is_written_to_unasked() {
    let directory = tempfile::tempdir().expect("a directory");
    let smtp = Smtp::scripted(|stage, _, _| (stage == Stage::Hello).then_some("250-loopback\r\n250 8BITMIME"));
    let mut terminal = start(directory.path(), &["init"]);
    up_to_mail(&mut terminal);
    terminal.press(&format!("127.0.0.1:{}\r", smtp.port));
    terminal.wait_for("nobody logs in");
    terminal.answer("Slack: address", "\r");
    terminal.answer("WhatsApp: id", "\r");
    terminal.answer("Send a test message", "n\r");
    let screen = terminal.wait_for("plazo page");
    assert!(terminal.ended().success() && !screen.contains("Its password"), "{screen}");
    assert!(smtp.received().is_empty());
    assert!(file(directory.path()).1["smtp"].get("user").is_none());
}

#[test]
fn without_a_file_run_offers_to_make_one_and_every_command_names_init() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut terminal = start(directory.path(), &["run"]);
    terminal.answer("There is no sla.toml here. Make it now? [Y/n]", "n\r");
    terminal.wait_for("Make one: plazo init");
    assert_eq!(terminal.ended().code(), Some(2));
    let mut terminal = start(directory.path(), &["run", "--listen", "127.0.0.1:0"]);
    terminal.answer("Make it now? [Y/n]", "\r");
    up_to_mail(&mut terminal);
    terminal.press("\r");
    terminal.answer("Slack: address", "\r");
    terminal.answer("WhatsApp: id", "\r");
    // Then it runs.
    terminal.wait_for("watches 5 promises of 2 people; mail as files in data/outbox; page http://127.0.0.1:");
    terminal.wait_for("nothing is open yet. Try: plazo open \"Try\" --channel chat");
    terminal.signal("INT");
    assert!(terminal.ended().success());

    let empty = tempfile::tempdir().expect("a directory");
    for arguments in [
        &["run"][..],
        &["check"],
        &["list"],
        &["queue"],
        &["report"],
        &["show", "R-1"],
        &["ack", "R-1"],
        &["page"],
        &["top"],
    ] {
        for (language, words) in [("en", "plazo init"), ("es", "Haga uno: plazo init")] {
            let output = plazo()
                .args(arguments)
                .current_dir(empty.path())
                .env("PLAZO_LANG", language)
                .env_remove("PLAZO_CONFIG")
                .output()
                .expect("plazo runs");
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(output.status.code() == Some(2) && said.contains(words), "{arguments:?}: {said}");
        }
    }
    assert_eq!(std::fs::read_dir(empty.path()).expect("a directory").count(), 0, "nothing is left behind");
}
