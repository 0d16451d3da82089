//! What an answer says: nothing that must not be promised (D7), nothing said before (D11), and who comes back to it (C7).

use sha2::{Digest as _, Sha256};

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use super::phrases::normalised;
use crate::engine::event::{Event, Utterance};
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

/// Shorter answers, such as thanks, may be given again.
const SHORTEST_REPEATED: usize = 25;

pub(super) fn judge(request: &Request, event: &Event, text: &str, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    let is_human = event.author.as_ref().is_none_or(|author| author.kind.is_human());
    if !is_human || !request.facets.is_for_client() {
        return;
    }
    let checks = &rulebook.checks;
    let is_exempt = request.facets.tags.iter().any(|tag| checks.unless_tags.contains(tag));
    if let Some(words) = checks.forbids.find(text).filter(|_| !is_exempt) {
        found.extend(checks.violation(CheckKind::Wording, request, event, Finding::ForbiddenPromise { words }));
    }
    if fingerprint(text).is_some_and(|fingerprint| request.said.contains(&fingerprint)) {
        found.extend(checks.violation(CheckKind::Repeated, request, event, Finding::Repeated));
    }
}

/// Whether an answer says that somebody will come back to it (C7).
pub fn promises_to_return(request: &Request, said: Utterance<'_>, rulebook: &Rulebook) -> bool {
    rulebook.checks.find(CheckKind::ComesBack, &request.facets).is_some() && said.returns(rulebook)
}

/// A number that stands for what an answer says, however it is written; none for one that is too short.
pub fn fingerprint(text: &str) -> Option<u64> {
    let text = normalised(text);
    if text.chars().count() < SHORTEST_REPEATED {
        return None;
    }
    let digest = Sha256::digest(text.as_bytes());
    let first: [u8; 8] = digest[..8].try_into().ok()?;
    Some(u64::from_be_bytes(first) >> 1)
}
