//! What an alert says, frozen with the decision.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::engine::clock::Clock;
use crate::engine::derivation::Derivation;
use crate::engine::effect::{Alert, Why};
use crate::engine::escalation::Offset;
use crate::engine::explain;
use crate::engine::policy::{Limit, TargetKind};
use crate::engine::request::Request;
use crate::outbox::facts::AlertFacts;
use crate::text::{Language, format, task};

/// The facts of an alert that is decided `now`.
pub(super) fn of(request: &Request, alert: &Alert, config: &Config, now: DateTime<Utc>) -> AlertFacts {
    let target = config.rulebook.target(alert.clock.kind, &request.facets);
    let clock = request.clocks.iter().find(|clock| clock.name() == alert.clock);
    let directory = &config.rulebook.directory;
    let followed_up = follow_up_contact(request, alert, config);
    let by_colleague =
        followed_up.is_none() && request.requester.as_ref().is_some_and(|author| directory.person_of(author).is_some());
    let name_of = |word: &String| directory.name_of(word).to_owned();
    AlertFacts {
        request: request.id,
        target: alert.clock.kind,
        cycle: alert.clock.cycle,
        why: alert.why,
        step: alert.step.to_string(),
        rule: target.and_then(|(_, target)| target.rule.clone()),
        policy: target.map(|(policy, _)| policy.name.clone()).unwrap_or_default(),
        channel: request.facets.channel.clone(),
        customer: request.facets.customer.as_ref().map(|word| directory.customer_name(word).to_owned()),
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
        stand_ins: Vec::new(),
    }
}

/// What is to be done for a promise, to whom, and by which channel, as the title of its alerts says it.
pub fn headline(request: &Request, clock: &Clock, config: &Config, now: DateTime<Utc>, language: Language) -> String {
    let alert = Alert {
        clock: clock.name(),
        step: Offset::Due,
        why: Why::Warning,
        planned_at: clock.due_at.unwrap_or(now),
        late: false,
        recipients: Vec::new(),
        next: None,
    };
    task::title(&of(request, &alert, config, now), language)
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
