//! Whether what was decided is still worth telling when it could go out.

use chrono::{DateTime, Utc};

use super::Motive;
use crate::engine::clock::{Clock, ClockState};

/// Whether the alert of a clock still tells something that is so. Lists and notices, which have no clock, always do.
pub fn is_needed(motive: Motive, clock: Option<&Clock>, decided_at: DateTime<Utc>) -> bool {
    let Some(clock) = clock else { return true };
    let told_of_breach = motive.is_of_breach();
    let stands = match clock.state {
        ClockState::Breached => true,
        ClockState::Running => !told_of_breach,
        ClockState::Paused | ClockState::Met | ClockState::MetLate | ClockState::Cancelled => false,
    };
    // What was decided after somebody took it says that the time for that is over.
    let is_taken = clock.acked_at.is_some_and(|acked_at| decided_at <= acked_at);
    stands && clock.is_live() && !is_taken
}
