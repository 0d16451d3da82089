//! The page on which everything stands that the demo's receivers got, as its readers see it: mail as mail, chat as bubbles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::arrival::{Arrival, Received};
use crate::both;
use crate::config::Config;
use crate::text::printable::{printable, printable_line};
use crate::text::{Both, Language, format};

const TEMPLATE: &str = include_str!("index.html");

/// Writes `index.html` with what arrived, in its order; returns where.
pub(super) fn write(out: &Path, arrivals: &[Arrival], config: &Config, language: Language) -> anyhow::Result<PathBuf> {
    let path = out.join("index.html");
    std::fs::write(&path, page(arrivals, config, language)?).with_context(|| {
        let path = path.display();
        language.of(both!("cannot write {path}", "no se puede escribir {path}"))
    })?;
    Ok(path)
}

fn page(arrivals: &[Arrival], config: &Config, language: Language) -> anyhow::Result<String> {
    let n = arrivals.len();
    let mut n_by_reader: BTreeMap<String, usize> = BTreeMap::new();
    let mut days: Vec<(String, Vec<Value>)> = Vec::new();
    for arrival in arrivals {
        *n_by_reader.entry(reader(arrival, config)).or_default() += 1;
        let day = format::date(arrival.at.with_timezone(&config.zone).date_naive(), language);
        match days.last_mut() {
            Some((last, messages)) if *last == day => messages.push(message(arrival, config, language)),
            _ => days.push((day, vec![message(arrival, config, language)])),
        }
    }
    let mut environment = Environment::new();
    environment.add_template("index.html", TEMPLATE)?;
    let title = language.of(Both { en: "What was received in the demo", es: "Lo que se recibió en la demostración" });
    let lead = language.of(both!(
        "{n} messages of plazo's in a week of an agency and a courier desk, each as its readers see it.",
        "{n} mensajes de plazo en una semana de una agencia y una mesa de mensajería, cada uno como lo ven sus lectores."
    ));
    let readers: Vec<_> = n_by_reader.into_iter().map(|(name, n)| json!({ "name": name, "n": n })).collect();
    let days: Vec<_> = days.into_iter().map(|(name, messages)| json!({ "name": name, "messages": messages })).collect();
    let told = json!({ "lang": language.code(), "title": title, "lead": lead, "readers": readers, "days": days });
    Ok(environment.get_template("index.html")?.render(minijinja::Value::from(Serde(told)))?)
}

/// A person by name; else the address, or the channel.
fn reader(arrival: &Arrival, config: &Config) -> String {
    let person = config.rulebook.directory.person(&arrival.to).map(|person| config.name_of(&person.key).to_owned());
    person.unwrap_or_else(|| printable_line(&arrival.to))
}

fn message(arrival: &Arrival, config: &Config, language: Language) -> Value {
    let to = reader(arrival, config);
    let time = arrival.at.with_timezone(&config.zone).format("%H:%M").to_string();
    let subject = printable_line(&arrival.subject);
    let (by, raw) = match &arrival.content {
        Received::Mail(_) => {
            (Both { en: "mail to", es: "correo a" }, Both { en: "as it came (.eml)", es: "como llegó (.eml)" })
        }
        Received::Chat(_) => {
            (Both { en: "Slack, in", es: "Slack, en" }, Both { en: "as it came (.json)", es: "como llegó (.json)" })
        }
    };
    let mut message = json!({
        "time": time, "to": format!("{} {to}", language.of(by)), "file": arrival.file, "raw": language.of(raw),
    });
    match &arrival.content {
        Received::Mail(page) => {
            message["subject"] = json!(subject);
            message["page"] = json!(page);
        }
        Received::Chat(payload) => message["blocks"] = json!(blocks(payload)),
    }
    message
}

/// Sections of Slack's document, as far as plazo writes them.
fn blocks(payload: &Value) -> Vec<Value> {
    let section = |block: &Value| -> Option<Value> {
        if let Some(fields) = block["fields"].as_array() {
            let fields: Vec<_> = fields.iter().filter_map(|field| field["text"].as_str()).map(field).collect();
            return Some(json!({ "fields": fields }));
        }
        let text = plain(block["text"]["text"].as_str()?);
        let heading = text.strip_prefix('*').and_then(|text| text.strip_suffix('*'));
        Some(heading.map_or_else(|| json!({ "text": text }), |heading| json!({ "heading": heading })))
    };
    match payload["blocks"].as_array() {
        Some(blocks) => blocks.iter().filter_map(section).collect(),
        None => payload["text"].as_str().map(|text| json!({ "text": plain(text) })).into_iter().collect(),
    }
}

/// A label in bold, and its value below it.
fn field(text: &str) -> Value {
    let text = plain(text);
    let (label, value) = text.split_once('\n').unwrap_or(("", &text));
    json!({ "label": label.trim_matches('*'), "value": value })
}

/// Slack escapes three letters; the template does it again, for browsers.
fn plain(text: &str) -> String {
    printable(&html_escape::decode_html_entities(text)).into_owned()
}
