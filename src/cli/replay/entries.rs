//! A replay's verdicts and alerts as lines, and their totals by policy.

use std::collections::BTreeMap;

use anstyle::Style;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::output::{self, BLUE, Column, DIM, GREEN, RED, Table, YELLOW, styled};
use crate::config::Config;
use crate::engine::clock::ClockState;
use crate::engine::directory::Recipient;
use crate::engine::effect::Why;
use crate::replay::{Entry, What};
use crate::text::printable::printable_line;
use crate::text::{Both, Language, format, verdict, vocabulary};

/// How often each came up under one policy.
#[derive(Debug, Default, Serialize)]
pub(super) struct Total {
    policy: String,
    kept: usize,
    kept_late: usize,
    broken: usize,
    early: usize,
    cancelled: usize,
    alerts: usize,
}

pub(super) fn totals(entries: &[&Entry]) -> Vec<Total> {
    let mut totals: BTreeMap<&str, Total> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.void) {
        let Some(policy) = entry.policy.as_deref() else { continue };
        let total = totals.entry(policy).or_insert_with(|| Total { policy: policy.to_owned(), ..Total::default() });
        *match entry.what {
            What::Met => &mut total.kept,
            What::MetLate { .. } => &mut total.kept_late,
            What::Breached => &mut total.broken,
            What::Early => &mut total.early,
            What::Cancelled { .. } => &mut total.cancelled,
            What::Alert { .. } => &mut total.alerts,
            What::Violation { .. } | What::Resumed { .. } => continue,
        } += 1;
    }
    totals.into_values().collect()
}

pub(super) fn print(entries: &[&Entry], config: &Config) -> anyhow::Result<()> {
    let width = entries.iter().map(|entry| entry.request.to_string().len()).max().unwrap_or_default();
    let instant = entries.iter().map(|entry| local(entry.at, config).chars().count()).max().unwrap_or_default();
    output::lines(entries.iter().map(|entry| line(entry, (instant, width), config)))?;
    let totals = totals(entries);
    if totals.is_empty() {
        return Ok(());
    }
    let figure = Column::NUMBER;
    let mut table = Table::new(
        config.language.of(Both {
            en: ["policy", "kept", "kept late", "broken", "early", "cancelled", "alerts"],
            es: ["política", "cumplidos", "cumplidos tarde", "vencidos", "antes de tiempo", "cancelados", "avisos"],
        }),
        [Column::text(10), figure, figure, figure, figure.leaves(1), figure.leaves(2), figure],
    );
    for total in totals {
        let counts = [total.kept, total.kept_late, total.broken, total.early, total.cancelled, total.alerts];
        table.add_row([total.policy].into_iter().chain(counts.map(|n| n.to_string())));
    }
    output::line("")?;
    output::line(&table.to_string())
}

fn line(entry: &Entry, (instant, width): (usize, usize), config: &Config) -> String {
    let language = config.language;
    let (style, word, detail) = told(&entry.what, config);
    let promise = entry.promise.map(|kind| vocabulary::task(kind, language)).unwrap_or_default();
    let policy = entry.policy.as_deref().map(|policy| format!(" ({policy})")).unwrap_or_default();
    let seen = entry.noticed_at.map(|at| {
        let at = local(at, config);
        language.of(crate::both!(" · noticed {at}", " · visto el {at}"))
    });
    let void = if entry.void { language.of(Both { en: " · no longer holds", es: " · ya no vale" }) } else { "" };
    let parts = [format!("{promise}{policy}"), printable_line(&detail)];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!(
        "{}  {:<width$}  {}{}  {}{}{void}",
        styled(DIM, format!("{:<instant$}", local(entry.at, config))),
        entry.request.to_string(),
        styled(style, word),
        " ".repeat(widest(language).saturating_sub(word.chars().count())),
        parts.join(": "),
        seen.unwrap_or_default(),
    )
}

/// The length of the longest word of [`told`].
const fn widest(language: Language) -> usize {
    match language {
        Language::Es => "antes de tiempo".len(),
        Language::En => "kept late".len(),
    }
}

/// The colour, the word and what else there is to say.
fn told(what: &What, config: &Config) -> (Style, &'static str, String) {
    let language = config.language;
    let state = |state| verdict::state(state, language);
    match what {
        What::Met => (GREEN, state(ClockState::Met), String::new()),
        What::MetLate { due_at } => {
            let due = due_at.map(|at| local(at, config)).unwrap_or_default();
            (YELLOW, state(ClockState::MetLate), language.of(crate::both!("due {due}", "vencía {due}")))
        }
        What::Early => (BLUE, language.of(Both { en: "early", es: "antes de tiempo" }), String::new()),
        What::Breached => (RED, state(ClockState::Breached), String::new()),
        What::Cancelled { why } => {
            (Style::new(), state(ClockState::Cancelled), verdict::cancelled(*why, language).to_owned())
        }
        What::Violation { rule, who } => {
            let who = who.as_deref().map(|who| format!(" ({})", person(who, config))).unwrap_or_default();
            let broken = language.of(Both { en: "against rule", es: "contra la regla" });
            (RED, language.of(Both { en: "violation", es: "falta" }), format!("{broken} {rule}{who}"))
        }
        What::Resumed { recipients } => {
            let word = language.of(Both { en: "goes on", es: "sigue" });
            let names: Vec<_> = recipients.iter().map(|recipient| name(recipient, config)).collect();
            let ended = language.of(Both { en: "its wait ended by itself", es: "terminó sola su espera" });
            (BLUE, word, format!("{ended} → {}", names.join(", ")))
        }
        What::Alert { step, why, recipients, late } => {
            let names: Vec<_> = recipients.iter().map(|recipient| name(recipient, config)).collect();
            let late = if *late { language.of(Both { en: ", late", es: ", tarde" }) } else { "" };
            let style = if matches!(why, Why::Breach | Why::Escalation) { RED } else { YELLOW };
            let step = crate::cli::route::step(step, language);
            let detail = format!("{} ({step}{late}) → {}", vocabulary::why(*why, language), names.join(", "));
            (style, language.of(Both { en: "alert", es: "aviso" }), detail)
        }
    }
}

/// A recipient as people write it.
pub(in crate::cli) fn name(recipient: &Recipient, config: &Config) -> String {
    match recipient {
        Recipient::Person(key) => person(key, config),
        Recipient::Destination(name) => name.clone(),
    }
}

fn person(word: &str, config: &Config) -> String {
    config.rulebook.directory.person(word).map_or_else(|| word.to_owned(), |person| person.name.clone())
}

/// An instant on the clock of the file's zone.
pub(in crate::cli) fn local(at: DateTime<Utc>, config: &Config) -> String {
    format::instant(at, config.zone, config.language)
}
