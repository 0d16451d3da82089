//! Signs of life of the writer and the timer, by which a busy writer is told from a dead one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Beats since start, and how long the writer was held at most.
#[derive(Debug, Default)]
pub struct Pulse {
    writer: AtomicU64,
    timer: AtomicU64,
    /// Whether the timer waits for the writer.
    timer_waits: AtomicBool,
    longest: AtomicU64,
}

/// The beats at one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    writer: u64,
    timer: u64,
}

impl Pulse {
    /// The writer began or ended a piece of work.
    pub(super) fn writer_works(&self) {
        self.writer.fetch_add(1, Ordering::Relaxed);
    }

    /// The writer was held for so long by one transaction, its commit included.
    pub(super) fn writer_was_held(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.longest.fetch_max(microseconds, Ordering::Relaxed);
    }

    /// The longest that one transaction has held the writer.
    pub fn longest_hold(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::Relaxed))
    }

    /// The timer has come around. `waits`: it hands work to the writer now and waits for that.
    pub fn timer_beats(&self, waits: bool) {
        self.timer_waits.store(waits, Ordering::Relaxed);
        self.timer.fetch_add(1, Ordering::Relaxed);
    }

    /// The beats now.
    pub fn look(&self) -> Look {
        Look { writer: self.writer.load(Ordering::Relaxed), timer: self.timer.load(Ordering::Relaxed) }
    }

    /// Whether alerts can still be decided, by what moved since the last look: the timer came around, or it waits for a writer that works.
    pub fn is_alive_since(&self, last: Look) -> bool {
        let now = self.look();
        now.timer != last.timer || (self.timer_waits.load(Ordering::Relaxed) && now.writer != last.writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_writer_is_alive_and_a_still_one_is_not() {
        let pulse = Pulse::default();
        let last = pulse.look();
        assert!(!pulse.is_alive_since(last), "nothing moves");
        pulse.writer_works();
        assert!(!pulse.is_alive_since(last), "the timer stands, and does not wait for anybody");
        pulse.timer_beats(true);
        let last = pulse.look();
        assert!(!pulse.is_alive_since(last), "the timer waits for a writer that is dead");
        pulse.writer_works();
        assert!(pulse.is_alive_since(last), "the timer waits for a writer that is busy");
    }
}
