//! Connections that read beside the writer.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::disk::DiskRoom;
use crate::store::{Store, StoreError, StorePlace, Unreadable};

/// Connections kept open when idle.
const MOST_IDLE: usize = 4;
/// Reads at once where the store is a server's, which has few connections for all its daemons; others wait.
const MOST_AT_ONCE: usize = 8;

pub(super) struct Readers {
    directory: PathBuf,
    place: StorePlace,
    idle: Mutex<Vec<Store>>,
    unreadable: Unreadable,
    /// Turns to read; none where a connection is an open file.
    turns: Option<Semaphore>,
}

impl Readers {
    pub(super) fn new(directory: &Path, place: StorePlace, unreadable: Unreadable) -> Self {
        let turns = place.is_shared().then(|| Semaphore::new(MOST_AT_ONCE));
        Self { directory: directory.to_owned(), place, idle: Mutex::new(Vec::new()), unreadable, turns }
    }

    /// Where the store is.
    pub(super) const fn place(&self) -> &StorePlace {
        &self.place
    }

    /// The data directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Room on the disk where the store lies.
    ///
    /// # Errors
    ///
    /// If the disk cannot be asked.
    pub(super) async fn room(&self, keep_free: u64) -> io::Result<DiskRoom> {
        let directory = self.directory.clone();
        let asked = tokio::task::spawn_blocking(move || DiskRoom::of(&directory, keep_free)).await;
        asked.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// What could not be read, by any connection of this process.
    pub(super) const fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    /// Looks at the store as it is at one moment, beside the writer.
    pub(super) async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read(|store| work(&*store.look()?)).await
    }

    /// Reads from the store, beside the writer, what may take a while: what is written meanwhile is seen.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = match &self.turns {
            // It is never closed.
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        };
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || readers.with(work)).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// The same, on this thread.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let store = idle.map_or_else(|| self.place.open_reader().map(|store| store.sharing(&self.unreadable)), Ok)?;
        let result = work(&store);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(store);
        }
        result
    }
}
