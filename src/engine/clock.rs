//! Clocks: one promise running on one request.
//!
//! A kind of clock is a row of [`KINDS`]: which mark starts it, which one says that it was kept, whether it stands still while
//! the team waits for the client. Everything else is the same for all.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, CalendarError};
use super::escalation::{Offset, PlannedStep};
use super::event::Promise;
use super::policy::{Limit, Target, TargetKind};
use super::request::{Marks, Pause, Promised};
use super::working_time::WorkingTime;

type Mark = fn(&Marks) -> Option<DateTime<Utc>>;

/// How a kind of clock hangs on the request's marks.
pub struct Kind {
    /// The kind.
    pub kind: TargetKind,
    /// The clock runs while this is set, from that instant.
    pub owed_since: Mark,
    /// The instant at which what was owed was given.
    pub given_at: Mark,
    /// Whether it stands still during pauses.
    pub pauses: bool,
    /// Whether it obeys what was promised for the request.
    pub promised: bool,
    /// What it means that `owed_since` moves while the clock runs.
    pub renews: Renews,
}

/// What it means for a running clock that something is owed since another instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renews {
    /// Nothing new: the wait is the same.
    Never,
    /// The wait begins anew, and nobody speaks of the one before unless it was too long.
    Moves,
    /// Each wait is one of its own, kept or broken.
    Recurs,
}

impl Kind {
    const fn new(kind: TargetKind, owed_since: Mark, given_at: Mark) -> Self {
        Self { kind, owed_since, given_at, pauses: false, promised: false, renews: Renews::Never }
    }

    const fn pausing(self) -> Self {
        Self { pauses: true, ..self }
    }

    const fn promised(self) -> Self {
        Self { promised: true, ..self }
    }

    const fn renewed(self, renews: Renews) -> Self {
        Self { renews, ..self }
    }

    /// The row of a kind.
    pub fn of(kind: TargetKind) -> Option<&'static Self> {
        KINDS.iter().find(|row| row.kind == kind)
    }
}

/// Every kind of clock.
pub const KINDS: [Kind; TargetKind::ALL.len()] = [
    Kind::new(TargetKind::Reply, |marks| marks.unanswered_since, |marks| marks.answered_at),
    Kind::new(
        TargetKind::FirstReply,
        |marks| marks.first_asked_at.filter(|_| marks.first_answered_at.is_none()),
        |marks| marks.first_answered_at,
    ),
    Kind::new(TargetKind::Acknowledge, |marks| marks.unacknowledged_since, |marks| marks.acknowledged_at),
    Kind::new(TargetKind::Deliver, |marks| marks.undelivered_since, |marks| marks.delivered_at).pausing().promised(),
    Kind::new(TargetKind::Assign, |marks| marks.unowned_since, |marks| marks.owned_at),
    Kind::new(TargetKind::Answer, |marks| marks.task_unanswered_since, |marks| marks.task_answered_at).promised(),
    Kind::new(TargetKind::Classify, |marks| marks.unclassified_since, |marks| marks.classified_at),
    Kind::new(TargetKind::Activity, |marks| marks.idle_since, |marks| marks.idle_since)
        .pausing()
        .renewed(Renews::Moves),
    Kind::new(TargetKind::FollowUp, |marks| marks.follow_up_since, |marks| marks.followed_up_at)
        .pausing()
        .renewed(Renews::Recurs),
    Kind::new(TargetKind::Replica, |marks| marks.unreplicated_since, |marks| marks.replicated_at),
    Kind::new(TargetKind::Log, |marks| marks.unlogged_since, |marks| marks.logged_at),
    Kind::new(TargetKind::Appointment, |marks| marks.scheduled_since, |marks| marks.held_at).renewed(Renews::Moves),
    Kind::new(TargetKind::CallBack, |marks| marks.dropped_since, |marks| marks.called_back_at),
    Kind::new(TargetKind::Hop, |marks| marks.hop_since, |marks| marks.hopped_at).renewed(Renews::Recurs),
    Kind::new(TargetKind::Window, |marks| marks.window_since, |marks| marks.answered_at).renewed(Renews::Moves),
    Kind::new(TargetKind::Contingency, |marks| marks.contingency_since, |marks| marks.recovered_at),
];

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Time is being spent.
    Running,
    /// Standing still; it has time left and no due instant (LESSONS 13).
    Paused,
    /// Kept in time.
    Met,
    /// The due instant passed unmet.
    Breached,
    /// Kept, but after the due instant.
    MetLate,
    /// Ended without a verdict.
    Cancelled,
}

impl ClockState {
    /// The word in the API and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Breached => "breached",
            Self::MetLate => "met_late",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// An alert was decided.
    Told,
    /// A later step brought its news along.
    Superseded,
    /// Its instant had passed when the clock started or moved (LESSONS 26).
    Skipped,
}

/// A step that is settled and will not be told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledStep {
    /// Which.
    pub step: Offset,
    /// When it was settled.
    pub at: DateTime<Utc>,
    /// How.
    pub outcome: StepOutcome,
}

/// One promise running on one request. A new wait of the same kind is a new cycle with a clock of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Which kind of promise.
    pub kind: TargetKind,
    /// First, second, … of its kind on this request.
    pub cycle: u32,
    /// Where it stands.
    pub state: ClockState,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When the promise ends; `None` while paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// When it broke: always the due instant, however late that was noticed (LESSONS 15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// Why it ended without a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_because: Option<Cancelled>,
    /// Answered before the floor (rule A3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early: bool,
    /// Somebody took it: no further step is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_at: Option<DateTime<Utc>>,
    /// Name of the policy that gave the promise.
    pub policy: String,
    /// Revision of the rulebook that planned it.
    pub revision: i64,
    /// Steps that are settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<SettledStep>,
    /// Where steps after the breach count from, when one of them was told late: that step, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recounted_from: Option<(Offset, DateTime<Utc>)>,
}

/// Why a clock ended without a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancelled {
    /// The request was closed.
    Closed,
    /// The request was merged into another.
    Merged,
    /// No policy promises it any more.
    NoPolicy,
    /// What it waited for turned out not to be owed.
    NotOwed,
    /// The calendar has no open hour to count in.
    NeverOpen,
}

impl Clock {
    /// Whether it still watches.
    pub const fn is_live(&self) -> bool {
        self.stopped_at.is_none()
            && matches!(self.state, ClockState::Running | ClockState::Paused | ClockState::Breached)
    }

    /// Whether the step is settled.
    pub fn is_settled(&self, step: Offset) -> bool {
        self.settled.iter().any(|settled| settled.step == step)
    }

    /// The verdict for what was given at `given_at`: exactly at the due instant is in time.
    pub fn stop(&mut self, given_at: DateTime<Utc>) {
        let late = self.due_at.is_some_and(|due_at| due_at < given_at);
        self.state = if late { ClockState::MetLate } else { ClockState::Met };
        self.breached_at = self.due_at.filter(|_| late);
        self.stopped_at = Some(given_at);
    }

    /// Ends it without a verdict. A breach from before `at` stays one; what ended at its due instant, or before it and was heard
    /// of later, never broke (LESSONS 15).
    pub fn cancel(&mut self, at: DateTime<Utc>, why: Cancelled) {
        let broke = self.state == ClockState::Breached && self.breached_at.is_none_or(|breached_at| breached_at < at);
        if !broke {
            self.state = ClockState::Cancelled;
            self.due_at = None;
            self.breached_at = None;
        }
        self.cancelled_because = Some(why);
        self.stopped_at = Some(at);
    }
}

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

/// Computes all instants of a clock that started at `started_at`, each forward from the start (LESSONS 3).
///
/// # Errors
///
/// [`CalendarError`] where the calendar has no answer.
pub fn plan<'a>(
    target: &'a Target,
    started_at: DateTime<Utc>,
    circumstances: Circumstances<'_>,
) -> Result<Plan<'a>, CalendarError> {
    let (course, mut end) = Course::of(target, started_at, circumstances)?;
    if let Some(frozen) = circumstances.frozen_due_at {
        end.due_at = Some(frozen);
        end.basis = Basis::Frozen;
    }
    let floor_at = target.floor.map(|floor| course.spend(started_at, floor)).transpose()?.flatten();
    let mut steps = Vec::with_capacity(target.escalation.steps.len());
    let mut aim = target.aim;
    for step in &target.escalation.steps {
        let at = match step.at {
            Offset::Start => Some(started_at),
            Offset::Floor => floor_at,
            Offset::Due => end.due_at,
            Offset::After(time) => match end.due_at {
                Some(due_at) => course.spend(due_at, time)?,
                None => None,
            },
            Offset::Percent(_) | Offset::Before(_) if aim.is_some() => {
                // The aim is the first warning's instant (A2).
                let aim = aim.take().unwrap_or_default();
                if aim <= end.budget { course.spend(started_at, aim)? } else { None }
            }
            Offset::Percent(percent) => course.spend(started_at, end.budget.percent(percent))?,
            Offset::Before(time) if end.budget <= time => None,
            Offset::Before(time) => course.spend(started_at, end.budget - time)?,
        };
        if let Some(at) = at {
            let at = floor_at.map_or(at, |floor_at| at.max(floor_at));
            steps.push(PlannedStep { step, at });
        }
    }
    Ok(Plan { due_at: end.due_at, floor_at, budget: end.budget, basis: end.basis, steps })
}

/// The instant of `later` when `earlier`, a step of the same ladder at or after the breach, was told late at `told_at`.
///
/// # Errors
///
/// [`CalendarError`] where the calendar has no answer.
pub fn recount(
    target: &Target,
    (earlier, told_at): (Offset, DateTime<Utc>),
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
struct Course<'a> {
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

impl<'a> Course<'a> {
    /// The course on which a clock's time is spent, and its end: by contract or by hand, or sooner by promise.
    fn of(
        target: &'a Target,
        start: DateTime<Utc>,
        circumstances: Circumstances<'a>,
    ) -> Result<(Self, End), CalendarError> {
        let course = Self { calendar: &target.calendar, pauses: circumstances.pauses };
        if let Some(at) = circumstances.appointment {
            let budget = course.spent(start, at);
            let grace = course.contract(target.limit, at)?;
            return Ok((course, End { due_at: grace.due_at, budget, basis: Basis::Appointment }));
        }
        let (course, end) = match circumstances.set_by_hand {
            Some(by_hand) => course.promised(*by_hand, start, Basis::of(by_hand, true))?,
            None => (course, course.contract(target.limit, start)?),
        };
        let Some(promised) = circumstances.promised else { return Ok((course, end)) };
        let (sooner_course, sooner) = course.promised(*promised, start, Basis::of(promised, false))?;
        let shortens = match (sooner.due_at, end.due_at) {
            (Some(promised), Some(due_at)) => promised < due_at,
            (Some(_), None) => true,
            (None, _) => false,
        };
        Ok(if shortens { (sooner_course, sooner) } else { (course, end) })
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
