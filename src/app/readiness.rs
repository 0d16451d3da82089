//! Whether events are taken, as strangers may ask it: however often they do, the store is looked at once a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::App;

/// How long a look is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The last look, and when it was begun.
#[derive(Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// What the last look found. `None` asks the caller for another; until that ends, everybody else goes by the one before.
    fn lately(&self) -> Option<bool> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, is_ready)) if at.elapsed() < GOOD_FOR => Some(is_ready),
            // The store was opened when plazo started.
            before => {
                *last = Some((Instant::now(), before.is_none_or(|(_, is_ready)| is_ready)));
                None
            }
        }
    }

    fn set(&self, is_ready: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), is_ready));
    }
}

impl App {
    /// Whether the store can be read, and could be written when last tried; as it was a second ago, at most.
    pub async fn is_ready_lately(&self) -> bool {
        if let Some(is_ready) = self.doors.readiness.lately() {
            return is_ready;
        }
        let is_ready = self.views.look().await.is_ok() && !self.is_failing();
        self.doors.readiness.set(is_ready);
        is_ready
    }
}
