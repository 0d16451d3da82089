//! What follows from an outcome beyond its request: violations on record, work that is split off, requests that an event of another one
//! moves, and events that waited for their conversation.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Decision, OWN_SOURCE};
use crate::engine::effect::Effect;
use crate::engine::event::{About, Author, AuthorKind, Direction, Event, EventId, Fact, RequestKind};
use crate::engine::policy::TargetKind;
use crate::engine::proof::Proof;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::unit::Input;
use crate::unit::changes::NewViolation;
use crate::unit::incoming::Incoming;
use crate::unit::known::{BlockedBy, EventOf, EventsNamed, EventsOf, Need, OpenOfCustomer, Parked};

/// Whether an event means something for other requests, or for calendars.
pub(super) const fn has_followers(event: &Event) -> bool {
    matches!(
        event.fact,
        Fact::Block { .. }
            | Fact::Message { direction: Direction::Out, .. }
            | Fact::Close { .. }
            | Fact::Merge
            | Fact::Deliver { .. }
            | Fact::Schedule { .. }
            | Fact::Undo { .. }
    )
}

impl Decision<'_> {
    /// Has put on record what broke a rule, and opened what was split off.
    pub(super) fn split(&mut self, request: &Request, effects: &[Effect], event: Option<&Event>) {
        let at = event.map_or(self.now, |event| event.at);
        for (place, effect) in effects.iter().enumerate() {
            let next = match effect {
                Effect::Violation(violation) => {
                    let (owner, violation) = (request.owner.clone(), violation.clone());
                    Input::Record(Box::new(NewViolation { request: request.id, at, owner, violation }))
                }
                Effect::SplitOff { kind, subject, owner, .. } => {
                    let name = match event {
                        Some(event) => format!("{}/{place}", event.id),
                        None => format!("{}/{}/{place}", request.id, at.timestamp_millis()),
                    };
                    let split = Split { kind: *kind, subject: subject.as_deref(), owner: owner.as_deref() };
                    let incoming = Arc::new(Incoming::own(split.event(request, &name, at), None));
                    Input::Own { incoming, answers: Some(place) }
                }
                _ => continue,
            };
            self.changes.then.push(next);
        }
    }

    /// What a believed event means for other requests, and for calendars.
    pub(super) fn follow(&mut self, request: &Request, event: &Event, is_elsewhere: bool) -> Result<(), Need> {
        match &event.fact {
            Fact::Block { blocker } => self.changes.blocks.push((*blocker, request.id)),
            Fact::Message { direction: Direction::Out, .. } if !is_elsewhere => self.replicate(request, event)?,
            Fact::Close { .. } | Fact::Merge | Fact::Deliver { .. } => self.unblock(request, event)?,
            Fact::Schedule { .. } => self.invite(request, event)?,
            Fact::Undo { of } => self.take_back_what_followed(request, event, of)?,
            _ => {}
        }
        Ok(())
    }

    /// An email to a client repeats what is open with the same client by WhatsApp (A6).
    fn replicate(&mut self, request: &Request, event: &Event) -> Result<(), Need> {
        let is_human = event.author.as_ref().is_none_or(|author| author.kind.is_human());
        let is_email = event.about.channel.as_deref().unwrap_or(&request.facets.channel) == "email";
        if !is_human || !is_email {
            return Ok(());
        }
        let directory = &self.config.rulebook.directory;
        let named = event.cc.iter().find_map(|address| directory.customer(address)).map(|client| client.key.clone());
        let Some(customer) = named.or_else(|| request.facets.customer.clone()) else { return Ok(()) };
        for id in self.known.get(OpenOfCustomer { customer, channel: "whatsapp".to_owned() })? {
            let Some(other) = self.known.request(*id)? else { continue };
            if other.marks.of(TargetKind::Replica).owed_since.is_some_and(|since| since <= event.at) {
                let own = own_event(format!("replica/{}/{id}", event.id), event.at, About::default(), Fact::Replica);
                self.bring_about(own, *id);
            }
        }
        Ok(())
    }

    /// What waited for the request goes on (B4).
    fn unblock(&mut self, request: &Request, event: &Event) -> Result<(), Need> {
        let blocked = self.known.get(BlockedBy { request: request.id })?;
        if blocked.is_empty() {
            return Ok(());
        }
        for blocked in blocked {
            let fact = Fact::Unblock { blocker: Some(request.id) };
            let own = own_event(format!("unblock/{}/{blocked}", event.id), event.at, About::default(), fact);
            self.bring_about(own, *blocked);
        }
        self.changes.unblocked.push(request.id);
        Ok(())
    }

    /// What an act brought about on other requests is taken back with it: what was split off and nobody has touched since becomes part of
    /// this one again, what it stopped elsewhere is owed again, and what waited for it waits again.
    fn take_back_what_followed(&mut self, request: &Request, undo: &Event, act: &str) -> Result<(), Need> {
        if let Some((source, id)) = act.split_once('/') {
            let id = EventId { source: source.to_owned(), id: id.to_owned() };
            if let Some(agreed) = self.known.get(EventOf { id })? {
                self.invite_anew(request, undo, agreed)?;
            }
        }
        let beginnings = ["split", "replica", "unblock"].map(|what| format!("{what}/{act}/"));
        let named = EventsNamed { source: OWN_SOURCE.to_owned(), beginnings: beginnings.to_vec() };
        for (other, name) in self.known.get(named)? {
            let fact = if name.starts_with("split/") {
                if 1 < self.known.get(EventsOf { request: *other })?.len() {
                    continue;
                }
                Fact::Merge
            } else {
                Fact::Undo { of: EventId { source: OWN_SOURCE.to_owned(), id: name.clone() }.to_string() }
            };
            if name.starts_with("unblock/") {
                self.changes.blocks.push((request.id, *other));
            }
            let own = own_event(format!("undo/{}/{other}", undo.id), undo.at, About::default(), fact);
            self.bring_about(own, *other);
        }
        Ok(())
    }

    /// Events that were kept until the conversation began belong to its request.
    pub(super) fn unpark(&mut self, channel: &str, threads: &[String], request: RequestId) -> Result<(), Need> {
        let parked = Parked { channel: channel.to_owned(), threads: threads.to_vec() };
        let early = self.known.get(parked)?;
        if early.is_empty() {
            return Ok(());
        }
        for event in early {
            self.changes.then.push(Input::Event(Arc::new(Incoming::own(event.clone(), Some(request)))));
        }
        self.changes.unparked.push((channel.to_owned(), threads.to_vec()));
        Ok(())
    }

    fn bring_about(&mut self, event: Event, request: RequestId) {
        let incoming = Arc::new(Incoming::own(event, Some(request)));
        self.changes.then.push(Input::Own { incoming, answers: None });
    }
}

/// Work that is split off.
struct Split<'a> {
    kind: RequestKind,
    subject: Option<&'a str>,
    owner: Option<&'a str>,
}

impl Split<'_> {
    /// The event that opens it as a request of its own.
    fn event(&self, parent: &Request, name: &str, at: DateTime<Utc>) -> Event {
        let facets = &parent.facets;
        let about = About {
            channel: Some(facets.channel.clone()),
            customer: facets.customer.clone(),
            contact: parent.contact.clone(),
            subject: self.subject.map(str::to_owned).or_else(|| parent.subject.clone()),
            priority: facets.priority.clone(),
            kind: Some(self.kind),
            audience: facets.audience,
            parent: Some(parent.id),
            ..About::default()
        };
        // Work that somebody splits off is that person's until it is handed on; a claim goes to its first stage's owner.
        let author =
            self.owner.map(|owner| Author { name: Some(owner.to_owned()), address: None, kind: AuthorKind::Agent });
        Event { author, ..own_event(format!("split/{name}"), at, about, Fact::Open { promise: None, owner: None }) }
    }
}

fn own_event(id: String, at: DateTime<Utc>, about: About, fact: Fact) -> Event {
    Event {
        id: EventId { source: OWN_SOURCE.to_owned(), id },
        at,
        threads: Vec::new(),
        author: None,
        about,
        cc: Vec::new(),
        recipients: Vec::new(),
        attached: false,
        proof: Proof::Own,
        gist: None,
        refs: serde_json::Map::new(),
        fact,
    }
}
