//! Whether what was decided is still worth telling when it could go out.

use chrono::{DateTime, Utc};

use super::Motive;
use super::writing::{WriteDeed, WriteFacts};
use crate::engine::clock::ClockState;

/// How the clock of an alert stands when the alert could go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockNow {
    /// Where it stands.
    pub state: ClockState,
    /// When it ended.
    pub stopped_at: Option<DateTime<Utc>>,
    /// When somebody took it.
    pub acked_at: Option<DateTime<Utc>>,
}

impl ClockNow {
    /// Whether it still watches.
    pub const fn is_live(&self) -> bool {
        self.stopped_at.is_none()
            && matches!(self.state, ClockState::Running | ClockState::Paused | ClockState::Breached)
    }
}

/// Whether something is still to be written back. Of a promise that never was, since the event that began it was taken back, nothing is but the
/// end of what it put there; that end is not where the promise lives again.
pub fn is_deed_needed(facts: &WriteFacts, motive: Motive, clock: Option<ClockNow>, decided_at: DateTime<Utc>) -> bool {
    match (&facts.deed, clock) {
        _ if facts.clock().is_none() => true,
        (WriteDeed::Untag { .. }, clock) => !clock.is_some_and(|clock| clock.is_live()),
        (_, None) => false,
        (_, Some(_)) => is_needed(motive, clock, decided_at),
    }
}

/// Whether the alert of a clock still tells something that is so. Lists and notices, which have no clock, always do.
pub fn is_needed(motive: Motive, clock: Option<ClockNow>, decided_at: DateTime<Utc>) -> bool {
    let Some(clock) = clock else { return true };
    let stands = match clock.state {
        ClockState::Breached => true,
        ClockState::Running => !motive.is_of_breach(),
        ClockState::Paused | ClockState::Met | ClockState::MetLate | ClockState::Cancelled | ClockState::Waived => {
            false
        }
    };
    // What was decided after somebody took it says that the time for that is over.
    let is_taken = clock.acked_at.is_some_and(|acked_at| decided_at <= acked_at);
    stands && clock.stopped_at.is_none() && !is_taken
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::engine::effect::Why;

    #[test]
    fn lessons_30_what_is_over_taken_or_not_so_any_more_is_not_told() {
        let minute = |minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let running = ClockNow { state: ClockState::Running, stopped_at: None, acked_at: None };
        let breached = ClockNow { state: ClockState::Breached, ..running };
        let (warning, breach) = (Motive::Promise(Why::Warning), Motive::Promise(Why::Breach));
        let cases = [
            (warning, running, true),
            (breach, running, false),
            (breach, breached, true),
            (breach, ClockNow { stopped_at: Some(minute(9)), ..breached }, false),
            (breach, ClockNow { acked_at: Some(minute(5)), ..breached }, false),
            (breach, ClockNow { acked_at: Some(minute(4)), ..breached }, true),
            (warning, ClockNow { state: ClockState::Paused, ..running }, false),
            (warning, ClockNow { state: ClockState::Met, ..running }, false),
        ];
        for (motive, clock, expected) in cases {
            assert_eq!(is_needed(motive, Some(clock), minute(5)), expected, "{motive:?} {clock:?}");
        }
        assert!(is_needed(Motive::List, None, minute(5)));
    }
}
