//! `plazo show`: a request with its clocks and its history.

use anstyle::Style;
use serde::Deserialize as _;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::client::Client;
use super::look::Look;
use super::output::{self, BLUE, DIM, GREEN, RED, YELLOW, state_style, styled};
use super::{Exit, Global, Outcome};
use crate::both;
use crate::engine::clock::{Cancelled, ClockState};
use crate::engine::policy::TargetKind;
use crate::text::history::{HistoryTone, Line};
use crate::text::{Both, vocabulary};

/// However narrow the terminal, the history has so much room.
const NARROWEST: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The request, such as R-17
    request: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let client = Client::reading(global)?;
    let look = global.look_of(&client).await;
    let request = client.get(&format!("/v1/requests/{}?language={}", args.request, look.language.code())).await?;
    if args.json {
        return output::json(&request);
    }
    let language = look.language;
    summary(&request, look)?;
    for ticket in request["tickets"].as_array().into_iter().flatten() {
        let destination = ticket["destination"].as_str().unwrap_or_default();
        let number = ticket["reference"].as_str().unwrap_or_default();
        output::line(&format!(
            "  {}",
            language.of(both!("ticket {destination} {number}", "ticket {destination} {number}"))
        ))?;
    }
    if let Some(link) = request["link"].as_str() {
        output::line(&language.of(both!("  conversation: {link}", "  conversación: {link}")))?;
    }
    output::line("")?;
    let lines: Vec<Line> = serde_json::from_value(request["told"].clone()).unwrap_or_default();
    history(&lines, look)?;
    Ok(Exit::Done)
}

/// The history: when in front, what behind, wrapped at words under itself.
fn history(lines: &[Line], look: Look) -> anyhow::Result<()> {
    let when = |line: &Line| look.when(&json!(line.at));
    let widest = lines.iter().map(|line| when(line).width()).max().unwrap_or_default();
    let room = output::width().unwrap_or(usize::MAX).saturating_sub(widest + 2).max(NARROWEST);
    for line in lines {
        let text = match &line.door {
            Some(door) => format!("{} · {door}", line.text),
            None => line.text.clone(),
        };
        let style = match line.tone {
            HistoryTone::Plain => Style::new(),
            HistoryTone::Good => GREEN,
            HistoryTone::Bad => RED,
            HistoryTone::Warning => YELLOW,
            HistoryTone::Told => BLUE,
        };
        let when = when(line);
        for (row, text) in output::wrapped(&text, room).into_iter().enumerate() {
            let when = if row == 0 { when.as_str() } else { "" };
            let padding = " ".repeat(widest.saturating_sub(when.width()));
            output::line(&format!("{}{padding}  {}", styled(DIM, when), styled(style, text)))?;
        }
    }
    Ok(())
}

/// The request in a line, and a line a clock.
pub(super) fn summary(request: &Value, look: Look) -> anyhow::Result<()> {
    let language = look.language;
    let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
    let owner = request["owner"]
        .as_str()
        .map_or_else(|| language.of(Both { en: "no owner", es: "sin responsable" }).to_owned(), str::to_owned);
    let state = text("state");
    let parts = [vocabulary::channel(&text("channel"), language), client_of(request), text("subject"), owner];
    let known: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let word = vocabulary::request_state(&state, language);
    let head = [text("id"), word.to_owned()].iter().map(|part| part.width() + 2).sum();
    flowing(&format!("{}  {}  ", text("id"), styled(state_style(&state), word)), head, &known.join(" · "))?;
    let clocks: Vec<_> = request["clocks"].as_array().into_iter().flatten().map(|clock| Row::of(clock, look)).collect();
    let widest = |of: fn(&Row) -> &str| clocks.iter().map(|row| of(row).width()).max().unwrap_or_default();
    let (task, state) = (widest(|row| row.task), widest(|row| row.state));
    for row in &clocks {
        let padded = |text: &str, cells: usize| " ".repeat(cells.saturating_sub(text.width()));
        let head = format!(
            "  {}{}  {}{}  ",
            row.task,
            padded(row.task, task),
            styled(row.style, row.state),
            padded(row.state, state)
        );
        flowing(&head, task + state + 6, &row.more)?;
    }
    for line in work(request, look) {
        flowing("  ", 2, &line)?;
    }
    if !request["snoozed_until"].is_null() {
        let until = local(&request["snoozed_until"], look);
        output::line(&language.of(both!("  no alerts before {until}", "  sin avisos hasta {until}")))?;
    }
    Ok(())
}

/// A line whose end is wrapped at words under itself; its beginning takes so many cells.
fn flowing(head: &str, cells: usize, text: &str) -> anyhow::Result<()> {
    let room = output::width().unwrap_or(usize::MAX).saturating_sub(cells).max(NARROWEST);
    for (row, text) in output::wrapped(text, room).into_iter().enumerate() {
        let indent = " ".repeat(cells);
        output::line(format!("{}{text}", if row == 0 { head } else { &indent }).trim_end())?;
    }
    Ok(())
}

/// A clock in a line.
struct Row {
    task: &'static str,
    state: &'static str,
    style: Style,
    more: String,
}

impl Row {
    fn of(clock: &Value, look: Look) -> Self {
        let language = look.language;
        let kind = clock["kind"].as_str().and_then(TargetKind::from_word);
        let state = ClockState::deserialize(&clock["state"]).ok();
        let word = clock["state"].as_str().unwrap_or_default();
        let rule = clock["rule"].as_str().map(|rule| format!("({rule})"));
        let until = Some(&clock["acked_until"]).filter(|until| !until.is_null()).map(|until| look.when(until));
        let taken = (!clock["acked_at"].is_null()).then(|| match until {
            Some(until) => language.of(both!("· taken until {until}", "· tomado hasta {until}")),
            None => language.of(both!("· taken", "· tomado")),
        });
        let ended = Cancelled::deserialize(&clock["cancelled_because"]).ok();
        let ended = ended.map(|why| format!("· {}", vocabulary::cancelled(why, language)));
        let due = Some(due(&clock["due_at"], word, look)).filter(|due| !due.is_empty());
        let parts: Vec<_> = [due, rule, taken, ended].into_iter().flatten().collect();
        Self {
            task: kind.map_or("–", |kind| vocabulary::task(kind, language)),
            state: state.map_or("–", |state| vocabulary::state(state, language)),
            style: state_style(word),
            more: parts.join(" "),
        }
    }
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
    let instant = look.when(due_at);
    if instant.is_empty() || !matches!(state, "running" | "breached" | "open") {
        return instant;
    }
    format!("{instant}, {}", look.distance(due_at))
}

/// An instant of the answer as people say it.
pub(super) fn local(value: &Value, look: Look) -> String {
    look.when(value)
}
