//! Refused calls: how many the log tells, who is made to wait, and how often an old link is followed by a new one.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Lines in the log a minute.
const TOLD: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// Refusals a minute of one caller that are answered at once.
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// One link anew for a person in so long.
const RENEWED_EVERY: Duration = Duration::from_secs(10 * 60);
/// Links to sign in for a person an hour.
const SIGN_INS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// Times a minute that one caller may ask to sign in with one address; behind a proxy everybody is one caller.
const ASKED: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// Callers that are remembered.
const MOST_CALLERS: usize = 10_000;

/// What is remembered of refused calls.
pub struct Refusals {
    told: DefaultDirectRateLimiter,
    callers: DefaultKeyedRateLimiter<String>,
    renewed: Option<DefaultKeyedRateLimiter<String>>,
    signed_in: DefaultKeyedRateLimiter<String>,
    asked: DefaultKeyedRateLimiter<String>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            told: RateLimiter::direct(Quota::per_minute(TOLD)),
            callers: RateLimiter::keyed(Quota::per_minute(AT_ONCE)),
            signed_in: RateLimiter::keyed(Quota::per_hour(SIGN_INS)),
            asked: RateLimiter::keyed(Quota::per_minute(ASKED)),
            renewed: Quota::with_period(RENEWED_EVERY).map(RateLimiter::keyed),
        }
    }
}

impl Refusals {
    /// Whether the log has room for one more.
    pub fn may_tell(&self) -> bool {
        self.told.check().is_ok()
    }

    /// Whether that caller was refused often lately, this time included.
    pub fn is_often(&self, caller: &str) -> bool {
        if MOST_CALLERS < self.callers.len() {
            self.callers.retain_recent();
        }
        self.callers.check_key(&caller.to_owned()).is_err()
    }

    /// Whether that person may be mailed a link to sign in; people are bounded by the file.
    pub fn may_sign_in(&self, person: &str) -> bool {
        self.signed_in.check_key(&person.to_owned()).is_ok()
    }

    /// Whether that caller may ask to sign in with that address once more.
    pub fn may_ask(&self, caller: &str, address: &str) -> bool {
        if MOST_CALLERS < self.asked.len() {
            self.asked.retain_recent();
        }
        self.asked.check_key(&format!("{caller} {address}")).is_ok()
    }

    /// Whether that person may be mailed a link anew; people are bounded by the file.
    pub fn may_renew(&self, person: &str) -> bool {
        self.renewed.as_ref().is_some_and(|renewed| renewed.check_key(&person.to_owned()).is_ok())
    }
}
