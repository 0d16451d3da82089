//! Parking: a wait is no way to stop a clock (A5, LESSONS 50).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::Event;
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

/// A wait that begins while the client waits for an answer, or once too often since the request was opened.
pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    let at_most = rulebook.checks.most_waits;
    let waits = 1 + request.pauses.iter().filter(|pause| request.opened_at <= pause.from).count();
    let finding = if request.marks.is_owed(TargetKind::Reply) {
        Finding::ParkedUnanswered
    } else if usize::try_from(at_most).is_ok_and(|at_most| at_most < waits) {
        Finding::ParkedOften { waits: u32::try_from(waits).unwrap_or(u32::MAX), at_most }
    } else {
        return;
    };
    found.extend(rulebook.checks.violation(CheckKind::Parking, request, event, finding));
}
