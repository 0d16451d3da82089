//! Closing and moving: on one of four grounds (C4), described where that is due (C5), with what was said elsewhere (C6), and
//! with its associations (C8).

use super::checks::{CheckKind, Violation};
use super::comment::Part;
use super::finding::{Association, Finding};
use crate::engine::event::{Event, Ground};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub(super) fn judge(
    request: &Request,
    event: &Event,
    claimed: Option<Ground>,
    rulebook: &Rulebook,
    found: &mut Vec<Violation>,
) {
    if !request.facets.is_for_client() {
        return;
    }
    let checks = &rulebook.checks;
    if !Ground::ALL.into_iter().any(|ground| holds(ground, claimed, request)) {
        let waiting = request.marks.is_owed(TargetKind::Reply);
        let finding = Finding::Unfounded { waiting, claimed };
        found.extend(checks.violation(CheckKind::Closing, request, event, finding));
    }
    judge_end(request, event, rulebook, found);
}

/// What is due of a request that ends, on whatever ground: its record is whole (C5, C6, C8). That no answer is needed is a ground of its own,
/// which the report lists.
pub(super) fn judge_end(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    if !request.facets.is_for_client() {
        return;
    }
    let checks = &rulebook.checks;
    found.extend(undescribed(request, event, rulebook));
    if request.marks.outside_since.is_some() {
        found.extend(checks.violation(CheckKind::Outside, request, event, Finding::OutsideUnrecorded));
    }
    let missing = unassociated(request, rulebook);
    if !missing.is_empty() {
        found.extend(checks.violation(CheckKind::Associated, request, event, Finding::Orphan { missing }));
    }
}

pub(super) fn judge_move(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    found.extend(undescribed(request, event, rulebook));
}

/// Whether the record bears a ground out. That the client confirmed may be said by whoever closes: it can have been by voice.
fn holds(ground: Ground, claimed: Option<Ground>, request: &Request) -> bool {
    let marks = &request.marks;
    let since_asked = |at: Option<_>| at.is_some_and(|at| marks.asked_at.is_none_or(|asked_at| asked_at <= at));
    match ground {
        Ground::Answered => {
            let was_asked = marks.first_asked_at.is_some() || marks.asked_at.is_some();
            !marks.is_owed(TargetKind::Reply) && (!was_asked || marks.first_answered_at.is_some())
        }
        Ground::Moved => since_asked(marks.moved_channel_at),
        Ground::Task => since_asked(marks.task_opened_at) || request.ticket.is_some(),
        Ground::Confirmed => claimed == Some(Ground::Confirmed) || since_asked(marks.confirmed_at),
    }
}

fn undescribed(request: &Request, event: &Event, rulebook: &Rulebook) -> Option<Violation> {
    let checks = &rulebook.checks;
    let is_unusual = request.facets.tags.iter().any(|tag| checks.comment_tags.contains(tag));
    let missing: Vec<_> = Part::ALL.into_iter().filter(|part| !request.described.contains(part)).collect();
    if !is_unusual || missing.is_empty() {
        return None;
    }
    checks.violation(CheckKind::Comment, request, event, Finding::Undescribed { missing })
}

/// What of a request's associations is not known.
pub fn unassociated(request: &Request, rulebook: &Rulebook) -> Vec<Association> {
    let checks = &rulebook.checks;
    let is_among = |inbox: &str| checks.ticket_in.iter().any(|named| named.eq_ignore_ascii_case(inbox));
    let needs_ticket = request.facets.inbox.as_deref().is_some_and(is_among);
    let is_missing = |association: Association| match association {
        Association::Contact => checks.requires.contains(&association) && request.contact.is_none(),
        Association::Customer => checks.requires.contains(&association) && request.facets.customer.is_none(),
        Association::Ticket => (needs_ticket || checks.requires.contains(&association)) && request.ticket.is_none(),
    };
    Association::ALL.into_iter().filter(|association| is_missing(*association)).collect()
}
