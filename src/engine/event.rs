//! Events: the closed set of facts that plazo learns, each with the instant at which it happened.
//!
//! The JSON form is stable (see `docs/events.md`); what arrives in other forms is translated by `intake`.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::address;
use super::proof::Proof;
use super::request::RequestId;
use super::working_time::WorkingTime;

/// Begins the name of a thread that is known by subject and client only.
pub const BY_SUBJECT: &str = "subject:";
/// Begins the name of a thread that is known by its client only.
pub const BY_CLIENT: &str = "client:";

/// Whether the name of a thread says less than an id: it goes with the latest request, and finds it only for a while.
pub fn is_loose(thread: &str) -> bool {
    thread.starts_with(BY_SUBJECT) || thread.starts_with(BY_CLIENT)
}

/// Names an event for ever: an id that is unique within its source. A known pair again is a duplicate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventId {
    /// Where it comes from: `http`, `cli`, `email`, or the name of a configured source.
    pub source: String,
    /// The source's own id.
    pub id: String,
}

/// What kind of actor wrote something (LESSONS 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// Somebody to whom the promises are made.
    Customer,
    /// A person of the house.
    Agent,
    /// A program that writes as itself.
    Bot,
    /// An automatic answer in somebody's name (RFC 3834).
    Auto,
    /// The channel itself: notices, joins, bounces.
    System,
}

impl AuthorKind {
    /// Whether a person wrote. Only people answer, and only people ask.
    pub const fn is_human(self) -> bool {
        matches!(self, Self::Customer | Self::Agent)
    }
}

/// Who wrote or did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name as the channel shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email address, phone number or user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What kind of actor.
    pub kind: AuthorKind,
}

impl Author {
    /// An author of whom nothing but the kind is known, such as the business phone that several people share.
    pub const fn unnamed(kind: AuthorKind) -> Self {
        Self { name: None, address: None, kind }
    }

    /// Whether `self` and `other` are the same person as far as can be told.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (&self.address, &other.address) {
            (Some(mine), Some(theirs)) => address::is_same(mine, theirs),
            _ => self.name.is_some() && self.name == other.name,
        }
    }
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
    /// Among colleagues.
    Internal,
}

/// What sort of work a request is. Decides which promises match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Something a client asked for.
    #[default]
    Request,
    /// Work split off, with clocks of its own.
    Task,
    /// A formal claim (PQR).
    Claim,
    /// A telephone call.
    Call,
}

impl RequestKind {
    /// The word in `sla.toml` and in event JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Task => "task",
            Self::Claim => "claim",
            Self::Call => "call",
        }
    }
}

/// To whom the promises of a request are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A client.
    Client,
    /// A colleague (rule A3).
    Internal,
}

/// When something was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// An instant that stands as it is; pauses do not move it (LESSONS 14).
    Due(DateTime<Utc>),
    /// An amount of the target's working time from the event on.
    Within(WorkingTime),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// Somebody wrote on the request's conversation.
    Message {
        /// Which way.
        direction: Direction,
        /// The words. `None` where the channel gives none, as for a photo or a voice note: somebody did say something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A request was opened.
    Open {
        /// A deadline set by hand, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// Who has it from the beginning: a person's key, name or address. Counts only with a proof.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// The request got an owner, or lost it.
    Own {
        /// A person's key, name or address; `None` takes the owner away.
        owner: Option<String>,
    },
    /// The request moved to another inbox.
    Move {
        /// The inbox.
        #[serde(rename = "to")]
        inbox: String,
    },
    /// Tags were added or removed.
    Tag {
        /// Tags to add.
        #[serde(default)]
        add: Vec<String>,
        /// Tags to remove.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// The priority changed.
    Prioritise {
        /// The new priority.
        #[serde(rename = "to")]
        priority: String,
    },
    /// The team waits for the client from now on (rule A5).
    Wait {
        /// What for.
        #[serde(default)]
        reason: String,
    },
    /// The wait is over.
    Resume,
    /// The team promised a delivery.
    Promise {
        /// By when.
        promise: Promise,
    },
    /// The thing promised was delivered.
    Deliver {
        /// The justification (rule A5).
        #[serde(default)]
        text: String,
    },
    /// An internal note. Its five parts, where it has them, are told by labels (rule C5).
    Comment {
        /// The note.
        #[serde(default)]
        text: String,
    },
    /// The request was closed.
    Close {
        /// Why.
        #[serde(default)]
        reason: String,
        /// On which of the four grounds (rule C4).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ground: Option<Ground>,
    },
    /// The request was opened again.
    Reopen,
    /// The request turned out to be part of another; its clocks end (LESSONS 23).
    Merge,
    /// A message of the house never arrived: whoever waited for it still does.
    Undelivered {
        /// Its id, in the source of this event.
        of: String,
        /// Addresses that did not get it; empty where the channel has one reader only.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<String>,
    },
    /// A person took the alert: escalation stops, the clocks run on.
    Ack,
    /// Alerts wait until then.
    Snooze {
        /// The end of the wait.
        until: DateTime<Utc>,
    },
    /// An interaction with the client, written down (rule B1).
    Log(Box<Interaction>),
    /// A call or session was agreed on, moved, or called off (rule B2).
    Schedule {
        /// When it begins; `None` calls it off.
        #[serde(default)]
        due: Option<DateTime<Utc>>,
        /// Addresses of those who take part besides the owner.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        participants: Vec<String>,
    },
    /// The appointment took place.
    Held,
    /// A call broke off (rule D9).
    CallDropped,
    /// The client was called.
    CallMade,
    /// The client was asked how it goes (rule B5).
    FollowUp,
    /// It cannot go on before another request is done (rule B4).
    Block {
        /// The other one.
        blocker: RequestId,
    },
    /// It can go on.
    Unblock {
        /// The request that was in the way; every one where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocker: Option<RequestId>,
    },
    /// Work was split off, to be done by itself (rules C7, D8).
    Split {
        /// What each part is about.
        parts: Vec<String>,
    },
    /// A formal claim went on to another stage (rule D4).
    Stage {
        /// The stage; `done` ends the last one.
        to: String,
        /// The number under which the claim is tracked (CUN).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// It was handed up (rules D6, D11).
    Escalate {
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// What was written on another channel was sent by email too (rule A6).
    Replica,
}

/// The grounds on which a conversation may be closed (rule C4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The client got a clear answer.
    Answered,
    /// It goes on in another channel, and that is written down.
    Moved,
    /// A task or ticket was made of it.
    Task,
    /// The client said that no more help is needed.
    Confirmed,
}

impl Ground {
    /// All four, in the order of the rule.
    pub const ALL: [Self; 4] = [Self::Answered, Self::Moved, Self::Task, Self::Confirmed];

    /// The word in event JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Moved => "moved",
            Self::Task => "task",
            Self::Confirmed => "confirmed",
        }
    }
}

/// An interaction with the client as its log entry tells it (rule B1). What is empty was not written down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interaction {
    /// With whom.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub person: String,
    /// By what: email, whatsapp, phone, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub medium: String,
    /// What for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What was given or received.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub inputs: String,
    /// What is still to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pending: String,
    /// What solved it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub solution: String,
    /// Whether a protocol was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<bool>,
    /// Of a call: how many requests it dealt with (rule D8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// Of a call: whether the line was busy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub busy: bool,
}

/// What an event says of its request besides the fact. Whatever is given replaces what was known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// `whatsapp`, `email`, `slack`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The client: a company or a key of `[customer]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The person at the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The queue that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<String>,
    /// A word such as `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The sort of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RequestKind>,
    /// Whether a client or a colleague is promised to. Told from the first message where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Tags that the request has from now on, besides those it had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The number of its ticket in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The request off which it was split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RequestId>,
    /// Of an email of the house: that it began a thread of its own though the request has one (rule A8).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off_thread: bool,
}

/// A fact, when it happened, who did it, and which request it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name for ever.
    #[serde(flatten)]
    pub id: EventId,
    /// When it happened, which may be long before it was heard of.
    pub at: DateTime<Utc>,
    /// The names of its conversation on the channel, the most telling first. Any that is known finds the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// What it says of the request.
    #[serde(flatten)]
    pub about: About,
    /// People in copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Addresses outside of the house that it reached, blind copies too, where the channel tells. Empty where it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// How it is known who made it. Set at the door, never by what comes in.
    #[serde(default, skip_serializing_if = "Proof::is_unrecorded")]
    pub proof: Proof,
    /// Everything that plazo does not read.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub refs: serde_json::Map<String, serde_json::Value>,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

impl Fact {
    /// The type word of event JSON.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Open { .. } => "open",
            Self::Own { .. } => "own",
            Self::Move { .. } => "move",
            Self::Tag { .. } => "tag",
            Self::Prioritise { .. } => "prioritise",
            Self::Wait { .. } => "wait",
            Self::Resume => "resume",
            Self::Promise { .. } => "promise",
            Self::Deliver { .. } => "deliver",
            Self::Comment { .. } => "comment",
            Self::Close { .. } => "close",
            Self::Reopen => "reopen",
            Self::Merge => "merge",
            Self::Undelivered { .. } => "undelivered",
            Self::Ack => "ack",
            Self::Snooze { .. } => "snooze",
            Self::Log(_) => "log",
            Self::Schedule { .. } => "schedule",
            Self::Held => "held",
            Self::CallDropped => "call_dropped",
            Self::CallMade => "call_made",
            Self::FollowUp => "follow_up",
            Self::Block { .. } => "block",
            Self::Unblock { .. } => "unblock",
            Self::Split { .. } => "split",
            Self::Stage { .. } => "stage",
            Self::Escalate { .. } => "escalate",
            Self::Replica => "replica",
        }
    }
}

impl Event {
    /// Whether it starts a request where it belongs to none that is known; every other type needs one.
    pub const fn starts_request(&self) -> bool {
        matches!(self.fact, Fact::Message { .. } | Fact::Open { .. })
    }

    /// Whether it says that something known did not happen, so that everything since must be derived anew.
    pub const fn takes_back(&self) -> bool {
        matches!(self.fact, Fact::Undelivered { .. }) && self.proof.holds()
    }

    /// Whether a program wrote it. In answer to nothing that is known, it asks for nothing (LESSONS 19).
    pub fn is_automatic(&self) -> bool {
        let is_message = matches!(self.fact, Fact::Message { .. });
        is_message && self.author.as_ref().is_some_and(|author| !author.kind.is_human())
    }
}

/// Events without the messages of the house that never arrived.
pub fn arrived(events: &[Event]) -> impl Iterator<Item = &Event> {
    let clients: Vec<&str> = events
        .iter()
        .filter_map(|event| event.author.as_ref())
        .filter(|author| author.kind == AuthorKind::Customer)
        .filter_map(|author| author.address.as_deref())
        .collect();
    let reports: Vec<(&Event, &str, &[String])> = events
        .iter()
        .filter(|event| event.takes_back())
        .filter_map(|event| match &event.fact {
            Fact::Undelivered { of, failed } => Some((event, of.as_str(), failed.as_slice())),
            _ => None,
        })
        .collect();
    let is_lost = move |event: &&Event| {
        // Only what the house wrote: nobody takes a client's message back.
        let is_ours = matches!(event.fact, Fact::Message { direction: Direction::Out | Direction::Internal, .. });
        is_ours
            && reports.iter().any(|(report, of, failed)| {
                report.id.source == event.id.source
                    && *of == event.id.id
                    && is_missed(failed, &event.recipients, &clients)
            })
    };
    events.iter().filter(move |event| !is_lost(event))
}

/// Whether those who did not get it are whom it was for: the client, or everybody (LESSONS 44).
fn is_missed(failed: &[String], recipients: &[String], clients: &[&str]) -> bool {
    let has_failed = |address: &str| failed.iter().any(|failed| address::is_same(failed, address));
    failed.is_empty()
        || clients.iter().any(|client| has_failed(client))
        || !recipients.is_empty() && recipients.iter().all(|recipient| has_failed(recipient))
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.id)
    }
}
