//! The queue: which request wants to be looked at when. An index of the store's `wakes`, rebuilt from them at start.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeZone, Utc};
use tokio::sync::Notify;

use crate::engine::effect::{Wake, WakeReason};
use crate::engine::request_id::RequestId;

/// Instants as milliseconds: a million entries are held.
type Entry = (i64, RequestId);

#[derive(Default)]
struct Entries {
    breaches: BTreeSet<Entry>,
    warnings: BTreeSet<Entry>,
    by_request: HashMap<RequestId, (i64, WakeReason)>,
}

/// A priority queue of requests, keyed by their next wake. Shared by the writer, which fills it, and the timer.
#[derive(Default)]
pub struct Queue {
    entries: Mutex<Entries>,
    sooner: Notify,
}

impl Queue {
    /// Sets when each request is next looked at; `None` takes it out.
    pub fn set(&self, wakes: impl IntoIterator<Item = (RequestId, Option<Wake>)>) {
        let mut entries = self.lock();
        let first = entries.first();
        for (id, wake) in wakes {
            entries.set(id, wake);
        }
        let is_sooner = match (entries.first(), first) {
            (Some(now), Some(before)) => now < before,
            (now, None) => now.is_some(),
            (None, Some(_)) => false,
        };
        drop(entries);
        if is_sooner {
            self.sooner.notify_one();
        }
    }

    /// Takes out what is not to be kept.
    pub(super) fn keep(&self, is_kept: impl Fn(RequestId) -> bool) {
        let mut entries = self.lock();
        let gone: Vec<_> = entries.by_request.keys().copied().filter(|id| !is_kept(*id)).collect();
        for id in gone {
            entries.set(id, None);
        }
    }

    /// At most `limit` requests that are due at `now`: breaches before warnings, however long those have been waiting.
    pub fn due(&self, now: DateTime<Utc>, limit: usize) -> Vec<RequestId> {
        let entries = self.lock();
        let until = (now.timestamp_millis() + 1, RequestId(i64::MIN));
        let breaches = entries.breaches.range(..until);
        breaches.chain(entries.warnings.range(..until)).take(limit).map(|(_, id)| *id).collect()
    }

    /// The next instant at which a request is due.
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        self.lock().first().and_then(|at| Utc.timestamp_millis_opt(at).single())
    }

    /// When a request is next looked at.
    pub fn wake_of(&self, id: RequestId) -> Option<DateTime<Utc>> {
        let at = self.lock().by_request.get(&id).map(|(at, _)| *at)?;
        Utc.timestamp_millis_opt(at).single()
    }

    /// Waits until something is due sooner than what was.
    pub async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// How many requests wait.
    pub fn len(&self) -> usize {
        self.lock().by_request.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // No code under the lock can panic half-way; a poisoned lock holds a whole queue.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn first(&self) -> Option<i64> {
        let firsts = [self.breaches.first(), self.warnings.first()];
        firsts.into_iter().flatten().map(|(at, _)| *at).min()
    }

    fn set(&mut self, id: RequestId, wake: Option<Wake>) {
        if let Some((at, why)) = self.by_request.remove(&id) {
            self.side(why).remove(&(at, id));
        }
        if let Some(wake) = wake {
            let at = wake.at.timestamp_millis();
            self.side(wake.why).insert((at, id));
            self.by_request.insert(id, (at, wake.why));
        }
    }

    const fn side(&mut self, why: WakeReason) -> &mut BTreeSet<Entry> {
        match why {
            WakeReason::Breach => &mut self.breaches,
            WakeReason::Warning => &mut self.warnings,
        }
    }
}
