//! What waits, why and until when. One rule for alerts and for broken rules.

use chrono::{DateTime, TimeDelta, Utc};

use super::HeldFor;

/// What may keep a message from its reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reasons {
    /// Until when a silence holds it back.
    pub silenced_until: Option<DateTime<Utc>>,
    /// Why it waits to be gathered with others that came at once: plazo was down, history is read in, the file was edited.
    pub gathered: Option<HeldFor>,
    /// When the reader gets the next summary, where the reader wants nothing but one.
    pub summary_at: Option<DateTime<Utc>>,
    /// When the reader works again, where it may wait and the reader does not work now.
    pub opens_at: Option<DateTime<Utc>>,
    /// How quick successions to the reader are gathered.
    pub burst: Option<Burst>,
}

/// How messages in quick succession to one reader are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// How long after one message further ones wait.
    pub window: TimeDelta,
    /// Until when they wait now; none where the last message is longer ago.
    pub until: Option<DateTime<Utc>>,
}

/// Whether a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// At once; further ones to the same reader are gathered until then, if an instant is given.
    No(Option<DateTime<Utc>>),
    /// It waits for that, until then.
    For(HeldFor, DateTime<Utc>),
}

/// Whether the alert of a promise waits.
pub fn of_alert(circumstances: &Reasons, now: DateTime<Utc>) -> Delay {
    if let Some(wait) = on_purpose(circumstances, now) {
        return wait;
    }
    match circumstances.burst {
        None => Delay::No(None),
        Some(Burst { until: Some(until), .. }) => Delay::For(HeldFor::Burst, until),
        Some(Burst { window, until: None }) => Delay::No(Some(now + window)),
    }
}

/// Whether the message of a broken rule waits. It is not urgent: it waits for what else its reader is told of, and no alert waits for it.
pub fn of_violation(circumstances: &Reasons, now: DateTime<Utc>) -> Delay {
    if let Some(wait) = on_purpose(circumstances, now) {
        return wait;
    }
    match circumstances.burst {
        None => Delay::No(None),
        Some(Burst { window, until }) => Delay::For(HeldFor::Burst, until.unwrap_or(now + window)),
    }
}

fn on_purpose(circumstances: &Reasons, now: DateTime<Utc>) -> Option<Delay> {
    let Reasons { silenced_until, gathered, summary_at, opens_at, .. } = *circumstances;
    silenced_until
        .map(|until| Delay::For(HeldFor::Silence, until))
        .or_else(|| gathered.map(|cause| Delay::For(cause, now)))
        .or_else(|| summary_at.map(|at| Delay::For(HeldFor::Daily, at)))
        .or_else(|| opens_at.map(|at| Delay::For(HeldFor::Quiet, at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn the_first_reason_counts_and_a_burst_is_the_last() {
        let window = TimeDelta::minutes(5);
        let burst = Some(Burst { window, until: Some(minute(4)) });
        let all = Reasons {
            silenced_until: Some(minute(60)),
            gathered: Some(HeldFor::Downtime),
            summary_at: Some(minute(90)),
            opens_at: Some(minute(30)),
            burst,
        };
        let now = minute(1);
        let cases = [
            (all, Delay::For(HeldFor::Silence, minute(60))),
            (Reasons { silenced_until: None, ..all }, Delay::For(HeldFor::Downtime, now)),
            (Reasons { silenced_until: None, gathered: None, ..all }, Delay::For(HeldFor::Daily, minute(90))),
            (
                Reasons { opens_at: Some(minute(30)), burst, ..Reasons::default() },
                Delay::For(HeldFor::Quiet, minute(30)),
            ),
            (Reasons { burst, ..Reasons::default() }, Delay::For(HeldFor::Burst, minute(4))),
            (Reasons::default(), Delay::No(None)),
        ];
        for (circumstances, expected) in cases {
            assert_eq!(of_alert(&circumstances, now), expected, "{circumstances:?}");
            assert_eq!(of_violation(&circumstances, now), expected, "{circumstances:?}");
        }
    }

    #[test]
    fn an_alert_opens_the_window_and_a_broken_rule_waits_for_one_without_opening_it() {
        let burst = Some(Burst { window: TimeDelta::minutes(5), until: None });
        let circumstances = Reasons { burst, ..Reasons::default() };
        assert_eq!(of_alert(&circumstances, minute(1)), Delay::No(Some(minute(6))));
        assert_eq!(of_violation(&circumstances, minute(1)), Delay::For(HeldFor::Burst, minute(6)));
    }
}
