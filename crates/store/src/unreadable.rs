//! Rows that cannot be read: damaged on the disk, or written by a version that bounded less. Each costs its own request only, is left
//! out of what is asked for, and is noted here, so that the operator hears of it (LESSONS 59).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::database::Row;
use super::{Result, Store, StoreError, instant, stored};
use plazo_core::engine::request_id::RequestId;

/// More are counted, and not named.
const MOST_NAMED: usize = 1_000;

/// What of a request cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `request`, `event`, `clock`, `alert`, …: the table's word for it.
    pub part: &'static str,
    /// What the reader says; nobody's words.
    pub cause: String,
}

/// What was found since the process began, by request; zero stands for what belongs to none. Shared by all connections of a process.
#[derive(Debug, Clone, Default)]
pub struct Unreadable(Arc<Mutex<BTreeMap<RequestId, Fault>>>);

impl Unreadable {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RequestId, Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it.
    pub fn all(&self) -> Vec<(RequestId, Fault)> {
        self.lock().iter().map(|(id, fault)| (*id, fault.clone())).collect()
    }

    /// Whether something of that request could not be read, and what.
    pub fn of(&self, request: RequestId) -> Option<Fault> {
        self.lock().get(&request).cloned()
    }

    fn note(&self, request: RequestId, part: &'static str, cause: &dyn std::fmt::Display) {
        let mut found = self.lock();
        // That a request itself cannot be read says more than that a part of its history cannot.
        let known = found.get(&request).map(|fault| fault.part);
        if known.is_some_and(|known| part != "request" || known == part) || known.is_none() && MOST_NAMED <= found.len()
        {
            return;
        }
        tracing::error!(request = %request, part, %cause, "what the store holds cannot be read; it is left out");
        found.insert(request, Fault { part, cause: cause.to_string() });
    }
}

impl Store {
    /// The same store, noting what it cannot read where the others of this process do.
    #[must_use]
    pub fn sharing(self, unreadable: &Unreadable) -> Self {
        Self { unreadable: unreadable.clone(), ..self }
    }

    /// What could not be read so far.
    pub const fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    /// JSON of a column; none, and noted, if it cannot be read.
    pub(super) fn parsed<T: DeserializeOwned>(
        &self,
        request: RequestId,
        part: &'static str,
        row: &Row<'_>,
        column: usize,
    ) -> Option<T> {
        let bytes = match row.get_ref(column).map(|value| value.as_bytes()) {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => {
                self.unreadable.note(request, part, &error);
                return None;
            }
            Err(error) => {
                self.unreadable.note(request, part, &error);
                return None;
            }
        };
        self.noted(request, part, serde_json::from_slice(bytes))
    }

    /// What was read; none, and noted, where that failed.
    pub(super) fn noted<T>(&self, request: RequestId, part: &'static str, read: serde_json::Result<T>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                // What the reader says itself repeats values, which are clients' words.
                let kind = match error.classify() {
                    Category::Io | Category::Eof => "it ends too early",
                    Category::Syntax => "it is no JSON",
                    Category::Data => "it has another form",
                };
                self.unreadable.note(request, part, &format!("{kind}, at byte {}", error.column()));
                None
            }
        }
    }

    /// Whether a row is of a shape that this version knows; none, and noted, if not.
    pub(super) fn of_known_shape(
        &self,
        request: RequestId,
        part: &'static str,
        row: &Row<'_>,
        column: usize,
    ) -> Option<()> {
        let shape = row.get(column).unwrap_or(0);
        if stored::is_known(shape) {
            return Some(());
        }
        self.unreadable.note(request, part, &format!("it is of shape {shape}, which a later version wrote"));
        None
    }

    /// An instant of a column; none, and noted, if it cannot be read.
    pub(super) fn read_instant(
        &self,
        request: RequestId,
        part: &'static str,
        row: &Row<'_>,
        column: usize,
    ) -> Option<DateTime<Utc>> {
        let read = row.get(column).and_then(instant);
        read.map_err(|error| self.unreadable.note(request, part, &error)).ok()
    }

    /// The rows that can be read, of what is looked at by itself and not by its request; another one is noted, and costs itself alone.
    pub(super) fn readable<T>(&self, part: &'static str, rows: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for row in rows {
            match row {
                Ok(row) => found.push(row),
                Err(StoreError::Corrupt(cause)) => self.unreadable.note(RequestId(0), part, &cause),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}
