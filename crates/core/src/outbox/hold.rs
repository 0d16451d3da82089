//! Destinations that stand: nothing else goes there until an instant, after which one message tries whether it works again.

use chrono::{DateTime, Utc};

/// So many failures in a row are no passing trouble: about half a minute.
const TOLD_AFTER: u32 = 3;

/// A destination that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Until when.
    pub until: DateTime<Utc>,
    /// How often in a row it has failed as a whole.
    pub failures: u32,
}

impl Hold {
    /// The destination failed at `now` and stands until then. Messages that fail side by side are one failure of it.
    pub fn failed(before: Option<Self>, until: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        match before {
            None => Self { until, failures: 1 },
            Some(before) => Self {
                until: before.until.max(until),
                failures: before.failures.saturating_add(u32::from(before.until <= now)),
            },
        }
    }

    /// Whether the operator hears of it now: once, when it is no passing trouble any more.
    pub fn is_told(before: Option<Self>, after: Self) -> bool {
        before.map_or(0, |before| before.failures) < TOLD_AFTER && TOLD_AFTER <= after.failures
    }

    /// Whether a message that was taken shows that it works again: its try began when the wait was over. What was on its way before says
    /// nothing.
    pub fn is_lifted(self, began_at: DateTime<Utc>) -> bool {
        self.until <= began_at
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn second(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn what_fails_side_by_side_is_one_failure() {
        let first = Hold::failed(None, second(10), second(0));
        let beside = Hold::failed(Some(first), second(8), second(1));
        assert_eq!(beside, Hold { until: second(10), failures: 1 });
        assert_eq!(Hold::failed(Some(beside), second(40), second(11)), Hold { until: second(40), failures: 2 });
    }

    #[test]
    fn the_operator_hears_of_it_once() {
        let after = |failures| Hold { until: second(10), failures };
        assert!(!Hold::is_told(Some(after(1)), after(2)));
        assert!(Hold::is_told(Some(after(2)), after(3)));
        assert!(!Hold::is_told(Some(after(3)), after(4)));
    }

    #[test]
    fn only_a_try_that_began_after_the_wait_shows_that_it_works_again() {
        let hold = Hold { until: second(10), failures: 2 };
        assert!(!hold.is_lifted(second(9)) && hold.is_lifted(second(10)));
    }
}
