//! From the engine's alert to deliveries: facts are frozen, recipients become destinations.

use super::{Hold, Transaction};
use crate::config::Config;
use crate::engine::derivation::Derivation;
use crate::engine::directory::Recipient;
use crate::engine::effect::{Alert, Why};
use crate::engine::explain;
use crate::engine::request::Request;
use crate::store::StoreError;
use crate::store::outbox::{NewAlert, NewDelivery};
use crate::text::alert::{AlertFacts, Content, HeldFor};

/// Goes before everything else: a message about plazo itself.
const RANK_NOTICE: i64 = -1;
/// Goes after every alert.
const RANK_LIST: i64 = 9;

impl Transaction<'_> {
    /// Writes the alert and a delivery for each recipient and transport. What was told already is not told again.
    pub(super) fn decide(&mut self, request: &Request, alert: &Alert) -> Result<(), StoreError> {
        // What an edit makes due is not late, however long ago it would have been due by it.
        let late = alert.late && self.hold == Hold::WhatIsLate;
        let facts = AlertFacts { late, ..facts(request, alert, &self.config, self.now) };
        let content = Content::Alert(Box::new(facts));
        let step = alert.step.to_string();
        let added = self.store.add_alert(&NewAlert {
            step: Some((request.id, alert.clock, &step)),
            why: alert.why.as_str(),
            planned_at: alert.planned_at,
            decided_at: self.now,
            content: &content,
        })?;
        let Some(id) = added else { return Ok(()) };
        let held = match self.hold {
            Hold::WhatIsLate => (alert.late && self.config.alerts.gather).then_some(HeldFor::Downtime),
            Hold::Nothing => None,
            Hold::Edit => Some(HeldFor::Edit),
        };
        for (person, destination) in addressed(&alert.recipients, &self.config) {
            self.store.add_delivery(&NewDelivery {
                alert: id,
                person: person.as_deref(),
                destination: &destination,
                rank: rank(alert.why),
                planned_at: alert.planned_at,
                decided_at: self.now,
                held,
            })?;
            self.n_decided += 1;
        }
        Ok(())
    }

    /// Writes a message that is about no clock, a list or a notice, and returns its deliveries.
    pub(super) fn announce(&mut self, content: &Content, recipient: &Recipient) -> Result<Vec<i64>, StoreError> {
        let (why, rank) = match content {
            Content::List { .. } => ("list", RANK_LIST),
            Content::Alert(_) | Content::Digest { .. } | Content::Notice { .. } => ("notice", RANK_NOTICE),
        };
        let alert = NewAlert { step: None, why, planned_at: self.now, decided_at: self.now, content };
        let Some(alert) = self.store.add_alert(&alert)? else { return Ok(Vec::new()) };
        let mut deliveries = Vec::new();
        for (person, destination) in addressed(std::slice::from_ref(recipient), &self.config) {
            deliveries.push(self.store.add_delivery(&NewDelivery {
                alert,
                person: person.as_deref(),
                destination: &destination,
                rank,
                planned_at: self.now,
                decided_at: self.now,
                held: None,
            })?);
            self.n_decided += 1;
        }
        Ok(deliveries)
    }
}

const fn rank(why: Why) -> i64 {
    match why {
        Why::Breach => 0,
        Why::Escalation => 1,
        Why::Warning => 2,
        Why::Attention => 3,
    }
}

/// Persons and destinations, without doubles: a person who shares a destination with another is told there once.
fn addressed(recipients: &[Recipient], config: &Config) -> Vec<(Option<String>, String)> {
    let mut addressed: Vec<(Option<String>, String)> = Vec::new();
    for recipient in recipients {
        let ways = match recipient {
            Recipient::Destination(name) => vec![(None, name.clone())],
            Recipient::Person(key) => {
                let ways = config.contacts.get(key).map(|contact| contact.notify.as_slice()).unwrap_or_default();
                ways.iter().map(|name| (Some(key.clone()), name.clone())).collect()
            }
        };
        for way in ways {
            if !addressed.contains(&way) {
                addressed.push(way);
            }
        }
    }
    addressed
}

fn facts(request: &Request, alert: &Alert, config: &Config, now: chrono::DateTime<chrono::Utc>) -> AlertFacts {
    let target = config.rulebook.target(alert.clock.kind, &request.facets);
    let clock = request.clocks.iter().find(|clock| clock.name() == alert.clock);
    let directory = &config.rulebook.directory;
    let name_of = |word: &String| directory.person(word).map_or_else(|| word.clone(), |person| person.name.clone());
    let client = |word: &String| directory.customer(word).map_or_else(|| word.clone(), |client| client.name.clone());
    AlertFacts {
        request: request.id,
        target: alert.clock.kind,
        cycle: alert.clock.cycle,
        why: alert.why,
        step: alert.step.to_string(),
        rule: target.and_then(|(_, target)| target.rule.clone()),
        policy: target.map(|(policy, _)| policy.name.clone()).unwrap_or_default(),
        channel: request.facets.channel.clone(),
        customer: request.facets.customer.as_ref().map(client),
        contact: request.contact.clone().or_else(|| request.requester.as_ref()?.name.as_ref().map(name_of)),
        subject: request.subject.clone(),
        owner: request.owner.as_ref().map(name_of),
        started_at: clock.map_or(request.opened_at, |clock| clock.started_at),
        due_at: clock.and_then(|clock| clock.due_at),
        planned_at: alert.planned_at,
        decided_at: now,
        late: alert.late,
        calendar: target.map(|(_, target)| target.calendar.name().to_owned()).unwrap_or_default(),
        derivation: clock
            .and_then(|clock| explain::of_clock(request, clock, &config.rulebook))
            .map(Derivation::in_brief),
        next: alert.next.map(|(step, at)| (step.to_string(), at)),
    }
}
