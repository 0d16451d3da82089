//! Official channels (A10), and the email replica of what is written elsewhere (A6).

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use crate::engine::event::{Direction, Event};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub(super) fn judge(
    request: &Request,
    event: &Event,
    direction: Direction,
    rulebook: &Rulebook,
    found: &mut Vec<Violation>,
) {
    if !request.facets.is_for_client() {
        return;
    }
    let checks = &rulebook.checks;
    // A conversation lives in one channel, but a message may come by another.
    let channel = event.about.channel.as_deref().unwrap_or(&request.facets.channel);
    let is_official = checks.channels.iter().any(|official| official.eq_ignore_ascii_case(channel));
    let finding = match direction {
        Direction::Internal if is_official => Finding::InternalTalk,
        Direction::In if !is_official => Finding::OffChannel { channel: channel.to_owned() },
        Direction::In | Direction::Out | Direction::Internal => return,
    };
    found.extend(checks.violation(CheckKind::Official, request, event, finding));
}

/// What was written by WhatsApp is repeated by email before it is delivered or closed.
pub(super) fn judge_replica(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    if request.marks.is_owed(TargetKind::Replica) {
        found.extend(rulebook.checks.violation(CheckKind::Replica, request, event, Finding::NotReplicated));
    }
}
