//! What becomes of messages to telephones once they are taken, as it is written down: heard, arrived, lost, paid for, no longer wanted.

use chrono::{DateTime, Utc};

use crate::app::WriteError;
use crate::app::outbox::Outbox;
use crate::app::work::Work;
use crate::both;
use crate::config::{Config, EMAIL};
use crate::desk::announcement_by;
use crate::outbox::needed::ClockNow;
use crate::outbox::{Content, Cost, DeliveryId, ReaderLimit, retry};
use crate::store::StoreError;

/// What was said of a call in which a key was pressed.
pub const HEARD: &str = "heard";
/// What was said of such a call that has ended.
const ENDED: &str = "heard, and ended";
/// What was said of a text that arrived.
const DELIVERED: &str = "delivered";

impl Outbox {
    /// Notes that somebody pressed a key in a call.
    pub async fn heard(&self, id: DeliveryId) -> Result<(), WriteError> {
        self.writer()
            .write(move |work| {
                let is_over = work.reading().called(id)?.is_some_and(|row| row.answer.as_deref() == Some(ENDED));
                if !is_over {
                    work.store().note_answer(id, HEARD)?;
                }
                Ok(())
            })
            .await
    }

    /// Notes that a call has ended that was answered, and what it cost: heard where a key was pressed; else nobody heard it.
    pub async fn call_ended(&self, id: DeliveryId, cost: Cost) -> Result<(), WriteError> {
        self.writer()
            .write(move |work| {
                let answer = work.reading().called(id)?.and_then(|row| row.answer);
                match answer.as_deref() {
                    Some(ENDED) => Ok(()),
                    Some(HEARD) => work.arrived(id, ENDED, Some(&cost)),
                    _ => work.lost(id, "answered, and nobody pressed a key", Some(&cost)),
                }
            })
            .await
    }

    /// Notes that a text arrived, and what it cost where only now that is told.
    pub async fn text_arrived(&self, id: DeliveryId, cost: Option<Cost>) -> Result<(), WriteError> {
        self.writer().write(move |work| work.arrived(id, DELIVERED, cost.as_ref())).await
    }

    /// Notes that a message that was taken did not reach anybody: its fallback is told at once, else the operator.
    pub async fn not_received(&self, id: DeliveryId, cause: String) -> Result<(), WriteError> {
        self.writer().write(move |work| work.lost(id, &cause, None)).await
    }

    /// Tells that nothing goes to a person by a destination. Of an opting out once, and the person too, by another way.
    pub async fn tell_of_limit(
        &self,
        person: String,
        destination: String,
        limit: ReaderLimit,
    ) -> Result<(), WriteError> {
        self.writer()
            .write(move |work| match limit {
                ReaderLimit::Bound => work.tell_of_bound(&person, &destination),
                ReaderLimit::OptedOut => work.tell_of_opting_out(&person, &destination),
            })
            .await
    }

    /// Notes that a person wants messages again.
    pub async fn opted_in(&self, person: String, destination: String) -> Result<(), WriteError> {
        self.writer().write(move |work| work.store().opt_in(&person, &destination).map(|_| ())).await
    }
}

impl Work<'_> {
    fn arrived(&mut self, id: DeliveryId, answer: &str, cost: Option<&Cost>) -> Result<(), StoreError> {
        let Some(row) = self.reading().called(id)? else { return Ok(()) };
        if self.store().note_answer(id, answer)?
            && let Some(cost) = cost
        {
            self.store().add_cost(&row.destination, 0, cost, self.now)?;
        }
        Ok(())
    }

    fn lost(&mut self, id: DeliveryId, cause: &str, cost: Option<&Cost>) -> Result<(), StoreError> {
        let Some(row) = self.reading().called(id)? else { return Ok(()) };
        // Nobody misses what is over, or what somebody took since.
        let is_over = |clock: ClockNow| {
            clock.stopped_at.is_some() || clock.acked_at.is_some_and(|acked_at| row.decided_at <= acked_at)
        };
        if self.reading().clock_of(id)?.is_some_and(is_over) {
            return self.arrived(id, cause, cost);
        }
        let limits = self.config.limits_of(&row.destination);
        let way = retry::way_on(&row.route, &limits.fallback).map(|(to, route)| (to.clone(), route.to_vec()));
        if !self.store().settle_not_received(id, way.is_some(), cause, self.now)? {
            return Ok(());
        }
        if let Some(cost) = cost {
            self.store().add_cost(&row.destination, 0, cost, self.now)?;
        }
        if let Some((to, route)) = way {
            self.store().hand_over(id, &to, &route, self.now)?;
            self.wake_outbox_if(true);
            return Ok(());
        }
        let (destination, cause) = (&row.destination, cause);
        let name = row.person.as_ref().map_or("", |person| self.config.rulebook.directory.name_of(person)).to_owned();
        let subject = both!("`{destination}` did not reach {name}", "`{destination}` no le llegó a {name}");
        let text = both!(
            "A message by `{destination}` did not reach {name} ({cause}), and no fallback is left. See: plazo deliveries --state dead",
            "Un aviso por `{destination}` no le llegó a {name} ({cause}) y no queda otro camino. Vea: plazo deliveries --state dead"
        );
        self.tell_operator(&subject, &text)
    }

    fn tell_of_bound(&mut self, person: &str, destination: &str) -> Result<(), StoreError> {
        let name = self.config.rulebook.directory.name_of(person).to_owned();
        let subject =
            both!("{name} gets no more by `{destination}` today", "{name} no recibe más por `{destination}` hoy");
        let text = both!(
            "So many messages went to {name} by `{destination}` within a day as most_a_day allows. What is more goes by the fallback. Is something alerting too often?",
            "A {name} le llegaron por `{destination}` en un día tantos avisos como permite most_a_day. Lo demás sale por el respaldo. ¿Hay algo que avisa demasiado?"
        );
        self.tell_operator(&subject, &text)
    }

    fn tell_of_opting_out(&mut self, person: &str, destination: &str) -> Result<(), StoreError> {
        if !self.store().opt_out(person, destination, self.now)? {
            return Ok(());
        }
        let name = self.config.rulebook.directory.name_of(person).to_owned();
        let subject = both!("{name} told `{destination}` to stop", "{name} pidió no recibir más por `{destination}`");
        let text = both!(
            "{name} answered STOP, so the vendor delivers nothing more to that number, and plazo sends nothing more there. Alerts go by the fallback. Only {name} can undo it, by writing START to the number of `{destination}`.",
            "{name} respondió STOP: el proveedor ya no entrega nada a ese número y plazo no envía más allí. Los avisos salen por el respaldo. Solo {name} puede deshacerlo, escribiendo START al número de `{destination}`."
        );
        self.tell_operator(&subject, &text)?;
        let ways = other_ways(&self.config, person, destination, self.now);
        let language = self.config.contacts.get(person).map_or(self.config.language, |contact| contact.language);
        let content = Content::Notice { subject: language.of(subject), text: language.of(text) };
        if !ways.is_empty() {
            self.tell(vec![announcement_by(content, ways, self.now)])?;
        }
        Ok(())
    }
}

/// The ways to a person that are no telephone; their mail where there is none among them.
fn other_ways(config: &Config, person: &str, but: &str, now: DateTime<Utc>) -> Vec<(Option<String>, String)> {
    let Some(contact) = config.contacts.get(person) else { return Vec::new() };
    let is_phone = |name: &str| config.destinations.get(name).is_some_and(|own| own.settings.can().is_phone);
    let mut ways: Vec<&str> = contact.ways(now).into_iter().filter(|way| *way != but && !is_phone(way)).collect();
    if ways.is_empty() && contact.email.is_some() {
        ways.push(EMAIL);
    }
    ways.into_iter().map(|way| (Some(person.to_owned()), way.to_owned())).collect()
}
