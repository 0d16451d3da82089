//! What events mean that tell of the work on a request: log entries, appointments, calls, tasks, the stages of a claim.

use chrono::{DateTime, Utc};

use super::check::{self, Part};
use super::directory::{Recipient, Role, Tell};
use super::effect::Effect;
use super::event::{Audience, RequestKind};
use super::request::{Appointment, Request};
use super::request_id::RequestId;
use super::rulebook::{DONE, Rulebook, Stage};

/// The tag of what was handed up (D6): policies match it.
pub(super) const ESCALATED: &str = "escalated";
/// So many of the last answers are remembered (D11).
const MOST_SAID: usize = 16;

/// A log entry. What was said elsewhere is written down whoever does it (C6); the interaction is the owner's to log (B1).
pub(super) fn logged(request: &mut Request, at: DateTime<Utc>, is_owners: bool) {
    let marks = &mut request.marks;
    if is_owners && marks.unlogged_since.take().is_some() {
        marks.logged_at = Some(at);
    }
    marks.outside_since = None;
}

pub(super) fn schedule(request: &mut Request, at: DateTime<Utc>, due: Option<DateTime<Utc>>, participants: &[String]) {
    request.marks.scheduled_since = due.map(|_| at);
    let before = request.appointment.take();
    let sequence = before.as_ref().map_or(0, |before| before.sequence + 1);
    request.appointment = match (due, before) {
        (Some(due), _) => {
            Some(Appointment { at: due, participants: participants.to_vec(), sequence, cancelled: false })
        }
        (None, Some(before)) => Some(Appointment { sequence, cancelled: true, ..before }),
        (None, None) => None,
    };
}

/// Whether there was an appointment.
pub(super) fn held(request: &mut Request, at: DateTime<Utc>) -> bool {
    let was_agreed = request.marks.scheduled_since.take().is_some();
    if was_agreed {
        request.marks.held_at = Some(at);
        request.marks.unlogged_since.get_or_insert(at);
    }
    was_agreed
}

pub(super) fn call_dropped(request: &mut Request, at: DateTime<Utc>) {
    request.marks.dropped_since.get_or_insert(at);
    request.marks.unlogged_since.get_or_insert(at);
}

pub(super) fn called(request: &mut Request, at: DateTime<Utc>) {
    let marks = &mut request.marks;
    if marks.dropped_since.take().is_some() {
        marks.called_back_at = Some(at);
    }
    marks.unlogged_since.get_or_insert(at);
}

/// One follow-up ends a wait and begins the next.
pub(super) fn followed_up(request: &mut Request, at: DateTime<Utc>) {
    let marks = &mut request.marks;
    if marks.follow_up_since.is_some() {
        marks.follow_up_since = Some(at);
        marks.followed_up_at = Some(at);
    }
}

pub(super) fn block(request: &mut Request, blocker: RequestId) {
    if blocker != request.id && !request.blockers.contains(&blocker) {
        request.blockers.push(blocker);
    }
}

pub(super) fn unblock(request: &mut Request, blocker: Option<RequestId>) {
    request.blockers.retain(|other| blocker.is_some_and(|blocker| blocker != *other));
}

/// Each part becomes a task of its own.
pub(super) fn split(request: &mut Request, at: DateTime<Utc>, parts: &[String], rulebook: &Rulebook) -> Vec<Effect> {
    request.marks.task_opened_at = Some(at);
    // What a call leaves over is answered by the back office (D8).
    let is_call = request.facets.kind == RequestKind::Call;
    let back_office = || {
        let told = [Tell::Role(Role::BackOffice)];
        match rulebook.directory.recipients(&told, None, None, at).into_iter().next() {
            Some(Recipient::Person(key)) => Some(key),
            Some(Recipient::Destination(_)) | None => None,
        }
    };
    let owner = if is_call { back_office() } else { None }.or_else(|| request.owner.clone());
    let task = |subject: Option<String>| Effect::SplitOff {
        kind: RequestKind::Task,
        subject,
        owner: owner.clone(),
        rule: None,
        request: None,
    };
    if parts.is_empty() {
        return vec![task(request.subject.clone())];
    }
    parts.iter().map(|part| task(Some(part.clone()))).collect()
}

pub(super) fn replicated(request: &mut Request, at: DateTime<Utc>) {
    if request.marks.unreplicated_since.take().is_some() {
        request.marks.replicated_at = Some(at);
    }
}

pub(super) fn enter_first_stage(request: &mut Request, at: DateTime<Utc>, rulebook: &Rulebook) {
    if let Some(first) = rulebook.stages.first() {
        enter(request, at, first, rulebook);
    }
}

fn enter(request: &mut Request, at: DateTime<Utc>, stage: &Stage, rulebook: &Rulebook) {
    request.facets.stage = Some(stage.name.clone());
    request.marks.hop_since = Some(at);
    let Some(owner) = &stage.owner else { return };
    let recipients = rulebook.directory.recipients(std::slice::from_ref(owner), request.owner.as_deref(), None, at);
    if let Some(Recipient::Person(key)) = recipients.first() {
        super::progress::own(request, Some(&key.clone()), at, &rulebook.directory);
    }
}

/// Whether the claim went on.
pub(super) fn stage(
    request: &mut Request,
    at: DateTime<Utc>,
    (to, number): (&str, Option<&str>),
    rulebook: &Rulebook,
) -> bool {
    if let Some(number) = number.filter(|number| !number.trim().is_empty()) {
        request.number = Some(number.to_owned());
    }
    if request.facets.stage.as_deref().is_some_and(|stage| stage.eq_ignore_ascii_case(to)) {
        return number.is_some();
    }
    if request.marks.hop_since.take().is_some() {
        request.marks.hopped_at = Some(at);
    }
    match rulebook.stage(to) {
        Some((stage, _)) => enter(request, at, stage, rulebook),
        None if to.eq_ignore_ascii_case(DONE) => request.facets.stage = Some(DONE.to_owned()),
        // A stage that the file does not name has no promise, but it is where the claim is.
        None => request.facets.stage = Some(to.to_owned()),
    }
    true
}

/// What an answer to a client brings about: a replica that is owed (A6), an entry in the log (B1), a task (C7).
pub(super) fn spoke(request: &mut Request, at: DateTime<Utc>, text: &str, rulebook: &Rulebook) -> Option<Effect> {
    let is_to_client = request.facets.audience.unwrap_or(Audience::Client) == Audience::Client;
    let returns = is_to_client && check::promises_to_return(request, text, rulebook);
    let marks = &mut request.marks;
    if request.facets.channel == "whatsapp" {
        marks.unreplicated_since.get_or_insert(at);
    }
    marks.unlogged_since.get_or_insert(at);
    marks.outside_since = None;
    if let Some(fingerprint) = check::fingerprint(text).filter(|fingerprint| !request.said.contains(fingerprint)) {
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
    let rule = rulebook.checks.find(check::CheckKind::ComesBack, &request.facets).map(|check| check.rule.clone());
    let (subject, owner) = (request.subject.clone(), request.owner.clone());
    Some(Effect::SplitOff { kind: RequestKind::Task, subject, owner, rule, request: None })
}

/// A comment: what was said elsewhere is written down (C6), and its parts are there (C5).
pub(super) fn described(request: &mut Request, at: DateTime<Utc>, text: &str) {
    let parts = check::parts(text);
    if text.chars().any(char::is_alphanumeric) {
        request.marks.outside_since = None;
    }
    if parts.contains(&Part::ExternalChannel) {
        request.marks.moved_channel_at = Some(at);
    }
    if request.described.len() < parts.len() {
        request.described = parts;
    }
}
