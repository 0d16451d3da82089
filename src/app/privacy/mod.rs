//! How long what plazo knows is kept, who is forgotten, and what is told to whoever asks what is kept of them.

mod bytes;
mod erase;
mod export;
mod find;
mod retention;

use std::path::Path;

use crate::engine::request_id::RequestId;
use crate::store::erasing::Erasure;
use crate::store::keeping::LegalHold;
use crate::store::{Store, StoreError};

use super::App;
use super::writer::WriteError;

pub use erase::{ErasureKind, ErasureOrder, NoErasure};
pub use export::Export;
pub use retention::LetGo;

/// How often the log is tried to be cut, and how long is waited in between.
const TRIES: usize = 20;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

impl App {
    /// Requests that are held by law.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub async fn legal_holds(&self) -> Result<Vec<LegalHold>, StoreError> {
        self.readers.look(|store| store.legal_holds()).await
    }

    /// Holds a request by law: nothing of it is let go or erased.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn hold(&self, request: RequestId, who: Option<String>, why: String) -> Result<(), WriteError> {
        self.writer
            .write(move |work| {
                let hold = LegalHold { request, who: who.clone(), why: why.clone(), at: work.now };
                work.store().hold_request(&hold)
            })
            .await
    }

    /// Ends that. Whether it was held.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn release(&self, request: RequestId) -> Result<bool, WriteError> {
        self.writer.write(move |work| work.store().release_request(request)).await
    }

    /// Who was forgotten, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.readers.look(|store| store.erasures()).await
    }

    /// Where messages are written as files: beside the store, and where destinations say.
    fn message_directories(&self) -> Vec<std::path::PathBuf> {
        let config = self.config();
        let own = self.directory().join(super::OUTBOX_DIRECTORY);
        let named = config.destinations.values().filter_map(|destination| destination.settings.directory());
        std::iter::once(own).chain(named.map(Path::to_owned)).collect()
    }

    /// Cuts the log to nothing, so that nothing of what was overwritten is left in it. Whoever looks for long is in the way; then it is tried again.
    async fn compact(&self) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            if self.maintain(|store| store.compact_log()).await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Works on the file itself, by a connection that does nothing else.
    async fn maintain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = self.readers.place().clone();
        let done = tokio::task::spawn_blocking(move || work(&place.open_beside()?));
        done.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn directory(&self) -> &Path {
        self.readers.directory()
    }
}
