//! How it is known who did something, and which acts need that.
//!
//! At a door nobody is who he says without a proof. What only *starts* a clock needs none, since a forgotten client is worse than a
//! clock too many; what stops one, or keeps people from being told, does.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::event::fact::{Direction, Fact};

/// How it is known who made an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Proof {
    /// Written down before proofs were kept; it counts as it did then.
    #[default]
    Unrecorded,
    /// Not at all.
    None {
        /// What a mail of the house lacks to be believed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lacks: Option<Lack>,
    },
    /// By a token.
    Token {
        /// Its name.
        name: String,
    },
    /// A program of this machine.
    Machine {
        /// The user as whom it runs, where the system says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    /// By the signed link of an alert.
    Link {
        /// When the alert was decided.
        alert_at: DateTime<Utc>,
    },
    /// In a session of the pages, which its person began by a link that was mailed.
    Session {
        /// When it began.
        since: DateTime<Utc>,
    },
    /// By the signature of the event's source, which vouches for the user's id in it.
    Signed,
    /// A mail for which its own server vouches.
    Server {
        /// The server's name.
        name: String,
    },
    /// A mail out of a folder of what was sent, or a pipe of sent mail.
    Sent {
        /// The folder; none for a pipe.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
    /// By answering the mail of an alert, whose id only its reader has.
    Reply {
        /// When the alert was decided.
        alert_at: DateTime<Utc>,
    },
    /// plazo did it by itself.
    Own,
}

/// Why a mail that bears an address of the house is not taken for the house's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// No server is named that could vouch for it.
    NoServer,
    /// The named server says nothing of it.
    Silent,
    /// The named server says that it is not from there.
    Refused,
    /// It came by a list, which writes under its own name whatever it gets.
    List,
    /// A returned mail whose own return path, as the server wrote it down, is not the null one.
    ReturnPath,
}

impl Lack {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoServer => "no_server",
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::List => "list",
            Self::ReturnPath => "return_path",
        }
    }
}

impl Proof {
    /// Nobody vouches.
    pub const NONE: Self = Self::None { lacks: None };

    /// Whether it is known at all who did it.
    pub const fn holds(&self) -> bool {
        !matches!(self, Self::None { .. })
    }

    /// Whether the event is older than proofs.
    pub const fn is_unrecorded(&self) -> bool {
        matches!(self, Self::Unrecorded)
    }

    /// The word in event JSON and in the table of docs/events.md.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unrecorded => "unrecorded",
            Self::None { .. } => "none",
            Self::Token { .. } => "token",
            Self::Machine { .. } => "machine",
            Self::Link { .. } => "link",
            Self::Session { .. } => "session",
            Self::Signed => "signed",
            Self::Server { .. } => "server",
            Self::Sent { .. } => "sent",
            Self::Reply { .. } => "reply",
            Self::Own => "own",
        }
    }
}

/// Whether a fact counts only if it is known who made it. Those that do not only start clocks, or let them run on.
pub const fn needs_proof(fact: &Fact) -> bool {
    match fact {
        Fact::Message { direction: Direction::In, .. }
        | Fact::Open { .. }
        | Fact::Resume
        | Fact::Reopen
        | Fact::CallDropped
        | Fact::Escalate { .. } => false,
        Fact::Message { direction: Direction::Out | Direction::Internal, .. }
        | Fact::Own { .. }
        | Fact::Move { .. }
        | Fact::Tag { .. }
        | Fact::Prioritise { .. }
        | Fact::Wait { .. }
        | Fact::Promise { .. }
        | Fact::Deliver { .. }
        | Fact::Comment { .. }
        | Fact::Close { .. }
        | Fact::Merge
        | Fact::Undelivered { .. }
        | Fact::Ack { .. }
        | Fact::Snooze { .. }
        | Fact::Log(_)
        | Fact::Schedule { .. }
        | Fact::Held
        | Fact::CallMade
        | Fact::FollowUp
        | Fact::Block { .. }
        | Fact::Unblock { .. }
        | Fact::Split { .. }
        | Fact::Stage { .. }
        | Fact::Replica
        | Fact::Waive { .. }
        | Fact::Undo { .. }
        | Fact::Reason { .. }
        | Fact::Approve { .. } => true,
    }
}

/// Whether a fact is an act: it takes, puts off, gives away, parks or ends. At the interface it wants the scope `operate`; what
/// merely happened on a channel wants `ingest`.
pub const fn is_act(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Ack { .. }
            | Fact::Snooze { .. }
            | Fact::Own { .. }
            | Fact::Wait { .. }
            | Fact::Promise { .. }
            | Fact::Close { .. }
            | Fact::Merge
            | Fact::Block { .. }
            | Fact::Waive { .. }
            | Fact::Undo { .. }
            | Fact::Reason { .. }
            | Fact::Approve { .. }
    )
}
