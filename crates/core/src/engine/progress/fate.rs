//! What events mean that decide a request's life: it is opened, waits, is delivered, closed, opened again, or merged; somebody takes it
//! or puts it off.

use chrono::{DateTime, TimeDelta, Utc};

use super::{belonging, work};
use crate::engine::clock::Clock;
use crate::engine::event::{Audience, AuthorKind, Direction, Event, Fact, Promise, RequestKind};
use crate::engine::policy::TargetKind;
use crate::engine::request::{LONGEST_SNOOZE, Pause, Phase, Promised, Request};
use crate::engine::rulebook::Rulebook;

/// Begins a request with its first event, whatever that is.
pub(super) fn begin(request: &mut Request, event: &Event, rulebook: &Rulebook) {
    let directory = &rulebook.directory;
    request.phase = Phase::Open;
    request.opened_at = event.at;
    request.requester.clone_from(&event.author);
    if event.author.as_ref().is_some_and(|author| author.kind == AuthorKind::Customer && author.address.is_none()) {
        request.thread = event.threads.first().cloned();
    }
    let internal = matches!(event.fact, Fact::Message { direction: Direction::Internal, .. });
    let audience = if internal { Audience::Internal } else { Audience::Client };
    request.facets.audience.get_or_insert(audience);
    if request.owner.is_none() {
        request.marks.owe_anew(TargetKind::Assign, event.at);
    }
    match request.facets.kind {
        RequestKind::Task => {
            request.marks.owe_anew(TargetKind::Answer, event.at);
            // Work that somebody splits off is that person's until it is handed on.
            let author = event.author.as_ref().filter(|_| event.proof.holds());
            if let Some(person) = author.and_then(|author| directory.person_of(author)) {
                belonging::own(request, Some(&person.key.clone()), event.at, directory);
            }
        }
        RequestKind::Request | RequestKind::Claim | RequestKind::Call => {
            // Where the house wrote first, nothing has been asked for yet (LESSONS 18).
            if !matches!(event.fact, Fact::Message { direction: Direction::Out, .. }) {
                request.marks.owe_anew(TargetKind::Deliver, event.at);
            }
        }
    }
    if request.facets.kind == RequestKind::Claim {
        work::enter_first_stage(request, event.at, rulebook);
    }
}

/// Takes what an explicit opening says besides: a deadline, an owner, and that a client asks.
pub(super) fn opened(
    request: &mut Request,
    event: &Event,
    promise: Option<Promise>,
    owner: Option<&str>,
    rulebook: &Rulebook,
) {
    // A deadline set by hand takes the contract's place, and may lie far off.
    if let Some(promise) = promise.filter(|_| event.proof.holds()) {
        request.set_by_hand = Some(Promised { at: event.at, promise });
    }
    // What a client asked for waits for an answer; what an agent opened does not (LESSONS 18).
    if let Some(client) = event.author.as_ref().filter(|author| author.kind == AuthorKind::Customer) {
        if let Some(address) = &client.address {
            request.learn_client(address);
        }
        request.marks.ask(request.facets.kind, event.at);
    }
    // Nobody gives work to others who does not prove who he is.
    if let Some(owner) = owner.filter(|_| event.proof.holds()) {
        belonging::own(request, Some(owner), event.at, &rulebook.directory);
    }
}

pub(super) fn wait(
    request: &mut Request,
    at: DateTime<Utc>,
    (reason, on, until): (&str, Option<&str>, Option<DateTime<Utc>>),
    rulebook: &Rulebook,
) {
    // One that the file does not know is the client's.
    let on = on.and_then(|on| rulebook.wait(on)).or_else(|| rulebook.clients_wait()).map(|kind| kind.key.clone());
    if until.is_some_and(|until| until <= at) {
        // It is over before it begins.
        return;
    }
    let waits_on = request.facets.wait.clone();
    if let Some(pause) = request.open_pause() {
        // It waits already: for longer, and what may at most be waited goes on.
        if on.is_none() || on == waits_on {
            pause.until = until.or(pause.until);
            return;
        }
        // For somebody else: another wait, as often as the rules allow.
        pause.to = Some(at.max(pause.from));
        request.marks.give(TargetKind::Waiting, at);
    }
    request.phase = Phase::Waiting;
    request.facets.wait.clone_from(&on);
    request.marks.owe(TargetKind::Waiting, at);
    request.pauses.push(Pause { from: at, to: None, reason: reason.to_owned(), on, until });
}

/// Ends a wait whose end has come by `now`, at that end; when it was, if it did.
pub(in crate::engine) fn end_wait(request: &mut Request, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let until = request.open_pause()?.until.filter(|until| *until <= now)?;
    resume(request, until);
    Some(until)
}

/// Ends a wait for the client, if one lasts.
pub(super) fn resume(request: &mut Request, at: DateTime<Utc>) {
    if let Some(pause) = request.open_pause() {
        pause.to = Some(at.max(pause.from));
        request.phase = Phase::Open;
        request.facets.wait = None;
        request.marks.give(TargetKind::Waiting, at);
    }
}

pub(super) fn promise(request: &mut Request, at: DateTime<Utc>, promise: Promise) {
    request.promised = Some(Promised { at, promise });
}

pub(super) fn deliver(request: &mut Request, at: DateTime<Utc>) {
    resume(request, at);
    let marks = &mut request.marks;
    // Handing it over is news for whoever waits: it answers too.
    marks.answer(at);
    for kind in
        [TargetKind::Acknowledge, TargetKind::Deliver, TargetKind::Answer, TargetKind::Hop, TargetKind::Contingency]
    {
        marks.give(kind, at);
    }
}

pub(super) fn close(request: &mut Request, at: DateTime<Utc>) {
    resume(request, at);
    let marks = &mut request.marks;
    // Closing what was answered resolves it (C10); closing over a waiting client's head does not.
    if !marks.is_owed(TargetKind::Reply) && marks.first_answered_at.is_some() {
        marks.give(TargetKind::Deliver, at);
    }
    marks.drop_question();
    for kind in [
        TargetKind::Deliver,
        TargetKind::Window,
        TargetKind::Appointment,
        TargetKind::CallBack,
        TargetKind::Hop,
        TargetKind::Answer,
        TargetKind::Assign,
        TargetKind::Attend,
    ] {
        marks.drop(kind);
    }
    request.snoozed_until = None;
    request.phase = Phase::Closed;
}

pub(super) fn reopen(request: &mut Request, at: DateTime<Utc>, rulebook: &Rulebook) {
    request.phase = Phase::Open;
    request.opened_at = at;
    request.set_by_hand = None;
    request.promised = None;
    if request.owner.is_none() {
        request.marks.owe_anew(TargetKind::Assign, at);
    }
    match request.facets.kind {
        RequestKind::Task => request.marks.owe_anew(TargetKind::Answer, at),
        RequestKind::Request | RequestKind::Claim | RequestKind::Call => {
            request.marks.owe_anew(TargetKind::Deliver, at);
        }
    }
    request.described.clear();
    if request.facets.kind == RequestKind::Claim {
        work::enter_first_stage(request, at, rulebook);
    }
}

/// Ends the wait for an answer that nobody needs; whether anybody waited for one. A request that the client's message opened, or opened again,
/// is closed with it.
pub(super) fn waive(request: &mut Request, at: DateTime<Utc>) -> bool {
    if !request.waits_for_answer() {
        return false;
    }
    let closes = request.closes_with_waiver();
    let marks = &mut request.marks;
    marks.drop_question();
    marks.drop(TargetKind::Window);
    if marks.first_answered_at.is_none() {
        marks.asked_at = None;
    }
    if closes {
        end(request, at);
    }
    true
}

/// Keeps a request whose first message asks for nothing: nothing is owed on it until somebody asks.
pub(super) fn set_aside(request: &mut Request, at: DateTime<Utc>) {
    end(request, at);
}

/// Nothing is owed any more.
fn end(request: &mut Request, at: DateTime<Utc>) {
    resume(request, at);
    for kind in TargetKind::ALL {
        request.marks.drop(kind);
    }
    request.snoozed_until = None;
    request.phase = Phase::Closed;
}

pub(super) fn merge(request: &mut Request, at: DateTime<Utc>) {
    resume(request, at);
    request.phase = Phase::Merged;
}

pub(super) fn snooze(request: &mut Request, at: DateTime<Utc>, until: DateTime<Utc>) {
    request.snoozed_until = Some(until.min(at + LONGEST_SNOOZE));
}

/// Takes what nobody had taken yet, for good or until an instant; whether there was such a clock. Who names another end takes it anew.
pub(super) fn ack(
    request: &mut Request,
    at: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    expires: Option<TimeDelta>,
) -> bool {
    let is_free = |clock: &Clock| {
        let is_over = clock.taken_until(expires).is_some_and(|end| end <= at);
        clock.acked_at.is_none() || is_over || until.is_some_and(|until| clock.acked_until != Some(until))
    };
    let untaken = request.clocks.iter_mut().filter(|clock| clock.is_live() && is_free(clock));
    let taken = untaken.map(|clock| {
        clock.acked_at = Some(at);
        clock.acked_until = until;
    });
    taken.count() > 0
}
