//! What follows from an outcome beyond its request: violations on record and told, work that is split off, requests that an event
//! of another one moves.

use chrono::{DateTime, TimeDelta, Utc};

use super::{App, Applied, Incoming, Transaction, WriteError};
use crate::engine::address;
use crate::engine::check::{self, CheckKind, Violation};
use crate::engine::directory::{Recipient, Role, Tell};
use crate::engine::effect::{Effect, Ignored, Outcome};
use crate::engine::escalation::Offset;
use crate::engine::event::{About, Audience, Author, AuthorKind, Direction, Event, EventId, Fact, RequestKind};
use crate::engine::policy::TargetKind;
use crate::engine::proof::Proof;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::store::StoreError;
use crate::store::outbox::{NewAlert, NewDelivery};
use crate::store::silences::Silencing;
use crate::store::violations::ViolationRow;
use crate::text::alert::{Content, HeldFor};
use crate::text::invitation::{Attendee, Invitation};
use crate::text::violation::ViolationFacts;

/// The source of events that plazo itself brings about.
pub const SOURCE: &str = "plazo";
/// Goes after the alerts of clocks.
const RANK_VIOLATION: i64 = 4;

impl App {
    /// Writes down what somebody says to a violation; `None` if there is no such one.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn excuse_violation(
        &self,
        id: i64,
        excuse: String,
        who: Option<String>,
    ) -> Result<Option<ViolationRow>, WriteError> {
        self.writer
            .write(move |tx| {
                tx.store.excuse_violation(id, &excuse, who.as_deref(), tx.now)?;
                tx.store.violation(id)
            })
            .await
    }
}

impl Transaction<'_> {
    /// An event as it is to be judged: an email of the house that begins a thread of its own, though a request of the same client
    /// is open, belongs to that request (A8).
    pub(super) fn off_thread(&self, incoming: &Incoming) -> Result<Option<Incoming>, StoreError> {
        let event = &incoming.event;
        let is_out = matches!(event.fact, Fact::Message { direction: Direction::Out, .. });
        let is_on = self.config.rulebook.checks.on.contains_key(&CheckKind::SameThread);
        if !is_on || !is_out || event.about.channel.as_deref() != Some("email") || event.cc.is_empty() {
            return Ok(None);
        }
        let words: Vec<_> = event.cc.iter().map(|address| address::canonical(address).into_owned()).collect();
        for id in self.store.open_of_contact(&words)? {
            let Some(request) = self.store.request(id)? else { continue };
            if request.facets.channel == "email" && request.facets.kind == RequestKind::Request {
                let about = About { off_thread: true, ..event.about.clone() };
                return Incoming::new(Event { about, ..event.clone() }, Some(id)).map(Some);
            }
        }
        Ok(None)
    }

    /// That a request which `event` opened is its contact's second one (C3).
    pub(super) fn same_contact(&self, request: &Request, event: &Event) -> Result<Option<Violation>, StoreError> {
        if !self.config.rulebook.checks.on.contains_key(&CheckKind::Duplicates) {
            return Ok(None);
        }
        if request.facets.audience == Some(Audience::Internal) || request.parent.is_some() {
            return Ok(None);
        }
        let Some(word) = request.contact_word() else { return Ok(None) };
        let mut others = self.store.open_of_contact(&[word])?;
        others.retain(|other| *other != request.id);
        Ok(check::same_contact(request, event, others, &self.config.rulebook))
    }

    /// Does what an outcome brings about. Requests that were split off are named in its effects.
    pub(super) fn follow(&mut self, outcome: &mut Outcome, event: Option<&Event>) -> Result<(), StoreError> {
        let request = outcome.request.clone();
        let at = event.map_or(self.now, |event| event.at);
        for (n, effect) in outcome.effects.iter_mut().enumerate() {
            match effect {
                Effect::Violation(violation) => self.record_violation(&request, violation, at)?,
                Effect::SplitOff { kind, subject, owner, request: opened, .. } => {
                    let name = match event {
                        Some(event) => format!("{}/{n}", event.id),
                        None => format!("{}/{}/{n}", request.id, at.timestamp_millis()),
                    };
                    *opened = self.split_off(&request, *kind, (subject.as_deref(), owner.as_deref()), &name, at)?;
                }
                _ => {}
            }
        }
        let Some(event) = event.filter(|event| event.is_believed()) else { return Ok(()) };
        let is_elsewhere = outcome.effects.contains(&Effect::Ignored { why: Ignored::Elsewhere });
        match &event.fact {
            Fact::Block { blocker } => self.store.add_block(*blocker, request.id)?,
            Fact::Message { direction: Direction::Out, .. } if !is_elsewhere => self.replicate(&request, event)?,
            Fact::Close { .. } | Fact::Merge | Fact::Deliver { .. } => self.unblock(&request, event)?,
            Fact::Schedule { .. } => self.invite(&request, event)?,
            _ => {}
        }
        Ok(())
    }

    /// Opens what was split off, as a request of its own.
    fn split_off(
        &mut self,
        parent: &Request,
        kind: RequestKind,
        (subject, owner): (Option<&str>, Option<&str>),
        name: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<RequestId>, StoreError> {
        let facets = &parent.facets;
        let about = About {
            channel: Some(facets.channel.clone()),
            customer: facets.customer.clone(),
            contact: parent.contact.clone(),
            subject: subject.map(str::to_owned).or_else(|| parent.subject.clone()),
            priority: facets.priority.clone(),
            kind: Some(kind),
            audience: facets.audience,
            parent: Some(parent.id),
            ..About::default()
        };
        // Work that somebody splits off is that person's until it is handed on; a claim goes to its first stage's owner.
        let author = owner.map(|owner| Author { name: Some(owner.to_owned()), address: None, kind: AuthorKind::Agent });
        let event = Event {
            author,
            ..self.own_event(format!("split/{name}"), at, about, Fact::Open { promise: None, owner: None })
        };
        Ok(match self.apply_own(event, None)? {
            Applied::Accepted { request, .. } | Applied::Duplicate { request } => Some(request),
            Applied::Unfiled | Applied::Rejected(_) => None,
        })
    }

    /// An email to a client repeats what is open with the same client by WhatsApp (A6).
    fn replicate(&mut self, request: &Request, event: &Event) -> Result<(), StoreError> {
        let is_human = event.author.as_ref().is_none_or(|author| author.kind.is_human());
        let is_email = event.about.channel.as_deref().unwrap_or(&request.facets.channel) == "email";
        if !is_human || !is_email {
            return Ok(());
        }
        let directory = &self.config.rulebook.directory;
        let named = event.cc.iter().find_map(|address| directory.customer(address)).map(|client| client.key.clone());
        let Some(customer) = named.or_else(|| request.facets.customer.clone()) else { return Ok(()) };
        for id in self.store.open_of_customer(&customer, "whatsapp")? {
            let Some(other) = self.store.request(id)? else { continue };
            if other.marks.of(TargetKind::Replica).owed_since.is_some_and(|since| since <= event.at) {
                let name = format!("replica/{}/{id}", event.id);
                let own = self.own_event(name, event.at, About::default(), Fact::Replica);
                self.apply_own(own, Some(id))?;
            }
        }
        Ok(())
    }

    /// Everybody of the house who takes part, and the supervisor, gets the appointment for the calendar (B2).
    fn invite(&mut self, request: &Request, event: &Event) -> Result<(), StoreError> {
        let Some(appointment) = &request.appointment else { return Ok(()) };
        let config = self.config.clone();
        let directory = &config.rulebook.directory;
        let owner = request.owner.as_deref().and_then(|owner| directory.person(owner));
        let owner = owner.or_else(|| event.author.as_ref().and_then(|author| directory.person_of(author)));
        let mut people: Vec<String> = owner.map(|person| person.key.clone()).into_iter().collect();
        let named = appointment.participants.iter().filter_map(|word| directory.person(word));
        people.extend(named.map(|person| person.key.clone()));
        for recipient in directory.recipients(&[Tell::Role(Role::Supervisor)], None, None, self.now) {
            if let Recipient::Person(key) = recipient {
                people.push(key);
            }
        }
        let mut seen = std::collections::HashSet::new();
        people.retain(|key| seen.insert(key.clone()));
        let attendee = |key: &String| {
            let contact = config.contacts.get(key)?;
            Some(Attendee { name: contact.name.clone(), email: contact.email.clone()? })
        };
        let mut attendees: Vec<Attendee> = people.iter().filter_map(attendee).collect();
        let strangers = appointment.participants.iter().filter(|word| directory.person(word).is_none());
        attendees.extend(
            strangers
                .filter(|word| word.contains('@'))
                .map(|email| Attendee { name: email.clone(), email: email.clone() }),
        );
        let client = |word: &String| directory.customer(word).map_or_else(|| word.clone(), |one| one.name.clone());
        let invitation = Invitation {
            request: request.id,
            uid: format!("{}.{}@plazo", self.store.instance()?, request.id),
            sequence: appointment.sequence,
            starts_at: appointment.at,
            decided_at: self.now,
            cancelled: appointment.cancelled,
            client: request.facets.customer.as_ref().map(client).or_else(|| request.contact.clone()),
            subject: request.subject.clone(),
            owner: owner.map(|person| person.name.clone()),
            attendees,
            sender: config.mail_sender(),
        };
        let content = Content::Invitation(Box::new(invitation));
        for key in people {
            self.announce(&content, &Recipient::Person(key))?;
        }
        Ok(())
    }

    /// What waited for the request goes on (B4).
    fn unblock(&mut self, request: &Request, event: &Event) -> Result<(), StoreError> {
        for blocked in self.store.take_blocked_by(request.id)? {
            let fact = Fact::Unblock { blocker: Some(request.id) };
            let own = self.own_event(format!("unblock/{}/{blocked}", event.id), event.at, About::default(), fact);
            self.apply_own(own, Some(blocked))?;
        }
        Ok(())
    }

    fn own_event(&self, id: String, at: DateTime<Utc>, about: About, fact: Fact) -> Event {
        Event {
            id: EventId { source: SOURCE.to_owned(), id },
            at,
            threads: Vec::new(),
            author: None,
            about,
            cc: Vec::new(),
            recipients: Vec::new(),
            proof: Proof::Own,
            refs: serde_json::Map::new(),
            fact,
        }
    }

    fn apply_own(&mut self, event: Event, request: Option<RequestId>) -> Result<Applied, StoreError> {
        let applied = self.apply(&Incoming::new(event, request)?)?;
        if let Applied::Rejected(rejection) = &applied {
            tracing::warn!(code = rejection.code, "what follows from an event was not taken");
        }
        Ok(applied)
    }

    fn record_violation(
        &mut self,
        request: &Request,
        violation: &Violation,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = self.store.add_violation(request.id, (at, self.now), request.owner.as_deref(), violation)?;
        let row = ViolationRow {
            id,
            request: request.id,
            at,
            owner: request.owner.clone(),
            violation: violation.clone(),
            n_told: 0,
            excuse: None,
        };
        self.climb(&row, request)
    }

    /// Tells violations whose ladder goes on, until somebody answers for them.
    pub(super) fn climb_violations(&mut self) -> Result<(), StoreError> {
        for row in self.store.violations_due(self.now)? {
            match self.store.request(row.request)? {
                Some(request) => self.climb(&row, &request)?,
                None => self.store.told_violation(row.id, row.n_told, None)?,
            }
        }
        Ok(())
    }

    /// Tells the steps of a violation's ladder that are due, and notes when the next is. Of a check that is off nobody is told.
    fn climb(&mut self, row: &ViolationRow, request: &Request) -> Result<(), StoreError> {
        let config = self.config.clone();
        let Some(check) = config.rulebook.checks.find(row.violation.check, &request.facets) else {
            return self.store.told_violation(row.id, row.n_told, None);
        };
        let due_at = |step: Offset| match step {
            Offset::After(time) => row.at + time.as_elapsed(),
            _ => row.at,
        };
        let mut n_told = row.n_told;
        for step in check.escalation.steps.iter().skip(row.n_told) {
            if self.now < due_at(step.at) {
                return self.store.told_violation(row.id, n_told, Some(due_at(step.at)));
            }
            let recipients = config.rulebook.directory.recipients(&step.tell, request.owner.as_deref(), None, self.now);
            self.tell_violation(row, request, &recipients)?;
            n_told += 1;
        }
        self.store.told_violation(row.id, n_told, None)
    }

    /// Writes a message about a violation. It waits for what else its reader is told of.
    fn tell_violation(
        &mut self,
        row: &ViolationRow,
        request: &Request,
        recipients: &[Recipient],
    ) -> Result<(), StoreError> {
        let config = self.config.clone();
        let directory = &config.rulebook.directory;
        let name_of = |word: &String| directory.person(word).map_or_else(|| word.clone(), |person| person.name.clone());
        let client = |word: &String| directory.customer(word).map_or_else(|| word.clone(), |one| one.name.clone());
        let violation = Violation { who: row.violation.who.as_ref().map(name_of), ..row.violation.clone() };
        let content = Content::Violation(Box::new(ViolationFacts {
            id: row.id,
            request: request.id,
            at: row.at,
            violation,
            owner: request.owner.as_ref().map(name_of),
            client: request.facets.customer.as_ref().map(client).or_else(|| request.contact.clone()),
            channel: request.facets.channel.clone(),
            subject: request.subject.clone(),
        }));
        let alert =
            NewAlert { step: None, why: "violation", planned_at: self.now, decided_at: self.now, content: &content };
        let Some(alert) = self.store.add_alert(&alert)? else { return Ok(()) };
        for (person, destination) in super::decide::addressed(recipients, &config) {
            let silencing = self.store.silencing(request.id, &request.facets, person.as_deref(), self.now)?;
            let held = match silencing {
                Some(Silencing { until, .. }) => Some((HeldFor::Silence, until)),
                None => self.violation_waits(person.as_deref(), &destination)?,
            };
            self.store.add_delivery(&NewDelivery {
                alert,
                person: person.as_deref(),
                destination: &destination,
                rank: RANK_VIOLATION,
                planned_at: self.now,
                decided_at: self.now,
                held,
                silence: silencing.map(|silencing| silencing.id),
                updates: None,
            })?;
            self.n_decided += 1;
        }
        Ok(())
    }

    /// Why a violation waits, and until when. It is not urgent: it waits for what else its reader is told of, and no alert waits for it.
    fn violation_waits(
        &self,
        person: Option<&str>,
        destination: &str,
    ) -> Result<Option<(HeldFor, DateTime<Utc>)>, StoreError> {
        if let Some(waits) = super::decide::waits(true, person, destination, &self.config, self.now) {
            return Ok(Some(waits));
        }
        let window = self.config.alerts.window;
        if window <= TimeDelta::zero() || !super::decide::gathers(destination, &self.config) {
            return Ok(None);
        }
        let until = self.store.window(person, destination, self.now)?;
        Ok(Some((HeldFor::Burst, until.unwrap_or(self.now + window))))
    }
}
