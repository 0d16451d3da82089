//! From the engine's alert to deliveries: facts are frozen, recipients become destinations.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Hold, Transaction, place};
use crate::config::{Config, Destination};
use crate::engine::derivation::Derivation;
use crate::engine::directory::Recipient;
use crate::engine::effect::{Alert, ClockRef, Why};
use crate::engine::event::Audience;
use crate::engine::explain;
use crate::engine::policy::{Limit, TargetKind};
use crate::engine::request::{Request, RequestId};
use crate::store::StoreError;
use crate::store::outbox::{NewAlert, NewDelivery};
use crate::store::silences::Silencing;
use crate::text::alert::{AlertFacts, Content, HeldFor, News};
use crate::text::format;

/// Goes before everything else: a message about plazo itself.
const RANK_NOTICE: i64 = -1;
/// Goes after every alert: what became of one.
const RANK_UPDATE: i64 = 5;
/// Goes last.
const RANK_LIST: i64 = 9;

impl Transaction<'_> {
    /// Writes the alert and a delivery for each recipient and transport. What was told already is not told again.
    pub(super) fn decide(&mut self, request: &Request, alert: &Alert) -> Result<(), StoreError> {
        // What an edit makes due is not late, however long ago it would have been due by it.
        let late = alert.late && self.hold == Hold::WhatIsLate;
        let down = if late { self.store.downtime_at(alert.planned_at)? } else { None };
        let edited_at = matches!(self.hold, Hold::Edit | Hold::Nothing).then_some(self.now);
        let place = self.store.latest_link(request.id)?.and_then(|link| place::of(&link));
        let facts = AlertFacts { late, down, edited_at, place, ..facts(request, alert, &self.config, self.now) };
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
        let recipients = present(request, alert.why, &alert.recipients, &self.config, self.now);
        for (person, destination) in addressed(&recipients, &self.config) {
            let silencing = self.store.silencing(request.id, &request.facets, person.as_deref(), self.now)?;
            let held = self.held(request, alert, (person.as_deref(), &destination), silencing)?;
            self.store.add_delivery(&NewDelivery {
                alert: id,
                person: person.as_deref(),
                destination: &destination,
                rank: rank(alert.why),
                planned_at: alert.planned_at,
                decided_at: self.now,
                held,
                silence: silencing.map(|silencing| silencing.id),
                updates: None,
            })?;
            self.n_decided += 1;
        }
        Ok(())
    }

    /// Why an alert to one reader waits, and until when; none if it goes at once.
    fn held(
        &self,
        request: &Request,
        alert: &Alert,
        (person, destination): (Option<&str>, &str),
        silencing: Option<Silencing>,
    ) -> Result<Option<(HeldFor, DateTime<Utc>)>, StoreError> {
        let alerts = &self.config.alerts;
        if let Some(Silencing { until, .. }) = silencing {
            return Ok(Some((HeldFor::Silence, until)));
        }
        match self.hold {
            Hold::WhatIsLate if alert.late && alerts.gather => {
                let was_down = self.store.downtime_at(alert.planned_at)?.is_some();
                let is_history = !was_down && self.store.heard_late(request.id, alert.planned_at)?;
                let cause = if is_history { HeldFor::History } else { HeldFor::Downtime };
                return Ok(Some((cause, self.now)));
            }
            Hold::Edit => return Ok(Some((HeldFor::Edit, self.now))),
            Hold::WhatIsLate | Hold::Nothing => {}
        }
        if let Some(waits) = waits(may_wait(request, alert.why), person, destination, &self.config, self.now) {
            return Ok(Some(waits));
        }
        if !gathers(destination, &self.config) || alerts.window <= TimeDelta::zero() {
            return Ok(None);
        }
        if let Some(until) = self.store.window(person, destination, self.now)? {
            return Ok(Some((HeldFor::Burst, until)));
        }
        self.store.open_window(person, destination, self.now + alerts.window)?;
        Ok(None)
    }

    /// Tells those who were told of a clock what became of it, where their system can be told.
    pub(super) fn tell_news(&mut self, request: RequestId, clock: ClockRef, news: &News) -> Result<(), StoreError> {
        if self.config.lanes.threaded.is_empty() {
            return Ok(());
        }
        for (delivery, person, destination) in self.store.told_of(request, clock)? {
            self.tell_news_of(delivery, person.as_deref(), &destination, news)?;
        }
        Ok(())
    }

    /// The same of one delivery.
    pub(super) fn tell_news_of(
        &mut self,
        delivery: i64,
        person: Option<&str>,
        destination: &str,
        news: &News,
    ) -> Result<(), StoreError> {
        let updates = |own: &Destination| own.settings.can().updates;
        if !self.config.destinations.get(destination).is_some_and(updates) {
            return Ok(());
        }
        let Some(Content::Alert(about)) = self.store.content_of(delivery)? else { return Ok(()) };
        let content = Content::Update { about, news: news.clone() };
        let alert =
            NewAlert { step: None, why: "update", planned_at: self.now, decided_at: self.now, content: &content };
        let Some(alert) = self.store.add_alert(&alert)? else { return Ok(()) };
        self.store.add_delivery(&NewDelivery {
            alert,
            person,
            destination,
            rank: RANK_UPDATE,
            planned_at: self.now,
            decided_at: self.now,
            held: None,
            silence: None,
            updates: Some(delivery),
        })?;
        self.n_decided += 1;
        Ok(())
    }

    /// Writes a message that is about no clock, a list or a notice, and returns its deliveries.
    pub(super) fn announce(&mut self, content: &Content, recipient: &Recipient) -> Result<Vec<i64>, StoreError> {
        self.announce_by(content, addressed(std::slice::from_ref(recipient), &self.config))
    }

    /// Writes such a message for those people, or for nobody in particular, by those destinations.
    pub(super) fn announce_by(
        &mut self,
        content: &Content,
        ways: Vec<(Option<String>, String)>,
    ) -> Result<Vec<i64>, StoreError> {
        let (why, rank) = match content {
            Content::List { .. } => ("list", RANK_LIST),
            Content::Report(_) => ("report", RANK_LIST),
            Content::Invitation(_) => ("invitation", RANK_LIST),
            Content::Alert(_)
            | Content::Update { .. }
            | Content::Violation(_)
            | Content::Digest { .. }
            | Content::Test(_)
            | Content::Link { .. }
            | Content::Notice { .. } => ("notice", RANK_NOTICE),
        };
        let alert = NewAlert { step: None, why, planned_at: self.now, decided_at: self.now, content };
        let Some(alert) = self.store.add_alert(&alert)? else { return Ok(Vec::new()) };
        let mut deliveries = Vec::new();
        for (person, destination) in ways {
            deliveries.push(self.store.add_delivery(&NewDelivery {
                alert,
                person: person.as_deref(),
                destination: &destination,
                rank,
                planned_at: self.now,
                decided_at: self.now,
                held: None,
                silence: None,
                updates: None,
            })?);
            self.n_decided += 1;
        }
        Ok(deliveries)
    }
}

/// Who is told at `at`: of a client's broken promise, whoever is on duty instead of people who do not work then.
pub(super) fn present(
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
pub(super) fn waits(
    may_wait: bool,
    person: Option<&str>,
    destination: &str,
    config: &Config,
    at: DateTime<Utc>,
) -> Option<(HeldFor, DateTime<Utc>)> {
    let contact = person.and_then(|key| config.contacts.get(key)).filter(|_| gathers(destination, config))?;
    if let Some(summary_at) = contact.next_summary(config.zone, at) {
        return Some((HeldFor::Daily, summary_at));
    }
    let opens_at = contact.off_until(at).filter(|_| may_wait)?;
    Some((HeldFor::Quiet, opens_at))
}

/// Whether several messages there may be put into one.
pub(super) fn gathers(destination: &str, config: &Config) -> bool {
    config.destinations.get(destination).is_some_and(|own| own.settings.can().gathers)
}

/// Whether it may wait until its reader works again: everything but a client's broken promise.
pub(super) fn may_wait(request: &Request, why: Why) -> bool {
    let is_broken = matches!(why, Why::Breach | Why::Escalation);
    !(is_broken && request.facets.audience.unwrap_or(Audience::Client) == Audience::Client)
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
pub(super) fn addressed(recipients: &[Recipient], config: &Config) -> Vec<(Option<String>, String)> {
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
    let followed_up = follow_up_contact(request, alert, config);
    let by_colleague =
        followed_up.is_none() && request.requester.as_ref().is_some_and(|author| directory.person_of(author).is_some());
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
        contact: followed_up
            .or_else(|| request.contact.clone())
            .or_else(|| request.requester.as_ref()?.name.as_ref().map(name_of)),
        contact_by: request.contact_by(),
        subject: request.subject.clone(),
        owner: request.owner.as_ref().map(name_of),
        owner_key: request.owner.as_ref().and_then(|word| Some(directory.person(word)?.key.clone())),
        by_colleague,
        place: None,
        edited_at: None,
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
        down: None,
        promised: promised(request, config),
        reply_text: target.and_then(|(policy, _)| policy.text.clone()),
    }
}

/// With whom the file says that a client is followed up (B5).
fn follow_up_contact(request: &Request, alert: &Alert, config: &Config) -> Option<String> {
    let customer = request.facets.customer.as_deref().filter(|_| alert.clock.kind == TargetKind::FollowUp)?;
    config.rulebook.directory.customer(customer)?.contact.clone()
}

/// In how much time the client is promised what was asked for (rule A11).
fn promised(request: &Request, config: &Config) -> Option<String> {
    let (_, target) = config.rulebook.target(TargetKind::Deliver, &request.facets)?;
    match target.limit {
        Limit::Spend(time) => Some(format::working_time(time)),
        _ => None,
    }
}
