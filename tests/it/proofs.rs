//! Which act needs which proof: the table of `docs/proofs.md`, and that of `docs/comprobaciones.md`, is made here from what the engine and the
//! doors do, and `UPDATE_EXPECT=1` rewrites both.

use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use plazo::config;
use plazo::engine::effect::{Effect, Ignored};
use plazo::engine::event::{Event, Fact};
use plazo::engine::proof::{Lack, Proof, is_act};
use plazo::engine::request::Request;
use plazo::engine::request_id::RequestId;
use plazo::engine::{self, Input};
use plazo::intake::json;
use serde_json::{Value, json};

/// A page with the table, in its language.
struct Page {
    path: &'static str,
    heading: &'static str,
    columns: &'static str,
    /// A word of the table in the page's language.
    word: fn(&'static str) -> &'static str,
}

const PAGES: [Page; 2] = [
    Page {
        path: "docs/proofs.md",
        heading: "## The table",
        columns: "| what | nothing | token with `ingest` | token with `operate`; root, plazo's own user | a source's signature | a mail that the own server vouches for, or of the sent folder | press of a button | link of an alert | answer to an alert's mail |",
        word: std::convert::identity,
    },
    Page {
        path: "docs/comprobaciones.md",
        heading: "## La tabla",
        columns: "| qué | nada | clave con `ingest` | clave con `operate`; root, el usuario de plazo | la firma de una fuente | un correo por el que responde el servidor propio, o de la carpeta de enviados | un botón oprimido | enlace de un aviso | respuesta al correo de un aviso |",
        word: spanish,
    },
];

fn spanish(word: &'static str) -> &'static str {
    match word {
        "taken" => "cuenta",
        "kept, changes nothing" => "se guarda, no cambia nada",
        "refused" => "se rechaza",
        "a client's message" => "el mensaje de un cliente",
        "an answer of the house" => "una respuesta de la casa",
        "a message among colleagues" => "un mensaje entre colegas",
        other => other,
    }
}

const FILE: &str = "language = \"en\"\ntimezone = \"America/Bogota\"\noperator = \"ana\"\n\
    [person.ana]\nname = \"Ana\"\nemail = \"ana@agencia.example\"\n\
    [[policy]]\nname = \"w\"\nmatch = { channel = \"whatsapp\" }\nreply = { within = \"20m\", escalation = \"e\" }\n\
    deliver = { within = \"48h\", escalation = \"e\" }\n[escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n";

fn now() -> DateTime<Utc> {
    "2026-03-02T15:00:00Z".parse().expect("an instant")
}

fn event(fields: Value, proof: Proof) -> Event {
    let (mut event, _) = json::event(fields, "test", now()).expect("an event");
    event.proof = proof;
    event
}

/// An event of each type, with what it needs; a message in each direction.
fn events() -> Vec<(&'static str, Value)> {
    let of = |kind: &str, mut fields: Value| {
        fields["id"] = json!("x");
        fields["type"] = json!(kind);
        fields["channel"] = json!("whatsapp");
        fields
    };
    let agent = json!({"name": "Ana", "address": "ana@agencia.example", "kind": "agent"});
    vec![
        (
            "a client's message",
            of(
                "message",
                json!({"direction": "in", "author": {"name": "Rosa", "kind": "customer"}, "text": "¿Y bien?"}),
            ),
        ),
        ("open", of("open", json!({"author": {"name": "Rosa", "kind": "customer"}}))),
        ("resume", of("resume", json!({}))),
        ("reopen", of("reopen", json!({}))),
        ("call_dropped", of("call_dropped", json!({}))),
        ("escalate", of("escalate", json!({"reason": "sube"}))),
        ("an answer of the house", of("message", json!({"direction": "out", "author": agent, "text": "Sale hoy."}))),
        (
            "a message among colleagues",
            of("message", json!({"direction": "internal", "author": agent, "text": "¿Quién lo ve?"})),
        ),
        ("undelivered", of("undelivered", json!({"of": "a"}))),
        ("comment", of("comment", json!({"text": "nota"}))),
        ("log", of("log", json!({"person": "Rosa"}))),
        ("deliver", of("deliver", json!({}))),
        ("tag", of("tag", json!({"tags": ["vip"]}))),
        ("move", of("move", json!({"to": "ventas"}))),
        ("prioritise", of("prioritise", json!({"to": "low"}))),
        ("schedule", of("schedule", json!({"within": "2h"}))),
        ("held", of("held", json!({}))),
        ("call_made", of("call_made", json!({}))),
        ("follow_up", of("follow_up", json!({}))),
        ("replica", of("replica", json!({}))),
        ("split", of("split", json!({"parts": ["a"]}))),
        ("stage", of("stage", json!({"to": "done"}))),
        ("unblock", of("unblock", json!({}))),
        ("ack", of("ack", json!({}))),
        ("snooze", of("snooze", json!({"for": "1h"}))),
        ("waive", of("waive", json!({}))),
        ("undo", of("undo", json!({"of": "cli/1"}))),
        ("own", of("own", json!({"owner": "ana"}))),
        ("wait", of("wait", json!({"reason": "papeles"}))),
        ("promise", of("promise", json!({"within": "90h"}))),
        ("block", of("block", json!({"blocker": "R-9"}))),
        ("close", of("close", json!({}))),
        ("merge", of("merge", json!({}))),
    ]
}

/// What the engine makes of an event on a request that waits for an answer: whether it is believed.
fn is_taken(fields: &Value, proof: Proof) -> bool {
    let loaded = config::read("sla.toml".as_ref(), FILE.to_owned());
    let rulebook = loaded.config.expect("a file").rulebook;
    let asked = event(
        json!({"id": "q", "type": "message", "direction": "in", "channel": "whatsapp", "author": {"name": "Rosa", "kind": "customer"}, "text": "Hola"}),
        Proof::NONE,
    );
    let waiting = engine::advance(&Request::unopened(RequestId(1)), &rulebook, Input::Event(&asked), now()).request;
    let outcome = engine::advance(&waiting, &rulebook, Input::Event(&event(fields.clone(), proof)), now());
    let is_unproven = outcome.effects.contains(&Effect::Ignored { why: Ignored::Unproven });
    if is_unproven {
        // It left no trace but in the history.
        let same = Request { last_event_at: outcome.request.last_event_at, ..waiting.clone() };
        assert_eq!(outcome.request, same, "{fields}");
    }
    !is_unproven
}

fn fact(fields: &Value) -> Fact {
    event(fields.clone(), Proof::NONE).fact
}

/// What each way of coming makes of an event.
fn cells(name: &str, fields: &Value) -> [&'static str; 8] {
    let taken = |taken: bool| if taken { "taken" } else { "kept, changes nothing" };
    let fact = fact(fields);
    let by = |deeds: &[&str]| if deeds.contains(&name) { "taken" } else { "–" };
    let is_mail = matches!(fact, Fact::Message { .. } | Fact::Undelivered { .. });
    let vouched = if is_mail { taken(is_taken(fields, Proof::Server { name: "mx".to_owned() })) } else { "–" };
    [
        taken(is_taken(fields, Proof::None { lacks: Some(Lack::NoServer) })),
        if is_act(&fact) { "refused" } else { taken(is_taken(fields, Proof::Token { name: "crm".to_owned() })) },
        taken(is_taken(fields, Proof::Machine { user: Some("root".to_owned()) })),
        taken(is_taken(fields, Proof::Signed)),
        vouched,
        by(&["ack", "snooze"]),
        by(&["ack", "snooze", "waive"]),
        by(&["ack", "snooze", "waive", "comment"]),
    ]
}

#[test]
fn the_table_of_acts_and_proofs_says_what_is_so() {
    for Page { path, heading, columns, word } in PAGES {
        let rule = "| --- | --- | --- | --- | --- | --- | --- | --- | --- |";
        let mut table = format!("{heading}\n\n{columns}\n{rule}\n");
        for (name, fields) in events() {
            let shown = if name.contains(' ') { word(name).to_owned() } else { format!("`{name}`") };
            writeln!(table, "| {shown} | {} |", cells(name, &fields).map(word).join(" | ")).expect("a string");
        }
        let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (before, written) = text.split_once(heading).expect("the heading of the table");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&page, format!("{before}{table}")).expect("written");
            continue;
        }
        assert_eq!(
            format!("{heading}{written}"),
            table,
            "{path}: UPDATE_EXPECT=1 rewrites the table; look at the difference"
        );
    }
}

/// What stops a client's clock, takes, puts off, gives away, closes, excuses or takes back needs a proof; what only starts one needs none.
#[test]
fn what_starts_a_clock_needs_no_proof_and_what_stops_one_does() {
    const STARTS: [&str; 6] = ["a client's message", "open", "resume", "reopen", "call_dropped", "escalate"];
    for (name, fields) in events() {
        assert_eq!(is_taken(&fields, Proof::NONE), STARTS.contains(&name), "{name}");
        assert!(is_taken(&fields, Proof::Unrecorded), "{name}: what was written before proofs counts as it did");
    }
}
