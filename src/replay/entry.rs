//! What a replay shows: verdicts, violations and alerts, each with its instant.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::engine::clock::{Cancelled, Clock, ClockState};
use crate::engine::directory::Recipient;
use crate::engine::effect::{ClockRef, Effect, Why};
use crate::engine::event::{Event, EventId};
use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;

/// A verdict, a violation or an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The instant to which it belongs: of an alert, the one at which it is decided.
    pub at: DateTime<Utc>,
    /// When it was noticed, if that was later: the event was heard of late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noticed_at: Option<DateTime<Utc>>,
    /// The request.
    #[serde(serialize_with = "as_word")]
    pub request: RequestId,
    /// Which promise; a violation is of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<TargetKind>,
    /// First, second, … of its kind on this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u32>,
    /// The policy that promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Whether it holds no longer: what it came from was taken back, or what happened or was heard of later tells otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub void: bool,
    /// The event that broke a rule by it.
    #[serde(skip)]
    pub cause: Option<EventId>,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields bear the names of the vocabulary in docs/ARCHITECTURE.md")]
pub enum What {
    /// Kept in time.
    Met,
    /// Kept, too late.
    MetLate { due_at: Option<DateTime<Utc>> },
    /// Answered before the floor (A3).
    Early,
    /// The due instant passed unmet.
    Breached,
    /// Ended without a verdict.
    Cancelled { why: Cancelled },
    /// An event broke a rule.
    Violation { rule: String, who: Option<String> },
    /// A wait that was set to end did, and whoever answers for the request is told.
    Resumed { recipients: Vec<Recipient> },
    /// Somebody is told. `step` is written as in `sla.toml`.
    Alert { step: String, why: Why, late: bool, recipients: Vec<Recipient> },
}

/// The entries of what a request went through at `now`, for whose `owner` those are told. `event` caused it; of a tick there is none.
pub(super) fn entries(
    request: RequestId,
    effects: &[Effect],
    (clocks, owner): (&[Clock], &[Recipient]),
    event: Option<&Event>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = Entry> {
    let at = event.map_or(now, |event| event.at);
    effects.iter().filter_map(move |effect| {
        let (instant, clock, what) = match effect {
            Effect::Met { clock, at } => (*at, Some(*clock), What::Met),
            Effect::MetLate { clock, at, due_at } => (*at, Some(*clock), What::MetLate { due_at: *due_at }),
            Effect::Early { clock, at } => (*at, Some(*clock), What::Early),
            Effect::Breached { clock, at } => (*at, Some(*clock), What::Breached),
            Effect::Cancelled { clock, why } => {
                (ended_at(clocks, *clock, *why).unwrap_or(at), Some(*clock), What::Cancelled { why: *why })
            }
            Effect::Violation(violation) => {
                let (rule, who) = (violation.rule.clone(), violation.who.clone());
                (at, None, What::Violation { rule, who })
            }
            Effect::Alert(alert) => {
                let (step, recipients) = (alert.step.to_string(), alert.recipients.clone());
                (now, Some(alert.clock), What::Alert { step, why: alert.why, late: alert.late, recipients })
            }
            Effect::Resumed { at } => (*at, None, What::Resumed { recipients: owner.to_vec() }),
            Effect::Opened
            | Effect::SplitOff { .. }
            | Effect::Started { .. }
            | Effect::Replanned { .. }
            | Effect::Skipped { .. }
            | Effect::Superseded { .. }
            | Effect::Reordered
            | Effect::Ignored { .. } => return None,
        };
        Some(Entry {
            at: instant,
            noticed_at: (instant != now).then_some(now),
            request,
            promise: clock.map(|clock| clock.kind),
            cycle: clock.map(|clock| clock.cycle),
            policy: clock.and_then(|clock| policy_of(clocks, clock)),
            void: false,
            cause: event.filter(|_| matches!(what, What::Violation { .. })).map(|event| event.id.clone()),
            what,
        })
    })
}

/// The entries as they are in the end: a verdict that was derived again stands once, one that no clock bears any more is void, and so is a
/// rule that was broken by an act which was taken back. Whoever was told has been told.
pub(super) fn settled(
    entries: Vec<Entry>,
    clocks: &[(RequestId, Clock)],
    undone: &HashSet<(RequestId, String)>,
) -> Vec<Entry> {
    let clocks: HashMap<_, _> = clocks.iter().map(|(id, clock)| ((*id, clock.name()), clock)).collect();
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(entries.len());
    for mut entry in entries {
        if let (Some(kind), Some(cycle), Some(word)) = (entry.promise, entry.cycle, entry.what.verdict()) {
            let clock = ClockRef { kind, cycle };
            if !seen.insert((entry.request, clock, word, entry.at)) {
                continue;
            }
            entry.void =
                !clocks.get(&(entry.request, clock)).is_some_and(|clock| entry.what.stands_in(clock, entry.at));
        }
        entry.void |= entry.cause.as_ref().is_some_and(|cause| undone.contains(&(entry.request, cause.to_string())));
        kept.push(entry);
    }
    kept
}

impl What {
    /// The word of a verdict on a clock.
    const fn verdict(&self) -> Option<&'static str> {
        match self {
            Self::Met => Some("met"),
            Self::MetLate { .. } => Some("met late"),
            Self::Early => Some("early"),
            Self::Breached => Some("breached"),
            Self::Cancelled { .. } => Some("cancelled"),
            Self::Violation { .. } | Self::Resumed { .. } | Self::Alert { .. } => None,
        }
    }

    /// Whether a clock bears this verdict of that instant.
    fn stands_in(&self, clock: &Clock, at: DateTime<Utc>) -> bool {
        match self {
            Self::Met => clock.state == ClockState::Met && clock.stopped_at == Some(at),
            Self::MetLate { .. } => clock.state == ClockState::MetLate && clock.stopped_at == Some(at),
            Self::Early => clock.early && clock.stopped_at == Some(at),
            Self::Breached => clock.breached_at == Some(at),
            Self::Cancelled { why } => clock.cancelled_because == Some(*why) && clock.stopped_at == Some(at),
            Self::Violation { .. } | Self::Resumed { .. } | Self::Alert { .. } => true,
        }
    }
}

/// When a clock ended without a verdict, for that reason: derived anew, at another instant than that of the event at hand.
fn ended_at(clocks: &[Clock], name: ClockRef, why: Cancelled) -> Option<DateTime<Utc>> {
    let clock = clocks.iter().rev().find(|clock| clock.name() == name);
    clock.filter(|clock| clock.cancelled_because == Some(why))?.stopped_at
}

fn policy_of(clocks: &[Clock], name: ClockRef) -> Option<String> {
    clocks.iter().rev().find(|clock| clock.name() == name).map(|clock| clock.policy.clone())
}

fn as_word<S: serde::Serializer>(request: &RequestId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(request)
}
