//! Derivations: from a clock's start to its end, which time was spent, and what was left out and why.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, Day, Reason};
use super::plan::{Basis, Plan};
use super::request::Pause;
use super::settle::CLOSED;
use super::working_time::WorkingTime;

/// Spans of each sort that are told; a promise of years has more.
const MOST_SPANS: usize = 400;
/// Spans of each sort in a line.
const MOST_IN_BRIEF: usize = 3;

/// How the end of a clock follows from its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    /// What the end comes from.
    pub basis: Basis,
    /// The working time to be spent, in milliseconds.
    pub budget_ms: WorkingTime,
    /// The working time of `spent`, in milliseconds. It is the budget unless the clock stands still or spans were cut.
    pub spent_ms: WorkingTime,
    /// Open time outside pauses, in order.
    pub spent: Vec<Spent>,
    /// Everything between the start and the end that was not spent, in order.
    pub left_out: Vec<LeftOut>,
    /// Spans of `spent` that are not told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_more_spent: usize,
    /// Spans of `left_out` that are not told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_more_left_out: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Time that was spent, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant after it.
    pub to: DateTime<Utc>,
}

/// Time that was not spent, half-open, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant after it.
    pub to: DateTime<Utc>,
    /// Why.
    #[serde(flatten)]
    pub because: Because,
}

/// Why time was not spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Because {
    /// Before opening, after closing, in a break.
    OutsideHours,
    /// The weekday has no hours.
    NoHours {
        /// The date.
        date: NaiveDate,
    },
    /// The file closes the date.
    Closed {
        /// The date.
        date: NaiveDate,
    },
    /// A holiday.
    Holiday {
        /// The date.
        date: NaiveDate,
        /// Its name in English.
        en: String,
        /// Its name in Spanish.
        es: String,
    },
    /// The zone skips the date.
    Skipped {
        /// The date.
        date: NaiveDate,
    },
    /// The request was closed, and the promise goes on since it was opened again.
    RequestClosed {
        /// The open time in it, in milliseconds: what it adds.
        open_ms: WorkingTime,
    },
    /// The team waited for the client (rule A5).
    Pause {
        /// What for.
        reason: String,
        /// The open time in it, in milliseconds: what it adds.
        open_ms: WorkingTime,
    },
}

impl Derivation {
    /// Derives the end of `plan` from `started_at`; where the clock stands still, what it has spent so far.
    pub fn of(calendar: &Calendar, started_at: DateTime<Utc>, plan: &Plan<'_>, pauses: &[Pause]) -> Self {
        let pauses = if plan.basis.obeys_pauses() { pauses } else { &[] };
        let stands_since = pauses.last().filter(|pause| pause.to.is_none()).map(|pause| pause.from);
        let until = plan.due_at.or(stands_since).unwrap_or(started_at);
        let mut builder = DerivationBuilder {
            calendar,
            spent: Vec::new(),
            left_out: Vec::new(),
            n_more_spent: 0,
            n_more_left_out: 0,
        };
        let mut from = started_at;
        for pause in pauses {
            let to = pause.to.unwrap_or(until).min(until);
            if to <= from || until <= pause.from {
                continue;
            }
            builder.count(from, pause.from.max(from));
            builder.leave_out(pause.from.max(from), to, pause);
            from = to;
        }
        builder.count(from, until);
        let spent_ms = builder.spent.iter().map(|spent| WorkingTime::of_open_stretch(spent.to - spent.from));
        Self {
            basis: plan.basis,
            budget_ms: plan.budget,
            spent_ms: spent_ms.fold(WorkingTime::ZERO, |sum, each| sum + each),
            spent: builder.spent,
            left_out: builder.left_out,
            n_more_spent: builder.n_more_spent,
            n_more_left_out: builder.n_more_left_out,
        }
    }

    /// What fits into a line: the first spans and the last one, and the reasons that need a word.
    pub fn in_brief(mut self) -> Self {
        if MOST_IN_BRIEF < self.spent.len() {
            self.n_more_spent += self.spent.len() - MOST_IN_BRIEF;
            self.spent.drain(MOST_IN_BRIEF - 1..self.spent.len() - 1);
        }
        self.left_out.retain(|left_out| left_out.because != Because::OutsideHours);
        self.n_more_left_out += self.left_out.len().saturating_sub(MOST_IN_BRIEF);
        self.left_out.truncate(MOST_IN_BRIEF);
        self
    }
}

/// A derivation that is being made.
struct DerivationBuilder<'a> {
    calendar: &'a Calendar,
    spent: Vec<Spent>,
    left_out: Vec<LeftOut>,
    n_more_spent: usize,
    n_more_left_out: usize,
}

impl DerivationBuilder<'_> {
    /// Counts what is open between two instants, and says why the rest is not.
    fn count(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        let calendar = self.calendar;
        let mut reached = from;
        for stretch in calendar.stretches(from, to) {
            self.closed(reached, stretch.start);
            reached = stretch.end;
            // Two whole days in a row are one span.
            if let Some(last) = self.spent.last_mut().filter(|last| last.to == stretch.start) {
                last.to = stretch.end;
            } else if self.spent.len() < MOST_SPANS {
                self.spent.push(Spent { from: stretch.start, to: stretch.end });
            } else {
                self.n_more_spent += 1;
            }
        }
        self.closed(reached, to);
    }

    fn leave_out(&mut self, from: DateTime<Utc>, to: DateTime<Utc>, pause: &Pause) {
        let open_ms = self.calendar.open_between(from, to);
        let because = if pause.on.as_deref() == Some(CLOSED) {
            Because::RequestClosed { open_ms }
        } else {
            Because::Pause { reason: pause.reason.clone(), open_ms }
        };
        self.add(LeftOut { from, to, because });
    }

    /// Says why nothing between two instants is open, date by date.
    fn closed(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        let zone = self.calendar.zone();
        let mut reached = from;
        while reached < to && self.left_out.len() < MOST_SPANS {
            let date = reached.with_timezone(&zone).date_naive();
            let day = self.calendar.day(date);
            let midnight = date.checked_add_days(Days::new(1)).map_or(to, |next| self.calendar.start_of(next));
            // A clock change can put midnight before the instant of which it is the next.
            let end = if reached < midnight { midnight.min(to) } else { to };
            let because = because(day);
            if let Some(last) = self.left_out.last_mut().filter(|last| last.to == reached && last.because == because) {
                last.to = end;
            } else {
                self.add(LeftOut { from: reached, to: end, because });
            }
            reached = end;
        }
    }

    fn add(&mut self, left_out: LeftOut) {
        if self.left_out.len() < MOST_SPANS {
            self.left_out.push(left_out);
        } else {
            self.n_more_left_out += 1;
        }
    }
}

fn because(day: Day<'_>) -> Because {
    let date = day.date;
    match day.reason {
        _ if day.is_skipped => Because::Skipped { date },
        _ if !day.hours.is_empty() => Because::OutsideHours,
        Some(Reason::Holiday { en, es }) => Because::Holiday { date, en: en.to_string(), es: es.to_string() },
        Some(Reason::Closed | Reason::Open) => Because::Closed { date },
        None => Because::NoHours { date },
    }
}
