//! What the outbox does to the store: claim, record, gather.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};

use super::{App, Transaction, WriteError};
use crate::engine::directory::Recipient;
use crate::store::outbox::{Claimed, LEASE, Verdict};
use crate::store::{Store, StoreError};
use crate::text::alert::{Content, HeldFor};

/// What came of a try, to be recorded.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The delivery.
    pub id: i64,
    /// The lease under which it was tried; `None` if the store could not be written then.
    pub fence: Option<i64>,
    /// Its destination.
    pub destination: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Until when the whole destination stands.
    pub hold_until: Option<DateTime<Utc>>,
}

/// Deliveries to send now, and when to ask again.
#[derive(Debug, Default)]
pub struct Claims {
    /// Deliveries under lease.
    pub claimed: Vec<Claimed>,
    /// When the next waiting one may go out; told only where none was claimed.
    pub next_at: Option<DateTime<Utc>>,
}

impl App {
    /// Records outcomes, then, while the outbox is open, leases what there is room for, in one transaction.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn record_and_claim(
        &self,
        outcomes: Vec<Outcome>,
        is_open: bool,
        busy: Vec<String>,
        per_destination: usize,
    ) -> Result<Claims, WriteError> {
        self.writer
            .write(move |tx| {
                for outcome in &outcomes {
                    tx.record(outcome)?;
                }
                let limit = if is_open { usize::MAX } else { 0 };
                let claimed = tx.claim(limit, &busy, per_destination)?;
                // Among thousands that wait this takes a while, and is asked for only when nothing could be claimed. Without room
                // there is nothing to come back for before a delivery on its way has ended, which is told.
                let asks = claimed.is_empty() && 0 < tx.room();
                let next_at = if asks { tx.store.next_delivery_at(&busy)? } else { None };
                Ok(Claims { claimed, next_at })
            })
            .await
    }

    /// Deliveries that could go out, read without leasing them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot even be read.
    pub async fn peek_deliveries(&self, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        let now = self.now();
        self.read(move |store| store.peek(now, limit)).await
    }

    /// Lets go what fell due while plazo was not running and was held back while catching up. Returns the number of messages.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn gather(&self) -> Result<usize, WriteError> {
        self.writer
            .write(|tx| {
                let n_messages = tx.store.gather(HeldFor::Downtime, tx.now)?;
                tx.n_decided += n_messages;
                Ok(n_messages)
            })
            .await
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
        fallback: String,
        decided_before: DateTime<Utc>,
    ) -> Result<usize, WriteError> {
        self.writer
            .write(move |tx| {
                let waiting = tx.store.waiting_for(&destination, decided_before)?;
                for &id in &waiting {
                    tx.store.settle_handed_over(id, tx.now)?;
                    tx.store.hand_over(id, &fallback, tx.now)?;
                }
                tx.n_decided += waiting.len();
                Ok(waiting.len())
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

    /// Writes a message that is about no clock, and returns its deliveries.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn announce(&self, content: Content, recipient: Recipient) -> Result<Vec<i64>, WriteError> {
        self.writer.write(move |tx| tx.announce(&content, &recipient)).await
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
    pub(super) fn claim(
        &mut self,
        limit: usize,
        busy: &[String],
        per_destination: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let room = self.room().min(limit);
        if room == 0 {
            return Ok(Vec::new());
        }
        let claimed = self.store.claim(self.now, self.now + LEASE, room, busy, per_destination)?;
        self.n_claimed += claimed.len();
        Ok(claimed)
    }

    /// How many more may be on their way.
    fn room(&self) -> usize {
        self.shared.room.load(Ordering::Relaxed).saturating_sub(self.n_claimed)
    }

    fn record(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let Some(fence) = outcome.fence else {
            if let Verdict::Sent { answer } = &outcome.verdict {
                self.store.record_unleased(outcome.id, answer, self.now)?;
            }
            return Ok(());
        };
        if !self.store.record(outcome.id, fence, &outcome.verdict, self.now)? {
            tracing::warn!(delivery = outcome.id, "outcome came after its lease had passed on; the newer one stands");
            return Ok(());
        }
        match (&outcome.verdict, outcome.hold_until) {
            (Verdict::Sent { .. }, _) => {
                self.store.lift_hold(&outcome.destination)?;
            }
            (Verdict::HandedOver { to, .. }, _) => {
                self.store.hand_over(outcome.id, to, self.now)?;
                self.n_decided += 1;
            }
            (Verdict::Later { .. } | Verdict::Dead { .. }, _) => {}
        }
        if let (
            Some(until),
            Verdict::Later { cause, .. } | Verdict::Dead { cause } | Verdict::HandedOver { cause, .. },
        ) = (outcome.hold_until, &outcome.verdict)
        {
            self.store.hold(&outcome.destination, until, cause, self.now)?;
        }
        Ok(())
    }
}
