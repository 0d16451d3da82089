//! Holidays from an `.ics` file (RFC 5545): all-day events, as dates of the calendar's own zone and never as instants (LESSONS 7).
//!
//! Everything is bounded, since such files come from elsewhere: bytes, events, days, and the work that a recurrence may take.

mod error;
mod event;
mod structure;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::Path;

use chrono::{Datelike as _, NaiveDate};
use icalendar::parser::{read_calendar, unfold};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhySkipped {
    /// It has a time of day.
    Timed,
    /// It was cancelled.
    Cancelled,
}

impl Skipped {
    /// In words.
    pub fn told(&self) -> Both {
        let (name, line) = (&self.name, self.line);
        match self.why {
            WhySkipped::Timed => {
                both!("\"{name}\" (line {line}, has a time of day)", "«{name}» (línea {line}, tiene hora)")
            }
            WhySkipped::Cancelled => both!("\"{name}\" (line {line}, cancelled)", "«{name}» (línea {line}, cancelado)"),
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
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        IcsError::new(1 + before.iter().filter(|byte| **byte == b'\n').count(), Cause::NotUtf8)
    })?;
    read(&text, years)
}

/// Reads a file's text.
///
/// # Errors
///
/// [`IcsError`], which names the line.
pub fn read(text: &str, years: RangeInclusive<i32>) -> Result<Feed, IcsError> {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    // Ends of lines of several systems in one file are read as if they were of one.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let lines = structure::event_lines(&text)?;
    let unfolded = unfold(&text);
    let calendar = read_calendar(&unfolded).map_err(|_| IcsError::new(1, Cause::Malformed))?;
    let components = calendar.components.iter().filter(|component| component.name == "VEVENT");
    let mut skipped = Vec::new();
    let mut events = Vec::new();
    for (component, line) in components.zip(lines) {
        match Event::read(component, line)? {
            Reading::Event(event) => events.push(event),
            Reading::Skipped(event) => skipped.push(event),
        }
    }
    let mut days = BTreeMap::new();
    let moved: BTreeSet<(&str, NaiveDate)> =
        events.iter().filter_map(|event| Some((event.uid.as_str(), event.replaces?))).collect();
    for event in &events {
        if event.is_cancelled {
            skipped.push(Skipped { name: event.name.clone(), line: event.line, why: WhySkipped::Cancelled });
            continue;
        }
        for first in event.starts(&years)? {
            if event.replaces.is_none() && moved.contains(&(event.uid.as_str(), first)) {
                continue;
            }
            let dates = first.iter_days().take(event.n_days).filter(|date| years.contains(&date.year()));
            for date in dates {
                days.entry(date).or_insert_with(|| event.name.clone());
            }
            if MOST_DAYS < days.len() {
                return Err(IcsError::new(event.line, Cause::TooManyDays));
            }
        }
    }
    Ok(Feed { days, skipped, digest })
}
