//! Parking: a wait is no way to stop a clock (A5, LESSONS 50).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use super::phrases::normalised;
use crate::engine::event::{Event, Fact};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

/// A wait that begins while the client waits for an answer, once too often since the request was opened, or for a client who was asked nothing
/// since the client wrote last.
pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    let at_most = rulebook.checks.most_waits;
    let waits = 1 + request.pauses.iter().filter(|pause| request.opened_at <= pause.from).count();
    let finding = if request.marks.is_owed(TargetKind::Reply) {
        Finding::ParkedUnanswered
    } else if usize::try_from(at_most).is_ok_and(|at_most| at_most < waits) {
        Finding::ParkedOften { waits: u32::try_from(waits).unwrap_or(u32::MAX), at_most }
    } else if is_for_client(event, rulebook) && request.marks.needed_at.is_none() {
        // Who waits for the client has asked the client for something.
        Finding::ParkedUnasked
    } else {
        return;
    };
    found.extend(rulebook.checks.violation(CheckKind::Parking, request, event, finding));
}

/// Whether the client is waited for: where nothing else is said, or the kind is the client's.
fn is_for_client(event: &Event, rulebook: &Rulebook) -> bool {
    let Fact::Wait { on: Some(on), .. } = &event.fact else { return true };
    let kind = rulebook.wait(on);
    kind.is_none() || kind.map(|kind| &kind.key) == rulebook.clients_wait().map(|kind| &kind.key)
}

/// Words by which the house asks something of a client, besides a question mark. Generous: who waits for the client is not to be accused
/// in doubt.
const NEEDS: [&str; 33] = [
    "por favor",
    "favor ",
    "porfa",
    "envi",
    "mand",
    "adjunt",
    "indi",
    "confirm",
    "necesit",
    "requeri",
    "requier",
    "atent",
    "espera",
    "pendiente",
    "avis",
    "compart",
    "responda",
    "respond",
    "falta",
    "informe",
    "diga",
    "faca",
    "aguard",
    "precis",
    "please",
    "send",
    "need",
    "let us know",
    "let me know",
    "waiting",
    "await",
    "reply",
    "provide",
];

/// Whether a message of the house asks something of whoever reads it.
pub(in crate::engine) fn needs_something(text: &str) -> bool {
    let text = normalised(text);
    text.contains(['?', '¿', '？']) || NEEDS.iter().any(|word| text.contains(word))
}
