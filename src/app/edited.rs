//! What an edit of `sla.toml` does that somebody may not have meant: it is refused where it promises nothing any more, and the operator
//! is told of every clock that it ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{App, Outbox, WriteError};
use crate::engine::request_id::RequestId;
use crate::text::edit;
use crate::unit::Ended;

/// Why the last file was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFile {
    /// Since when the old one stays in force.
    pub at: DateTime<Utc>,
    /// Where and why, on one line.
    pub cause: String,
}

impl App {
    /// Notes that the file as it stands was not taken, and why; or that it was.
    pub fn set_refused_file(&self, cause: Option<String>) {
        let at = self.now();
        self.doors.refused_file.store(cause.map(|cause| Arc::new(RefusedFile { at, cause })));
    }

    /// Why the file as it stands is not in force; none if it is.
    pub fn refused_file(&self) -> Option<Arc<RefusedFile>> {
        self.doors.refused_file.load_full()
    }
}

impl Outbox {
    /// Tells the operator which clocks of open requests the file ended.
    pub(super) async fn tell_of_ended(&self, ended: &[Ended]) -> Result<(), WriteError> {
        if ended.is_empty() {
            return Ok(());
        }
        let requests: BTreeSet<RequestId> = ended.iter().map(|ended| ended.request).collect();
        tracing::warn!(n_clocks = ended.len(), n_requests = requests.len(), "sla.toml ended clocks of open requests");
        let named: Vec<_> = ended.iter().map(|ended| (ended.request, ended.kind)).collect();
        let language = self.core().config().language;
        let (subject, text) = edit::ended(&named, requests.len(), language);
        self.notify_operator(subject, text).await
    }
}
