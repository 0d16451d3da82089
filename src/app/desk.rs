//! Events, the passing of time, and edits of the file: what they become is decided by `desk` and written in one transaction.

use std::sync::Arc;

use super::core::Core;
use super::outbox::Outbox;
use super::plan;
use super::readers::Readers;
use super::views::Views;
use super::work::Work;
use super::writer::{WriteError, Writer};
use crate::desk::{DOOR, LINK_DOOR, REPLY_DOOR};
use crate::engine::effect::{PUSH_BACK, Wake, WakeReason};
use crate::engine::request_id::RequestId;
use crate::outbox::{HeldFor, ViolationId};
use crate::store::violations::ViolationRow;
use crate::store::{Store, StoreError};
use crate::unit::{Applied, Batching, Ended, Incoming, Input, Output, Violated};

/// Events that one transaction applies at most.
const MOST_AT_ONCE: usize = 64;
/// So few alerts are leased with their decision; more go the ordinary way, in larger groups.
const MOST_EXPRESS: usize = 8;
/// Requests that one transaction plans anew.
const MOST_PLANNED: usize = 256;

/// When all live requests are planned anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// plazo starts; what is due has been so for a while, and the timer tells it as late.
    Start,
    /// The file was edited; what is due now is so by the edit.
    Reload,
}

/// Where events, ticks and edits of the file become what is written.
#[derive(Clone)]
pub struct Desk {
    pub(super) core: Arc<Core>,
    pub(super) writer: Arc<Writer>,
    pub(super) readers: Arc<Readers>,
    pub(super) outbox: Outbox,
    pub(super) views: Views,
}

impl Desk {
    /// Applies events in the order given, in steps between which others write; durable once answered. What was applied before a failure
    /// stays, and is known when it is sent again.
    pub async fn submit(&self, incoming: Vec<Incoming>) -> Result<Vec<Applied>, WriteError> {
        // What people do here is small, and ends what is due; what is told from elsewhere is told again.
        let is_own = |incoming: &Incoming| [DOOR, LINK_DOOR, REPLY_DOOR].contains(&incoming.event.id.source.as_str());
        if self.core.disk.is_closed() && !incoming.iter().all(is_own) {
            return Err(WriteError::NoRoom);
        }
        let mut applied = Vec::with_capacity(incoming.len());
        let mut incoming = incoming.into_iter().map(Arc::new).peekable();
        while incoming.peek().is_some() {
            let some: Vec<_> = incoming.by_ref().take(MOST_AT_ONCE).collect();
            let results = self
                .writer
                .write(move |work| some.iter().map(|incoming| work.take(incoming)).collect::<Result<Vec<_>, _>>());
            applied.extend(results.await?);
        }
        Ok(applied)
    }

    /// Looks at requests whose wake has come. Returns how many messages were decided.
    pub async fn tick(&self, requests: Vec<RequestId>) -> Result<usize, WriteError> {
        self.writer
            .write(move |work| {
                let n_decided = work.tick(&requests)?;
                if (1..=MOST_EXPRESS).contains(&n_decided) {
                    let leases = work.lease(MOST_EXPRESS, &[])?;
                    work.hand_out(leases.leased);
                }
                Ok(n_decided)
            })
            .await
    }

    /// Plans all live requests by the revision in force, unless they have been: after a reload, and at start, where the file may
    /// have changed meanwhile or the last process may have ended half-way. Where that alerts more requests at once than the file
    /// allows, each recipient gets one message (LESSONS 22, 28). Returns how many were planned.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written; those left over are planned at the next start.
    pub async fn plan_anew(&self, occasion: Occasion) -> Result<usize, WriteError> {
        let (config, now) = (self.core.config(), self.core.now());
        let revision = config.rulebook.revision;
        if self.readers.read(Store::planned_revision).await? == Some(revision) {
            return Ok(0);
        }
        let most = config.alerts.summary_above;
        let (live, together) = self
            .readers
            .read(move |store| {
                let live = store.live_requests()?;
                let together = plan::alerts_more_than(most, &live, store, &config, now)?;
                Ok((live, together))
            })
            .await?;
        let n_live = live.len();
        let tell = match (occasion, together) {
            (_, true) => Some(Batching::Edit),
            (Occasion::Reload, false) => Some(Batching::Nothing),
            (Occasion::Start, false) => None,
        };
        // In bounded steps, so that events are not kept waiting.
        let mut ended = Vec::new();
        for some in live.chunks(MOST_PLANNED) {
            let some = some.to_vec();
            ended.extend(self.writer.write(move |work| work.replan(&some, tell)).await?);
        }
        self.outbox.tell_of_ended(&ended).await?;
        self.outbox.gather_all(HeldFor::Edit).await?;
        self.writer.write(move |work| work.store().set_planned_revision(revision)).await?;
        Ok(n_live)
    }

    /// Takes what was put aside for a conversation that another daemon opened at the same time. Returns how many conversations had some.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn take_parked_late(&self) -> Result<usize, WriteError> {
        let late = self.readers.read(Store::parked_late).await?;
        for (channel, thread, request) in late.clone() {
            let taken = move |work: &mut Work<'_>| {
                let (channel, threads) = (channel.clone(), vec![thread.clone()]);
                work.try_decide(Input::Unpark { channel, threads, request }).map(|_| ())
            };
            self.writer.write(taken).await?;
        }
        Ok(late.len())
    }

    /// Writes down what somebody says to a violation; `None` if there is no such one.
    pub async fn excuse_violation(
        &self,
        id: ViolationId,
        excuse: String,
        who: Option<String>,
    ) -> Result<Option<ViolationRow>, WriteError> {
        self.writer
            .write(move |work| {
                work.store().excuse_violation(id, &excuse, who.as_deref(), work.now)?;
                work.store().violation(id)
            })
            .await
    }
}

impl Work<'_> {
    /// Looks at requests whose wake has come. One that fails is pushed back, so that it cannot starve the rest. Returns how many messages this
    /// transaction decided: none where it runs alone, and they go the ordinary way.
    fn tick(&mut self, requests: &[RequestId]) -> Result<usize, StoreError> {
        let mut n_decided = 0;
        for &request in requests {
            let before = self.n_decided();
            if self.try_decide(Input::Tick { request, hold: Batching::WhatIsLate })?.is_none() {
                let at = self.now + PUSH_BACK;
                self.wake_at(request, Wake { at, why: WakeReason::Warning });
                if self.store().is_shared() {
                    // Else it would be looked for again at once, by one daemon after another.
                    self.store().push_wake_back(request, at)?;
                }
            }
            n_decided += self.n_decided().saturating_sub(before);
        }
        Ok(n_decided)
    }

    /// Plans requests by the file in force, and returns the clocks that it ends. With `tell`, what is due by it is told at once, held back
    /// as that says.
    fn replan(&mut self, requests: &[RequestId], tell: Option<Batching>) -> Result<Vec<Ended>, StoreError> {
        let mut ended = Vec::new();
        for &request in requests {
            if let Some(Output::Moved(effects)) = self.try_decide(Input::Replan { request, tell })? {
                ended.extend(effects.iter().filter_map(|effect| Ended::of(request, effect)));
            }
        }
        Ok(ended)
    }

    /// Tells violations whose ladder goes on, until somebody answers for them.
    pub(super) fn climb_violations(&mut self) -> Result<(), StoreError> {
        for row in self.store().violations_due(self.now)? {
            let ViolationRow { id, request, at, violation, n_told, .. } = row;
            self.decide(Input::Climb(Box::new(Violated { id, request, at, violation, n_told })))?;
        }
        Ok(())
    }
}
