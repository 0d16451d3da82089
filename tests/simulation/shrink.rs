//! From a plan that fails to the least that still does, and from that to a timeline for `tests/data/scenarios`.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::check::Failure;
use crate::desk::Summary;
use crate::plan::{By, Moment, Plan, Said, Turn, Verb, What};

/// Leaves out turns as long as the plan still fails by the same rule, larger pieces first, and writes the rest down.
pub fn shrink(mut plan: Plan, failure: &Failure, run: &mut dyn FnMut(&Plan) -> Result<Summary, Failure>) -> String {
    let mut last = failure.clone();
    let mut piece = plan.turns.len().div_ceil(2);
    while 0 < piece {
        let mut place = 0;
        while place < plan.turns.len() {
            let mut smaller = plan.clone();
            smaller.turns.drain(place..(place + piece).min(plan.turns.len()));
            match run(&smaller) {
                Err(failure) if failure.rule == last.rule && !smaller.turns.is_empty() => {
                    (plan, last) = (smaller, failure)
                }
                _ => place += piece,
            }
        }
        piece /= 2;
    }
    // Files that no edit takes any more.
    let n_edits = plan.turns.iter().filter(|turn| matches!(turn.what, What::Edit)).count();
    plan.files.truncate(1 + n_edits);
    timeline(&plan, &last)
}

fn timeline(plan: &Plan, failure: &Failure) -> String {
    let mut text = format!("# Seed {}: {failure}\n", plan.seed);
    for file in &plan.files {
        write!(text, "```toml\n{file}```\n").expect("a string");
    }
    for turn in &plan.turns {
        writeln!(text, "{}", line(turn)).expect("a string");
    }
    text
}

/// An instant as timelines write it, with its offset.
fn instant(at: DateTime<Utc>) -> String {
    format!(
        "{} {}+00:00",
        at.date_naive(),
        at.format(if at.timestamp_subsec_millis() == 0 { "%H:%M:%S" } else { "%H:%M:%S%.3f" })
    )
}

fn line(Turn { at, what }: &Turn) -> String {
    match what {
        What::Hear(said) => hear(said, *at),
        What::Edit => format!("{} reload", instant(*at)),
        What::Crash { when, down } => {
            let side = if *when == Moment::BeforeCommit { "before" } else { "after" };
            let comment = format!("# The process dies just {side} its next commit, for {} s.", down.num_seconds());
            if down.is_zero() {
                comment
            } else {
                format!("{comment}\ndown {} - {}", instant(*at), instant(*at + *down))
            }
        }
        What::Trouble { destination, trouble, lasts } => {
            let from = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("# From {from} on {destination} is in trouble ({trouble:?}) for {} s.", lasts.num_seconds())
        }
        What::Away { person, lasts, substitute } => {
            format!("{} away {person} {lasts} {}", instant(*at), substitute.unwrap_or("-"))
        }
        What::Back => format!("{} back", instant(*at)),
        What::SetClock { by } => {
            format!(
                "# At {} the wall clock is set by {} s.",
                at.to_rfc3339_opts(SecondsFormat::Secs, true),
                by.num_seconds()
            )
        }
    }
}

fn hear(said: &Said, heard_at: DateTime<Utc>) -> String {
    let Said { request, channel, happened_at, .. } = said;
    let by = match said.by {
        By::Client => "by \"Luisa\" <luisa@cliente.example>",
        By::Laura => "by laura <laura@casa.example>",
        By::Pedro => "by pedro <pedro@casa.example>",
        By::Stranger => "unproven by laura <laura@casa.example>",
        By::Bot => "by bot \"Robot\" <robot@casa.example>",
    };
    let words = match &said.verb {
        Verb::In => format!("message in {channel} #{request} {by} \"¿Hay noticias?\""),
        Verb::Out => format!("message out #{request} {by} \"Ya lo vemos\""),
        Verb::Thanks => format!("message in {channel} #{request} {by} \"Muchas gracias\""),
        Verb::WaitUntil(until) => format!("wait until {} #{request} {by}", instant(*until)),
        Verb::WaitOn => format!("wait on supplier #{request} {by} \"parts\""),
        Verb::Blame => format!("reason carrier #{request} {by}"),
        Verb::Approve(refuse) => format!("{} #{request} {by}", if *refuse { "refuse" } else { "approve" }),
        Verb::Waive => format!("waive #{request} {by}"),
        Verb::OpenTask => format!("open task {channel} #{request} {by}"),
        Verb::Own(owner) => format!("own {} #{request} {by}", owner.unwrap_or("none")),
        Verb::Wait => format!("wait #{request} {by} \"papers\""),
        Verb::Resume => format!("resume #{request} {by}"),
        Verb::Promise(minutes) => format!("promise within {minutes}m #{request} {by}"),
        Verb::Deliver => format!("deliver #{request} {by} \"done\""),
        Verb::Comment => format!("comment #{request} {by} \"noted\""),
        Verb::Close => format!("close #{request} {by} \"solved\""),
        Verb::Reopen => format!("reopen #{request} {by}"),
        Verb::Ack => format!("ack #{request} {by}"),
        Verb::Snooze(until) => format!("snooze until {} #{request} {by}", instant(*until)),
        Verb::Prioritise(priority) => format!("prioritise {priority} #{request} {by}"),
        Verb::Merge => format!("merge #{request} {by}"),
        Verb::Undo(number) => format!("undo simulation/{number} #{request} {by}"),
    };
    let heard = if heard_at == *happened_at { String::new() } else { format!(" heard {}", instant(heard_at)) };
    format!("{} {words} audience=client{heard}", instant(*happened_at))
}
