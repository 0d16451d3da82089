//! From the engine's alert to deliveries: facts are frozen, recipients become destinations, and what has a reason to wait waits.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::announce::{addressed_at_step, quiet_way};
use super::{Decision, facts, place};
use crate::config::Config;
use crate::engine::directory::{Recipient, Replaced};
use crate::engine::effect::{Alert, Why};
use crate::engine::escalation::Offset;
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::outbox::facts::{AlertFacts, StandIn};
use crate::outbox::message::{NewAlert, NewDelivery, StepRef};
use crate::outbox::silence::{self, Silence};
use crate::outbox::wait::{self, Burst, Delay, Reasons};
use crate::outbox::{Content, HeldFor, Motive};
use crate::unit::Batching;
use crate::unit::known::{DowntimeAt, HeardLate, LinkOf, Need, Silences, WindowOf};

impl Decision<'_> {
    /// The alert, and a delivery for each recipient and transport.
    pub(super) fn tell(&mut self, request: &Request, alert: &Alert, hold: Batching) -> Result<(), Need> {
        let (config, now) = (self.config, self.now);
        // What an edit makes due is not late, however long ago it would have been due by it.
        let is_late = alert.late && hold == Batching::WhatIsLate;
        let link = LinkOf { request: request.id };
        let mut need = Need::default();
        need.unless_known(self.known, &link);
        if is_late {
            need.unless_known(self.known, &DowntimeAt { at: alert.planned_at });
            need.unless_known(self.known, &HeardLate { request: request.id, at: alert.planned_at });
        }
        need.met()?;
        let down = if is_late { *self.known.get(DowntimeAt { at: alert.planned_at })? } else { None };
        let edited_at = matches!(hold, Batching::Edit | Batching::Nothing).then_some(now);
        let place = self.known.get(link)?.as_deref().and_then(place::of);
        let gathered = match hold {
            Batching::WhatIsLate if is_late && config.alerts.gather => {
                let heard_late = HeardLate { request: request.id, at: alert.planned_at };
                let is_history = down.is_none() && *self.known.get(heard_late)?;
                Some(if is_history { HeldFor::History } else { HeldFor::Downtime })
            }
            Batching::Edit => Some(HeldFor::Edit),
            Batching::WhatIsLate | Batching::Nothing => None,
        };
        let recipients = self.readers_of(request, alert, gathered)?;
        let present = present(request, alert.why, &recipients, config, now);
        let ways = addressed_at_step(&present, alert.step, config, now);
        let mut need = Need::default();
        self.ask_for_waits(&ways, &mut need);
        need.met()?;
        let may_wait = may_wait(request, alert.why);
        let mut deliveries = Vec::new();
        for (person, destination) in ways {
            let reader = Addressee { person, destination };
            deliveries.push(self.delivery(request, reader, may_wait, gathered, wait::of_alert)?);
        }
        let replaced = replaced(request, (alert.clock.kind, alert.step), config, now);
        deliveries.extend(when_back(&replaced, &deliveries, config, now));
        let stand_ins = stand_ins(&replaced, config);
        let facts = AlertFacts { stand_ins, ..facts::of(request, alert, config, now) };
        let facts = AlertFacts { late: is_late, down, edited_at, place, ..facts };
        self.write_back(request, alert, &facts, gathered)?;
        self.changes.alerts.push(NewAlert {
            step: Some(StepRef { request: request.id, clock: alert.clock, step: alert.step.to_string() }),
            motive: Motive::Promise(alert.why),
            planned_at: alert.planned_at,
            decided_at: now,
            content: Content::Alert(Box::new(facts)),
            deliveries,
        });
        Ok(())
    }

    /// Asks for what decides whether messages to those readers wait.
    pub(super) fn ask_for_waits(&self, ways: &[(Option<String>, String)], need: &mut Need) {
        need.unless_known(self.known, &Silences {});
        for (person, destination) in ways {
            if self.may_burst(destination) {
                need.unless_known(self.known, &WindowOf { person: person.clone(), destination: destination.clone() });
            }
        }
    }

    /// A delivery, with the reason that it has to wait.
    pub(super) fn delivery(
        &self,
        request: &Request,
        reader: Addressee,
        may_wait: bool,
        gathered: Option<HeldFor>,
        rule: fn(&Reasons, DateTime<Utc>) -> Delay,
    ) -> Result<NewDelivery, Need> {
        let (config, now) = (self.config, self.now);
        let Addressee { person, destination } = reader;
        let silences = Arc::clone(self.known.get(Silences {})?);
        let silence = silence::longest(&silences, request, person.as_deref(), &config.rulebook);
        let (summary_at, opens_at) = hours(may_wait, person.as_deref(), &destination, config, now);
        let burst = if self.may_burst(&destination) {
            let until = *self.known.get(WindowOf { person: person.clone(), destination: destination.clone() })?;
            Some(Burst { window: config.alerts.window, until })
        } else {
            None
        };
        let silenced_until = silence.map(|silence| silence.until);
        let waits = rule(&Reasons { silenced_until, gathered, summary_at, opens_at, burst }, now);
        let (held, opens_window) = match waits {
            Delay::No(opens_window) => (None, opens_window),
            Delay::For(cause, until) => (Some((cause, until)), None),
        };
        let silence = silence.map(|silence: &Silence| silence.id);
        Ok(NewDelivery { person, destination, held, silence, opens_window, updates: None })
    }

    /// Whether messages there in quick succession are gathered.
    fn may_burst(&self, destination: &str) -> bool {
        TimeDelta::zero() < self.config.alerts.window && gathers(destination, self.config)
    }
}

/// To whom, and by what way.
pub(super) struct Addressee {
    pub(super) person: Option<String>,
    pub(super) destination: String,
}

/// Whom the step would have told who is away, and who stands in.
pub fn replaced(
    request: &Request,
    (kind, step): (TargetKind, Offset),
    config: &Config,
    at: DateTime<Utc>,
) -> Vec<Replaced> {
    let rulebook = &config.rulebook;
    let Some((policy, target)) = rulebook.target(kind, &request.facets) else { return Vec::new() };
    let Some(step) = target.escalation.steps.iter().find(|known| known.at == step) else { return Vec::new() };
    rulebook.directory.replaced(&step.tell, request.owner.as_deref(), policy.team.as_deref(), at)
}

/// Who stands in, as messages have it.
fn stand_ins(replaced: &[Replaced], config: &Config) -> Vec<StandIn> {
    let stands_in = |one: &Replaced| {
        let for_whom = config.rulebook.directory.name_of(&one.person).to_owned();
        Some(StandIn { person: one.by.clone()?, for_whom, until: one.until })
    };
    replaced.iter().filter_map(stands_in).collect()
}

/// What waits until they are back whom somebody else was told for: one message of all of it (LESSONS 52).
pub(super) fn when_back(
    replaced: &[Replaced],
    told: &[NewDelivery],
    config: &Config,
    now: DateTime<Utc>,
) -> Vec<NewDelivery> {
    let mut waiting = Vec::new();
    for Replaced { person, until, .. } in replaced {
        let ways = config.contacts.get(person).map(|contact| contact.ways(now)).unwrap_or_default();
        // One message at return: by the first way that takes a list, and by no telephone where there is another.
        let Some(way) = ways.into_iter().find(|way| gathers(way, config)) else { continue };
        let is_phone = |name: &str| config.destinations.get(name).is_some_and(|own| own.settings.can().is_phone);
        let quiet = if is_phone(way) { quiet_way(Some(person), config, is_phone) } else { None };
        let way = quiet.as_deref().unwrap_or(way);
        if !told.iter().any(|delivery| delivery.person.as_ref() == Some(person)) {
            let held = Some((HeldFor::Away, *until));
            let (person, destination) = (Some(person.clone()), way.to_owned());
            waiting.push(NewDelivery { person, destination, held, ..NewDelivery::default() });
        }
    }
    waiting
}

/// Who is told at `at`: of a client's broken promise, whoever is on duty instead of people who do not work then.
pub fn present(
    request: &Request,
    why: Why,
    recipients: &[Recipient],
    config: &Config,
    at: DateTime<Utc>,
) -> Vec<Recipient> {
    let on_duty = config.alerts.on_duty.as_deref().filter(|_| !may_wait(request, why));
    let Some(on_duty) = on_duty.and_then(|rota| config.rulebook.directory.on_duty(rota, at)) else {
        return recipients.to_vec();
    };
    let mut present: Vec<Recipient> = Vec::new();
    for recipient in recipients {
        let is_off = match recipient {
            Recipient::Person(key) => config.contacts.get(key).is_some_and(|contact| !contact.works(at)),
            Recipient::Destination(_) => false,
        };
        let recipient = if is_off { Recipient::Person(on_duty.to_owned()) } else { recipient.clone() };
        if !present.contains(&recipient) {
            present.push(recipient);
        }
    }
    present
}

/// Why a message to one reader waits for a set time, and until when: a summary, or, where it `may_wait`, the reader's hours.
pub fn waits(
    may_wait: bool,
    person: Option<&str>,
    destination: &str,
    config: &Config,
    at: DateTime<Utc>,
) -> Option<(HeldFor, DateTime<Utc>)> {
    let (summary_at, opens_at) = hours(may_wait, person, destination, config, at);
    match wait::of_alert(&Reasons { summary_at, opens_at, ..Reasons::default() }, at) {
        Delay::No(_) => None,
        Delay::For(cause, until) => Some((cause, until)),
    }
}

/// When a reader gets the next summary, where the reader wants nothing but one, and when the reader works again, where it may wait and the
/// reader does not now.
fn hours(
    may_wait: bool,
    person: Option<&str>,
    destination: &str,
    config: &Config,
    at: DateTime<Utc>,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let contact = person.and_then(|key| config.contacts.get(key)).filter(|_| gathers(destination, config));
    let Some(contact) = contact else { return (None, None) };
    (contact.next_summary(config.zone, at), contact.off_until(at).filter(|_| may_wait))
}

/// Whether several messages there may be put into one.
pub fn gathers(destination: &str, config: &Config) -> bool {
    config.destinations.get(destination).is_some_and(|own| own.settings.can().gathers)
}

/// Whether it may wait until its reader works again: everything but a client's broken promise.
pub fn may_wait(request: &Request, why: Why) -> bool {
    let is_broken = matches!(why, Why::Breach | Why::Escalation);
    !(is_broken && request.facets.is_for_client())
}
