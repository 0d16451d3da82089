//! The daemon's part in virtual time: hears events, looks when the engine wants to be asked, and keeps what follows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::entry::{entries, settled};
use super::{Heard, Run, Untaken};
use crate::config::Config;
use crate::desk;
use crate::engine::clock::Clock;
use crate::engine::directory::{Role, Tell};
use crate::engine::effect::{Effect, Wake, WakeReason};
use crate::engine::event::{Event, Fact};
use crate::engine::request_id::RequestId;
use crate::unit::changes::RequestUpdate;
use crate::unit::incoming::RejectionCode;
use crate::unit::known::{Ask, Known};
use crate::unit::{Applied, Batching, Changes, Decided, Input, Output};

/// What a store would keep of a request.
#[derive(Default)]
struct Case {
    /// Its events, by instant; of several at one instant, as they arrived.
    events: Vec<Arc<Event>>,
    clocks: Vec<Clock>,
    wake: Option<Wake>,
}

pub(super) struct World<'a> {
    config: &'a Config,
    now: DateTime<Utc>,
    /// What decisions know: the requests, whose numbers are in `cases` too.
    known: Known,
    cases: HashMap<RequestId, Case>,
    wakes: BTreeSet<(DateTime<Utc>, WakeReason, RequestId)>,
    /// Acts that were taken back, as source/id.
    undone: HashSet<(RequestId, String)>,
    run: Run,
}

impl<'a> World<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        Self {
            config,
            now: DateTime::<Utc>::MIN_UTC,
            known: Known::default(),
            cases: HashMap::new(),
            wakes: BTreeSet::new(),
            undone: HashSet::new(),
            run: Run::default(),
        }
    }

    /// Lets time pass until just before `end`.
    pub(super) fn pass_to(&mut self, end: DateTime<Utc>) {
        while self.now < end && self.wakes.first().is_some_and(|(at, ..)| *at < end) {
            self.look();
        }
        self.now = self.now.max(end);
    }

    /// Lets time pass up to and including `end`, and gives everything back.
    pub(super) fn finish(mut self, end: DateTime<Utc>) -> Run {
        self.pass_to(end);
        while self.now <= end && self.wakes.first().is_some_and(|(at, ..)| *at <= end) {
            self.look();
        }
        self.run.n_requests = self.cases.len();
        self.run.ended_at = Some(end);
        let mut cases: Vec<_> = self.cases.into_iter().collect();
        cases.sort_by_key(|(id, _)| *id);
        for (id, mut case) in cases {
            case.clocks.sort_by_key(|clock| (clock.started_at, clock.kind));
            self.run.clocks.extend(case.clocks.into_iter().map(|clock| (id, clock)));
        }
        self.run.entries = settled(self.run.entries, &self.run.clocks, &self.undone);
        self.run
    }

    /// Looks at the request that wants it first.
    fn look(&mut self) {
        let Some((at, _, request)) = self.wakes.pop_first() else { return };
        self.now = self.now.max(at);
        if let Output::Moved(effects) = self.decide(&Input::Tick { request, hold: Batching::WhatIsLate }, None) {
            self.tell(request, &effects, None);
        }
    }

    /// Takes an event as the daemon does.
    pub(super) fn hear(&mut self, place: usize, heard: &Heard) {
        let event = &heard.event;
        let input = Input::Recorded { event: Arc::clone(event), belongs: heard.belongs };
        let untaken = match self.decide(&input, Some(event)) {
            Output::Applied(Applied::Accepted { request, effects }) => {
                let is_idle = effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
                if let (Fact::Undo { of }, true, false) = (&event.fact, event.is_believed(), is_idle) {
                    self.undone.insert((request, of.clone()));
                }
                return self.tell(request, &effects, Some(event));
            }
            Output::Applied(Applied::Duplicate { .. }) => Untaken::Duplicate,
            Output::Applied(Applied::Rejected(rejection)) if rejection.code == RejectionCode::MissingField => {
                Untaken::NoChannel
            }
            Output::Applied(Applied::Rejected(_)) => Untaken::UnknownRequest,
            Output::Applied(Applied::Unfiled) | Output::Moved(_) | Output::Nothing => Untaken::Unfiled,
        };
        self.run.untaken.push((place, untaken));
    }

    /// Decides an input, and keeps what becomes of it. Nobody is told, and what follows from an event was recorded too.
    fn decide(&mut self, input: &Input, event: Option<&Arc<Event>>) -> Output {
        loop {
            match desk::decide(&self.known, input, self.config, self.now) {
                Decided::Need(need) => need.0.into_iter().for_each(|ask| self.answer(ask)),
                Decided::Done(changes, output) => {
                    self.keep(&changes, event);
                    return output;
                }
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::EventsOf(asked) => {
                let events =
                    self.cases.get(&asked.request).map(|case| case.events.iter().map(|event| (**event).clone()));
                let events = events.into_iter().flatten().collect();
                self.known.learn(asked, Arc::new(events));
            }
            Ask::ClocksOf(asked) => {
                let clocks = self.cases.get(&asked.request).map(|case| case.clocks.clone()).unwrap_or_default();
                self.known.learn(asked, Arc::new(clocks));
            }
            // Everything else that a replay holds is known already.
            other => self.known.learn_nothing(other),
        }
    }

    fn keep(&mut self, changes: &Changes, event: Option<&Arc<Event>>) {
        self.known.take(changes);
        for (id, wake) in &changes.wakes {
            let case = self.cases.entry(*id).or_default();
            if let Some(wake) = std::mem::replace(&mut case.wake, *wake) {
                self.wakes.remove(&(wake.at, wake.why, *id));
            }
            self.wakes.extend(wake.map(|wake| (wake.at, wake.why, *id)));
        }
        let Some(RequestUpdate { request, clocks, replaces_clocks, .. }) = &changes.request else { return };
        let case = self.cases.entry(request.id).or_default();
        if let Some(event) = event {
            let place = case.events.partition_point(|other| other.at <= event.at);
            case.events.insert(place, Arc::clone(event));
        }
        if *replaces_clocks {
            case.clocks.clear();
        }
        for clock in clocks {
            match case.clocks.iter_mut().rev().find(|old| old.name() == clock.name()) {
                Some(old) => old.clone_from(clock),
                None => case.clocks.push(clock.clone()),
            }
        }
    }

    /// Notes what a decision caused, by an event or by the time that passed.
    fn tell(&mut self, id: RequestId, effects: &[Effect], event: Option<&Event>) {
        let clocks = self.cases.get(&id).map(|case| case.clocks.as_slice()).unwrap_or_default();
        let request = self.known.request(id).ok().flatten();
        let owner = request.and_then(|request| request.owner.as_deref());
        let owner = self.config.rulebook.directory.recipients(&[Tell::Role(Role::Owner)], owner, None, self.now);
        self.run.entries.extend(entries(id, effects, (clocks, &owner), event, self.now));
    }
}
