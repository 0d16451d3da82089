//! The pure core: what an event, or the passing of time, means for a request and its clocks.
//!
//! No clock is read here, nothing is stored, sent or logged: [`advance`] takes what is known and the instant, and returns what
//! follows as values. Same input, same outcome, on every machine. `docs/ARCHITECTURE.md` tells who calls it.

pub mod calendar;
pub mod check;
pub mod clock;
pub mod directory;
pub mod effect;
pub mod escalation;
pub mod event;
pub mod policy;
mod progress;
pub mod request;
mod settle;
pub mod working_time;

use chrono::{DateTime, Utc};

use clock::{Cancelled, Clock, ClockState, KINDS};
use effect::{ClockRef, Effect, Outcome};
use event::Event;
use policy::Rulebook;
use request::{Phase, Request};

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

/// Derives a request anew from all its events, in the order in which they happened, because `late` came out of order.
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
    for event in events {
        course.effects.clear();
        course.apply(event);
        if event.id == late.id {
            let own = |effect: &&Effect| matches!(effect, Effect::Violation { .. } | Effect::Ignored { .. });
            effects.extend(course.effects.iter().filter(own).cloned());
        }
    }
    course.effects = effects;
    for clock in course.request.clocks.iter_mut().chain(&mut course.displaced) {
        if let Some(told) = told.iter().find(|told| told.kind == clock.kind && told.cycle == clock.cycle) {
            clock.settled.clone_from(&told.settled);
            clock.recounted_from = told.recounted_from;
        }
    }
    let wake = course.settle(now, late.at, false);
    course.into_outcome(&[], wake)
}

/// One computation on its way: the request so far and what it caused.
struct Course<'a> {
    request: Request,
    rulebook: &'a Rulebook,
    effects: Vec<Effect>,
    /// Finished clocks whose place a new cycle took.
    displaced: Vec<Clock>,
}

impl<'a> Course<'a> {
    const fn new(request: Request, rulebook: &'a Rulebook) -> Self {
        Self { request, rulebook, effects: Vec::new(), displaced: Vec::new() }
    }

    fn apply(&mut self, event: &Event) {
        self.breach_before(event.at);
        progress::apply(&mut self.request, event, self.rulebook, &mut self.effects);
        self.request.last_event_at = self.request.last_event_at.max(event.at);
        self.follow_marks(event.at);
    }

    /// Breaches that fell due before `at`, whether or not anybody looked then (LESSONS 15).
    fn breach_before(&mut self, at: DateTime<Utc>) {
        for place in 0..self.request.clocks.len() {
            if self.request.clocks[place].is_unplanned() {
                self.plan_due(place);
            }
            let clock = &mut self.request.clocks[place];
            if let Some(due_at) = clock.due_at
                && clock.is_live()
                && clock.state == ClockState::Running
                && due_at < at
            {
                clock.state = ClockState::Breached;
                clock.breached_at = Some(due_at);
                self.effects.push(Effect::Breached { clock: clock.name(), at: due_at });
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
            match (live, owed_since, promise) {
                (Some(place), None, _) => {
                    let given_at = (row.given_at)(&self.request.marks);
                    self.stop(place, given_at, at);
                }
                (Some(place), Some(_), None) => self.cancel(place, at, Cancelled::NoPolicy),
                (Some(place), Some(since), Some((policy, _))) => {
                    let clock = &mut self.request.clocks[place];
                    clock.started_at = since;
                    clock.policy.clone_from(&policy.name);
                    clock.revision = self.rulebook.revision;
                }
                (None, Some(since), Some((policy, _))) => self.start(position, row.kind, since, &policy.name),
                (None, _, _) => {}
            }
        }
    }

    fn start(&mut self, position: Option<usize>, kind: policy::TargetKind, since: DateTime<Utc>, policy: &str) {
        let cycle = position.map_or(1, |place| self.request.clocks[place].cycle + 1);
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

    fn stop(&mut self, place: usize, given_at: Option<DateTime<Utc>>, at: DateTime<Utc>) {
        let started_at = self.request.clocks[place].started_at;
        let Some(given_at) = given_at.filter(|given_at| started_at <= *given_at) else {
            let why = match self.request.phase {
                Phase::Closed => Cancelled::Closed,
                Phase::Merged => Cancelled::Merged,
                Phase::Unopened | Phase::Open | Phase::Waiting => Cancelled::NotOwed,
            };
            return self.cancel(place, at, why);
        };
        self.plan_due(place);
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

    /// Whether it runs without a due instant yet, as while a request is derived anew.
    const fn is_unplanned(&self) -> bool {
        matches!(self.state, ClockState::Running) && self.due_at.is_none()
    }

    /// Whether the wait since then was given up already, for want of open hours.
    fn hopeless_since(&self, since: DateTime<Utc>) -> bool {
        self.cancelled_because == Some(Cancelled::NeverOpen) && self.started_at == since
    }
}
