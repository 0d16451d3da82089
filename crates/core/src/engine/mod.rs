//! The pure core: what an event, or the passing of time, means for a request and its clocks.
//!
//! No clock is read here, nothing is stored, sent or logged: [`advance`] takes what is known and the instant, and returns what
//! follows as values. Same input, same outcome, on every machine. `docs/ARCHITECTURE.md` tells who calls it.

pub mod absence;
pub mod address;
pub mod calendar;
pub mod check;
pub mod clock;
pub mod courtesy;
pub mod derivation;
pub mod directory;
pub mod effect;
pub mod escalation;
pub mod event;
pub mod explain;
pub mod facets;
pub mod history;
pub mod ledger;
pub mod marks;
pub mod plan;
pub mod policy;
mod progress;
pub mod proof;
pub mod reasons;
mod recognise;
pub mod request;
pub mod request_id;
pub mod rota;
pub mod rulebook;
mod settle;
mod transition;
pub mod working_time;
pub mod write_back;

use chrono::{DateTime, Utc};

use clock::Clock;
use effect::{Effect, Outcome};
use event::Event;
use request::Request;
use rulebook::Rulebook;
use transition::Transition;

/// What makes a request move.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A fact that happened at or after the request's last one; an older one goes through [`reorder`].
    Event(&'a Event),
    /// Time has passed.
    Tick,
    /// The rulebook changed.
    Replan,
}

/// Computes what `input` means for `request` at `now`. Total: senseless input yields [`Effect::Ignored`].
pub fn advance(request: &Request, rulebook: &Rulebook, input: Input<'_>, now: DateTime<Utc>) -> Outcome {
    let mut transition = Transition::new(request.clone(), rulebook);
    let moved_at = match input {
        Input::Event(event) => {
            transition.apply(event);
            event.at
        }
        Input::Replan => {
            transition.follow_marks(now);
            now
        }
        Input::Tick => now,
    };
    let wake = transition.settle(now, moved_at, matches!(input, Input::Tick));
    transition.into_outcome(&request.clocks, wake)
}

/// When a request wants to be looked at, as it stands at `now`: in the past where something is owed already.
pub fn next_look(request: &Request, rulebook: &Rulebook, now: DateTime<Utc>) -> Option<effect::Wake> {
    let mut transition = Transition::new(request.clone(), rulebook);
    // As of just before all that is owed, so that nothing of it is settled.
    let before = request.last_event_at.min(now);
    transition.settle(before, before, false)
}

/// Whether an event happened after everything that is known of its request, takes nothing of it back, and was not taken back before it was
/// heard of. Any other is put in its place by [`reorder`].
pub fn is_in_order(before: &Request, event: &event::Event) -> bool {
    let is_awaited = || !before.awaited.is_empty() && before.awaited.contains(&event.id.to_string());
    before.last_event_at <= event.at && !event.takes_back() && !is_awaited()
}

/// Derives a request anew from all its events, in the order in which they happened, because `late` came out of order or takes
/// back a message that never arrived.
///
/// Verdicts follow the instants of the events (LESSONS 15); what was told stays told: `told` are the clocks as stored, finished
/// ones included. Every clock is in the outcome.
pub fn reorder(
    request: &Request,
    told: &[Clock],
    events: &[Event],
    late: &Event,
    rulebook: &Rulebook,
    now: DateTime<Utc>,
) -> Outcome {
    let unopened = Request { heard_from: request.heard_from, ..Request::unopened(request.id) };
    let mut transition = Transition::new(unopened, rulebook);
    let mut effects = vec![Effect::Reordered];
    if matches!(late.fact, event::Fact::Undo { .. }) && late.is_believed() && !late.undoes_one_of(events) {
        effects.push(Effect::Ignored { why: effect::Ignored::NothingToUndo });
    }
    for event in event::arrived(events) {
        transition.effects.clear();
        transition.apply(event);
        if event.id == late.id {
            let own = |effect: &&Effect| {
                matches!(effect, Effect::Violation(_) | Effect::SplitOff { .. } | Effect::Ignored { .. })
            };
            effects.extend(transition.effects.iter().filter(own).cloned());
        }
        // As it was planned when it happened, so that the next event finds pauses and breaches as they were.
        transition.settle(event.at, event.at, false);
    }
    transition.effects = effects;
    transition.request.awaited = event::awaited(events);
    transition.request.cycles.clone_from(&request.cycles);
    transition.recognise(told, events);
    let wake = transition.settle(now, late.at, false);
    transition.effects.retain(|effect| !matches!(effect, Effect::Started { .. }));
    transition.note_new_verdicts(told);
    transition.into_outcome(&[], wake)
}
