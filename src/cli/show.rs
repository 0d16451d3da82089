//! `plazo show`: a request with its clocks and its history.

use chrono::{DateTime, Local, TimeDelta, Utc};
use serde::Deserialize as _;
use serde_json::Value;

use super::client::Client;
use super::output::{self, DIM, YELLOW, state_style, styled};
use super::{Exit, Global, Look, Outcome, real_time};
use crate::both;
use crate::engine::clock::Cancelled;
use crate::engine::event::Author;
use crate::engine::proof::Proof;
use crate::text::{Both, Language, format, proof, vocabulary};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The request, such as R-17
    request: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let request = Client::reading(global)?.get(&format!("/v1/requests/{}", args.request)).await?;
    if args.json {
        return output::json(&request);
    }
    let look = global.look();
    summary(&request, look)?;
    for ticket in request["tickets"].as_array().into_iter().flatten() {
        let (destination, number) = (ticket["destination"].as_str(), ticket["reference"].as_str());
        output::line(&format!("  ticket       {} {}", destination.unwrap_or_default(), number.unwrap_or_default()))?;
    }
    output::line("")?;
    for entry in request["history"].as_array().into_iter().flatten() {
        let at = local(&entry["at"], look);
        let type_name = entry["type"].as_str().unwrap_or_default();
        let effects: Vec<_> = entry["effects"].as_array().into_iter().flatten().map(effect).collect();
        let who = who(entry, look);
        let who = if who.is_empty() { who } else { format!("  {}", styled(DIM, who)) };
        output::line(&format!("{}  {type_name:<10} {}{who}", styled(DIM, at), effects.join(", ")))?;
        if let Some(remedy) = remedy(entry, look.language) {
            output::line(&format!("{}  {}", " ".repeat(19), styled(YELLOW, remedy)))?;
        }
    }
    Ok(Exit::Done)
}

/// The request in a line, and a line a clock.
pub(super) fn summary(request: &Value, look: Look) -> anyhow::Result<()> {
    let language = look.language;
    let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
    let owner = request["owner"]
        .as_str()
        .map_or_else(|| language.of(Both { en: "no owner", es: "sin responsable" }).to_owned(), str::to_owned);
    let state = text("state");
    let parts = [text("channel"), client_of(request), text("subject"), owner];
    let known: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    output::line(&format!("{}  {}  {}", text("id"), styled(state_style(&state), &state), known.join(" · ")))?;
    for clock in request["clocks"].as_array().into_iter().flatten() {
        let state = clock["state"].as_str().unwrap_or_default();
        let rule = clock["rule"].as_str().map(|rule| format!(" ({rule})")).unwrap_or_default();
        let taken =
            if clock["acked_at"].is_null() { "" } else { language.of(Both { en: " · taken", es: " · tomado" }) };
        let ended = Cancelled::deserialize(&clock["cancelled_because"]).ok();
        let ended = ended.map(|why| format!(" · {}", vocabulary::cancelled(why, language))).unwrap_or_default();
        let kind = clock["kind"].as_str().unwrap_or_default();
        let due = if clock["due_at"].is_null() { String::new() } else { due(&clock["due_at"], state, look) };
        let padding = " ".repeat(10_usize.saturating_sub(state.len()));
        output::line(&format!(
            "  {kind:<12} {}{padding} {due}{rule}{taken}{ended}",
            styled(state_style(state), state)
        ))?;
    }
    for line in work(request, look) {
        output::line(&format!("  {line}"))?;
    }
    if !request["snoozed_until"].is_null() {
        let until = local(&request["snoozed_until"], look);
        output::line(&language.of(both!("  no alerts before {until}", "  sin avisos hasta {until}")))?;
    }
    Ok(())
}

/// What is known of the work besides its clocks.
fn work(request: &Value, look: Look) -> Vec<String> {
    let text = |field: &str| request[field].as_str().map(str::to_owned);
    let mut lines = Vec::new();
    if let Some(stage) = text("stage") {
        let number = text("number").map(|number| format!(" · {number}")).unwrap_or_default();
        lines.push(look.language.of(both!("stage {stage}{number}", "etapa {stage}{number}")));
    }
    if let Some(parent) = text("parent") {
        lines.push(look.language.of(both!("split off {parent}", "viene de {parent}")));
    }
    let blockers: Vec<_> = request["blocked_by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !blockers.is_empty() {
        let blockers = blockers.join(", ");
        lines.push(look.language.of(both!("waits for {blockers}", "espera a {blockers}")));
    }
    if !request["appointment_at"].is_null() {
        let at = local(&request["appointment_at"], look);
        lines.push(look.language.of(both!("appointment {at}", "cita {at}")));
    }
    lines
}

/// The client's person and company.
pub(super) fn client_of(request: &Value) -> String {
    let by = request["contact_by"].as_str().map(|by| format!(" <{by}>")).unwrap_or_default();
    match (request["contact"].as_str(), request["customer"].as_str()) {
        (Some(contact), Some(customer)) if contact != customer => format!("{contact}{by} ({customer})"),
        (Some(name), _) | (None, Some(name)) => format!("{name}{by}"),
        (None, None) => by.trim().to_owned(),
    }
}

/// When something is due, and how long that is from now.
pub(super) fn due(due_at: &Value, state: &str, look: Look) -> String {
    let Some(at) = parse(due_at) else { return String::new() };
    let instant = local(due_at, look);
    if !matches!(state, "running" | "breached" | "open") {
        return instant;
    }
    let left = at - real_time().now();
    let span = format::span(left.abs());
    look.language.of(if left < TimeDelta::zero() {
        both!("{instant}, {span} ago", "{instant}, hace {span}")
    } else {
        both!("{instant}, in {span}", "{instant}, en {span}")
    })
}

/// An instant of the answer, on the clock of the file's zone.
pub(super) fn local(value: &Value, look: Look) -> String {
    const FORM: &str = "%Y-%m-%d %H:%M:%S";
    let text = |at: DateTime<Utc>| match look.zone {
        Some(zone) => at.with_timezone(&zone).format(FORM).to_string(),
        None => at.with_timezone(&Local).format(FORM).to_string(),
    };
    parse(value).map(text).unwrap_or_default()
}

fn parse(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

/// Who did it, and how that is known.
fn who(entry: &Value, look: Look) -> String {
    let author: Option<Author> = serde_json::from_value(entry["author"].clone()).ok();
    let proof: Proof = serde_json::from_value(entry["proof"].clone()).unwrap_or_default();
    proof::told(author.as_ref(), &proof, look.zone.unwrap_or(chrono_tz::Tz::UTC), look.language)
}

/// What to configure so that such an event counts.
fn remedy(entry: &Value, language: Language) -> Option<String> {
    let is_unproven = entry["effects"].as_array()?.iter().any(|effect| effect["why"] == "unproven");
    match serde_json::from_value(entry["proof"].clone()) {
        Ok(Proof::None { lacks: Some(lacks) }) if is_unproven => Some(language.of(proof::remedy(lacks))),
        _ => None,
    }
}

/// An effect in a few words.
fn effect(effect: &Value) -> String {
    let name = effect["effect"].as_str().unwrap_or_default();
    let clock = effect["clock"]["kind"].as_str().unwrap_or_default();
    let detail = effect["rule"].as_str().or(effect["why"].as_str()).unwrap_or_default();
    [name, clock, detail].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
