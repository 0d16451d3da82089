//! A message on its way: decided, written for each reader, leased by whoever sends it.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Content, DeliveryId, HeldFor, Motive, SilenceId};
use crate::engine::effect::ClockRef;
use crate::engine::request_id::RequestId;

/// How long a lease is: enough for the slowest transport.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

/// The step of a ladder that an alert tells: told once, whatever happens (LESSONS 25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRef {
    /// The request.
    pub request: RequestId,
    /// The promise.
    pub clock: ClockRef,
    /// The step, as `sla.toml` writes it.
    pub step: String,
}

/// A decision to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlert {
    /// The step that it tells; none for lists and notices.
    pub step: Option<StepRef>,
    /// Why.
    pub motive: Motive,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// Now.
    pub decided_at: DateTime<Utc>,
    /// What it says.
    pub content: Content,
    /// One for each reader and way.
    pub deliveries: Vec<NewDelivery>,
}

impl NewAlert {
    /// The place of its messages among those that wait: smaller goes first. What is written into a ticket goes in the order in which it was
    /// decided, after whatever is told to people.
    pub const fn rank(&self) -> i64 {
        match self.content {
            Content::Write(_) => 6,
            _ => self.motive.rank(),
        }
    }
}

/// One alert to one reader by one destination. Rank and instants are its alert's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewDelivery {
    /// Key of the person, unless the destination itself is told.
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
    /// Why it waits to be gathered with others, and until when; `None` goes out by itself.
    pub held: Option<(HeldFor, DateTime<Utc>)>,
    /// The silence that holds it back, where one does.
    pub silence: Option<SilenceId>,
    /// Until when further alerts to this reader are gathered, where this one begins that.
    pub opens_window: Option<DateTime<Utc>>,
    /// The delivery whose message this one replaces.
    pub updates: Option<DeliveryId>,
}

/// A delivery under lease.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its number.
    pub id: DeliveryId,
    /// Must be shown to record the outcome.
    pub fence: i64,
    /// Which try this is, from 1.
    pub attempt: i64,
    /// Whether an earlier try may have arrived without our knowing.
    pub in_doubt: bool,
    /// Key of the person.
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
    /// The request, for the mail's thread.
    pub request: Option<RequestId>,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// What it says.
    pub content: Content,
    /// Whether the destination stood until now, and this one tries whether it works again.
    pub is_probe: bool,
    /// Destinations still to be tried after this one; none are those of the destination itself.
    pub route: Vec<String>,
    /// What the peer called its first message about the request.
    pub first: Option<String>,
    /// What the peer called the message that this one replaces.
    pub updates: Option<String>,
    /// Whether it waited on purpose: for others, for its reader's hours, for a silence to end; or was due before plazo heard of it.
    pub waited: bool,
}
