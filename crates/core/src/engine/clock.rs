//! Clocks: one promise running on one request.
//!
//! A clock runs while the request's mark of its kind says that something is owed, and was kept when that mark says that it was given.
//! How kinds differ besides is a row of [`KINDS`]: whether a clock stands still while the team waits for the client, what it means that
//! its mark moves. Everything else is the same for all. Its instants are computed by `plan`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::escalation::Offset;
use super::policy::TargetKind;

/// How a kind of clock behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The kind. The clock runs while the request's mark of that kind says that something is owed.
    pub kind: TargetKind,
    /// Whether it stands still during pauses.
    pub pauses: bool,
    /// Whether it obeys what was promised for the request.
    pub promised: bool,
    /// What it means that its mark moves while the clock runs.
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
    const fn new(kind: TargetKind) -> Self {
        Self { kind, pauses: false, promised: false, renews: Renews::Never }
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
    Kind::new(TargetKind::Reply),
    Kind::new(TargetKind::FirstReply),
    Kind::new(TargetKind::Acknowledge),
    Kind::new(TargetKind::Deliver).pausing().promised(),
    Kind::new(TargetKind::Assign),
    Kind::new(TargetKind::Answer).promised(),
    Kind::new(TargetKind::Classify),
    Kind::new(TargetKind::Activity).pausing().renewed(Renews::Moves),
    Kind::new(TargetKind::FollowUp).pausing().renewed(Renews::Recurs),
    Kind::new(TargetKind::Replica),
    Kind::new(TargetKind::Log),
    Kind::new(TargetKind::Appointment).renewed(Renews::Moves),
    Kind::new(TargetKind::CallBack),
    Kind::new(TargetKind::Hop).renewed(Renews::Recurs),
    Kind::new(TargetKind::Window).renewed(Renews::Moves),
    Kind::new(TargetKind::Contingency),
    Kind::new(TargetKind::Attend).renewed(Renews::Recurs),
    Kind::new(TargetKind::Waiting).renewed(Renews::Recurs),
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
    /// Somebody said that nothing needs to be given: neither kept nor broken.
    Waived,
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
            Self::Waived => "waived",
        }
    }

    /// The state that a word stands for; none if it stands for none.
    pub fn of(word: &str) -> Option<Self> {
        let all =
            [Self::Running, Self::Paused, Self::Met, Self::Breached, Self::MetLate, Self::Cancelled, Self::Waived];
        all.into_iter().find(|state| state.as_str() == word)
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledStep {
    /// Which.
    pub step: Offset,
    /// When it was settled.
    pub at: DateTime<Utc>,
    /// How.
    pub outcome: StepOutcome,
}

/// One promise running on one request. A new wait of the same kind is a new cycle with a clock of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub due_at: Option<DateTime<Utc>>,
    /// When it broke: always the due instant, however late that was noticed (LESSONS 15).
    pub breached_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Why it ended without a verdict.
    pub cancelled_because: Option<Cancelled>,
    /// Answered before the floor (rule A3).
    pub early: bool,
    /// Somebody took it: no further step is told.
    pub acked_at: Option<DateTime<Utc>>,
    /// Until when, where whoever took it said so; then the ladder goes on where it stood.
    pub acked_until: Option<DateTime<Utc>>,
    /// Name of the policy that gave the promise.
    pub policy: String,
    /// Revision of the rulebook that planned it.
    pub revision: i64,
    /// Steps that are settled.
    pub settled: Vec<SettledStep>,
    /// Where steps after the breach count from, when one of them was told late: that step, and when.
    pub recounted_from: Option<(Offset, DateTime<Utc>)>,
    /// Nothing is told before: another owner, inbox, tag or priority broke it, and whoever is right is named a moment later (LESSONS 51).
    pub settles_at: Option<DateTime<Utc>>,
    /// Spans in which the request was closed, of a promise that goes on when it is opened again: they do not count.
    pub closed: Vec<(DateTime<Utc>, DateTime<Utc>)>,
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
    /// Somebody said that it needs no answer.
    Waived,
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

    /// Until when it counts as taken: as was said, else for so long, where there is such a bound.
    pub fn taken_until(&self, expires: Option<TimeDelta>) -> Option<DateTime<Utc>> {
        self.acked_until.or_else(|| Some(self.acked_at? + expires?))
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
            self.state = if why == Cancelled::Waived { ClockState::Waived } else { ClockState::Cancelled };
            self.due_at = None;
            self.breached_at = None;
        }
        self.cancelled_because = Some(why);
        self.stopped_at = Some(at);
    }
}
