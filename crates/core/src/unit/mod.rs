//! The unit of work as values: what comes, what is known, what is to be written, and what is decided next.
//!
//! Who decides (`desk` of the program) and who keeps (the store) have nothing else in common.

mod agenda;
pub mod changes;
pub mod incoming;
pub mod known;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::engine::check::Violation;
use crate::engine::clock::Cancelled;
use crate::engine::effect::{Alert, ClockRef, Effect};
use crate::engine::event::Event;
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::News;
use crate::outbox::{DeliveryId, ViolationId};

pub use agenda::Agenda;
pub use changes::{Changes, Saved};
pub use incoming::{Applied, Incoming, Rejection, RejectionCode};
pub use known::{Ask, Known, Need};

/// Which alerts wait to be gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batching {
    /// Those that should have gone out before: plazo was down (LESSONS 29).
    WhatIsLate,
    /// None; an edit of the file made them due, and they are few.
    Nothing,
    /// All; an edit of the file made them due, and they are many (LESSONS 28).
    Edit,
}

/// To which request a recorded event belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    /// To that one: the journal has it so.
    To(RequestId),
    /// To the one that it names, which must be known.
    Names(RequestId),
    /// To the one that has one of its threads; else it opens one.
    ByThread,
}

/// What something becomes of.
#[derive(Debug, Clone)]
pub enum Input {
    /// An event came by a door.
    Event(Arc<Incoming>),
    /// An event that follows from another one; `answers` is the place of the effect that wants the number of what it opens.
    Own {
        /// The event.
        incoming: Arc<Incoming>,
        /// The place of that effect.
        answers: Option<usize>,
    },
    /// An event of a replay: it moves its request and nobody is told; what followed from it was recorded too.
    Recorded {
        /// The event.
        event: Arc<Event>,
        /// Whose it is.
        belongs: Belongs,
    },
    /// A request's wake has come; which alerts wait is said by `hold`.
    Tick {
        /// The request.
        request: RequestId,
        /// Which of its alerts wait to be gathered.
        hold: Batching,
    },
    /// The file was edited. With `tell`, what is due by it is told at once, held back as that says.
    Replan {
        /// The request.
        request: RequestId,
        /// Whether what is due by the edit is told at once.
        tell: Option<Batching>,
    },
    /// A step is to be told.
    Alert {
        /// The request, as it was then.
        request: Arc<Request>,
        /// The step.
        alert: Box<Alert>,
        /// Whether it waits to be gathered.
        hold: Batching,
    },
    /// What became of a promise, for those who were told of it.
    News {
        /// The request.
        request: RequestId,
        /// The promise.
        clock: ClockRef,
        /// What became of it.
        news: News,
    },
    /// The same for one message.
    Update {
        /// The delivery that told of it.
        delivery: DeliveryId,
        /// Its reader.
        person: Option<String>,
        /// Its destination.
        destination: String,
        /// What became of it.
        news: News,
    },
    /// What a believed event means for other requests, and for calendars.
    Follow {
        /// The request, as it was then.
        request: Arc<Request>,
        /// The event.
        incoming: Arc<Incoming>,
        /// Whether it did not reach the client.
        is_elsewhere: bool,
    },
    /// A rule was broken, and is put on record.
    Record(Box<changes::NewViolation>),
    /// The ladder of a violation goes on.
    Climb(Box<Violated>),
    /// A conversation has further names: what was kept for them belongs to the request.
    Unpark {
        /// Its channel.
        channel: String,
        /// Its names.
        threads: Vec<String>,
        /// The request.
        request: RequestId,
    },
}

/// What whoever gave the input learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// What became of an event.
    Applied(Applied),
    /// What a tick or an edit caused.
    Moved(Vec<Effect>),
    /// Nothing.
    Nothing,
}

/// How far a decision came.
#[derive(Debug)]
pub enum Decided {
    /// This must be known first.
    Need(Need),
    /// This is to be written, and answered.
    Done(Box<Changes>, Output),
}

/// A violation on record, as far as its ladder needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violated {
    /// Its number.
    pub id: ViolationId,
    /// The request.
    pub request: RequestId,
    /// When the rule was broken.
    pub at: DateTime<Utc>,
    /// What was broken, and the evidence.
    pub violation: Violation,
    /// How many steps of its ladder were told.
    pub n_told: usize,
}

impl Violated {
    /// One that was put on record a moment ago.
    pub fn new(id: ViolationId, new: changes::NewViolation) -> Self {
        Self { id, request: new.request, at: new.at, violation: new.violation, n_told: 0 }
    }
}

/// A clock that an edit of the file ends without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The request.
    pub request: RequestId,
    /// The kind of promise.
    pub kind: TargetKind,
    /// Why.
    pub why: Cancelled,
}

impl Ended {
    /// The clock that an effect of planning ended, if it did.
    pub fn of(request: RequestId, effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Cancelled { clock, why } => Some(Self { request, kind: clock.kind, why: *why }),
            _ => None,
        }
    }
}
