//! From a step's deeds to what is written back where the conversation lives: which source, which names of the conversation, who gets it.

use chrono::{DateTime, Utc};

use super::alert::present;
use super::{Decision, facts};
use crate::config::Config;
use crate::engine::clock::StepOutcome;
use crate::engine::directory::Recipient;
use crate::engine::effect::{Alert, ClockRef, Why};
use crate::engine::escalation::Offset;
use crate::engine::event::Event;
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::write_back::{self, WriteBack};
use crate::outbox::facts::{AlertFacts, News, NewsKind};
use crate::outbox::message::{NewAlert, NewDelivery, StepRef};
use crate::outbox::writing::{BY_HAND, WriteDeed, WriteFacts, is_same_tag, way_to};
use crate::outbox::written::WrittenDeed;
use crate::outbox::{Content, DeliveryId, HeldFor, Motive, silence};
use crate::unit::known::{EventsOf, Need, RequestOf, Silences, WrittenBack};

/// Where a conversation can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The source by which it came.
    pub source: String,
    /// Its names there, those of the last event first.
    pub threads: Vec<String>,
}

impl Decision<'_> {
    /// Who is told by a step: where it only writes back and nothing of that can be written, the last resort, so that it never goes to nobody.
    pub(super) fn readers_of(
        &self,
        request: &Request,
        alert: &Alert,
        gathered: Option<HeldFor>,
    ) -> Result<Vec<Recipient>, Need> {
        let (config, now) = (self.config, self.now);
        let deeds = deeds_of(request, (alert.clock, alert.step), config);
        if !alert.recipients.is_empty() || deeds.is_empty() {
            return Ok(alert.recipients.clone());
        }
        let ticket = ticket_of(self.known.get(EventsOf { request: request.id })?, config);
        let is_written = |ticket: &Ticket| timely(deeds, gathered).iter().any(|deed| can(deed, ticket, config));
        let is_nowhere = !ticket.as_ref().is_some_and(is_written);
        Ok(if is_nowhere { config.rulebook.directory.recipients(&[], None, None, now) } else { Vec::new() })
    }

    /// What a step does where the conversation lives, each deed as a message of its own: it is done once, whatever comes back.
    pub(super) fn write_back(
        &mut self,
        request: &Request,
        alert: &Alert,
        about: &AlertFacts,
        gathered: Option<HeldFor>,
    ) -> Result<(), Need> {
        let (config, now) = (self.config, self.now);
        let deeds = timely(deeds_of(request, (alert.clock, alert.step), config), gathered);
        if deeds.is_empty() {
            return Ok(());
        }
        let mut need = Need::default();
        need.unless_known(self.known, &Silences {});
        need.unless_known(self.known, &EventsOf { request: request.id });
        need.met()?;
        let silences = self.known.get(Silences {})?;
        if silence::longest(silences, request, None, &config.rulebook).is_some() {
            return Ok(());
        }
        let Some(ticket) = ticket_of(self.known.get(EventsOf { request: request.id })?, config) else { return Ok(()) };
        for deed in deeds {
            let whose = (request, alert.clock.kind, alert.why);
            let Some(order) = order(deed, whose, &ticket, config, now) else { continue };
            let step =
                Some(StepRef { request: request.id, clock: alert.clock, step: format!("{} {deed}", alert.step) });
            let had = match &order {
                WriteDeed::Tag { name } => request.facets.tags.iter().any(|tag| is_same_tag(tag, name)),
                _ => false,
            };
            let facts = WriteFacts {
                deed: order,
                source: ticket.source.clone(),
                threads: ticket.threads.clone(),
                had,
                owner: request.owner.clone(),
                words: None,
                about: about.clone(),
            };
            self.changes.alerts.push(NewAlert {
                step,
                motive: Motive::Promise(alert.why),
                planned_at: alert.planned_at,
                decided_at: now,
                content: Content::Write(Box::new(facts)),
                deliveries: vec![NewDelivery { destination: way_to(&ticket.source), ..NewDelivery::default() }],
            });
        }
        Ok(())
    }

    /// Takes off a tag that plazo put there, once its promise is over and no other one wants it there.
    pub(super) fn untag(&mut self, delivery: DeliveryId, facts: &WriteFacts, news: &News) -> Result<(), Need> {
        let (WriteDeed::Tag { name }, Some(own)) = (&facts.deed, facts.clock()) else { return Ok(()) };
        if news.what == NewsKind::Taken {
            return Ok(());
        }
        let (id, destination) = (facts.about.request, way_to(&facts.source));
        let written = WrittenBack { request: id, way: destination.clone() };
        let mut need = Need::default();
        need.unless_known(self.known, &written);
        need.unless_known(self.known, &RequestOf { id });
        need.met()?;
        let Some(request) = self.known.request(id)? else { return Ok(()) };
        let written = self.known.get(written)?;
        let lives = |name: ClockRef| request.clocks.iter().any(|clock| clock.name() == name && clock.is_live());
        let is_wanted = |one: &WrittenDeed| match one.clock() {
            Some(clock) => clock != own && lives(clock) && one.wants(name),
            // Whoever asked for it by hand did so whatever becomes of promises.
            None => one.wants(name),
        };
        let is_own = |one: &&WrittenDeed| one.delivery == delivery;
        let was_there = written.iter().find(is_own).is_some_and(|one| one.reference.is_none() && one.facts.had);
        if lives(own) || was_there || written.iter().any(is_wanted) {
            return Ok(());
        }
        let facts = WriteFacts { deed: WriteDeed::Untag { name: name.clone() }, ..facts.clone() };
        // Named by the instant: a promise that lives again and is over again takes it off again.
        let step = format!("untag {delivery} {}", self.now.timestamp_millis());
        self.changes.alerts.push(NewAlert {
            step: Some(StepRef { request: id, clock: own, step }),
            motive: Motive::Update,
            planned_at: self.now,
            decided_at: self.now,
            content: Content::Write(Box::new(facts)),
            deliveries: vec![NewDelivery { destination, updates: Some(delivery), ..NewDelivery::default() }],
        });
        Ok(())
    }
}

/// What of a step's deeds is still in time. An edit of the file writes nothing into conversations that nobody has touched since; of what was due
/// before plazo heard of it, only tags are put: they go with the promise.
fn timely(deeds: Vec<&WriteBack>, gathered: Option<HeldFor>) -> Vec<&WriteBack> {
    match gathered {
        Some(HeldFor::Edit) => Vec::new(),
        Some(HeldFor::History) => deeds.into_iter().filter(|deed| matches!(deed, WriteBack::Tag(_))).collect(),
        _ => deeds,
    }
}

/// A deed that somebody asks for on a request's page, `once` being the form's own name: sent twice it is one deed.
pub fn asked_for(
    request: &Request,
    ticket: &Ticket,
    (deed, words): (WriteDeed, Option<String>),
    once: &str,
    config: &Config,
    now: DateTime<Utc>,
) -> NewAlert {
    // Of no clock: it is done whatever becomes of promises, and what it puts stays.
    let clock = ClockRef { kind: TargetKind::Reply, cycle: BY_HAND };
    let alert = Alert {
        clock,
        step: Offset::Start,
        why: Why::Attention,
        planned_at: now,
        late: false,
        recipients: Vec::new(),
        next: None,
    };
    let about = facts::of(request, &alert, config, now);
    let step = Some(StepRef { request: request.id, clock, step: format!("page {once} {}", deed.word()) });
    let source = ticket.source.clone();
    let owner = request.owner.clone();
    let facts = WriteFacts { deed, source, threads: ticket.threads.clone(), had: false, owner, words, about };
    NewAlert {
        step,
        motive: Motive::Update,
        planned_at: now,
        decided_at: now,
        content: Content::Write(Box::new(facts)),
        deliveries: vec![NewDelivery { destination: way_to(&ticket.source), ..NewDelivery::default() }],
    }
}

/// The deeds of a step, and of those whose news it brings along.
pub fn deeds_of<'c>(request: &Request, (clock, step): (ClockRef, Offset), config: &'c Config) -> Vec<&'c WriteBack> {
    let Some((_, target)) = config.rulebook.target(clock.kind, &request.facets) else { return Vec::new() };
    let running = request.clocks.iter().find(|running| running.name() == clock);
    let told_at = running.and_then(|running| running.settled.iter().find(|settled| settled.step == step)).map(|s| s.at);
    let is_meant = |at: Offset| {
        at == step
            || running.is_some_and(|running| {
                running.settled.iter().any(|settled| {
                    settled.step == at && settled.outcome == StepOutcome::Superseded && Some(settled.at) == told_at
                })
            })
    };
    let steps = target.escalation.steps.iter();
    let brought = steps.clone().filter(|other| other.at != step && is_meant(other.at));
    let own = steps.filter(|other| other.at == step);
    write_back::together(brought.chain(own).flat_map(|step| &step.deeds))
}

/// Where a conversation can be written to: by the last source that told of it and can be.
pub fn ticket_of(events: &[Event], config: &Config) -> Option<Ticket> {
    let writes = |source: &str| config.sources.get(source).is_some_and(|source| source.writes().is_some());
    let last = events.iter().rev().find(|event| !event.threads.is_empty() && writes(&event.id.source))?;
    let source = &last.id.source;
    let mut threads: Vec<String> = Vec::new();
    for thread in events.iter().rev().filter(|event| event.id.source == *source).flat_map(|event| &event.threads) {
        if !threads.contains(thread) {
            threads.push(thread.clone());
        }
    }
    Some(Ticket { source: source.clone(), threads })
}

/// What a deed comes to at `at`; none where all is so already, or that system knows no such deed.
pub fn order(
    deed: &WriteBack,
    (request, kind, why): (&Request, TargetKind, Why),
    ticket: &Ticket,
    config: &Config,
    at: DateTime<Utc>,
) -> Option<WriteDeed> {
    let order = match deed {
        WriteBack::Note => WriteDeed::Note,
        WriteBack::Tag(name) => WriteDeed::Tag { name: name.clone() },
        WriteBack::Priority(name) => WriteDeed::Priority { name: name.clone() },
        WriteBack::Assign(tell) => {
            let policy = config.rulebook.target(kind, &request.facets).map(|(policy, _)| policy);
            let team = policy.and_then(|policy| policy.team.as_deref());
            let directory = &config.rulebook.directory;
            let named = directory.recipients(std::slice::from_ref(tell), request.owner.as_deref(), team, at);
            let person = present(request, why, &named, config, at).into_iter().find_map(|recipient| match recipient {
                Recipient::Person(key) => Some(key),
                Recipient::Destination(_) => None,
            });
            let owner = request.owner.as_deref().and_then(|owner| directory.person(owner));
            if person.is_some() && owner.map(|owner| &owner.key) == person.as_ref() {
                return None;
            }
            WriteDeed::Assign { person }
        }
    };
    can(deed, ticket, config).then_some(order)
}

/// Whether the system behind a ticket knows such a deed.
fn can(deed: &WriteBack, ticket: &Ticket, config: &Config) -> bool {
    let Some(source) = config.sources.get(&ticket.source) else { return false };
    source.writes().is_some_and(|write| match deed {
        WriteBack::Note => write.can("note"),
        WriteBack::Tag(_) => write.can("tag"),
        WriteBack::Assign(_) => write.can("assign"),
        WriteBack::Priority(name) => write.can("priority") && write.knows_priority(name, &source.set),
    })
}
