//! Log entries: whole (B1), and of calls that were not too full (D8).

use super::checks::{CheckKind, Violation};
use super::finding::{Finding, LogField};
use crate::engine::event::{Event, Interaction};
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub(super) fn judge(
    request: &Request,
    event: &Event,
    interaction: &Interaction,
    rulebook: &Rulebook,
    found: &mut Vec<Violation>,
) {
    let checks = &rulebook.checks;
    let missing: Vec<_> = checks.log_requires.iter().copied().filter(|field| !tells(interaction, *field)).collect();
    if !missing.is_empty() {
        found.extend(checks.violation(CheckKind::Log, request, event, Finding::LogIncomplete { missing }));
    }
    let at_most = if interaction.busy { checks.at_most.1 } else { checks.at_most.0 };
    if let Some(items) = interaction.items.filter(|items| at_most < *items) {
        found.extend(checks.violation(CheckKind::Calls, request, event, Finding::TooMany { items, at_most }));
    }
}

fn tells(interaction: &Interaction, field: LogField) -> bool {
    let text = match field {
        LogField::Person => &interaction.person,
        LogField::Medium => &interaction.medium,
        LogField::Reason => &interaction.reason,
        LogField::Inputs => &interaction.inputs,
        LogField::Pending => &interaction.pending,
        LogField::Solution => &interaction.solution,
        LogField::Protocol => return interaction.protocol.is_some(),
    };
    text.chars().any(char::is_alphanumeric)
}
