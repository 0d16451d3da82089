//! The checks that the file switches on, what they compare with, and the violation that each yields.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::finding::{Association, Finding, LogField};
use super::phrases::Phrases;
use crate::engine::escalation::Escalation;
use crate::engine::event::Event;
use crate::engine::facets::Facets;
use crate::engine::policy::Matcher;
use crate::engine::request::Request;

/// The rules that judge events, by their word under `[check]` in `sla.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Only those who may answer do (A7).
    Authorised,
    /// An automatic answer is none (E2).
    Automatic,
    /// A dot is no answer (D3).
    Empty,
    /// The answer goes on the same email thread (A8).
    SameThread,
    /// Whoever must be in copy is (A9).
    Copy,
    /// Talk with clients happens in official channels, and only talk with clients (A10).
    Official,
    /// Nothing is delivered or closed before an email repeats it (A6).
    Replica,
    /// A log entry is whole, and made in time (B1).
    Log,
    /// A call deals with so many requests at most (D8).
    Calls,
    /// Nothing is scheduled before what blocks it is done (B4).
    Blocked,
    /// A contact has one open conversation (C3).
    Duplicates,
    /// A conversation is closed on one of four grounds (C4).
    Closing,
    /// A comment with its five parts comes before closing or moving what is out of the ordinary (C5).
    Comment,
    /// Talk elsewhere is written down before closing (C6).
    Outside,
    /// Contact, company and ticket are known (C8).
    Associated,
    /// What must not be promised is not (D7).
    Wording,
    /// Promising to come back creates a task (C7).
    ComesBack,
    /// The same answer is not given twice (D11).
    Repeated,
    /// A request lies in the queue that takes it (D10).
    Queues,
    /// A claim has its number before it leaves the stage that gives it (D4).
    Number,
    /// Nobody parks a request over an unanswered client, or again and again (A5).
    Parking,
}

impl CheckKind {
    /// All of them, in the order of the rules.
    pub const ALL: [Self; 21] = [
        Self::Replica,
        Self::Authorised,
        Self::SameThread,
        Self::Copy,
        Self::Official,
        Self::Log,
        Self::Blocked,
        Self::Duplicates,
        Self::Closing,
        Self::Comment,
        Self::Outside,
        Self::ComesBack,
        Self::Associated,
        Self::Empty,
        Self::Number,
        Self::Wording,
        Self::Calls,
        Self::Queues,
        Self::Repeated,
        Self::Automatic,
        Self::Parking,
    ];

    /// The word in `sla.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorised => "authorised",
            Self::Automatic => "automatic",
            Self::Empty => "empty",
            Self::SameThread => "same_thread",
            Self::Copy => "copy",
            Self::Official => "official",
            Self::Replica => "replica",
            Self::Log => "log",
            Self::Calls => "calls",
            Self::Blocked => "blocked",
            Self::Duplicates => "duplicates",
            Self::Closing => "closing",
            Self::Comment => "comment",
            Self::Outside => "outside",
            Self::Associated => "associated",
            Self::Wording => "wording",
            Self::ComesBack => "comes_back",
            Self::Repeated => "repeated",
            Self::Queues => "queues",
            Self::Number => "number",
            Self::Parking => "parking",
        }
    }

    /// The rule that it keeps, where the file gives it no other id.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Authorised => "A7",
            Self::Automatic => "E2",
            Self::Empty => "D3",
            Self::SameThread => "A8",
            Self::Copy => "A9",
            Self::Official => "A10",
            Self::Replica => "A6",
            Self::Log => "B1",
            Self::Calls => "D8",
            Self::Blocked => "B4",
            Self::Duplicates => "C3",
            Self::Closing => "C4",
            Self::Comment => "C5",
            Self::Outside => "C6",
            Self::Associated => "C8",
            Self::Wording => "D7",
            Self::ComesBack => "C7",
            Self::Repeated => "D11",
            Self::Queues => "D10",
            Self::Number => "D4",
            Self::Parking => "A5",
        }
    }

    /// Whether plazo's own doors do not let happen what breaks it.
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::Closing | Self::Comment | Self::Outside | Self::Number)
    }
}

/// A check that the file switches on.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Id of the written rule.
    pub rule: String,
    /// The requests for which it holds.
    pub matcher: Matcher,
    /// Who is told of a violation: `due` at once, `+1h` an hour later unless it is excused.
    pub escalation: Arc<Escalation>,
}

/// The checks of the file, and what they compare with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checks {
    /// Those that are switched on.
    pub on: BTreeMap<CheckKind, Check>,
    /// Of `same_thread`: whether an answer outside of the thread is none.
    pub thread_required: bool,
    /// Of `official`: the channels in which clients are spoken with.
    pub channels: Vec<String>,
    /// Of `log`: what an entry must tell.
    pub log_requires: Vec<LogField>,
    /// Of `calls`: how many requests a call deals with at most, and when the line is busy.
    pub at_most: (u32, u32),
    /// Of `parking`: how often a request may be parked.
    pub most_waits: u32,
    /// Of `closing`: what a client says who needs no more help.
    pub confirms: Phrases,
    /// Of `comment`: tags of what is out of the ordinary.
    pub comment_tags: Vec<String>,
    /// Of `outside`: tags of what was spoken of elsewhere.
    pub outside_tags: Vec<String>,
    /// Of `associated`: what must be known.
    pub requires: Vec<Association>,
    /// Of `associated`: inboxes in which a ticket must be known too.
    pub ticket_in: Vec<String>,
    /// Of `wording`: what must not be promised.
    pub forbids: Phrases,
    /// Of `wording`: tags of requests to which it may be promised.
    pub unless_tags: Vec<String>,
    /// Of `comes_back`: what somebody says who will come back to it.
    pub comes_back: Phrases,
}

impl Checks {
    /// The check of that kind, if it is on and holds for such a request.
    pub fn find(&self, kind: CheckKind, facets: &Facets) -> Option<&Check> {
        self.on.get(&kind).filter(|check| check.matcher.matches(facets))
    }

    /// A violation of the check of that kind, if it holds for the request.
    pub(super) fn violation(
        &self,
        kind: CheckKind,
        request: &Request,
        event: &Event,
        finding: Finding,
    ) -> Option<Violation> {
        let check = self.find(kind, &request.facets)?;
        let who = event.author.as_ref().and_then(|author| author.name.clone().or_else(|| author.address.clone()));
        Some(Violation { check: kind, rule: check.rule.clone(), who, finding })
    }
}

/// A rule that an event broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// By which check.
    pub check: CheckKind,
    /// Id of the written rule.
    pub rule: String,
    /// Whoever did it, as the channel names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The evidence.
    #[serde(flatten)]
    pub finding: Finding,
}
