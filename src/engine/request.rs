//! Requests: what is known of the thing promised upon.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::address;
use super::check::comment::Part;
use super::clock::Clock;
use super::directory::Directory;
use super::event::{Author, AuthorKind, Promise};
use super::facets::Facets;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// Where it stands.
    pub phase: Phase,
    /// What policies look at.
    pub facets: Facets,
    /// The person at the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A person's key, or the word by which the channel named somebody unknown to the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whoever asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Author>,
    /// The first name of its conversation, where no address tells who wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Addresses of the client's people who wrote, in their canonical form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
    /// Addresses outside of the house that it asked without the client: suppliers, carriers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub third_parties: Vec<String>,
    /// The latest instant of an event, by `at`.
    pub last_event_at: DateTime<Utc>,
    /// Opening, or the last re-opening (LESSONS 20).
    pub opened_at: DateTime<Utc>,
    /// Instants at which conditions began that a clock watches, and at which they were met.
    #[serde(default)]
    pub marks: Marks,
    /// A deadline given at opening, which takes the contract's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_by_hand: Option<Promised>,
    /// The last promise made since, which may only shorten it (A5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<Promised>,
    /// Waits for the client, in order, disjoint (LESSONS 12).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// Alerts wait until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// The call or session that was agreed on (B2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<Appointment>,
    /// Requests that must be done first (B4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<RequestId>,
    /// The request off which it was split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RequestId>,
    /// The number of its ticket in another system (C8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Of a formal claim: the number under which it is tracked (D4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The parts of its fullest comment (C5).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub described: Vec<Part>,
    /// Fingerprints of what the house answered last, normalised (D11).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<u64>,
    /// The latest clock of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<Clock>,
    /// Numbers above those of the latest clocks that waits have had, which events heard of late put before them or did away with. No other
    /// wait gets them (LESSONS 25).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
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

/// Since when something has been owed, and when it was last given. A clock runs while its `…_since` is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// The oldest client message that nobody answered (A1, LESSONS 16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered_since: Option<DateTime<Utc>>,
    /// The last answer that counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime<Utc>>,
    /// The first client message of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_asked_at: Option<DateTime<Utc>>,
    /// The first answer that counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answered_at: Option<DateTime<Utc>>,
    /// Since when what was asked for is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undelivered_since: Option<DateTime<Utc>>,
    /// The last delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<DateTime<Utc>>,
    /// Since when nobody owns it (C2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unowned_since: Option<DateTime<Utc>>,
    /// When it last got an owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned_at: Option<DateTime<Utc>>,
    /// Since when a task waits for its answer (D2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_unanswered_since: Option<DateTime<Utc>>,
    /// When the task got an answer that says something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_answered_at: Option<DateTime<Utc>>,
    /// The oldest client message that nobody answered on its thread (A2, A8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unacknowledged_since: Option<DateTime<Utc>>,
    /// The last answer on the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The last client message of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<DateTime<Utc>>,
    /// When the client last said that no more help is needed (C4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Since when it lies in the entry inbox (C1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unclassified_since: Option<DateTime<Utc>>,
    /// When it left it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classified_at: Option<DateTime<Utc>>,
    /// The last thing that somebody did (B7, C3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<DateTime<Utc>>,
    /// Since when the client is to be asked how it goes (B5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_since: Option<DateTime<Utc>>,
    /// When the client was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed_up_at: Option<DateTime<Utc>>,
    /// The oldest WhatsApp message of the house that no email repeats (A6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreplicated_since: Option<DateTime<Utc>>,
    /// When an email last did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicated_at: Option<DateTime<Utc>>,
    /// The oldest interaction that nobody wrote down (B1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlogged_since: Option<DateTime<Utc>>,
    /// The last log entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_at: Option<DateTime<Utc>>,
    /// When the appointment was agreed on (B2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_since: Option<DateTime<Utc>>,
    /// When it took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_at: Option<DateTime<Utc>>,
    /// The oldest call that broke off and was not called back (D9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_since: Option<DateTime<Utc>>,
    /// When the client was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called_back_at: Option<DateTime<Utc>>,
    /// When the claim entered its stage (D4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_since: Option<DateTime<Utc>>,
    /// When it left one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hopped_at: Option<DateTime<Utc>>,
    /// The last client message while nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_since: Option<DateTime<Utc>>,
    /// Since when something is to be made good (E4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contingency_since: Option<DateTime<Utc>>,
    /// When it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_at: Option<DateTime<Utc>>,
    /// Since when there is talk elsewhere that nobody wrote down (C6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_since: Option<DateTime<Utc>>,
    /// When work was last split off (C7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_opened_at: Option<DateTime<Utc>>,
    /// When it was last written down that the talk goes on elsewhere (C4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_channel_at: Option<DateTime<Utc>>,
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
            last_event_at: DateTime::<Utc>::MIN_UTC,
            opened_at: DateTime::<Utc>::MIN_UTC,
            marks: Marks::default(),
            set_by_hand: None,
            promised: None,
            pauses: Vec::new(),
            snoozed_until: None,
            appointment: None,
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

    /// The wait that lasts, if one does.
    pub fn open_pause(&mut self) -> Option<&mut Pause> {
        self.pauses.last_mut().filter(|pause| pause.to.is_none())
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

    /// The earliest instant at which one of its clocks is due.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.clocks.iter().filter(|clock| clock.is_live()).filter_map(|clock| clock.due_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every mark as a store keeps it, each at a minute of its own.
    const STORED: &str = concat!(
        "{",
        r#""unanswered_since":"2026-03-02T14:00:00Z","answered_at":"2026-03-02T14:01:00Z","#,
        r#""first_asked_at":"2026-03-02T14:02:00Z","first_answered_at":"2026-03-02T14:03:00Z","#,
        r#""undelivered_since":"2026-03-02T14:04:00Z","delivered_at":"2026-03-02T14:05:00Z","#,
        r#""unowned_since":"2026-03-02T14:06:00Z","owned_at":"2026-03-02T14:07:00Z","#,
        r#""task_unanswered_since":"2026-03-02T14:08:00Z","task_answered_at":"2026-03-02T14:09:00Z","#,
        r#""unacknowledged_since":"2026-03-02T14:10:00Z","acknowledged_at":"2026-03-02T14:11:00Z","#,
        r#""asked_at":"2026-03-02T14:12:00Z","confirmed_at":"2026-03-02T14:13:00Z","#,
        r#""unclassified_since":"2026-03-02T14:14:00Z","classified_at":"2026-03-02T14:15:00Z","#,
        r#""idle_since":"2026-03-02T14:16:00Z","follow_up_since":"2026-03-02T14:17:00Z","#,
        r#""followed_up_at":"2026-03-02T14:18:00Z","unreplicated_since":"2026-03-02T14:19:00Z","#,
        r#""replicated_at":"2026-03-02T14:20:00Z","unlogged_since":"2026-03-02T14:21:00Z","#,
        r#""logged_at":"2026-03-02T14:22:00Z","scheduled_since":"2026-03-02T14:23:00Z","#,
        r#""held_at":"2026-03-02T14:24:00Z","dropped_since":"2026-03-02T14:25:00Z","#,
        r#""called_back_at":"2026-03-02T14:26:00Z","hop_since":"2026-03-02T14:27:00Z","#,
        r#""hopped_at":"2026-03-02T14:28:00Z","window_since":"2026-03-02T14:29:00Z","#,
        r#""contingency_since":"2026-03-02T14:30:00Z","recovered_at":"2026-03-02T14:31:00Z","#,
        r#""outside_since":"2026-03-02T14:32:00Z","task_opened_at":"2026-03-02T14:33:00Z","#,
        r#""moved_channel_at":"2026-03-02T14:34:00Z""#,
        "}",
    );

    #[test]
    fn marks_are_stored_under_the_keys_that_stores_have() {
        let marks: Marks = serde_json::from_str(STORED).expect("marks");
        assert_eq!(serde_json::to_string(&marks).expect("JSON"), STORED);
    }

    #[test]
    fn marks_that_a_store_does_not_have_are_not_set() {
        for stored in ["{}", r#"{"unanswered_since":null}"#, r#"{"of_a_later_release":"2026-03-02T14:00:00Z"}"#] {
            let marks: Marks = serde_json::from_str(stored).expect("marks");
            assert_eq!(marks, Marks::default(), "{stored}");
            assert_eq!(serde_json::to_string(&marks).expect("JSON"), "{}");
        }
    }
}
