//! What a mail server may say, and what each of its answers is taken for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::smtp::{Said, Smtp, Stage};
use crate::support::{PATIENCE, wait_for};

/// Ana is told at the end of an hour; messages are written so that the hour ends as they arrive.
const LADDER: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"1h\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";
const HOUR: Duration = Duration::from_secs(3_600);

/// A daemon that has one mail to send by a server that, until a mail has arrived there, says `said` at `stage`.
fn one_mail(stage: Stage, said: &[u8], further: &str) -> (Smtp, Daemon) {
    let said = said.to_vec();
    let smtp = Smtp::scripted(move |place, n, _| (place == stage && n == 0).then(|| Said::bytes(&said)));
    let daemon = Daemon::start(&format!("{PEOPLE}{LADDER}{}{further}", smtp.section()));
    daemon.client_message("m-1", "t-1", HOUR);
    (smtp, daemon)
}

/// Waits for the delivery for whose sake its whole destination stands.
#[track_caller]
fn held(daemon: &Daemon) -> Value {
    wait_for("a delivery that is held back", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=pending");
        page["deliveries"].as_array()?.iter().find(|row| row["held_by"].is_string()).cloned()
    })
}

#[test]
fn lessons_54_the_code_decides_whatever_its_text_is() {
    // RFC 5321 §4.5.3.1.5 allows 512 bytes. Some servers tell stories.
    let long = [b"250 ".as_slice(), &[b'x'; 5_000], b"\r\n"].concat();
    // What is said where, what becomes of the delivery, and how many mails the server got. "pending" is one that is held.
    let rows: [(Stage, &[u8], &str, usize); 15] = [
        (Stage::Greeting, b"220 m\xe1quina de correo\r\n", "sent", 1),
        (Stage::Greeting, b"554 5.7.1 sin servicio\r\n", "pending", 0),
        (Stage::Hello, b"502 5.5.1 no\r\n", "sent", 1),
        (Stage::Mail, b"250\r\n", "sent", 1),
        (Stage::Mail, b"550 5.7.1 remitente\r\n", "pending", 0),
        (Stage::Recipient, b"550 Buz\xf3n inexistente\r\n", "dead", 0),
        (Stage::Recipient, b"571 5.7.1 refused\r\n", "dead", 0),
        (Stage::DataGo, b"250 ok\r\n", "pending", 0),
        (Stage::Data, b"250\r\n", "sent", 1),
        (Stage::Data, b"250 Aceptado, n\xba 7\n", "sent", 1),
        (Stage::Data, b"250-a\r\n251 b\r\n", "sent", 1),
        (Stage::Data, b"250 acc", "sent", 1),
        (Stage::Data, &long, "sent", 1),
        // Neither of the two says that it was taken, and the second one that it was not: sent again.
        (Stage::Data, b"354 go on\r\n", "sent", 2),
        (Stage::Data, b"hola\r\n", "sent", 2),
    ];
    thread::scope(|scope| {
        for (stage, said, state, n_mails) in rows {
            let row = format!("{stage:?} {}", said[..said.len().min(20)].escape_ascii());
            let try_row = move || {
                let (smtp, daemon) = one_mail(stage, said, "");
                let delivery = if state == "pending" { held(&daemon) } else { daemon.delivery(state) };
                assert_eq!(smtp.received().len(), n_mails, "{delivery}");
            };
            // A failure names its thread.
            thread::Builder::new().name(row).spawn_scoped(scope, try_row).expect("a thread");
        }
    });
}

#[test]
fn the_answer_is_kept_with_its_letters() {
    let (_smtp, daemon) = one_mail(Stage::Data, b"250-2.0.0 Aceptado,\r\n250 n\xba 7\r\n", "");
    assert_eq!(daemon.delivery("sent")["answer"], "250 2.0.0 Aceptado, nº 7");
}

#[test]
fn a_server_that_repeats_the_password_does_not_make_it_show() {
    let directory = tempfile::tempdir().expect("a directory");
    let password = directory.path().join("password");
    std::fs::write(&password, "geheim-4711\n").expect("the password's file");
    let secret = format!("user = \"plazo\"\npassword = {{ file = \"{}\" }}\n", password.display());
    // base64 of "\0plazo\0geheim-4711".
    let said = b"500 unknown command: AUTH PLAIN AHBsYXpvAGdlaGVpbS00NzEx\r\n";
    let (smtp, daemon) = one_mail(Stage::Auth, said, &secret);
    let held = held(&daemon);
    assert!(held["held_by"].as_str().is_some_and(|cause| cause.contains("500 unknown command")), "{held}");
    let seen = format!("{held}{}", daemon.log());
    assert!(!seen.contains("geheim") && !seen.contains("AHBsYXpv"), "the password shows: {seen}");
    assert!(smtp.received().is_empty());
}

#[test]
fn a_kept_connection_that_the_server_closes_is_replaced_without_a_failed_try() {
    // The server says so at the second mail only, in answer to its first word.
    let is_told = AtomicBool::new(false);
    let smtp = Smtp::scripted(move |stage, n, _| {
        (stage == Stage::Mail && n == 1 && !is_told.swap(true, Ordering::SeqCst)).then_some("421 4.4.2 timeout")
    });
    let daemon = Daemon::start(&format!("{PEOPLE}{LADDER}{}[alerts]\nwindow = \"0s\"\n", smtp.section()));
    daemon.client_message("m-1", "t-1", HOUR);
    // Recorded once the connection has been kept.
    daemon.delivery("sent");
    daemon.client_message("m-2", "t-2", HOUR);
    smtp.wait_for(2);
    let sent = wait_for("both deliveries", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=sent");
        page["deliveries"].as_array().filter(|rows| rows.len() == 2).cloned()
    });
    assert!(sent.iter().all(|delivery| delivery["attempts"] == 1), "{sent:?}");
}
