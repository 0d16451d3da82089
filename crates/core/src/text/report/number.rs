//! Figures of a report in words.

use chrono::TimeDelta;

use crate::engine::working_time::WorkingTime;
use crate::text::{Language, format};

/// Elapsed time: `13 d 15 h`, as every span.
pub(super) fn elapsed(ms: i64) -> String {
    unbroken(&format::span(TimeDelta::milliseconds(ms)))
}

/// Working time in hours: a day of work is no day, and one of the two must not be read as the other.
pub(super) fn working(ms: i64) -> String {
    // Minutes beside a day's worth of hours are noise.
    let ms = if ms < 24 * 3_600_000 { ms } else { (ms + 1_800_000) / 3_600_000 * 3_600_000 };
    unbroken(&format::working_time(WorkingTime::of_open_stretch(TimeDelta::milliseconds(ms))))
}

/// In one unit, for the narrow columns of a table: `31 min`, `20,9 h`.
pub(super) fn compact(ms: i64, language: Language) -> String {
    match (ms / 60_000, (ms + 180_000) / 360_000) {
        (minutes, _) if minutes < 60 => format!("{minutes}\u{a0}min"),
        (_, tenths) if tenths % 10 == 0 || 1_000 <= tenths => format!("{}\u{a0}h", tenths / 10),
        (_, tenths) => format!("{}{}{}\u{a0}h", tenths / 10, point(language), tenths % 10),
    }
}

pub(super) fn signed(change: i64, size: &str) -> String {
    format!("{}{size}", if change < 0 { "−" } else { "+" })
}

/// `98,3 %`, of hundredths of a percent.
pub(super) fn percent(hundredth: u64, language: Language) -> String {
    format!("{}\u{a0}%", hundredths(hundredth, language))
}

/// `98,3`, or `98` where nothing follows.
pub(super) fn hundredths(hundredth: u64, language: Language) -> String {
    let tenths = (hundredth + 5) / 10;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}{}{tenth}", point(language)),
    }
}

/// `1,234 s` of plazo's own lateness, or a span where it is longer than a minute.
pub(super) fn lateness(ms: i64, language: Language) -> String {
    match ms {
        ms if ms < 60_000 => format!("{}{}{:03}\u{a0}s", ms / 1_000, point(language), ms.rem_euclid(1_000)),
        ms => elapsed(ms),
    }
}

pub(super) fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

const fn point(language: Language) -> char {
    match language {
        Language::Es => ',',
        Language::En => '.',
    }
}

fn unbroken(span: &str) -> String {
    span.replace(' ', "\u{a0}")
}
