//! Checks: rules that judge an event. A file per family of rules; each is a pure function of the request, the event and the
//! rulebook, and yields [`Violation`]s.

mod answers;
pub(super) mod checks;
mod closing;
pub(super) mod comment;
mod contact;
mod email;
mod finding;
mod log;
mod official;
mod parking;
pub(in crate::engine) mod phrases;
mod queue;
pub(super) mod reply;
mod schedule;
mod stage;

use super::event::{Direction, Event, Fact};
use super::request::{Phase, Request};
use super::rulebook::Rulebook;

pub use answers::{fingerprint, promises_to_return};
pub use checks::{Check, CheckKind, Checks, Violation};
pub use closing::unassociated;
pub use comment::{Part, parts};
pub use contact::same_contact;
pub use finding::{Association, Finding, LogField};
pub use parking::Appeal;
pub(super) use parking::wanted;
pub use phrases::{Phrases, folded, normalised};
pub use reply::{Answer, Wording, judge_answer};

/// What `event` breaks, judged on the request as it was before. Answers are judged by [`judge_answer`] besides.
pub fn judge(request: &Request, event: &Event, rulebook: &Rulebook) -> Vec<Violation> {
    let mut found = Vec::new();
    let is_live = request.phase.is_live();
    match &event.fact {
        Fact::Message { direction: Direction::Out, text } => {
            email::judge(request, event, rulebook, &mut found);
            answers::judge(request, event, text.as_deref().unwrap_or_default(), rulebook, &mut found);
        }
        Fact::Message { direction, .. } => official::judge(request, event, *direction, rulebook, &mut found),
        Fact::Deliver { .. } if is_live => official::judge_replica(request, event, rulebook, &mut found),
        Fact::Wait { .. } if is_live => parking::judge(request, event, rulebook, &mut found),
        Fact::Log(interaction) => log::judge(request, event, interaction, rulebook, &mut found),
        Fact::Schedule { due: Some(_), .. } => schedule::judge(request, event, rulebook, &mut found),
        Fact::Close { ground, .. } if is_live => {
            closing::judge(request, event, *ground, rulebook, &mut found);
            official::judge_replica(request, event, rulebook, &mut found);
        }
        Fact::Waive { .. } if request.closes_with_waiver() => closing::judge_end(request, event, rulebook, &mut found),
        Fact::Move { .. } if request.phase != Phase::Merged => {
            closing::judge_move(request, event, rulebook, &mut found)
        }
        Fact::Stage { to, number } => stage::judge(request, event, to, number.as_deref(), rulebook, &mut found),
        _ => {}
    }
    found
}

/// What the request breaks as it is after `event`: where it lies.
pub fn judge_place(request: &Request, event: &Event, rulebook: &Rulebook) -> Option<Violation> {
    queue::judge(request, event, rulebook)
}

/// That an interaction was not written down in time (B1).
pub fn not_logged(request: &Request, rulebook: &Rulebook) -> Option<Violation> {
    let check = rulebook.checks.find(CheckKind::Log, &request.facets)?;
    let who = request.owner.clone();
    Some(Violation { check: CheckKind::Log, rule: check.rule.clone(), who, finding: Finding::NotLogged })
}
