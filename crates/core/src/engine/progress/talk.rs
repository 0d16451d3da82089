//! What messages, replies and comments mean: who asks, who answers, and what is owed since.

use chrono::{DateTime, Utc};

use super::{belonging, fate};
use crate::engine::check::{self, Answer, CheckKind, Part, judge_answer};
use crate::engine::courtesy::Courtesy;
use crate::engine::directory::Directory;
use crate::engine::effect::{Effect, Ignored};
use crate::engine::event::{Audience, Author, AuthorKind, Direction, Event, RequestKind, Utterance};
use crate::engine::policy::TargetKind;
use crate::engine::request::{Phase, Request};
use crate::engine::rulebook::Rulebook;

/// So many of the last answers are remembered (D11).
const MOST_SAID: usize = 16;

/// Whether whoever asked a colleague goes on asking.
pub(super) fn asks_among_colleagues(request: &Request, event: &Event, direction: Direction) -> bool {
    direction == Direction::Internal
        && request.facets.audience == Some(Audience::Internal)
        && is_requester(request, event.author.as_ref())
}

pub(super) fn message(
    request: &mut Request,
    event: &Event,
    direction: Direction,
    rulebook: &Rulebook,
    effects: &mut Vec<Effect>,
) {
    let audience = request.facets.for_whom();
    let asks = match (audience, direction) {
        (Audience::Client, Direction::In) => true,
        (Audience::Client, Direction::Out | Direction::Internal) => false,
        (Audience::Internal, _) => is_requester(request, event.author.as_ref()),
    };
    if asks {
        question(request, event, rulebook, effects);
    } else if audience == Audience::Client && !reaches_client(request, event, &rulebook.directory) {
        // A question to a supplier, or a note to the carrier, answers nobody (LESSONS 43).
        request.learn_third_parties(&event.recipients);
        effects.push(Effect::Ignored { why: Ignored::Elsewhere });
    } else {
        reply(request, event, direction, rulebook, effects);
    }
}

/// Somebody to whom the promises are made wrote.
fn question(request: &mut Request, event: &Event, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    let author = event.author.as_ref();
    let address =
        author.filter(|author| author.kind == AuthorKind::Customer).and_then(|author| author.address.as_deref());
    if address.is_some_and(|address| request.is_third_party(address)) {
        effects.push(Effect::Ignored { why: Ignored::ThirdParty });
        return;
    }
    // Bots and automatic answers neither ask nor end a wait (LESSONS 19), and nobody waits for himself (LESSONS 18).
    let is_human = author.is_none_or(|author| author.kind.is_human());
    if !is_human || belonging::is_owner(request, author, &rulebook.directory) {
        return;
    }
    if let Some(address) = address {
        request.learn_client(address);
    }
    if event.said().confirms(rulebook) {
        request.marks.confirmed_at = Some(event.at);
    }
    let is_first = effects.contains(&Effect::Opened);
    if asks_nothing(request, event, is_first, rulebook) {
        if is_first {
            fate::set_aside(request, event.at);
        } else if request.marks.is_owed(TargetKind::Window) {
            request.marks.owe_anew(TargetKind::Window, event.at);
        }
        effects.push(Effect::Ignored { why: Ignored::AsksNothing });
        return;
    }
    if request.phase == Phase::Closed {
        fate::reopen(request, event.at, rulebook);
    }
    fate::resume(request, event.at);
    let marks = &mut request.marks;
    marks.ask(request.facets.kind, event.at);
    marks.owe(TargetKind::Log, event.at);
    marks.owe_anew(TargetKind::Window, event.at);
    marks.inquired_at = None;
    marks.needed_at = None;
}

/// Whether a client's message asks for nothing (LESSONS 49). It starts no clock then and ends no wait, and whoever waits goes on waiting.
/// Where it is in doubt, it asks: with something attached, as the subject of a new conversation, as an answer to what the house asked or
/// waits for.
fn asks_nothing(request: &Request, event: &Event, is_first: bool, rulebook: &Rulebook) -> bool {
    if event.attached {
        return false;
    }
    let about = &event.about;
    if is_first && (event.has_subject() || about.kind.is_some() || about.parent.is_some()) {
        return false;
    }
    // What is written as a subject is said, too.
    if event.renames(request.subject.as_deref()) {
        return false;
    }
    let author = event.author.as_ref().and_then(|author| author.name.as_deref());
    let owner = request.owner.as_deref().and_then(|key| rulebook.directory.person(key));
    let names: Vec<&str> = author.into_iter().chain(owner.map(|person| person.name.as_str())).collect();
    match event.said().courtesy(&names, rulebook) {
        None => false,
        Some(Courtesy::Thanks) => true,
        // What was asked for, or is waited for, may be done by it; and one that begins a conversation answers something said elsewhere.
        Some(Courtesy::Acknowledges) => {
            !is_first && request.marks.inquired_at.is_none() && request.phase != Phase::Waiting
        }
    }
}

/// Somebody of the house wrote to whoever asked.
fn reply(request: &mut Request, event: &Event, direction: Direction, rulebook: &Rulebook, effects: &mut Vec<Effect>) {
    let author = event.author.as_ref();
    let audience = request.facets.for_whom();
    let said = event.said();
    if direction != Direction::In {
        let wanted = said.wanted();
        if wanted.inquires {
            // Whoever is asked answers by a nod, too.
            request.marks.inquired_at = Some(event.at);
        }
        if wanted.may_need {
            request.marks.needed_at = Some(event.at);
        }
    }
    let answer = judge_answer(author, said, audience, rulebook);
    if direction != Direction::Internal || audience == Audience::Internal {
        effects.extend(answer.violation(author, &request.facets, &rulebook.checks).map(Effect::Violation));
    }
    let is_heard = answer == Answer::Counts && (direction == Direction::Out || audience == Audience::Internal);
    if is_heard {
        let is_off_thread = event.about.off_thread;
        if !is_off_thread {
            request.marks.give(TargetKind::Acknowledge, event.at);
        }
        if !(is_off_thread && thread_is_required(request, rulebook)) {
            request.marks.answer(event.at);
        }
        if audience == Audience::Client {
            effects.extend(spoke(request, event.at, said, rulebook));
        }
    }
    if matches!(answer, Answer::Counts | Answer::NotAuthorised) && !is_requester(request, author) {
        request.marks.give(TargetKind::Answer, event.at);
    }
}

/// What an answer to a client brings about: a replica that is owed (A6), an entry in the log (B1), a task (C7).
fn spoke(request: &mut Request, at: DateTime<Utc>, said: Utterance<'_>, rulebook: &Rulebook) -> Option<Effect> {
    let is_to_client = request.facets.is_for_client();
    let returns = is_to_client && check::promises_to_return(request, said, rulebook);
    let marks = &mut request.marks;
    if request.facets.channel == "whatsapp" {
        marks.owe(TargetKind::Replica, at);
    }
    marks.owe(TargetKind::Log, at);
    marks.outside_since = None;
    if let Some(fingerprint) = said.fingerprint().filter(|fingerprint| !request.said.contains(fingerprint)) {
        request.said.push(fingerprint);
        let surplus = request.said.len().saturating_sub(MOST_SAID);
        request.said.drain(..surplus);
    }
    // One task for what the client last asked, however often somebody promises to come back to it.
    let has_task = marks.task_opened_at.is_some_and(|opened_at| marks.asked_at.is_none_or(|asked| asked <= opened_at));
    if !returns || has_task {
        return None;
    }
    marks.task_opened_at = Some(at);
    let rule = rulebook.checks.find(CheckKind::ComesBack, &request.facets).map(|check| check.rule.clone());
    let (subject, owner) = (request.subject.clone(), request.owner.clone());
    Some(Effect::SplitOff { kind: RequestKind::Task, subject, owner, rule, request: None })
}

/// A comment answers a task (D3); what was said elsewhere is written down by it (C6), and its parts are there (C5).
pub(super) fn comment(request: &mut Request, event: &Event, rulebook: &Rulebook) {
    let said = event.said();
    let is_human = event.author.as_ref().is_none_or(|author| author.kind.is_human());
    if is_human && !said.says_nothing(rulebook) && !is_requester(request, event.author.as_ref()) {
        request.marks.give(TargetKind::Answer, event.at);
    }
    let parts = said.parts();
    if said.has_letters() {
        request.marks.outside_since = None;
    }
    if parts.contains(&Part::ExternalChannel) {
        request.marks.moved_channel_at = Some(event.at);
    }
    if request.described.len() < parts.len() {
        request.described = parts;
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

fn is_requester(request: &Request, author: Option<&Author>) -> bool {
    match (&request.requester, author) {
        (Some(requester), Some(author)) => requester.is_same_as(author),
        _ => false,
    }
}
