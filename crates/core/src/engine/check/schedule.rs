//! Appointments: not before what blocks the request is done (B4).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    if request.blockers.is_empty() {
        return;
    }
    let by = request.blockers.clone();
    found.extend(rulebook.checks.violation(CheckKind::Blocked, request, event, Finding::Blocked { by }));
}
