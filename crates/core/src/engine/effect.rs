//! Effects: what an input caused, as values. The caller stores, sends and shows them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::check::Violation;
use super::clock::Cancelled;
use super::directory::Recipient;
use super::escalation::Offset;
use super::event::RequestKind;
use super::policy::TargetKind;
use super::request::Request;
use super::request_id::RequestId;

/// A clock of a request: its kind and cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClockRef {
    /// The kind.
    pub kind: TargetKind,
    /// The cycle.
    pub cycle: u32,
}

/// Why an alert goes out. The order is that of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The promise is broken.
    Breach,
    /// It is still broken, and the next level is told.
    Escalation,
    /// The promise is about to break.
    Warning,
    /// The floor has passed; attention is due (rule A3).
    Attention,
}

impl Why {
    /// The word in the API and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::Escalation => "escalation",
            Self::Warning => "warning",
            Self::Attention => "attention",
        }
    }

    /// Why a step at that offset is told.
    pub const fn of_step(step: Offset) -> Self {
        match step {
            Offset::Percent(_) | Offset::Before(_) => Self::Warning,
            Offset::Start | Offset::Floor => Self::Attention,
            Offset::Due => Self::Breach,
            Offset::After(_) => Self::Escalation,
        }
    }
}

/// A decision to tell somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The clock.
    pub clock: ClockRef,
    /// The step of its ladder.
    pub step: Offset,
    /// Why.
    pub why: Why,
    /// The step's instant. Later than that by `escalation::LATE_AFTER` is late.
    pub planned_at: DateTime<Utc>,
    /// Whether it is late.
    pub late: bool,
    /// Whom.
    pub recipients: Vec<Recipient>,
    /// The next step and its instant, if the promise stays open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<(Offset, DateTime<Utc>)>,
}

/// Why an event changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// It is known already.
    Duplicate,
    /// It asks for what is so already, such as closing what is closed.
    AlreadySo,
    /// The request is part of another.
    Merged,
    /// Nobody waits for it.
    NotOwed,
    /// It is not known who did it, and it would stop a clock or keep people from being told.
    Unproven,
    /// It did not reach the client: a question to a supplier, a note to the carrier.
    Elsewhere,
    /// A third party wrote it, whom the house asked; the client did not.
    ThirdParty,
    /// The client asked for nothing by it: thanks, a farewell, a thumb (LESSONS 49).
    AsksNothing,
    /// The file has no reason of that key.
    UnknownReason,
    /// There is no act of that name that could be taken back as of then: a client's words are none.
    NothingToUndo,
}

/// What an input caused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields bear the names of the vocabulary in docs/ARCHITECTURE.md")]
pub enum Effect {
    /// A request began.
    Opened,
    /// A clock began.
    Started { clock: ClockRef, started_at: DateTime<Utc>, due_at: Option<DateTime<Utc>>, policy: String },
    /// A running clock got other instants.
    Replanned { clock: ClockRef, due_at: Option<DateTime<Utc>> },
    /// Kept in time.
    Met { clock: ClockRef, at: DateTime<Utc> },
    /// Kept, too late.
    MetLate { clock: ClockRef, at: DateTime<Utc>, due_at: Option<DateTime<Utc>> },
    /// Answered before the floor (A3): no breach towards a client, but counted.
    Early { clock: ClockRef, at: DateTime<Utc> },
    /// The due instant passed unmet.
    Breached { clock: ClockRef, at: DateTime<Utc> },
    /// Ended without a verdict.
    Cancelled { clock: ClockRef, why: Cancelled },
    /// A step's instant had passed when its clock started or moved.
    Skipped { clock: ClockRef, step: Offset },
    /// A step's news went out with a later step.
    Superseded { clock: ClockRef, step: Offset },
    /// Somebody is told.
    Alert(Alert),
    /// A rule was broken by an event.
    Violation(Violation),
    /// Work is split off, to be opened as a request of its own; which, the caller knows once it is.
    SplitOff {
        kind: RequestKind,
        subject: Option<String>,
        owner: Option<String>,
        rule: Option<String>,
        request: Option<RequestId>,
    },
    /// A wait ended by itself, at the instant that was set for it.
    Resumed { at: DateTime<Utc> },
    /// Events out of order were put in order, and the request derived anew.
    Reordered,
    /// Nothing changed.
    Ignored { why: Ignored },
}

/// What a wake is for; decides what goes first under a backlog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeReason {
    /// A promise breaks, or the ladder goes on after it.
    Breach,
    /// A warning.
    Warning,
}

/// When the request next wants a `Tick`, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// When.
    pub at: DateTime<Utc>,
    /// What for.
    pub why: WakeReason,
}

/// A wake that is asked for in the past is looked at again this much later; it must not spin.
pub const PUSH_BACK: TimeDelta = TimeDelta::seconds(60);

/// All that one input caused.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The request as it is now.
    pub request: Request,
    /// What happened, in order.
    pub effects: Vec<Effect>,
    /// Clocks that changed, finished ones included, for the record.
    pub clocks: Vec<super::clock::Clock>,
    /// When to come back; `None` if nothing can happen without an event.
    pub wake: Option<Wake>,
}

impl Outcome {
    /// Puts off the wake of a tick at `now` that changed nothing and is due again already: steps told one by one after an outage
    /// are owed at once, but not for ever.
    pub fn put_off_idle_wake(&mut self, now: DateTime<Utc>) {
        if self.effects.is_empty()
            && let Some(wake) = self.wake.as_mut().filter(|wake| wake.at <= now)
        {
            wake.at = now + PUSH_BACK;
        }
    }
}
