//! What events mean that tell of the work on a request: log entries, appointments, calls, tasks, the stages of a claim.

use chrono::{DateTime, Utc};

use super::belonging;
use crate::engine::directory::{Directory, Recipient, Role, Tell};
use crate::engine::effect::Effect;
use crate::engine::event::{Event, RequestKind};
use crate::engine::policy::TargetKind;
use crate::engine::request::{Appointment, Request};
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::{DONE, Rulebook, Stage};

/// The tag of what was handed up (D6): policies match it.
const ESCALATED: &str = "escalated";

/// A log entry. What was said elsewhere is written down whoever does it (C6); the interaction is the owner's to log (B1).
pub(super) fn logged(request: &mut Request, event: &Event, directory: &Directory) {
    let author = event.author.as_ref().and_then(|author| directory.person_of(author));
    // An entry that names nobody is taken for the owner's.
    let is_owners = author.is_none_or(|author| request.owner.as_ref().is_none_or(|owner| *owner == author.key));
    if is_owners {
        request.marks.give(TargetKind::Log, event.at);
    }
    request.marks.outside_since = None;
}

pub(super) fn schedule(request: &mut Request, at: DateTime<Utc>, due: Option<DateTime<Utc>>, participants: &[String]) {
    match due {
        Some(_) => request.marks.owe_anew(TargetKind::Appointment, at),
        None => request.marks.drop(TargetKind::Appointment),
    }
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
    let was_agreed = request.marks.give(TargetKind::Appointment, at);
    if was_agreed {
        request.marks.owe(TargetKind::Log, at);
    }
    was_agreed
}

pub(super) fn call_dropped(request: &mut Request, at: DateTime<Utc>) {
    request.marks.owe(TargetKind::CallBack, at);
    request.marks.owe(TargetKind::Log, at);
}

pub(super) fn called(request: &mut Request, at: DateTime<Utc>) {
    request.marks.give(TargetKind::CallBack, at);
    request.marks.owe(TargetKind::Log, at);
}

/// One follow-up ends a wait and begins the next.
pub(super) fn followed_up(request: &mut Request, at: DateTime<Utc>) {
    if request.marks.give(TargetKind::FollowUp, at) {
        request.marks.owe(TargetKind::FollowUp, at);
    }
    // The client was asked how things stand: an "ok" answers that.
    request.marks.inquired_at = Some(at);
    request.marks.needed_at = Some(at);
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
    request.marks.give(TargetKind::Replica, at);
}

pub(super) fn escalated(request: &mut Request, rulebook: &Rulebook) {
    belonging::tag(request, &[ESCALATED.to_owned()], &[], rulebook);
}

pub(super) fn enter_first_stage(request: &mut Request, at: DateTime<Utc>, rulebook: &Rulebook) {
    if let Some(first) = rulebook.stages.first() {
        enter(request, at, first, rulebook);
    }
}

fn enter(request: &mut Request, at: DateTime<Utc>, stage: &Stage, rulebook: &Rulebook) {
    request.facets.stage = Some(stage.name.clone());
    request.marks.owe_anew(TargetKind::Hop, at);
    let Some(owner) = &stage.owner else { return };
    let recipients = rulebook.directory.recipients(std::slice::from_ref(owner), request.owner.as_deref(), None, at);
    if let Some(Recipient::Person(key)) = recipients.first() {
        belonging::own(request, Some(&key.clone()), at, &rulebook.directory);
    }
}

/// Whether the claim went on.
pub(super) fn stage(
    request: &mut Request,
    at: DateTime<Utc>,
    to: &str,
    number: Option<&str>,
    rulebook: &Rulebook,
) -> bool {
    if let Some(number) = number.filter(|number| !number.trim().is_empty()) {
        request.number = Some(number.to_owned());
    }
    if request.facets.stage.as_deref().is_some_and(|stage| stage.eq_ignore_ascii_case(to)) {
        return number.is_some();
    }
    request.marks.give(TargetKind::Hop, at);
    match rulebook.stage(to) {
        Some((stage, _)) => enter(request, at, stage, rulebook),
        None if to.eq_ignore_ascii_case(DONE) => request.facets.stage = Some(DONE.to_owned()),
        // A stage that the file does not name has no promise, but it is where the claim is.
        None => request.facets.stage = Some(to.to_owned()),
    }
    true
}
