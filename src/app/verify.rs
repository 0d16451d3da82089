//! `plazo verify`: every request is derived anew from what happened to it and compared with what is stored; and what must hold between the
//! tables is looked at. What can be rebuilt is mended where that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::both;
use crate::config::Config;
use crate::engine::clock::{Clock, ClockState};
use crate::engine::effect::Wake;
use crate::engine::event::{Event, is_loose};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::{self, Input};
use crate::store::verify::Loose;
use crate::store::{Store, StoreError, Writing};
use crate::text::{Both, Language, vocabulary};
use crate::unit::changes::ThreadName;

/// Requests that are looked at between two looks at who waits.
const STEP: u32 = 256;
/// What SQLite finds wrong that is told.
const MOST_DAMAGES: u32 = 20;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// A word for programs.
    pub what: &'static str,
    /// The request, where it is about one.
    pub request: Option<RequestId>,
    /// In words.
    pub told: Both,
    /// Whether it was set right.
    pub mended: bool,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Requests that were looked at.
    pub n_requests: usize,
    /// Of these, those that were derived anew and compared.
    pub n_derived: usize,
    /// Those that were not: another file of promises held then, or part of them was let go.
    pub n_past: usize,
    /// What differs.
    pub deviations: Vec<Deviation>,
}

/// Looks at everything. With `mend`, what can be rebuilt is set right in that transaction. `progress` is told how many requests were looked
/// at.
///
/// # Errors
///
/// [`StoreError`] if the store cannot be read at all.
pub fn verify(
    store: &Store,
    config: &Config,
    now: DateTime<Utc>,
    mend: Option<Writing<'_>>,
    mut progress: impl FnMut(usize),
) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    for damage in store.damages(MOST_DAMAGES)? {
        let told = both!("SQLite: {damage}", "SQLite: {damage}");
        verified.deviations.push(Deviation { what: "damaged", request: None, told, mended: false });
    }
    look_at_objects(store, mend, &mut verified)?;
    let mut last = RequestId(0);
    loop {
        let some = store.requests_after(last, STEP)?;
        let Some(end) = some.last().copied() else { break };
        last = end;
        for id in some {
            verified.n_requests += 1;
            let Some(request) = store.request(id)? else {
                let told = both!("{id} cannot be read", "{id} no se puede leer");
                verified.deviations.push(Deviation { what: "unreadable", request: Some(id), told, mended: false });
                continue;
            };
            look_at(store, &request, config, now, mend, &mut verified)?;
        }
        progress(verified.n_requests);
    }
    // Last: what was mended above may have moved counts and wakes.
    for loose in Loose::ALL {
        let found = store.loose(loose)?;
        let mended = match mend {
            Some(writing) if !found.is_empty() => writing.mend_loose(loose)?,
            _ => false,
        };
        verified.deviations.extend(found.into_iter().map(|(request, name)| {
            let (what, told) = loose_in_words(loose, request, &name);
            Deviation { what, request: Some(request).filter(|id| 0 < id.0), told, mended }
        }));
    }
    Ok(verified)
}

/// Looks at what the tables need besides themselves. A count may be wrong since a trigger is missing: it is set right afterwards.
fn look_at_objects(store: &Store, mend: Option<Writing<'_>>, verified: &mut Verified) -> Result<(), StoreError> {
    for lost in store.lost_objects()? {
        let mended = match mend {
            Some(writing) => writing.rebuild(&lost)?,
            None => false,
        };
        let name = &lost.name;
        let told = match lost.kind.as_str() {
            "table" => both!("the table {name} is missing", "falta la tabla {name}"),
            "trigger" => both!("the trigger {name} is missing, or another one", "el disparador {name} falta o es otro"),
            _ => both!("the index {name} is missing, or another one", "el índice {name} falta o es otro"),
        };
        let what = if lost.can_be_rebuilt() { "index" } else { "table" };
        verified.deviations.push(Deviation { what, request: None, told, mended });
    }
    Ok(())
}

fn loose_in_words(loose: Loose, id: RequestId, name: &str) -> (&'static str, Both) {
    match loose {
        Loose::Wake => (
            "wake",
            both!("{id} is to be looked at, and is not open", "{id} tiene una cita pendiente, y no está abierta"),
        ),
        Loose::Thread => (
            "thread",
            both!(
                "a conversation of {name} leads to {id}, which is not there",
                "una conversación de {name} lleva a {id}, que no existe"
            ),
        ),
        Loose::Clock => (
            "clock",
            both!(
                "a clock ({name}) belongs to {id}, which is not there",
                "un reloj ({name}) es de {id}, que no existe"
            ),
        ),
        Loose::ClockColumns => (
            "ended_clock",
            both!(
                "a clock ({name}) of {id} is listed otherwise than it ended",
                "un reloj ({name}) de {id} figura de otra forma que como terminó"
            ),
        ),
        Loose::Violation => (
            "violation",
            both!(
                "a broken rule ({name}) belongs to {id}, which is not there",
                "un incumplimiento ({name}) es de {id}, que no existe"
            ),
        ),
        Loose::Happening => (
            "journal",
            both!("a `{name}` happened to {id}, which is not there", "un `{name}` le pasó a {id}, que no existe"),
        ),
        Loose::Message => (
            "alert",
            both!(
                "a message ({name}) is about {id}, which is not there",
                "un aviso ({name}) es de {id}, que no existe"
            ),
        ),
        Loose::Act => (
            "act",
            both!("somebody did `{name}` to {id}, which is not there", "alguien hizo `{name}` en {id}, que no existe"),
        ),
        Loose::Block => (
            "block",
            both!(
                "{id} waits for {name}, and one of them is not there",
                "{id} espera a {name}, y una de las dos no existe"
            ),
        ),
        Loose::Delivery => ("delivery", both!("delivery {name} has no message", "el envío {name} no tiene mensaje")),
        Loose::Gathered => (
            "gathered",
            both!("delivery {name} went out with one that is not there", "el envío {name} salió con uno que no existe"),
        ),
        Loose::Count => ("count", both!("the count of {name} is wrong", "la cuenta de {name} no cuadra")),
    }
}

/// Looks at one request: its columns, clocks and wake, and what its events give.
fn look_at(
    store: &Store,
    request: &Request,
    config: &Config,
    now: DateTime<Utc>,
    mend: Option<Writing<'_>>,
    verified: &mut Verified,
) -> Result<(), StoreError> {
    let id = request.id;
    let mut found: Vec<(&'static str, Both)> = Vec::new();
    if !store.columns_agree(request)? {
        found.push((
            "columns",
            both!("{id} is listed otherwise than it stands", "{id} figura en los listados de otra forma que como está"),
        ));
    }
    if !store.clocks_agree(request)? {
        found.push((
            "clocks",
            both!(
                "the clocks of {id} are not kept as it has them",
                "los relojes de {id} no están guardados como los tiene"
            ),
        ));
    }
    let wake = wake_of(request, config, now);
    let stored = store.wake_of(id)?;
    if is_late(stored, wake) {
        found.push(("wake", both!("{id} would be looked at too late", "{id} se miraría demasiado tarde")));
    }
    if !found.is_empty()
        && let Some(writing) = mend
    {
        writing.mend_request(request, wake)?;
    }
    let mended = mend.is_some();
    verified.deviations.extend(found.into_iter().map(|(what, told)| Deviation {
        what,
        request: Some(id),
        told,
        mended,
    }));
    let clocks = store.clocks(id)?;
    let is_of_today = clocks.iter().all(|clock| clock.revision == config.rulebook.revision);
    let events = store.events(id)?;
    let is_let_go = store.let_go_of(id)? != 0;
    let n_unreadable = store.n_events(id)?.saturating_sub(events.len());
    if let Some(told) = lacks_events(id, &events, n_unreadable).filter(|_| !is_let_go) {
        verified.deviations.push(Deviation { what: "journal", request: Some(id), told, mended: false });
        verified.n_past += 1;
        return Ok(());
    }
    if !is_of_today || is_let_go {
        verified.n_past += 1;
        return Ok(());
    }
    look_at_threads(store, request, &events, mend, verified)?;
    verified.n_derived += 1;
    // What time brought stays, also where the machine's clock was set back after that.
    let now = store.last_noted(id)?.map_or(now, |noted| now.max(noted));
    let Some(last) = events.last() else { return Ok(()) };
    let outcome = engine::reorder(request, &[], &events, last, &config.rulebook, now);
    let looked_at = engine::advance(request, &config.rulebook, Input::Tick, now);
    if let Some(Both { en, es }) = stands_otherwise(&looked_at.request, &outcome.request) {
        let told = both!("{id} {en}", "{id} {es}");
        verified.deviations.push(Deviation { what: "derived", request: Some(id), told, mended: false });
    }
    for (kind, started_at, told) in derived_otherwise(&looked_at.clocks, &outcome.clocks, &clocks, config) {
        let [en, es] = [Language::En, Language::Es].map(|language| vocabulary::task(kind, language));
        let at = crate::text::format::instant(started_at, config.zone, config.language);
        let Both { en: told_en, es: told_es } = told;
        verified.deviations.push(Deviation {
            what: "derived",
            request: Some(id),
            told: both!("{id}: the promise to {en} of {at} {told_en}", "{id}: la promesa de {es} del {at} {told_es}"),
            mended: false,
        });
    }
    Ok(())
}

/// What is missing of what happened to a request.
fn lacks_events(id: RequestId, events: &[Event], n_unreadable: usize) -> Option<Both> {
    match n_unreadable {
        0 if events.is_empty() => Some(both!(
            "the journal has nothing of {id}: what happened to it is lost",
            "el diario no tiene nada de {id}: se perdió lo que le pasó"
        )),
        0 => None,
        1 => Some(both!("an event of {id} cannot be read", "un evento de {id} no se puede leer")),
        n => Some(both!("{n} events of {id} cannot be read", "{n} eventos de {id} no se pueden leer")),
    }
}

/// Looks for the names of its conversation, by which the next message finds it.
fn look_at_threads(
    store: &Store,
    request: &Request,
    events: &[Event],
    mend: Option<Writing<'_>>,
    verified: &mut Verified,
) -> Result<(), StoreError> {
    let channel = &request.facets.channel;
    let mut seen = BTreeSet::new();
    let threads = events.iter().flat_map(|event| &event.threads).filter(|thread| !is_loose(thread));
    for thread in threads.filter(|thread| seen.insert(thread.as_str())) {
        if store.request_by_thread(channel, thread)?.is_some() {
            continue;
        }
        let id = request.id;
        if let Some(writing) = mend {
            let (channel, thread) = (channel.clone(), thread.clone());
            writing.name_thread(&ThreadName { channel, thread, request: id, moves: false })?;
        }
        let told = both!(
            "a conversation of {channel} does not lead to {id}, whose it is",
            "una conversación de {channel} no lleva a {id}, que es la suya"
        );
        verified.deviations.push(Deviation { what: "thread", request: Some(id), told, mended: mend.is_some() });
    }
    Ok(())
}

/// When a request wants to be looked at, as it stands.
fn wake_of(request: &Request, config: &Config, now: DateTime<Utc>) -> Option<Wake> {
    if !request.phase.is_live() {
        return None;
    }
    engine::next_look(request, &config.rulebook, now)
}

/// Whether a look is missing, or comes after it is needed.
fn is_late(stored: Option<i64>, wake: Option<Wake>) -> bool {
    match (stored, wake) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(stored), Some(wake)) => wake.at.timestamp_millis() < stored,
    }
}

type Verdict = (ClockState, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// What must be the same of a clock. When one is due that stands still depends on when that ends.
fn verdict(clock: &Clock) -> Verdict {
    let due_at = clock.due_at.filter(|_| clock.state != ClockState::Paused);
    (clock.state, clock.breached_at, clock.stopped_at, due_at)
}

/// Where a request stands, or whose it is, otherwise than its events say.
fn stands_otherwise(stored: &Request, derived: &Request) -> Option<Both> {
    if stored.phase != derived.phase {
        let (is, gives) = (stored.phase.as_str(), derived.phase.as_str());
        return Some(both!(
            "is stored as {is}; its events give {gives}",
            "está guardada como {is}; sus eventos dan {gives}"
        ));
    }
    (stored.owner != derived.owner).then(|| {
        let of = |request: &Request| request.owner.clone().unwrap_or_else(|| "-".to_owned());
        let (is, gives) = (of(stored), of(derived));
        both!("is stored as {is}'s; its events give {gives}", "está guardada como de {is}; sus eventos dan {gives}")
    })
}

/// Clocks that the events give otherwise than they are stored: the kind, its start, and how.
fn derived_otherwise(
    looked_at: &[Clock],
    derived: &[Clock],
    stored: &[Clock],
    config: &Config,
) -> Vec<(TargetKind, DateTime<Utc>, Both)> {
    let by_start = |clocks: &[Clock]| {
        clocks.iter().map(|clock| ((clock.kind, clock.started_at), verdict(clock))).collect::<BTreeMap<_, _>>()
    };
    // As the next look will leave it, for what is due at this instant.
    let mut as_looked_at = by_start(stored);
    as_looked_at.append(&mut by_start(looked_at));
    let (derived, stored) = (by_start(derived), as_looked_at);
    let mut otherwise = Vec::new();
    for (name, found) in &stored {
        match derived.get(name) {
            Some(derived) if derived == found => {}
            Some(derived) if derived.0 == found.0 => {
                let at = |at: Option<DateTime<Utc>>| {
                    at.map_or_else(
                        || "-".to_owned(),
                        |at| crate::text::format::instant(at, config.zone, config.language),
                    )
                };
                let (is, gives) = if derived.3 == found.3 {
                    (found.1.or(found.2), derived.1.or(derived.2))
                } else {
                    (found.3, derived.3)
                };
                let (is, gives) = (at(is), at(gives));
                otherwise.push((
                    name.0,
                    name.1,
                    both!(
                        "is stored with {is}; its events give {gives}",
                        "está guardada con {is}; sus eventos dan {gives}"
                    ),
                ));
            }
            Some(derived) => {
                let (is, gives) = (found.0.as_str(), derived.0.as_str());
                otherwise.push((
                    name.0,
                    name.1,
                    both!(
                        "is stored as {is}; its events give {gives}",
                        "está guardada como {is}; sus eventos dan {gives}"
                    ),
                ));
            }
            None => otherwise.push((
                name.0,
                name.1,
                both!("is stored; its events give none", "está guardada; sus eventos no dan ninguna"),
            )),
        }
    }
    for name in derived.keys().filter(|name| !stored.contains_key(name)) {
        otherwise.push((
            name.0,
            name.1,
            both!("is not stored; its events give one", "no está guardada; sus eventos dan una"),
        ));
    }
    otherwise
}
