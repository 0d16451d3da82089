//! One open conversation for each contact (C3).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;

/// That the contact of a request that `event` opened has open ones already; which, only the store knows.
pub fn same_contact(
    request: &Request,
    event: &Event,
    others: Vec<RequestId>,
    rulebook: &Rulebook,
) -> Option<Violation> {
    if others.is_empty() {
        return None;
    }
    rulebook.checks.violation(CheckKind::Duplicates, request, event, Finding::SameContact { others })
}
