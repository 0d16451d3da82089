//! Transitions: what becomes of a request and its clocks while inputs are applied.
//!
//! `progress` moves marks by an event, and clocks follow them here; `settle` plans them, and `recognise` compares them with what people
//! were told.

use chrono::{DateTime, Utc};

use super::clock::{Cancelled, Clock, ClockState, KINDS, Kind, Renews};
use super::effect::{ClockRef, Effect, Outcome, Wake};
use super::event::{Event, Fact};
use super::policy::{From, Reopen, Target, TargetKind};
use super::progress::{self, fate};
use super::request::{Phase, Request};
use super::rulebook::Rulebook;

/// One computation on its way: the request so far and what it caused.
pub(super) struct Transition<'a> {
    pub(super) request: Request,
    pub(super) rulebook: &'a Rulebook,
    pub(super) effects: Vec<Effect>,
    /// Finished clocks whose place a new cycle took.
    pub(super) displaced: Vec<Clock>,
    /// Breaches that were noticed before an event from before them was heard of; news only if they come out otherwise.
    pub(super) noticed: Vec<(ClockRef, DateTime<Utc>)>,
    /// Whether the event at hand says that no answer is needed.
    waives: bool,
    /// Whether the event at hand changed whose the request is, where it lies, or how urgent it is.
    pub(super) is_handed: bool,
}

impl<'a> Transition<'a> {
    pub(super) const fn new(request: Request, rulebook: &'a Rulebook) -> Self {
        Self {
            request,
            rulebook,
            effects: Vec::new(),
            displaced: Vec::new(),
            noticed: Vec::new(),
            waives: false,
            is_handed: false,
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        self.end_wait(event.at);
        self.breach_before(event.at);
        self.unbreach_from(event.at);
        let before = (self.request.facets.clone(), self.request.owner.clone());
        self.waives = matches!(event.fact, Fact::Waive { .. }) && event.is_believed();
        progress::apply(&mut self.request, event, self.rulebook, &mut self.effects);
        self.is_handed = self.request.owner != before.1 || self.request.facets.is_elsewhere(&before.0);
        self.request.last_event_at = self.request.last_event_at.max(event.at);
        self.follow_marks(event.at);
    }

    /// Ends a wait whose end has come by `now`, as of that end.
    pub(super) fn end_wait(&mut self, now: DateTime<Utc>) {
        let Some(until) = fate::end_wait(&mut self.request, now) else { return };
        self.effects.push(Effect::Resumed { at: until });
        // What is heard of later, and happened before, is put in its place.
        self.request.last_event_at = self.request.last_event_at.max(until);
        self.follow_marks(until);
        for place in 0..self.request.clocks.len() {
            if self.request.clocks[place].is_live() {
                self.plan_due(place);
                let clock = &mut self.request.clocks[place];
                if clock.state == ClockState::Paused && clock.due_at.is_some() {
                    clock.state = ClockState::Running;
                }
            }
        }
    }

    /// Breaches that fell due before `at`, whether or not anybody looked then (LESSONS 15).
    fn breach_before(&mut self, at: DateTime<Utc>) {
        for place in 0..self.request.clocks.len() {
            let clock = &mut self.request.clocks[place];
            if let Some(due_at) = clock.due_at
                && clock.is_live()
                && clock.state == ClockState::Running
                && due_at < at
            {
                clock.state = ClockState::Breached;
                clock.breached_at = Some(due_at);
                let name = clock.name();
                self.note_breach(name, due_at);
            }
        }
    }

    /// Takes back breaches that were noticed already and had not come yet at `at`, so that an event from then finds the clock as
    /// it was. Those of another revision are verdicts (LESSONS 22).
    fn unbreach_from(&mut self, at: DateTime<Utc>) {
        let revision = self.rulebook.revision;
        let live = self.request.clocks.iter_mut().filter(|clock| clock.is_live() && clock.revision == revision);
        for clock in live.filter(|clock| clock.state == ClockState::Breached) {
            if let Some(breached_at) = clock.breached_at.filter(|breached_at| at <= *breached_at) {
                clock.state = ClockState::Running;
                clock.breached_at = None;
                self.noticed.push((clock.name(), breached_at));
            }
        }
    }

    /// Starts, moves and stops clocks so that each kind runs exactly while its mark says that something is owed.
    pub(super) fn follow_marks(&mut self, at: DateTime<Utc>) {
        for row in &KINDS {
            let mark = self.request.marks.of(row.kind);
            let owed_since = mark.owed_since.filter(|_| self.request.phase.is_live());
            let promise = owed_since.and(self.rulebook.target(row.kind, &self.request.facets));
            let position = self.request.clocks.iter().position(|clock| clock.kind == row.kind);
            let live = position.filter(|&place| self.request.clocks[place].is_live());
            if let (Some(place), Some(since)) = (live, owed_since)
                && self.begins_anew(place, row, since)
            {
                // It ends by the promise that it had: the next one is of another stage.
                self.stop(place, mark.given_at, at);
                if let Some((policy, target)) = promise {
                    self.start(position, row.kind, since, &policy.name, target);
                }
                continue;
            }
            match (live, owed_since, promise) {
                (Some(place), None, _) => {
                    self.plan_due(place);
                    self.stop(place, mark.given_at, at);
                }
                (Some(place), Some(_), None) => {
                    if self.is_unsettled(place, at) {
                        self.request.clocks[place].state = ClockState::Running;
                    }
                    self.cancel(place, at, Cancelled::NoPolicy);
                }
                (Some(place), Some(_), Some(_)) if self.is_frozen(place) && !self.is_unsettled(place, at) => {}
                (Some(place), Some(since), Some((policy, target))) => {
                    let clock = &mut self.request.clocks[place];
                    let since = match target.from {
                        // It went on when the request was opened again: it is owed since then, and counts from its start.
                        _ if clock.closed.last().is_some_and(|(_, reopened_at)| *reopened_at == since) => {
                            clock.started_at
                        }
                        From::Start => since,
                        From::Match if clock.policy == policy.name => since.max(clock.started_at),
                        From::Match => since.max(at),
                    };
                    if target.from == From::Match && clock.started_at < since {
                        // Another promise begins: of this one nobody was told, and nobody took it.
                        clock.settled.clear();
                        clock.acked_at = None;
                        clock.acked_until = None;
                        clock.recounted_from = None;
                    }
                    if clock.started_at != since && row.renews == Renews::Moves {
                        // Another wait, of which nobody was told yet.
                        clock.settled.clear();
                    }
                    clock.started_at = since;
                    clock.policy.clone_from(&policy.name);
                    clock.revision = self.rulebook.revision;
                }
                (None, Some(since), Some((policy, target))) => {
                    let since = if target.from == From::Match { since.max(at) } else { since };
                    self.start(position, row.kind, since, &policy.name, target);
                }
                (None, _, _) => {}
            }
        }
    }

    /// Whether what is owed since `since` is a new wait, and the running clock's has ended.
    fn begins_anew(&self, place: usize, row: &Kind, since: DateTime<Utc>) -> bool {
        let clock = &self.request.clocks[place];
        let has_moved = clock.started_at < since;
        match row.renews {
            Renews::Never => false,
            Renews::Moves => has_moved && clock.state == ClockState::Breached,
            Renews::Recurs => has_moved,
        }
    }

    fn start(
        &mut self,
        position: Option<usize>,
        kind: TargetKind,
        since: DateTime<Utc>,
        policy: &str,
        target: &Target,
    ) {
        if let Some(place) = position
            && self.request.clocks[place].lost_its_promise(since)
        {
            return self.go_on(place, policy);
        }
        if let Some(place) = position
            && target.reopen == Reopen::GoesOn
            && since == self.request.opened_at
            && let Some(stopped_at) = self.request.clocks[place].stopped_at
        {
            // The closing, or what was taken for a delivery, did not end it.
            self.request.clocks[place].closed.push((stopped_at, since));
            self.request.clocks[place].early = false;
            return self.go_on(place, policy);
        }
        let highest = self.request.cycles.get(&kind).copied().unwrap_or(0);
        let cycle = 1 + position.map_or(0, |place| self.request.clocks[place].cycle).max(highest);
        let clock = Clock {
            kind,
            cycle,
            state: ClockState::Running,
            started_at: since,
            due_at: None,
            breached_at: None,
            stopped_at: None,
            cancelled_because: None,
            early: false,
            acked_at: None,
            acked_until: None,
            policy: policy.to_owned(),
            revision: self.rulebook.revision,
            settled: Vec::new(),
            recounted_from: None,
            settles_at: None,
            closed: Vec::new(),
        };
        match position {
            Some(place) if self.request.clocks[place].hopeless_since(since) => {}
            Some(place) => self.displaced.push(std::mem::replace(&mut self.request.clocks[place], clock)),
            None => self.request.clocks.push(clock),
        }
    }

    /// Lets a clock go on whose promise an edit took and another gave back, or whose request was closed too early: the wait is the same,
    /// and what was told of it stays told (LESSONS 22). That it broke stays as well.
    fn go_on(&mut self, place: usize, policy: &str) {
        let revision = self.rulebook.revision;
        let clock = &mut self.request.clocks[place];
        clock.stopped_at = None;
        clock.cancelled_because = None;
        if matches!(clock.state, ClockState::Breached | ClockState::MetLate) {
            clock.state = ClockState::Breached;
            self.effects.push(Effect::Replanned { clock: clock.name(), due_at: clock.due_at });
            return;
        }
        clock.state = ClockState::Running;
        policy.clone_into(&mut clock.policy);
        clock.revision = revision;
    }

    fn stop(&mut self, place: usize, given_at: Option<DateTime<Utc>>, at: DateTime<Utc>) {
        // Given by this very event; an older gift was for an older wait.
        let Some(given_at) = given_at.filter(|given_at| *given_at == at) else {
            if self.waives && self.is_as_it_was_closed(place, given_at) {
                return;
            }
            let why = match self.request.phase {
                _ if self.waives => Cancelled::Waived,
                Phase::Closed => Cancelled::Closed,
                Phase::Merged => Cancelled::Merged,
                Phase::Unopened | Phase::Open | Phase::Waiting => Cancelled::NotOwed,
            };
            return self.cancel(place, at, why);
        };
        let floor_at = self.floor_at(place);
        let clock = &mut self.request.clocks[place];
        clock.stop(given_at);
        clock.early = floor_at.is_some_and(|floor_at| given_at < floor_at);
        let name = clock.name();
        self.effects.push(match clock.state {
            ClockState::MetLate => Effect::MetLate { clock: name, at: given_at, due_at: clock.due_at },
            _ => Effect::Met { clock: name, at: given_at },
        });
        if clock.early {
            self.effects.push(Effect::Early { clock: name, at: given_at });
        }
    }

    /// Puts a clock back that had ended, and went on only since a message opened its request again which turns out to need no answer: what
    /// was given before that stays given. Whether it was so.
    fn is_as_it_was_closed(&mut self, place: usize, given_at: Option<DateTime<Utc>>) -> bool {
        let clock = &mut self.request.clocks[place];
        let Some((closed_at, _)) = clock.closed.pop_if(|(_, reopened_at)| *reopened_at == self.request.opened_at)
        else {
            return false;
        };
        if given_at == Some(closed_at) {
            self.plan_due(place);
            let clock = &mut self.request.clocks[place];
            clock.stop(closed_at);
            let name = clock.name();
            self.effects.push(Effect::Met { clock: name, at: closed_at });
            return true;
        }
        self.cancel(place, closed_at, Cancelled::Closed);
        true
    }

    pub(super) fn cancel(&mut self, place: usize, at: DateTime<Utc>, why: Cancelled) {
        let clock = &mut self.request.clocks[place];
        clock.cancel(at, why);
        self.effects.push(Effect::Cancelled { clock: clock.name(), why });
    }

    pub(super) fn into_outcome(self, before: &[Clock], wake: Option<Wake>) -> Outcome {
        let changed = |clock: &&Clock| !before.iter().any(|old| old == *clock);
        // What left the request's state is whole nowhere else.
        let clocks = self.displaced.iter().chain(self.request.clocks.iter().filter(changed)).cloned().collect();
        Outcome { request: self.request, effects: self.effects, clocks, wake }
    }
}

impl Clock {
    /// Its name in effects and alerts.
    pub const fn name(&self) -> ClockRef {
        ClockRef { kind: self.kind, cycle: self.cycle }
    }

    /// Whether it watched the wait since then, until no policy promised it any more.
    fn lost_its_promise(&self, since: DateTime<Utc>) -> bool {
        self.cancelled_because == Some(Cancelled::NoPolicy) && self.started_at == since
    }

    /// Whether the wait since then was given up already, for want of open hours.
    fn hopeless_since(&self, since: DateTime<Utc>) -> bool {
        self.cancelled_because == Some(Cancelled::NeverOpen) && self.started_at == since
    }
}
