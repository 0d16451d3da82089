//! What other daemons of the same store change: what this one keeps in memory of it hears of that twice a second, and every three seconds.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::absence;
use super::core::Core;
use crate::engine::request_id::RequestId;
use crate::store::absences::AbsenceRow;
use crate::store::{Store, StoreError};

/// Entries of the journal that are taken in at a look; with more, pages read all anew.
const MOST: u32 = 2_000;
/// Looks over which an entry may be committed after one with a higher number.
const LATE: usize = 10;

/// What was heard so far.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// The highest number at each of the last looks.
    highest: VecDeque<i64>,
    /// Entries that were taken in, as far back as one may still come.
    seen: BTreeSet<i64>,
    absences: Option<Vec<AbsenceRow>>,
}

impl Elsewhere {
    /// Shows the pages what changed, if somebody looks at any.
    pub(super) fn look(&mut self, store: &Store, core: &Core) -> Result<(), StoreError> {
        if !core.board.is_kept() {
            self.highest.clear();
            self.seen.clear();
            return Ok(());
        }
        let last = store.last_entry()?;
        let from = self.highest.front().copied().unwrap_or(last);
        self.highest.push_back(last);
        if LATE < self.highest.len() {
            self.highest.pop_front();
        }
        let entries = store.entries_after(from, MOST)?;
        if entries.len() == MOST as usize {
            core.board.give_up();
            return Ok(());
        }
        self.seen = self.seen.split_off(&from);
        let fresh: Vec<_> = entries.into_iter().filter(|(entry, _)| self.seen.insert(*entry)).collect();
        let requests: BTreeSet<RequestId> = fresh.into_iter().map(|(_, request)| request).collect();
        let mut changed = Vec::new();
        for id in requests {
            changed.extend(store.request(id)?.map(Arc::new));
        }
        core.board.committed(changed);
        Ok(())
    }

    /// Takes over who was said to be away.
    pub(super) fn hear(&mut self, store: &Store, core: &Core) -> Result<(), StoreError> {
        let told = absence::remembered_by(store, core.now())?;
        if self.absences.as_ref() != Some(&told) {
            absence::take_over(core, &told);
            self.absences = Some(told);
        }
        Ok(())
    }
}
