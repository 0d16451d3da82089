//! Facts: the closed set of what can happen to a request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;
use crate::engine::working_time::WorkingTime;

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
    /// The team waits from now on, for the client where nothing else is said (rule A5).
    Wait {
        /// What for.
        #[serde(default)]
        reason: String,
        /// For whom: a key of `[wait]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<String>,
        /// When the wait ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
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
    Ack {
        /// Until when it is taken; then escalation goes on where it stood. Left out: for good, or as `[alerts] ack_expires` says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
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
    /// An act of the house was a mistake: as if it had not been.
    Undo {
        /// The event, as `source/id`.
        of: String,
    },
    /// What the client wrote last needs no answer.
    Waive {
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// When the client had written last, as far as was known then: what is heard of later was not meant. Set by plazo's own doors.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<DateTime<Utc>>,
    },
    /// Why a promise broke.
    Reason {
        /// Which reason: a key of `[reasons]`.
        reason: String,
        /// Which promise; the one that broke last where it is left out.
        #[serde(flatten)]
        of: BrokenPromise,
        /// What there is to say to it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// Somebody who may lets a breach out of the figures, or does not.
    Approve {
        /// Which promise; the one whose reason waits longest where it is left out.
        #[serde(flatten)]
        of: BrokenPromise,
        /// Whether it stays in the figures.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refuse: bool,
    },
}

/// Which promise of a request is meant that broke. What is left out is found by what broke, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BrokenPromise {
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<TargetKind>,
    /// First, second, … of its kind on the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u32>,
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

impl Fact {
    /// The words of all types.
    pub const TYPES: [&'static str; 33] = [
        "message",
        "open",
        "own",
        "move",
        "tag",
        "prioritise",
        "wait",
        "resume",
        "promise",
        "deliver",
        "comment",
        "close",
        "reopen",
        "merge",
        "undelivered",
        "ack",
        "snooze",
        "log",
        "schedule",
        "held",
        "call_dropped",
        "call_made",
        "follow_up",
        "block",
        "unblock",
        "split",
        "stage",
        "escalate",
        "replica",
        "waive",
        "undo",
        "reason",
        "approve",
    ];

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
            Self::Ack { .. } => "ack",
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
            Self::Waive { .. } => "waive",
            Self::Undo { .. } => "undo",
            Self::Reason { .. } => "reason",
            Self::Approve { .. } => "approve",
        }
    }
}
