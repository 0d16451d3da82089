//! What an instant or a number of days in a call may be, for all routes alike. Serde asks it of a field
//! (`deserialize_with`), so that what lies outside is answered as anything else that is wrong in the field.

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

use crate::span;

/// About ten years.
const MOST_DAYS: u32 = 3_660;

/// An instant that plazo reckons with ([`span::is_reckonable`]), where one is given.
pub(super) fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let at = Option::<DateTime<Utc>>::deserialize(deserializer)?;
    if at.is_none_or(span::is_reckonable) {
        return Ok(at);
    }
    Err(D::Error::custom(span::NOT_RECKONABLE))
}

/// A number of days, where one is given.
pub(super) fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let days = Option::<u32>::deserialize(deserializer)?;
    if days.is_none_or(|days| (1..=MOST_DAYS).contains(&days)) {
        return Ok(days);
    }
    Err(D::Error::custom(format_args!("must be a number from 1 to {MOST_DAYS}")))
}
