//! Numbers for new requests: where several daemons share a store, each takes them by the block, so that none waits for another's.

use crate::store::{Store, StoreError};

/// Numbers that are taken at a time.
const BLOCK: i64 = 100;

/// What of a block is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The last one that a request got.
    pub(super) last: i64,
    /// The last one that one may get.
    end: i64,
}

impl Numbers {
    /// Those of a store that was just opened.
    pub(super) fn of(store: &Store) -> Result<Self, StoreError> {
        // Where nobody else writes, they go on for ever.
        Ok(if store.is_shared() {
            Self { last: 0, end: 0 }
        } else {
            Self { last: store.last_request()?, end: i64::MAX }
        })
    }

    /// None at all: of those of a block nobody knows which a request has, where a commit was not answered.
    pub(super) const fn unknown() -> Self {
        Self { last: 0, end: 0 }
    }

    /// Takes a further block where none is left. Within a transaction that is rolled back, so is this.
    pub(super) fn refill(&mut self, store: &Store) -> Result<(), StoreError> {
        if self.end <= self.last
            && let Some((last, end)) = store.take_numbers(BLOCK)?
        {
            *self = Self { last, end };
        }
        Ok(())
    }

    /// The same after a request got that one.
    pub(super) const fn after(self, last: i64) -> Self {
        Self { last, ..self }
    }
}
