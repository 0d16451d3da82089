//! What the outbox does to the store: lease, record, gather.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};

use super::{App, Transaction, WriteError};
use crate::both;
use crate::engine::clock::ClockState;
use crate::engine::directory::Recipient;
use crate::engine::request_id::RequestId;
use crate::outbox::Attempt;
use crate::store::gather::Gathered;
use crate::store::leases::Leases;
use crate::store::outbox::{LEASE, Leased};
use crate::store::{Store, StoreError};
use crate::text::alert::{Content, HeldFor, News, NewsKind};

/// So many failures in a row are no passing trouble: about half a minute.
const TOLD_AFTER: u32 = 3;

/// Requests that a notice names.
const MOST_NAMED: usize = 20;

/// What is not sent this long after its decision is overdue.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::minutes(1);

/// What came of a try, to be recorded.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The delivery.
    pub id: i64,
    /// The lease under which it was tried; `None` if the store could not be written then.
    pub fence: Option<i64>,
    /// Key of the person.
    pub person: Option<String>,
    /// Its destination.
    pub destination: String,
    /// What came of it.
    pub attempt: Attempt,
    /// Until when the whole destination stands.
    pub hold_until: Option<DateTime<Utc>>,
}

/// Deliveries to send now, and when to ask again.
#[derive(Debug, Default)]
pub struct ToSend {
    /// Deliveries under lease.
    pub leased: Vec<Leased>,
    /// When the next waiting one may go out; told only where none was leased.
    pub next_at: Option<DateTime<Utc>>,
}

impl App {
    /// Records outcomes, then, while the outbox is open, leases what there is room for, in one transaction.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn record_and_lease(
        &self,
        outcomes: Vec<Outcome>,
        is_open: bool,
        busy: Vec<String>,
    ) -> Result<ToSend, WriteError> {
        self.writer
            .write(move |tx| {
                for outcome in &outcomes {
                    tx.record(outcome)?;
                }
                if is_open {
                    // One step: the outbox comes back at once while more is due.
                    let step = tx.store.release(tx.config.alerts.window, tx.now)?;
                    tx.n_decided += usize::from(step != Gathered::Nothing);
                }
                let limit = if is_open { usize::MAX } else { 0 };
                let Leases { leased, busy } = tx.lease(limit, &busy)?;
                // Among thousands that wait this takes a while, and is asked for only when nothing could be leased. Without room
                // there is nothing to come back for before a delivery on its way has ended, which is told.
                let asks = leased.is_empty() && 0 < tx.room();
                let next_at = if asks { tx.store.next_delivery_at(&busy, tx.now)? } else { None };
                Ok(ToSend { leased, next_at })
            })
            .await
    }

    /// Deliveries that could go out, read without leasing them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot even be read.
    pub async fn peek_deliveries(&self, limit: usize) -> Result<Vec<Leased>, StoreError> {
        let now = self.now();
        self.read(move |store| store.peek(now, limit)).await
    }

    /// Lets go what fell due while plazo was not running, or before it heard of it, and was held back while catching up. Returns the number of messages.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn gather(&self) -> Result<usize, WriteError> {
        Ok(self.gather_all(HeldFor::Downtime).await? + self.gather_all(HeldFor::History).await?)
    }

    /// Makes messages of all that is held back for a cause, in steps between which others write.
    pub(super) async fn gather_all(&self, cause: HeldFor) -> Result<usize, WriteError> {
        let mut n_messages = 0;
        loop {
            let step = self
                .writer
                .write(move |tx| {
                    let step = tx.store.gather(cause, tx.now)?;
                    tx.n_decided += usize::from(step == Gathered::Message);
                    Ok(step)
                })
                .await?;
            match step {
                Gathered::Nothing => return Ok(n_messages),
                Gathered::Some => {}
                Gathered::Message => n_messages += 1,
            }
        }
    }

    /// Lets what waits wait no longer because the wall clock was set back.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn clock_was_set_back(&self, by: TimeDelta) -> Result<(), WriteError> {
        self.writer.write(move |tx| tx.store.move_waits(by, tx.now)).await
    }

    /// Hands over what has waited too long for a destination that stands. Returns how many.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn hand_over_waiting(
        &self,
        destination: String,
        fallbacks: Vec<String>,
        decided_before: DateTime<Utc>,
    ) -> Result<usize, WriteError> {
        let mut n_handed_over = 0;
        loop {
            let (destination, fallbacks) = (destination.clone(), fallbacks.clone());
            // Looked at beside the writer: as a rule there is nothing.
            let (name, has_fallback) = (destination.clone(), !fallbacks.is_empty());
            let waiting = self.read(move |store| store.waiting_for(&name, has_fallback, decided_before)).await;
            if waiting.is_ok_and(|waiting| waiting.is_empty()) {
                return Ok(n_handed_over);
            }
            let n = self.hand_over_some(destination, fallbacks, decided_before).await?;
            n_handed_over += n;
            if n == 0 {
                return Ok(n_handed_over);
            }
        }
    }

    async fn hand_over_some(
        &self,
        destination: String,
        fallbacks: Vec<String>,
        decided_before: DateTime<Utc>,
    ) -> Result<usize, WriteError> {
        self.writer
            .write(move |tx| {
                let mut n_handed_over = 0;
                for (id, route) in tx.store.waiting_for(&destination, !fallbacks.is_empty(), decided_before)? {
                    let ways = if route.is_empty() { &fallbacks } else { &route };
                    let Some((next, route)) = ways.split_first() else { continue };
                    tx.store.settle_handed_over(id, tx.now)?;
                    tx.store.hand_over(id, next, route, tx.now)?;
                    n_handed_over += 1;
                }
                tx.n_decided += n_handed_over;
                Ok(n_handed_over)
            })
            .await
    }

    /// Tells the operator of plazo's own troubles. Without an operator in the file, only the log has it.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn notify_operator(&self, subject: String, text: String) -> Result<(), WriteError> {
        let Some(operator) = self.config().operator.clone() else { return Ok(()) };
        self.announce(Content::Notice { subject, text }, operator).await.map(|_| ())
    }

    /// Tells the operator of what of the store was found to be unreadable since he was told last.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn tell_of_unreadable(&self) -> Result<(), WriteError> {
        let found = self.unreadable().all();
        if found.len() <= self.shared.n_told_unreadable.load(Ordering::Relaxed) {
            return Ok(());
        }
        let named: Vec<String> =
            found.iter().take(MOST_NAMED).map(|(id, fault)| format!("{id}: {}, {}", fault.part, fault.cause)).collect();
        let (n, named) = (found.len(), named.join("\n"));
        let (subject, text) = (
            both!("{n} requests cannot be read whole", "{n} solicitudes no se pueden leer enteras"),
            both!(
                "The store holds something of these requests that plazo cannot read. It is left out of lists and reports; everything else goes on. To have it back, restore a backup. See: plazo status\n\n{named}",
                "La base de datos tiene algo de estas solicitudes que plazo no puede leer. Queda fuera de listas e informes; todo lo demás sigue. Para recuperarlo, restaure una copia de seguridad. Vea: plazo status\n\n{named}"
            ),
        );
        self.writer.write(move |tx| tx.tell_operator(&subject, &text)).await?;
        self.shared.n_told_unreadable.store(n, Ordering::Relaxed);
        Ok(())
    }

    /// Writes a message that is about no clock, and returns its deliveries.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn announce(&self, content: Content, recipient: Recipient) -> Result<Vec<i64>, WriteError> {
        self.writer.write(move |tx| tx.announce(&content, &recipient)).await
    }

    /// Mails a person a link anew, to their own address and by no other way.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn mail_link(&self, person: String, deed: String, request: RequestId) -> Result<(), WriteError> {
        let content = Content::Link { deed, request };
        let ways = vec![(Some(person), crate::config::EMAIL.to_owned())];
        self.writer.write(move |tx| tx.announce_by(&content, ways.clone())).await.map(|_| ())
    }

    /// Puts a dead delivery on its way again. Whether there was one.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn retry_delivery(&self, id: i64) -> Result<bool, WriteError> {
        self.writer
            .write(move |tx| {
                let found = tx.store.retry(id, tx.now)?;
                tx.n_decided += usize::from(found);
                Ok(found)
            })
            .await
    }

    /// Gives up a delivery that waits or is dead. Whether there was one.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn drop_delivery(&self, id: i64) -> Result<bool, WriteError> {
        self.writer.write(move |tx| tx.store.drop_delivery(id, tx.now)).await
    }

    /// Notes that plazo runs, and where it did not since it last noted that.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn note_alive(&self, gap: TimeDelta) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, WriteError> {
        self.writer.write(move |tx| tx.store.note_alive(gap, tx.now)).await
    }

    /// How many alerts should have gone out and have not; the heartbeat is still while there are any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be counted.
    pub async fn count_overdue(&self) -> Result<usize, StoreError> {
        let decided_before = self.now() - OVERDUE_AFTER;
        let n_unsent = self.read(move |store| store.count_unsent(decided_before)).await?;
        let is_behind = self.queue().next_at().is_some_and(|at| at < decided_before);
        Ok(usize::try_from(n_unsent).unwrap_or(0) + usize::from(is_behind))
    }

    /// How often in a row a destination has failed as a whole.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn hold_failures(&self, destination: String) -> Result<u32, StoreError> {
        self.read(move |store: &Store| store.hold_failures(&destination)).await
    }
}

impl Transaction<'_> {
    /// Leases at most `limit` deliveries, and no more than there is room for.
    pub(super) fn lease(&mut self, limit: usize, busy: &[String]) -> Result<Leases, StoreError> {
        let room = self.room().min(limit);
        if room == 0 {
            return Ok(Leases { leased: Vec::new(), busy: busy.to_vec() });
        }
        let leases = self.store.lease(self.now, self.now + LEASE, room, busy, &self.config.lanes)?;
        self.n_leased += leases.leased.len();
        Ok(leases)
    }

    /// How many more may be on their way.
    fn room(&self) -> usize {
        self.shared.room.load(Ordering::Relaxed).saturating_sub(self.n_leased)
    }

    /// Tells the operator that a destination stands, once until it works again.
    fn tell_of_hold(&mut self, destination: &str, cause: &str) -> Result<(), StoreError> {
        let subject = both!("`{destination}` takes no alerts for now", "`{destination}` no recibe avisos por ahora");
        let text = both!(
            "Alerts by `{destination}` stand: {cause}. plazo tries again by itself, and whatever has a fallback takes it after two minutes. See: plazo deliveries --state pending",
            "Los avisos por `{destination}` están detenidos: {cause}. plazo lo intenta de nuevo por sí mismo, y lo que tiene respaldo pasa a él a los dos minutos. Vea: plazo deliveries --state pending"
        );
        self.tell_operator(&subject, &text)
    }

    /// What became of a promise while its alert was on its way, nobody could tell then.
    fn tell_news_missed(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let Some(clock) = self.store.clock_of(outcome.id)? else { return Ok(()) };
        let what = match clock.state {
            ClockState::Running | ClockState::Paused | ClockState::Breached => return Ok(()),
            ClockState::Met => NewsKind::Met,
            ClockState::MetLate => NewsKind::MetLate,
            ClockState::Cancelled => NewsKind::Over,
        };
        let news = News { what, who: None, at: clock.stopped_at.unwrap_or(self.now) };
        let person = outcome.person.clone();
        self.tell_news_of(outcome.id, person.as_deref(), &outcome.destination, &news)
    }

    fn record(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let Some(fence) = outcome.fence else {
            if let Attempt::Sent { answer, .. } = &outcome.attempt {
                self.store.record_unleased(outcome.id, answer, self.now)?;
            }
            return Ok(());
        };
        if !self.store.record(outcome.id, fence, &outcome.attempt, self.now)? {
            tracing::warn!(delivery = outcome.id, "outcome came after its lease had passed on; the newer one stands");
            return Ok(());
        }
        match (&outcome.attempt, outcome.hold_until) {
            (Attempt::Sent { reference, began_at, .. }, _) => {
                if self.store.lift_hold(&outcome.destination, *began_at)? {
                    tracing::info!(destination = outcome.destination, "a destination works again");
                }
                if reference.is_some() {
                    self.tell_news_missed(outcome)?;
                }
            }
            (Attempt::HandedOver { to, route, .. }, _) => {
                self.store.hand_over(outcome.id, to, route, self.now)?;
                self.n_decided += 1;
            }
            (Attempt::Later { .. } | Attempt::Dead { .. }, _) => {}
        }
        if let (
            Some(until),
            Attempt::Later { cause, .. } | Attempt::Dead { cause } | Attempt::HandedOver { cause, .. },
        ) = (outcome.hold_until, &outcome.attempt)
        {
            let before = self.store.hold_failures(&outcome.destination)?;
            let failures = self.store.hold(&outcome.destination, until, cause, self.now)?;
            if before < TOLD_AFTER && failures == TOLD_AFTER {
                self.tell_of_hold(&outcome.destination, cause)?;
            }
        }
        Ok(())
    }
}
