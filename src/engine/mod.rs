//! The pure core: what an event, or the passing of time, means for a request and its clocks.
//!
//! No clock is read here, nothing is stored, sent or logged: [`advance`] takes what is known and the instant, and returns what
//! follows as values. Same input, same outcome, on every machine. `docs/ARCHITECTURE.md` tells who calls it.

pub mod address;
pub mod calendar;
pub mod check;
pub mod clock;
pub mod derivation;
pub mod directory;
pub mod effect;
pub mod escalation;
pub mod event;
pub mod explain;
pub mod facets;
pub mod history;
pub mod ledger;
pub mod plan;
pub mod policy;
mod progress;
pub mod proof;
pub mod request;
pub mod request_id;
pub mod rota;
pub mod rulebook;
mod settle;
mod work;
pub mod working_time;

use chrono::{DateTime, Utc};

use clock::{Cancelled, Clock, ClockState, KINDS, Kind, Renews};
use effect::{ClockRef, Effect, Outcome};
use event::Event;
use request::{Phase, Request};
use rulebook::Rulebook;

/// What makes a request move.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A fact that happened at or after the request's last one; an older one goes through [`reorder`].
    Event(&'a Event),
    /// Time has passed.
    Tick,
    /// The rulebook changed.
    Replan,
}

/// Computes what `input` means for `request` at `now`. Total: senseless input yields [`Effect::Ignored`].
pub fn advance(request: &Request, rulebook: &Rulebook, input: Input<'_>, now: DateTime<Utc>) -> Outcome {
    let mut course = Course::new(request.clone(), rulebook);
    let moved_at = match input {
        Input::Event(event) => {
            course.apply(event);
            event.at
        }
        Input::Replan => {
            course.follow_marks(now);
            now
        }
        Input::Tick => now,
    };
    let wake = course.settle(now, moved_at, matches!(input, Input::Tick));
    course.into_outcome(&request.clocks, wake)
}

/// Derives a request anew from all its events, in the order in which they happened, because `late` came out of order or takes
/// back a message that never arrived.
///
/// Verdicts follow the instants of the events (LESSONS 15); what was told stays told: `told` are the clocks as stored, finished
/// ones included. Every clock is in the outcome.
pub fn reorder(
    request: &Request,
    told: &[Clock],
    events: &[Event],
    late: &Event,
    rulebook: &Rulebook,
    now: DateTime<Utc>,
) -> Outcome {
    let mut course = Course::new(Request::unopened(request.id), rulebook);
    let mut effects = vec![Effect::Reordered];
    for event in event::arrived(events) {
        course.effects.clear();
        course.apply(event);
        if event.id == late.id {
            let own = |effect: &&Effect| {
                matches!(effect, Effect::Violation(_) | Effect::SplitOff { .. } | Effect::Ignored { .. })
            };
            effects.extend(course.effects.iter().filter(own).cloned());
        }
        // As it was planned when it happened, so that the next event finds pauses and breaches as they were.
        course.settle(event.at, event.at, false);
    }
    course.effects = effects;
    course.request.cycles.clone_from(&request.cycles);
    course.recognise(told);
    let wake = course.settle(now, late.at, false);
    course.effects.retain(|effect| !matches!(effect, Effect::Started { .. }));
    course.note_new_verdicts(told);
    course.into_outcome(&[], wake)
}

/// One computation on its way: the request so far and what it caused.
struct Course<'a> {
    request: Request,
    rulebook: &'a Rulebook,
    effects: Vec<Effect>,
    /// Finished clocks whose place a new cycle took.
    displaced: Vec<Clock>,
    /// Breaches that were noticed before an event from before them was heard of; news only if they come out otherwise.
    noticed: Vec<(ClockRef, DateTime<Utc>)>,
}

impl<'a> Course<'a> {
    const fn new(request: Request, rulebook: &'a Rulebook) -> Self {
        Self { request, rulebook, effects: Vec::new(), displaced: Vec::new(), noticed: Vec::new() }
    }

    fn apply(&mut self, event: &Event) {
        self.breach_before(event.at);
        self.unbreach_from(event.at);
        progress::apply(&mut self.request, event, self.rulebook, &mut self.effects);
        self.request.last_event_at = self.request.last_event_at.max(event.at);
        self.follow_marks(event.at);
    }

    /// Gives clocks that were derived anew the names and settled steps that they had. A wait is known by its start, else by its
    /// number; a number once given to one wait never becomes another's. What neither began nor ended differently keeps its verdict,
    /// whatever today's policies would say (LESSONS 22).
    fn recognise(&mut self, told: &[Clock]) {
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
        // What an edit took the promise from cannot be derived by today's file; it stays in the record as it ended (LESSONS 22).
        for old in left.into_iter().filter(|old| old.cancelled_because == Some(Cancelled::NoPolicy)) {
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
    fn note_new_verdicts(&mut self, told: &[Clock]) {
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
                ClockState::Cancelled => {
                    Effect::Cancelled { clock: name, why: clock.cancelled_because.unwrap_or(Cancelled::NotOwed) }
                }
            });
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
    fn follow_marks(&mut self, at: DateTime<Utc>) {
        for row in &KINDS {
            let owed_since = (row.owed_since)(&self.request.marks).filter(|_| self.request.phase.is_live());
            let promise = owed_since.and(self.rulebook.target(row.kind, &self.request.facets));
            let position = self.request.clocks.iter().position(|clock| clock.kind == row.kind);
            let live = position.filter(|&place| self.request.clocks[place].is_live());
            if let (Some(place), Some(since)) = (live, owed_since)
                && self.begins_anew(place, row, since)
            {
                // It ends by the promise that it had: the next one is of another stage.
                self.stop(place, (row.given_at)(&self.request.marks), at);
                if let Some((policy, _)) = promise {
                    self.start(position, row.kind, since, &policy.name);
                }
                continue;
            }
            match (live, owed_since, promise) {
                (Some(place), None, _) => {
                    let given_at = (row.given_at)(&self.request.marks);
                    self.plan_due(place);
                    self.stop(place, given_at, at);
                }
                (Some(place), Some(_), None) => self.cancel(place, at, Cancelled::NoPolicy),
                (Some(place), Some(_), Some(_)) if self.is_frozen(place) => {}
                (Some(place), Some(since), Some((policy, _))) => {
                    let clock = &mut self.request.clocks[place];
                    if clock.started_at != since && row.renews == Renews::Moves {
                        // Another wait, of which nobody was told yet.
                        clock.settled.clear();
                    }
                    clock.started_at = since;
                    clock.policy.clone_from(&policy.name);
                    clock.revision = self.rulebook.revision;
                }
                (None, Some(since), Some((policy, _))) => self.start(position, row.kind, since, &policy.name),
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

    fn start(&mut self, position: Option<usize>, kind: policy::TargetKind, since: DateTime<Utc>, policy: &str) {
        if let Some(place) = position
            && self.request.clocks[place].lost_its_promise(since)
        {
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
            policy: policy.to_owned(),
            revision: self.rulebook.revision,
            settled: Vec::new(),
            recounted_from: None,
        };
        match position {
            Some(place) if self.request.clocks[place].hopeless_since(since) => {}
            Some(place) => self.displaced.push(std::mem::replace(&mut self.request.clocks[place], clock)),
            None => self.request.clocks.push(clock),
        }
    }

    /// Lets a clock go on whose promise an edit took and another gave back: the wait is the same, and what was told of it stays told
    /// (LESSONS 22). A verdict from before stays as well.
    fn go_on(&mut self, place: usize, policy: &str) {
        let revision = self.rulebook.revision;
        let clock = &mut self.request.clocks[place];
        clock.stopped_at = None;
        clock.cancelled_because = None;
        if clock.state == ClockState::Breached {
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
            let why = match self.request.phase {
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

    fn cancel(&mut self, place: usize, at: DateTime<Utc>, why: Cancelled) {
        let clock = &mut self.request.clocks[place];
        clock.cancel(at, why);
        self.effects.push(Effect::Cancelled { clock: clock.name(), why });
    }

    fn into_outcome(self, before: &[Clock], wake: Option<effect::Wake>) -> Outcome {
        let changed = |clock: &&Clock| !before.iter().any(|old| old == *clock);
        let clocks = self.displaced.iter().chain(&self.request.clocks).filter(changed).cloned().collect();
        Outcome { request: self.request, effects: self.effects, clocks, wake }
    }
}

impl Clock {
    /// Its name in effects and alerts.
    pub const fn name(&self) -> ClockRef {
        ClockRef { kind: self.kind, cycle: self.cycle }
    }

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

    /// Whether it watched the wait since then, until no policy promised it any more.
    fn lost_its_promise(&self, since: DateTime<Utc>) -> bool {
        self.cancelled_because == Some(Cancelled::NoPolicy) && self.started_at == since
    }

    /// Whether the wait since then was given up already, for want of open hours.
    fn hopeless_since(&self, since: DateTime<Utc>) -> bool {
        self.cancelled_because == Some(Cancelled::NeverOpen) && self.started_at == since
    }
}
