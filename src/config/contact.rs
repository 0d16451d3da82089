//! When a person may be told.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::Contact;
use crate::engine::calendar::{Calendar, zone};
use crate::engine::escalation::Offset;
use crate::engine::working_time::WorkingTime;

/// A summary is looked for no further ahead: a calendar that is never open has none.
const MOST_DAYS: usize = 31;

/// A way to a person, and the hours in which it is used.
#[derive(Debug, Clone, PartialEq)]
pub struct NotifyWay {
    /// "email", or the name of a destination.
    pub by: String,
    /// The hours in which it is used.
    pub hours: Option<Arc<Calendar>>,
    /// The hours outside of which it is used.
    pub outside: Option<Arc<Calendar>>,
    /// How long a promise has been broken when it is first used; none where warnings go by it as well.
    pub from: Option<WorkingTime>,
}

impl NotifyWay {
    /// A way that is used at all hours.
    pub fn always(by: &str) -> Self {
        Self { by: by.to_owned(), hours: None, outside: None, from: None }
    }

    fn is_used(&self, now: DateTime<Utc>) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.is_open(now))
            && self.outside.as_ref().is_none_or(|hours| !hours.is_open(now))
    }
}

impl NotifyWay {
    /// Whether a step of a ladder goes by it.
    fn takes(&self, step: Offset) -> bool {
        let over = match step {
            Offset::Start | Offset::Percent(_) | Offset::Before(_) | Offset::Floor => None,
            Offset::Due => Some(WorkingTime::ZERO),
            Offset::After(time) => Some(time),
        };
        self.from.is_none_or(|from| over.is_some_and(|over| from <= over))
    }
}

impl Contact {
    /// By what this person is told of a step at `now`. Where none of the ways takes it then, by each that takes it at all, else by each.
    pub fn ways_of_step(&self, step: Offset, now: DateTime<Utc>) -> Vec<&str> {
        let takes = |way: &&NotifyWay| way.takes(step);
        let used: Vec<_> =
            self.notify.iter().filter(takes).filter(|way| way.is_used(now)).map(|way| way.by.as_str()).collect();
        if !used.is_empty() {
            return used;
        }
        let any: Vec<_> = self.notify.iter().filter(takes).map(|way| way.by.as_str()).collect();
        if any.is_empty() { self.ways(now) } else { any }
    }

    /// By what this person is told at `now`. Where none of the ways is used then, by each: an alert never goes to nobody.
    pub fn ways(&self, now: DateTime<Utc>) -> Vec<&str> {
        let used: Vec<_> = self.notify.iter().filter(|way| way.is_used(now)).map(|way| way.by.as_str()).collect();
        if used.is_empty() { self.notify.iter().map(|way| way.by.as_str()).collect() } else { used }
    }

    /// Whether it is within this person's hours.
    pub fn works(&self, now: DateTime<Utc>) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.is_open(now))
    }

    /// Until when this person does not work; none within the hours, and where they never come.
    pub fn off_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let hours = self.hours.as_ref().filter(|hours| !hours.is_open(now))?;
        hours.next_opening(now).ok()
    }

    /// When this person's next summary goes out, on a working day if there are hours; none if single alerts are wanted.
    pub fn next_summary(&self, own_zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let time = self.summary?;
        let zone = self.hours.as_ref().map_or(own_zone, |hours| hours.zone());
        let days = now.with_timezone(&zone).date_naive().iter_days().take(MOST_DAYS);
        let works = |day: &chrono::NaiveDate| self.hours.as_ref().is_none_or(|hours| hours.is_working_day(*day));
        let instants = days.filter(works).map(|day| zone::to_utc(zone, NaiveDateTime::new(day, time)));
        instants.into_iter().find(|at| now < *at)
    }
}
