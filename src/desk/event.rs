//! Events: the request that one belongs to, what the engine makes of it, and everything that is written then.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::follow::has_followers;
use super::{DOOR, Decision, LINK_DOOR, REPLY_DOOR};
use crate::engine::effect::{Effect, Ignored, Outcome};
use crate::engine::event::{Event, EventId, Fact, is_loose};
use crate::engine::request::{Phase, Request};
use crate::engine::request_id::RequestId;
use crate::engine::{self, Input as Moves};
use crate::unit::changes::{Act, JournalEntry, Remark, RequestUpdate, TakenBack, ThreadName};
use crate::unit::incoming::{Applied, Incoming};
use crate::unit::known::{
    AnyParked, ClocksOf, DowntimeAt, EventsOf, KnownEvent, Need, ReferencesOf, RequestByThread, RequestOf,
};
use crate::unit::{Batching, Belongs, Input};

/// What is older than this when its request is first heard of is history, and told to nobody.
const NEWS_FOR: TimeDelta = TimeDelta::days(1);

impl Decision<'_> {
    /// Takes an event that came by a door, or follows from another one.
    pub(super) fn apply(&mut self, incoming: &Arc<Incoming>) -> Result<Applied, Need> {
        self.foresee(incoming)?;
        let mut incoming = Arc::clone(incoming);
        if let Some(request) = *self.known.get(KnownEvent { id: incoming.event.id.clone() })? {
            let Some(other) = self.another_mail(&incoming.event, request)? else {
                return Ok(Applied::Duplicate { request });
            };
            if let Some(request) = *self.known.get(KnownEvent { id: other.id.clone() })? {
                return Ok(Applied::Duplicate { request });
            }
            incoming = Arc::new(Incoming::own(other, incoming.request));
        }
        if let Some(named) = self.returned_mail(&incoming.event)? {
            incoming = Arc::new(named);
        }
        if let Some(rejection) = self.implausible(incoming.event.at) {
            return Ok(Applied::Rejected(rejection));
        }
        let mut found = match self.find(&incoming)? {
            Ok(found) => found,
            Err(rejection) => return Ok(Applied::Rejected(rejection)),
        };
        if found.is_none()
            && let Some(off_thread) = self.off_thread(&incoming)?
        {
            found = off_thread.request.map_or(Ok(None), |id| self.known.request(id).map(Option::<&_>::cloned))?;
            incoming = Arc::new(off_thread);
        }
        let event = &incoming.event;
        let (mut before, is_new) = match found {
            Some(request) => (request, false),
            // An automatic answer to nothing that is known asks for nothing (LESSONS 19).
            None if event.is_automatic() || is_spam(event) => return Ok(Applied::Unfiled),
            None if let Some(last) = self.flooded(event)? => (last, false),
            None => (Arc::new(Request::unopened(RequestId(self.known.last_request + 1))), true),
        };
        let heard_from = self.heard_from(&before, &incoming, is_new)?;
        if heard_from != before.heard_from {
            Arc::make_mut(&mut before).heard_from = heard_from;
        }
        if matches!(event.fact, Fact::Close { .. })
            && before.ticket.is_none()
            && let Some(ticket) = self.own_ticket(before.id)?
        {
            Arc::make_mut(&mut before).ticket = Some(ticket);
        }
        let incoming = waived_as_seen(incoming, &before);
        let event = &incoming.event;
        if let Some(rejection) = self.refusal(&before, event) {
            return Ok(Applied::Rejected(rejection));
        }
        if let Some(rejection) = self.precedes_opening(&before, event)? {
            return Ok(Applied::Rejected(rejection));
        }
        let is_in_order = engine::is_in_order(&before, event);
        let mut outcome = self.advance(&before, event)?;
        if let Some(rejection) = self.mends_what_broke(&before, &outcome.request, event) {
            return Ok(Applied::Rejected(rejection));
        }
        // What asks for nothing is no second conversation.
        if is_new && outcome.request.phase.is_live() {
            let violation = self.same_contact(&outcome.request, event)?;
            outcome.effects.extend(violation.map(Effect::Violation));
        }
        let request = outcome.request.id;
        let effects = self.keep_event(&incoming, outcome, Manner { is_new, replaces_clocks: !is_in_order })?;
        Ok(Applied::Accepted { request, effects })
    }

    /// From when on the request is plazo's to tell of: what happened before it was heard of is history once it is older than a day, or is
    /// imported, or lies before its source is listened to. What plazo missed while it was down is news, however old.
    fn heard_from(&self, before: &Request, incoming: &Incoming, is_new: bool) -> Result<Option<DateTime<Utc>>, Need> {
        let at = incoming.event.at;
        let ignored = self.config.ignore_before.get(&incoming.event.id.source).copied().filter(|before| at < *before);
        let known = before.heard_from.max(ignored);
        if !is_new {
            return Ok(known);
        }
        if incoming.imported_at.is_some() {
            return Ok(known.max(incoming.imported_at));
        }
        let is_old = NEWS_FOR < self.now - at && self.known.get(DowntimeAt { at })?.is_none();
        Ok(if is_old { known.max(Some(self.now)) } else { known })
    }

    /// What every event asks for, in one step.
    fn foresee(&self, incoming: &Incoming) -> Result<(), Need> {
        let event = &incoming.event;
        let mut need = Need::default();
        need.unless_known(self.known, &KnownEvent { id: event.id.clone() });
        need.unless_known(self.known, &AnyParked {});
        match incoming.request {
            Some(id) => need.unless_known(self.known, &RequestOf { id }),
            None => {
                let channel = event.about.channel.as_deref().unwrap_or_default();
                for thread in &event.threads {
                    let (channel, thread) = (channel.to_owned(), thread.clone());
                    need.unless_known(self.known, &RequestByThread { channel, thread });
                }
            }
        }
        need.met()
    }

    /// An event that follows from another one: why it was not taken is for the log.
    pub(super) fn apply_own(&mut self, incoming: &Arc<Incoming>) -> Result<Applied, Need> {
        let applied = self.apply(incoming)?;
        if let Applied::Rejected(rejection) = &applied {
            self.changes.remarks.push(Remark::NotTaken(rejection.code));
        }
        Ok(applied)
    }

    /// Takes an event of a replay.
    pub(super) fn replay(&mut self, event: &Event, belongs: Belongs) -> Result<Applied, Need> {
        if let Some(request) = *self.known.get(KnownEvent { id: event.id.clone() })? {
            return Ok(Applied::Duplicate { request });
        }
        let found = match belongs {
            Belongs::To(id) => Ok(Some(self.known.request(id)?.cloned().unwrap_or_else(|| unopened(id)))),
            Belongs::Names(id) => self.named(id)?,
            Belongs::ByThread => self.find_by_threads(&by_ids(event))?,
        };
        let before = match found {
            Ok(Some(request)) => request,
            Ok(None) if event.is_automatic() => return Ok(Applied::Unfiled),
            Ok(None) => unopened(RequestId(self.known.last_request + 1)),
            Err(rejection) => return Ok(Applied::Rejected(rejection)),
        };
        let (is_in_order, is_new) = (engine::is_in_order(&before, event), before.phase == Phase::Unopened);
        let outcome = self.advance(&before, event)?;
        let (request, effects) = (outcome.request.id, outcome.effects.clone());
        self.name_threads(event, &outcome.request, false)?;
        self.note(JournalEntry {
            request,
            at: event.at,
            id: Some(event.id.clone()),
            type_name: event.fact.type_name(),
            body: None,
            effects: Vec::new(),
        });
        self.keep(outcome, Manner { is_new, replaces_clocks: !is_in_order });
        Ok(Applied::Accepted { request, effects })
    }

    /// What the engine makes of an event; one that came out of order is put in its place among all.
    fn advance(&self, before: &Request, event: &Event) -> Result<Outcome, Need> {
        if engine::is_in_order(before, event) {
            return Ok(engine::advance(before, &self.config.rulebook, Moves::Event(event), self.now));
        }
        let request = before.id;
        let mut need = Need::default();
        need.unless_known(self.known, &EventsOf { request });
        need.unless_known(self.known, &ClocksOf { request });
        need.met()?;
        let mut events = Vec::clone(self.known.get(EventsOf { request })?);
        let place = events.partition_point(|other| other.at <= event.at);
        events.insert(place, event.clone());
        let told = self.known.get(ClocksOf { request })?;
        Ok(engine::reorder(before, told, &events, event, &self.config.rulebook, self.now))
    }

    /// Everything that is written of an event, and what follows from it. Returns its effects.
    fn keep_event(
        &mut self,
        incoming: &Arc<Incoming>,
        mut outcome: Outcome,
        manner: Manner,
    ) -> Result<Vec<Effect>, Need> {
        let event = &incoming.event;
        let effects = std::mem::take(&mut outcome.effects);
        let id = outcome.request.id;
        let body = self.kept_body(incoming, &mut outcome.request);
        let kept_effects = if self.config.retention.keeps_no_words { without_words(&effects) } else { effects.clone() };
        self.note(JournalEntry {
            request: id,
            at: event.at,
            id: Some(event.id.clone()),
            type_name: event.fact.type_name(),
            body: Some(body),
            effects: kept_effects,
        });
        let is_history = outcome.request.is_history(event.at);
        if event.is_believed() {
            self.changes.acts.extend(act(id, event));
        }
        if event.is_believed() && !is_history {
            self.confirm_reply(id, event);
            self.ask_approval(&outcome.request, event)?;
        }
        if let Fact::Wait { on: Some(on), .. } = &event.fact
            && self.config.rulebook.wait(on).is_none()
        {
            self.changes.remarks.push(Remark::UnknownWait(id));
        }
        let is_idle = effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
        if let (Fact::Undo { of }, true, false) = (&event.fact, event.is_believed(), is_idle)
            && let Some((source, act)) = of.split_once('/')
        {
            let of = EventId { source: source.to_owned(), id: act.to_owned() };
            self.changes.taken_back.push(TakenBack { request: id, of, at: event.at });
        }
        self.name_threads(event, &outcome.request, manner.is_new)?;
        if manner.replaces_clocks {
            let before = Arc::clone(self.known.get(ClocksOf { request: id })?);
            self.tell_what_never_was(id, &before, &outcome.clocks, event.at);
        }
        let request = self.keep(outcome, manner);
        self.alert(&request, &effects, Batching::WhatIsLate);
        self.tell_what_became(&request, &effects, Some(event));
        self.split(&request, &effects, Some(event));
        // What takes nothing back takes nothing back elsewhere.
        let has_followers = has_followers(event) && !(is_idle && matches!(event.fact, Fact::Undo { .. }));
        if event.is_believed() && has_followers {
            let is_elsewhere = effects.contains(&Effect::Ignored { why: Ignored::Elsewhere });
            let (request, incoming) = (Arc::clone(&request), Arc::clone(incoming));
            self.changes.then.push(Input::Follow { request, incoming, is_elsewhere });
        }
        // Also where a known request is now known by a further name.
        if !event.threads.is_empty() && *self.known.get(AnyParked {})? {
            let (channel, threads) = (request.facets.channel.clone(), event.threads.clone());
            self.changes.then.push(Input::Unpark { channel, threads, request: id });
        }
        Ok(effects)
    }

    /// What is kept of an event: all of it, or, where the house keeps no words, what the checks found in them. They were read, and are let go here.
    fn kept_body(&self, incoming: &Incoming, request: &mut Request) -> Arc<str> {
        if !self.config.retention.keeps_no_words {
            return Arc::clone(incoming.body());
        }
        let mut event = incoming.event.clone();
        event.let_words_go(request, &self.config.rulebook);
        request.let_words_go();
        Arc::clone(Incoming::own(event, None).body())
    }

    /// Names the conversation's request by the event's threads.
    fn name_threads(&mut self, event: &Event, request: &Request, is_new: bool) -> Result<(), Need> {
        let channel = &request.facets.channel;
        for thread in &event.threads {
            let is_loose = is_loose(thread);
            // Else whoever writes as a colleague would draw a client's next message to a request of his choice.
            let moves =
                if is_loose { event.is_believed() } else { is_new && self.leads_to_unreadable(channel, thread)? };
            let (channel, thread) = (channel.clone(), thread.clone());
            if !moves {
                // Whose it is decides whether it becomes this request's, and what the next event of the same transaction finds.
                self.known.get(RequestByThread { channel: channel.clone(), thread: thread.clone() })?;
            }
            self.changes.threads.push(ThreadName { channel, thread, request: request.id, moves });
        }
        Ok(())
    }

    /// Whether a conversation's request cannot be read: its next message opened another one, to which it belongs from now on.
    fn leads_to_unreadable(&self, channel: &str, thread: &str) -> Result<bool, Need> {
        let known = *self.known.get(RequestByThread { channel: channel.to_owned(), thread: thread.to_owned() })?;
        known.map_or(Ok(false), |known| Ok(self.known.request(known)?.is_none()))
    }

    /// Writes an outcome: request, clocks and wake.
    pub(super) fn keep(&mut self, outcome: Outcome, manner: Manner) -> Arc<Request> {
        let request = Arc::new(outcome.request);
        self.changes.wakes.push((request.id, outcome.wake));
        self.changes.request = Some(RequestUpdate {
            request: Arc::clone(&request),
            wake: outcome.wake,
            clocks: outcome.clocks,
            is_new: manner.is_new,
            replaces_clocks: manner.replaces_clocks,
        });
        request
    }

    /// Writes an entry of the journal.
    pub(super) fn note(&mut self, entry: JournalEntry) {
        self.changes.journal.push(entry);
    }

    /// Has the steps told that an outcome decided.
    pub(super) fn alert(&mut self, request: &Arc<Request>, effects: &[Effect], hold: Batching) {
        for effect in effects {
            if let Effect::Alert(alert) = effect {
                let (request, alert) = (Arc::clone(request), Box::new(alert.clone()));
                self.changes.then.push(Input::Alert { request, alert, hold });
            }
        }
    }

    /// The number of a ticket that plazo opened for the request elsewhere (C4, C8).
    fn own_ticket(&self, request: RequestId) -> Result<Option<String>, Need> {
        let destinations = &self.config.destinations;
        let keeps_tickets = |name: &str| destinations.get(name).is_some_and(|own| own.settings.can().keeps_tickets);
        if !destinations.keys().any(|name| keeps_tickets(name)) {
            return Ok(None);
        }
        let references = self.known.get(ReferencesOf { request })?;
        Ok(references.iter().find(|(name, _)| keeps_tickets(name)).map(|(_, number)| number.clone()))
    }
}

/// What says that no answer is needed, by plazo's own doors, with what was known of the client's words then.
fn waived_as_seen(incoming: Arc<Incoming>, before: &Request) -> Arc<Incoming> {
    let is_own = [DOOR, LINK_DOOR, REPLY_DOOR].contains(&incoming.event.id.source.as_str());
    let Fact::Waive { reason, seen: None } = &incoming.event.fact else { return incoming };
    let Some(asked_at) = before.marks.asked_at.filter(|_| is_own) else { return incoming };
    let fact = Fact::Waive { reason: reason.clone(), seen: Some(asked_at) };
    Arc::new(Incoming::own(Event { fact, ..incoming.event.clone() }, incoming.request))
}

/// How an outcome is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Whether its request is a new one.
    pub(super) is_new: bool,
    /// Whether its clocks are all there are.
    pub(super) replaces_clocks: bool,
}

/// An event without the names that say less than an id: whom those join depends on more than a replay plays.
fn by_ids(event: &Event) -> Cow<'_, Event> {
    if !event.threads.iter().any(|thread| is_loose(thread)) {
        return Cow::Borrowed(event);
    }
    let threads = event.threads.iter().filter(|thread| !is_loose(thread)).cloned().collect();
    Cow::Owned(Event { threads, ..event.clone() })
}

fn unopened(id: RequestId) -> Arc<Request> {
    Arc::new(Request::unopened(id))
}

/// Whether the mail server marked it as spam: it opens nothing.
fn is_spam(event: &Event) -> bool {
    event.refs.get("mail").is_some_and(|mail| mail["spam"] == true)
}

/// That somebody took or put off a request's alerts, if the event says that.
fn act(request: RequestId, event: &Event) -> Option<Act> {
    let until = match event.fact {
        Fact::Ack { until } => until,
        Fact::Snooze { until } => Some(until),
        _ => return None,
    };
    let who = event.author.as_ref().and_then(|author| author.name.clone().or_else(|| author.address.clone()));
    Some(Act {
        request,
        act: event.fact.type_name(),
        who,
        at: event.at,
        until,
        source: event.id.source.clone(),
        proof: event.proof.clone(),
    })
}

/// Effects without what people wrote.
fn without_words(effects: &[Effect]) -> Vec<Effect> {
    let mut effects = effects.to_vec();
    for effect in &mut effects {
        match effect {
            Effect::SplitOff { subject, .. } => *subject = None,
            Effect::Violation(violation) => violation.finding.let_words_go(),
            _ => {}
        }
    }
    effects
}
