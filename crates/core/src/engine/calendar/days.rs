//! Counting days, and what a date is.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};

use super::{Calendar, CalendarError, Counting, Hours, LONGEST_CLOSURE, Reason, zone};

/// A date as the calendar sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day<'a> {
    /// The date.
    pub date: NaiveDate,
    /// Its hours.
    pub hours: &'a [Hours],
    /// Why they are not its week's.
    pub reason: Option<&'a Reason>,
    /// Whether the zone skips the date, as one that crosses the date line does.
    pub is_skipped: bool,
}

impl Calendar {
    /// What the calendar makes of `date`.
    pub fn day(&self, date: NaiveDate) -> Day<'_> {
        let is_skipped = date.succ_opt().is_some_and(|next| self.instant(date, 0) == self.instant(next, 0));
        let hours = if is_skipped { &[] } else { self.hours_on(date) };
        let reason = self.exceptions.get(&date).map(|exception| &exception.reason);
        Day { date, hours, reason, is_skipped }
    }

    /// The first instant of `date` in the calendar's zone.
    pub fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant(date, 0)
    }

    /// Whether `date` has open hours, by the week or by exception; one that the zone skips has none.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        !self.hours_on(date).is_empty() && !self.day(date).hours.is_empty()
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
            Counting::CalendarDays => Ok(zone::to_utc(self.zone, local)),
            Counting::WorkingDays => self.next_opening(zone::to_utc(self.zone, local)),
        }
    }

    /// The date in the calendar's zone that bears number `day`, the date of `start` being day 0.
    fn nth_day(&self, start: DateTime<Utc>, day: u32, counting: Counting) -> Result<NaiveDate, CalendarError> {
        let first = start.with_timezone(&self.zone).date_naive();
        if counting == Counting::CalendarDays {
            return first.checked_add_days(Days::new(day.into())).ok_or_else(|| self.too_far());
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
                if LONGEST_CLOSURE < closed {
                    return Err(self.never_open(first));
                }
            }
        }
        Ok(date)
    }
}
