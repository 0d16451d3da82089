//! Holidays from an `.ics` file (RFC 5545): all-day events, as dates of the calendar's own zone and never as instants (LESSONS 7).
//!
//! Everything is bounded, since such files come from elsewhere: bytes, events, days, and the work that a recurrence may take. An event that
//! cannot be understood is left out and named with its line, and costs nothing else (LESSONS 56).

mod error;
mod event;
mod span;
mod structure;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::Path;

use chrono::{Datelike as _, NaiveDate};
use sha2::{Digest as _, Sha256};

use crate::both;
use crate::text::Both;
use error::Cause;
pub use error::IcsError;
use event::{Event, Reading};

/// Files larger than this are not read.
const LARGEST_FILE: u64 = 1 << 20;
/// Days that one file may close.
const MOST_DAYS: usize = 5_000;
/// Days that its events may name in all, the same ones too; a file that names more has its later events left out.
const MOST_NAMED: usize = 10 * MOST_DAYS;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The days that it closes, with their names.
    pub days: BTreeMap<NaiveDate, String>,
    /// Events that close none.
    pub skipped: Vec<Skipped>,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
}

/// An event that closes no day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Why.
    pub why: WhySkipped,
}

/// Why an event closes no day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhySkipped {
    /// It has a time of day.
    Timed,
    /// It was cancelled.
    Cancelled,
    /// It cannot be understood.
    Odd(Odd),
}

/// What is wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd(Cause);

impl Skipped {
    fn odd(name: String, line: usize, cause: Cause) -> Self {
        Self { name, line, why: WhySkipped::Odd(Odd(cause)) }
    }

    /// In words.
    pub fn told(&self) -> Both {
        let (name, line) = (&self.name, self.line);
        match &self.why {
            WhySkipped::Timed => {
                both!("\"{name}\" (line {line}, has a time of day)", "«{name}» (línea {line}, tiene hora)")
            }
            WhySkipped::Cancelled => both!("\"{name}\" (line {line}, cancelled)", "«{name}» (línea {line}, cancelado)"),
            WhySkipped::Odd(Odd(cause)) => {
                let Both { en, es } = cause.told().0;
                both!("\"{name}\" (line {line}: {en})", "«{name}» (línea {line}: {es})")
            }
        }
    }
}

/// Reads a file, writing recurrences out for `years`.
///
/// # Errors
///
/// [`IcsError`], which names the line.
pub fn load(path: &Path, years: RangeInclusive<i32>) -> Result<Feed, IcsError> {
    let unreadable = |error: std::io::Error| IcsError::new(0, Cause::Unreadable(error.to_string()));
    // Asked before it is opened: opening a pipe waits for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(IcsError::new(0, Cause::NoFile));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .map_err(unreadable)?
        .take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if LARGEST_FILE < bytes.len() as u64 {
        return Err(IcsError::new(0, Cause::TooLarge));
    }
    read(&bytes, years)
}

/// Reads a file's bytes.
///
/// # Errors
///
/// [`IcsError`], which names the line: where it is no calendar, or one too large.
pub fn read(bytes: &[u8], years: RangeInclusive<i32>) -> Result<Feed, IcsError> {
    let digest = hex::encode(Sha256::digest(bytes));
    let structure::Frames { events: frames, cut: mut skipped } = structure::frames(bytes)?;
    let mut events = Vec::new();
    for frame in &frames {
        let line = frame.line;
        match frame.with(|component| Event::read(component, line)) {
            Some(Reading::Event(event)) => events.push(event),
            Some(Reading::Skipped(event)) => skipped.push(event),
            None => skipped.push(Skipped::odd("?".to_owned(), line, Cause::Malformed)),
        }
    }
    let mut days = BTreeMap::new();
    let moved: BTreeSet<(&str, NaiveDate)> =
        events.iter().filter_map(|event| Some((event.uid.as_str(), event.replaces?))).collect();
    let mut n_named = 0;
    for event in &events {
        if event.is_cancelled {
            skipped.push(Skipped { name: event.name.clone(), line: event.line, why: WhySkipped::Cancelled });
            continue;
        }
        let found =
            if n_named < MOST_NAMED { closed(event, &moved, &years, &mut n_named) } else { Err(Cause::TooMuchWork) };
        match found {
            Ok(dates) if days.len() + dates.len() <= MOST_DAYS => {
                for date in dates {
                    days.entry(date).or_insert_with(|| event.name.clone());
                }
            }
            Ok(_) => skipped.push(Skipped::odd(event.name.clone(), event.line, Cause::TooManyDays)),
            Err(cause) => skipped.push(Skipped::odd(event.name.clone(), event.line, cause)),
        }
    }
    skipped.sort_by_key(|skipped| skipped.line);
    Ok(Feed { days, skipped, digest })
}

/// The days that an event closes; how many it names, the same ones too, is added to `n_named`.
fn closed(
    event: &Event,
    moved: &BTreeSet<(&str, NaiveDate)>,
    years: &RangeInclusive<i32>,
    n_named: &mut usize,
) -> Result<BTreeSet<NaiveDate>, Cause> {
    let starts = event.starts(years).inspect_err(|cause| {
        // To find that out took as long as a full file.
        *n_named += if *cause == Cause::TooManyRecurrences { MOST_DAYS } else { 0 };
    })?;
    *n_named += starts.len() * event.n_days;
    if MOST_NAMED < starts.len() * event.n_days {
        return Err(Cause::TooManyDays);
    }
    let is_moved = |first: &NaiveDate| event.replaces.is_none() && moved.contains(&(event.uid.as_str(), *first));
    let firsts = starts.into_iter().filter(|first| !is_moved(first));
    let dates = firsts.flat_map(|first| first.iter_days().take(event.n_days));
    Ok(dates.filter(|date| years.contains(&date.year())).collect())
}
