//! What becomes of an input, as a value: everything that is to be written together, and what is to be decided next.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Input;
use super::incoming::RejectionCode;
use crate::engine::check::Violation;
use crate::engine::clock::Clock;
use crate::engine::effect::{Effect, Wake};
use crate::engine::event::{Event, EventId};
use crate::engine::proof::Proof;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::message::NewAlert;
use crate::outbox::{DeliveryId, ViolationId};

/// What becomes of one input.
#[derive(Debug, Default)]
pub struct Changes {
    /// The request that moved.
    pub request: Option<RequestUpdate>,
    /// When requests want to be looked at; none no more. The queue in memory follows it.
    pub wakes: Vec<(RequestId, Option<Wake>)>,
    /// Entries of the journal.
    pub journal: Vec<JournalEntry>,
    /// Names of conversations.
    pub threads: Vec<ThreadName>,
    /// Who took or put off a request's alerts.
    pub acts: Vec<Act>,
    /// What is told, and to whom.
    pub alerts: Vec<NewAlert>,
    /// Rules that were broken.
    pub violations: Vec<NewViolation>,
    /// Acts that were taken back: what they broke counts no longer.
    pub taken_back: Vec<TakenBack>,
    /// How far the ladders of violations were climbed.
    pub climbed: Vec<Climbed>,
    /// Requests that wait for another: that one, and who waits.
    pub blocks: Vec<(RequestId, RequestId)>,
    /// Requests for which nobody waits any more.
    pub unblocked: Vec<RequestId>,
    /// Events that are kept until their conversation begins, with their JSON.
    pub parked: Vec<(Event, String)>,
    /// Conversations that began: what was kept for them is not any more.
    pub unparked: Vec<(String, Vec<String>)>,
    /// What whoever reads the log should know.
    pub remarks: Vec<Remark>,
    /// What is decided next, in this order, before anything else.
    pub then: Vec<Input>,
}

/// A request as it is to be kept.
#[derive(Debug)]
pub struct RequestUpdate {
    /// As it is now.
    pub request: Arc<Request>,
    /// When it wants to be looked at.
    pub wake: Option<Wake>,
    /// Clocks that changed.
    pub clocks: Vec<Clock>,
    /// Whether it is a new one.
    pub is_new: bool,
    /// Whether these are all its clocks: what is kept of others is wrong.
    pub replaces_clocks: bool,
}

/// That an act was taken back as if it had not been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// The request.
    pub request: RequestId,
    /// The act.
    pub of: EventId,
    /// When it was taken back.
    pub at: DateTime<Utc>,
}

/// Something for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// One sender opens very many requests; further mail goes to the last of them, which is this.
    Flood(RequestId),
    /// A mail bears an id that another one of this request has; it is taken for what it is.
    SharedId(RequestId),
    /// It waits for whom the file does not know, and so for the client.
    UnknownWait(RequestId),
    /// What follows from an event was not taken.
    NotTaken(RejectionCode),
}

/// An entry of the journal: what happened, and what it caused.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// The request that it belongs to.
    pub request: RequestId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The event's name; the passing of time has none.
    pub id: Option<EventId>,
    /// The word of its type.
    pub type_name: &'static str,
    /// The event as JSON.
    pub body: Option<Arc<str>>,
    /// What it caused.
    pub effects: Vec<Effect>,
}

/// A name of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadName {
    /// Its channel.
    pub channel: String,
    /// The name.
    pub thread: String,
    /// To which request it leads.
    pub request: RequestId,
    /// Whether it is taken from the request that has it; else that keeps it.
    pub moves: bool,
}

/// Somebody took or put off a request's alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// The request.
    pub request: RequestId,
    /// The word of the event's type.
    pub act: &'static str,
    /// Who, as the event names them.
    pub who: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when, if it was put off.
    pub until: Option<DateTime<Utc>>,
    /// By what door.
    pub source: String,
    /// How it is known who did it.
    pub proof: Proof,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq)]
pub struct NewViolation {
    /// The request.
    pub request: RequestId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who owned the request then.
    pub owner: Option<String>,
    /// What was broken, and the evidence.
    pub violation: Violation,
}

/// How far the ladder of a violation was climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climbed {
    /// The violation.
    pub id: ViolationId,
    /// Steps that were told.
    pub n_told: usize,
    /// When the next is to be told; none if none is.
    pub next_at: Option<DateTime<Utc>>,
}

/// What writing changes gave: numbers that only the store has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Of deliveries, in order; those of a step that was told before are left out.
    pub deliveries: Vec<DeliveryId>,
    /// Of violations, in order.
    pub violations: Vec<ViolationId>,
}
