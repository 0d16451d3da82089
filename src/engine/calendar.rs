//! Calendars: which instants are working time, and where a budget of working time ends.
//!
//! A calendar computes in its own zone and answers in UTC. An interval across a clock change is as long as it really was;
//! a wall-clock edge that a change skips stands at the change, one that a change repeats stands at its first occurrence.
//! Reading hours from text is `config`'s business.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::working_time::WorkingTime;

/// The longest stretch without an open hour that a search walks through, in days.
const LONGEST_CLOSURE: u32 = 366;
/// The most days that one search walks through altogether; about a century.
const LONGEST_SEARCH: u32 = 36_600;
const DAY_SECONDS: u32 = 86_400;

/// Why a calendar has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No open hour within 366 days.
    #[error("calendar `{calendar}` has no open hour within {LONGEST_CLOSURE} days of {from}")]
    NeverOpen {
        /// The calendar's name.
        calendar: String,
        /// Where the search stood.
        from: NaiveDate,
    },
    /// The answer lies beyond what is computed: more than a century ahead, or outside chrono's range.
    #[error("calendar `{calendar}`: the instant lies too far ahead to be computed")]
    TooFar {
        /// The calendar's name.
        calendar: String,
    },
}

/// One stretch of open wall-clock time within a date, half-open, in seconds since midnight; `end` may be 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    start: u32,
    end: u32,
}

impl Hours {
    /// Hours from `start` to `end`, both in seconds since midnight. `None` unless `start < end <= 24:00`.
    pub const fn new(start: u32, end: u32) -> Option<Self> {
        if start < end && end <= DAY_SECONDS { Some(Self { start, end }) } else { None }
    }

    /// The whole date, midnight to midnight.
    pub const WHOLE_DAY: Self = Self { start: 0, end: DAY_SECONDS };

    /// Opening, in seconds since midnight.
    pub const fn start(self) -> u32 {
        self.start
    }

    /// Closing, in seconds since midnight.
    pub const fn end(self) -> u32 {
        self.end
    }
}

/// How days are counted by a day-based limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// Only days with open hours count.
    #[default]
    WorkingDays,
    /// Every date counts.
    CalendarDays,
}

/// A zone, weekly hours, and dates whose hours differ from their week's.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    name: String,
    zone: Tz,
    /// Monday first; each day's hours sorted and disjoint.
    week: [Vec<Hours>; 7],
    /// Dates that replace their weekday's hours; empty hours mean closed.
    exceptions: BTreeMap<NaiveDate, Vec<Hours>>,
}

/// An open stretch in UTC, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Calendar {
    /// A calendar from its parts. Overlapping hours of a day are united.
    pub fn new(
        name: impl Into<String>,
        zone: Tz,
        week: [Vec<Hours>; 7],
        exceptions: BTreeMap<NaiveDate, Vec<Hours>>,
    ) -> Self {
        let week = week.map(united);
        let exceptions = exceptions.into_iter().map(|(date, hours)| (date, united(hours))).collect();
        Self { name: name.into(), zone, week, exceptions }
    }

    /// The calendar that is open at every instant.
    pub fn always(name: impl Into<String>, zone: Tz) -> Self {
        Self::new(name, zone, std::array::from_fn(|_| vec![Hours::WHOLE_DAY]), BTreeMap::new())
    }

    /// The name under which `sla.toml` defines it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone of its wall clock.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// Whether no date at all changes its all-day week.
    pub fn is_always_open(&self) -> bool {
        self.exceptions.is_empty() && self.week.iter().all(|hours| hours == &[Hours::WHOLE_DAY])
    }

    /// Whether `date` has open hours, by the week or by exception.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        !self.hours_on(date).is_empty()
    }

    /// Returns the instant at which `budget` of working time, counted from `start`, has run out.
    ///
    /// Only open hours are spent; a `start` outside them counts from the next opening. Where the budget ends exactly
    /// at closing time, the answer is that closing, not the next opening: an hour from 17:00, closing at 18:00, is due
    /// at 18:00. A budget of zero ends at `start`, or at the next opening where `start` is closed.
    ///
    /// Rules: A2, A4, C10.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] if no open hour comes within 366 days, or the answer lies more than a century ahead.
    pub fn due_at(&self, start: DateTime<Utc>, budget: WorkingTime) -> Result<DateTime<Utc>, CalendarError> {
        if self.is_always_open() {
            return start.checked_add_signed(budget.as_elapsed()).ok_or_else(|| self.too_far());
        }
        let mut left = budget;
        for stretch in self.stretches_from(start) {
            let stretch = stretch?;
            let open = WorkingTime::of_open_stretch(stretch.end - stretch.start);
            if left <= open {
                return Ok(stretch.start + left.as_elapsed());
            }
            left = left - open;
        }
        Err(self.too_far())
    }

    /// The working time from `from` up to `to`; zero if `to` is not after `from`.
    pub fn open_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> WorkingTime {
        if to <= from {
            return WorkingTime::ZERO;
        }
        if self.is_always_open() {
            return WorkingTime::of_open_stretch(to - from);
        }
        self.stretches_from(from)
            .map_while(Result::ok)
            .take_while(|stretch| stretch.start < to)
            .map(|stretch| WorkingTime::of_open_stretch(stretch.end.min(to) - stretch.start))
            .fold(WorkingTime::ZERO, |sum, open| sum + open)
    }

    /// Whether `at` lies in open hours.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.stretches_from(at).next().is_some_and(|next| next.is_ok_and(|stretch| stretch.start == at))
    }

    /// The first open instant at or after `at`.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] if none comes within 366 days.
    pub fn next_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        self.due_at(at, WorkingTime::ZERO)
    }

    /// The opening of day `day`, where the date of `start` is day 0 (rule D2).
    ///
    /// Counting calendar days, a date without open hours is answered with the next opening after its midnight.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] as for [`Calendar::due_at`].
    pub fn opening_of_day(
        &self,
        start: DateTime<Utc>,
        day: u32,
        counting: Counting,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let date = self.nth_day(start, day, counting)?;
        let opening = self.hours_on(date).first().map_or(0, |hours| hours.start);
        self.next_opening(self.instant(date, opening))
    }

    /// The same wall-clock time `days` days after `start`, or the next opening where that is closed.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] as for [`Calendar::due_at`].
    pub fn days_later(
        &self,
        start: DateTime<Utc>,
        days: u32,
        counting: Counting,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let date = self.nth_day(start, days, counting)?;
        let local = NaiveDateTime::new(date, start.with_timezone(&self.zone).time());
        match counting {
            Counting::CalendarDays => Ok(self.to_utc(local)),
            Counting::WorkingDays => self.next_opening(self.to_utc(local)),
        }
    }

    /// The date in the calendar's zone that bears number `day`, the date of `start` being day 0.
    fn nth_day(&self, start: DateTime<Utc>, day: u32, counting: Counting) -> Result<NaiveDate, CalendarError> {
        let first = start.with_timezone(&self.zone).date_naive();
        if counting == Counting::CalendarDays {
            return first.checked_add_days(chrono::Days::new(day.into())).ok_or_else(|| self.too_far());
        }
        let mut date = first;
        let mut found = 0;
        let mut closed = 0;
        while found < day {
            date = date.succ_opt().ok_or_else(|| self.too_far())?;
            if self.is_working_day(date) {
                found += 1;
                closed = 0;
            } else {
                closed += 1;
                if closed > LONGEST_CLOSURE {
                    return Err(CalendarError::NeverOpen { calendar: self.name.clone(), from: first });
                }
            }
        }
        Ok(date)
    }

    fn hours_on(&self, date: NaiveDate) -> &[Hours] {
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.exceptions.get(&date).unwrap_or(&self.week[weekday])
    }

    /// The open stretches from `start` on, the first cut off at `start`. Ends with an error, never silently before one.
    fn stretches_from(&self, start: DateTime<Utc>) -> impl Iterator<Item = Result<Stretch, CalendarError>> + '_ {
        let mut date = start.with_timezone(&self.zone).date_naive();
        let first = date;
        let mut next_hours = 0;
        let mut n_closed = 0;
        let mut n_days = 0;
        std::iter::from_fn(move || {
            loop {
                if let Some(hours) = self.hours_on(date).get(next_hours) {
                    next_hours += 1;
                    let open = self.instant(date, hours.start).max(start);
                    let close = self.instant(date, hours.end);
                    if open < close {
                        n_closed = 0;
                        return Some(Ok(Stretch { start: open, end: close }));
                    }
                    continue;
                }
                next_hours = 0;
                n_closed += 1;
                n_days += 1;
                if n_closed > LONGEST_CLOSURE {
                    return Some(Err(CalendarError::NeverOpen { calendar: self.name.clone(), from: first }));
                }
                match date.succ_opt() {
                    Some(next) if n_days <= LONGEST_SEARCH => date = next,
                    _ => return Some(Err(self.too_far())),
                }
            }
        })
    }

    fn instant(&self, date: NaiveDate, second: u32) -> DateTime<Utc> {
        self.to_utc(NaiveDateTime::new(date, NaiveTime::MIN) + TimeDelta::seconds(second.into()))
    }

    fn to_utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.zone.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
            MappedLocalTime::None => self.end_of_gap(local),
        }
    }

    /// The instant of the clock change that skips `local`: the first whose wall clock shows `local` or later.
    fn end_of_gap(&self, local: NaiveDateTime) -> DateTime<Utc> {
        // Offsets lie within a day of UTC, and a zone skips a day at most, so the change lies within two days.
        let mut before = local.and_utc() - TimeDelta::days(2);
        let mut after = local.and_utc() + TimeDelta::days(2);
        while after - before > TimeDelta::seconds(1) {
            let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
            if middle.with_timezone(&self.zone).naive_local() < local { before = middle } else { after = middle }
        }
        after
    }

    fn too_far(&self) -> CalendarError {
        CalendarError::TooFar { calendar: self.name.clone() }
    }
}

/// The same hours sorted, with overlapping and touching ones united.
fn united(mut hours: Vec<Hours>) -> Vec<Hours> {
    hours.sort();
    let mut united: Vec<Hours> = Vec::with_capacity(hours.len());
    for next in hours {
        match united.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => united.push(next),
        }
    }
    united
}
