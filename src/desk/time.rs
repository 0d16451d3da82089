//! The passing of time, and an edit of the file.

use super::Decision;
use super::announce::announcement;
use super::event::Manner;
use crate::both;
use crate::engine::directory::{Role, Tell};
use crate::engine::effect::{Effect, Outcome};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::{self, Input as Moves};
use crate::outbox::Content;
use crate::text::format;
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

    /// Tells whoever answers for a request that its wait has ended by itself.
    fn tell_of_resumed(&mut self, request: &Request, effects: &[Effect]) {
        let is_news = |effect: &Effect| matches!(effect, Effect::Resumed { at } if !request.is_history(*at));
        if !effects.iter().any(is_news) {
            return;
        }
        let (config, id) = (self.config, request.id);
        let what = [&request.subject, &request.contact].into_iter().flatten().next();
        let what = what.map(|what| format!(" · {}", format::one_line(what, 60))).unwrap_or_default();
        let reason = request.pauses.last().map(|pause| format::one_line(&pause.reason, 120)).unwrap_or_default();
        let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        let subject = both!("{id} goes on: its wait is over{what}", "{id} sigue: terminó su espera{what}");
        let text = both!(
            "{id}{what} was set to wait until now{reason}. Its clocks run again, and it is yours.",
            "{id}{what} estaba en espera hasta ahora{reason}. Sus relojes corren de nuevo, y está en sus manos."
        );
        let owner = [Tell::Role(Role::Owner)];
        for recipient in config.rulebook.directory.recipients(&owner, request.owner.as_deref(), None, self.now) {
            let language = config.language_of(&recipient);
            let (subject, text) = (language.of(subject.clone()), language.of(text.clone()));
            self.changes.alerts.push(announcement(Content::Notice { subject, text }, &recipient, config, self.now));
        }
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
        self.tell_of_resumed(&request, &effects);
        self.tell_what_became(&request, &effects, None);
        self.split(&request, &effects, None);
        Ok(effects)
    }
}
