//! What an event means for a request: one `match` over the request's phase and the fact holds every legal move.
//!
//! Only marks, pauses and facets change here. Clocks follow the marks in `advance`.

use chrono::{DateTime, TimeDelta, Utc};

use super::check::{Answer, judge_answer};
use super::directory::Directory;
use super::effect::{Effect, Ignored};
use super::event::{Audience, Author, AuthorKind, Direction, Event, Fact, Promise, RequestKind};
use super::policy::Rulebook;
use super::request::{Pause, Phase, Promised, Request};

/// Applies `event` to `request`. Senseless events leave an [`Effect::Ignored`] and nothing else.
pub(super) fn apply(request: &mut Request, event: &Event, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    if request.phase == Phase::Merged {
        effects.push(Effect::Ignored { why: Ignored::Merged });
        return;
    }
    let at = event.at;
    learn(request, event, &rulebook.directory);
    if request.phase == Phase::Unopened {
        open(request, event, &rulebook.directory);
        effects.push(Effect::Opened);
    }
    let ignored = |why| Effect::Ignored { why };
    match (request.phase, &event.fact) {
        (_, Fact::Message { direction, text }) => {
            message(request, event, *direction, text.as_deref(), rulebook, effects);
        }
        (_, Fact::Open { promise }) => opened(request, event, *promise),
        (_, Fact::Own { owner }) => own(request, owner.as_deref(), at, &rulebook.directory),
        (_, Fact::Move { inbox }) => request.facets.inbox = Some(inbox.clone()),
        (_, Fact::Tag { add, remove }) => tag(request, add, remove),
        (_, Fact::Prioritise { priority }) => request.facets.priority = Some(priority.clone()),
        (Phase::Open, Fact::Wait { reason }) => wait(request, at, reason),
        (Phase::Waiting, Fact::Resume) => resume(request, at),
        (Phase::Open | Phase::Waiting, Fact::Promise { promise }) => {
            request.promised = Some(Promised { at, promise: *promise });
        }
        (Phase::Open | Phase::Waiting, Fact::Deliver { .. }) => deliver(request, at),
        (Phase::Open | Phase::Waiting, Fact::Close { .. }) => close(request, at),
        (Phase::Closed, Fact::Reopen) => reopen(request, at),
        (_, Fact::Merge) => {
            resume(request, at);
            request.phase = Phase::Merged;
        }
        (Phase::Open | Phase::Waiting, Fact::Ack) => {
            if !ack(request, at, rulebook.ack_expires) {
                effects.push(ignored(Ignored::AlreadySo));
            }
        }
        (Phase::Open | Phase::Waiting, Fact::Snooze { until }) => request.snoozed_until = Some(*until),
        // The message that it names is left out of what is derived.
        (_, Fact::Undelivered { .. }) => {}
        (_, Fact::Comment { text }) => comment(request, event, text, rulebook),
        (_, Fact::Noted { .. }) => {}
        (Phase::Closed, Fact::Wait { .. } | Fact::Promise { .. } | Fact::Deliver { .. } | Fact::Snooze { .. })
        | (Phase::Closed, Fact::Ack) => effects.push(ignored(Ignored::NotOwed)),
        (_, Fact::Wait { .. } | Fact::Resume | Fact::Close { .. } | Fact::Reopen)
        | (Phase::Unopened | Phase::Merged, _) => effects.push(ignored(Ignored::AlreadySo)),
    }
}

/// Takes over what the event says of the request, whatever it is.
fn learn(request: &mut Request, event: &Event, directory: &Directory) {
    let about = &event.about;
    let facets = &mut request.facets;
    if let Some(channel) = &about.channel
        && facets.channel.is_empty()
    {
        facets.channel.clone_from(channel);
    }
    let from_client = event.author.as_ref().filter(|author| author.kind == AuthorKind::Customer);
    let words = [about.customer.as_deref(), from_client.and_then(|author| author.address.as_deref())];
    if let Some(known) = words.into_iter().flatten().find_map(|word| directory.customer(word)) {
        facets.customer = Some(known.key.clone());
        facets.priority = facets.priority.take().or_else(|| known.priority.clone());
    } else if about.customer.is_some() {
        facets.customer.clone_from(&about.customer);
    }
    facets.inbox = about.inbox.clone().or_else(|| facets.inbox.take());
    facets.priority = about.priority.clone().or_else(|| facets.priority.take());
    facets.audience = facets.audience.or(about.audience);
    facets.kind = about.kind.unwrap_or(facets.kind);
    for tag in &about.tags {
        if !facets.tags.contains(tag) {
            facets.tags.push(tag.clone());
        }
    }
    request.contact = about
        .contact
        .clone()
        .or_else(|| request.contact.take())
        .or_else(|| from_client.and_then(|author| author.name.clone().or_else(|| author.address.clone())));
    request.subject = request.subject.take().or_else(|| about.subject.clone());
}

fn open(request: &mut Request, event: &Event, directory: &Directory) {
    request.phase = Phase::Open;
    request.opened_at = event.at;
    request.requester.clone_from(&event.author);
    let internal = matches!(event.fact, Fact::Message { direction: Direction::Internal, .. });
    let audience = if internal { Audience::Internal } else { Audience::Client };
    request.facets.audience.get_or_insert(audience);
    if request.owner.is_none() {
        request.marks.unowned_since = Some(event.at);
    }
    match request.facets.kind {
        RequestKind::Task => {
            request.marks.task_unanswered_since = Some(event.at);
            // Work that somebody splits off is that person's until it is handed on.
            if let Some(person) = event.author.as_ref().and_then(|author| directory.person_of(author)) {
                own(request, Some(&person.key.clone()), event.at, directory);
            }
        }
        // Where the house wrote first, nothing has been asked for yet (LESSONS 18).
        RequestKind::Request | RequestKind::Claim | RequestKind::Call => {
            let asks = !matches!(event.fact, Fact::Message { direction: Direction::Out, .. });
            request.marks.undelivered_since = Some(event.at).filter(|_| asks);
        }
    }
}

fn opened(request: &mut Request, event: &Event, promise: Option<Promise>) {
    if let Some(promise) = promise {
        request.set_by_hand = Some(Promised { at: event.at, promise });
    }
    // What a client asked for waits for an answer; what an agent opened does not (LESSONS 18).
    if event.author.as_ref().is_some_and(|author| author.kind == AuthorKind::Customer) {
        asked(request, event.at);
    }
}

fn message(
    request: &mut Request,
    event: &Event,
    direction: Direction,
    text: Option<&str>,
    rulebook: &Rulebook,
    effects: &mut Vec<Effect>,
) {
    let author = event.author.as_ref();
    let human = author.is_none_or(|author| author.kind.is_human());
    let audience = request.facets.audience.unwrap_or(Audience::Client);
    let asks = match (audience, direction) {
        (Audience::Client, Direction::In) => true,
        (Audience::Client, Direction::Out | Direction::Internal) => false,
        (Audience::Internal, _) => is_requester(request, author),
    };
    if asks {
        // Bots and automatic answers neither ask nor end a wait (LESSONS 19), and nobody waits for himself (LESSONS 18).
        if human && !owner_is(request, author, &rulebook.directory) {
            client_spoke(request, event.at);
        }
        return;
    }
    let answer = judge_answer(author, text, audience, &rulebook.directory, &rulebook.wording);
    if let Some(rule) = answer.rule().filter(|_| direction != Direction::Internal || audience == Audience::Internal) {
        let who = author.and_then(|author| author.name.clone().or_else(|| author.address.clone()));
        effects.push(Effect::Violation { rule: rule.to_owned(), who });
    }
    let heard = answer == Answer::Counts && (direction == Direction::Out || audience == Audience::Internal);
    if heard {
        answered(request, event.at);
    }
    if matches!(answer, Answer::Counts | Answer::NotAuthorised) && !is_requester(request, author) {
        task_answered(request, event.at);
    }
}

fn client_spoke(request: &mut Request, at: DateTime<Utc>) {
    if request.phase == Phase::Closed {
        reopen(request, at);
    }
    resume(request, at);
    asked(request, at);
}

fn asked(request: &mut Request, at: DateTime<Utc>) {
    let marks = &mut request.marks;
    marks.unanswered_since.get_or_insert(at);
    if marks.first_asked_at.is_none() {
        marks.first_asked_at = Some(at);
        if request.facets.kind != RequestKind::Task && marks.delivered_at.is_none() {
            marks.undelivered_since.get_or_insert(at);
        }
    }
}

fn answered(request: &mut Request, at: DateTime<Utc>) {
    let marks = &mut request.marks;
    if marks.unanswered_since.take().is_some() {
        marks.answered_at = Some(at);
    }
    if marks.first_asked_at.is_some() {
        marks.first_answered_at.get_or_insert(at);
    }
}

fn task_answered(request: &mut Request, at: DateTime<Utc>) {
    if request.marks.task_unanswered_since.take().is_some() {
        request.marks.task_answered_at = Some(at);
    }
}

fn comment(request: &mut Request, event: &Event, text: &str, rulebook: &Rulebook) {
    let human = event.author.as_ref().is_none_or(|author| author.kind.is_human());
    if human && rulebook.wording.says_something(text) && !is_requester(request, event.author.as_ref()) {
        task_answered(request, event.at);
    }
}

fn is_requester(request: &Request, author: Option<&Author>) -> bool {
    match (&request.requester, author) {
        (Some(requester), Some(author)) => requester.is_same_as(author),
        _ => false,
    }
}

fn owner_is(request: &Request, author: Option<&Author>, directory: &Directory) -> bool {
    let author = author.and_then(|author| directory.person_of(author));
    author.is_some_and(|person| request.owner.as_deref() == Some(&person.key))
}

fn own(request: &mut Request, owner: Option<&str>, at: DateTime<Utc>, directory: &Directory) {
    let known = owner.and_then(|owner| directory.person(owner));
    request.owner = known.map(|person| person.key.clone()).or_else(|| owner.map(str::to_owned));
    request.facets.teams =
        known.map(|person| directory.teams_of(&person.key).map(|team| team.key.clone()).collect()).unwrap_or_default();
    if owner_is(request, request.requester.as_ref(), directory) {
        // Whoever takes what he asked for waits for nobody (LESSONS 18).
        request.marks.unanswered_since = None;
        if request.marks.first_answered_at.is_none() {
            request.marks.first_asked_at = None;
        }
    }
    if request.owner.is_some() {
        if request.marks.unowned_since.take().is_some() {
            request.marks.owned_at = Some(at);
        }
    } else {
        request.marks.unowned_since.get_or_insert(at);
    }
}

fn tag(request: &mut Request, add: &[String], remove: &[String]) {
    let tags = &mut request.facets.tags;
    tags.retain(|tag| !remove.contains(tag));
    for tag in add {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
}

fn wait(request: &mut Request, at: DateTime<Utc>, reason: &str) {
    request.phase = Phase::Waiting;
    request.pauses.push(Pause { from: at, to: None, reason: reason.to_owned() });
}

fn resume(request: &mut Request, at: DateTime<Utc>) {
    if let Some(pause) = request.open_pause() {
        pause.to = Some(at.max(pause.from));
        request.phase = Phase::Open;
    }
}

fn deliver(request: &mut Request, at: DateTime<Utc>) {
    resume(request, at);
    // Handing it over is news for whoever waits: it answers too.
    answered(request, at);
    if request.marks.undelivered_since.take().is_some() {
        request.marks.delivered_at = Some(at);
    }
    task_answered(request, at);
}

fn close(request: &mut Request, at: DateTime<Utc>) {
    resume(request, at);
    let marks = &mut request.marks;
    // Closing what was answered resolves it (C10); closing over a waiting client's head does not.
    let resolved = marks.unanswered_since.is_none() && marks.first_answered_at.is_some();
    if marks.undelivered_since.take().is_some() && resolved {
        marks.delivered_at = Some(at);
    }
    marks.unanswered_since = None;
    if marks.first_answered_at.is_none() {
        // Whoever writes again asks for the first time again (LESSONS 20).
        marks.first_asked_at = None;
    }
    marks.task_unanswered_since = None;
    marks.unowned_since = None;
    request.snoozed_until = None;
    request.phase = Phase::Closed;
}

fn reopen(request: &mut Request, at: DateTime<Utc>) {
    request.phase = Phase::Open;
    request.opened_at = at;
    request.set_by_hand = None;
    request.promised = None;
    if request.owner.is_none() {
        request.marks.unowned_since = Some(at);
    }
    match request.facets.kind {
        RequestKind::Task => request.marks.task_unanswered_since = Some(at),
        RequestKind::Request | RequestKind::Claim | RequestKind::Call => {
            request.marks.undelivered_since = Some(at);
        }
    }
}

/// Whether there was a clock that nobody had taken yet.
fn ack(request: &mut Request, at: DateTime<Utc>, expires: Option<TimeDelta>) -> bool {
    let is_over = |acked_at: DateTime<Utc>| expires.is_some_and(|expires| acked_at + expires <= at);
    let untaken = request.clocks.iter_mut().filter(|clock| clock.is_live() && clock.acked_at.is_none_or(is_over));
    untaken.map(|clock| clock.acked_at = Some(at)).count() > 0
}
