//! Answers to what decisions ask.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Result, Store};
use plazo_core::unit::known::{Ask, Kept, Known};

impl Store {
    /// Answers questions, each from the tables as the open transaction left them.
    pub fn load(&self, asks: Vec<Ask>, known: &mut Known, now: DateTime<Utc>) -> Result<()> {
        for ask in asks {
            self.answer(ask, known, now)?;
        }
        Ok(())
    }

    fn answer(&self, ask: Ask, known: &mut Known, now: DateTime<Utc>) -> Result<()> {
        match ask {
            Ask::KnownEvent(q) => known.learn(q.clone(), self.known_event(&q.id)?),
            Ask::EventOf(q) => known.learn(q.clone(), self.event(&q.id)?),
            Ask::EventsNamed(q) => known.learn(q.clone(), self.events_named(&q.source, &q.beginnings)?),
            Ask::RequestOf(q) => {
                let kept = match self.request(q.id)? {
                    Some(request) => Kept::Here(Arc::new(request)),
                    None if self.unreadable().of(q.id).is_some() => Kept::Unreadable,
                    None => Kept::Nowhere,
                };
                known.learn(q, kept);
            }
            Ask::RequestByThread(q) => known.learn(q.clone(), self.request_by_thread(&q.channel, &q.thread)?),
            Ask::EventsOf(q) => known.learn(q.clone(), Arc::new(self.events(q.request)?)),
            Ask::ClocksOf(q) => known.learn(q.clone(), Arc::new(self.clocks(q.request)?)),
            Ask::OpenOfContact(q) => known.learn(q.clone(), self.open_of_contact(&q.words)?),
            Ask::OpenedByContact(q) => {
                known.learn(q.clone(), self.opened_by_contact(&q.word, &q.channel, q.since)?);
            }
            Ask::OpenOfCustomer(q) => known.learn(q.clone(), self.open_of_customer(&q.customer, &q.channel)?),
            Ask::ReferencesOf(q) => known.learn(q.clone(), self.references(q.request)?),
            Ask::AnyParked(q) => known.learn(q, self.any_parked()?),
            Ask::Parked(q) => known.learn(q.clone(), self.parked(&q.channel, &q.threads)?),
            Ask::BlockedBy(q) => known.learn(q.clone(), self.blocked_by(q.request)?),
            Ask::ToldOf(q) => known.learn(q.clone(), self.told_of(q.request, q.clock)?),
            Ask::WrittenBack(q) => known.learn(q.clone(), Arc::new(self.written(q.request, &q.way)?)),
            Ask::ContentOf(q) => known.learn(q.clone(), self.content_of(q.delivery)?),
            Ask::LinkOf(q) => known.learn(q.clone(), self.latest_link(q.request)?),
            Ask::DowntimeAt(q) => known.learn(q.clone(), self.downtime_at(q.at)?),
            Ask::HeardLate(q) => known.learn(q.clone(), self.heard_late(q.request, q.at)?),
            Ask::Silences(q) => known.learn(q, Arc::new(self.holding_silences(now)?)),
            Ask::WindowOf(q) => known.learn(q.clone(), self.window(q.person.as_deref(), &q.destination, now)?),
            Ask::Instance(q) => known.learn(q, self.instance()?.into()),
        }
        Ok(())
    }
}
