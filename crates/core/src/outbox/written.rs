//! What was written back about a request, or is to be: what of it stands there by plazo alone.

use chrono::{DateTime, Utc};

use super::writing::{WriteDeed, WriteFacts, is_same_tag};
use super::{DeliveryId, DeliveryState};
use crate::engine::effect::ClockRef;

/// Something that was written back, or is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenDeed {
    /// Its delivery.
    pub delivery: DeliveryId,
    /// What.
    pub facts: WriteFacts,
    /// Where it stands.
    pub state: DeliveryState,
    /// Whether a try may have done it without plazo's knowing.
    pub in_doubt: bool,
    /// When it was settled.
    pub finished_at: Option<DateTime<Utc>>,
    /// What the system calls it; of a tag that plazo put, `tag:` and its name.
    pub reference: Option<String>,
}

impl WrittenDeed {
    /// The promise that it is about; none where somebody asked for it by hand.
    pub fn clock(&self) -> Option<ClockRef> {
        self.facts.clock()
    }

    /// Whether it may be done at this moment: its echo may come before its answer.
    pub fn is_under_way(&self) -> bool {
        self.state == DeliveryState::Leased || self.state == DeliveryState::Pending && self.in_doubt
    }

    /// Whether it was done not before `since`, or may be done at this moment.
    pub fn is_fresh(&self, since: DateTime<Utc>) -> bool {
        let is_done = self.state == DeliveryState::Sent && self.finished_at.is_some_and(|at| since <= at);
        is_done || self.is_under_way()
    }

    /// Whether it put a tag that was not there, as far as is known.
    fn has_put(&self) -> bool {
        self.reference.is_some() || (self.in_doubt || self.state == DeliveryState::Leased) && !self.facts.had
    }

    /// Whether it wants a tag of that name there.
    pub fn wants(&self, tag: &str) -> bool {
        let is_open = matches!(self.state, DeliveryState::Pending | DeliveryState::Held);
        matches!(&self.facts.deed, WriteDeed::Tag { name } if is_same_tag(name, tag)) && (is_open || self.has_put())
    }
}

/// Whether a tag stands there by plazo: it put it, and has not taken it off since then, or no longer ago than `since`, as its echo may be late.
/// `written` begins with the newest.
pub fn is_put<'w>(written: impl IntoIterator<Item = &'w WrittenDeed>, tag: &str, since: Option<DateTime<Utc>>) -> bool {
    for one in written {
        match &one.facts.deed {
            WriteDeed::Tag { name } if is_same_tag(name, tag) && one.has_put() => return true,
            WriteDeed::Untag { name } if is_same_tag(name, tag) && one.state == DeliveryState::Sent => {
                return since.is_some_and(|since| one.is_fresh(since));
            }
            _ => {}
        }
    }
    false
}

/// The priority that stands there by plazo: the last one that it set, or may be setting. `written` begins with the newest.
pub fn set_priority(written: &[WrittenDeed]) -> Option<&str> {
    written.iter().filter(|one| one.state == DeliveryState::Sent || one.is_under_way()).find_map(|one| {
        match &one.facts.deed {
            WriteDeed::Priority { name } => Some(name.as_str()),
            _ => None,
        }
    })
}

/// People to whom plazo gave it, or may be giving it.
pub fn assigned(written: &[WrittenDeed]) -> impl Iterator<Item = &str> {
    written.iter().filter(|one| one.state == DeliveryState::Sent || one.is_under_way()).filter_map(|one| {
        match &one.facts.deed {
            WriteDeed::Assign { person } => person.as_deref(),
            _ => None,
        }
    })
}
