//! What an event means for a request: learn what it says, open what is new, judge it, take its fact, and follow what that brings
//! about.
//!
//! Only marks, pauses and facets change here; clocks follow the marks in `transition`. What each fact does is told by family:
//! `talk` has messages and replies, `work` what is done for a request, `fate` its life from opening to closing, and `belonging` whose
//! it is and where it lies.

mod belonging;
pub(super) mod fate;
mod talk;
mod work;

use super::check;
use super::effect::{Effect, Ignored};
use super::event::{Event, Fact};
use super::policy::TargetKind;
use super::proof::Proof;
use super::request::{Phase, Request};
use super::rulebook::Rulebook;

/// Applies `event` to `request`. Senseless events leave an [`Effect::Ignored`] and nothing else.
pub(super) fn apply(request: &mut Request, event: &Event, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    if request.phase == Phase::Merged {
        effects.push(Effect::Ignored { why: Ignored::Merged });
        return;
    }
    fate::end_wait(request, event.at);
    let before = request.facets.clone();
    let owner_before = request.owner.clone();
    belonging::learn(request, event, rulebook);
    if request.phase == Phase::Unopened {
        fate::begin(request, event, rulebook);
        effects.push(Effect::Opened);
    }
    if !event.is_believed() {
        take_unproven(request, event, rulebook, effects);
        belonging::follow(request, &before, event.at, rulebook);
        return;
    }
    effects.extend(check::judge(request, event, rulebook).into_iter().map(Effect::Violation));
    match refusal(request.phase, &event.fact) {
        Some(why) => effects.push(Effect::Ignored { why }),
        None => take(request, event, rulebook, effects),
    }
    // Thanks are nothing that somebody does for the request.
    if !effects.contains(&Effect::Ignored { why: Ignored::AsksNothing }) {
        note_activity(request, event);
    }
    belonging::hand(request, event, (owner_before.as_deref(), before.inbox.as_deref()), rulebook);
    belonging::follow(request, &before, event.at, rulebook);
    effects.extend(check::judge_place(request, event, rulebook).map(Effect::Violation));
}

/// Takes what nobody vouches for. It stays in the history. Among colleagues whoever asked may go on asking; nothing ends by it, and
/// nobody is blamed for it.
fn take_unproven(request: &mut Request, event: &Event, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    match &event.fact {
        Fact::Message { direction, .. } if talk::asks_among_colleagues(request, event, *direction) => {
            talk::message(request, event, *direction, rulebook, effects);
        }
        _ => effects.push(Effect::Ignored { why: Ignored::Unproven }),
    }
}

/// Why a fact means nothing in that phase, if it does not. Every other move is legal.
const fn refusal(phase: Phase, fact: &Fact) -> Option<Ignored> {
    match (phase, fact) {
        (
            Phase::Closed,
            Fact::Wait { .. }
            | Fact::Promise { .. }
            | Fact::Deliver { .. }
            | Fact::Snooze { .. }
            | Fact::Ack { .. }
            | Fact::Schedule { .. }
            | Fact::Held
            | Fact::CallDropped
            | Fact::FollowUp
            | Fact::Stage { .. },
        ) => Some(Ignored::NotOwed),
        (Phase::Waiting, Fact::Wait { on: None, until: None, .. })
        | (Phase::Open | Phase::Closed, Fact::Resume)
        | (Phase::Closed, Fact::Close { .. })
        | (Phase::Open | Phase::Waiting, Fact::Reopen) => Some(Ignored::AlreadySo),
        _ => None,
    }
}

/// Does what the fact says, in a phase in which it means something.
fn take(request: &mut Request, event: &Event, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    let at = event.at;
    let mut ignore = |why| effects.push(Effect::Ignored { why });
    match &event.fact {
        Fact::Message { direction, .. } => {
            talk::message(request, event, *direction, rulebook, effects);
        }
        Fact::Comment { .. } => talk::comment(request, event, rulebook),
        // What it names is left out of what is derived.
        Fact::Undelivered { .. } | Fact::Undo { .. } => {}
        // Said of what broke, which no promise follows (`reasons`).
        Fact::Approve { .. } => {}
        Fact::Reason { reason, .. } => {
            if rulebook.reason(reason).is_none() {
                ignore(Ignored::UnknownReason);
            }
        }

        Fact::Open { promise, owner } => fate::opened(request, event, *promise, owner.as_deref(), rulebook),
        Fact::Wait { reason, on, until } => fate::wait(request, at, (reason, on.as_deref(), *until), rulebook),
        Fact::Resume => fate::resume(request, at),
        Fact::Promise { promise } => fate::promise(request, at, *promise),
        Fact::Deliver { .. } => {
            fate::deliver(request, at);
            if event.delivers_with_question() {
                request.marks.inquired_at = Some(at);
            }
        }
        Fact::Close { .. } => fate::close(request, at),
        Fact::Reopen => fate::reopen(request, at, rulebook),
        Fact::Merge => fate::merge(request, at),
        Fact::Snooze { until } => fate::snooze(request, at, *until),
        Fact::Ack { until } => {
            if !fate::ack(request, at, *until, rulebook.ack_expires) {
                ignore(Ignored::AlreadySo);
            }
        }

        Fact::Own { owner } => belonging::own(request, owner.as_deref(), at, &rulebook.directory),
        Fact::Move { inbox } => request.facets.inbox = Some(inbox.clone()),
        Fact::Tag { add, remove } => belonging::tag(request, add, remove, rulebook),
        Fact::Prioritise { priority } => request.facets.priority = Some(priority.clone()),

        Fact::Log(_) => work::logged(request, event, &rulebook.directory),
        Fact::Schedule { due, participants } => work::schedule(request, at, *due, participants),
        Fact::Held => {
            if !work::held(request, at) {
                ignore(Ignored::NotOwed);
            }
        }
        Fact::CallDropped => work::call_dropped(request, at),
        Fact::CallMade => work::called(request, at),
        Fact::FollowUp => work::followed_up(request, at),
        Fact::Block { blocker } => work::block(request, *blocker),
        Fact::Unblock { blocker } => work::unblock(request, *blocker),
        Fact::Split { parts } => effects.extend(work::split(request, at, parts, rulebook)),
        Fact::Stage { to, number } => {
            if !work::stage(request, at, to, number.as_deref(), rulebook) {
                ignore(Ignored::AlreadySo);
            }
        }
        Fact::Escalate { .. } => work::escalated(request, rulebook),
        Fact::Replica => work::replicated(request, at),
        Fact::Waive { seen, .. } => {
            // Whoever answers the mail of an alert has not seen what came after it.
            let alert_at = if let Proof::Reply { alert_at } = event.proof { Some(alert_at) } else { None };
            let has_seen = [*seen, alert_at]
                .into_iter()
                .flatten()
                .all(|seen| request.marks.asked_at.is_none_or(|asked_at| asked_at <= seen));
            if !has_seen || !fate::waive(request, at) {
                ignore(Ignored::NotOwed);
            }
        }
    }
}

/// Silence begins anew with whatever somebody does for the request (B7): alerts that are taken or put off are not that, nor is what
/// programs write.
fn note_activity(request: &mut Request, event: &Event) {
    let is_activity = match &event.fact {
        Fact::Ack { .. }
        | Fact::Snooze { .. }
        | Fact::Undelivered { .. }
        | Fact::Undo { .. }
        | Fact::Reason { .. }
        | Fact::Approve { .. }
        | Fact::Unblock { .. }
        | Fact::Replica => false,
        _ => event.author.as_ref().is_none_or(|author| author.kind.is_human()),
    };
    match (is_activity, request.phase.is_live()) {
        (true, true) => request.marks.owe_anew(TargetKind::Activity, event.at),
        (true, false) => request.marks.drop(TargetKind::Activity),
        (false, _) => {}
    }
}
