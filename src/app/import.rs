//! History that was not plazo's: events long over, with their facts and verdicts, of which nobody is told.
//!
//! Each request lives through its events as if plazo had been there: its clocks are looked at when they want to be, at their own time.
//! What changes is kept until a whole job is decided and written once, so that a request costs one row and not one an event.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::desk::Desk;
use super::work::Work;
use super::writer::WriteError;
use crate::both;
use crate::desk;
use crate::engine::effect::Wake;
use crate::engine::request_id::RequestId;
use crate::slots::Slots;
use crate::store::StoreError;
use crate::store::imports::ImportStep;
use crate::unit::changes::RequestUpdate;
use crate::unit::incoming::{Rejection, RejectionCode};
use crate::unit::known::{Ask, RequestByThread};
use crate::unit::{Agenda, Applied, Batching, Changes, Decided, Incoming, Input, Output, Saved};

/// Requests that one transaction brings up to now.
const MOST_AT_ONCE: usize = 256;
/// A request whose clock asks to be looked at more often than that within one wait is left to the daemon.
const MOST_LOOKS: usize = 1_000;

impl Desk {
    /// Takes events as history, in the order of their instants, in one transaction. What was known already is not taken again.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written. An event that fails by itself is refused, and costs the others nothing.
    pub async fn import(&self, incoming: Vec<Incoming>, step: ImportStep) -> Result<Vec<Applied>, WriteError> {
        if self.core.disk.is_closed() {
            return Err(WriteError::NoRoom);
        }
        let incoming: Vec<Arc<Incoming>> = incoming.into_iter().map(Arc::new).collect();
        let (all, reached) = (incoming.clone(), step.clone());
        let together = self.writer.write(move |work| {
            let applied = work.import(&all)?;
            work.note_step(&reached, &applied)?;
            Ok(applied)
        });
        match together.await {
            Err(WriteError::Failed(_)) => self.import_singly(incoming, step).await,
            done => done,
        }
    }

    /// Brings what was imported and is still open up to now: what broke is known to have broken. Nobody is told, and what plazo knew of before is
    /// left to the daemon.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written; the daemon does it when it starts.
    pub async fn settle_imported(&self) -> Result<(), WriteError> {
        let now = self.core.now();
        let due = match self.core.share() {
            None => self.core.queue.due(now, usize::MAX),
            Some(_) => {
                let wakes = self.readers.read(move |store| store.wakes_of(Slots::ALL, now, u32::MAX)).await?;
                wakes.into_iter().map(|(id, _)| id).collect()
            }
        };
        for some in due.chunks(MOST_AT_ONCE) {
            let some = some.to_vec();
            let settled = self.writer.write(move |work| {
                for &request in &some {
                    if work.is_history(request)? {
                        work.try_decide(Input::Tick { request, hold: Batching::WhatIsLate })?;
                    }
                }
                Ok(())
            });
            settled.await?;
        }
        Ok(())
    }

    /// The same, each event in a transaction of its own.
    async fn import_singly(&self, incoming: Vec<Arc<Incoming>>, step: ImportStep) -> Result<Vec<Applied>, WriteError> {
        let mut applied = Vec::with_capacity(incoming.len());
        for one in incoming {
            let alone = [one];
            applied.push(match self.writer.write(move |work| work.import(&alone)).await {
                Ok(mut done) => done.pop().unwrap_or(Applied::Unfiled),
                Err(WriteError::Failed(error)) => {
                    let detail = both!("it cannot be applied: {error}", "no se puede aplicar: {error}");
                    Applied::Rejected(Rejection { code: RejectionCode::Quarantined, detail })
                }
                Err(error) => return Err(error),
            });
        }
        let done = applied.clone();
        self.writer.write(move |work| work.note_step(&step, &done)).await?;
        Ok(applied)
    }
}

/// What was decided and is not written yet.
#[derive(Default)]
struct Behind {
    requests: HashMap<RequestId, RequestUpdate>,
    wakes: HashMap<RequestId, Option<Wake>>,
    /// The words by which their contacts are known, and their clients.
    contacts: HashSet<String>,
    customers: HashSet<String>,
    rest: Changes,
}

impl Behind {
    fn take(&mut self, changes: Changes) {
        if let Some(update) = changes.request {
            self.contacts.extend(update.request.contact_word());
            self.customers.extend(update.request.facets.customer.clone());
            match self.requests.entry(update.request.id) {
                std::collections::hash_map::Entry::Vacant(place) => drop(place.insert(update)),
                std::collections::hash_map::Entry::Occupied(mut place) => merge(place.get_mut(), update),
            }
        }
        self.wakes.extend(changes.wakes);
        self.rest.journal.extend(changes.journal);
        self.rest.threads.extend(changes.threads);
        self.rest.acts.extend(changes.acts);
        self.rest.violations.extend(changes.violations);
        self.rest.taken_back.extend(changes.taken_back);
        self.rest.blocks.extend(changes.blocks);
        self.rest.unblocked.extend(changes.unblocked);
        self.rest.parked.extend(changes.parked);
        self.rest.unparked.extend(changes.unparked);
    }

    /// Whether the store would answer otherwise if this were written. Of what decisions take over by themselves it says nothing.
    fn matters_to(&self, ask: &Ask) -> bool {
        let words = |wanted: &[String]| wanted.iter().any(|word| self.contacts.contains(word));
        match ask {
            Ask::KnownEvent(_) | Ask::RequestOf(_) | Ask::RequestByThread(_) => false,
            Ask::Silences(_) | Ask::WindowOf(_) | Ask::Instance(_) | Ask::DowntimeAt(_) | Ask::ContentOf(_) => false,
            Ask::ToldOf(_) | Ask::ReferencesOf(_) | Ask::WrittenBack(_) => false,
            Ask::EventsOf(asked) => self.requests.contains_key(&asked.request),
            Ask::ClocksOf(asked) => self.requests.contains_key(&asked.request),
            Ask::LinkOf(asked) => self.requests.contains_key(&asked.request),
            Ask::HeardLate(asked) => self.requests.contains_key(&asked.request),
            Ask::OpenOfContact(asked) => words(&asked.words),
            Ask::OpenedByContact(asked) => words(std::slice::from_ref(&asked.word)),
            Ask::OpenOfCustomer(asked) => self.customers.contains(&asked.customer),
            Ask::EventOf(_) | Ask::EventsNamed(_) => !self.rest.journal.is_empty(),
            Ask::BlockedBy(_) => !(self.rest.blocks.is_empty() && self.rest.unblocked.is_empty()),
            Ask::AnyParked(_) | Ask::Parked(_) => !(self.rest.parked.is_empty() && self.rest.unparked.is_empty()),
        }
    }
}

/// The later of two updates of a request, which is to be written as one.
fn merge(known: &mut RequestUpdate, update: RequestUpdate) {
    let RequestUpdate { request, wake, clocks, is_new: _, replaces_clocks } = update;
    (known.request, known.wake) = (request, wake);
    if replaces_clocks {
        (known.clocks, known.replaces_clocks) = (clocks, true);
        return;
    }
    for clock in clocks {
        match known.clocks.iter_mut().find(|old| old.name() == clock.name()) {
            Some(old) => *old = clock,
            None => known.clocks.push(clock),
        }
    }
}

impl Work<'_> {
    /// Notes how far a file was read in.
    fn note_step(&mut self, step: &ImportStep, applied: &[Applied]) -> Result<(), StoreError> {
        let n_events = applied.iter().filter(|applied| matches!(applied, Applied::Accepted { .. })).count() as u64;
        self.store().move_import(step, n_events, self.now)
    }

    /// Applies history. What comes of it is written at the end, or where a question wants the store to know.
    fn import(&mut self, incoming: &[Arc<Incoming>]) -> Result<Vec<Applied>, StoreError> {
        let mut order: Vec<usize> = (0..incoming.len()).collect();
        order.sort_by_key(|place| incoming[*place].event.at);
        let mut applied: Vec<Applied> = incoming.iter().map(|_| Applied::Unfiled).collect();
        let mut behind = Behind::default();
        for place in order {
            let one = &incoming[place];
            let at = self.let_pass(one, &mut behind)?;
            if let Output::Applied(found) = self.import_one(Input::Event(Arc::clone(one)), at, &mut behind)? {
                applied[place] = found;
            }
        }
        self.catch_up(&mut behind)?;
        Ok(applied)
    }

    /// Lets time pass for the request that an event may belong to, until just before the event. Returns the instant at which the event is
    /// taken: its own, or that of what is known already.
    fn let_pass(&mut self, incoming: &Incoming, behind: &mut Behind) -> Result<DateTime<Utc>, StoreError> {
        let event = &incoming.event;
        let channel = event.about.channel.as_deref().unwrap_or_default();
        let mut candidates: Vec<RequestId> = incoming.request.into_iter().collect();
        for thread in &event.threads {
            let question = RequestByThread { channel: channel.to_owned(), thread: thread.clone() };
            let found = match self.known().get(question.clone()) {
                Ok(found) => *found,
                Err(need) => {
                    self.learn(need.0)?;
                    self.known().get(question).ok().copied().flatten()
                }
            };
            candidates.extend(found.filter(|id| !candidates.contains(id)));
        }
        let mut now = event.at;
        for id in candidates {
            for _ in 0..MOST_LOOKS {
                let wake = match behind.wakes.get(&id) {
                    Some(wake) => wake.map(|wake| wake.at),
                    None => self.queued(id)?,
                };
                let Some(at) = wake.filter(|at| *at < event.at) else { break };
                self.import_one(Input::Tick { request: id, hold: Batching::WhatIsLate }, at, behind)?;
            }
            if let Some(last) = self.last_event_at(id)? {
                now = now.max(last);
            }
        }
        Ok(now.min(self.now))
    }

    /// Decides one input and what follows from it, and keeps what changes. Nobody is told of anything.
    fn import_one(&mut self, input: Input, at: DateTime<Utc>, behind: &mut Behind) -> Result<Output, StoreError> {
        let mut agenda = Agenda::of(input);
        while let Some(input) = agenda.take() {
            let input = self.as_history(input);
            if matches!(input, Input::Alert { .. } | Input::News { .. } | Input::Update { .. } | Input::Climb(_)) {
                continue;
            }
            self.number()?;
            let (mut changes, output) = loop {
                match desk::decide(self.known(), &input, &self.config, at) {
                    Decided::Need(need) => {
                        if need.0.iter().any(|ask| behind.matters_to(ask)) {
                            self.catch_up(behind)?;
                        }
                        self.learn(need.0)?;
                    }
                    Decided::Done(changes, output) => break (*changes, output),
                }
            };
            changes.alerts.clear();
            self.known_mut().take(&changes);
            let then = std::mem::take(&mut changes.then);
            behind.take(changes);
            agenda.done(&input, Changes { then, ..Changes::default() }, output, &Saved::default());
        }
        Ok(agenda.into_output())
    }

    /// What follows from history is history.
    fn as_history(&self, input: Input) -> Input {
        let marked = |mut incoming: Arc<Incoming>| {
            Arc::make_mut(&mut incoming).imported_at.get_or_insert(self.now);
            incoming
        };
        match input {
            Input::Event(incoming) => Input::Event(marked(incoming)),
            Input::Own { incoming, answers } => Input::Own { incoming: marked(incoming), answers },
            other => other,
        }
    }

    /// Writes what was decided.
    fn catch_up(&mut self, behind: &mut Behind) -> Result<(), StoreError> {
        let Behind { requests, wakes, rest, .. } = std::mem::take(behind);
        let mut updates: Vec<_> = requests.into_values().collect();
        // In the order of their numbers, which is that of the table.
        updates.sort_by_key(|update| update.request.id);
        for request in updates {
            let wake = wakes.get(&request.request.id).copied().unwrap_or(request.wake);
            let wakes = vec![(request.request.id, wake)];
            let request = Some(RequestUpdate { wake, ..request });
            self.write_unheard(&Changes { request, wakes, ..Changes::default() })?;
        }
        self.write_unheard(&rest)
    }
}
