//! Open stretches week by week: a search steps over whole weeks that hold no exception and no clock change.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{Calendar, CalendarError, LONGEST_CLOSURE, Stretch, zone};
use crate::engine::working_time::WorkingTime;

/// The most weeks that one search walks through; about a century.
const LONGEST_SEARCH: u32 = 5_230;
/// Years that a calendar computes in. Outside them wall-clock times may lie beyond chrono's range.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9_990;

/// The weeks from that of an instant on. Ends with an error, never silently before one.
pub(super) struct Walk<'a> {
    calendar: &'a Calendar,
    from: NaiveDate,
    monday: NaiveDate,
    /// The Monday since which no open hour was seen.
    closed_since: NaiveDate,
    n_weeks: u32,
    is_over: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn from(calendar: &'a Calendar, start: DateTime<Utc>) -> Self {
        let is_over = !YEARS.contains(&start.year());
        let from = if is_over { NaiveDate::MIN } else { start.with_timezone(&calendar.zone).date_naive() };
        let monday = from.week(chrono::Weekday::Mon).checked_first_day().unwrap_or(from);
        Self { calendar, from, monday, closed_since: monday, n_weeks: 0, is_over }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Week<'a>, CalendarError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over || LONGEST_SEARCH < self.n_weeks {
            return Some(Err(self.calendar.too_far()));
        }
        let week = Week::of(self.calendar, self.monday);
        if week.has_hours() {
            self.closed_since = self.monday;
        } else if LONGEST_CLOSURE < (self.monday - self.closed_since).num_days() {
            return Some(Err(self.calendar.never_open(self.from)));
        }
        self.n_weeks += 1;
        match self.monday.checked_add_days(Days::new(7)) {
            Some(next) => self.monday = next,
            None => self.is_over = true,
        }
        Some(Ok(week))
    }
}

/// Seven dates from a Monday on.
#[derive(Clone, Copy)]
pub(super) struct Week<'a> {
    calendar: &'a Calendar,
    monday: NaiveDate,
    /// The zone's offset, where it is the same throughout.
    offset: Option<TimeDelta>,
    has_exceptions: bool,
}

impl<'a> Week<'a> {
    fn of(calendar: &'a Calendar, monday: NaiveDate) -> Self {
        let sunday = monday + TimeDelta::days(6);
        let has_exceptions = calendar.exceptions.range(monday..=sunday).next().is_some();
        Self { calendar, monday, offset: zone::steady_offset(calendar.zone, monday), has_exceptions }
    }

    fn has_hours(self) -> bool {
        if self.has_exceptions {
            self.dates().any(|date| !self.calendar.hours_on(date).is_empty())
        } else {
            WorkingTime::ZERO < self.calendar.open_in_week
        }
    }

    /// Its open time, if that is the same as any week's and all of it comes after `from`.
    pub(super) fn whole(self, from: DateTime<Utc>) -> Option<WorkingTime> {
        let is_plain = self.offset.is_some() && !self.has_exceptions;
        (is_plain && from <= self.instant(self.monday, 0)).then_some(self.calendar.open_in_week)
    }

    /// Whether it begins before `to`.
    pub(super) fn starts_before(self, to: DateTime<Utc>) -> bool {
        self.instant(self.monday, 0) < to
    }

    /// Whether it is over at `to`.
    pub(super) fn ends_by(self, to: DateTime<Utc>) -> bool {
        self.instant(self.monday + TimeDelta::days(7), 0) <= to
    }

    /// Its open stretches after `from`, the first cut off there.
    pub(super) fn stretches(self, from: DateTime<Utc>) -> impl Iterator<Item = Stretch> + 'a {
        let hours =
            self.dates().flat_map(move |date| self.calendar.hours_on(date).iter().map(move |hours| (date, *hours)));
        let stretches = hours.map(move |(date, hours)| Stretch {
            start: self.instant(date, hours.start).max(from),
            end: self.instant(date, hours.end),
        });
        // Hours that a clock change skips as a whole are none.
        stretches.filter(|stretch| stretch.start < stretch.end)
    }

    fn dates(self) -> impl Iterator<Item = NaiveDate> {
        (0..7).map(move |day| self.monday + TimeDelta::days(day))
    }

    fn instant(self, date: NaiveDate, second: u32) -> DateTime<Utc> {
        match self.offset {
            Some(offset) => {
                (NaiveDateTime::new(date, NaiveTime::MIN) + TimeDelta::seconds(second.into()) - offset).and_utc()
            }
            None => zone::instant(self.calendar.zone, date, second),
        }
    }
}
