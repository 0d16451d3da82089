//! The demo's source of the time: runs at sixty times the real pace, and jumps forward when told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::time::TimeSource;

/// Seconds that pass in one real second.
const PACE: u32 = 60;

pub(super) struct DemoClock {
    anchor: Mutex<(Instant, DateTime<Utc>)>,
}

impl DemoClock {
    pub(super) fn new(begins_at: DateTime<Utc>) -> Self {
        Self { anchor: Mutex::new((Instant::now(), begins_at)) }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let (real, then) = *self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        then + TimeDelta::from_std(real.elapsed() * PACE).unwrap_or_default()
    }

    pub(super) fn jump_to(&self, at: DateTime<Utc>) {
        *self.anchor.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), at);
    }

    pub(super) fn source(self: &Arc<Self>) -> TimeSource {
        let clock = Arc::clone(self);
        TimeSource::with_pace(move || clock.now(), PACE)
    }
}
