//! The source of the time, given to everything that needs it. Only `cli` makes one from the machine's clock.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// Tells the time, and how long to wait for a later one.
#[derive(Clone)]
pub struct TimeSource {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Seconds of this source that pass in one real second.
    pace: u32,
}

impl TimeSource {
    /// A source that keeps step with the real time.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self::with_pace(now, 1)
    }

    /// A source that runs `pace` times as fast, at least 1.
    pub fn with_pace(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static, pace: u32) -> Self {
        Self { now: Arc::new(now), pace: pace.max(1) }
    }

    /// Now, to the millisecond.
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)().trunc_subsecs(3)
    }

    /// The real time in which `span` of this source passes; zero for what has passed.
    pub fn real(&self, span: TimeDelta) -> Duration {
        span.to_std().unwrap_or(Duration::ZERO) / self.pace
    }

    /// The time of this source that passes in `real`.
    pub fn passed(&self, real: Duration) -> TimeDelta {
        TimeDelta::from_std(real.saturating_mul(self.pace)).unwrap_or(TimeDelta::MAX)
    }
}

impl std::fmt::Debug for TimeSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimeSource").field("pace", &self.pace).finish_non_exhaustive()
    }
}
