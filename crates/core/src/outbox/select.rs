//! Which messages go next: over candidates that were loaded once, most urgent first, each to a destination that has room for it.

use super::needed::{ClockNow, is_deed_needed, is_needed};
use super::{Content, Lanes, Motive, Room};
use crate::outbox::message::Leased;
use std::collections::HashMap;

/// A message that may go.
#[derive(Debug)]
pub struct Candidate {
    /// The delivery as it would be sent.
    pub delivery: Leased,
    /// Why it goes out; none where that is a word that this version does not know.
    pub motive: Option<Motive>,
    /// The clock of which it tells, as it is now.
    pub clock: Option<ClockNow>,
    /// Whether a later one sets the same thing of the same ticket.
    pub is_superseded: bool,
}

impl Candidate {
    /// Whether it still tells something that is so (LESSONS 30).
    pub fn is_needed(&self) -> bool {
        let (clock, decided_at) = (self.clock, self.delivery.decided_at);
        let stands = |motive| match &self.delivery.content {
            Content::Write(facts) => is_deed_needed(facts, motive, clock, decided_at),
            _ => is_needed(motive, clock, decided_at),
        };
        !self.is_superseded && self.motive.is_none_or(stands)
    }
}

/// What becomes of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// It goes, if what it is made of is still needed.
    Goes,
    /// What it tells is over.
    Unneeded,
    /// Its destination is full, or this round has made a list already.
    Later,
}

/// One round of leasing.
#[derive(Debug)]
pub struct Round<'a> {
    room: Room<'a>,
    /// Destinations that are full.
    busy: Vec<String>,
    has_list: bool,
}

impl<'a> Round<'a> {
    /// A round beside what is on its way; nothing goes to those in `busy`.
    pub fn new(lanes: &'a Lanes, on_way: HashMap<String, usize>, busy: &[String]) -> Self {
        Self { room: Room::beside(lanes, on_way), busy: busy.to_vec(), has_list: false }
    }

    /// Decides on the next candidate.
    pub fn choose(&mut self, candidate: &Candidate) -> Choice {
        let Leased { destination, is_probe, content, .. } = &candidate.delivery;
        if !self.room.take(destination, *is_probe) {
            if !self.busy.contains(destination) {
                self.busy.push(destination.clone());
            }
            return Choice::Later;
        }
        // A list costs as much as hundreds of alerts: one a round, and the next round comes at once.
        if matches!(content, Content::Digest { .. }) && std::mem::replace(&mut self.has_list, true) {
            self.room.give_back(destination);
            return Choice::Later;
        }
        if !candidate.is_needed() {
            self.room.give_back(destination);
            return Choice::Unneeded;
        }
        Choice::Goes
    }

    /// What was chosen does not go after all: its place is free again.
    pub fn give_back(&mut self, destination: &str) {
        self.room.give_back(destination);
    }

    /// Destinations that are full.
    pub fn busy(&self) -> &[String] {
        &self.busy
    }

    /// Destinations that are full, when the round is over.
    pub fn into_busy(self) -> Vec<String> {
        self.busy
    }
}
