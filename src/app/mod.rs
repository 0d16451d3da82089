//! Use cases: what events, ticks, people and the outbox do to the store, each in one transaction.
//!
//! Every change passes here, whatever door it came by. Decisions are the engine's; this module loads what it needs, and writes
//! request, journal and deliveries together.

mod apply;
mod decide;
mod edited;
mod explain;
mod keys;
pub mod links;
pub mod metrics;
mod outbox;
pub(crate) mod place;
pub mod plan;
mod protocols;
pub mod pulse;
pub mod queue;
mod readers;
mod readiness;
mod refusals;
mod replies;
pub mod report;
pub mod retry;
pub mod route;
mod schedule;
pub mod silence;
pub mod sources;
mod thread;
pub mod time;
pub mod token;
pub mod view;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc};

use crate::config::Config;
use crate::engine::effect::Wake;
use crate::engine::request_id::RequestId;
use crate::store::checkpoint::Checkpointer;
use crate::store::outbox::Leased;
use crate::store::{Store, StoreError, Unreadable};
use crate::text::alert::HeldFor;
use crate::text::button::Press;

pub use crate::intake::json::CLOCK_SKEW;
pub use apply::{Applied, DOOR, Incoming, LINK_DOOR, REPLY_DOOR, Rejection};
pub use edited::RefusedFile;
use metrics::Metrics;
pub use outbox::{OVERDUE_AFTER, Outcome, ToSend};
pub use protocols::SOURCE as OWN_SOURCE;
use pulse::Pulse;
use queue::Queue;
use readers::Readers;
use readiness::Readiness;
use refusals::Refusals;
use sources::Sources;
use time::TimeSource;
pub use writer::WriteError;
use writer::Writer;

/// Clicks that wait for their answer; more are not answered.
const MOST_PRESSES: usize = 256;

/// What the writer thread and everybody else see alike.
pub(crate) struct Shared {
    config: ArcSwap<Config>,
    queue: Queue,
    time: TimeSource,
    /// Wakes the outbox: deliveries were decided.
    decided: Notify,
    /// Deliveries that may be leased before others have ended. Taken from by the writer alone, given back by the outbox.
    room: AtomicUsize,
    /// Where deliveries are handed over that were leased with their decision.
    express: mpsc::UnboundedSender<Vec<Leased>>,
    express_taker: Mutex<Option<mpsc::UnboundedReceiver<Vec<Leased>>>>,
    /// Whether only this machine reaches the interface.
    is_loopback: AtomicBool,
    /// The socket by which this machine's own users come in.
    socket: ArcSwapOption<PathBuf>,
    /// Calls that were refused.
    refusals: Refusals,
    /// Why the file as it stands is not in force.
    refused_file: ArcSwapOption<edited::RefusedFile>,
    /// Whether the last commit failed.
    is_failing: AtomicBool,
    /// Whether events are taken, as strangers were told last.
    readiness: Readiness,
    metrics: Metrics,
    pulse: Pulse,
    /// Of how much that cannot be read the operator was told.
    n_told_unreadable: AtomicUsize,
    /// Systems that tell what happens, ready to take requests.
    sources: ArcSwap<Sources>,
    /// Wakes whoever asks sources' APIs.
    wanted: Notify,
    /// Clicks on buttons of alerts, with their source.
    presses: mpsc::Sender<(String, Press)>,
    presses_taker: Mutex<Option<mpsc::Receiver<(String, Press)>>>,
}

impl Shared {
    fn new(config: Config, queue: Queue, time: TimeSource) -> Self {
        // Bounded by `room`.
        let (express, waiting) = mpsc::unbounded_channel();
        let (presses, pressed) = mpsc::channel(MOST_PRESSES);
        Self {
            room: AtomicUsize::new(config.alerts.in_flight),
            config: ArcSwap::from_pointee(config),
            queue,
            time,
            decided: Notify::new(),
            express,
            express_taker: Mutex::new(Some(waiting)),
            is_loopback: AtomicBool::new(true),
            socket: ArcSwapOption::empty(),
            refusals: Refusals::default(),
            refused_file: ArcSwapOption::empty(),
            is_failing: AtomicBool::new(false),
            readiness: Readiness::default(),
            metrics: Metrics::default(),
            pulse: Pulse::default(),
            n_told_unreadable: AtomicUsize::new(0),
            sources: ArcSwap::default(),
            wanted: Notify::new(),
            presses,
            presses_taker: Mutex::new(Some(pressed)),
        }
    }
}

/// The application: one store, one writer, one configuration at a time.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    tokens: Arc<token::Known>,
    instance: Arc<str>,
    /// Signs links and marks alerts' mail.
    keys: Arc<keys::Keys>,
    /// When it began to run; none where it only looks.
    started_at: Option<DateTime<Utc>>,
}

impl App {
    /// Opens the store of a data directory, takes `config` as its revision and rebuilds the queue. The thread ends after
    /// [`App::close`]; joining it makes sure that everything is on the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be opened or written.
    pub fn open(
        directory: &Path,
        mut config: Config,
        source: &str,
        time: TimeSource,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let store = Store::open(directory)?;
        let unreadable = store.unreadable().clone();
        config.rulebook.revision = store.revision(&config.revision_text(source), time.now())?;
        let instance = store.instance()?.into();
        let keys = Arc::new(keys::Keys::open(directory)?);
        store.forget_link_key()?;
        token::close_doors(&store, token::Open::by(&config))?;
        let queue = filled_queue(&store)?;
        let now = time.now();
        // Whatever was on its way when the last process ended may have arrived.
        store.free_leases(now)?;
        let shared = Arc::new(Shared::new(config, queue, time));
        let (writer, thread) = Writer::start(store, Checkpointer::open(directory)?, Arc::clone(&shared))?;
        let readers = Arc::new(Readers::new(directory, unreadable));
        let started_at = Some(now);
        let writer = Arc::new(writer);
        Ok((Self { shared, writer, readers, tokens: Arc::default(), instance, keys, started_at }, thread))
    }

    /// Whether only this machine reaches the interface.
    pub fn is_loopback(&self) -> bool {
        self.shared.is_loopback.load(Ordering::Relaxed)
    }

    /// Says whether only this machine reaches the interface; else nobody is let in without a token.
    pub fn set_loopback(&self, is_loopback: bool) {
        self.shared.is_loopback.store(is_loopback, Ordering::Relaxed);
    }

    /// The socket by which this machine's own users come in, once there is one.
    pub fn socket(&self) -> Option<Arc<PathBuf>> {
        self.shared.socket.load_full()
    }

    /// Says where that socket is.
    pub fn set_socket(&self, path: PathBuf) {
        self.shared.socket.store(Some(Arc::new(path)));
    }

    /// The user as whom plazo runs.
    pub fn own_uid(&self) -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    /// Calls that were refused.
    pub fn refusals(&self) -> &Refusals {
        &self.shared.refusals
    }

    /// Takes nothing more to be written; what waits still is.
    pub fn close(&self) {
        self.writer.close();
    }

    /// Opens the store of a data directory for looking only: no daemon need run, and whatever would write is refused.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if there is no store, or it cannot be read.
    pub fn open_reading(directory: &Path, config: Config, time: TimeSource) -> Result<Self, StoreError> {
        let store = Store::open_reader(directory)?;
        let instance = store.instance()?.into();
        let keys = Arc::new(keys::Keys::none());
        let shared = Arc::new(Shared::new(config, filled_queue(&store)?, time));
        let readers = Arc::new(Readers::new(directory, store.unreadable().clone()));
        // Whoever may read the file needs no token.
        let tokens = Arc::new(token::Known::everybody());
        Ok(Self { shared, writer: Arc::new(Writer::none()), readers, tokens, instance, keys, started_at: None })
    }

    /// When it began to run; none where it only looks into the store.
    pub fn started_at(&self) -> Option<DateTime<Utc>> {
        self.started_at
    }

    /// Signs of life of writer and timer.
    pub fn pulse(&self) -> &Pulse {
        &self.shared.pulse
    }

    /// What of the store could not be read since the process began; it was left out.
    pub fn unreadable(&self) -> &Unreadable {
        self.readers.unreadable()
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.shared.config.load_full()
    }

    /// The queue of requests.
    pub fn queue(&self) -> &Queue {
        &self.shared.queue
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Whether the store could not be written when it was last tried.
    pub fn is_failing(&self) -> bool {
        self.shared.is_failing.load(Ordering::Relaxed)
    }

    /// The source of the time.
    pub fn time(&self) -> &TimeSource {
        &self.shared.time
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.time.now()
    }

    /// The name of this store, part of each message's id.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Waits until deliveries have been decided.
    pub async fn decided(&self) {
        self.shared.decided.notified().await;
    }

    /// Gives back the room of a delivery that has ended.
    pub fn give_room(&self, n: usize) {
        self.shared.room.fetch_add(n, Ordering::Relaxed);
    }

    /// The deliveries that ticks lease in their own transaction: an alert in a quiet hour costs one commit, not two. There is one
    /// taker.
    pub fn take_express(&self) -> Option<mpsc::UnboundedReceiver<Vec<Leased>>> {
        self.shared.express_taker.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Wakes whoever waits for deliveries.
    pub fn wake_outbox(&self) {
        self.shared.decided.notify_one();
    }

    /// Reads from the store, beside the writer.
    ///
    /// # Errors
    ///
    /// [`StoreError`] from the work, or if no reader can be opened.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        let done = tokio::task::spawn_blocking(move || readers.with(work)).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Takes a new revision of the file, and plans all live requests by it.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be recorded; the old one stays.
    pub async fn reload(&self, mut config: Config, source: String) -> Result<usize, WriteError> {
        let now = self.now();
        let source = config.revision_text(&source);
        config.rulebook.revision = self.writer.write(move |tx| tx.store.revision(&source, now)).await?;
        self.shared.config.store(Arc::new(config));
        self.close_doors().await?;
        self.plan_anew(Occasion::Reload).await
    }

    /// Plans all live requests by the revision in force, unless they have been: after a reload, and at start, where the file may
    /// have changed meanwhile or the last process may have ended half-way. Where that alerts more requests at once than the file
    /// allows, each recipient gets one message (LESSONS 22, 28). Returns how many were planned.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written; those left over are planned at the next start.
    pub async fn plan_anew(&self, occasion: Occasion) -> Result<usize, WriteError> {
        let revision = self.config().rulebook.revision;
        if self.read(Store::planned_revision).await? == Some(revision) {
            return Ok(0);
        }
        let (config, now) = (self.config(), self.now());
        let most = config.alerts.summary_above;
        let (live, together) = self
            .read(move |store| {
                let live = store.live_requests()?;
                let together = plan::alerts_more_than(most, &live, store, &config.rulebook, now)?;
                Ok((live, together))
            })
            .await?;
        let n_live = live.len();
        let tell = match (occasion, together) {
            (_, true) => Some(Hold::Edit),
            (Occasion::Reload, false) => Some(Hold::Nothing),
            (Occasion::Start, false) => None,
        };
        // In bounded steps, so that events are not kept waiting.
        let mut ended = Vec::new();
        for some in live.chunks(256) {
            let some = some.to_vec();
            ended.extend(self.writer.write(move |tx| tx.replan(&some, tell)).await?);
        }
        self.tell_of_ended(&ended).await?;
        self.gather_all(HeldFor::Edit).await?;
        self.writer.write(move |tx| tx.store.set_planned_revision(revision)).await?;
        Ok(n_live)
    }
}

fn filled_queue(store: &Store) -> Result<Queue, StoreError> {
    let queue = Queue::default();
    let mut wakes = Vec::new();
    store.each_wake(|id, wake| wakes.push((id, Some(wake))))?;
    queue.set(wakes);
    Ok(queue)
}

/// When all live requests are planned anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// plazo starts; what is due has been so for a while, and the timer tells it as late.
    Start,
    /// The file was edited; what is due now is so by the edit.
    Reload,
}

/// Which alerts that are decided now wait to be gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Those that should have gone out before: plazo was down (LESSONS 29).
    WhatIsLate,
    /// None; an edit of the file made them due, and they are few.
    Nothing,
    /// All; an edit of the file made them due, and they are many (LESSONS 28).
    Edit,
}

/// How a group of jobs is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// In the hope that none fails; if one does, all are run again.
    None,
    /// With a savepoint around each, so that what fails is undone alone.
    Savepoints,
}

/// The work of one commit, as far as a job can see it.
pub(crate) struct Transaction<'a> {
    store: &'a Store,
    shared: &'a Shared,
    config: Arc<Config>,
    now: DateTime<Utc>,
    last_request: i64,
    care: Care,
    hold: Hold,
    /// Changes of the queue, made when the commit has succeeded.
    wakes: Vec<(RequestId, Option<Wake>)>,
    n_decided: usize,
    /// Deliveries leased by this transaction.
    n_leased: usize,
    /// Those among them that go to the outbox without having been asked for.
    express: Vec<Leased>,
}

impl<'a> Transaction<'a> {
    fn new(store: &'a Store, shared: &'a Shared, last_request: i64, care: Care) -> Self {
        let (config, now) = (shared.config.load_full(), shared.time.now());
        Self {
            store,
            shared,
            config,
            now,
            last_request,
            care,
            hold: Hold::WhatIsLate,
            wakes: Vec::new(),
            n_decided: 0,
            n_leased: 0,
            express: Vec::new(),
        }
    }

    /// Runs `work`; if it fails, nothing of it stays, and what was done before does. Without care, its failure fails the group.
    fn isolated<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.care == Care::None {
            return work(self);
        }
        let store = self.store;
        let (last_request, n_wakes, n_decided) = (self.last_request, self.wakes.len(), self.n_decided);
        let (n_leased, n_express) = (self.n_leased, self.express.len());
        let result = store.savepoint(|| work(self));
        if result.is_err() {
            self.last_request = last_request;
            self.wakes.truncate(n_wakes);
            self.n_decided = n_decided;
            self.n_leased = n_leased;
            self.express.truncate(n_express);
        }
        result
    }

    /// Lets the queue and the outbox know, after the commit.
    fn publish(self) {
        self.shared.queue.set(self.wakes);
        self.shared.room.fetch_sub(self.n_leased, Ordering::Relaxed);
        if !self.express.is_empty() {
            // Without an outbox nobody sends, and the leases run out.
            self.shared.express.send(self.express).ok();
        }
        if 0 < self.n_decided {
            self.shared.decided.notify_one();
        }
    }
}
