//! Appointments, for the calendars of everybody of the house who takes part, and of the supervisor (B2).

use std::collections::HashSet;

use super::Decision;
use super::announce::announcement;
use crate::engine::directory::{Recipient, Role, Tell};
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::outbox::Content;
use crate::outbox::facts::{Attendee, Invitation};
use crate::unit::known::{Instance, Need};

impl Decision<'_> {
    /// Sends everybody of the house who takes part, and the supervisor, the appointment.
    pub(super) fn invite(&mut self, request: &Request, event: &Event) -> Result<(), Need> {
        let Some(appointment) = &request.appointment else { return Ok(()) };
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
            sequence: appointment.sequence,
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
