//! Calendars: which instants are working time, and where a budget of working time ends.
//!
//! A calendar computes in its own zone and answers in UTC. An interval across a clock change is as long as it really was;
//! a wall-clock edge that a change skips stands at the change, one that a change repeats stands at its first occurrence.
//! Reading hours from text is `config`'s business; `walk` finds open stretches week by week, `zone` places wall-clock times.

mod days;
mod walk;
pub mod zone;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::working_time::WorkingTime;
pub use days::Day;
use walk::Walk;

/// The name of the calendar that every file has, which never closes.
pub const ALWAYS: &str = "always";

/// The longest stretch without an open hour that a search walks through, in days.
const LONGEST_CLOSURE: i64 = 366;
/// Later instants are not computed: a wall clock could not show them.
const LAST_YEAR: i32 = 9_999;
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

/// Why a date does not follow its week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The file names it closed.
    Closed,
    /// The file gives it hours of its own.
    Open,
    /// A holiday, by its name in both languages.
    Holiday {
        /// In English.
        en: Arc<str>,
        /// In Spanish.
        es: Arc<str>,
    },
}

/// A date whose hours differ from its week's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its hours; none where it is closed.
    pub hours: Vec<Hours>,
    /// Why it differs.
    pub reason: Reason,
}

/// A zone, weekly hours, and dates whose hours differ from their week's.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    name: String,
    zone: Tz,
    /// Monday first; each day's hours sorted and disjoint.
    week: [Vec<Hours>; 7],
    /// What a week without exception and without clock change has.
    open_in_week: WorkingTime,
    /// Dates that replace their weekday's hours.
    exceptions: BTreeMap<NaiveDate, Exception>,
}

/// An open stretch, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its first open instant.
    pub start: DateTime<Utc>,
    /// Its first closed one.
    pub end: DateTime<Utc>,
}

impl Calendar {
    /// A calendar from its parts. Overlapping hours of a day are united.
    pub fn new(
        name: impl Into<String>,
        zone: Tz,
        week: [Vec<Hours>; 7],
        mut exceptions: BTreeMap<NaiveDate, Exception>,
    ) -> Self {
        let week = week.map(united);
        for exception in exceptions.values_mut() {
            exception.hours = united(std::mem::take(&mut exception.hours));
        }
        let open: u32 = week.iter().flatten().map(|hours| hours.end - hours.start).sum();
        Self { name: name.into(), zone, week, open_in_week: WorkingTime::seconds(open.into()), exceptions }
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
            let due_at = start.checked_add_signed(budget.as_elapsed());
            return due_at.filter(|at| at.year() <= LAST_YEAR).ok_or_else(|| self.too_far());
        }
        let mut left = budget;
        for week in Walk::from(self, start) {
            let week = week?;
            if let Some(open) = week.whole(start)
                && open < left
            {
                left = left - open;
                continue;
            }
            for stretch in week.stretches(start) {
                let open = WorkingTime::of_open_stretch(stretch.end - stretch.start);
                if left <= open {
                    return Ok(stretch.start + left.as_elapsed());
                }
                left = left - open;
            }
        }
        Err(self.too_far())
    }

    /// The working time from `from` up to `to`; zero if `to` is not after `from`. Of more than a century, the first one's.
    pub fn open_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> WorkingTime {
        if to <= from {
            return WorkingTime::ZERO;
        }
        if self.is_always_open() {
            return WorkingTime::of_open_stretch(to - from);
        }
        let mut sum = WorkingTime::ZERO;
        for week in Walk::from(self, from).map_while(Result::ok).take_while(|week| week.starts_before(to)) {
            match week.whole(from).filter(|_| week.ends_by(to)) {
                Some(open) => sum = sum + open,
                None => {
                    for stretch in week.stretches(from).take_while(|stretch| stretch.start < to) {
                        sum = sum + WorkingTime::of_open_stretch(stretch.end.min(to) - stretch.start);
                    }
                }
            }
        }
        sum
    }

    /// The open stretches from `from` up to `to`, cut off at both; of more than a century, the first one's.
    pub fn stretches(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = Stretch> + '_ {
        let weeks = Walk::from(self, from).map_while(Result::ok).take_while(move |week| week.starts_before(to));
        let stretches = weeks.flat_map(move |week| week.stretches(from));
        stretches
            .take_while(move |stretch| stretch.start < to)
            .map(move |stretch| Stretch { end: stretch.end.min(to), ..stretch })
    }

    /// Whether `at` lies in open hours.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        Walk::from(self, at).next().is_some_and(|week| {
            week.is_ok_and(|week| week.stretches(at).next().is_some_and(|stretch| stretch.start == at))
        })
    }

    /// The first open instant at or after `at`.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] if none comes within 366 days.
    pub fn next_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        self.due_at(at, WorkingTime::ZERO)
    }

    /// When it opens the next time: of an open calendar, after the closing.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] if it does not within 366 days.
    pub fn opens_again(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        let closes_at = self.stretches(at, at + TimeDelta::days(366)).next().map(|open| open.end);
        self.next_opening(closes_at.filter(|_| self.is_open(at)).unwrap_or(at))
    }

    fn hours_on(&self, date: NaiveDate) -> &[Hours] {
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.exceptions.get(&date).map_or(&self.week[weekday], |exception| &exception.hours)
    }

    fn instant(&self, date: NaiveDate, second: u32) -> DateTime<Utc> {
        zone::instant(self.zone, date, second)
    }

    fn too_far(&self) -> CalendarError {
        CalendarError::TooFar { calendar: self.name.clone() }
    }

    fn never_open(&self, from: NaiveDate) -> CalendarError {
        CalendarError::NeverOpen { calendar: self.name.clone(), from }
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
