//! PURE. The unit of work as a value: what becomes of an event, of the passing of time, of an edit of the file.
//!
//! [`decide`] takes what is known and gives what is to be written, or says what it must know first. It reads no clock and no store; the
//! daemon, a replay and the plan of an edit call it alike. What follows from a change is not done on the way but listed
//! ([`Changes::then`]), and decided next ([`Agenda`]).

mod agenda;
mod alert;
mod announce;
pub mod changes;
mod confirm;
mod event;
mod facts;
mod find;
mod follow;
pub mod incoming;
mod invite;
pub mod known;
mod mail;
mod news;
pub mod place;
mod time;
mod violation;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::engine::effect::{Alert, ClockRef, Effect};
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::News;

pub use agenda::Agenda;
pub use alert::{gathers, may_wait, present, waits};
pub use announce::{addressed, announcement, announcement_by, operator_notice};
pub use changes::{Changes, Saved};
pub use incoming::{Applied, Incoming, Rejection};
pub use known::{Ask, Known, Need};
pub use time::Ended;
pub use violation::Violated;

/// The source of what people do at plazo's own interface.
pub const DOOR: &str = "action";
/// The source of what they do by the links of alerts.
pub const LINK_DOOR: &str = "link";
/// The source of what they do by answering the mail of an alert.
pub const REPLY_DOOR: &str = "reply";
/// The source of events that plazo itself brings about.
pub const OWN_SOURCE: &str = "plazo";

/// Which alerts wait to be gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
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
        hold: Hold,
    },
    /// The file was edited. With `tell`, what is due by it is told at once, held back as that says.
    Replan {
        /// The request.
        request: RequestId,
        /// Whether what is due by the edit is told at once.
        tell: Option<Hold>,
    },
    /// A step is to be told.
    Alert {
        /// The request, as it was then.
        request: Arc<Request>,
        /// The step.
        alert: Box<Alert>,
        /// Whether it waits to be gathered.
        hold: Hold,
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
        delivery: i64,
        /// Its reader.
        person: Option<String>,
        /// Its destination.
        destination: String,
        /// What became of it.
        news: News,
    },
    /// What a believed event means for other requests, and for calendars.
    Follow {
        /// The request, as it is by then.
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
pub enum Step {
    /// This must be known first.
    Need(Need),
    /// This is to be written, and answered.
    Done(Box<Changes>, Output),
}

/// Decides what becomes of an input at `now`, by what is known and by the file.
pub fn decide(known: &Known, input: &Input, config: &Config, now: DateTime<Utc>) -> Step {
    let mut decision = Decision { known, config, now, changes: Changes::default() };
    match decision.take(input) {
        Ok(output) => Step::Done(Box::new(decision.changes), output),
        Err(need) => Step::Need(need),
    }
}

/// One decision on its way.
struct Decision<'a> {
    known: &'a Known,
    config: &'a Config,
    now: DateTime<Utc>,
    changes: Changes,
}

impl Decision<'_> {
    fn take(&mut self, input: &Input) -> Result<Output, Need> {
        match input {
            Input::Event(incoming) => return self.apply(incoming).map(Output::Applied),
            Input::Own { incoming, .. } => return self.apply_own(incoming).map(Output::Applied),
            Input::Recorded { event, belongs } => return self.replay(event, *belongs).map(Output::Applied),
            Input::Tick { request, hold } => return self.tick(*request, *hold).map(Output::Moved),
            Input::Replan { request, tell } => return self.replan(*request, *tell).map(Output::Moved),
            Input::Alert { request, alert, hold } => self.tell(request, alert, *hold)?,
            Input::News { request, clock, news } => self.tell_news(*request, *clock, news)?,
            Input::Update { delivery, person, destination, news } => {
                self.update(*delivery, person.as_deref(), destination, news)?;
            }
            Input::Follow { request, incoming, is_elsewhere } => {
                self.follow(request, &incoming.event, *is_elsewhere)?
            }
            Input::Record(violation) => self.changes.violations.push((**violation).clone()),
            Input::Climb(violated) => self.climb(violated)?,
            Input::Unpark { channel, threads, request } => self.unpark(channel, threads, *request)?,
        }
        Ok(Output::Nothing)
    }
}
