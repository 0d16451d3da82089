//! The writer: one thread that owns the write connection and commits in groups.
//!
//! Callers hand in closures. The thread takes all that wait, runs each in a savepoint of one transaction, commits once, and
//! answers each caller after the commit: whoever gets an answer knows that it is on the disk.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::{Shared, Transaction};
use crate::store::{Store, StoreError};

/// Jobs that may wait; more are refused, so that memory is bounded.
const LONGEST_QUEUE: usize = 8_192;
/// Jobs in one transaction.
const LARGEST_GROUP: usize = 1_024;

/// Why a job was not done. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// More wait than the disk takes; try again.
    #[error("too much is waiting to be written")]
    Busy,
    /// The store cannot be written.
    #[error("the store cannot be written: {0}")]
    Unavailable(String),
    /// This job failed.
    #[error(transparent)]
    Failed(#[from] StoreError),
    /// plazo is stopping.
    #[error("plazo is stopping")]
    Stopping,
}

trait Job: Send {
    fn run(&mut self, transaction: &mut Transaction<'_>);
    fn answer(self: Box<Self>, committed: Result<(), &StoreError>);
}

struct Work<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, WriteError>>,
}

impl<T: Send, F: FnOnce(&mut Transaction<'_>) -> Result<T, StoreError> + Send> Job for Work<T, F> {
    fn run(&mut self, transaction: &mut Transaction<'_>) {
        if let Some(work) = self.work.take() {
            self.result = Some(transaction.isolated(work));
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), &StoreError>) {
        let answer = match (committed, self.result) {
            (Err(error), _) => Err(WriteError::Unavailable(error.to_string())),
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
    pub(super) fn start(store: Store, shared: Arc<Shared>) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, waiting) = sync_channel(LONGEST_QUEUE);
        let last_request = store.last_request()?;
        let thread = std::thread::spawn(move || write(&store, &shared, last_request, &waiting));
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
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Work { work: Some(work), result: None, reply });
        let sent = self.lock().as_ref().map(|jobs| jobs.try_send(job));
        match sent {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => return Err(WriteError::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => return Err(WriteError::Stopping),
        }
        answer.await.unwrap_or(Err(WriteError::Stopping))
    }
}

fn write(store: &Store, shared: &Shared, mut last_request: i64, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(LARGEST_GROUP - 1));
        let changes_before = store.total_changes();
        let mut transaction = Transaction::new(store, shared, last_request);
        let committed = store.begin().and_then(|()| {
            for job in &mut group {
                job.run(&mut transaction);
            }
            store.commit()
        });
        // A transaction that changes nothing succeeds on a full disk too.
        if committed.is_err() || changes_before < store.total_changes() {
            shared.is_failing.store(committed.is_err(), Ordering::Relaxed);
        }
        match &committed {
            Ok(()) => {
                last_request = transaction.last_request;
                transaction.publish();
            }
            Err(error) => {
                tracing::error!(error = %error, jobs = group.len(), "nothing was written");
                store.roll_back();
                shared.decided.notify_one();
            }
        }
        for job in group {
            job.answer(committed.as_ref().map(|()| ()));
        }
    }
}
