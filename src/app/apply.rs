//! Events and ticks: find the request, let the engine judge, write everything that follows.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use super::plan::Ended;
use super::{App, CLOCK_SKEW, Care, Hold, Transaction, WriteError};
use crate::both;
use crate::engine::address;
use crate::engine::check;
use crate::engine::clock::Clock;
use crate::engine::effect::{Effect, Outcome, PUSH_BACK, Wake, WakeReason};
use crate::engine::event::{Direction, Event, EventId, Fact, is_loose};
use crate::engine::request::{Request, RequestId};
use crate::engine::{self, Input};
use crate::intake::email::by_client;
use crate::store::StoreError;
use crate::store::journal::Entry;
use crate::text::alert::{Content, News, NewsKind};
use crate::text::violation;
use crate::text::{Both, Language};

/// The source of what people do at plazo's own interface.
pub const DOOR: &str = "action";
/// The source of what they do by the links of alerts.
pub const LINK_DOOR: &str = "link";
/// The source of what they do by answering the mail of an alert.
pub const REPLY_DOOR: &str = "reply";
/// Events that one transaction applies at most.
const MOST_AT_ONCE: usize = 64;
/// Requests that one sender of mail opens in an hour; what he writes beyond goes to the last of them.
const MOST_OPENED_AN_HOUR: usize = 30;
/// So few alerts are leased with their decision; more go the ordinary way, in larger groups.
const MOST_EXPRESS: usize = 8;

/// An event on its way in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The event.
    pub event: Event,
    /// The request that it names, if it names one; else its threads find it.
    pub request: Option<RequestId>,
    /// The event as JSON, for the journal.
    body: String,
}

impl Incoming {
    /// An event whose request is found by its threads, or opened.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON, which its types rule out.
    pub fn new(event: Event, request: Option<RequestId>) -> Result<Self, StoreError> {
        let body = serde_json::to_string(&event)?;
        Ok(Self { event, request, body })
    }

    /// The event as JSON.
    pub(super) fn body(&self) -> &str {
        &self.body
    }
}

/// Why an event was not taken. The caller can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: Both,
}

/// Whether the mail server marked it as spam: it opens nothing.
fn is_spam(event: &Event) -> bool {
    event.refs.get("mail").is_some_and(|mail| mail["spam"] == true)
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It is in the journal, and this is what it caused.
    Accepted {
        /// Its request.
        request: RequestId,
        /// What it caused.
        effects: Vec<Effect>,
    },
    /// It was known already (LESSONS 25).
    Duplicate {
        /// Its request.
        request: RequestId,
    },
    /// It came from a program and belongs to no request: nothing is to be done about it.
    Unfiled,
    /// It was not taken.
    Rejected(Rejection),
}

impl App {
    /// Applies events in the order given, in steps between which others write; durable once answered. What was applied before a failure
    /// stays, and is known when it is sent again.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn submit(&self, incoming: Vec<Incoming>) -> Result<Vec<Applied>, WriteError> {
        let mut applied = Vec::with_capacity(incoming.len());
        let mut incoming = incoming.into_iter().peekable();
        while incoming.peek().is_some() {
            let some: Vec<Incoming> = incoming.by_ref().take(MOST_AT_ONCE).collect();
            let results = self
                .writer
                .write(move |tx| some.iter().map(|incoming| tx.take(incoming)).collect::<Result<Vec<_>, _>>());
            applied.extend(results.await?);
        }
        Ok(applied)
    }

    /// Looks at requests whose wake has come. Returns how many alerts were decided.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn tick(&self, requests: Vec<RequestId>) -> Result<usize, WriteError> {
        self.writer
            .write(move |tx| {
                let n_decided = tx.tick(&requests)?;
                if (1..=MOST_EXPRESS).contains(&n_decided) {
                    let leases = tx.lease(MOST_EXPRESS, &[])?;
                    tx.express.extend(leases.leased);
                }
                Ok(n_decided)
            })
            .await
    }
}

impl Transaction<'_> {
    /// Takes one event. One that fails is put aside with its cause; the rest goes on.
    pub(super) fn take(&mut self, incoming: &Incoming) -> Result<Applied, StoreError> {
        match self.isolated(|tx| tx.apply(incoming)) {
            Err(error) if !error.is_unavailable() && self.care == Care::Savepoints => {
                let id = &incoming.event.id;
                tracing::error!(event = %id, error = %error, "event put aside: it could not be applied");
                self.tell_of_quarantine()?;
                self.store.quarantine(id, self.now, &incoming.body, &error.to_string())?;
                let detail = both!(
                    "plazo could not apply this event; it is kept aside for its operator",
                    "plazo no pudo aplicar este evento; queda aparte para quien lo opera"
                );
                Ok(Applied::Rejected(Rejection { code: "quarantined", detail }))
            }
            result => result,
        }
    }

    /// Tells the operator, once an hour at most, that events are put aside.
    pub(super) fn tell_of_quarantine(&mut self) -> Result<(), StoreError> {
        let Some(operator) = self.config.operator.clone() else { return Ok(()) };
        if 0 < self.store.count_quarantined(self.now - TimeDelta::hours(1))? {
            return Ok(());
        }
        let (subject, text) = self.config.language_of(&operator).of(Both {
            en: ("an event was put aside", "An event could not be applied and was put aside, in the table `quarantine` of the store. The log says which, and why."),
            es: ("un evento quedó aparte", "Un evento no se pudo aplicar y quedó aparte, en la tabla `quarantine` de la base de datos. El registro dice cuál y por qué."),
        });
        let notice = Content::Notice { subject: subject.to_owned(), text: text.to_owned() };
        self.announce(&notice, &operator).map(|_| ())
    }

    pub(super) fn apply(&mut self, incoming: &Incoming) -> Result<Applied, StoreError> {
        let mut incoming = std::borrow::Cow::Borrowed(incoming);
        if let Some(request) = self.store.known_event(&incoming.event.id)? {
            let Some(other) = self.another_mail(&incoming.event, request)? else {
                return Ok(Applied::Duplicate { request });
            };
            if let Some(request) = self.store.known_event(&other.id)? {
                return Ok(Applied::Duplicate { request });
            }
            incoming = std::borrow::Cow::Owned(Incoming::new(other, incoming.request)?);
        }
        let named = self.returned_mail(&incoming.event)?;
        if let Some(named) = named {
            incoming = std::borrow::Cow::Owned(named);
        }
        let event = &incoming.event;
        if let Some(rejection) = self.implausible(event.at) {
            return Ok(Applied::Rejected(rejection));
        }
        let mut found = match self.find(&incoming)? {
            Ok(found) => found,
            Err(rejection) => return Ok(Applied::Rejected(rejection)),
        };
        if found.is_none()
            && let Some(off_thread) = self.off_thread(&incoming)?
        {
            found = off_thread.request.map_or(Ok(None), |id| self.store.request(id))?;
            incoming = std::borrow::Cow::Owned(off_thread);
        }
        let event = &incoming.event;
        let (mut before, is_new) = match found {
            Some(request) => (request, false),
            // An automatic answer to nothing that is known asks for nothing (LESSONS 19).
            None if event.is_automatic() || is_spam(event) => return Ok(Applied::Unfiled),
            None if let Some(last) = self.flooded(event)? => (last, false),
            None => {
                self.last_request += 1;
                (Request::unopened(RequestId(self.last_request)), true)
            }
        };
        let id = before.id;
        if matches!(event.fact, Fact::Close { .. }) && before.ticket.is_none() {
            before.ticket = self.own_ticket(id)?;
        }
        if let Some(rejection) = self.refusal(&before, event) {
            return Ok(Applied::Rejected(rejection));
        }
        let in_order = before.last_event_at <= event.at && !event.takes_back();
        let mut outcome = if in_order {
            engine::advance(&before, &self.config.rulebook, Input::Event(event), self.now)
        } else {
            self.reorder(&before, event)?
        };
        if is_new {
            let violation = self.same_contact(&outcome.request, event)?;
            outcome.effects.extend(violation.map(Effect::Violation));
        }
        self.store.append(&Entry {
            request: id,
            at: event.at,
            received_at: self.now,
            id: Some(&event.id),
            type_name: event.fact.type_name(),
            body: Some(&incoming.body),
            effects: &outcome.effects,
        })?;
        if event.is_believed() {
            self.record_act(id, event)?;
            self.confirm_reply(id, event)?;
        }
        let channel = outcome.request.facets.channel.clone();
        for thread in &event.threads {
            if is_loose(thread) {
                // Else whoever writes as a colleague would draw a client's next message to a request of his choice.
                if event.is_believed() {
                    self.store.move_thread(&channel, thread, id)?;
                }
            } else if is_new && self.leads_to_unreadable(&channel, thread)? {
                self.store.move_thread(&channel, thread, id)?;
            } else {
                self.store.link_thread(&channel, thread, id)?;
            }
        }
        if !in_order {
            self.store.remove_clocks(id)?;
        }
        self.keep(&outcome, is_new)?;
        self.tell_what_became(&outcome, Some(event))?;
        self.follow(&mut outcome, Some(event))?;
        // Also where a known request is now known by a further name.
        if !event.threads.is_empty() {
            for early in self.store.unpark(&channel, &event.threads)? {
                self.apply(&Incoming::new(early, Some(id))?)?;
            }
        }
        Ok(Applied::Accepted { request: id, effects: outcome.effects })
    }

    /// The request of an event: the one it names, or one of whose threads it belongs to. `None` opens a new one.
    fn find(&self, incoming: &Incoming) -> Result<Result<Option<Request>, Rejection>, StoreError> {
        let event = &incoming.event;
        if let Some(id) = incoming.request {
            let request = self.store.request(id)?;
            if request.is_none() && self.store.unreadable().of(id).is_some() {
                return Err(StoreError::Unreadable(id));
            }
            let unknown = || Rejection {
                code: "unknown_request",
                detail: both!("there is no request {id}", "no hay una solicitud {id}"),
            };
            return Ok(request.map(Some).ok_or_else(unknown));
        }
        let channel = event.about.channel.as_deref().unwrap_or_default();
        if let Some(request) = self.by_threads(event, channel)? {
            return Ok(Ok(Some(request)));
        }
        if !event.starts_request() {
            let type_name = event.fact.type_name();
            let detail = both!(
                "`{type_name}` needs a request: give its `thread`, or its id as `request`; only `message` and `open` start one",
                "`{type_name}` necesita una solicitud: indique su `thread`, o su número como `request`; solo `message` y `open` empiezan una"
            );
            return Ok(Err(Rejection { code: "unknown_request", detail }));
        }
        if channel.is_empty() {
            let detail = both!(
                "`channel` is missing: whatsapp, email, slack, phone, …",
                "falta `channel`: whatsapp, email, slack, phone, …"
            );
            return Ok(Err(Rejection { code: "missing_field", detail }));
        }
        Ok(Ok(None))
    }

    /// The request to which a mail goes whose writer has opened as many in the last hour as a person does: he waits, and no further ladder
    /// begins for each of a thousand mails.
    fn flooded(&self, event: &Event) -> Result<Option<Request>, StoreError> {
        if event.about.channel.as_deref() != Some("email")
            || !matches!(event.fact, Fact::Message { direction: Direction::In, .. })
        {
            return Ok(None);
        }
        let Some(address) = event.author.as_ref().and_then(|author| author.address.as_deref()) else { return Ok(None) };
        let since = self.now - TimeDelta::hours(1);
        let open = self.store.opened_by_contact(&address::canonical(address), "email", since)?;
        match open.first() {
            Some(last) if MOST_OPENED_AN_HOUR <= open.len() => {
                tracing::warn!(request = %last, "one sender opens very many requests; further mail goes to the last of them");
                self.store.request(*last)
            }
            _ => Ok(None),
        }
    }

    /// Whether a conversation's request cannot be read: its next message opened another one, to which it belongs from now on.
    fn leads_to_unreadable(&self, channel: &str, thread: &str) -> Result<bool, StoreError> {
        let known = self.store.request_by_thread(channel, thread)?;
        known.map_or(Ok(false), |known| Ok(self.store.request(known)?.is_none()))
    }

    /// A mail that came back of which only the reader is known, by the only mail of the house that went there; nothing else tells
    /// which it was. One whose mail is known belongs to that mail's request.
    fn returned_mail(&self, event: &Event) -> Result<Option<Incoming>, StoreError> {
        let Fact::Undelivered { of, failed } = &event.fact else { return Ok(None) };
        if !of.is_empty() {
            let id = EventId { source: event.id.source.clone(), id: of.clone() };
            let known = self.store.known_event(&id)?;
            return known.map(|request| Incoming::new(event.clone(), Some(request))).transpose();
        }
        let channel = event.about.channel.as_deref().unwrap_or_default();
        let mut found = Vec::new();
        for address in failed {
            let Some(request) = self.store.request_by_thread(channel, &by_client(address))? else { continue };
            let is_to = |sent: &Event| sent.recipients.iter().any(|recipient| address::is_same(recipient, address));
            let sent = self.store.events(request)?.into_iter().filter(|sent| {
                matches!(sent.fact, Fact::Message { direction: Direction::Out, .. })
                    && is_to(sent)
                    && sent.at <= event.at
            });
            found.extend(sent.map(|sent| (request, sent.id.id)));
        }
        let [(request, of)] = &found[..] else { return Ok(None) };
        let fact = Fact::Undelivered { of: of.clone(), failed: failed.clone() };
        Incoming::new(Event { fact, ..event.clone() }, Some(*request)).map(Some)
    }

    /// The number of a ticket that plazo opened for the request elsewhere (C4, C8).
    fn own_ticket(&self, id: RequestId) -> Result<Option<String>, StoreError> {
        let destinations = &self.config.destinations;
        let keeps_tickets = |name: &str| destinations.get(name).is_some_and(|own| own.settings.can().keeps_tickets);
        if !destinations.keys().any(|name| keeps_tickets(name)) {
            return Ok(None);
        }
        let references = self.store.references(id)?;
        Ok(references.into_iter().find(|(name, _)| keeps_tickets(name)).map(|(_, number)| number))
    }

    /// Why plazo's own doors do not let that happen (C4, C5, C6, D4). What another system did is a fact, and a violation.
    fn refusal(&self, before: &Request, event: &Event) -> Option<Rejection> {
        if event.id.source != DOOR {
            return None;
        }
        let violations = check::judge(before, event, &self.config.rulebook);
        let refused: Vec<_> = violations.iter().filter(|violation| violation.check.is_refused()).collect();
        let told = |language| {
            let told: Vec<_> = refused.iter().map(|violation| violation::sentences(violation, language)).collect();
            told.join("\n")
        };
        let detail = || Both { en: told(Language::En), es: told(Language::Es) };
        (!refused.is_empty()).then(|| Rejection { code: "refused", detail: detail() })
    }

    fn implausible(&self, at: DateTime<Utc>) -> Option<Rejection> {
        let earliest = Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).single()?;
        let now = self.now;
        if now + CLOCK_SKEW < at {
            let detail = both!(
                "`at` ({at}) lies in the future; here it is {now}",
                "`at` ({at}) está en el futuro; aquí es {now}"
            );
            return Some(Rejection { code: "at_in_future", detail });
        }
        let detail = both!("`at` ({at}) lies before the year 2000", "`at` ({at}) es anterior al año 2000");
        (at < earliest).then_some(Rejection { code: "at_too_old", detail })
    }

    fn reorder(&self, before: &Request, late: &Event) -> Result<Outcome, StoreError> {
        let mut events = self.store.events(before.id)?;
        let place = events.partition_point(|event| event.at <= late.at);
        events.insert(place, late.clone());
        let told = self.store.clocks(before.id)?;
        Ok(engine::reorder(before, &told, &events, late, &self.config.rulebook, self.now))
    }

    fn record_act(&self, id: RequestId, event: &Event) -> Result<(), StoreError> {
        let until = match event.fact {
            Fact::Ack => None,
            Fact::Snooze { until } => Some(until),
            _ => return Ok(()),
        };
        let who = event.author.as_ref().and_then(|author| author.name.as_deref().or(author.address.as_deref()));
        self.store.record_act(id, event.fact.type_name(), who, event.at, until, (&event.id.source, &event.proof))
    }

    /// Looks at requests whose wake has come. One that fails is pushed back, so that it cannot starve the rest.
    fn tick(&mut self, requests: &[RequestId]) -> Result<usize, StoreError> {
        let before = self.n_decided;
        for &id in requests {
            match self.isolated(|tx| tx.move_one(id, Input::Tick, "tick")) {
                Ok(_) => {}
                Err(error) if error.is_unavailable() || self.care == Care::None => return Err(error),
                Err(error) => {
                    tracing::error!(request = %id, error = %error, "request pushed back: it could not be looked at");
                    self.wakes.push((id, Some(Wake { at: self.now + PUSH_BACK, why: WakeReason::Warning })));
                }
            }
        }
        Ok(self.n_decided - before)
    }

    /// Plans requests by the configuration in force, and returns the clocks that it ends. With `tell`, what is due by it is told at once, held back as that says.
    pub(super) fn replan(&mut self, requests: &[RequestId], tell: Option<Hold>) -> Result<Vec<Ended>, StoreError> {
        let mut ended = Vec::new();
        for &id in requests {
            let planned = self.isolated(|tx| {
                let effects = tx.move_one(id, Input::Replan, "replan")?;
                if let Some(hold) = tell {
                    tx.hold = hold;
                    let told = tx.move_one(id, Input::Tick, "tick");
                    tx.hold = Hold::WhatIsLate;
                    told?;
                }
                Ok(effects)
            });
            match planned {
                Err(error) if error.is_unavailable() || self.care == Care::None => return Err(error),
                Err(error) => tracing::error!(request = %id, error = %error, "request not planned anew"),
                Ok(effects) => ended.extend(effects.iter().filter_map(|effect| Ended::of(id, effect))),
            }
        }
        Ok(ended)
    }

    /// Moves a request by time or by the file. Returns what that caused.
    fn move_one(&mut self, id: RequestId, input: Input<'_>, type_name: &str) -> Result<Vec<Effect>, StoreError> {
        let Some(before) = self.store.request(id)? else {
            self.wakes.push((id, None));
            return Ok(Vec::new());
        };
        let mut outcome = engine::advance(&before, &self.config.rulebook, input, self.now);
        if matches!(input, Input::Tick) {
            outcome.put_off_idle_wake(self.now);
        }
        if !outcome.effects.is_empty() {
            self.store.append(&Entry {
                request: id,
                at: self.now,
                received_at: self.now,
                id: None,
                type_name,
                body: None,
                effects: &outcome.effects,
            })?;
        }
        self.keep(&outcome, false)?;
        self.tell_what_became(&outcome, None)?;
        self.follow(&mut outcome, None)?;
        Ok(outcome.effects)
    }

    /// Tells whoever was told of a clock that somebody took it, or that it is over.
    fn tell_what_became(&mut self, outcome: &Outcome, event: Option<&Event>) -> Result<(), StoreError> {
        if self.config.lanes.threaded.is_empty() {
            return Ok(());
        }
        let who = event.and_then(|event| event.author.as_ref()).map(|author| {
            let known = self.config.rulebook.directory.person_of(author).map(|person| person.name.clone());
            known.or_else(|| author.name.clone()).or_else(|| author.address.clone()).unwrap_or_default()
        });
        let who = who.filter(|who| !who.is_empty());
        let request = outcome.request.id;
        for effect in &outcome.effects {
            let (clock, what, at) = match effect {
                Effect::Met { clock, at } => (clock, NewsKind::Met, *at),
                Effect::MetLate { clock, at, .. } => (clock, NewsKind::MetLate, *at),
                Effect::Cancelled { clock, .. } => (clock, NewsKind::Over, event.map_or(self.now, |event| event.at)),
                _ => continue,
            };
            self.tell_news(request, *clock, &News { what, who: who.clone(), at })?;
        }
        let is_ignored = outcome.effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
        if let Some(event) = event.filter(|event| event.fact == Fact::Ack && !is_ignored) {
            let taken: Vec<_> =
                outcome.request.clocks.iter().filter(|clock| clock.is_live()).map(Clock::name).collect();
            for clock in taken {
                self.tell_news(request, clock, &News { what: NewsKind::Taken, who: who.clone(), at: event.at })?;
            }
        }
        Ok(())
    }

    /// Writes an outcome: request, clocks, wake and alerts.
    fn keep(&mut self, outcome: &Outcome, is_new: bool) -> Result<(), StoreError> {
        let id = outcome.request.id;
        self.store.put_request(&outcome.request, outcome.wake, is_new)?;
        self.store.put_clocks(id, &outcome.clocks)?;
        for effect in &outcome.effects {
            if let Effect::Alert(alert) = effect {
                self.decide(&outcome.request, alert)?;
            }
        }
        self.wakes.push((id, outcome.wake));
        Ok(())
    }
}
