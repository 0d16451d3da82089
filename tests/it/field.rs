//! Public cases: mail and messages as people reported them, each a sample of its kind, with siblings written anew. Data in
//! `tests/data/field`; what is expected stands beside them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use plazo::config;
use plazo::intake::email::{self, House};
use plazo::intake::json;
use plazo::intake::source::Source;
use serde_json::{Value, json};

use crate::support::data;

fn place(name: &str) -> PathBuf {
    data("field").join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(place(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn rows(name: &str) -> Vec<Value> {
    serde_json::from_slice(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn now() -> DateTime<Utc> {
    "2026-11-28T12:00:00Z".parse().expect("an instant")
}

fn member<'v>(event: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(event, |value, key| &value[key])
}

/// What of an event is not as it should be. A list stands for any of its members, but where a list is meant.
fn wrong(event: &Value, expect: &Value) -> Vec<String> {
    const LISTS: [&str; 3] = ["threads", "failed", "recipients"];
    let fields = expect.as_object().expect("an object").iter();
    let found =
        fields.filter(|(field, _)| !matches!(field.as_str(), "events" | "first")).filter_map(|(field, meant)| {
            let (path, contains) = field.strip_suffix('~').map_or((field.as_str(), false), |path| (path, true));
            let got = member(event, path);
            let fits = match meant {
                Value::Array(any) if !LISTS.contains(&path) => any.contains(got),
                Value::String(part) if contains => got.as_str().is_some_and(|text| text.contains(part.as_str())),
                meant => got == meant,
            };
            (!fits).then(|| format!("{path}: expected {meant}, got {got}"))
        });
    found.collect()
}

#[track_caller]
fn all_right(found: Vec<String>) {
    assert!(found.is_empty(), "{} are wrong:\n{}", found.len(), found.join("\n"));
}

fn mail(raw: &[u8], trusts: &[String]) -> Value {
    let is_own = |address: &str| address.ends_with("@agencia.example");
    let house = House { is_own: &is_own, trusts, is_sent: false, folder: None, received_at: None, now: now() };
    let event = email::read(raw, &house).expect("a mail");
    let mut json = json::write(&event);
    json["proof"] = serde_json::to_value(&event.proof).expect("JSON");
    json
}

/// LESSONS 41, 42, 44, 45.
#[test]
fn lessons_41_to_45_who_wrote_to_whom_is_read_from_mail_as_it_is_written() {
    let judge = |row: &Value| {
        let file = row["file"].as_str().expect("a file");
        let found = wrong(&mail(&read(file), &[]), &row["expect"]);
        found.into_iter().map(|what| format!("{file}: {what}")).collect::<Vec<_>>()
    };
    all_right(rows("mail.json").iter().flat_map(judge).collect());
}

/// Mail of seven typical houses as it lies in their mailboxes: what the own server vouches for, what it does not, what is forged.
#[test]
fn lessons_41_the_mailbox_s_own_server_vouches_for_mail_of_the_house_and_nobody_else() {
    let judge = |row: &Value| {
        let file = row["file"].as_str().expect("a file");
        let trusts: Vec<String> = serde_json::from_value(row["trusts"].clone()).expect("names");
        let mut event = mail(&read(&format!("houses/{file}")), &trusts);
        let is_vouched = event["proof"]["by"] == "server";
        event["proof"] = json!(if is_vouched { "vouched" } else { "none" });
        wrong(&event, &row["expect"]).into_iter().map(|what| format!("{file}: {what}")).collect::<Vec<_>>()
    };
    all_right(rows("houses/index.json").iter().flat_map(judge).collect());
}

/// Without a named server no mail that bears an address of the house is believed, whatever it says of itself.
#[test]
fn without_a_named_server_nothing_vouches_for_mail_of_the_house() {
    for row in rows("houses/index.json") {
        let file = row["file"].as_str().expect("a file");
        let event = mail(&read(&format!("houses/{file}")), &[]);
        let is_returned = event["type"] == "undelivered";
        assert!(is_returned || event["proof"]["by"] == "none", "{file}: {}", event["proof"]);
    }
}

fn sources() -> BTreeMap<String, (Source, config::Config)> {
    let mut text = String::from_utf8(read("sla.toml")).expect("UTF-8");
    text += include_str!("../data/field/sources.toml");
    let loaded = config::read("sla.toml".as_ref(), text);
    let explained = loaded.explain(false);
    let config = loaded.config.unwrap_or_else(|| panic!("{explained}"));
    let each = config
        .sources
        .iter()
        .map(|(name, settings)| (name.clone(), (Source::without_secrets(settings.clone()), config.clone())));
    each.collect()
}

/// LESSONS 46, 47, 48: the chat alone says whether a message is private; a number beside it names the writer; one number is one.
#[test]
fn lessons_46_to_48_chats_and_help_desks_tell_who_wrote_where() {
    let sources = sources();
    let judge = |row: &Value| {
        let file = row["file"].as_str().expect("a file");
        let (source, config) = &sources[row["source"].as_str().expect("a source")];
        let on = row["on"].as_str().unwrap_or("hook");
        let directory = &config.rulebook.directory;
        let facts = source.try_out(on, &read(file), directory, now()).expect("a payload");
        let events: Vec<Value> = (facts.events.iter())
            .map(|(event, request)| {
                let mut json = json::write(event);
                json["request"] = json!(request.map(|id| id.to_string()));
                json
            })
            .collect();
        let (expect, mut found) = (&row["expect"], Vec::new());
        if let Some(n) = expect["events"].as_u64().filter(|n| *n != events.len() as u64) {
            found.push(format!("{n} events expected, got {}: {events:?}", events.len()));
        }
        match events.first() {
            Some(event) if expect["first"].is_object() => found.extend(wrong(event, &expect["first"])),
            Some(event) => found.extend(wrong(event, expect)),
            None => {}
        }
        if let Some(ignored) = row["ignored"].as_bool().filter(|ignored| *ignored == facts.ignored.is_empty()) {
            found.push(format!("ignored: expected {ignored}, got {:?}", facts.ignored));
        }
        found.extend(facts.faults.iter().map(|fault| fault.words().en));
        found.into_iter().map(|what| format!("{file}: {what}")).collect::<Vec<_>>()
    };
    all_right(rows("chat.json").iter().flat_map(judge).collect());
}

/// What no rule knows is not heard, whatever system it claims to come from.
#[test]
fn a_payload_in_no_known_form_is_nothing_to_any_preset() {
    let mut found = Vec::new();
    for (name, (source, config)) in &sources() {
        for payload in ["{}", "[]", "null", "\"hola\"", "5", "{\"foo\": 1}"] {
            let Ok(facts) = source.try_out("hook", payload.as_bytes(), &config.rulebook.directory, now()) else {
                continue;
            };
            if !facts.events.is_empty() || !facts.ignored.is_empty() {
                found.push(format!("{name}: {payload} gives {:?} and {:?}", facts.events, facts.ignored));
            }
        }
    }
    all_right(found);
}
