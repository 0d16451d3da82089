//! The passing of time, and an edit of the file.

use super::Decision;
use super::event::Manner;
use crate::engine::effect::{Effect, Outcome};
use crate::engine::request_id::RequestId;
use crate::engine::{self, Input as Moves};
use crate::unit::changes::JournalEntry;
use crate::unit::known::Need;
use crate::unit::{Batching, Input};

impl Decision<'_> {
    /// Looks at a request whose wake has come.
    pub(super) fn tick(&mut self, id: RequestId, hold: Batching) -> Result<Vec<Effect>, Need> {
        self.pass(id, Moves::Tick, "tick", hold)
    }

    /// Plans a request by the file in force.
    pub(super) fn replan(&mut self, id: RequestId, tell: Option<Batching>) -> Result<Vec<Effect>, Need> {
        let effects = self.pass(id, Moves::Replan, "replan", Batching::WhatIsLate)?;
        self.changes.then.extend(tell.map(|hold| Input::Tick { request: id, hold }));
        Ok(effects)
    }

    fn pass(
        &mut self,
        id: RequestId,
        moves: Moves<'_>,
        type_name: &'static str,
        hold: Batching,
    ) -> Result<Vec<Effect>, Need> {
        let Some(before) = self.known.request(id)? else {
            self.changes.wakes.push((id, None));
            return Ok(Vec::new());
        };
        let mut outcome: Outcome = engine::advance(before, &self.config.rulebook, moves, self.now);
        if matches!(moves, Moves::Tick) {
            outcome.put_off_idle_wake(self.now);
        }
        let effects = std::mem::take(&mut outcome.effects);
        if !effects.is_empty() {
            self.note(JournalEntry {
                request: id,
                at: self.now,
                id: None,
                type_name,
                body: None,
                effects: effects.clone(),
            });
        }
        let request = self.keep(outcome, Manner { is_new: false, replaces_clocks: false });
        self.alert(&request, &effects, hold);
        self.tell_what_became(&request, &effects, None);
        self.split(&request, &effects, None);
        Ok(effects)
    }
}
