//! Events: the closed set of facts that plazo learns, each with the instant at which it happened.
//!
//! The JSON form is stable (see `docs/events.md`); what arrives in other forms is translated by `intake`.

pub(super) mod author;
pub(super) mod fact;
mod words;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::address;
use super::proof::{Proof, needs_proof};
use super::request_id::RequestId;

pub use author::{Author, AuthorKind};
pub use fact::{Audience, BrokenPromise, Direction, Fact, Ground, Interaction, Promise, RequestKind};
pub use words::{Gist, Utterance};

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
    /// Whether something came along with the words: a file, a picture, a place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attached: bool,
    /// How it is known who made it. Set at the door, never by what comes in.
    #[serde(default, skip_serializing_if = "Proof::is_unrecorded")]
    pub proof: Proof,
    /// What is kept of words that were let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gist: Option<Gist>,
    /// Everything that plazo does not read.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub refs: serde_json::Map<String, serde_json::Value>,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

impl Event {
    /// Whether it may do what it says: it needs no proof, or has one.
    pub const fn is_believed(&self) -> bool {
        self.proof.holds() || !needs_proof(&self.fact)
    }

    /// Whether it starts a request where it belongs to none that is known; every other type needs one.
    pub const fn starts_request(&self) -> bool {
        matches!(self.fact, Fact::Message { .. } | Fact::Open { .. })
    }

    /// Whether it says that something known did not happen, so that everything since must be derived anew.
    pub const fn takes_back(&self) -> bool {
        matches!(self.fact, Fact::Undelivered { .. } | Fact::Undo { .. }) && self.proof.holds()
    }

    /// Whether it can be taken back: an act of the house, and neither what a client said nor another taking back.
    pub fn can_be_undone(&self) -> bool {
        let is_theirs = self.author.as_ref().is_some_and(|author| author.kind == AuthorKind::Customer);
        let is_kept = matches!(
            self.fact,
            Fact::Message { direction: Direction::In | Direction::Internal, .. }
                | Fact::Open { .. }
                | Fact::Undelivered { .. }
                | Fact::Undo { .. }
                | Fact::Merge
        );
        !is_theirs && !is_kept && self.is_believed()
    }

    /// Whether it takes back one of those.
    pub fn undoes_one_of(&self, events: &[Self]) -> bool {
        let Fact::Undo { of } = &self.fact else { return false };
        let is_it = |event: &&Self| event.at <= self.at && event.can_be_undone() && event.id.to_string() == *of;
        self.takes_back() && events.iter().any(|event| is_it(&event))
    }

    /// Whether a program wrote it. In answer to nothing that is known, it asks for nothing (LESSONS 19).
    pub fn is_automatic(&self) -> bool {
        let is_message = matches!(self.fact, Fact::Message { .. });
        is_message && self.author.as_ref().is_some_and(|author| !author.kind.is_human())
    }
}

/// Names of events that were taken back, or told as never arrived, and are not among these: heard of later, they are derived anew with the
/// others. The latest ones, so that nobody fills a request by naming what never was.
pub fn awaited(events: &[Event]) -> Vec<String> {
    const MOST: usize = 16;
    let taking_back = events.iter().rev().filter(|event| event.takes_back());
    let named = taking_back.filter_map(|event| match &event.fact {
        Fact::Undo { of } => Some(of.clone()),
        Fact::Undelivered { of, .. } if !of.is_empty() => {
            Some(EventId { source: event.id.source.clone(), id: of.clone() }.to_string())
        }
        _ => None,
    });
    named.filter(|name| !events.iter().any(|event| event.id.to_string() == *name)).take(MOST).collect()
}

/// Events without the messages of the house that never arrived, and without what was taken back.
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
    let undone: Vec<(&str, DateTime<Utc>)> = events
        .iter()
        .filter(|event| event.takes_back())
        .filter_map(|event| match &event.fact {
            Fact::Undo { of } => Some((of.as_str(), event.at)),
            _ => None,
        })
        .collect();
    let is_undone = move |event: &Event| {
        !undone.is_empty() && event.can_be_undone() && {
            let name = event.id.to_string();
            undone.iter().any(|(of, at)| *of == name && event.at <= *at)
        }
    };
    let is_lost = move |event: &&Event| {
        // Only what the house wrote: nobody takes a client's message back.
        let is_ours = matches!(event.fact, Fact::Message { direction: Direction::Out | Direction::Internal, .. });
        is_undone(event)
            || is_ours
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
