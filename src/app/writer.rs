//! The writer: one thread that owns the write connection and commits in groups.
//!
//! Callers hand in closures. The thread takes what waits, for some milliseconds, runs it in one transaction, commits once, and answers each
//! caller after the commit: whoever gets an answer knows that it is on the disk.
//!
//! If one of them fails, the group is rolled back: those before it are run again, it alone in transactions of its own, so that what fails is
//! undone alone, and the rest goes on. Failures are rare.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::core::Core;
use super::numbers::Numbers;
use super::work::{Company, MOST_TRIES, Work};
use crate::store::checkpoint::Checkpointer;
use crate::store::{Store, StoreError};

/// Jobs that may wait; more are refused, so that memory is bounded.
const LONGEST_QUEUE: usize = 8_192;
/// Pages of a log that is long: 16 MB.
const LONG_LOG: i64 = 4_000;
/// What holds the writer for longer is told to whoever reads the log at `debug`.
const LONG: Duration = Duration::from_millis(30);
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// Jobs in one transaction.
const LARGEST_GROUP: usize = 1_024;
/// A transaction takes up no more jobs once it has lasted so long: who comes next waits no longer for one commit. The commit writes
/// what they changed, and takes as long again, or longer on a slow disk; there they get less.
const GROUP: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_millis(15);
/// A transaction that held the writer for longer, its commit included, was too large for this disk.
const LARGE: Duration = Duration::from_millis(30);

/// Why a job was not done. Nothing of it was kept, but for parts of a job that was run alone: events before the one that failed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// More wait than the disk takes; try again.
    #[error("too much is waiting to be written")]
    Busy,
    /// The store cannot be written.
    #[error("the store cannot be written: {0}")]
    Unavailable(String),
    /// There is too little room on the disk for events: what is due still goes out.
    #[error("the disk is full")]
    NoRoom,
    /// This job failed.
    #[error(transparent)]
    Failed(#[from] StoreError),
    /// plazo is stopping.
    #[error("plazo is stopping")]
    Stopping,
}

/// How a job went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    Well,
    /// It failed by itself.
    Failed,
    /// Another daemon changed the same meanwhile.
    Contested,
    /// The store cannot be written.
    Unavailable,
}

trait Job: Send {
    /// How it went. Run again, it forgets how it went before.
    fn run(&mut self, work: &mut Work<'_>) -> Ran;
    fn answer(self: Box<Self>, committed: Result<(), &StoreError>);
    /// The code that hands it in, for the log.
    fn name(&self) -> &'static str;
}

struct Handed<T, F> {
    work: F,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, WriteError>>,
}

impl<T: Send, F: Fn(&mut Work<'_>) -> Result<T, StoreError> + Send> Job for Handed<T, F> {
    fn run(&mut self, work: &mut Work<'_>) -> Ran {
        let result = (self.work)(work);
        let ran = match &result {
            Ok(_) => Ran::Well,
            Err(error) if error.is_unavailable() => Ran::Unavailable,
            Err(error) if error.is_conflict() => Ran::Contested,
            Err(_) => Ran::Failed,
        };
        self.result = Some(result);
        ran
    }

    fn name(&self) -> &'static str {
        std::any::type_name::<F>()
    }

    fn answer(self: Box<Self>, committed: Result<(), &StoreError>) {
        let answer = match (committed, self.result) {
            (Err(error), _) if error.is_conflict() => Err(WriteError::Busy),
            (Err(error), _) => Err(WriteError::Unavailable(error.to_string())),
            (Ok(()), Some(Err(error))) if error.is_conflict() => Err(WriteError::Busy),
            (Ok(()), Some(Err(error))) if error.is_unavailable() => Err(WriteError::Unavailable(error.to_string())),
            (Ok(()), Some(result)) => result.map_err(WriteError::Failed),
            (Ok(()), None) => Err(WriteError::Stopping),
        };
        // A caller that went away no longer wants to know.
        self.reply.send(answer).ok();
    }
}

/// Hands jobs to the writer thread.
pub(super) struct Writer {
    jobs: Mutex<Option<SyncSender<Box<dyn Job>>>>,
}

impl Writer {
    /// Starts the thread. It ends when it is closed and what waits is done.
    pub(super) fn start(
        store: Store,
        checkpointer: Option<Checkpointer>,
        core: Arc<Core>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, waiting) = sync_channel(LONGEST_QUEUE);
        let numbers = Numbers::of(&store)?;
        let (alive, ended) = sync_channel::<()>(0);
        let thread = std::thread::spawn(move || {
            // Dropped with the thread, which ends the checkpoints too.
            let _alive = alive;
            write(&store, &core, numbers, &waiting);
        });
        if let Some(checkpointer) = checkpointer {
            std::thread::spawn(move || checkpoint(&checkpointer, &ended));
        }
        Ok((Self { jobs: Mutex::new(Some(jobs)) }, thread))
    }

    /// A writer that refuses everything.
    pub(super) fn none() -> Self {
        Self { jobs: Mutex::new(None) }
    }

    /// Takes no more jobs; those that wait are still done.
    pub(super) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<SyncSender<Box<dyn Job>>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Work<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Handed { work, result: None, reply });
        let sent = self.lock().as_ref().map(|jobs| jobs.try_send(job));
        match sent {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => return Err(WriteError::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => return Err(WriteError::Stopping),
        }
        answer.await.unwrap_or(Err(WriteError::Stopping))
    }
}

/// Moves the log into the file now and then, beside the writer. With nothing to move it costs next to nothing.
fn checkpoint(checkpointer: &Checkpointer, ended: &Receiver<()>) {
    let mut every = CHECKPOINT_EVERY;
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        match checkpointer.run() {
            // A long log begins anew only once the writer has moved the last of it, and that is to be little.
            Ok(n_pages) => every = if LONG_LOG < n_pages { CHECKPOINT_EVERY / 10 } else { CHECKPOINT_EVERY },
            Err(error) => tracing::debug!(%error, "no checkpoint; the log grows"),
        }
    }
}

fn write(store: &Store, core: &Core, mut numbers: Numbers, waiting: &Receiver<Box<dyn Job>>) {
    let mut allowed = *GROUP.end();
    // What waited when a group began. Who comes while it runs belongs to the next, and is worked on by others while this one is committed.
    let mut next = VecDeque::new();
    while let Some(first) = next.pop_front().or_else(|| waiting.recv().ok()) {
        let began = Instant::now();
        let mut group = vec![first];
        next.extend(waiting.try_iter().take((LARGEST_GROUP - 1).saturating_sub(next.len())));
        let more = || if began.elapsed() < allowed { next.pop_front() } else { None };
        let ran = run_group(store, core, &mut numbers, &mut group, more);
        settle(store, core, &mut numbers, group, ran, &mut next);
        let held = began.elapsed();
        core.pulse.writer_was_held(held);
        allowed = if LARGE < held { allowed / 2 } else { allowed + *GROUP.start() };
        allowed = allowed.clamp(*GROUP.start(), *GROUP.end());
    }
}

/// Answers a group that was run. If one of it failed, those before it are run again, it alone, and those after it are what comes next.
fn settle(
    store: &Store,
    core: &Core,
    numbers: &mut Numbers,
    mut group: Vec<Box<dyn Job>>,
    ran: Result<GroupRan, StoreError>,
    next: &mut VecDeque<Box<dyn Job>>,
) {
    match ran {
        Ok(GroupRan::Committed) => answer(group, &Ok(())),
        // Whose it is shows only to each alone.
        Err(error) if error.is_conflict() => group.into_iter().for_each(|job| run_alone(store, core, numbers, job)),
        Err(error) => {
            tracing::error!(%error, jobs = group.len(), "nothing was written");
            core.outlet.wake();
            answer(group, &Err(error));
        }
        Ok(GroupRan::FailedAt(place)) => {
            for job in group.split_off((place + 1).min(group.len())).into_iter().rev() {
                next.push_front(job);
            }
            let failed = group.pop();
            if !group.is_empty() {
                match run_group(store, core, numbers, &mut group, || None) {
                    // It went well a moment ago; what is not the same this time is told apart one by one.
                    Ok(GroupRan::FailedAt(_)) => group.into_iter().for_each(|job| run_alone(store, core, numbers, job)),
                    ran => settle(store, core, numbers, group, ran, next),
                }
            }
            if let Some(job) = failed {
                run_alone(store, core, numbers, job);
            }
        }
    }
}

fn answer(group: Vec<Box<dyn Job>>, committed: &Result<(), StoreError>) {
    for job in group {
        job.answer(committed.as_ref().copied());
    }
}

/// What came of a group.
enum GroupRan {
    /// It is on the disk.
    Committed,
    /// The job at that place failed, and nothing is kept.
    FailedAt(usize),
}

/// Runs a group in one transaction, and what `more` brings while it lasts, and commits it.
fn run_group(
    store: &Store,
    core: &Core,
    numbers: &mut Numbers,
    group: &mut Vec<Box<dyn Job>>,
    mut more: impl FnMut() -> Option<Box<dyn Job>>,
) -> Result<GroupRan, StoreError> {
    let changed_before = store.total_changes();
    let mut run = || -> Result<GroupRan, StoreError> {
        let mut work = Work::begin(store, core, numbers, Company::Group)?;
        let mut n_run = 0;
        while let Some(job) = group.get_mut(n_run) {
            core.pulse.writer_works();
            let began = Instant::now();
            if job.run(&mut work) != Ran::Well {
                return Ok(GroupRan::FailedAt(n_run));
            }
            if LONG < began.elapsed() {
                tracing::debug!(job = job.name(), took = ?began.elapsed(), "one piece of work held the writer for long");
            }
            n_run += 1;
            if n_run == group.len() {
                group.extend(more());
            }
        }
        core.pulse.writer_works();
        let began = Instant::now();
        *numbers = work.commit()?;
        if LONG < began.elapsed() {
            let changed = store.total_changes() - changed_before;
            tracing::debug!(took = ?began.elapsed(), jobs = group.len(), changed, "a commit held the writer for long");
        }
        Ok(GroupRan::Committed)
    };
    let committed = run();
    if let Err(error) = &committed {
        note_unanswered(store, core, numbers, error);
    }
    let is_to_be_told = match &committed {
        Ok(GroupRan::FailedAt(_)) => false,
        Ok(GroupRan::Committed) => true,
        Err(error) => !error.is_conflict(),
    };
    if is_to_be_told {
        note_health(store, core, changed_before, committed.is_ok());
    }
    committed
}

/// Runs a job that may fail, and answers it. Where another daemon changed the same meanwhile, it is run again.
fn run_alone(store: &Store, core: &Core, numbers: &mut Numbers, mut job: Box<dyn Job>) {
    let mut n_tries = 0;
    loop {
        core.pulse.writer_works();
        let changed_before = store.total_changes();
        let (ran, committed) = run_once(store, core, numbers, job.as_mut());
        n_tries += 1;
        let is_contested = ran == Ran::Contested || committed.as_ref().is_err_and(StoreError::is_conflict);
        if is_contested && n_tries < MOST_TRIES {
            continue;
        }
        let is_ok = committed.is_ok() && ran != Ran::Unavailable;
        if !is_contested {
            note_health(store, core, changed_before, is_ok);
        }
        if !is_ok {
            let error = committed.as_ref().err().map(ToString::to_string).unwrap_or_default();
            tracing::error!(error, jobs = 1, "nothing was written");
            core.outlet.wake();
        }
        return job.answer(committed.as_ref().map(|_| ()));
    }
}

/// Runs a job by itself: how it went, and whether it was committed.
fn run_once(store: &Store, core: &Core, numbers: &mut Numbers, job: &mut dyn Job) -> (Ran, Result<(), StoreError>) {
    let mut work = match Work::begin(store, core, numbers, Company::Alone) {
        Ok(work) => work,
        Err(error) => return (Ran::Well, Err(error)),
    };
    let ran = job.run(&mut work);
    if ran != Ran::Well {
        work.roll_back();
    }
    let committed = work.commit().map(|_| ());
    // What its parts committed stays, whatever became of the rest.
    *numbers = work.numbers_on_disk();
    if let Err(error) = &committed {
        note_unanswered(store, core, numbers, error);
    }
    (ran, committed)
}

/// Where others share the store a commit may have taken place though nobody said so. What it leased is then nobody's, and its numbers are
/// requests': this daemon begins anew under another name, and the others free what the old one had.
fn note_unanswered(store: &Store, core: &Core, numbers: &mut Numbers, error: &StoreError) {
    if !store.is_shared() {
        return;
    }
    *numbers = Numbers::unknown();
    if let Some(share) = core.share().filter(|_| !error.is_conflict()) {
        share.begin_anew();
    }
}

/// Notes whether the store could be written. A transaction that changes nothing succeeds on a full disk too.
fn note_health(store: &Store, core: &Core, changed_before: u64, is_ok: bool) {
    if !is_ok || changed_before < store.total_changes() {
        core.is_failing.store(!is_ok, Ordering::Relaxed);
    }
}
