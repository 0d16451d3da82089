//! Plans: all instants of a clock, each forward from its start (LESSONS 3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, CalendarError};
use super::escalation::{Offset, PlannedStep};
use super::event::Promise;
use super::policy::{Limit, Target};
use super::request::{Pause, Promised};
use super::working_time::WorkingTime;

/// The instants of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    /// When the promise ends; `None` while paused.
    pub due_at: Option<DateTime<Utc>>,
    /// Nothing alerts before.
    pub floor_at: Option<DateTime<Utc>>,
    /// The working time from the start to the end.
    pub budget: WorkingTime,
    /// What the end comes from.
    pub basis: Basis,
    /// The ladder's steps that have an instant.
    pub steps: Vec<PlannedStep<'a>>,
}

/// What the end of a clock comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The file's promise.
    Contract,
    /// A span given by hand for this request, instead of the file's.
    ByHand,
    /// An instant given by hand, which stands as it is.
    DueByHand,
    /// A span promised to the client, shorter than the file's.
    Promised,
    /// An instant promised to the client, sooner than the file's.
    DuePromised,
    /// The instant that was agreed on for a call or session, and the file's grace after it (B2).
    Appointment,
    /// A verdict given under an earlier revision of the file (LESSONS 22).
    Frozen,
}

impl Basis {
    /// Whether waits for the client move the end (LESSONS 14).
    pub const fn obeys_pauses(self) -> bool {
        matches!(self, Self::Contract | Self::ByHand | Self::Promised)
    }

    const fn of(promised: &Promised, is_by_hand: bool) -> Self {
        match (&promised.promise, is_by_hand) {
            (Promise::Due(_), true) => Self::DueByHand,
            (Promise::Due(_), false) => Self::DuePromised,
            (Promise::Within(_), true) => Self::ByHand,
            (Promise::Within(_), false) => Self::Promised,
        }
    }
}

/// What, besides its promise, decides the instants of a clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'a> {
    /// Waits for the client in which it stands still.
    pub pauses: &'a [Pause],
    /// A deadline that takes the contract's place.
    pub set_by_hand: Option<&'a Promised>,
    /// A promise that may shorten it.
    pub promised: Option<&'a Promised>,
    /// The instant that was agreed on, to which warnings count down; the promise is the grace after it (B2).
    pub appointment: Option<DateTime<Utc>>,
    /// The due instant of a breach that a newer policy must not move (LESSONS 22).
    pub frozen_due_at: Option<DateTime<Utc>>,
}

impl<'a> Plan<'a> {
    /// Computes all instants of a clock that started at `started_at`, each forward from the start (LESSONS 3).
    ///
    /// # Errors
    ///
    /// [`CalendarError`] where the calendar has no answer.
    pub fn of(
        target: &'a Target,
        started_at: DateTime<Utc>,
        circumstances: Circumstances<'_>,
    ) -> Result<Self, CalendarError> {
        let (time, mut end) = OpenTime::of(target, started_at, circumstances)?;
        if let Some(frozen) = circumstances.frozen_due_at {
            end.due_at = Some(frozen);
            end.basis = Basis::Frozen;
        }
        let floor_at = target.floor.map(|floor| time.spend(started_at, floor)).transpose()?.flatten();
        let mut steps = Vec::with_capacity(target.escalation.steps.len());
        let mut aim = target.aim;
        for step in &target.escalation.steps {
            let at = match step.at {
                Offset::Start => Some(started_at),
                Offset::Floor => floor_at,
                Offset::Due => end.due_at,
                Offset::After(after) => match end.due_at {
                    Some(due_at) => time.spend(due_at, after)?,
                    None => None,
                },
                Offset::Percent(_) | Offset::Before(_) if aim.is_some() => {
                    // The aim is the first warning's instant (A2).
                    let aim = aim.take().unwrap_or_default();
                    if aim <= end.budget { time.spend(started_at, aim)? } else { None }
                }
                Offset::Percent(percent) => time.spend(started_at, end.budget.percent(percent))?,
                Offset::Before(before) if end.budget <= before => None,
                Offset::Before(before) => time.spend(started_at, end.budget - before)?,
            };
            if let Some(at) = at {
                let at = floor_at.map_or(at, |floor_at| at.max(floor_at));
                steps.push(PlannedStep { step, at });
            }
        }
        Ok(Self { due_at: end.due_at, floor_at, budget: end.budget, basis: end.basis, steps })
    }
}

/// The instant of `later` when `earlier`, a step of the same ladder at or after the breach, was told late at `told_at`.
///
/// # Errors
///
/// [`CalendarError`] where the calendar has no answer.
pub fn recount(
    target: &Target,
    earlier: Offset,
    told_at: DateTime<Utc>,
    later: Offset,
) -> Result<Option<DateTime<Utc>>, CalendarError> {
    let after = |offset| match offset {
        Offset::Due => Some(WorkingTime::ZERO),
        Offset::After(time) => Some(time),
        Offset::Start | Offset::Percent(_) | Offset::Before(_) | Offset::Floor => None,
    };
    match (after(earlier), after(later)) {
        (Some(earlier), Some(later)) if earlier < later => target.calendar.due_at(told_at, later - earlier).map(Some),
        _ => Ok(None),
    }
}

/// Time as a clock spends it: open hours outside pauses.
#[derive(Clone, Copy)]
struct OpenTime<'a> {
    calendar: &'a Calendar,
    pauses: &'a [Pause],
}

/// Where a promise ends, and the working time up to there.
#[derive(Clone, Copy)]
struct End {
    /// `None` behind a pause that lasts.
    due_at: Option<DateTime<Utc>>,
    budget: WorkingTime,
    basis: Basis,
}

impl<'a> OpenTime<'a> {
    /// The time that a clock spends, and its end: by contract or by hand, or sooner by promise.
    fn of(
        target: &'a Target,
        start: DateTime<Utc>,
        circumstances: Circumstances<'a>,
    ) -> Result<(Self, End), CalendarError> {
        let time = Self { calendar: &target.calendar, pauses: circumstances.pauses };
        if let Some(at) = circumstances.appointment {
            let budget = time.spent(start, at);
            let grace = time.contract(target.limit, at)?;
            return Ok((time, End { due_at: grace.due_at, budget, basis: Basis::Appointment }));
        }
        let (time, end) = match circumstances.set_by_hand {
            Some(by_hand) => time.promised(*by_hand, start, Basis::of(by_hand, true))?,
            None => (time, time.contract(target.limit, start)?),
        };
        let Some(promised) = circumstances.promised else { return Ok((time, end)) };
        let (sooner_time, sooner) = time.promised(*promised, start, Basis::of(promised, false))?;
        let shortens = match (sooner.due_at, end.due_at) {
            (Some(promised), Some(due_at)) => promised < due_at,
            (Some(_), None) => true,
            (None, _) => false,
        };
        Ok(if shortens { (sooner_time, sooner) } else { (time, end) })
    }

    /// Where `budget` ends; `None` if a pause that lasts comes first (LESSONS 11).
    fn spend(&self, start: DateTime<Utc>, budget: WorkingTime) -> Result<Option<DateTime<Utc>>, CalendarError> {
        let mut from = start;
        let mut left = budget;
        for pause in self.pauses.iter().filter(|pause| pause.to.is_none_or(|to| start < to)) {
            if from < pause.from {
                let open = self.calendar.open_between(from, pause.from);
                if left <= open {
                    return self.calendar.due_at(from, left).map(Some);
                }
                left = left - open;
            }
            match pause.to {
                Some(to) => from = from.max(to),
                None => return Ok(None),
            }
        }
        self.calendar.due_at(from, left).map(Some)
    }

    fn contract(&self, limit: Limit, start: DateTime<Utc>) -> Result<End, CalendarError> {
        let due_at = match limit {
            Limit::Spend(budget) => {
                return Ok(End { due_at: self.spend(start, budget)?, budget, basis: Basis::Contract });
            }
            Limit::Days { days, counting } => self.calendar.days_later(start, days, counting)?,
            Limit::OnDay { day, counting } => self.calendar.opening_of_day(start, day, counting)?,
        };
        let budget = self.calendar.open_between(start, due_at);
        let lasts = self.pauses.iter().any(|pause| pause.to.is_none() && pause.from < due_at);
        // Days end at an opening or a time of day; spending the same budget would end at the closing before it.
        if !lasts && self.spent(start, due_at) == budget {
            return Ok(End { due_at: Some(due_at), budget, basis: Basis::Contract });
        }
        Ok(End { due_at: self.spend(start, budget)?, budget, basis: Basis::Contract })
    }

    /// An instant stands as it is, and pauses move neither it nor its steps (LESSONS 14); a span is spent like any other.
    fn promised(self, promised: Promised, start: DateTime<Utc>, basis: Basis) -> Result<(Self, End), CalendarError> {
        match promised.promise {
            Promise::Due(due_at) => {
                let steady = Self { pauses: &[], ..self };
                Ok((steady, End { due_at: Some(due_at), budget: steady.spent(start, due_at), basis }))
            }
            Promise::Within(span) => {
                let budget = self.spent(start, promised.at) + span;
                Ok((self, End { due_at: self.spend(promised.at, span)?, budget, basis }))
            }
        }
    }

    /// Open time outside pauses from `from` to `to`.
    fn spent(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> WorkingTime {
        self.pauses.iter().fold(self.calendar.open_between(from, to), |open, pause| {
            let end = pause.to.unwrap_or(to).min(to);
            open - self.calendar.open_between(pause.from.max(from), end)
        })
    }
}
