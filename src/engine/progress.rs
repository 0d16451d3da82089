//! What an event means for a request: one `match` over the request's phase and the fact holds every legal move.
//!
//! Only marks, pauses and facets change here. Clocks follow the marks in `advance`.

use chrono::{DateTime, TimeDelta, Utc};

use super::check::{self, Answer, CheckKind, judge_answer};
use super::directory::Directory;
use super::effect::{Effect, Ignored};
use super::event::{About, Audience, Author, AuthorKind, Direction, Event, Fact, Promise, RequestKind};
use super::facets::Facets;
use super::policy::TargetKind;
use super::request::{LONGEST_SNOOZE, Pause, Phase, Promised, Request};
use super::rulebook::Rulebook;
use super::work;

/// Applies `event` to `request`. Senseless events leave an [`Effect::Ignored`] and nothing else.
pub(super) fn apply(request: &mut Request, event: &Event, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    if request.phase == Phase::Merged {
        effects.push(Effect::Ignored { why: Ignored::Merged });
        return;
    }
    let at = event.at;
    let before = request.facets.clone();
    learn(request, event, rulebook);
    if request.phase == Phase::Unopened {
        open(request, event, rulebook);
        effects.push(Effect::Opened);
    }
    let ignored = |why| Effect::Ignored { why };
    if !event.is_believed() {
        // It stays in the history. Among colleagues whoever asked may go on asking; nothing ends by it, and nobody is blamed for it.
        if let Fact::Message { direction: Direction::Internal, text } = &event.fact
            && request.facets.audience == Some(Audience::Internal)
            && is_requester(request, event.author.as_ref())
        {
            message(request, event, Direction::Internal, text.as_deref(), rulebook, effects);
        } else {
            effects.push(ignored(Ignored::Unproven));
        }
        follow_facets(request, &before, at, rulebook);
        return;
    }
    effects.extend(check::judge(request, event, rulebook).into_iter().map(Effect::Violation));
    match (request.phase, &event.fact) {
        (_, Fact::Message { direction, text }) => {
            message(request, event, *direction, text.as_deref(), rulebook, effects);
        }
        (_, Fact::Open { promise, owner }) => {
            opened(request, event, *promise);
            // Nobody gives work to others who does not prove who he is.
            if let Some(owner) = owner.as_deref().filter(|_| event.proof.holds()) {
                own(request, Some(owner), at, &rulebook.directory);
            }
        }
        (_, Fact::Own { owner }) => own(request, owner.as_deref(), at, &rulebook.directory),
        (_, Fact::Move { inbox }) => request.facets.inbox = Some(inbox.clone()),
        (_, Fact::Tag { add, remove }) => tag(request, add, remove, rulebook),
        (_, Fact::Prioritise { priority }) => request.facets.priority = Some(priority.clone()),
        (Phase::Open, Fact::Wait { reason }) => wait(request, at, reason),
        (Phase::Waiting, Fact::Resume) => resume(request, at),
        (Phase::Open | Phase::Waiting, Fact::Promise { promise }) => {
            request.promised = Some(Promised { at, promise: *promise });
        }
        (Phase::Open | Phase::Waiting, Fact::Deliver { .. }) => deliver(request, at),
        (Phase::Open | Phase::Waiting, Fact::Close { .. }) => close(request, at),
        (Phase::Closed, Fact::Reopen) => reopen(request, at, rulebook),
        (_, Fact::Merge) => {
            resume(request, at);
            request.phase = Phase::Merged;
        }
        (Phase::Open | Phase::Waiting, Fact::Ack) => {
            if !ack(request, at, rulebook.ack_expires) {
                effects.push(ignored(Ignored::AlreadySo));
            }
        }
        (Phase::Open | Phase::Waiting, Fact::Snooze { until }) => {
            request.snoozed_until = Some((*until).min(at + LONGEST_SNOOZE));
        }
        // The message that it names is left out of what is derived.
        (_, Fact::Undelivered { .. }) => {}
        (_, Fact::Comment { text }) => comment(request, event, text, rulebook),
        (_, Fact::Log(_)) => {
            // Whoever has the request writes down what was said (B1); an entry that names nobody is taken for the owner's.
            let author = event.author.as_ref().and_then(|author| rulebook.directory.person_of(author));
            let is_owners = author.is_none_or(|author| request.owner.as_ref().is_none_or(|owner| *owner == author.key));
            work::logged(request, at, is_owners);
        }
        (Phase::Open | Phase::Waiting, Fact::Schedule { due, participants }) => {
            work::schedule(request, at, *due, participants);
        }
        (Phase::Open | Phase::Waiting, Fact::Held) => {
            if !work::held(request, at) {
                effects.push(ignored(Ignored::NotOwed));
            }
        }
        (Phase::Open | Phase::Waiting, Fact::CallDropped) => work::call_dropped(request, at),
        (_, Fact::CallMade) => work::called(request, at),
        (Phase::Open | Phase::Waiting, Fact::FollowUp) => work::followed_up(request, at),
        (_, Fact::Block { blocker }) => work::block(request, *blocker),
        (_, Fact::Unblock { blocker }) => work::unblock(request, *blocker),
        (_, Fact::Split { parts }) => effects.extend(work::split(request, at, parts, rulebook)),
        (Phase::Open | Phase::Waiting, Fact::Stage { to, number }) => {
            if !work::stage(request, at, (to, number.as_deref()), rulebook) {
                effects.push(ignored(Ignored::AlreadySo));
            }
        }
        (_, Fact::Escalate { .. }) => tag(request, &[work::ESCALATED.to_owned()], &[], rulebook),
        (_, Fact::Replica) => work::replicated(request, at),
        (
            Phase::Closed,
            Fact::Wait { .. }
            | Fact::Promise { .. }
            | Fact::Deliver { .. }
            | Fact::Snooze { .. }
            | Fact::Ack
            | Fact::Schedule { .. }
            | Fact::Held
            | Fact::CallDropped
            | Fact::FollowUp
            | Fact::Stage { .. },
        ) => effects.push(ignored(Ignored::NotOwed)),
        (_, Fact::Wait { .. } | Fact::Resume | Fact::Close { .. } | Fact::Reopen)
        | (Phase::Unopened | Phase::Merged, _) => effects.push(ignored(Ignored::AlreadySo)),
    }
    if is_activity(event) {
        request.marks.idle_since = Some(at).filter(|_| request.phase.is_live());
    }
    follow_facets(request, &before, at, rulebook);
    effects.extend(check::judge_place(request, event, rulebook).map(Effect::Violation));
}

/// Whether somebody did something for the request (B7): alerts that are taken or put off are not that, nor is what programs write.
fn is_activity(event: &Event) -> bool {
    match &event.fact {
        Fact::Ack | Fact::Snooze { .. } | Fact::Undelivered { .. } | Fact::Unblock { .. } | Fact::Replica => false,
        _ => event.author.as_ref().is_none_or(|author| author.kind.is_human()),
    }
}

/// Begins and ends the waits that the request's inbox and tags bring about.
fn follow_facets(request: &mut Request, before: &Facets, at: DateTime<Utc>, rulebook: &Rulebook) {
    let is_live = request.phase.is_live();
    let lies_in_entry = |inbox: &str| rulebook.inbox(inbox).is_some_and(|inbox| inbox.entry);
    let is_entry = request.facets.inbox.as_deref().is_some_and(lies_in_entry);
    let marks = &mut request.marks;
    if is_entry && is_live {
        marks.unclassified_since.get_or_insert(at);
    } else if marks.unclassified_since.take().is_some() && is_live {
        marks.classified_at = Some(at);
    }
    let is_outside = |tag: &String| rulebook.checks.outside_tags.contains(tag) && !before.tags.contains(tag);
    if request.facets.tags.iter().any(is_outside) {
        marks.outside_since = Some(at);
    }
    let promises = |kind, facets: &Facets| rulebook.target(kind, facets).is_some();
    if !is_live {
        marks.contingency_since = None;
        marks.follow_up_since = None;
        return;
    }
    match (marks.contingency_since, promises(TargetKind::Contingency, &request.facets)) {
        (None, true) if !promises(TargetKind::Contingency, before) || marks.recovered_at.is_none() => {
            marks.contingency_since = Some(at);
        }
        (Some(_), false) => {
            marks.contingency_since = None;
            marks.recovered_at = Some(at);
        }
        _ => {}
    }
    if marks.follow_up_since.is_none() && promises(TargetKind::FollowUp, &request.facets) {
        marks.follow_up_since = Some(at);
    }
}

/// Takes over what the event says of the request, whatever it is.
fn learn(request: &mut Request, event: &Event, rulebook: &Rulebook) {
    let directory = &rulebook.directory;
    // Whoever proves nothing may open a request, and not say of a known one to whom it belongs or how urgent it is.
    let is_kept = request.phase != Phase::Unopened && !event.proof.holds();
    let about = if is_kept { &About::default() } else { &event.about };
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
    request.ticket = about.ticket.clone().or_else(|| request.ticket.take());
    request.parent = request.parent.or(about.parent);
    tag(request, &about.tags, &[], rulebook);
    request.contact = about
        .contact
        .clone()
        .or_else(|| request.contact.take())
        .or_else(|| from_client.and_then(|author| author.name.clone().or_else(|| author.address.clone())));
    request.subject = request.subject.take().or_else(|| about.subject.clone());
}

fn open(request: &mut Request, event: &Event, rulebook: &Rulebook) {
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
        request.marks.unowned_since = Some(event.at);
    }
    match request.facets.kind {
        RequestKind::Task => {
            request.marks.task_unanswered_since = Some(event.at);
            // Work that somebody splits off is that person's until it is handed on.
            let author = event.author.as_ref().filter(|_| event.proof.holds());
            if let Some(person) = author.and_then(|author| directory.person_of(author)) {
                own(request, Some(&person.key.clone()), event.at, directory);
            }
        }
        // Where the house wrote first, nothing has been asked for yet (LESSONS 18).
        RequestKind::Request | RequestKind::Claim | RequestKind::Call => {
            let asks = !matches!(event.fact, Fact::Message { direction: Direction::Out, .. });
            request.marks.undelivered_since = Some(event.at).filter(|_| asks);
        }
    }
    if request.facets.kind == RequestKind::Claim {
        work::enter_first_stage(request, event.at, rulebook);
    }
}

fn opened(request: &mut Request, event: &Event, promise: Option<Promise>) {
    // A deadline set by hand takes the contract's place, and may lie far off.
    if let Some(promise) = promise.filter(|_| event.proof.holds()) {
        request.set_by_hand = Some(Promised { at: event.at, promise });
    }
    // What a client asked for waits for an answer; what an agent opened does not (LESSONS 18).
    if let Some(client) = event.author.as_ref().filter(|author| author.kind == AuthorKind::Customer) {
        if let Some(address) = &client.address {
            request.learn_client(address);
        }
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
        let address =
            author.filter(|author| author.kind == AuthorKind::Customer).and_then(|author| author.address.as_deref());
        if address.is_some_and(|address| request.is_third_party(address)) {
            effects.push(Effect::Ignored { why: Ignored::ThirdParty });
            return;
        }
        // Bots and automatic answers neither ask nor end a wait (LESSONS 19), and nobody waits for himself (LESSONS 18).
        if human && !owner_is(request, author, &rulebook.directory) {
            if let Some(address) = address {
                request.learn_client(address);
            }
            client_spoke(request, event.at, rulebook);
            request.marks.unlogged_since.get_or_insert(event.at);
            request.marks.window_since = Some(event.at);
            if text.is_some_and(|text| rulebook.checks.confirms.find(text).is_some()) {
                request.marks.confirmed_at = Some(event.at);
            }
        }
        return;
    }
    // A question to a supplier, or a note to the carrier, answers nobody (LESSONS 43).
    if audience == Audience::Client && !reaches_client(request, event, &rulebook.directory) {
        request.learn_third_parties(&event.recipients);
        effects.push(Effect::Ignored { why: Ignored::Elsewhere });
        return;
    }
    let answer = judge_answer(author, text, audience, &rulebook.directory, &rulebook.wording);
    if direction != Direction::Internal || audience == Audience::Internal {
        effects.extend(answer.violation(author, &request.facets, &rulebook.checks).map(Effect::Violation));
    }
    let heard = answer == Answer::Counts && (direction == Direction::Out || audience == Audience::Internal);
    if heard {
        let is_off_thread = event.about.off_thread;
        if !(is_off_thread && thread_is_required(request, rulebook)) {
            answered(request, event.at, !is_off_thread);
        }
        if audience == Audience::Client {
            effects.extend(work::spoke(request, event.at, text.unwrap_or_default(), rulebook));
        }
    }
    if matches!(answer, Answer::Counts | Answer::NotAuthorised) && !is_requester(request, author) {
        task_answered(request, event.at);
    }
}

/// Whether a message of the house gets to the client, as far as the channel tells.
fn reaches_client(request: &Request, event: &Event, directory: &Directory) -> bool {
    event.recipients.is_empty()
        || !request.knows_client()
        || event.recipients.iter().any(|address| request.is_client(address, directory))
}

/// Whether the file says that an answer outside of the thread is none (A8).
fn thread_is_required(request: &Request, rulebook: &Rulebook) -> bool {
    rulebook.checks.thread_required && rulebook.checks.find(CheckKind::SameThread, &request.facets).is_some()
}

fn client_spoke(request: &mut Request, at: DateTime<Utc>, rulebook: &Rulebook) {
    if request.phase == Phase::Closed {
        reopen(request, at, rulebook);
    }
    resume(request, at);
    asked(request, at);
}

fn asked(request: &mut Request, at: DateTime<Utc>) {
    let marks = &mut request.marks;
    marks.unanswered_since.get_or_insert(at);
    marks.unacknowledged_since.get_or_insert(at);
    marks.asked_at = Some(at);
    if marks.first_asked_at.is_none() {
        marks.first_asked_at = Some(at);
        if request.facets.kind != RequestKind::Task && marks.delivered_at.is_none() {
            marks.undelivered_since.get_or_insert(at);
        }
    }
}

fn answered(request: &mut Request, at: DateTime<Utc>, on_thread: bool) {
    let marks = &mut request.marks;
    if on_thread && marks.unacknowledged_since.take().is_some() {
        marks.acknowledged_at = Some(at);
    }
    marks.window_since = None;
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
    work::described(request, event.at, text);
}

fn is_requester(request: &Request, author: Option<&Author>) -> bool {
    match (&request.requester, author) {
        (Some(requester), Some(author)) => requester.is_same_as(author),
        _ => false,
    }
}

fn owner_is(request: &Request, author: Option<&Author>, directory: &Directory) -> bool {
    // A client may bear the owner's name.
    let author = author.and_then(|author| match (&author.address, author.kind) {
        (Some(address), AuthorKind::Customer) => directory.person(address),
        _ => directory.person_of(author),
    });
    author.is_some_and(|person| request.owner.as_deref() == Some(&person.key))
}

pub(super) fn own(request: &mut Request, owner: Option<&str>, at: DateTime<Utc>, directory: &Directory) {
    let known = owner.and_then(|owner| directory.person(owner));
    request.owner = known.map(|person| person.key.clone()).or_else(|| owner.map(str::to_owned));
    request.facets.teams =
        known.map(|person| directory.teams_of(&person.key).map(|team| team.key.clone()).collect()).unwrap_or_default();
    if owner_is(request, request.requester.as_ref(), directory) {
        // Whoever takes what he asked for waits for nobody (LESSONS 18).
        request.marks.unanswered_since = None;
        request.marks.unacknowledged_since = None;
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

fn tag(request: &mut Request, add: &[String], remove: &[String], rulebook: &Rulebook) {
    request.facets.tags.retain(|tag| !remove.contains(tag));
    for tag in add {
        if request.facets.tags.contains(tag) {
            continue;
        }
        request.facets.tags.push(tag.clone());
        let brought = rulebook.tag_priorities.iter().find(|(named, _)| named.eq_ignore_ascii_case(tag));
        if let Some((_, priority)) = brought {
            request.facets.priority = Some(priority.clone());
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
    answered(request, at, true);
    if request.marks.undelivered_since.take().is_some() {
        request.marks.delivered_at = Some(at);
    }
    task_answered(request, at);
    if request.marks.hop_since.take().is_some() {
        request.marks.hopped_at = Some(at);
    }
    if request.marks.contingency_since.take().is_some() {
        request.marks.recovered_at = Some(at);
    }
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
    marks.unacknowledged_since = None;
    marks.window_since = None;
    marks.scheduled_since = None;
    marks.dropped_since = None;
    marks.hop_since = None;
    if marks.first_answered_at.is_none() {
        // Whoever writes again asks for the first time again (LESSONS 20).
        marks.first_asked_at = None;
    }
    marks.task_unanswered_since = None;
    marks.unowned_since = None;
    request.snoozed_until = None;
    request.phase = Phase::Closed;
}

fn reopen(request: &mut Request, at: DateTime<Utc>, rulebook: &Rulebook) {
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
    request.described.clear();
    if request.facets.kind == RequestKind::Claim {
        work::enter_first_stage(request, at, rulebook);
    }
}

/// Whether there was a clock that nobody had taken yet.
fn ack(request: &mut Request, at: DateTime<Utc>, expires: Option<TimeDelta>) -> bool {
    let is_over = |acked_at: DateTime<Utc>| expires.is_some_and(|expires| acked_at + expires <= at);
    let untaken = request.clocks.iter_mut().filter(|clock| clock.is_live() && clock.acked_at.is_none_or(is_over));
    untaken.map(|clock| clock.acked_at = Some(at)).count() > 0
}
