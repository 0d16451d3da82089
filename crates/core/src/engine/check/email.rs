//! Answers by email: on the same thread (A8), with everybody in copy who must be (A9).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    let is_human = event.author.as_ref().is_none_or(|author| author.kind.is_human());
    let is_client = request.facets.is_for_client();
    if !is_human || !is_client || request.facets.channel != "email" {
        return;
    }
    let checks = &rulebook.checks;
    if event.about.off_thread {
        found.extend(checks.violation(CheckKind::SameThread, request, event, Finding::OffThread));
    }
    let client = request.facets.customer.as_deref().and_then(|word| rulebook.directory.customer(word));
    let must = client.map(|client| client.copy.as_slice()).unwrap_or_default();
    let author = event.author.as_ref().and_then(|author| author.address.as_deref());
    let has = |address: &str| {
        let is = |other: &str| other.eq_ignore_ascii_case(address);
        event.cc.iter().any(|other| is(other)) || author.is_some_and(is)
    };
    // A system that does not say to whom an answer went says nothing of who was left out either.
    if event.cc.is_empty() {
        return;
    }
    let missing: Vec<_> = must.iter().filter(|address| !has(address)).cloned().collect();
    if !missing.is_empty() {
        found.extend(checks.violation(CheckKind::Copy, request, event, Finding::LeftOut { missing }));
    }
}
