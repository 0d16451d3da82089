//! `plazo replay`: recorded events through a file of promises in virtual time, or what changes from one file to another.

mod changes;
mod entries;
mod source;
mod span;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::output::{self, YELLOW, styled};
use super::{Exit, Global, Outcome, is_styled, real_time};
use crate::both;
use crate::config::{self, Config};
use crate::replay::{self, Difference, Run, Untaken, Window};
use crate::text::printable::printable_line;
use crate::text::{Both, Language};
use source::Recorded;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Events to play, one a line in the form of docs/events.md [default: the journal of the data directory]
    #[arg(long, value_name = "FILE.ndjson")]
    events: Option<PathBuf>,
    /// Show what falls on or after this, such as 2026-03-02, "mon 08:00" or -3d, in the file's zone; what came before is played
    /// silently
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    from: Option<String>,
    /// Play to the end of this date, or up to this instant [default: the last event of a file; now for the journal]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    to: Option<String>,
    /// Show what changes from that file to the one of --config
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How often the bar is told, in events.
const BAR_STEP: usize = 256;
/// Events without a part in the replay that are named; the rest is counted.
const MOST_NAMED: usize = 5;

#[derive(Serialize)]
struct Played<'a> {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    n_events: usize,
    n_requests: usize,
    not_taken: Vec<NotTaken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<&'a replay::Entry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Vec<entries::Total>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a Difference>,
}

/// An event without a part in the replay.
#[derive(Serialize)]
struct NotTaken {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    event: String,
    why: &'static str,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let config = usable(&global.config)?;
    let against = args.against.as_deref().map(usable).transpose()?;
    let recorded = match &args.events {
        Some(path) => source::file(path, config.language)?,
        None => source::journal(global)?,
    };
    let Some(begins_at) = recorded.heard.iter().map(|heard| heard.event.at).min() else {
        return Err(global.error(both!(
            "there is nothing to replay: no event is recorded",
            "no hay nada que repasar: no hay eventos grabados"
        )));
    };
    let last_at = recorded.heard.last().map_or(begins_at, |heard| heard.heard_at);
    let now = real_time().now();
    let ends_at = if args.events.is_some() { last_at } else { last_at.max(now) };
    let window = span::window(args.from.as_deref(), args.to.as_deref(), (begins_at, ends_at), &config, now)?;
    let (before, after) = play(against.as_ref(), &config, &recorded, window);
    let difference = before.map(|before| Difference::new(&before, &after, window));
    let shown: Vec<_> = after.entries.iter().filter(|entry| window.contains(entry.at)).collect();
    if args.json {
        let is_plain = difference.is_none();
        return output::json(&Played {
            from: window.from,
            to: window.to,
            n_events: recorded.heard.len(),
            n_requests: after.n_requests,
            not_taken: not_taken(&after, &recorded).collect(),
            totals: is_plain.then(|| entries::totals(&shown)),
            entries: is_plain.then_some(shown),
            difference: difference.as_ref(),
        });
    }
    match &difference {
        Some(difference) => changes::print(difference, &config, window)?,
        None => entries::print(&shown, &config)?,
    }
    output::line(&closing(&after, &recorded, window, &config))?;
    warn_of_untaken(&after, &recorded, config.language);
    Ok(Exit::Done)
}

fn usable(path: &Path) -> anyhow::Result<Config> {
    let loaded = config::load(path)?;
    let explained = || {
        let (mistakes, path) = (loaded.explain(is_styled()), path.display());
        anyhow!(loaded.language.of(both!(
            "{mistakes}\n{path} cannot be used; see plazo check",
            "{mistakes}\n{path} no se puede usar; vea plazo check"
        )))
    };
    loaded.config.clone().ok_or_else(explained)
}

/// Plays the events by both files at once.
fn play(against: Option<&Config>, config: &Config, recorded: &Recorded, window: Window) -> (Option<Run>, Run) {
    let bar = ProgressBar::new(recorded.heard.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let end = window.to - TimeDelta::milliseconds(1);
    let shown = |n: usize| {
        if n.is_multiple_of(BAR_STEP) {
            bar.set_position(n as u64);
        }
    };
    let played = std::thread::scope(|scope| {
        let other = against.map(|config| scope.spawn(|| replay::play(config, &recorded.heard, end, |_| ())));
        let run = replay::play(config, &recorded.heard, end, shown);
        let other = other.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (other, run)
    });
    bar.finish_and_clear();
    played
}

/// What was played, and whether something is left open at the end.
fn closing(run: &Run, recorded: &Recorded, window: Window, config: &Config) -> String {
    let events = match recorded.heard.len() {
        1 => both!("1 event", "1 evento"),
        n => both!("{n} events", "{n} eventos"),
    };
    let requests = match run.n_requests {
        1 => both!("1 request", "1 solicitud"),
        n => both!("{n} requests", "{n} solicitudes"),
    };
    let until = entries::local(window.to - TimeDelta::milliseconds(1), config);
    let n_open = run.clocks.iter().filter(|(_, clock)| clock.is_live()).count();
    let open = match n_open {
        0 => Both { en: String::new(), es: String::new() },
        n => both!(
            "; promises still open: {n} (--to plays on)",
            "; promesas aún abiertas: {n} (con --to se llega más lejos)"
        ),
    };
    let language = config.language;
    let (events, requests, open) = (language.of(events), language.of(requests), language.of(open));
    language.of(both!("{events}, {requests}, until {until}{open}", "{events}, {requests}, hasta {until}{open}"))
}

fn not_taken<'a>(run: &'a Run, recorded: &'a Recorded) -> impl Iterator<Item = NotTaken> + 'a {
    run.untaken.iter().map(|&(place, why)| NotTaken {
        line: recorded.lines.get(place).copied(),
        event: recorded.heard[place].event.id.to_string(),
        why: match why {
            Untaken::Duplicate => "duplicate",
            Untaken::Unfiled => "unfiled",
            Untaken::UnknownRequest => "unknown_request",
            Untaken::NoChannel => "missing_channel",
        },
    })
}

/// Says on standard error which events had no part in it, and why.
fn warn_of_untaken(run: &Run, recorded: &Recorded, language: Language) {
    let text = |untaken: &NotTaken| {
        let (event, line) = (&untaken.event, untaken.line.unwrap_or_default());
        let why = language.of(match untaken.why {
            "duplicate" => Both { en: "its id was there already", es: "su id ya estaba" },
            "unfiled" => Both {
                en: "an automatic answer to no known request",
                es: "una respuesta automática a ninguna solicitud conocida",
            },
            "unknown_request" => Both {
                en: "it belongs to no known request; give its thread and channel as the first event of its request does",
                es: "no es de ninguna solicitud conocida; dele el thread y el channel del primer evento de su solicitud",
            },
            _ => Both { en: "`channel` is missing", es: "falta `channel`" },
        });
        printable_line(&language.of(both!("line {line}, {event}: {why}", "línea {line}, {event}: {why}")))
    };
    let all = run.untaken.len();
    for untaken in not_taken(run, recorded).take(MOST_NAMED) {
        anstream::eprintln!("{}", styled(YELLOW, text(&untaken)));
    }
    if MOST_NAMED < all {
        let n = all - MOST_NAMED;
        anstream::eprintln!("{}", language.of(both!("and {n} more events not taken", "y {n} eventos más sin tomar")));
    }
}
