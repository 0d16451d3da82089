//! Recognising: after a derivation anew, which clocks are those that people were told of, and which verdicts are news.

use super::clock::{Cancelled, Clock, ClockState};
use super::effect::Effect;
use super::event::Event;
use super::transition::Transition;

impl Transition<'_> {
    /// Gives clocks that were derived anew the names and settled steps that they had. A wait is known by its start, else by its
    /// number; a number once given to one wait never becomes another's. What neither began nor ended differently keeps its verdict,
    /// whatever today's policies would say (LESSONS 22).
    pub(super) fn recognise(&mut self, told: &[Clock], events: &[Event]) {
        let mut left: Vec<&Clock> = told.iter().collect();
        let mut strangers = Vec::new();
        let mut fresh = Vec::new();
        for clock in self.displaced.iter_mut().chain(&mut self.request.clocks) {
            let same = |old: &Clock| old.kind == clock.kind && old.started_at == clock.started_at;
            // Where an edit took the promise and another gave it back, two began at once, and the later goes on.
            let was_taken = |old: &Clock| old.cancelled_because == Some(Cancelled::NoPolicy);
            let by_start =
                (0..left.len()).filter(|place| same(left[*place])).min_by_key(|place| was_taken(left[*place]));
            match by_start {
                Some(place) => clock.take_after(left.remove(place)),
                None => strangers.push(clock),
            }
        }
        for clock in strangers {
            let by_number = left.iter().position(|old| old.kind == clock.kind && old.cycle == clock.cycle);
            if let Some(place) = by_number {
                clock.take_after(left.remove(place));
            } else {
                let of_kind = told.iter().filter(|old| old.kind == clock.kind).map(|old| old.cycle);
                let highest = fresh.iter().filter(|(kind, _)| *kind == clock.kind).map(|(_, cycle)| *cycle);
                let given = self.request.cycles.get(&clock.kind).copied();
                clock.cycle = 1 + of_kind.chain(highest).chain(given).max().unwrap_or(0);
                fresh.push((clock.kind, clock.cycle));
            }
        }
        // What an edit took the promise from cannot be derived by today's file; it stays in the record as it ended (LESSONS 22). What
        // an event took it from is derived where it still holds, and never was where the event that began it is taken back.
        let by_edit = |old: &&Clock| {
            old.cancelled_because == Some(Cancelled::NoPolicy)
                && !events.iter().any(|event| Some(event.at) == old.stopped_at)
        };
        for old in left.into_iter().filter(by_edit) {
            if self.request.clocks.iter().any(|clock| clock.kind == old.kind) {
                self.displaced.push(old.clone());
            } else {
                self.request.clocks.push(old.clone());
            }
        }
        self.note_numbers(told);
    }

    /// Keeps in mind which numbers were given, so that the next wait gets a fresh one.
    fn note_numbers(&mut self, told: &[Clock]) {
        for clock in told.iter().chain(&self.displaced).chain(&self.request.clocks) {
            let highest = self.request.cycles.entry(clock.kind).or_default();
            *highest = clock.cycle.max(*highest);
        }
        let clocks = &self.request.clocks;
        self.request.cycles.retain(|kind, highest| {
            clocks.iter().find(|clock| clock.kind == *kind).is_none_or(|clock| clock.cycle < *highest)
        });
    }

    /// Notes verdicts that the new order changed.
    pub(super) fn note_new_verdicts(&mut self, told: &[Clock]) {
        for clock in self.displaced.iter().chain(&self.request.clocks) {
            let before = told.iter().find(|old| old.kind == clock.kind && old.cycle == clock.cycle);
            if before.is_some_and(|old| old.state == clock.state && old.stopped_at == clock.stopped_at) {
                continue;
            }
            let name = clock.name();
            let (at, due_at) = (clock.stopped_at.unwrap_or(clock.started_at), clock.due_at);
            self.effects.push(match clock.state {
                ClockState::Running | ClockState::Paused => Effect::Replanned { clock: name, due_at },
                ClockState::Met => Effect::Met { clock: name, at },
                ClockState::MetLate => Effect::MetLate { clock: name, at, due_at },
                ClockState::Breached => Effect::Breached { clock: name, at: clock.breached_at.unwrap_or(at) },
                ClockState::Cancelled | ClockState::Waived => {
                    Effect::Cancelled { clock: name, why: clock.cancelled_because.unwrap_or(Cancelled::NotOwed) }
                }
            });
        }
    }
}

impl Clock {
    /// Takes over what `old`, the same clock before its events were put in order, was called and had told.
    fn take_after(&mut self, old: &Self) {
        let was_given = |clock: &Self| clock.cancelled_because.is_none();
        let began_alike = old.started_at == self.started_at;
        let ended_alike = old.stopped_at == self.stopped_at && was_given(old) == was_given(self);
        // By the same file its events say how it ended, those heard of late among them.
        let is_of_another = old.revision != self.revision;
        let has_ended = old.stopped_at.is_some() && ended_alike;
        // A breach under another revision that is still owed stays as well; today's file cannot say when it was due.
        let is_frozen = old.state == ClockState::Breached && old.stopped_at.is_none() && self.stopped_at.is_none();
        if began_alike && is_of_another && (has_ended || is_frozen) {
            self.clone_from(old);
            return;
        }
        self.cycle = old.cycle;
        self.settled.clone_from(&old.settled);
        self.recounted_from = old.recounted_from;
    }
}
