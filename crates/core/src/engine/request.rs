//! Requests: what is known of the thing promised upon.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::address;
use super::check::comment::Part;
use super::clock::Clock;
use super::directory::Directory;
use super::event::{Author, AuthorKind, Promise, RequestKind};
use super::facets::Facets;
use super::marks::Marks;
use super::policy::TargetKind;
use super::request_id::RequestId;

/// Nothing is put off for longer at a time, whatever door it comes by.
pub const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(7);
/// People of the client, and others whom the house asked, that a request remembers.
const MOST_CLIENTS: usize = 32;
const MOST_THIRD_PARTIES: usize = 64;

/// Where a request stands in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No event yet.
    #[default]
    Unopened,
    /// Being worked on.
    Open,
    /// The team waits for the client (rule A5).
    Waiting,
    /// Done.
    Closed,
    /// Part of another request now.
    Merged,
}

impl Phase {
    /// The word in the API and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unopened => "unopened",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }

    /// Whether clocks may run.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Waiting)
    }
}

/// A span in which the delivery clock stands still, half-open; without `to` it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant at which time runs again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// What is waited for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The kind of wait, a key of `[wait]`; the client's where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// A promise made for one request, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// By when.
    pub promise: Promise,
}

/// What is known of one request after its events so far. Everything a clock needs is here; nothing else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// Where it stands.
    pub phase: Phase,
    /// What policies look at.
    pub facets: Facets,
    /// The person at the client.
    pub contact: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// A person's key, or the word by which the channel named somebody unknown to the file.
    pub owner: Option<String>,
    /// Whoever asked first.
    pub requester: Option<Author>,
    /// The first name of its conversation, where no address tells who wrote.
    pub thread: Option<String>,
    /// Addresses of the client's people who wrote, in their canonical form.
    pub clients: Vec<String>,
    /// Addresses outside of the house that it asked without the client: suppliers, carriers.
    pub third_parties: Vec<String>,
    /// Names of events that were taken back before they were heard of.
    pub awaited: Vec<String>,
    /// The latest instant of an event, by `at`.
    pub last_event_at: DateTime<Utc>,
    /// Opening, or the last re-opening (LESSONS 20).
    pub opened_at: DateTime<Utc>,
    /// Instants at which conditions began that a clock watches, and at which they were met.
    pub marks: Marks,
    /// A deadline given at opening, which takes the contract's place.
    pub set_by_hand: Option<Promised>,
    /// The last promise made since, which may only shorten it (A5).
    pub promised: Option<Promised>,
    /// Waits for the client, in order, disjoint (LESSONS 12).
    pub pauses: Vec<Pause>,
    /// Alerts wait until then.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// The call or session that was agreed on (B2).
    pub appointment: Option<Appointment>,
    /// What lies before is history: plazo heard of the request only then, or was told to ignore what was before. No step from before it is
    /// told to anybody.
    pub heard_from: Option<DateTime<Utc>>,
    /// Requests that must be done first (B4).
    pub blockers: Vec<RequestId>,
    /// The request off which it was split.
    pub parent: Option<RequestId>,
    /// The number of its ticket in another system (C8).
    pub ticket: Option<String>,
    /// Of a formal claim: the number under which it is tracked (D4).
    pub number: Option<String>,
    /// The parts of its fullest comment (C5).
    pub described: Vec<Part>,
    /// Fingerprints of what the house answered last, normalised (D11).
    pub said: Vec<u64>,
    /// The latest clock of each kind.
    pub clocks: Vec<Clock>,
    /// Numbers above those of the latest clocks that waits have had, which events heard of late put before them or did away with. No other
    /// wait gets them (LESSONS 25).
    pub cycles: BTreeMap<TargetKind, u32>,
}

/// A call or session that was agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// When it begins.
    pub at: DateTime<Utc>,
    /// Addresses of those who take part besides the owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<String>,
    /// How often it was agreed on anew; a calendar takes the highest (RFC 5545, SEQUENCE).
    #[serde(default)]
    pub sequence: u32,
    /// Whether it was called off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

impl Request {
    /// A request of which nothing is known but its number.
    pub fn unopened(id: RequestId) -> Self {
        Self {
            id,
            phase: Phase::Unopened,
            facets: Facets::default(),
            contact: None,
            subject: None,
            owner: None,
            requester: None,
            thread: None,
            clients: Vec::new(),
            third_parties: Vec::new(),
            awaited: Vec::new(),
            last_event_at: DateTime::<Utc>::MIN_UTC,
            opened_at: DateTime::<Utc>::MIN_UTC,
            marks: Marks::default(),
            set_by_hand: None,
            promised: None,
            pauses: Vec::new(),
            snoozed_until: None,
            appointment: None,
            heard_from: None,
            blockers: Vec::new(),
            parent: None,
            ticket: None,
            number: None,
            described: Vec::new(),
            said: Vec::new(),
            clocks: Vec::new(),
            cycles: BTreeMap::new(),
        }
    }

    /// Whether that instant lies before plazo knew of it.
    pub fn is_history(&self, at: DateTime<Utc>) -> bool {
        self.heard_from.is_some_and(|from| at < from)
    }

    /// Lets go what people wrote about it.
    pub fn let_words_go(&mut self) {
        self.subject = None;
        self.pauses.iter_mut().for_each(|pause| pause.reason.clear());
    }

    /// The wait that lasts, if one does.
    pub fn open_pause(&mut self) -> Option<&mut Pause> {
        self.pauses.last_mut().filter(|pause| pause.to.is_none())
    }

    /// Whether whoever asked last waits for an answer.
    pub fn waits_for_answer(&self) -> bool {
        let kinds = [TargetKind::Reply, TargetKind::FirstReply, TargetKind::Acknowledge];
        self.phase.is_live() && kinds.into_iter().any(|kind| self.marks.is_owed(kind))
    }

    /// Whether it ends with the wait for its answer, where nobody needs one: the client's message opened it, or opened it again, and nothing
    /// else is owed.
    pub(super) fn closes_with_waiver(&self) -> bool {
        let marks = &self.marks;
        self.waits_for_answer()
            && marks.of(TargetKind::Reply).owed_since == Some(self.opened_at)
            && self.facets.kind == RequestKind::Request
            // What was promised or agreed on since is owed all the same.
            && self.promised.is_none()
            && self.set_by_hand.is_none()
            && ![TargetKind::Appointment, TargetKind::CallBack].into_iter().any(|kind| marks.is_owed(kind))
    }

    /// By what its contact is known again: the address of the client who asked, else the name, in lower case.
    pub fn contact_word(&self) -> Option<String> {
        let client = self.requester.as_ref().filter(|author| author.kind == AuthorKind::Customer);
        let word = client.and_then(|author| author.address.as_deref()).or(self.contact.as_deref());
        word.map(|word| address::canonical(word).into_owned())
    }

    /// Notes that the client wrote from that address.
    pub(super) fn learn_client(&mut self, address: &str) {
        let address = address::canonical(address).into_owned();
        self.third_parties.retain(|other| *other != address);
        if self.clients.len() < MOST_CLIENTS && !self.clients.contains(&address) {
            self.clients.push(address);
        }
    }

    /// Notes whom else the house asked.
    pub(super) fn learn_third_parties(&mut self, addresses: &[String]) {
        for address in addresses.iter().map(|address| address::canonical(address)) {
            if self.third_parties.len() < MOST_THIRD_PARTIES
                && !self.third_parties.iter().any(|known| *known == address)
            {
                self.third_parties.push(address.into_owned());
            }
        }
    }

    /// Whether the house asked that address without the client.
    pub fn is_third_party(&self, address: &str) -> bool {
        // Most ask nobody, and to read a number costs more than all else of an event.
        if self.third_parties.is_empty() {
            return false;
        }
        let address = address::canonical(address);
        self.third_parties.iter().any(|known| *known == address)
    }

    /// Whether it is known by which address the client writes.
    pub fn knows_client(&self) -> bool {
        self.client_addresses().next().is_some()
    }

    /// Whether an address is the client's: one that wrote, another of the same company, or one that the file gives to the client.
    pub fn is_client(&self, address: &str, directory: &Directory) -> bool {
        let address = address::canonical(address);
        let domain = address::company_domain(&address);
        let is_theirs = |known: &str| known == address || domain.is_some() && domain == address::company_domain(known);
        let customer =
            || directory.customer(&address).is_some_and(|client| self.facets.customer.as_ref() == Some(&client.key));
        self.client_addresses().any(|known| is_theirs(&address::canonical(known))) || customer()
    }

    fn client_addresses(&self) -> impl Iterator<Item = &str> {
        let requester = self.requester.as_ref().filter(|author| author.kind == AuthorKind::Customer);
        let requester = requester.and_then(|author| author.address.as_deref());
        self.clients.iter().map(String::as_str).chain(requester)
    }

    /// By what the person at the client is told from others of that name: the address, number or user id by which the client wrote,
    /// else the conversation; none where that is all that is known.
    pub fn contact_by(&self) -> Option<String> {
        let word = self.client_addresses().next().or(self.thread.as_deref())?;
        (self.contact.as_deref() != Some(word)).then(|| word.to_owned())
    }

    /// When it ended; none while it may still move.
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        matches!(self.phase, Phase::Closed | Phase::Merged).then_some(self.last_event_at)
    }

    /// The earliest instant at which one of its clocks is due.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.clocks.iter().filter(|clock| clock.is_live()).filter_map(|clock| clock.due_at).min()
    }
}
