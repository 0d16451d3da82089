//! From which day an event goes on for how many.

use std::sync::LazyLock;

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _};
use icalendar::parser::Component;
use regex::Regex;

use super::error::Cause;

/// Days that one event may last.
const LONGEST: i64 = 366;
/// How Exchange and others mark a whole day that they write with times.
const WHOLE_DAY: [&str; 3] =
    ["X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY"];

/// An instant as the file writes it: a day, perhaps with a time of day.
struct Stamp {
    date: NaiveDate,
    time: Option<NaiveTime>,
}

/// The event's first day and its length in days; none if it has a time of day.
///
/// From midnight to midnight is a whole day, on the date as written. Where the file marks a whole day, a time is midnight in another zone,
/// and the nearest midnight is meant.
pub(super) fn of(component: &Component<'_>) -> Result<Option<(NaiveDate, usize)>, Cause> {
    let value = |name: &str| component.find_prop(name).map(|property| property.val.as_str().trim());
    let start = value("DTSTART").filter(|start| !start.is_empty()).ok_or(Cause::NoStart)?;
    let start_at = stamp(start).ok_or_else(|| Cause::BadDate(start.to_owned()))?;
    let is_date = component.find_prop("DTSTART").is_some_and(|property| {
        let kind = property.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("VALUE"));
        kind.and_then(|kind| kind.val.as_ref()).is_some_and(|kind| kind.as_str().eq_ignore_ascii_case("DATE"))
    });
    let is_marked = WHOLE_DAY
        .iter()
        .any(|name| value(name).is_some_and(|word| matches!(word.to_ascii_uppercase().as_str(), "TRUE" | "1")));
    let end = value("DTEND").filter(|end| !end.is_empty());
    let end_at = end.map(|end| stamp(end).ok_or_else(|| Cause::BadLength(end.to_owned()))).transpose()?;
    let length = value("DURATION").filter(|_| end.is_none()).map(duration).transpose()?;
    let is_midnight = |time: Option<NaiveTime>| time.is_none_or(|time| time == NaiveTime::MIN);
    if is_marked && !is_midnight(start_at.time) {
        let first = nearest(&start_at);
        let after = end_at.map_or_else(|| first.checked_add_days(Days::new(1)), |end| Some(nearest(&end)));
        return checked(first, after.map_or(1, |after| days_between(first, after)));
    }
    let ends_at_midnight = |end: &Stamp| is_midnight(end.time) || end.time.is_some_and(is_last_minute);
    let is_whole = is_date
        || is_marked
        || start_at.time.is_none()
        || is_midnight(start_at.time)
            && end_at.as_ref().is_none_or(ends_at_midnight)
            && length.is_none_or(|length| length.num_seconds() % 86_400 == 0);
    if !is_whole {
        return Ok(None);
    }
    let first = start_at.date;
    let n_days = match (end_at, length) {
        // A day is ended by the midnight after it; what has a later time takes up that day too.
        (Some(end), _) => days_between(first, end.date) + i64::from(!is_midnight(end.time)),
        (None, Some(length)) => (length + TimeDelta::days(1) - TimeDelta::seconds(1)).num_days(),
        (None, None) => 1,
    };
    // Some write the same day as the end of a day.
    checked(first, if n_days == 0 { 1 } else { n_days })
}

fn checked(first: NaiveDate, n_days: i64) -> Result<Option<(NaiveDate, usize)>, Cause> {
    let is_sound = (1..=LONGEST).contains(&n_days);
    let sound = usize::try_from(n_days).ok().filter(|_| is_sound);
    sound.map(|n_days| Some((first, n_days))).ok_or_else(|| Cause::BadLength(format!("{n_days} days")))
}

fn days_between(first: NaiveDate, after: NaiveDate) -> i64 {
    (after - first).num_days()
}

fn is_last_minute(time: NaiveTime) -> bool {
    (time.hour(), time.minute()) == (23, 59)
}

fn nearest(stamp: &Stamp) -> NaiveDate {
    let is_evening = stamp.time.is_some_and(|time| 12 <= time.hour());
    stamp.date.checked_add_days(Days::new(u64::from(is_evening))).unwrap_or(stamp.date)
}

/// A day of eight digits that exists.
pub(super) fn date(word: &str) -> Option<NaiveDate> {
    let word = word.trim();
    let is_date = word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    NaiveDate::parse_from_str(word, "%Y%m%d").ok().filter(|date| is_date && 0 < date.year())
}

/// A day, or a day and a time; a time that is left out after its `T` is none.
fn stamp(word: &str) -> Option<Stamp> {
    let word = word.trim_end_matches(['Z', 'z']);
    let Some((day, time)) = word.split_once(['T', 't']) else { return Some(Stamp { date: date(word)?, time: None }) };
    let day = date(day)?;
    if time.is_empty() {
        return Some(Stamp { date: day, time: None });
    }
    let at = NaiveDateTime::parse_from_str(&format!("{}T{time}", day.format("%Y%m%d")), "%Y%m%dT%H%M%S").ok()?;
    Some(Stamp { date: day, time: Some(at.time()) })
}

static DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\+?P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?$").ok()
});

/// A length of weeks, days and times of day (RFC 5545 §3.3.6).
fn duration(word: &str) -> Result<TimeDelta, Cause> {
    let bad = || Cause::BadLength(word.to_owned());
    let parts = DURATION.as_ref().and_then(|pattern| pattern.captures(word)).ok_or_else(bad)?;
    let seconds = [604_800, 86_400, 3_600, 60, 1].iter().enumerate().map(|(index, unit)| {
        let n: i64 = parts.get(index + 1).and_then(|n| n.as_str().parse().ok()).unwrap_or(0);
        n * unit
    });
    Ok(TimeDelta::seconds(seconds.sum()))
}
