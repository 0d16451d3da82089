//! Which request a mail may be filed to that bears no id of its conversation.

use chrono::TimeDelta;

use crate::engine::event::{Direction, Event, Fact};
use crate::engine::request::Request;
use crate::intake::email::{BY_CLIENT, BY_SUBJECT};

/// The same subject from the same client is the same conversation for so long.
const SUBJECT_HOLDS_FOR: TimeDelta = TimeDelta::days(7);

/// Whether a name says less than an id: it goes with the latest request, and finds it only for a while.
pub(super) fn is_loose(thread: &str) -> bool {
    thread.starts_with(BY_SUBJECT) || thread.starts_with(BY_CLIENT)
}

/// Whether `event`, which knows `request` by `thread`, belongs to it.
pub(super) fn belongs(thread: &str, event: &Event, request: &Request) -> bool {
    if thread.starts_with(BY_SUBJECT) {
        let apart = (event.at - request.last_event_at).abs();
        return request.phase.is_live() && apart <= SUBJECT_HOLDS_FOR;
    }
    if thread.starts_with(BY_CLIENT) {
        // A new mail to a client who waits is the answer; anything else of theirs may be about something else.
        let is_answer = matches!(event.fact, Fact::Message { direction: Direction::Out, .. });
        return is_answer && request.phase.is_live() && request.marks.unanswered_since.is_some();
    }
    true
}
