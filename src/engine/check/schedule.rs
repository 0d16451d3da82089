//! Appointments: not before what blocks the request is done (B4).

use super::{CheckKind, Finding, Violation};
use crate::engine::event::Event;
use crate::engine::policy::Rulebook;
use crate::engine::request::Request;

pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    if request.blockers.is_empty() {
        return;
    }
    let by = request.blockers.clone();
    found.extend(rulebook.checks.violation(CheckKind::Blocked, request, event, Finding::Blocked { by }));
}
