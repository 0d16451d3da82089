//! What cases are made of: a store, a time of its own, and what was seen.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use plazo_core::engine::clock::{Clock, ClockState};
use plazo_core::engine::effect::{ClockRef, Effect, Wake, WakeReason, Why};
use plazo_core::engine::event::{Event, EventId};
use plazo_core::engine::policy::TargetKind;
use plazo_core::engine::request::{Phase, Request};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::message::{NewAlert, NewDelivery, StepRef};
use plazo_core::outbox::{Content, Lanes, Motive};
use plazo_core::unit::changes::{Changes, JournalEntry, RequestUpdate, ThreadName};
use plazo_core::unit::{Known, Saved};
use plazo_store::{Store, Writing};
use serde_json::json;

/// A store and what a case was shown of it.
pub struct World<'s> {
    pub store: &'s Store,
    shown: RefCell<String>,
}

impl<'s> World<'s> {
    pub fn new(store: &'s Store) -> Self {
        Self { store, shown: RefCell::default() }
    }

    /// All that was seen.
    pub fn shown(&self) -> String {
        self.shown.borrow().clone()
    }

    /// Writes down what was seen.
    pub fn sees(&self, what: &str, value: &impl Debug) {
        writeln!(self.shown.borrow_mut(), "{what}: {value:#?}").expect("text");
    }

    /// One transaction.
    pub fn write<T>(&self, work: impl FnOnce(Writing<'s>) -> T) -> T {
        let open = self.store.begin().expect("begun");
        let done = work(open.writing());
        open.commit().expect("committed");
        done
    }

    /// Saves changes in a transaction of their own.
    pub fn save(&self, changes: &Changes) -> Saved {
        self.write(|store| store.save(changes, at(0)).expect("saved"))
    }

    /// Saves a request that is new, with its wake and its clocks.
    pub fn open(&self, request: Request) -> Arc<Request> {
        let request = Arc::new(request);
        let update = RequestUpdate {
            request: Arc::clone(&request),
            wake: request.due_at().map(|at| Wake { at, why: WakeReason::Breach }),
            clocks: request.clocks.clone(),
            is_new: true,
            replaces_clocks: false,
        };
        self.save(&Changes { request: Some(update), ..Changes::default() });
        request
    }

    /// Saves a request that moved, as decisions do: read, then written, in one transaction.
    pub fn moves(&self, id: i64, how: impl FnOnce(&mut Request)) {
        self.write(|store| {
            let mut request = store.request(RequestId(id)).expect("read").expect("it is there");
            how(&mut request);
            store.save(&moved(request), at(0)).expect("saved");
        });
    }

    /// What the store answers to what is asked.
    pub fn known(&self, asks: Vec<plazo_core::unit::Ask>) -> Known {
        let mut known = Known::after(0);
        self.store.load(asks, &mut known, at(0)).expect("answered");
        known
    }
}

/// A request that is known, as it is to be kept.
pub fn moved(request: Request) -> Changes {
    let wake = request.due_at().map(|at| Wake { at, why: WakeReason::Warning });
    let clocks = request.clocks.clone();
    let update = RequestUpdate { request: Arc::new(request), wake, clocks, is_new: false, replaces_clocks: false };
    Changes { request: Some(update), ..Changes::default() }
}

/// A minute of the day on which it all happens.
pub fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 14, 0, 0).single().expect("an instant") + TimeDelta::minutes(minute)
}

/// An open request of a channel, due so many minutes later.
pub fn request(id: i64, channel: &str, due: Option<i64>) -> Request {
    let mut request = Request::unopened(RequestId(id));
    request.phase = Phase::Open;
    channel.clone_into(&mut request.facets.channel);
    request.opened_at = at(id);
    request.last_event_at = at(id);
    request.clocks = vec![clock(TargetKind::Reply, 1, due)];
    request
}

/// A clock that runs.
pub fn clock(kind: TargetKind, cycle: u32, due: Option<i64>) -> Clock {
    Clock {
        kind,
        cycle,
        state: if due.is_some() { ClockState::Running } else { ClockState::Paused },
        started_at: at(0),
        due_at: due.map(at),
        breached_at: None,
        stopped_at: None,
        cancelled_because: None,
        early: false,
        acked_at: None,
        acked_until: None,
        policy: "usual".to_owned(),
        revision: 1,
        settled: Vec::new(),
        recounted_from: None,
        settles_at: None,
        closed: Vec::new(),
    }
}

/// An event as JSON has it.
pub fn event(json: &serde_json::Value) -> Event {
    serde_json::from_value(json.clone()).expect("an event")
}

/// An entry of the journal with an event, or without one.
pub fn entry(request: i64, minute: i64, event: Option<&Event>, effects: Vec<Effect>) -> JournalEntry {
    JournalEntry {
        request: RequestId(request),
        at: at(minute),
        id: event.map(|event| event.id.clone()),
        type_name: if event.is_some() { "message" } else { "tick" },
        body: event.map(|event| serde_json::to_string(event).expect("JSON").into()),
        effects,
    }
}

/// A message of a client.
pub fn message(source: &str, id: &str, minute: i64, address: &str) -> Event {
    event(&json!({
        "source": source, "id": id, "at": at(minute), "type": "message", "direction": "in", "channel": "whatsapp", "threads": [format!("t-{id}")],
        "author": {"kind": "customer", "address": address, "name": format!("Señora {address}")},
    }))
}

/// The name of an event.
pub fn name(source: &str, id: &str) -> EventId {
    EventId { source: source.to_owned(), id: id.to_owned() }
}

/// A name of a conversation.
pub fn thread(channel: &str, thread: &str, request: i64, moves: bool) -> ThreadName {
    ThreadName { channel: channel.to_owned(), thread: thread.to_owned(), request: RequestId(request), moves }
}

/// A step of a request's first promise, told to these.
pub fn step(request: i64, step: &str, minute: i64, deliveries: Vec<NewDelivery>) -> NewAlert {
    let facts = serde_json::from_value(json!({
        "request": request, "target": "reply", "cycle": 1, "why": "warning", "step": step, "policy": "usual", "channel": "whatsapp",
        "subject": "ñandú \u{1f600}", "started_at": at(0), "due_at": at(30), "planned_at": at(minute), "decided_at": at(minute),
        "calendar": "office",
    }));
    NewAlert {
        step: Some(StepRef {
            request: RequestId(request),
            clock: ClockRef { kind: TargetKind::Reply, cycle: 1 },
            step: step.to_owned(),
        }),
        motive: Motive::Promise(Why::Warning),
        planned_at: at(minute),
        decided_at: at(minute),
        content: Content::Alert(Box::new(facts.expect("facts"))),
        deliveries,
    }
}

/// To somebody, by a destination.
pub fn to(person: Option<&str>, destination: &str) -> NewDelivery {
    NewDelivery { person: person.map(str::to_owned), destination: destination.to_owned(), ..NewDelivery::default() }
}

/// Room for any number.
pub fn lanes() -> Lanes {
    Lanes { usual: 100, ..Lanes::default() }
}
