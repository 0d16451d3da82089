//! Appointments, for the calendars of everybody of the house who takes part, and of the supervisor (B2).

use std::collections::HashSet;

use super::Decision;
use super::announce::announcement;
use crate::engine::directory::{Recipient, Role, Tell};
use crate::engine::event::{Event, Fact};
use crate::engine::request::{Appointment, Request};
use crate::outbox::Content;
use crate::outbox::facts::{Attendee, Invitation};
use crate::unit::known::{EventsOf, Instance, Need};

impl Decision<'_> {
    /// Sends everybody of the house who takes part, and the supervisor, the appointment.
    pub(super) fn invite(&mut self, request: &Request, event: &Event) -> Result<(), Need> {
        match &request.appointment {
            Some(appointment) => self.send_invitation(request, event, appointment),
            None => Ok(()),
        }
    }

    /// The same after an agreement was taken back: what holds by now, or that nothing does.
    pub(super) fn invite_anew(&mut self, request: &Request, undo: &Event, agreed: &Event) -> Result<(), Need> {
        let Fact::Schedule { due, participants } = &agreed.fact else { return Ok(()) };
        let called_off = |at| Appointment { at, participants: participants.clone(), sequence: 0, cancelled: true };
        match request.appointment.clone().or_else(|| due.map(called_off)) {
            Some(appointment) => self.send_invitation(request, undo, &appointment),
            None => Ok(()),
        }
    }

    /// How much higher a calendar must count, which takes the highest, than agreements that were not taken back: by each that was, and by
    /// the message that it was.
    fn taken_back(&self, request: &Request) -> Result<u32, Need> {
        let events = self.known.get(EventsOf { request: request.id })?;
        let agreements = events.iter().filter(|event| matches!(event.fact, Fact::Schedule { .. }));
        let agreements: HashSet<_> = agreements.map(|event| event.id.to_string()).collect();
        let is_one = |event: &&Event| matches!(&event.fact, Fact::Undo { of } if agreements.contains(of));
        Ok(2 * u32::try_from(events.iter().filter(is_one).count()).unwrap_or(u32::MAX / 2))
    }

    fn send_invitation(&mut self, request: &Request, event: &Event, appointment: &Appointment) -> Result<(), Need> {
        let n_taken_back = self.taken_back(request)?;
        // Nothing is agreed on any more: one less than the first.
        let n_agreed = if request.appointment.is_some() { appointment.sequence + 1 } else { 0 };
        if request.is_history(event.at) && appointment.at < self.now {
            return Ok(());
        }
        let config = self.config;
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
        let mut seen = HashSet::new();
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
        let customer = request.facets.customer.as_ref().map(|word| directory.customer_name(word).to_owned());
        let invitation = Invitation {
            request: request.id,
            uid: format!("{}.{}@plazo", self.known.get(Instance {})?, request.id),
            sequence: (n_agreed + n_taken_back).saturating_sub(1),
            starts_at: appointment.at,
            decided_at: self.now,
            cancelled: appointment.cancelled,
            client: customer.or_else(|| request.contact.clone()),
            subject: request.subject.clone(),
            owner: owner.map(|person| person.name.clone()),
            attendees,
            sender: config.mail_sender(),
        };
        let content = Content::Invitation(Box::new(invitation));
        for key in people {
            let invited = announcement(content.clone(), &Recipient::Person(key), config, self.now);
            self.changes.alerts.push(invited);
        }
        Ok(())
    }
}
