//! What the first line of an answer to an alert asks for.

use chrono::TimeDelta;
use plazo::intake::reply::{Wish, wish};

/// As `intake::reply` has it.
const LONGEST: TimeDelta = TimeDelta::days(7);

pub fn hold(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = wish(&text);
    if let Some(Wish::Snooze(span)) = found {
        assert!(TimeDelta::zero() < span && span <= LONGEST, "{span}");
    }
    // The line says it alone: nothing that stands below adds to it or takes from it.
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    assert_eq!(line.and_then(wish), found);
}
