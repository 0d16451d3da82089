//! Findings: the evidence of a broken rule, as values that `text` puts into words.

use serde::{Deserialize, Serialize};

use super::comment::Part;
use crate::engine::event::Ground;
use crate::engine::request_id::RequestId;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Somebody answered who may not (A7).
    NotAuthorised,
    /// A program answered (E2).
    Automatic,
    /// The answer says nothing (D3).
    SaysNothing,
    /// A new email to the client about an open request (A8).
    OffThread,
    /// People who must be in copy are not (A9).
    LeftOut {
        /// Their addresses.
        missing: Vec<String>,
    },
    /// Colleagues talk in the client's channel (A10).
    InternalTalk,
    /// A client wrote to a channel that is not official (A10).
    OffChannel {
        /// Which. Beside it stands the request's own channel, so that it needs another name.
        #[serde(rename = "unofficial", alias = "channel")]
        channel: String,
    },
    /// What was written by WhatsApp was not sent by email (A6).
    NotReplicated,
    /// An interaction was not written down in time (B1).
    NotLogged,
    /// A log entry leaves something out (B1).
    LogIncomplete {
        /// What.
        missing: Vec<LogField>,
    },
    /// A call dealt with too many requests (D8).
    TooMany {
        /// With how many.
        items: u32,
        /// How many it may.
        at_most: u32,
    },
    /// The team began to wait while the client waited for an answer (A5).
    ParkedUnanswered,
    /// The team began to wait for a client of whom nothing was asked (A5).
    ParkedUnasked,
    /// The team began to wait once too often (A5).
    ParkedOften {
        /// The how manieth time.
        waits: u32,
        /// How often it may.
        at_most: u32,
    },
    /// It was scheduled before what blocks it is done (B4).
    Blocked {
        /// What blocks it.
        by: Vec<RequestId>,
    },
    /// The contact has another open conversation (C3).
    SameContact {
        /// The others.
        others: Vec<RequestId>,
    },
    /// Closed without one of the four grounds (C4).
    Unfounded {
        /// Whether the client still waits for an answer.
        waiting: bool,
        /// A ground that was given and is not borne out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claimed: Option<Ground>,
    },
    /// Closed or moved without the comment that it needs (C5).
    Undescribed {
        /// Its parts that are missing.
        missing: Vec<Part>,
    },
    /// Closed though what was said elsewhere is not written down (C6).
    OutsideUnrecorded,
    /// Something that must be known is not (C8).
    Orphan {
        /// What.
        missing: Vec<Association>,
    },
    /// Words that promise what must not be promised (D7).
    ForbiddenPromise {
        /// The words, in lower case and without accents.
        words: String,
    },
    /// The same answer as before (D11).
    Repeated,
    /// It lies in a queue that does not take it (D10).
    WrongQueue {
        /// Where it lies.
        inbox: String,
        /// Where it belongs.
        belongs: String,
    },
    /// A claim left its stage without its number (D4).
    NumberMissing {
        /// The stage.
        stage: String,
    },
}

impl Finding {
    /// Lets go what somebody wrote; what was found stays.
    pub fn let_words_go(&mut self) {
        if let Self::ForbiddenPromise { words } = self {
            words.clear();
        }
    }
}

/// What a log entry tells (B1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the field of the same name of `Interaction`")]
pub enum LogField {
    Person,
    Medium,
    Reason,
    Inputs,
    Pending,
    Solution,
    Protocol,
}

impl LogField {
    /// All of them, in the order of the rule.
    pub const ALL: [Self; 7] =
        [Self::Person, Self::Medium, Self::Reason, Self::Inputs, Self::Pending, Self::Solution, Self::Protocol];

    /// The word in `sla.toml` and in event JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Medium => "medium",
            Self::Reason => "reason",
            Self::Inputs => "inputs",
            Self::Pending => "pending",
            Self::Solution => "solution",
            Self::Protocol => "protocol",
        }
    }
}

/// What a request is associated with (C8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the field of the same name of the event JSON")]
pub enum Association {
    Contact,
    Customer,
    Ticket,
}

impl Association {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Customer, Self::Ticket];

    /// The word in `sla.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Customer => "customer",
            Self::Ticket => "ticket",
        }
    }
}
