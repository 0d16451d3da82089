//! Queues: a request lies in the inbox that takes what it is (D10).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::{Event, Fact};
use crate::engine::request::Request;
use crate::engine::rulebook::{Inbox, Rulebook};

pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook) -> Option<Violation> {
    let about = &event.about;
    let may_change = matches!(event.fact, Fact::Open { .. } | Fact::Tag { .. } | Fact::Move { .. })
        || about.inbox.is_some()
        || !about.tags.is_empty();
    if !may_change || !request.phase.is_live() {
        return None;
    }
    let here = rulebook.inbox(request.facets.inbox.as_deref()?)?;
    if here.takes.is_empty() || takes(here, request) {
        return None;
    }
    let belongs = rulebook.inboxes.iter().find(|inbox| takes(inbox, request))?;
    let finding = Finding::WrongQueue { inbox: here.key.clone(), belongs: belongs.key.clone() };
    rulebook.checks.violation(CheckKind::Queues, request, event, finding)
}

/// A queue takes what bears one of its tags; the kind of a request is as good as a tag.
fn takes(inbox: &Inbox, request: &Request) -> bool {
    let facets = &request.facets;
    let words = facets.tags.iter().map(String::as_str).chain([facets.kind.as_str()]);
    words.into_iter().any(|word| inbox.takes.iter().any(|taken| taken.eq_ignore_ascii_case(word)))
}
