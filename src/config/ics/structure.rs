//! The frame of a file: what begins also ends. Found line by line, so that what is wrong has a place.

use super::error::{Cause, IcsError};

/// An alarm in an event in a calendar is three deep; this is more than anything has.
const DEEPEST: usize = 8;
const MOST_EVENTS: usize = 10_000;

/// The lines, from 1, on which the calendar's events begin.
pub(super) fn event_lines(text: &str) -> Result<Vec<usize>, IcsError> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut events = Vec::new();
    let mut n_calendars = 0;
    for (number, line) in (1..).zip(text.lines()) {
        // What begins with a space goes on with the line before.
        let (key, name) = line.split_once(':').unwrap_or_default();
        let name = name.trim().to_ascii_uppercase();
        if key.eq_ignore_ascii_case("BEGIN") {
            match open.len() {
                0 if name == "VCALENDAR" => n_calendars += 1,
                0 => return Err(IcsError::new(number, Cause::NoCalendar)),
                1 if name == "VEVENT" => events.push(number),
                DEEPEST.. => return Err(IcsError::new(number, Cause::TooDeep)),
                _ if name == "VEVENT" || name == "VCALENDAR" => return Err(IcsError::new(number, Cause::Nested)),
                _ => {}
            }
            open.push((name, number));
        } else if key.eq_ignore_ascii_case("END") {
            match open.pop() {
                Some((begun, _)) if begun == name => {}
                _ => return Err(IcsError::new(number, Cause::EndsUnbegun)),
            }
        } else if open.is_empty() && !line.trim().is_empty() {
            return Err(IcsError::new(number, Cause::NoCalendar));
        }
        if MOST_EVENTS < events.len() {
            return Err(IcsError::new(number, Cause::TooManyEvents));
        }
    }
    match open.last() {
        Some((name, number)) => Err(IcsError::new(*number, Cause::Cut(name.clone()))),
        None if n_calendars == 0 => Err(IcsError::new(1, Cause::NoCalendar)),
        None if n_calendars > 1 => Err(IcsError::new(1, Cause::ManyCalendars)),
        None => Ok(events),
    }
}
