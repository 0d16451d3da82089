//! What must hold whatever happened. Read from the store's tables and from what the destinations took, not from the application.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::Path;

use crate::desk::Summary;
use crate::peer::Peers;
use crate::plan::{Plan, What};
use chrono::{DateTime, TimeZone as _, Utc};
use plazo::app::App;
use plazo::engine::absence::Absence;
use plazo::engine::clock::{Clock, ClockState};
use plazo::engine::effect::{Alert, ClockRef, Effect, Why};
use plazo::engine::event::{Event, Fact};
use plazo::engine::policy::TargetKind;
use plazo::engine::request::Request;
use plazo::engine::request_id::RequestId;
use plazo::engine::{self, Input};
use plazo::outbox::Content;
use plazo::outbox::facts::AlertFacts;
use rusqlite::{Connection, OpenFlags};

/// Something that must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub rule: &'static str,
    pub detail: String,
}

impl Failure {
    pub fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

type Verdict = Result<(), Failure>;

struct Row {
    request: RequestId,
    at: DateTime<Utc>,
    event: Option<Event>,
    type_name: String,
    effects: Vec<Effect>,
}

struct DeliveryRow {
    id: i64,
    state: String,
    in_doubt: bool,
}

/// Everything that can be seen from outside.
pub struct View<'a> {
    app: &'a App,
    plan: &'a Plan,
    peers: &'a Peers,
    answered: &'a HashSet<u32>,
    away: &'a [(i64, Absence)],
    is_over: bool,
    requests: BTreeMap<RequestId, (Request, Vec<Clock>)>,
    /// In the order in which they were written.
    journal: Vec<Row>,
    deliveries: Vec<DeliveryRow>,
    wakes: BTreeMap<RequestId, DateTime<Utc>>,
}

fn instant(milliseconds: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(milliseconds).single().expect("an instant")
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("what the store holds can be read")
}

impl<'a> View<'a> {
    pub fn read(
        directory: &Path,
        app: &'a App,
        plan: &'a Plan,
        peers: &'a Peers,
        (answered, away): (&'a HashSet<u32>, &'a [(i64, Absence)]),
        is_over: bool,
    ) -> Self {
        let file = directory.join(plazo::store::FILE);
        let store = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store opens");
        let reader = plazo::store::Store::open_reader(directory).expect("the store opens");
        let ids: Vec<i64> = rows(&store, "SELECT id FROM requests", |row| row.get(0));
        let requests: BTreeMap<RequestId, (Request, Vec<Clock>)> = ids
            .into_iter()
            .map(|id| {
                let request = reader.request(RequestId(id)).expect("the store can be read").expect("a request");
                (RequestId(id), (request, reader.clocks(RequestId(id)).expect("clocks")))
            })
            .collect();
        let n_clocks: Vec<i64> = rows(&store, "SELECT count(*) FROM clocks", |row| row.get(0));
        let n_read = requests.values().map(|(_, clocks)| clocks.len()).sum::<usize>();
        assert_eq!(n_clocks, [i64::try_from(n_read).expect("few")], "each clock belongs to a request and can be read");
        let journal = rows(
            &store,
            "SELECT request, at, received_at, json_insert(body, '$.source', source, '$.id', event), type, effects FROM journal ORDER BY seq",
            |row| {
                Ok(Row {
                    request: RequestId(row.get(0)?),
                    at: instant(row.get(1)?),
                    event: row.get::<_, Option<String>>(3)?.map(|body| parsed(&body)),
                    type_name: row.get(4)?,
                    effects: parsed(&row.get::<_, String>(5)?),
                })
            },
        );
        let deliveries = rows(&store, "SELECT id, state, in_doubt FROM deliveries ORDER BY id", |row| {
            Ok(DeliveryRow { id: row.get(0)?, state: row.get(1)?, in_doubt: row.get(2)? })
        });
        let wakes =
            rows(&store, "SELECT request, at FROM wakes", |row| Ok((RequestId(row.get(0)?), instant(row.get(1)?))));
        Self { app, plan, peers, answered, away, is_over, requests, journal, deliveries, wakes }
    }

    /// Adds what happened to a summary.
    pub fn count(&self, summary: &mut Summary) {
        let effects = || self.journal.iter().flat_map(|row| &row.effects);
        summary.events += self.journal.iter().filter(|row| row.event.is_some()).count();
        summary.alerts += effects().filter(|effect| matches!(effect, Effect::Alert(_))).count();
        summary.breaches += effects().filter(|effect| matches!(effect, Effect::Breached { .. })).count();
        summary.reordered += effects().filter(|effect| matches!(effect, Effect::Reordered)).count();
        let is_digest = |content: &Content| matches!(content, Content::Digest { .. });
        summary.digests += self.peers.taken.iter().filter(|taken| is_digest(&taken.delivery.content)).count();
        let in_state = |state: &str| self.deliveries.iter().filter(|row| row.state == state).count();
        summary.dead += in_state("dead");
        summary.handed_over += in_state("handed_over");
        for row in &self.journal {
            summary.journal += &format!("{} {} {:?}\n", row.request, row.type_name, row.effects);
        }
        let told =
            self.peers.taken.iter().map(|taken| format!("{} {}\n", taken.delivery.id, taken.delivery.destination));
        summary.journal.extend(told);
    }

    fn alerts(&self) -> impl Iterator<Item = (&Row, &Alert)> {
        self.journal.iter().flat_map(|row| {
            row.effects.iter().filter_map(move |effect| match effect {
                Effect::Alert(alert) => Some((row, alert)),
                _ => None,
            })
        })
    }
}

fn rows<T, C: FromIterator<T>>(
    store: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> C {
    let mut statement = store.prepare(sql).expect("SQL");
    let rows = statement.query_map([], read).expect("rows");
    rows.collect::<Result<C, _>>().expect("rows that can be read")
}

/// Everything that must hold.
pub fn whole(view: &View<'_>) -> Verdict {
    no_breach_unseen(view)?;
    nothing_owed_at_rest(view)?;
    the_queue_is_an_index(view)?;
    nothing_before_its_floor(view)?;
    no_step_after_an_ack(view)?;
    no_step_decided_twice(view)?;
    no_answered_event_lost(view)?;
    none_doubled_without_a_reason(view)?;
    nothing_ends_unproven(view)?;
    nobody_is_disturbed_while_away(view)?;
    if view.is_over {
        all_is_told(view)?;
        verdicts_follow_the_instants_of_events(view)?;
    }
    Ok(())
}

/// What stops a clock was done by somebody who proved it, or by whoever needs no proof; nobody else is even blamed.
fn nothing_ends_unproven(view: &View<'_>) -> Verdict {
    for (id, (_, clocks)) in &view.requests {
        for clock in clocks.iter().filter(|clock| matches!(clock.state, ClockState::Met | ClockState::MetLate)) {
            let mut believed =
                view.journal.iter().filter(|row| row.request == *id).filter_map(|row| row.event.as_ref());
            // A wait ends when whoever began it said that it would.
            let named = |event: &Event| match &event.fact {
                Fact::Wait { until, .. } => *until,
                _ => None,
            };
            let is_it = |event: &Event| [Some(event.at), named(event)].contains(&clock.stopped_at);
            if !believed.any(|event| event.is_believed() && is_it(event)) {
                let detail = format!("{id} {:?} ended at {:?}", clock.name(), clock.stopped_at);
                return Err(Failure::new("nothing ends by what nobody proved", detail));
            }
        }
    }
    for row in view.journal.iter().filter(|row| row.event.as_ref().is_some_and(|event| !event.is_believed())) {
        let is_blame = |effect: &Effect| matches!(effect, Effect::Violation(_) | Effect::Alert(_));
        if row.effects.iter().any(is_blame) {
            let detail = format!("{} at {}: {:?}", row.request, row.at, row.effects);
            return Err(Failure::new("nobody is blamed for what nobody proved", detail));
        }
    }
    Ok(())
}

/// Every promise that ran out is known to have run out, and whoever looked told somebody.
fn no_breach_unseen(view: &View<'_>) -> Verdict {
    let now = view.app.now();
    for (id, (_, clocks)) in &view.requests {
        for clock in clocks {
            if let (ClockState::Running, Some(due_at)) = (clock.state, clock.due_at)
                && due_at < now
            {
                return Err(Failure::new("no breach unseen", format!("{id} {:?} was due {due_at}", clock.name())));
            }
            if clock.breached_at.is_some() && clock.breached_at != clock.due_at {
                let detail =
                    format!("{id} {:?} is stamped {:?}, due {:?}", clock.name(), clock.breached_at, clock.due_at);
                return Err(Failure::new("a breach is stamped with its due instant", detail));
            }
        }
    }
    for row in view.journal.iter().filter(|row| row.type_name == "tick") {
        for effect in &row.effects {
            let Effect::Breached { clock, at } = effect else { continue };
            let request = &view.requests[&row.request].0;
            // At once, or before: a breach that a late event took back, and that came all the same, is not told again.
            let mut of_clock =
                view.alerts().filter(|(other, alert)| other.request == row.request && alert.clock == *clock);
            let is_told = of_clock.any(|(_, alert)| matches!(alert.why, Why::Breach | Why::Escalation));
            // Somebody took it, or put it off, though events that were heard of later may say otherwise by now.
            let of_type = |type_name| {
                view.journal.iter().any(|other| other.request == row.request && other.type_name == type_name)
            };
            let (taken, snoozed) = (of_type("ack"), of_type("snooze"));
            if !is_told && !taken && !snoozed && request.snoozed_until.is_none() {
                let detail = format!("{} {clock:?} broke at {at}, and the tick told nobody", row.request);
                return Err(Failure::new("no breach unseen", detail));
            }
        }
    }
    Ok(())
}

/// With nothing left to do at this instant, the engine finds nothing that is owed.
fn nothing_owed_at_rest(view: &View<'_>) -> Verdict {
    let now = view.app.now();
    let config = view.app.config();
    for (id, (request, _)) in &view.requests {
        let outcome = engine::advance(request, &config.rulebook, Input::Tick, now);
        if let Some(effect) = outcome.effects.first() {
            return Err(Failure::new("nothing owed at rest", format!("{id} at {now}: {effect:?}")));
        }
    }
    Ok(())
}

fn the_queue_is_an_index(view: &View<'_>) -> Verdict {
    for id in view.requests.keys() {
        let (queued, stored) = (view.app.queue().wake_of(*id), view.wakes.get(id).copied());
        if queued != stored {
            let detail = format!("{id} is queued for {queued:?}, and the store says {stored:?}");
            return Err(Failure::new("the queue is an index of the store", detail));
        }
    }
    Ok(())
}

/// A3, for every floor of a plan whose promises do not change.
fn nothing_before_its_floor(view: &View<'_>) -> Verdict {
    if 1 < view.plan.files.len() {
        return Ok(());
    }
    let config = view.app.config();
    for taken in &view.peers.taken {
        for facts in facts_of(&taken.delivery.content) {
            let Some(target) = config.rulebook.target_of(&facts.policy, facts.target) else { continue };
            let Some(floor) = target.floor else { continue };
            let floor_at = target.calendar.due_at(facts.started_at, floor).expect("open hours");
            if facts.decided_at < floor_at {
                let detail =
                    format!("{} {:?} told at {}, floor {floor_at}", facts.request, facts.target, facts.decided_at);
                return Err(Failure::new("nothing before its floor", detail));
            }
        }
    }
    Ok(())
}

fn no_step_after_an_ack(view: &View<'_>) -> Verdict {
    for (id, (_, clocks)) in &view.requests {
        // A promise that an edit added after the ack ran, derived anew, before it.
        let is_reordered =
            view.journal.iter().any(|row| row.request == *id && row.effects.contains(&Effect::Reordered));
        if 1 < view.plan.files.len() && is_reordered {
            continue;
        }
        for clock in clocks {
            let Some(acked_at) = clock.acked_at else { continue };
            let of_request = || view.journal.iter().filter(|row| row.request == *id);
            // One that found nothing to take, since the request's beginning was heard of later still, held nothing back until then.
            let is_it = |row: &Row| row.type_name == "ack" && row.at == acked_at;
            let found_nothing = |row: &Row| row.effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
            let Some(heard) = of_request().position(|row| is_it(row) && !found_nothing(row)) else {
                continue;
            };
            let later = of_request().skip(heard).flat_map(|row| &row.effects);
            let told =
                later.filter(|effect| matches!(effect, Effect::Alert(alert) if alert.clock == clock.name())).count();
            if 0 < told {
                return Err(Failure::new("no step after an ack", format!("{id} {:?}, taken {acked_at}", clock.name())));
            }
        }
    }
    Ok(())
}

/// LESSONS 25.
fn no_step_decided_twice(view: &View<'_>) -> Verdict {
    let mut seen = HashSet::new();
    for (row, alert) in view.alerts() {
        if !seen.insert((row.request, alert.clock, alert.step)) {
            let detail = format!("{} {:?} {}", row.request, alert.clock, alert.step);
            return Err(Failure::new("no step decided twice", detail));
        }
    }
    Ok(())
}

fn no_answered_event_lost(view: &View<'_>) -> Verdict {
    let mut times: HashMap<&str, u32> = HashMap::new();
    for event in view.journal.iter().filter_map(|row| row.event.as_ref()) {
        *times.entry(&event.id.id).or_default() += 1;
    }
    for number in view.answered {
        match times.get(number.to_string().as_str()) {
            Some(1) => {}
            found => {
                let detail = format!("event {number} is there {} times", found.unwrap_or(&0));
                return Err(Failure::new("no answered event lost or doubled", detail));
            }
        }
    }
    Ok(())
}

fn facts_of(content: &Content) -> Vec<&AlertFacts> {
    match content {
        Content::Alert(facts) => vec![facts],
        Content::Digest { alerts, .. } => alerts.iter().collect(),
        Content::Update { .. }
        | Content::Violation(_)
        | Content::Report(_)
        | Content::Invitation(_)
        | Content::List { .. }
        | Content::Link { .. }
        | Content::Approval(_)
        | Content::Write(_)
        | Content::Test(_)
        | Content::Notice { .. } => Vec::new(),
    }
}

/// The same step of the same clock reaches the same person by the same way once, unless a try was lost between the destination's
/// taking it and plazo's writing that down.
fn none_doubled_without_a_reason(view: &View<'_>) -> Verdict {
    let mut taken_by: HashMap<_, (usize, usize)> = HashMap::new();
    for taken in &view.peers.taken {
        let delivery = &taken.delivery;
        for facts in facts_of(&delivery.content) {
            let clock = ClockRef { kind: facts.target, cycle: facts.cycle };
            let key = (facts.request, clock, facts.step.clone(), delivery.person.clone(), delivery.destination.clone());
            let (n, n_lost) = taken_by.entry(key).or_default();
            *n += 1;
            *n_lost += usize::from(taken.in_doubt);
        }
    }
    for (key, (n, n_lost)) in taken_by {
        if 1 + n_lost < n {
            let detail = format!("{key:?} was taken {n} times, of which {n_lost} were lost");
            return Err(Failure::new("none doubled without a reason", detail));
        }
    }
    Ok(())
}

/// What was decided while somebody was said to be away goes to whoever stands in, or waits until they are back.
fn nobody_is_disturbed_while_away(view: &View<'_>) -> Verdict {
    // Where the clock is set, an instant by the wall clock does not say what came first.
    if view.plan.turns.iter().any(|turn| matches!(turn.what, What::SetClock { .. })) {
        return Ok(());
    }
    let config = view.app.config();
    let directory = &config.rulebook.directory;
    for taken in &view.peers.taken {
        let Content::Alert(facts) = &taken.delivery.content else { continue };
        let Some(person) = taken.delivery.person.as_deref() else { continue };
        let away = view.away.iter().map(|(_, absence)| absence).find(|absence| {
            // Once they are back they may hear of it.
            let is_within = |at| absence.from < at && at < absence.until;
            absence.person == person && is_within(facts.decided_at) && is_within(taken.at)
        });
        // Where nobody is there who stands in, nobody else could be told.
        let is_replaced = directory.stand_in(person, facts.decided_at).is_some_and(|present| present != person);
        if let Some(absence) = away.filter(|_| is_replaced) {
            let detail = format!("{} {:?} was told to {person}, {absence:?}", facts.request, facts.decided_at);
            return Err(Failure::new("nobody is disturbed while away", detail));
        }
    }
    Ok(())
}

/// In the end nothing waits, and what plazo holds for sent was taken.
fn all_is_told(view: &View<'_>) -> Verdict {
    let taken: HashSet<i64> = view.peers.taken.iter().map(|taken| taken.delivery.id.0).collect();
    for row in &view.deliveries {
        let is_settled = ["sent", "unneeded", "gathered", "handed_over", "dead"].contains(&row.state.as_str());
        if !is_settled {
            return Err(Failure::new("in the end all is told", format!("delivery {} is {}", row.id, row.state)));
        }
        if row.state == "sent" && !taken.contains(&row.id) {
            let detail = format!("delivery {} is sent, and nobody took it (in doubt: {})", row.id, row.in_doubt);
            return Err(Failure::new("no delivery lost", detail));
        }
    }
    for (row, alert) in view.alerts() {
        if alert.recipients.is_empty() {
            return Err(Failure::new("no alert to nobody", format!("{} {:?}", row.request, alert.clock)));
        }
    }
    Ok(())
}

/// LESSONS 15: the clocks are those that the events give, played once, in order, by somebody who never slept. Only for plans whose
/// promises do not change.
fn verdicts_follow_the_instants_of_events(view: &View<'_>) -> Verdict {
    if 1 < view.plan.files.len() {
        return Ok(());
    }
    for (id, (_, clocks)) in &view.requests {
        let played = played_in_order(view, *id);
        let found: BTreeMap<_, _> = clocks.iter().map(verdict).collect();
        if played != found {
            let of = |name: &(TargetKind, DateTime<Utc>), all: &BTreeMap<_, _>| {
                all.get(name).map_or_else(|| "nothing".to_owned(), |verdict| format!("{verdict:?}"))
            };
            let names: HashSet<_> = played.keys().chain(found.keys()).copied().collect();
            let wrong = names.iter().filter(|name| played.get(name) != found.get(name));
            let wrong: Vec<_> =
                wrong.map(|name| format!("{name:?}: {} instead of {}", of(name, &found), of(name, &played))).collect();
            return Err(Failure::new("verdicts follow the instants of events", format!("{id} {}", wrong.join("; "))));
        }
    }
    Ok(())
}

type Judged = (ClockState, Option<DateTime<Utc>>, Option<DateTime<Utc>>, bool);

fn verdict(clock: &Clock) -> ((TargetKind, DateTime<Utc>), Judged) {
    ((clock.kind, clock.started_at), (clock.state, clock.breached_at, clock.stopped_at, clock.early))
}

fn played_in_order(view: &View<'_>, id: RequestId) -> BTreeMap<(TargetKind, DateTime<Utc>), Judged> {
    let config = view.app.config();
    let told =
        || view.journal.iter().filter(|row| row.request == id).filter_map(|row| Some((row.at, row.event.as_ref()?)));
    // What somebody who may took back, and who did not take it back before it was.
    let undone: HashMap<&str, DateTime<Utc>> = told()
        .filter(|(_, event)| event.is_believed())
        .filter_map(|(at, event)| match &event.fact {
            Fact::Undo { of } => Some((of.as_str(), at)),
            _ => None,
        })
        .fold(HashMap::new(), |mut latest, (of, at)| {
            latest.entry(of).and_modify(|known: &mut DateTime<Utc>| *known = at.max(*known)).or_insert(at);
            latest
        });
    let is_undone = |at: DateTime<Utc>, event: &Event| {
        event.can_be_undone() && undone.get(event.id.to_string().as_str()).is_some_and(|undone_at| at <= *undone_at)
    };
    let mut events: Vec<(DateTime<Utc>, &Event)> = told().filter(|(at, event)| !is_undone(*at, event)).collect();
    // Of two at one instant, the one heard of first: the order of the journal.
    events.sort_by_key(|(at, _)| *at);
    let mut request = Request::unopened(id);
    let mut clocks = BTreeMap::new();
    let mut wake = None;
    let mut keep = |outcome: engine::effect::Outcome| {
        for clock in &outcome.clocks {
            clocks.insert((clock.kind, clock.cycle), clock.clone());
        }
        (outcome.request, outcome.wake.map(|wake| wake.at))
    };
    let mut last = events.first().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at);
    for end in events.iter().map(|(at, event)| (*at, Some(event))).chain([(view.app.now(), None)]) {
        while let Some(at) = wake.filter(|at| *at < end.0) {
            last = last.max(at);
            (request, wake) = keep(engine::advance(&request, &config.rulebook, Input::Tick, last));
        }
        if let (at, Some(event)) = end {
            last = last.max(at);
            (request, wake) = keep(engine::advance(&request, &config.rulebook, Input::Event(event), at));
        }
    }
    clocks.values().map(verdict).collect()
}

/// Holds until a promise breaks: a rule to fail by.
pub fn that_nothing_breaks(view: &View<'_>) -> Verdict {
    let broken = view.requests.values().flat_map(|(_, clocks)| clocks).find(|clock| clock.breached_at.is_some());
    match broken {
        Some(clock) => Err(Failure::new("nothing breaks", format!("{:?}", clock.name()))),
        None => Ok(()),
    }
}
