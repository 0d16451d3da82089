//! Pages behind messages that are not alerts: what can be done there, and how a message gets their addresses.

use crate::engine::effect::ClockRef;
use crate::engine::request_id::RequestId;
use crate::outbox::ViolationId;
use crate::report::Period;

/// A page behind a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Further {
    /// Says what there is to say to the violation of that number.
    Excuse(RequestId, ViolationId),
    /// Says that the appointment took place.
    Held(RequestId),
    /// Moves the appointment.
    Reschedule(RequestId),
    /// Lets a breach of that request out of the figures for its reason, or leaves it in.
    Approve(RequestId, ClockRef),
    /// Shows the whole report of that name and period.
    Report(String, Period),
    /// The deed of a link whose time was over, by its word.
    Again(String, RequestId),
}
