//! When a message that was not delivered is tried again, by which way, and for how long. Transports only say whether it would help.

use chrono::{DateTime, TimeDelta, Utc};

use super::message::Leased;
use super::{Attempt, Content, DeliveryError};

/// Waits after the first, second, … failed try; the last one from then on.
const BACKOFF: [TimeDelta; 6] = [
    TimeDelta::seconds(1),
    TimeDelta::seconds(5),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(5),
    TimeDelta::minutes(10),
];
/// No peer is obeyed for longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// A note that its system may still be making is looked for no sooner than this.
pub const LOOKED_FOR_AFTER: TimeDelta = TimeDelta::seconds(15);
/// Where a fallback is named, a message waits no longer than this for its own destination.
const FALLBACK_AFTER: TimeDelta = TimeDelta::minutes(2);

/// What the file says of tries to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For how long a message is tried.
    pub retry_for: TimeDelta,
    /// Destinations that take over, in order.
    pub fallback: Vec<String>,
}

impl Limits {
    /// How long a message waits for its own destination, where another one may or may not take over.
    pub fn patience(&self, has_fallback: bool) -> TimeDelta {
        if has_fallback { self.retry_for.min(FALLBACK_AFTER) } else { self.retry_for }
    }
}

/// What becomes of a delivery that failed at `now`: later, by another way, or never; and until when its whole destination stands,
/// if it does. `hold_failures` counts how often in a row that destination has failed as a whole.
pub fn judge(
    limits: &Limits,
    delivery: &Leased,
    error: &DeliveryError,
    hold_failures: u32,
    now: DateTime<Utc>,
) -> (Attempt, Option<DateTime<Utc>>) {
    let hold_until = match error {
        // What a peer asks for is a floor: clocks differ, and some say 0 (LESSONS 53).
        DeliveryError::Hold { after, .. } => {
            let own = backoff(hold_failures.into(), delivery.id.0);
            Some(now + after.map_or(own, |after| after.min(LONGEST_WAIT).max(own)))
        }
        DeliveryError::Retry { .. }
        | DeliveryError::Doubt { .. }
        | DeliveryError::Moot { .. }
        | DeliveryError::GiveUp { .. }
        | DeliveryError::NotToReader { .. } => None,
    };
    let cause = error.cause().to_owned();
    if matches!(error, DeliveryError::Moot { .. }) {
        return (Attempt::Unneeded { cause }, None);
    }
    let waited = now - delivery.decided_at;
    let ways = ways(limits, &delivery.content, &delivery.route);
    let is_final = matches!(error, DeliveryError::GiveUp { .. } | DeliveryError::NotToReader { .. });
    let is_over = is_final || limits.patience(!ways.is_empty()) <= waited;
    let attempt = match ways.split_first() {
        Some((to, route)) if is_over => Attempt::HandedOver { to: to.clone(), route: route.to_vec(), cause },
        None if is_over => Attempt::Dead { cause },
        _ => {
            let at = hold_until.unwrap_or_else(|| now + backoff(delivery.attempt - 1, delivery.id.0));
            let is_looked_for = matches!((error, &delivery.content), (DeliveryError::Doubt { .. }, Content::Write(_)));
            let at = if is_looked_for { at.max(now + LOOKED_FOR_AFTER) } else { at };
            Attempt::Later { at, cause, in_doubt: matches!(error, DeliveryError::Doubt { .. }) }
        }
    };
    (attempt, hold_until)
}

/// The ways still to be tried: those of the destination from which it was handed over, else its own.
fn ways<'a>(limits: &'a Limits, content: &Content, route: &'a [String]) -> &'a [String] {
    // What became of a message is told where that message is, or nowhere; and a link for one reader goes to nobody else.
    if matches!(content, Content::Update { .. } | Content::Link { .. }) {
        return &[];
    }
    // A tag or an owner is nothing that another way could tell; a note is.
    if matches!(content, Content::Write(facts) if !facts.deed.doubles()) {
        return &[];
    }
    if route.is_empty() { &limits.fallback } else { route }
}

/// The way that takes over what waits too long for a destination that stands, and those after it; none if there is none.
pub fn way_on<'a>(route: &'a [String], fallback: &'a [String]) -> Option<(&'a String, &'a [String])> {
    if route.is_empty() { fallback.split_first() } else { route.split_first() }
}

/// The wait after `failures` failed tries, a fifth longer or shorter by delivery, so that they do not come back all at once.
fn backoff(failures: i64, delivery: i64) -> TimeDelta {
    let step = usize::try_from(failures).unwrap_or(0).min(BACKOFF.len() - 1);
    let spread = i32::try_from(delivery.wrapping_mul(7_919).rem_euclid(401)).unwrap_or(0);
    BACKOFF[step] * (800 + spread) / 1_000
}
