//! What the writer and every service see alike.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::sync::{Notify, mpsc, watch};

use super::board::Board;
use super::disk::DiskWatch;
use super::metrics::VerdictLabels;
use super::pulse::Pulse;
use super::queue::Queue;
use super::share::OwnPart;
use super::time::TimeSource;
use crate::config::Config;
use crate::outbox::message::Leased;

/// What the writer and every service see alike.
pub(super) struct Core {
    /// The file in force.
    pub(super) config: ArcSwap<Config>,
    /// The index of wakes.
    pub(super) queue: Queue,
    /// What time it is.
    pub(super) time: TimeSource,
    /// Where deliveries leave the writer for the outbox.
    pub(super) outlet: Outlet,
    /// Whether the last commit failed.
    pub(super) is_failing: AtomicBool,
    /// How many requests the report that is being made has looked at, and of how many.
    pub(super) report: [AtomicUsize; 2],
    /// Whether there is room for events.
    pub(super) disk: DiskWatch,
    /// Signs of life of writer and timer.
    pub(super) pulse: Pulse,
    /// Open requests as the pages list them.
    pub(super) board: Board,
    /// How often sessions, or links of walls, were ended.
    pub(super) sessions_ended: watch::Sender<u64>,
    /// Promises by what came of them.
    pub(super) promises: Family<VerdictLabels, Counter>,
    /// Held by whoever changes who is away, or puts another file in force.
    pub(super) absences: tokio::sync::Mutex<()>,
    /// The part of this daemon, where several share the store.
    pub(super) share: Option<Arc<OwnPart>>,
}

impl Core {
    pub(super) fn new(config: Config, queue: Queue, time: TimeSource) -> Self {
        Self {
            outlet: Outlet::new(config.alerts.in_flight),
            config: ArcSwap::from_pointee(config),
            queue,
            time,
            is_failing: AtomicBool::new(false),
            report: Default::default(),
            disk: DiskWatch::default(),
            pulse: Pulse::default(),
            board: Board::default(),
            sessions_ended: watch::Sender::new(0),
            promises: Family::default(),
            absences: tokio::sync::Mutex::new(()),
            share: None,
        }
    }

    /// The same of one of several daemons.
    pub(super) fn sharing(self, share: Option<Arc<OwnPart>>) -> Self {
        Self { share, ..self }
    }

    /// Whether what has that name, of which there is to be one, is this daemon's to do.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.share.as_ref().is_none_or(|share| share.slots().has_name(name))
    }

    /// The file in force.
    pub(super) fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// What time it is.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.time.now()
    }
}

/// Where deliveries leave the writer for the outbox.
pub(super) struct Outlet {
    /// Wakes the outbox: deliveries were decided.
    decided: Notify,
    /// Deliveries that may be leased before others have ended. Taken from by the writer alone, given back by the outbox.
    room: AtomicUsize,
    /// Where deliveries are handed over that were leased with their decision.
    express: mpsc::UnboundedSender<Vec<Leased>>,
    taker: Mutex<Option<mpsc::UnboundedReceiver<Vec<Leased>>>>,
}

impl Outlet {
    fn new(room: usize) -> Self {
        // Bounded by `room`.
        let (express, waiting) = mpsc::unbounded_channel();
        let (decided, taker) = (Notify::new(), Mutex::new(Some(waiting)));
        Self { decided, room: AtomicUsize::new(room), express, taker }
    }

    /// Wakes the outbox.
    pub(super) fn wake(&self) {
        self.decided.notify_one();
    }

    /// Waits until the outbox is woken.
    pub(super) async fn woken(&self) {
        self.decided.notified().await;
    }

    /// How many more may be leased.
    pub(super) fn room(&self) -> usize {
        self.room.load(Ordering::Relaxed)
    }

    /// Gives back the room of deliveries that have ended.
    pub(super) fn give_room(&self, n: usize) {
        self.room.fetch_add(n, Ordering::Relaxed);
    }

    /// Takes the room of deliveries that were leased, and hands over those that nobody asked for.
    pub(super) fn take_room(&self, n: usize, express: Vec<Leased>) {
        self.room.fetch_sub(n, Ordering::Relaxed);
        if !express.is_empty() {
            // Without an outbox nobody sends, and the leases run out.
            self.express.send(express).ok();
        }
    }

    /// Where deliveries come from that were leased with their decision; once only.
    pub(super) fn take_express(&self) -> Option<mpsc::UnboundedReceiver<Vec<Leased>>> {
        self.taker.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
