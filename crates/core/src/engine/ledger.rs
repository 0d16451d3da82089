//! The ledger: who spent a request's time (LESSONS 24). Every instant belongs to exactly one entry, so it adds up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::event::{self, Event};
use super::progress::{self, fate};
use super::request::{Phase, Request};
use super::request_id::RequestId;
use super::rulebook::Rulebook;

/// On whom a request waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holder", rename_all = "snake_case")]
pub enum Holder {
    /// Nobody: it has no owner.
    Nobody,
    /// Its owner.
    Owner {
        /// A person's key, or the word by which the channel named somebody unknown to the file.
        owner: String,
        /// The first of the owner's teams.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<String>,
    },
    /// The client: the team waits (rule A5).
    Client,
    /// Somebody else for whom the team waits: a supplier, the carrier.
    Other {
        /// The kind of wait, by its name.
        on: String,
    },
    /// Nobody any more: it is closed.
    Closed,
}

/// A span in one holder's hands, half-open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// In whose.
    #[serde(flatten)]
    pub holder: Holder,
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant after it.
    pub to: DateTime<Utc>,
}

/// The time of a request by its holders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// From the first event on, without gap or overlap.
    pub held: Vec<Held>,
    /// Elapsed time by holder, in milliseconds, in the order in which each first held it.
    pub totals: Vec<Total>,
    /// Elapsed time by team, in milliseconds; what no team held is not in it.
    pub teams: Vec<TeamTotal>,
    /// All of it, in milliseconds: the sum of `totals`.
    pub whole_ms: i64,
}

/// What one holder has spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Who.
    #[serde(flatten)]
    pub holder: Holder,
    /// Elapsed time in milliseconds.
    pub ms: i64,
}

/// What one team has spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamTotal {
    /// Its key.
    pub team: String,
    /// Elapsed time in milliseconds.
    pub ms: i64,
}

/// The ledger of a request up to `until`, from all its events in the order in which they happened. What was merged into another
/// request ends there.
pub fn of(id: RequestId, events: &[Event], rulebook: &Rulebook, until: DateTime<Utc>) -> Ledger {
    let mut request = Request::unopened(id);
    let mut holdings = Holdings::default();
    for event in event::arrived(events) {
        holdings.end_wait(&mut request, rulebook, event.at);
        progress::apply(&mut request, event, rulebook, &mut Vec::new());
        holdings.note(&request, rulebook, event.at);
    }
    summed(holdings.up_to(&mut request, rulebook, until))
}

/// In whose hands a request has been, as its events pass by.
#[derive(Debug, Clone, Default)]
pub(super) struct Holdings {
    ended: Vec<Held>,
    /// Whoever holds it, and since when.
    last: Option<(Holder, DateTime<Utc>)>,
}

impl Holdings {
    /// A wait that was to last until some instant ends by itself: to be asked before each event.
    pub(super) fn end_wait(&mut self, request: &mut Request, rulebook: &Rulebook, now: DateTime<Utc>) {
        if let Some(ended) = fate::end_wait(request, now) {
            self.note(request, rulebook, ended);
        }
    }

    /// Sees in whose hands the request is since `at`.
    pub(super) fn note(&mut self, request: &Request, rulebook: &Rulebook, at: DateTime<Utc>) {
        let holder = holder(request, rulebook);
        if let Some((before, from)) = self.last.take() {
            if Some(&before) == holder.as_ref() {
                self.last = Some((before, from));
                return;
            }
            self.ended.push(Held { holder: before, from, to: at });
        }
        self.last = holder.map(|holder| (holder, at));
    }

    /// All of them up to `until`, none of them empty.
    pub(super) fn up_to(mut self, request: &mut Request, rulebook: &Rulebook, until: DateTime<Utc>) -> Vec<Held> {
        self.end_wait(request, rulebook, until);
        let mut held = self.ended;
        held.extend(self.last.map(|(holder, from)| Held { holder, from, to: until.max(from) }));
        held.retain(|held| held.from < held.to);
        held
    }
}

fn holder(request: &Request, rulebook: &Rulebook) -> Option<Holder> {
    let kind = request.facets.wait.as_deref().and_then(|key| rulebook.wait(key));
    let other = kind.filter(|kind| rulebook.clients_wait().is_none_or(|clients| clients.key != kind.key));
    match (request.phase, &request.owner) {
        (Phase::Unopened | Phase::Merged, _) => None,
        (Phase::Closed, _) => Some(Holder::Closed),
        (Phase::Waiting, _) => Some(other.map_or(Holder::Client, |kind| Holder::Other { on: kind.name.clone() })),
        (Phase::Open, None) => Some(Holder::Nobody),
        (Phase::Open, Some(owner)) => {
            Some(Holder::Owner { owner: owner.clone(), team: request.facets.teams.first().cloned() })
        }
    }
}

fn summed(held: Vec<Held>) -> Ledger {
    let mut ledger = Ledger::default();
    for each in &held {
        let ms = (each.to - each.from).num_milliseconds();
        ledger.whole_ms += ms;
        match ledger.totals.iter_mut().find(|total| total.holder == each.holder) {
            Some(total) => total.ms += ms,
            None => ledger.totals.push(Total { holder: each.holder.clone(), ms }),
        }
        let Holder::Owner { team: Some(team), .. } = &each.holder else { continue };
        match ledger.teams.iter_mut().find(|total| total.team == *team) {
            Some(total) => total.ms += ms,
            None => ledger.teams.push(TeamTotal { team: team.clone(), ms }),
        }
    }
    Ledger { held, ..ledger }
}
