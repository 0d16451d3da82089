//! One event: its first day, its length, its recurrences.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone as _};
use icalendar::parser::{Component, Property};
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use super::error::Cause;
use super::{Skipped, WhySkipped, span};
use crate::text::format;

/// Recurrences of one event that are written out.
const MOST_RECURRENCES: u16 = 5_000;
const LONGEST_NAME: usize = 80;
/// A whole day recurs by days at the shortest (RFC 5545 §3.3.10).
const TOO_OFTEN: [&str; 3] = ["SECONDLY", "MINUTELY", "HOURLY"];

/// An all-day event.
pub(super) struct Event {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) uid: String,
    pub(super) is_cancelled: bool,
    /// The recurrence that it takes the place of.
    pub(super) replaces: Option<NaiveDate>,
    pub(super) n_days: usize,
    first: NaiveDate,
    rules: Vec<String>,
    further: Vec<NaiveDate>,
    except: BTreeSet<NaiveDate>,
}

/// What an event turned out to be.
pub(super) enum Reading {
    Event(Event),
    Skipped(Skipped),
}

/// The event's name, on one line.
pub(super) fn name(component: &Component<'_>) -> String {
    let name = component.find_prop("SUMMARY").map(|summary| summary.val.clone().unescape_text().to_string());
    let name = format::one_line(&name.unwrap_or_default(), LONGEST_NAME);
    if name.is_empty() { "?".to_owned() } else { name }
}

impl Event {
    pub(super) fn read(component: &Component<'_>, line: usize) -> Reading {
        let name = name(component);
        let skipped = |why| Reading::Skipped(Skipped { name: name.clone(), line, why });
        match Self::of(component, &name, line) {
            Ok(Some(event)) => Reading::Event(event),
            Ok(None) => skipped(WhySkipped::Timed),
            Err(cause) => Reading::Skipped(Skipped::odd(name, line, cause)),
        }
    }

    /// None if it has a time of day.
    fn of(component: &Component<'_>, name: &str, line: usize) -> Result<Option<Self>, Cause> {
        let value = |name: &str| component.find_prop(name).map(|property| property.val.as_str().trim());
        let Some((first, n_days)) = span::of(component)? else { return Ok(None) };
        let dates = |name: &str| -> Result<Vec<NaiveDate>, Cause> {
            let properties = component.properties.iter().filter(|property| is_named(property, name));
            let words = properties.flat_map(|property| property.val.as_str().split(','));
            let words = words.map(str::trim).filter(|word| !word.is_empty());
            // An exception is often written with a time although the event has none.
            let read = |word: &str| span::date(word.get(..8).unwrap_or(word));
            words.map(|word| read(word).ok_or_else(|| Cause::BadDate(word.to_owned()))).collect()
        };
        let rules = component.properties.iter().filter(|property| is_named(property, "RRULE"));
        let rules = rules.map(|rule| rule.val.as_str().trim().to_owned()).filter(|rule| !rule.is_empty());
        Ok(Some(Self {
            n_days,
            uid: value("UID").unwrap_or_default().to_owned(),
            is_cancelled: value("STATUS")
                .is_some_and(|status| ["CANCELLED", "CANCELED"].iter().any(|word| status.eq_ignore_ascii_case(word))),
            replaces: dates("RECURRENCE-ID")?.first().copied(),
            rules: rules.collect(),
            further: dates("RDATE")?,
            except: dates("EXDATE")?.into_iter().collect(),
            first,
            name: name.to_owned(),
            line,
        }))
    }

    /// The first days of the event and its recurrences, those before and after `years` left out.
    pub(super) fn starts(&self, years: &RangeInclusive<i32>) -> Result<Vec<NaiveDate>, Cause> {
        let is_excepted = |date: &NaiveDate| self.except.contains(date);
        let mut starts: Vec<_> = [self.first].into_iter().chain(self.further.iter().copied()).collect();
        for rule in &self.rules {
            starts.extend(self.recurrences(rule, years)?);
            if usize::from(MOST_RECURRENCES) < starts.len() {
                return Err(Cause::TooManyRecurrences);
            }
        }
        starts.retain(|date| !is_excepted(date));
        Ok(starts)
    }

    fn recurrences(&self, rule: &str, years: &RangeInclusive<i32>) -> Result<Vec<NaiveDate>, Cause> {
        let fail = Cause::BadRule;
        // RFC 5545 knows only ASCII here, and `rrule` cuts between bytes.
        if !rule.is_ascii() || TOO_OFTEN.iter().any(|often| rule.to_ascii_uppercase().contains(often)) {
            return Err(fail(rule.to_owned()));
        }
        // A date is counted at midnight UTC, which no clock change touches, and read back as a date.
        let at_midnight = |date: NaiveDate| -> Option<DateTime<Tz>> {
            Tz::UTC.from_local_datetime(&date.and_time(NaiveTime::MIN)).single()
        };
        let bound = |year: i32, month, day| NaiveDate::from_ymd_opt(year, month, day).and_then(at_midnight);
        let start = at_midnight(self.first).ok_or_else(|| fail(rule.to_owned()))?;
        // An end by date, as all-day events have it, wants a time beside our start.
        let rule = with_time(rule);
        let parsed: RRule<Unvalidated> = rule.parse().map_err(|error: rrule::RRuleError| fail(error.to_string()))?;
        let parsed = parsed.validate(start).map_err(|error| fail(error.to_string()))?;
        let mut set = RRuleSet::new(start).rrule(parsed).limit();
        if let (Some(after), Some(before)) = (bound(*years.start(), 1, 1), bound(*years.end(), 12, 31)) {
            set = set.after(after).before(before);
        }
        let found = set.all(MOST_RECURRENCES);
        if found.limited {
            return Err(Cause::TooManyRecurrences);
        }
        Ok(found.dates.iter().map(DateTime::date_naive).collect())
    }
}

/// The rule as the library reads it for days: `UNTIL=20261231` or with any time as `UNTIL=20261231T000000Z`, without blanks and without what
/// says no more than that the calendar is ours (RFC 7529).
fn with_time(rule: &str) -> String {
    let rule: String = rule.chars().filter(|letter| !letter.is_whitespace()).collect();
    let parts = rule.split(';').filter(|part| !part.is_empty()).filter_map(|part| match part.split_once('=') {
        Some((key, value)) if key.eq_ignore_ascii_case("UNTIL") && value.is_char_boundary(8) => {
            Some(format!("UNTIL={}T000000Z", value.get(..8).unwrap_or(value)))
        }
        Some((key, value)) if key.eq_ignore_ascii_case("RSCALE") && value.eq_ignore_ascii_case("GREGORIAN") => None,
        Some((key, _)) if key.eq_ignore_ascii_case("SKIP") => None,
        _ => Some(part.to_owned()),
    });
    parts.collect::<Vec<_>>().join(";")
}

fn is_named(property: &Property<'_>, name: &str) -> bool {
    property.name.as_str().eq_ignore_ascii_case(name)
}
