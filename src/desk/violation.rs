//! The ladders of broken rules: who is told, until somebody answers for it.

use super::Decision;

use super::alert::{Addressee, when_back};
use super::announce::addressed_quietly;
use crate::engine::check::Violation;
use crate::engine::directory::{Recipient, Replaced};
use crate::engine::escalation::Offset;
use crate::engine::request::Request;
use crate::outbox::facts::ViolationFacts;
use crate::outbox::message::NewAlert;
use crate::outbox::{Content, Motive, wait};
use crate::unit::changes::Climbed;
use crate::unit::{Need, Violated};

impl Decision<'_> {
    /// Tells the steps of a violation's ladder that are due, and notes when the next is. Of a check that is off nobody is told.
    pub(super) fn climb(&mut self, violated: &Violated) -> Result<(), Need> {
        let mut climbed = Climbed { id: violated.id, n_told: violated.n_told, next_at: None };
        let Some(request) = self.known.request(violated.request)? else {
            self.changes.climbed.push(climbed);
            return Ok(());
        };
        if request.is_history(violated.at) {
            self.changes.climbed.push(climbed);
            return Ok(());
        }
        let config = self.config;
        let Some(check) = config.rulebook.checks.find(violated.violation.check, &request.facets) else {
            self.changes.climbed.push(climbed);
            return Ok(());
        };
        let due_at = |step: Offset| match step {
            Offset::After(time) => violated.at + time.as_elapsed(),
            _ => violated.at,
        };
        for step in check.escalation.steps.iter().skip(violated.n_told) {
            if self.now < due_at(step.at) {
                climbed.next_at = Some(due_at(step.at));
                break;
            }
            let recipients = config.rulebook.directory.recipients(&step.tell, request.owner.as_deref(), None, self.now);
            let owner = request.owner.as_deref();
            let replaced = config.rulebook.directory.replaced(&step.tell, owner, None, self.now);
            self.tell_violation(violated, request, &recipients, &replaced)?;
            climbed.n_told += 1;
        }
        self.changes.climbed.push(climbed);
        Ok(())
    }

    /// Writes a message about a violation. It waits for what else its reader is told of.
    fn tell_violation(
        &mut self,
        violated: &Violated,
        request: &Request,
        recipients: &[Recipient],
        replaced: &[Replaced],
    ) -> Result<(), Need> {
        let config = self.config;
        let directory = &config.rulebook.directory;
        let name_of = |word: &String| directory.name_of(word).to_owned();
        let violation = Violation { who: violated.violation.who.as_ref().map(name_of), ..violated.violation.clone() };
        let customer = request.facets.customer.as_ref().map(|word| directory.customer_name(word).to_owned());
        let facts = ViolationFacts {
            id: violated.id,
            request: request.id,
            at: violated.at,
            violation,
            owner: request.owner.as_ref().map(name_of),
            client: customer.or_else(|| request.contact.clone()),
            channel: request.facets.channel.clone(),
            subject: request.subject.clone(),
        };
        let ways = addressed_quietly(recipients, config, self.now);
        let mut need = Need::default();
        self.ask_for_waits(&ways, &mut need);
        need.met()?;
        let mut deliveries = Vec::new();
        for (person, destination) in ways {
            let reader = Addressee { person, destination };
            deliveries.push(self.delivery(request, reader, true, None, wait::of_violation)?);
        }
        deliveries.extend(when_back(replaced, &deliveries, config, self.now));
        self.changes.alerts.push(NewAlert {
            step: None,
            motive: Motive::Violation,
            planned_at: self.now,
            decided_at: self.now,
            content: Content::Violation(Box::new(facts)),
            deliveries,
        });
        Ok(())
    }
}
