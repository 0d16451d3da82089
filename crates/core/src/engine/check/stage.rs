//! Formal claims: no stage is left before the number is known that it gives (D4).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::Event;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub(super) fn judge(
    request: &Request,
    event: &Event,
    to: &str,
    number: Option<&str>,
    rulebook: &Rulebook,
    found: &mut Vec<Violation>,
) {
    let Some((stage, _)) = request.facets.stage.as_deref().and_then(|name| rulebook.stage(name)) else { return };
    let is_known = request.number.is_some() || number.is_some_and(|number| !number.trim().is_empty());
    if stage.needs_number && !is_known && !stage.name.eq_ignore_ascii_case(to) {
        let finding = Finding::NumberMissing { stage: stage.name.clone() };
        found.extend(rulebook.checks.violation(CheckKind::Number, request, event, finding));
    }
}
