//! Intake: recorded mail and event JSON, well-formed and not, read by the library and through the real binary.
//!
//! `tests/data/email/expected.json` says what each recorded mail means; the two are never bent to what plazo reads.

use std::collections::BTreeMap;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::data;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use plazo::engine::event::{
    About, Audience, Author, AuthorKind, Direction, Event, EventId, Fact, Ground, Interaction, Promise, RequestKind,
};
use plazo::engine::proof::Proof;
use plazo::engine::request_id::RequestId;
use plazo::engine::working_time::WorkingTime;
use plazo::intake::email::{self, EmailError, House};
use plazo::intake::json::{self as event_json, FieldError, ReadEvent};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

// ── Mail ─────────────────────────────────────────────────────────────────────────────────────────

/// The evening of the day on which the samples were written.
fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 23, 0, 0).single().expect("an instant")
}

fn read(raw: &[u8]) -> Result<Event, EmailError> {
    let is_own = |address: &str| address.ends_with("@empresa.example");
    let house = House { is_own: &is_own, trusts: &[], is_sent: false, folder: None, received_at: None, now: now() };
    email::read(raw, &house)
}

#[track_caller]
fn sample(name: &str) -> Vec<u8> {
    let path = data("email").join(format!("{name}.eml"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What each sample means, by its name.
fn expected() -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(data("email/expected.json")).expect("expected.json");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("expected.json is JSON");
    rows.into_iter().map(|row| (row["event"].as_str().expect("a name").to_owned(), row["events"][0].clone())).collect()
}

/// A short mail of a client, with `header` added.
fn mail_with(header: &str) -> Vec<u8> {
    format!(
        "From: laura@cliente.example\nTo: soporte@empresa.example\nSubject: Hola\n\
         Date: Mon, 02 Mar 2026 09:05:00 -0500\nMessage-ID: <hola@cliente.example>\n{header}\n\nTexto\n"
    )
    .into_bytes()
}

/// What `event` does to the wait of a client.
fn effect_of(event: &Event) -> &'static str {
    let direction = match &event.fact {
        Fact::Message { direction, .. } => direction,
        Fact::Undelivered { .. } => return "undo_answer",
        _ => return "no message",
    };
    let kind = event.author.as_ref().map(|author| author.kind);
    match (direction, kind) {
        (_, Some(AuthorKind::Auto | AuthorKind::System)) => "none",
        (Direction::Internal, Some(AuthorKind::Agent)) => "none, among colleagues",
        (Direction::In, Some(AuthorKind::Customer)) => "customer_waiting",
        (Direction::Out, Some(AuthorKind::Agent)) => "agent_answer",
        _ => "senseless",
    }
}

fn text_of(event: &Event) -> Option<&str> {
    match &event.fact {
        Fact::Message { text, .. } => text.as_deref(),
        _ => None,
    }
}

fn without_brackets(id: &str) -> &str {
    id.trim_start_matches('<').trim_end_matches('>')
}

/// Where `event` differs from what the data say.
fn differences(name: &str, event: &Event, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, want: &str, got: &str| {
        if want != got {
            found.push(format!("{name}: {what}: expected {want:?}, got {got:?}"));
        }
    };
    let word = |field: &str| expected[field].as_str();
    let effect = match word("effect").expect("an effect") {
        "none" if expected["internal"] == true => "none, among colleagues",
        effect => effect,
    };
    compare("effect", effect, effect_of(event));
    if let Some(id) = word("external_id") {
        compare("id", without_brackets(id), &event.id.id);
    }
    let root = match word("conversation") {
        Some(conversation) => conversation.split_once(':').map(|(_, root)| without_brackets(root)).expect("a mailbox"),
        None => &event.id.id,
    };
    compare("thread root", root, event.threads.first().map_or("", String::as_str));
    let address = event.author.as_ref().and_then(|author| author.address.as_deref()).unwrap_or_default();
    compare("author", &word("author").expect("an author").to_lowercase(), &address.to_lowercase());
    let at: DateTime<Utc> = word("at").expect("an instant").parse().expect("RFC 3339");
    compare("at", &at.to_rfc3339(), &event.at.to_rfc3339());
    if let Some(subject) = word("subject") {
        compare("subject", subject, event.about.subject.as_deref().unwrap_or_default());
    }
    if let Some(text) = word("text") {
        compare("text", text, text_of(event).unwrap_or_default());
    }
    found
}

#[test]
fn each_sample_is_read_as_its_data_say() {
    let expected = expected();
    let n_files = std::fs::read_dir(data("email"))
        .expect("samples")
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|kind| kind == "eml")))
        .count();
    assert_eq!(n_files, expected.len(), "each sample has an expectation and each expectation a sample");
    let mut found = Vec::new();
    for (name, expected) in &expected {
        match read(&sample(name)) {
            Ok(event) => found.extend(differences(name, &event, expected)),
            Err(error) => found.push(format!("{name}: refused: {error}")),
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn all_of_a_mail_but_its_fact_is_filled_in() {
    let event = read(&sample("agent_reply_in_thread")).expect("a mail");
    assert_eq!(event.id.source, "email");
    assert_eq!(event.about.channel.as_deref(), Some("email"));
    assert_eq!(event.cc, ["laura@cliente.example", "soporte@empresa.example"]);
    assert_eq!(event.author.and_then(|author| author.name).as_deref(), Some("Andrés Rojas"));
    let (ids, loose) = event.threads.split_at(2);
    assert_eq!(ids, ["CA+0001.laura@mail.cliente.example", "AM0PR0001.andres@empresa.example"]);
    let asked = read(&sample("new_request")).expect("a mail").threads;
    assert_eq!(loose, &asked[asked.len() - 2..], "question and answer have their subject and client in common");
}

#[test]
fn of_many_references_the_root_and_the_last_are_kept() {
    let event = read(&sample("huge_references")).expect("a mail");
    assert!(event.threads.len() <= 64, "{} threads are kept", event.threads.len());
    assert_eq!(event.threads.first().map(String::as_str), Some("CA+0001.laura@mail.cliente.example"));
    assert!(event.threads.iter().any(|thread| thread.starts_with("ref-00599.")), "the mail answered is found too");
    let is_loose = |thread: &&String| thread.starts_with("subject:") || thread.starts_with("client:");
    assert_eq!(event.threads.iter().rfind(|thread| !is_loose(thread)), Some(&event.id.id));
}

#[test]
fn the_same_mail_read_twice_has_the_same_id() {
    for name in expected().keys() {
        let raw = sample(name);
        let (first, second) = (read(&raw).expect("a mail"), read(&raw).expect("a mail"));
        assert_eq!(first, second, "{name}");
    }
    let (with, without) = (sample("new_request"), sample("missing_message_id"));
    assert_ne!(read(&with).expect("a mail").id, read(&without).expect("a mail").id);
}

/// A second delivery changes trace headers; the note of the sample asks for a hash of From, Date, Subject and body.
#[test]
fn a_mail_without_message_id_delivered_again_is_a_duplicate() {
    let raw = String::from_utf8(sample("missing_message_id")).expect("ASCII");
    let first = read(raw.as_bytes()).expect("a mail");
    assert!(!first.id.id.is_empty());
    let again = raw.replace("0PLAZO1772460780", "0PLAZO1772460799");
    assert_ne!(raw, again);
    assert_eq!(first.id, read(again.as_bytes()).expect("a mail").id);
    let other = raw.replace("Por favor", "Por favor no");
    assert_ne!(first.id, read(other.as_bytes()).expect("a mail").id, "another text is another mail");
}

/// RFC 3834 and the vendors' markers, each alone.
#[test]
fn each_marker_of_automatic_mail_is_enough_and_what_is_none_is_not() {
    let rows = [
        ("Auto-Submitted: auto-replied", AuthorKind::Auto),
        ("auto-submitted: auto-generated", AuthorKind::Auto),
        ("Auto-Submitted: auto-replied (vacation)", AuthorKind::Auto),
        ("Auto-Submitted: auto-generated; owner-email=\"a@b.example\"", AuthorKind::Auto),
        ("Auto-Submitted: Auto-Notified", AuthorKind::Auto),
        ("X-Autoreply: yes", AuthorKind::Auto),
        ("X-Autorespond: Recibido", AuthorKind::Auto),
        ("Precedence: auto_reply", AuthorKind::Auto),
        ("Precedence: bulk", AuthorKind::Auto),
        ("Return-Path: <>", AuthorKind::System),
        // They tell that a rule passed the mail on, not who wrote it.
        ("X-MS-Exchange-Inbox-Rules-Loop: laura@cliente.example", AuthorKind::Customer),
        ("X-MS-Exchange-Inbox-Rules-Loop: 1", AuthorKind::Customer),
        ("Auto-Submitted: no", AuthorKind::Customer),
        ("Auto-Submitted: No (a person)", AuthorKind::Customer),
        // Ticket systems set it on real mail.
        ("X-Auto-Response-Suppress: All", AuthorKind::Customer),
        ("Return-Path: <laura@cliente.example>", AuthorKind::Customer),
        ("X-Nothing: at all", AuthorKind::Customer),
    ];
    let found: Vec<String> = rows
        .into_iter()
        .filter_map(|(header, expected)| {
            let kind = read(&mail_with(header)).expect("a mail").author.expect("an author").kind;
            (kind != expected).then(|| format!("{header}: expected {expected:?}, got {kind:?}"))
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Calendars of Google and Microsoft send the answer as one part of several, beside a text for people.
#[test]
fn a_calendar_answer_beside_a_text_is_no_request() {
    let parts = "Content-Type: multipart/alternative; boundary=\"b\"\n\n\
                 --b\nContent-Type: text/plain; charset=UTF-8\n\nLaura ha aceptado esta invitación.\n\n\
                 --b\nContent-Type: text/calendar; charset=UTF-8; method=REPLY\n\n\
                 BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n\n--b--";
    assert_eq!(effect_of(&read(&mail_with(parts)).expect("a mail")), "none");
}

/// Each server on the way writes its line above the others: only the topmost is by the server of the house.
#[test]
fn a_mail_happened_when_the_last_server_received_it() {
    let hops = "Received: from mx.cliente.example by mx.empresa.example with ESMTPS; Mon, 02 Mar 2026 09:07:00 -0500\n\
                Received: from pc.local by mx.cliente.example with ESMTPSA; Mon, 02 Mar 2026 03:00:00 -0500\n";
    let raw = [hops.as_bytes(), &mail_with("X-Mailer: x")].concat();
    assert_eq!(read(&raw).expect("a mail").at.to_rfc3339(), "2026-03-02T14:07:00+00:00");
}

#[test]
fn a_date_ahead_of_now_counts_as_now() {
    let raw = String::from_utf8(mail_with("X-Mailer: x")).expect("ASCII").replace("02 Mar 2026", "02 Mar 2036");
    assert_eq!(read(raw.as_bytes()).expect("a mail").at, now());
    let dateless: Vec<_> = raw.lines().filter(|line| !line.starts_with("Date:")).collect();
    assert_eq!(read(dateless.join("\n").as_bytes()).expect("a mail").at, now());
}

/// The words of an agent are judged (rule D3): what is written below the quote, as Thunderbird does, must not be lost.
#[test]
fn an_answer_below_the_quote_keeps_its_words() {
    let raw = "From: andres.rojas@empresa.example\nTo: laura@cliente.example\nMessage-ID: <abajo@empresa.example>\n\
               Content-Type: text/plain; charset=utf-8\n\nEl 2/03/26 a las 9:05, Laura Gómez escribió:\n\
               > ¿Cuándo queda?\n\nQueda hoy a las 3.\n";
    assert_eq!(text_of(&read(raw.as_bytes()).expect("a mail")), Some("Queda hoy a las 3."));
}

/// Postfix and procmail hand a mail over with an envelope line before its headers, mail stores with CRLF.
#[test]
fn envelope_line_and_line_ends_change_nothing() {
    let raw = sample("new_request");
    let plain = read(&raw).expect("a mail");
    let enveloped = [b"From laura@cliente.example  Mon Mar  2 09:05:00 2026\n".as_slice(), &raw].concat();
    assert_eq!(read(&enveloped).expect("a mail"), plain);
    let crlf = String::from_utf8(raw).expect("ASCII").replace("\r\n", "\n").replace('\n', "\r\n");
    assert_eq!(read(crlf.as_bytes()).expect("a mail"), plain);
}

#[test]
fn what_is_no_mail_is_refused() {
    let rows: [(&[u8], EmailError); 3] =
        [(b"", EmailError::NoEmail), (b"\n\n", EmailError::NoEmail), (b"hola\nque tal\n", EmailError::NoEmail)];
    for (raw, error) in rows {
        assert_eq!(read(raw), Err(error), "{:?}", String::from_utf8_lossy(raw));
    }
}

/// What holds for every mail that can be read: it has a name, is not ahead of now, and goes through the Event JSON.
fn check_invariants(event: &Event) -> Result<(), TestCaseError> {
    prop_assert!(!event.id.id.trim().is_empty());
    prop_assert!(event.at <= now());
    prop_assert!(event.threads.contains(&event.id.id));
    prop_assert!(event.threads.iter().all(|thread| !thread.trim().is_empty()), "{:?}", event.threads);
    let author = event.author.as_ref();
    prop_assert!(author.and_then(|author| author.address.as_ref()).is_none_or(|address| !address.is_empty()));
    // How it is known who wrote, the door says, and never what comes in.
    let back = event_json::event(event_json::write(event), "http", now());
    prop_assert_eq!(back, Ok((Event { proof: Proof::NONE, ..event.clone() }, None)));
    Ok(())
}

#[track_caller]
fn must_hold(name: &str, raw: &[u8]) {
    if let Ok(event) = read(raw) {
        check_invariants(&event).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn samples_cut_short_anywhere_are_read_or_refused() {
    for name in expected().keys() {
        let raw = sample(name);
        must_hold(name, &raw);
        for end in (0..raw.len()).step_by(97) {
            must_hold(&format!("{name}, first {end} bytes"), &raw[..end]);
        }
    }
}

#[test]
fn ten_megabytes_of_one_header_line_are_read_or_refused() {
    const LENGTH: usize = 10 << 20;
    let repeated = |piece: &str| piece.repeat(LENGTH / piece.len());
    for (header, value) in [
        ("X-Long", repeated("a")),
        ("Subject", repeated("a ")),
        ("Subject", repeated("=?utf-8?Q?=C3=B3?= ")),
        ("References", repeated("<a@b.example> ")),
        ("Message-ID", format!("<{}@b.example>", repeated("a"))),
        ("To", repeated("a@b.example, ")),
        ("From", format!("\"{}\" <a@b.example>", repeated("a"))),
        ("Content-Type", format!("multipart/mixed; boundary=\"{}\"", repeated("b"))),
        ("Received", repeated("from a ")),
        ("Date", repeated("1")),
    ] {
        // Last wins: the long line stands after the one that `mail_with` writes.
        if let Ok(event) = read(&mail_with(&format!("{header}: {value}"))) {
            let longest = event.threads.iter().map(String::len).max().unwrap_or_default();
            assert!(longest <= 1_024 && event.threads.len() <= 64, "{header}: threads are bounded");
            assert!(event.id.id.len() <= 1_024, "{header}: the id is bounded");
        }
    }
}

/// The sender stands in the head of the mail, however deep its body goes.
#[track_caller]
fn must_be_read_as_lauras(body: &str) {
    let author = read(&mail_with(body)).expect("a mail").author.expect("an author");
    assert_eq!(author.address.as_deref(), Some("laura@cliente.example"));
}

#[test]
fn parts_in_parts_without_end_are_read() {
    let part = |depth| format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n");
    let parts: Vec<String> = (0..20_000).map(part).collect();
    must_be_read_as_lauras(&format!("X-Mailer: x\n{}", parts.concat()));
}

/// A mail forwarded as an attachment of a forwarded mail, and so on: where each level is a call, the stack ends first.
#[test]
fn mails_in_mails_without_end_are_read() {
    let mails = "Content-Type: message/rfc822\n\nFrom: andres.rojas@empresa.example\n".repeat(100_000);
    must_be_read_as_lauras(&format!("X-Mailer: x\n{mails}"));
}

#[test]
fn html_nested_without_end_is_read() {
    must_be_read_as_lauras(&format!("Content-Type: text/html\n\n{}", "<div><blockquote>".repeat(100_000)));
}

/// Lines as mail has them, whole and broken.
fn mail_line() -> impl Strategy<Value = Vec<u8>> {
    const LINES: [&str; 40] = [
        "From: laura@cliente.example",
        "From: Andrés <andres.rojas@empresa.example>, otro@empresa.example",
        "From: \" \" <>",
        "From:",
        "Sender: soporte@empresa.example",
        "Reply-To: =?utf-8?Q?Laura_G=C3=B3mez?= <laura@cliente.example>",
        "To: grupo: a@b.example, c@d.example;, \"x",
        "Cc: soporte@empresa.example,,, <",
        "Subject: =?utf-8?B?ww==?= =?x-none?Q?=?=",
        "Subject:",
        "Date: Lun, 99 Mar 20260 09:05:00 GMT-5",
        "Date: Mon, 02 Mar 2026 09:05:00 -0500",
        "Received: from a by b; Mon, 02 Mar 2026 25:61:61 +9900",
        "Received: ;",
        "Message-ID: <a@b.example>",
        "Message-ID: < >",
        "Message-ID: <<>>",
        "Message-ID: <\u{1F600} \u{0} @b.example",
        "In-Reply-To: Your message of yesterday <p@q.example>",
        "References: <a@b.example>,<p@q.example>\t<",
        "References: < > <>",
        " <doblada@b.example>",
        "Auto-Submitted: ;",
        "Return-Path: <>",
        "Content-Type: multipart/mixed; boundary=\"b\"",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "Content-Type: text/html; charset=windows-1252",
        "Content-Type: text/calendar; method",
        "Content-Type: message/rfc822",
        "Content-Type: ; = ;;",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "--b",
        "--b--",
        "",
        "",
        "<p>=93Hola=</p><!--<style>",
        "El lun, 2 mar 2026 a las 9:17, Andrés escribió:",
        "> ¿Cuándo?",
        "De: laura@cliente.example",
    ];
    prop_oneof![
        8 => prop::sample::select(LINES.to_vec()).prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn quietly(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(quietly(1_000))]

    #[test]
    fn random_bytes_are_read_or_refused(raw in prop::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok(event) = read(&raw) {
            check_invariants(&event)?;
        }
    }

    #[test]
    fn lines_of_mail_in_any_order_are_read_or_refused(
        lines in prop::collection::vec(mail_line(), 0..40),
        line_end in prop::sample::select(vec![b"\n".as_slice(), b"\r\n", b"\r"]),
    ) {
        let raw = lines.join(line_end);
        if let Ok(event) = read(&raw) {
            check_invariants(&event)?;
        }
        // With a sender it is always a mail.
        let sent = [b"From: laura@cliente.example\n".as_slice(), &raw].concat();
        check_invariants(&read(&sent).expect("a mail"))?;
    }

    #[test]
    fn samples_with_bytes_changed_are_read_or_refused(
        name in "new_request|dsn_bounce|oof_exchange|html_only_windows1252|forwarded_as_attachment",
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut raw = sample(&name);
        for (index, byte) in changes {
            let place = index.index(raw.len());
            raw[place] = byte;
        }
        if let Ok(event) = read(&raw) {
            check_invariants(&event)?;
        }
    }
}

// ── Event JSON ───────────────────────────────────────────────────────────────────────────────────

fn read_json(body: &[u8]) -> Result<Vec<Result<ReadEvent, FieldError>>, event_json::Unusable> {
    event_json::read(body, "http", now())
}

#[track_caller]
fn one(body: &Value) -> Event {
    let (event, _) = event_json::event(body.clone(), "http", now()).unwrap_or_else(|error| panic!("{body}: {error}"));
    event
}

/// `{"id", "type"}` with fields added.
fn event_with(type_name: &str, fields: &Value) -> Value {
    let mut event = json!({ "id": "m-1", "type": type_name });
    let fields = fields.as_object().expect("an object").clone();
    event.as_object_mut().expect("an object").extend(fields);
    event
}

#[test]
fn a_wrong_field_is_named() {
    let message = |fields: Value| event_with("message", &fields);
    let rows = [
        ("event", json!(17)),
        ("event", json!("m-1")),
        ("event", json!(null)),
        ("id", json!({"type": "message", "direction": "in"})),
        ("id", json!({"id": "", "type": "message", "direction": "in"})),
        ("id", json!({"id": null, "type": "message", "direction": "in"})),
        ("id", json!({"id": ["m-1"], "type": "message", "direction": "in"})),
        ("id", json!({"id": "m".repeat(5_000), "type": "message", "direction": "in"})),
        ("type", json!({"id": "m-1"})),
        ("type", json!({"id": "m-1", "type": "mensaje"})),
        ("type", json!({"id": "m-1", "type": {}})),
        ("at", message(json!({"direction": "in", "at": "ayer"}))),
        ("at", message(json!({"direction": "in", "at": "2026-03-02T09:05:00"}))),
        ("at", message(json!({"direction": "in", "at": "2026-02-30T09:05:00Z"}))),
        ("at", message(json!({"direction": "in", "at": [1_772_460_300]}))),
        ("direction", message(json!({}))),
        ("direction", message(json!({"direction": "inbound"}))),
        ("direction", message(json!({"direction": true}))),
        ("author", message(json!({"direction": "in", "author": 3}))),
        ("author.kind", message(json!({"direction": "in", "author": {"kind": "client"}}))),
        ("author.name", message(json!({"direction": "in", "author": {"name": []}}))),
        ("author.address", message(json!({"direction": "in", "author": {"address": {"mail": "a@b.example"}}}))),
        ("tags", message(json!({"direction": "in", "tags": "vip"}))),
        ("tags", message(json!({"direction": "in", "tags": ["vip", {}]}))),
        ("tags", event_with("tag", &json!({"tags": 7}))),
        ("cc", message(json!({"direction": "in", "cc": {"a": 1}}))),
        ("threads", message(json!({"direction": "in", "threads": "t-1"}))),
        ("thread", message(json!({"direction": "in", "thread": ["t-1"]}))),
        ("subject", message(json!({"direction": "in", "subject": 12}))),
        ("text", message(json!({"direction": "in", "text": ["Hola"]}))),
        ("channel", message(json!({"direction": "in", "channel": false}))),
        ("refs", message(json!({"direction": "in", "refs": "x"}))),
        ("request", message(json!({"direction": "in", "request": "Z-1"}))),
        ("request", message(json!({"direction": "in", "request": "R-0"}))),
        ("kind", event_with("open", &json!({"kind": "tarea"}))),
        ("audience", event_with("open", &json!({"audience": "all"}))),
        ("within", event_with("open", &json!({"within": "pronto"}))),
        ("within", event_with("open", &json!({"within": 20}))),
        ("within", event_with("promise", &json!({"within": "-5m"}))),
        ("due", event_with("open", &json!({"due": "mañana"}))),
        ("due", event_with("open", &json!({"due": "2126-03-02T09:05:00Z"}))),
        ("due", event_with("promise", &json!({}))),
        ("within", event_with("open", &json!({"due": "2026-03-03T09:05:00Z", "within": "20m"}))),
        ("until", event_with("snooze", &json!({}))),
        ("until", event_with("snooze", &json!({"until": "luego"}))),
        ("for", event_with("snooze", &json!({"for": "un rato"}))),
        ("owner", event_with("own", &json!({"owner": ["ana"]}))),
    ];
    let mut found = Vec::new();
    for (field, body) in rows {
        match event_json::event(body.clone(), "http", now()) {
            Err(error) if error.field == field => {
                if error.problem.en.trim().is_empty() || !error.to_string().contains(field) {
                    found.push(format!("{body}: `{error}` does not say what is wrong"));
                }
            }
            Err(error) => found.push(format!("{body}: expected `{field}`, got `{}`", error.field)),
            Ok(_) => found.push(format!("{body}: expected a mistake in `{field}`, got none")),
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn due_and_within_together_are_both_named() {
    let both = event_with("promise", &json!({"due": "2026-03-03T09:05:00Z", "within": "20m"}));
    let error = event_json::event(both, "http", now()).expect_err("both at once").to_string();
    assert!(error.contains("within") && error.contains("due"), "{error}");
}

#[test]
fn one_object_an_array_and_a_line_each_are_read_alike() {
    let events: Vec<Value> = (1..=3)
        .map(|n| json!({"id": n, "type": "message", "direction": "in", "channel": "WhatsApp", "thread": "t-1"}))
        .collect();
    let expected: Vec<Event> = events.iter().map(one).collect();
    assert_eq!(expected[0].id, EventId { source: "http".to_owned(), id: "1".to_owned() });
    assert_eq!(expected[0].about.channel.as_deref(), Some("whatsapp"));
    assert_eq!(expected[0].at, now(), "without `at` it happens now");
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let pretty = serde_json::to_string_pretty(&events).expect("JSON");
    for body in [
        Value::Array(events.clone()).to_string(),
        pretty,
        lines.join("\n"),
        lines.join("\r\n") + "\r\n",
        format!("\n\n{}\n\n", lines.join("\n\n")),
        format!("[{},{}]\n{}\n", lines[0], lines[1], lines[2]),
    ] {
        let read: Vec<Event> = read_json(body.as_bytes())
            .unwrap_or_else(|error| panic!("{body}: {error}"))
            .into_iter()
            .map(|parsed| parsed.expect("an event").event)
            .collect();
        assert_eq!(read, expected, "{body}");
    }
    let single = read_json(lines[0].as_bytes()).expect("JSON");
    let heard = ReadEvent { event: expected[0].clone(), request: None, lost: Vec::new() };
    assert_eq!(single, vec![Ok(heard)]);
    assert!(read_json(b" \n ").expect("nothing at all is no mistake of JSON").is_empty());
}

#[test]
fn a_wrong_event_keeps_its_place_among_the_others() {
    let body = b"{\"id\":1,\"type\":\"resume\"}\n{\"id\":2,\"type\":\"mensaje\"}\n{\"id\":3,\"type\":\"reopen\"}\n";
    let read = read_json(body).expect("JSON");
    let places: Vec<_> = read.iter().map(Result::is_ok).collect();
    assert_eq!(places, [true, false, true]);
}

#[test]
fn fields_that_plazo_does_not_know_go_into_refs() {
    let event = one(&event_with(
        "message",
        &json!({
            "direction": "in", "crm": {"deal": 7, "stage": ["a", null]}, "Texto": "Hola", "ñ": 1.5, "empty": {},
            "refs": {"ticket": "T-9", "nested": {"a": null}}
        }),
    ));
    let expected = json!({
        "crm": {"deal": 7, "stage": ["a", null]}, "Texto": "Hola", "ñ": 1.5, "empty": {},
        "ticket": "T-9", "nested": {"a": null}
    });
    assert_eq!(Value::Object(event.refs.clone()), expected);
    assert_eq!(one(&event_json::write(&event)), event);
}

#[test]
fn a_request_may_be_named_in_each_of_its_forms() {
    for (word, number) in [(json!("R-17"), 17), (json!("r-17"), 17), (json!(17), 17)] {
        let body = event_with("resume", &json!({ "request": word }));
        let (event, request) = event_json::event(body, "http", now()).expect("an event");
        assert_eq!((event.fact, request.map(|id| id.0)), (Fact::Resume, Some(number)), "{word}");
    }
}

/// Refused as a whole, or event by event; never taken.
fn is_refused(body: &[u8]) -> bool {
    read_json(body).map_or(true, |parsed| parsed.iter().any(Result::is_err))
}

#[test]
fn what_is_no_event_json_is_refused() {
    let deep = |open: &str, close: &str| open.repeat(200) + &close.repeat(200);
    let inside = |value: String| format!("{{\"id\":1,\"type\":\"resume\",\"x\":{value}}}");
    let objects = deep("{\"a\":", "}").replacen(":}", ":1}", 1);
    for body in [
        deep("[", "]"),
        objects.clone(),
        inside(deep("[", "]")),
        inside(objects),
        "[".repeat(200),
        "[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
        "17".to_owned(),
        "-0.5e9".to_owned(),
        "\"message\"".to_owned(),
        "true".to_owned(),
        "null".to_owned(),
        "[17]".to_owned(),
        "[[{\"id\":1,\"type\":\"resume\"}]]".to_owned(),
        "NaN".to_owned(),
        "{'id': 1}".to_owned(),
        "<xml/>".to_owned(),
        "{\"id\":1,\"type\":\"resume\"} trailing".to_owned(),
        "{\"id\":1,\"type\":\"resume\",}".to_owned(),
        "{\"id\":\"\\ud800\",\"type\":\"resume\"}".to_owned(),
    ] {
        assert!(is_refused(body.as_bytes()), "taken: {}", body.chars().take(80).collect::<String>());
    }
    for body in [
        b"\xff\xfe{}".as_slice(),
        b"{\"id\":\"caf\xe9\",\"type\":\"resume\"}",
        b"{\"id\":1,\"type\":\"resume\",\"caf\xe9\":1}",
        b"{\"id\":1,\"type\":\"resume\",\"x\":\"\xed\xa0\x80\"}",
        b"\x00",
        b"{\"id\":1,\"type\":\"resume\"}\x00",
    ] {
        assert!(is_refused(body), "taken: {}", String::from_utf8_lossy(body));
    }
}

#[test]
fn json_cut_short_anywhere_is_refused() {
    let event = json!({
        "id": "m-1", "type": "message", "at": "2026-03-02T09:05:00-05:00", "channel": "email", "thread": "ñandú-1",
        "direction": "in", "author": {"name": "Laura", "kind": "customer"}, "text": "¿Hay \"algo\"?\n", "tags": ["a"]
    })
    .to_string();
    for end in 1..event.len() {
        assert!(is_refused(&event.as_bytes()[..end]), "taken: {}", String::from_utf8_lossy(&event.as_bytes()[..end]));
    }
    assert!(!is_refused(event.as_bytes()));
}

/// A name as systems give them.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9ñÁ@._:+<>/-]{1,12}( [a-z\"\\\\]{1,5})?"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), ".{0,40}", "[ \n\t\u{0}\u{1F600}]{0,6}"]
}

fn instant(range: TimeDelta) -> impl Strategy<Value = DateTime<Utc>> {
    let reach = range.num_milliseconds();
    (-reach..reach).prop_map(|offset| now() + TimeDelta::milliseconds(offset))
}

fn promise() -> impl Strategy<Value = Promise> {
    let five_years = 5 * 366 * 86_400_000_i64;
    prop_oneof![
        instant(TimeDelta::days(3_600)).prop_map(Promise::Due),
        (0..five_years).prop_map(|span| Promise::Within(WorkingTime::milliseconds(span))),
    ]
}

fn author() -> impl Strategy<Value = Author> {
    let kinds = [AuthorKind::Customer, AuthorKind::Agent, AuthorKind::Bot, AuthorKind::Auto, AuthorKind::System];
    (prop::option::of(word()), prop::option::of(word()), prop::sample::select(kinds.to_vec()))
        .prop_map(|(name, address, kind)| Author { name, address, kind })
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 0..4)
}

/// Events whose fact is one of `facts`. `tags`, `inbox` and `priority` are left out: some facts bring their own.
fn events(facts: BoxedStrategy<Fact>) -> impl Strategy<Value = Event> {
    let option = || prop::option::of(word());
    let kinds = [RequestKind::Request, RequestKind::Task, RequestKind::Claim, RequestKind::Call];
    let about = (
        prop::option::of("[a-z_]{1,9}"),
        option(),
        option(),
        prop::option::of(text()),
        prop::option::of(prop::sample::select(kinds.to_vec())),
        prop::option::of(prop::sample::select(vec![Audience::Client, Audience::Internal])),
    )
        .prop_map(|(channel, customer, contact, subject, kind, audience)| About {
            channel,
            customer,
            contact,
            subject,
            kind,
            audience,
            ..About::default()
        });
    let refs = prop::collection::btree_map("x_[a-z]{1,5}", text().prop_map(Value::String), 0..3)
        .prop_map(|refs| refs.into_iter().collect::<Map<String, Value>>());
    let id = (word(), word()).prop_map(|(source, id)| EventId { source, id });
    let whens = instant(TimeDelta::days(9_000));
    (id, whens, words(), author(), any::<bool>(), about, (words(), words()), refs, facts).prop_map(
        |(id, at, threads, author, is_named, about, (cc, recipients), refs, fact)| {
            // A message always tells who wrote it, if only what kind of author.
            let author = (is_named || matches!(fact, Fact::Message { .. })).then_some(author);
            Event {
                id,
                at,
                threads,
                author,
                about,
                cc,
                recipients,
                attached: false,
                proof: Proof::NONE,
                gist: None,
                refs,
                fact,
            }
        },
    )
}

/// A strategy for each type of event.
fn facts() -> Vec<BoxedStrategy<Fact>> {
    let directions = [Direction::In, Direction::Out, Direction::Internal];
    let mut facts = vec![
        (prop::sample::select(directions.to_vec()), prop::option::of(text()))
            .prop_map(|(direction, text)| Fact::Message { direction, text })
            .boxed(),
        (prop::option::of(promise()), prop::option::of(word()))
            .prop_map(|(promise, owner)| Fact::Open { promise, owner })
            .boxed(),
        prop::option::of(word()).prop_map(|owner| Fact::Own { owner }).boxed(),
        word().prop_map(|inbox| Fact::Move { inbox }).boxed(),
        (words(), words()).prop_map(|(add, remove)| Fact::Tag { add, remove }).boxed(),
        word().prop_map(|priority| Fact::Prioritise { priority }).boxed(),
        text().prop_map(|reason| Fact::Wait { reason, on: None, until: None }).boxed(),
        Just(Fact::Resume).boxed(),
        promise().prop_map(|promise| Fact::Promise { promise }).boxed(),
        text().prop_map(|text| Fact::Deliver { text }).boxed(),
        text().prop_map(|text| Fact::Comment { text }).boxed(),
        (text(), prop::option::of(prop::sample::select(Ground::ALL.to_vec())))
            .prop_map(|(reason, ground)| Fact::Close { reason, ground })
            .boxed(),
        Just(Fact::Reopen).boxed(),
        Just(Fact::Merge).boxed(),
        Just(Fact::Ack { until: None }).boxed(),
        instant(TimeDelta::days(7)).prop_map(|until| Fact::Snooze { until }).boxed(),
    ];
    let request = || (1..9_999_i64).prop_map(RequestId);
    facts.extend([
        interaction().prop_map(|interaction| Fact::Log(Box::new(interaction))).boxed(),
        (prop::option::of(instant(TimeDelta::days(30))), words())
            .prop_map(|(due, participants)| Fact::Schedule { due, participants })
            .boxed(),
        request().prop_map(|blocker| Fact::Block { blocker }).boxed(),
        prop::option::of(request()).prop_map(|blocker| Fact::Unblock { blocker }).boxed(),
        words().prop_map(|parts| Fact::Split { parts }).boxed(),
        (word(), prop::option::of(word())).prop_map(|(to, number)| Fact::Stage { to, number }).boxed(),
        text().prop_map(|reason| Fact::Escalate { reason }).boxed(),
    ]);
    let bare = [Fact::Held, Fact::CallDropped, Fact::CallMade, Fact::FollowUp, Fact::Replica];
    facts.extend(bare.map(|fact| Just(fact).boxed()));
    facts
}

fn interaction() -> impl Strategy<Value = Interaction> {
    let texts = (text(), text(), text(), text(), text(), text());
    let rest = (prop::option::of(any::<bool>()), prop::option::of(0..99_u32), any::<bool>());
    (texts, rest).prop_map(|((person, medium, reason, inputs, pending, solution), (protocol, items, busy))| {
        Interaction { person, medium, reason, inputs, pending, solution, protocol, items, busy }
    })
}

#[test]
fn every_type_of_event_written_is_read_back() {
    let mut found = Vec::new();
    for facts in facts() {
        let failure = TestRunner::new(quietly(128)).run(&events(facts), |event| {
            let body = event_json::write(&event);
            let back = event_json::event(body.clone(), "http", now());
            let is_same = back.as_ref().is_ok_and(|back| *back == (event.clone(), None));
            let got = back.map_or_else(|error| error.to_string(), |(back, _)| format!("{back:?}"));
            prop_assert!(is_same, "{}: {body} gives {got}", event.fact.type_name());
            Ok(())
        });
        if let Err(proptest::test_runner::TestError::Fail(reason, _)) = failure {
            found.push(reason.to_string());
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Values where plazo expects others.
fn any_value() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 12] = [
        "in",
        "customer",
        "message",
        "snooze",
        "R-1",
        "20m",
        "99999999999999h",
        "18446744073709551615ms",
        "2026-03-02T09:05:00Z",
        "2026-06-30T23:59:60.999999999Z",
        "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:60-23:59",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::String),
        prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("kind|name|address|x", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(quietly(2_000))]

    #[test]
    fn any_json_is_read_or_refused(
        type_name in "message|open|own|move|tag|prioritise|wait|promise|snooze|log|noted",
        fields in prop::collection::btree_map(
            "at|type|source|thread|threads|direction|author|channel|subject|kind|audience|request|cc|refs|text|reason|\
             due|within|owner|to|tags|untag|until|for",
            any_value(),
            0..6,
        ),
    ) {
        let body = event_with(&type_name, &Value::Object(fields.into_iter().collect()));
        match event_json::event(body, "http", now()) {
            Ok((event, _)) => prop_assert!(!event.id.id.is_empty() && !event.id.source.is_empty()),
            Err(error) => prop_assert!(!error.field.is_empty()),
        }
    }

    #[test]
    fn random_bytes_of_json_are_read_or_refused(body in "[\\[\\]{}\":,0-9a-z\\\\ \n\u{0}é-]{0,200}") {
        if let Ok(parsed) = read_json(body.as_bytes()) {
            prop_assert!(parsed.len() <= body.len());
        }
    }
}

// ── Through the real binary ──────────────────────────────────────────────────────────────────────

/// The house of the samples. The promise is long, for they were written some time ago.
const HOUSE: &str = r#"
[person.andres]
name = "Andrés Rojas"
email = "andres.rojas@empresa.example"

[person.soporte]
name = "Soporte Empresa"
email = "soporte@empresa.example"

[team.soporte]
members = ["andres", "soporte"]
answers_clients = true

[[policy]]
name = "correo"
match = { channel = "email", audience = "client" }
team = "soporte"
reply = { within = "40000h", calendar = "always" }
"#;

fn mail_desk() -> Daemon {
    Daemon::start(&format!("{PEOPLE}{HOUSE}"))
}

/// Pipes a mail in, as a mail server does; the report, or what was said on standard error.
fn ingest(daemon: &Daemon, mail: &[u8]) -> Result<Value, String> {
    let mut command = assert_cmd::Command::from_std(daemon.command());
    command.env_remove("PLAZO_URL").env_remove("PLAZO_TOKEN");
    // What the house sent comes by a pipe of its own.
    let is_sent = String::from_utf8_lossy(mail)
        .lines()
        .any(|line| line.starts_with("From:") && line.contains("@empresa.example"));
    let sent: &[&str] = if is_sent { &["--sent"] } else { &[] };
    let output = command.args(["ingest-email", "--own", "@empresa.example"]).args(sent).write_stdin(mail).output();
    let output = output.expect("plazo runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("the report is JSON"))
}

/// Pipes a sample in and expects it to be taken; its requests.
#[track_caller]
fn ingest_sample(daemon: &Daemon, name: &str) -> Value {
    let report = ingest(daemon, &sample(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(report["accepted"], 1, "{name}: {report}");
    report["requests"].clone()
}

/// The clock of the answer: its cycle, state and end.
fn reply_clock(daemon: &Daemon, request: &str) -> (u64, String, Option<String>) {
    let shown = daemon.get(&format!("/v1/requests/{request}"));
    let clocks = shown["clocks"].as_array().expect("clocks");
    let clock = clocks.iter().find(|clock| clock["kind"] == "reply").expect("a clock for the reply");
    let word = |field: &str| clock[field].as_str().map(str::to_owned);
    (clock["cycle"].as_u64().expect("a cycle"), word("state").expect("a state"), word("stopped_at"))
}

#[test]
fn mail_opens_answers_and_asks_again_on_one_request() {
    let daemon = mail_desk();
    assert_eq!(ingest_sample(&daemon, "new_request"), json!(["R-1"]));
    assert_eq!(reply_clock(&daemon, "R-1"), (1, "running".to_owned(), None));
    let shown = daemon.get("/v1/requests/R-1");
    assert_eq!(shown["channel"], "email");
    assert_eq!(shown["subject"], "Actualización de planes – ¿cuándo queda?");
    assert_eq!(shown["opened_at"], "2026-03-02T14:05:00Z");

    let again = ingest(&daemon, &sample("new_request")).expect("taken");
    assert_eq!((&again["accepted"], &again["duplicate"], &again["requests"]), (&json!(0), &json!(1), &json!(["R-1"])));

    assert_eq!(ingest_sample(&daemon, "agent_reply_in_thread"), json!(["R-1"]));
    assert_eq!(reply_clock(&daemon, "R-1"), (1, "met".to_owned(), Some("2026-03-02T14:17:00Z".to_owned())));

    assert_eq!(ingest_sample(&daemon, "customer_followup"), json!(["R-1"]));
    assert_eq!(reply_clock(&daemon, "R-1"), (2, "running".to_owned(), None));

    assert_eq!(ingest_sample(&daemon, "agent_reply_customer_in_cc"), json!(["R-1"]));
    assert_eq!(reply_clock(&daemon, "R-1"), (2, "met".to_owned(), Some("2026-03-02T15:05:00Z".to_owned())));

    assert_eq!(daemon.get("/v1/requests?state=all")["requests"].as_array().map(Vec::len), Some(1));
}

/// The samples without effect, between a wait that runs and nothing else.
#[test]
fn mail_without_effect_changes_no_request_and_opens_none() {
    let daemon = mail_desk();
    // The conversations in which some of them stand.
    ingest_sample(&daemon, "new_request");
    ingest_sample(&daemon, "html_only_windows1252");
    let requests = || daemon.get("/v1/requests?state=all")["requests"].clone();
    let mut found = Vec::new();
    let mut before = requests();
    for (name, _) in expected().into_iter().filter(|(_, expected)| expected["effect"] == "none") {
        if let Err(error) = ingest(&daemon, &sample(&name)) {
            found.push(format!("{name}: refused: {error}"));
        }
        let after = requests();
        if before != after {
            let n = |requests: &Value| requests.as_array().map_or(0, Vec::len);
            let what = if n(&before) < n(&after) { "opened a request" } else { "changed a request" };
            found.push(format!("{name}: {what}"));
        }
        before = after;
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What the daemon would not take of a long mail is cut on the way: no client's mail is turned away for its size.
#[test]
fn mail_of_any_size_is_taken() {
    let daemon = mail_desk();
    let recipients: Vec<String> = (0..300).map(|n| format!("persona{n}@cliente.example")).collect();
    let mails = [
        ("300 people in copy", format!("X-Size: copies\nCc: {}", recipients.join(",\n "))),
        ("2 MB of text", format!("X-Size: text\n\n{}", "¿Cuándo queda la actualización? ".repeat(60_000))),
        ("a sender's name of 3,000 letters", format!("From: \"{}\" <laura@cliente.example>", "L".repeat(3_000))),
        ("a subject of 2 MB", format!("Subject: {}", "a".repeat(2 << 20))),
        ("an attachment of 3 MB", {
            let part = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64";
            let body = "JVBERi0xLjQK\n".repeat(240_000);
            format!(
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHola\n\
                 --b\n{part}\n\n{body}\n--b--"
            )
        }),
    ];
    let mut found = Vec::new();
    for (place, (name, header)) in mails.into_iter().enumerate() {
        let mail = String::from_utf8(mail_with(&header)).expect("UTF-8").replace("<hola@", &format!("<hola-{place}@"));
        match ingest(&daemon, mail.as_bytes()) {
            Ok(report) if report["accepted"] == 1 => {}
            Ok(report) => found.push(format!("{name}: {report}")),
            Err(error) => found.push(format!("{name}: {error}")),
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn what_is_no_mail_is_told_and_sent_nowhere() {
    let daemon = mail_desk();
    let error = ingest(&daemon, b"hola\nque tal\n").expect_err("no mail");
    assert!(error.contains("no email"), "{error}");
    assert_eq!(daemon.get("/v1/requests?state=all")["requests"], json!([]));
    // Nobody is named, and somebody waits.
    let report = ingest(&daemon, b"Subject: Hola\n\nTexto\n").expect("a mail");
    assert_eq!(report["requests"], json!(["R-1"]));
}
