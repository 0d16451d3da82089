//! The daemon's part in virtual time: hears events, looks when the engine wants to be asked, and keeps what follows.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::entry::entries;
use super::{Belongs, Heard, Run, Untaken};
use crate::engine::clock::Clock;
use crate::engine::effect::{Outcome, Wake, WakeReason};
use crate::engine::event::{Event, EventId, is_loose};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;
use crate::engine::{self, Input};

/// A request, and what the store would keep of it.
struct Case {
    request: Request,
    /// Places of its events, by instant; of several at one instant, as they arrived.
    events: Vec<usize>,
    clocks: Vec<Clock>,
    wake: Option<Wake>,
}

pub(super) struct World<'a> {
    rulebook: &'a Rulebook,
    heard: &'a [Heard],
    now: DateTime<Utc>,
    cases: HashMap<RequestId, Case>,
    /// The last number given.
    last_request: i64,
    /// By channel and thread.
    threads: HashMap<String, HashMap<&'a str, RequestId>>,
    known: HashSet<&'a EventId>,
    wakes: BTreeSet<(DateTime<Utc>, WakeReason, RequestId)>,
    run: Run,
}

impl<'a> World<'a> {
    pub(super) fn new(rulebook: &'a Rulebook, heard: &'a [Heard]) -> Self {
        Self {
            rulebook,
            heard,
            now: DateTime::<Utc>::MIN_UTC,
            cases: HashMap::new(),
            last_request: 0,
            threads: HashMap::new(),
            known: HashSet::new(),
            wakes: BTreeSet::new(),
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
        self.run
    }

    /// Looks at the request that wants it first.
    fn look(&mut self) {
        let Some((at, _, id)) = self.wakes.pop_first() else { return };
        self.now = self.now.max(at);
        let Some(case) = self.cases.get(&id) else { return };
        let mut outcome = engine::advance(&case.request, self.rulebook, Input::Tick, self.now);
        outcome.put_off_idle_wake(self.now);
        self.keep(id, outcome, self.now);
    }

    /// Takes an event as `app::apply` does.
    pub(super) fn hear(&mut self, place: usize) {
        let Heard { event, belongs, .. } = &self.heard[place];
        if !self.known.insert(&event.id) {
            self.run.untaken.push((place, Untaken::Duplicate));
            return;
        }
        let id = match self.find(event, *belongs) {
            Ok(id) => id,
            Err(why) => {
                // It may come again when its request is known.
                self.known.remove(&event.id);
                self.run.untaken.push((place, why));
                return;
            }
        };
        let unopened = || Case { request: Request::unopened(id), events: Vec::new(), clocks: Vec::new(), wake: None };
        let case = self.cases.entry(id).or_insert_with(unopened);
        let heard = self.heard;
        let after = case.events.partition_point(|&other| heard[other].event.at <= event.at);
        case.events.insert(after, place);
        let outcome = if case.request.last_event_at <= event.at && !event.takes_back() {
            engine::advance(&case.request, self.rulebook, Input::Event(event), self.now)
        } else {
            let told = std::mem::take(&mut case.clocks);
            let events: Vec<_> = case.events.iter().map(|&place| heard[place].event.clone()).collect();
            engine::reorder(&case.request, &told, &events, event, self.rulebook, self.now)
        };
        let channel = &outcome.request.facets.channel;
        if !event.threads.is_empty() {
            if !self.threads.contains_key(channel) {
                self.threads.insert(channel.clone(), HashMap::new());
            }
            if let Some(known) = self.threads.get_mut(channel) {
                for thread in &event.threads {
                    known.entry(thread).or_insert(id);
                }
            }
        }
        self.keep(id, outcome, event.at);
    }

    fn find(&mut self, event: &Event, belongs: Belongs) -> Result<RequestId, Untaken> {
        match belongs {
            Belongs::To(id) => {
                self.last_request = self.last_request.max(id.0);
                return Ok(id);
            }
            Belongs::Names(id) => {
                return if self.cases.contains_key(&id) { Ok(id) } else { Err(Untaken::UnknownRequest) };
            }
            Belongs::ByThread => {}
        }
        let channel = event.about.channel.as_deref().unwrap_or_default();
        let known = self.threads.get(channel);
        // What the store decides by time and state is not played; a recorded event names its request.
        let mut ids = event.threads.iter().filter(|thread| !is_loose(thread));
        if let Some(id) = known.and_then(|known| ids.find_map(|thread| known.get(thread.as_str()))) {
            return Ok(*id);
        }
        if !event.starts_request() {
            return Err(Untaken::UnknownRequest);
        }
        if channel.is_empty() {
            return Err(Untaken::NoChannel);
        }
        if event.is_automatic() {
            return Err(Untaken::Unfiled);
        }
        self.last_request += 1;
        Ok(RequestId(self.last_request))
    }

    fn keep(&mut self, id: RequestId, outcome: Outcome, at: DateTime<Utc>) {
        self.run.entries.extend(entries(&outcome, at, self.now));
        let Some(case) = self.cases.get_mut(&id) else { return };
        if let Some(wake) = case.wake {
            self.wakes.remove(&(wake.at, wake.why, id));
        }
        if let Some(wake) = outcome.wake {
            self.wakes.insert((wake.at, wake.why, id));
        }
        case.wake = outcome.wake;
        case.request = outcome.request;
        for clock in outcome.clocks {
            match case.clocks.iter_mut().rev().find(|old| old.name() == clock.name()) {
                Some(old) => *old = clock,
                None => case.clocks.push(clock),
            }
        }
    }
}
