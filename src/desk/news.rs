//! What became of a promise, for those who were told of it and whose system can be told.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Decision;
use crate::engine::clock::Clock;
use crate::engine::effect::{ClockRef, Effect};
use crate::engine::event::{Event, Fact};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::{News, NewsKind};
use crate::outbox::message::{NewAlert, NewDelivery};
use crate::outbox::writing::source_of;
use crate::outbox::{Content, DeliveryId, Motive};
use crate::unit::Input;
use crate::unit::known::{ContentOf, Need, ToldOf};

impl Decision<'_> {
    /// Has whoever was told of a clock told that somebody took it, or that it is over.
    pub(super) fn tell_what_became(&mut self, request: &Arc<Request>, effects: &[Effect], event: Option<&Event>) {
        if !self.may_be_told_what_became() {
            return;
        }
        let who = event.and_then(|event| event.author.as_ref()).map(|author| {
            let known = self.config.rulebook.directory.person_of(author).map(|person| person.name.clone());
            known.or_else(|| author.name.clone()).or_else(|| author.address.clone()).unwrap_or_default()
        });
        let who = who.filter(|who| !who.is_empty());
        let mut tell = |clock: ClockRef, what, at| {
            let news = News { what, who: who.clone(), at };
            self.changes.then.push(Input::News { request: request.id, clock, news });
        };
        for effect in effects {
            match effect {
                Effect::Met { clock, at } => tell(*clock, NewsKind::Met, *at),
                Effect::MetLate { clock, at, .. } => tell(*clock, NewsKind::MetLate, *at),
                Effect::Cancelled { clock, .. } => {
                    tell(*clock, NewsKind::Over, event.map_or(self.now, |event| event.at))
                }
                _ => {}
            }
        }
        let is_ignored = effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
        if let Some(event) = event.filter(|event| matches!(event.fact, Fact::Ack { .. }) && !is_ignored) {
            for clock in request.clocks.iter().filter(|clock| clock.is_live()).map(Clock::name) {
                tell(clock, NewsKind::Taken, event.at);
            }
        }
    }

    /// Has it told that a promise is over which never was: the event that began it was taken back.
    pub(super) fn tell_what_never_was(
        &mut self,
        request: RequestId,
        before: &[Clock],
        after: &[Clock],
        at: DateTime<Utc>,
    ) {
        let is_gone = |clock: &&Clock| !after.iter().any(|other| other.name() == clock.name());
        let was_told = |clock: &&Clock| clock.is_live() && !clock.settled.is_empty();
        if self.may_be_told_what_became() {
            for clock in before.iter().filter(was_told).filter(is_gone) {
                let news = News { what: NewsKind::Over, who: None, at };
                self.changes.then.push(Input::News { request, clock: clock.name(), news });
            }
        }
    }

    /// Whether any system by which people are told, or into which plazo writes, can be told what became of it. What was written by a file
    /// before this one is taken back all the same.
    fn may_be_told_what_became(&self) -> bool {
        !self.config.lanes.threaded.is_empty() || self.config.sources.values().any(|source| source.writes().is_some())
    }

    /// Tells those who were told of a clock what became of it, where their system can be told.
    pub(super) fn tell_news(&mut self, request: RequestId, clock: ClockRef, news: &News) -> Result<(), Need> {
        for (delivery, person, destination) in self.known.get(ToldOf { request, clock })? {
            let (person, destination) = (person.clone(), destination.clone());
            self.changes.then.push(Input::Update { delivery: *delivery, person, destination, news: news.clone() });
        }
        Ok(())
    }

    /// Whether it was that person who did it.
    fn is_by(&self, person: Option<&str>, news: &News) -> bool {
        let name = person.map(|person| self.config.rulebook.directory.name_of(person));
        name.is_some() && name == news.who.as_deref()
    }

    /// Tells what became of it where one delivery told of it.
    pub(super) fn update(
        &mut self,
        delivery: DeliveryId,
        person: Option<&str>,
        destination: &str,
        news: &News,
    ) -> Result<(), Need> {
        if source_of(destination).is_some() {
            if let Some(Content::Write(facts)) = self.known.get(ContentOf { delivery })? {
                self.untag(delivery, facts, news)?;
            }
            return Ok(());
        }
        if !self.config.destinations.get(destination).is_some_and(|own| own.settings.can().updates) {
            return Ok(());
        }
        let can = self.config.destinations.get(destination).map(|own| own.settings.can());
        if can.is_some_and(|can| can.rings) && news.what == NewsKind::Taken && self.is_by(person, news) {
            // Whoever takes it in the call is not cut off for it.
            return Ok(());
        }
        let Some(Content::Alert(about)) = self.known.get(ContentOf { delivery })? else { return Ok(()) };
        let (about, destination) = (about.clone(), destination.to_owned());
        self.changes.alerts.push(NewAlert {
            step: None,
            motive: Motive::Update,
            planned_at: self.now,
            decided_at: self.now,
            content: Content::Update { about, news: news.clone() },
            deliveries: vec![NewDelivery {
                person: person.map(str::to_owned),
                destination,
                updates: Some(delivery),
                ..NewDelivery::default()
            }],
        });
        Ok(())
    }
}
