//! Working time: seconds spent inside a calendar's open hours.
//!
//! Elapsed time is chrono's `TimeDelta`; this type exists so that the two are never mixed up by accident.

use std::ops::{Add, Sub};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// An amount of open time, to the millisecond. May be negative as the result of a subtraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkingTime {
    milliseconds: i64,
}

impl WorkingTime {
    /// No time at all.
    pub const ZERO: Self = Self { milliseconds: 0 };

    /// The given number of milliseconds.
    pub const fn milliseconds(milliseconds: i64) -> Self {
        Self { milliseconds }
    }

    /// The given number of seconds, saturating.
    pub const fn seconds(seconds: i64) -> Self {
        Self { milliseconds: seconds.saturating_mul(1_000) }
    }

    /// The given number of minutes, saturating.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// The amount in milliseconds.
    pub const fn as_milliseconds(self) -> i64 {
        self.milliseconds
    }

    /// The amount in whole seconds, rounded towards zero.
    pub const fn as_seconds(self) -> i64 {
        self.milliseconds / 1_000
    }

    /// `percent` hundredths of this amount.
    pub const fn percent(self, percent: u32) -> Self {
        // Through i128: a budget of years times a percentage must not overflow.
        let exact = self.milliseconds as i128 * percent as i128 / 100;
        Self { milliseconds: exact as i64 }
    }

    /// How long this lasts where every hour is open.
    pub const fn as_elapsed(self) -> TimeDelta {
        TimeDelta::milliseconds(self.milliseconds)
    }

    /// The working time of a stretch that is open throughout.
    pub fn of_open_stretch(elapsed: TimeDelta) -> Self {
        Self { milliseconds: elapsed.num_milliseconds() }
    }
}

impl Add for WorkingTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { milliseconds: self.milliseconds.saturating_add(other.milliseconds) }
    }
}

impl Sub for WorkingTime {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { milliseconds: self.milliseconds.saturating_sub(other.milliseconds) }
    }
}
