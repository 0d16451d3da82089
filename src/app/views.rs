//! What people and programs look at, by name: each is one look at the store, beside the writer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::core::Core;
use super::metrics::{self, Snapshot};
use super::outbox::OVERDUE_AFTER;
use super::readers::Readers;
use crate::engine::clock::Clock;
use crate::engine::effect::Wake;
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::{DeliveryId, DeliveryState, ViolationId};
use crate::store::authors::AuthorRow;
use crate::store::daemons::DaemonRow;
use crate::store::deliveries::{DeliveryRow, ToldRow};
use crate::store::imports::ImportRow;
use crate::store::journal::{Happening, HistoryRow};
use crate::store::requests::{DueCursor, RequestFilter};
use crate::store::silences::SilenceRow;
use crate::store::telephones::CostRow;
use crate::store::violations::{ViolationFilter, ViolationRow};
use crate::store::{Store, StoreError, Unreadable};

/// Lateness is measured over the last day.
const LATENESS_OF: TimeDelta = TimeDelta::hours(24);
/// Deliveries whose lateness is looked at.
const MOST_LATENESSES: u32 = 10_000;

/// How many deliveries are in a state, and how many of them may have gone out twice.
pub type DeliveryCounts = Vec<(DeliveryState, i64, i64)>;

/// What people and programs look at.
#[derive(Clone)]
pub struct Views {
    pub(super) core: Arc<Core>,
    pub(super) readers: Arc<Readers>,
}

/// A request as a page shows it whole.
#[derive(Debug)]
pub struct Whole {
    /// The request.
    pub request: Request,
    /// What happened to it, for programs.
    pub history: Vec<HistoryRow>,
    /// What destinations called their messages about it.
    pub references: Vec<(String, String)>,
}

/// How the whole stands.
#[derive(Debug)]
pub struct Counts {
    /// Requests by phase.
    pub phases: Vec<(String, i64)>,
    /// Live requests with a promise that is overdue.
    pub n_overdue: i64,
    /// Deliveries by state.
    pub deliveries: DeliveryCounts,
    /// When the last message was taken by its peer.
    pub last_sent_at: Option<DateTime<Utc>>,
    /// Silences that hold or are to come.
    pub silences: Vec<SilenceRow>,
    /// Destinations that stand still, until when and why.
    pub holds: Vec<(String, DateTime<Utc>, String)>,
    /// Deliveries that should have gone out.
    pub n_unsent: i64,
    /// What destinations cost that are paid for by message, the newest month first.
    pub costs: Vec<CostRow>,
}

impl Views {
    /// Whether the store can be read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot.
    pub async fn look(&self) -> Result<(), StoreError> {
        self.readers.look(Store::last_request).await.map(|_| ())
    }

    /// What of the store could not be read since the process began; it was left out.
    pub fn unreadable(&self) -> &Unreadable {
        self.readers.unreadable()
    }

    /// A request; none where there is none that can be read.
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, StoreError> {
        self.readers.look(move |store| store.request(id)).await
    }

    /// A request with its history.
    pub async fn whole(&self, id: RequestId) -> Result<Option<Whole>, StoreError> {
        self.readers
            .look(move |store| {
                let Some(request) = store.request(id)? else { return Ok(None) };
                Ok(Some(Whole { request, history: store.history(id)?, references: store.references(id)? }))
            })
            .await
    }

    /// What happened to a request, and what was told of it.
    pub async fn story(&self, id: RequestId) -> Result<(Vec<Happening>, Vec<ToldRow>), StoreError> {
        self.readers.look(move |store| Ok((store.happenings(id)?, store.told(id)?))).await
    }

    /// The events of a request, in the order in which they happened.
    pub async fn events(&self, id: RequestId) -> Result<Vec<Event>, StoreError> {
        self.readers.look(move |store| store.events(id)).await
    }

    /// Every clock that ran on a request.
    pub async fn clocks(&self, id: RequestId) -> Result<Vec<Clock>, StoreError> {
        self.readers.look(move |store| store.clocks(id)).await
    }

    /// Who took each of those requests last.
    pub async fn takers(&self, requests: Vec<RequestId>) -> Result<HashMap<RequestId, String>, StoreError> {
        self.readers.look(move |store| store.takers(&requests)).await
    }

    /// Requests by filter, newest first.
    pub async fn list(&self, filter: RequestFilter) -> Result<Vec<Request>, StoreError> {
        let now = self.core.now();
        self.readers.look(move |store| store.list(&filter, now)).await
    }

    /// Requests by filter, what is due first at the top, and how many there are from there on.
    pub async fn list_by_due(
        &self,
        filter: RequestFilter,
        after: Option<DueCursor>,
    ) -> Result<(Vec<Request>, usize), StoreError> {
        let now = self.core.now();
        self.readers.look(move |store| store.list_by_due(&filter, after, now)).await
    }

    /// Live requests, what is due first at the top.
    pub async fn live_by_due(&self, limit: usize) -> Result<Vec<Request>, StoreError> {
        self.readers.look(move |store| store.live_by_due(limit)).await
    }

    /// The next wakes with their requests, soonest first.
    pub async fn next_wakes(&self, limit: u32) -> Result<Vec<(Wake, Option<Request>)>, StoreError> {
        self.readers
            .look(move |store| {
                let wakes = store.next_wakes(limit)?;
                wakes.into_iter().map(|(id, wake)| Ok((wake, store.request(id)?))).collect()
            })
            .await
    }

    /// Deliveries by state, newest first; all without one.
    pub async fn deliveries(
        &self,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<(Vec<DeliveryRow>, DeliveryCounts), StoreError> {
        self.readers.look(move |store| Ok((store.deliveries(state, limit)?, store.count_deliveries()?))).await
    }

    /// One delivery.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRow>, StoreError> {
        self.readers.look(move |store| store.delivery(id)).await
    }

    /// How many deliveries there are in each state.
    pub async fn count_deliveries(&self) -> Result<DeliveryCounts, StoreError> {
        self.readers.look(Store::count_deliveries).await
    }

    /// How many deliveries should have gone out before that instant and are neither sent nor settled.
    pub async fn count_unsent(&self, decided_before: DateTime<Utc>) -> Result<i64, StoreError> {
        self.readers.look(move |store| store.count_unsent(decided_before)).await
    }

    /// Silences that hold or are to come; all there were, with `all`.
    pub async fn silences(&self, all: bool) -> Result<Vec<SilenceRow>, StoreError> {
        let now = self.core.now();
        self.readers.look(move |store| store.silences(all, now)).await
    }

    /// Violations, latest first.
    pub async fn violations(&self, filter: ViolationFilter) -> Result<Vec<ViolationRow>, StoreError> {
        self.readers.look(move |store| store.violations(&filter)).await
    }

    /// One violation.
    pub async fn violation(&self, id: ViolationId) -> Result<Option<ViolationRow>, StoreError> {
        self.readers.look(move |store| store.violation(id)).await
    }

    /// People who wrote since then, those who wrote most first.
    pub async fn authors(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<AuthorRow>, StoreError> {
        self.readers.look(move |store| store.authors(since, limit)).await
    }

    /// Mails since then that bear an address of the house and no proof, by what they lack.
    pub async fn count_unproven_mail(&self, since: DateTime<Utc>) -> Result<Vec<(String, i64)>, StoreError> {
        self.readers.look(move |store| store.count_unproven_mail(since)).await
    }

    /// How far files of history were read in.
    pub async fn imports(&self) -> Result<Vec<ImportRow>, StoreError> {
        self.readers.look(Store::imports).await
    }

    /// The revision of the file that is in force, and when it was taken.
    pub async fn revision(&self) -> Result<Option<(i64, Option<DateTime<Utc>>)>, StoreError> {
        self.readers
            .look(|store| {
                let Some((id, _)) = store.last_revision()? else { return Ok(None) };
                Ok(Some((id, store.revision_taken_at(id)?)))
            })
            .await
    }

    /// The daemons that share the store.
    pub async fn daemons(&self) -> Result<Vec<DaemonRow>, StoreError> {
        self.readers.look(|store| store.daemons()).await
    }

    /// When a request is next looked at.
    pub async fn wake_of(&self, request: RequestId) -> Result<Option<DateTime<Utc>>, StoreError> {
        match self.core.share() {
            None => Ok(self.core.queue.wake_of(request)),
            Some(_) => Ok(self
                .readers
                .look(move |store| store.wake_of(request))
                .await?
                .and_then(DateTime::from_timestamp_millis)),
        }
    }

    /// How the whole stands.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let now = self.core.now();
        self.readers
            .look(move |store| {
                Ok(Counts {
                    phases: store.count_by_phase()?,
                    n_overdue: store.count_overdue(now)?,
                    deliveries: store.count_deliveries()?,
                    last_sent_at: store.last_sent_at()?,
                    silences: store.silences(false, now)?,
                    holds: store.holds()?,
                    n_unsent: store.count_unsent(now - OVERDUE_AFTER)?,
                    costs: store.costs()?,
                })
            })
            .await
    }

    /// From a step's instant to the peer's acceptance, of single alerts of the last day: the median, the 99th hundredth and the latest, in
    /// seconds; none where there were none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn lateness(&self) -> Result<Option<[f64; 3]>, StoreError> {
        let since = self.core.now() - LATENESS_OF;
        let rows = self.readers.look(move |store| store.lateness(since, MOST_LATENESSES)).await?;
        Ok(metrics::whole_way(&rows))
    }

    /// What metrics tell of the store, the queue and the writer; of sources nothing.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let now = self.core.now();
        let mut snapshot = self
            .readers
            .look(move |store| {
                Ok(Snapshot {
                    now,
                    disk: None,
                    queued: 0,
                    is_failing: false,
                    longest_hold: Duration::ZERO,
                    unreadable: 0,
                    requests: store.count_by_phase()?,
                    overdue: store.count_overdue(now)?,
                    next_due_at: store.next_due_at(now)?,
                    deliveries: store.count_deliveries()?,
                    standing: store.holds()?.into_iter().map(|(destination, ..)| destination).collect(),
                    overdue_unsent: store.count_unsent(now - OVERDUE_AFTER)?,
                    lateness: store.lateness(now - LATENESS_OF, MOST_LATENESSES)?,
                    costs: store.costs()?,
                    sources: Vec::new(),
                })
            })
            .await?;
        snapshot.queued = self.core.queue.len();
        snapshot.is_failing = self.core.is_failing.load(Ordering::Relaxed);
        snapshot.longest_hold = self.core.pulse.longest_hold();
        snapshot.unreadable = self.unreadable().all().len();
        Ok(snapshot)
    }
}
