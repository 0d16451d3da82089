//! Explanations: which policy gave a clock its promise, how its instants follow, and what became of each step.
//!
//! Everything is derived anew from the events and the revision of the file by which the clock was planned; a verdict is explained
//! by what held when it was given (LESSONS 22). Names of people and words of clients are not in it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::clock::{Cancelled, Clock, ClockState, StepOutcome};
use super::derivation::Derivation;
use super::directory::Recipient;
use super::effect::{ClockRef, Effect, Ignored};
use super::escalation::{self, Offset};
use super::event::{self, Author, Event, Fact};
use super::ledger::{self, Ledger};
use super::policy::{Target, TargetKind};
use super::proof::Proof;
use super::reasons::GivenReason;
use super::request::{Phase, Request};
use super::request_id::RequestId;
use super::rulebook::Rulebook;
use super::{progress, reasons, settle};

/// Clocks that are explained; the latest ones of a conversation of years.
const MOST_CLOCKS: usize = 50;
/// Events that counted for nothing, so many of them.
const MOST_UNPROVEN: usize = 20;

/// A request's clocks and its time, derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The request.
    pub request: RequestId,
    /// As of when.
    pub now: DateTime<Utc>,
    /// Its clocks in the order in which they started.
    pub clocks: Vec<Story>,
    /// Earlier clocks that are not told.
    pub n_earlier: usize,
    /// The latest events that counted for nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unproven: Vec<Uncounted>,
    /// What the client wrote and asked for nothing by, oldest first (LESSONS 49).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks_nothing: Vec<Uncounted>,
    /// Who spent its time.
    pub ledger: Ledger,
}

/// One clock, derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// The kind of promise.
    pub kind: TargetKind,
    /// First, second, … of its kind.
    pub cycle: u32,
    /// Where it stands.
    pub state: ClockState,
    /// The policy that gave the promise.
    pub policy: String,
    /// The revision of the file that planned it.
    pub revision: i64,
    /// Id of the written rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The promise as `sla.toml` writes it; none if its revision is not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Whose hours are spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// The type of the event that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<Cause>,
    /// When the promise ends; none while paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Nothing alerts before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_at: Option<DateTime<Utc>>,
    /// When it broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// The type of the event that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<Cause>,
    /// Why it ended without a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_because: Option<Cancelled>,
    /// Answered before the floor (rule A3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early: bool,
    /// When somebody took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_at: Option<DateTime<Utc>>,
    /// Until when it is taken, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_until: Option<DateTime<Utc>>,
    /// By what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_by: Option<Cause>,
    /// How its end follows from its start; none if the revision that planned it is not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<Derivation>,
    /// Whether the derivation ends where the clock did. What the file's calendars read elsewhere may have changed since.
    pub agrees: bool,
    /// Why it broke, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<GivenReason>,
    /// The ladder, and what became of each step.
    pub steps: Vec<StepStory>,
}

/// An event by its type and source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Where it came from.
    pub source: String,
    /// Who did it, as the channel names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// How that is known.
    #[serde(default, skip_serializing_if = "Proof::is_unrecorded")]
    pub proof: Proof,
}

/// An event that counted for nothing: nobody vouches for it, or it asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncounted {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What it was.
    #[serde(flatten)]
    pub event: Cause,
}

/// A step and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStory {
    /// As `sla.toml` writes it.
    pub step: String,
    /// Its instant; none where it has none, such as behind a pause that lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// What became of it.
    pub outcome: Fate,
    /// When that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<DateTime<Utc>>,
    /// To whom it went and how far it came; filled in by whoever knows the outbox.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// An alert was decided.
    Told,
    /// A later step brought its news along.
    Superseded,
    /// Its instant had passed when the clock started or moved (LESSONS 26).
    Skipped,
    /// It is still to come.
    Pending,
    /// Its instant lies before plazo knew of the request, so it is told to nobody.
    History,
    /// Somebody took the request, so it is not told.
    Taken,
    /// The clock ended first.
    NotNeeded,
}

/// One message of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// To whom; a destination's name where it is nobody in particular.
    pub to: String,
    /// By which destination.
    pub by: String,
    /// `sent`, `pending`, `held`, `dead`, …
    pub state: String,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// Explains a request from all its clocks and events, the latter in the order in which they happened. `rulebook_of` finds the
/// rulebook of an earlier revision.
pub fn explain<'a>(
    request: &Request,
    clocks: &[Clock],
    events: &[Event],
    rulebook: &'a Rulebook,
    rulebook_of: impl Fn(i64) -> Option<&'a Rulebook>,
    now: DateTime<Utc>,
) -> Explanation {
    let mut clocks: Vec<&Clock> = clocks.iter().collect();
    clocks.sort_by_key(|clock| (clock.started_at, clock.kind, clock.cycle));
    let n_earlier = clocks.len().saturating_sub(MOST_CLOCKS);
    let of_revision = |revision| if revision == rulebook.revision { Some(rulebook) } else { rulebook_of(revision) };
    let all: Vec<Clock> = clocks.iter().copied().cloned().collect();
    let given = reasons::of(events, &all, request.owner.as_deref(), rulebook);
    let stories = clocks[n_earlier..].iter().map(|clock| {
        let then = request_then(request, clock, events, rulebook);
        let reason = given.iter().find(|given| given.clock == clock.name()).cloned();
        Story { reason, ..story(then, clock, events, of_revision(clock.revision)) }
    });
    Explanation {
        request: request.id,
        now,
        clocks: stories.collect(),
        n_earlier,
        unproven: unproven(events),
        asks_nothing: courtesies(request.id, events, rulebook),
        ledger: ledger::of(request.id, events, rulebook, now),
    }
}

fn unproven(events: &[Event]) -> Vec<Uncounted> {
    let all =
        events.iter().filter(|event| !event.is_believed()).map(|event| Uncounted { at: event.at, event: cause(event) });
    let mut all: Vec<_> = all.collect();
    all.drain(..all.len().saturating_sub(MOST_UNPROVEN));
    all
}

/// Messages that asked for nothing as things stood then.
fn courtesies(id: RequestId, events: &[Event], rulebook: &Rulebook) -> Vec<Uncounted> {
    if !rulebook.courtesies.is_on() {
        return Vec::new();
    }
    let mut request = Request::unopened(id);
    let mut found = Vec::new();
    for event in event::arrived(events) {
        let mut effects = Vec::new();
        progress::apply(&mut request, event, rulebook, &mut effects);
        if effects.contains(&Effect::Ignored { why: Ignored::AsksNothing }) {
            found.push(Uncounted { at: event.at, event: cause(event) });
        }
    }
    found.drain(..found.len().saturating_sub(MOST_UNPROVEN));
    found
}

/// The request as it was when the clock ended; as it is, while it runs.
fn request_then(request: &Request, clock: &Clock, events: &[Event], rulebook: &Rulebook) -> Request {
    let Some(stopped_at) = clock.stopped_at else { return request.clone() };
    let mut then = Request::unopened(request.id);
    for event in event::arrived(events).take_while(|event| event.at <= stopped_at) {
        let was_closed = then.phase == Phase::Closed;
        let before = (then.set_by_hand, then.promised);
        progress::apply(&mut then, event, rulebook, &mut Vec::new());
        if was_closed && event.at == stopped_at {
            // Closed and opened again at one instant: what was promised before is what held.
            (then.set_by_hand, then.promised) = before;
        }
    }
    then
}

fn story(mut request: Request, clock: &Clock, events: &[Event], rulebook: Option<&Rulebook>) -> Story {
    let target = rulebook.and_then(|rulebook| rulebook.target_of(&clock.policy, clock.kind));
    request.clocks = vec![clock.clone()];
    let believed = || events.iter().filter(|event| event.is_believed());
    let mut story = Story {
        kind: clock.kind,
        cycle: clock.cycle,
        state: clock.state,
        policy: clock.policy.clone(),
        revision: clock.revision,
        rule: target.and_then(|target| target.rule.clone()),
        within: target.map(|target| target.limit.to_string()),
        calendar: target.map(|target| target.calendar.name().to_owned()),
        started_at: clock.started_at,
        started_by: events.iter().find(|event| event.at == clock.started_at).map(cause),
        due_at: clock.due_at,
        floor_at: None,
        breached_at: clock.breached_at,
        stopped_at: clock.stopped_at,
        stopped_by: believed().rfind(|event| Some(event.at) == clock.stopped_at).map(cause),
        cancelled_because: clock.cancelled_because,
        early: clock.early,
        acked_at: clock.acked_at,
        acked_until: clock.acked_until,
        acked_by: believed()
            .rfind(|event| matches!(event.fact, Fact::Ack { .. }) && Some(event.at) == clock.acked_at)
            .map(cause),
        derivation: None,
        agrees: false,
        reason: None,
        steps: Vec::new(),
    };
    if let (Some(rulebook), Some(target)) = (rulebook, target) {
        derive(&mut story, &request, target, rulebook);
    }
    story
}

/// A step that is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcoming {
    /// Its clock.
    pub clock: ClockRef,
    /// The step.
    pub step: Offset,
    /// Its instant, as things stand.
    pub at: DateTime<Utc>,
    /// Who would be told.
    pub recipients: Vec<Recipient>,
}

/// The steps of a request that are still to come, as things stand at `now`.
pub fn upcoming(request: &Request, rulebook: &Rulebook, now: DateTime<Utc>) -> Vec<Upcoming> {
    let mut upcoming = Vec::new();
    for (place, clock) in request.clocks.iter().enumerate().filter(|(_, clock)| clock.is_live()) {
        let Some((policy, target)) = rulebook.target(clock.kind, &request.facets) else { continue };
        let Ok(plan) = settle::plan(request, rulebook, place, target) else { continue };
        for planned in settle::pending(request, place, rulebook.ack_expires, target, &plan) {
            let at = planned.at.max(now);
            let (owner, team) = (request.owner.as_deref(), policy.team.as_deref());
            let step = std::iter::once(planned.step);
            let recipients = escalation::told_by(step, &rulebook.directory, owner, team, at);
            upcoming.push(Upcoming { clock: clock.name(), step: planned.step.at, at: planned.at, recipients });
        }
    }
    upcoming
}

fn derive(story: &mut Story, request: &Request, target: &Target, rulebook: &Rulebook) {
    let Ok(plan) = settle::plan(request, rulebook, 0, target) else { return };
    let clock = &request.clocks[0];
    // A clock that was cancelled has no due instant left to agree with.
    story.agrees = matches!(clock.state, ClockState::Cancelled | ClockState::Waived) || plan.due_at == clock.due_at;
    story.floor_at = plan.floor_at;
    story.derivation = Some(Derivation::of(
        &target.calendar,
        clock.started_at,
        &plan,
        &settle::own_pauses(request, clock, target, rulebook),
    ));
    let pending =
        if clock.is_live() { settle::pending(request, 0, rulebook.ack_expires, target, &plan) } else { Vec::new() };
    let planned_at = |step| plan.steps.iter().find(|planned| planned.step.at == step).map(|planned| planned.at);
    for step in &target.escalation.steps {
        let settled = clock.settled.iter().find(|settled| settled.step == step.at);
        let still = pending.iter().find(|planned| planned.step.at == step.at);
        let outcome = match (settled, still) {
            (Some(settled), _) => fate(settled.outcome),
            (None, Some(_)) => Fate::Pending,
            (None, None) if planned_at(step.at).is_some_and(|at| request.is_history(at)) => Fate::History,
            (None, None) if clock.is_live() && clock.acked_at.is_some() => Fate::Taken,
            (None, None) if clock.is_live() && plan.due_at.is_none() => Fate::Pending,
            (None, None) => Fate::NotNeeded,
        };
        let at = still.map(|planned| planned.at).or_else(|| planned_at(step.at));
        let settled_at = settled.map(|settled| settled.at);
        story.steps.push(StepStory { step: step.at.to_string(), at, outcome, settled_at, sent: Vec::new() });
    }
    // Steps of an earlier ladder that were told stay told.
    let gone = |step| !target.escalation.steps.iter().any(|now| now.at == step);
    for settled in clock.settled.iter().filter(|settled| gone(settled.step)) {
        let (step, outcome, settled_at) = (settled.step.to_string(), fate(settled.outcome), Some(settled.at));
        story.steps.push(StepStory { step, at: None, outcome, settled_at, sent: Vec::new() });
    }
    story.steps.sort_by_key(|step| step.at.or(step.settled_at).unwrap_or(DateTime::<Utc>::MAX_UTC));
}

const fn fate(outcome: StepOutcome) -> Fate {
    match outcome {
        StepOutcome::Told => Fate::Told,
        StepOutcome::Superseded => Fate::Superseded,
        StepOutcome::Skipped => Fate::Skipped,
    }
}

fn cause(event: &Event) -> Cause {
    Cause {
        type_name: event.fact.type_name().to_owned(),
        source: event.id.source.clone(),
        author: event.author.clone(),
        proof: event.proof.clone(),
    }
}

/// How long a clock that ended had stood still in waits; nothing if the promise is not in the file any more.
pub fn stood_still(request: &Request, clock: &Clock, rulebook: &Rulebook) -> TimeDelta {
    let (Some(target), Some(ended_at)) = (rulebook.target_of(&clock.policy, clock.kind), clock.stopped_at) else {
        return TimeDelta::zero();
    };
    let waits = settle::own_pauses(request, clock, target, rulebook);
    let waits = waits.iter().filter(|pause| pause.on.as_deref() != Some(settle::CLOSED));
    let spans = waits.map(|pause| {
        let to = pause.to.or(pause.until).unwrap_or(ended_at).min(ended_at);
        (to - pause.from.max(clock.started_at)).max(TimeDelta::zero())
    });
    spans.fold(TimeDelta::zero(), |sum, span| sum + span)
}

/// The derivation of a clock that runs on `request`, by its policy in force; what an alert says of its instant.
pub fn of_clock(request: &Request, clock: &Clock, rulebook: &Rulebook) -> Option<Derivation> {
    let place = request.clocks.iter().position(|other| other.name() == clock.name())?;
    let (_, target) = rulebook.target(clock.kind, &request.facets)?;
    let plan = settle::plan(request, rulebook, place, target).ok()?;
    Some(Derivation::of(
        &target.calendar,
        clock.started_at,
        &plan,
        &settle::own_pauses(request, clock, target, rulebook),
    ))
}
