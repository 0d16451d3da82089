//! The timer: sleeps until the queue's next instant, looks at what is due in bounded batches, and notices a clock that was set.
//!
//! Deadlines are wall-clock and a sleep is not, so it never sleeps longer than a second (LESSONS 38). A backward step fires
//! nothing twice, since what was told is in the store; a forward step finds much due at once and is a catch-up.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Requests looked at in one transaction: while one batch is written, the last one is sent.
const BATCH: usize = 96;
/// The longest sleep.
const LONGEST_SLEEP: TimeDelta = TimeDelta::seconds(1);
/// The runtime's timers round up to this. A wake is slept for up to here, and looked for from here on.
const TIMER_GRAIN: Duration = Duration::from_millis(1);
/// A difference between the two clocks from which on the wall clock was set, or the machine slept.
const STEP: TimeDelta = TimeDelta::seconds(2);
/// While much is due without a break, what is late is gathered this often.
const GATHER_EVERY: Duration = Duration::from_secs(10);
const AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut gathered_at = Instant::now();
    let mut watch = Watch::new(&app);
    // What was held back by the last process, if it ended in the middle of catching up.
    let mut is_catching_up = true;
    while !stop.is_cancelled() {
        app.pulse().timer_beats(true);
        if let Some(back) = watch.look(&app)
            && let Err(error) = app.outbox.clock_was_set_back(back).await
        {
            tracing::error!(%error, "waits could not be moved with the clock");
        }
        let due = app.due(BATCH);
        if !due.is_empty() {
            is_catching_up = true;
            if let Err(error) = app.desk.tick(due).await {
                tracing::error!(%error, "due requests could not be looked at; trying again");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            if gathered_at.elapsed() < GATHER_EVERY {
                continue;
            }
        }
        if is_catching_up {
            gathered_at = Instant::now();
            // Everything due has been looked at: what is late goes out as one message a person (LESSONS 29).
            match app.outbox.gather().await {
                Ok(0) => {}
                Ok(n_messages) => tracing::warn!(n_messages, "late alerts gathered"),
                Err(error) => {
                    tracing::error!(%error, "late alerts could not be gathered; trying again");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            }
            is_catching_up = false;
            continue;
        }
        app.pulse().timer_beats(false);
        let wait = app.queue().next_at().map_or(LONGEST_SLEEP, |at| (at - app.now()).min(LONGEST_SLEEP));
        let wait = app.time().real(wait);
        if wait <= TIMER_GRAIN {
            if app.share().is_some() {
                // What is due may be another daemon's by now, and is taken out of the queue soon.
                tokio::time::sleep(TIMER_GRAIN).await;
            }
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(wait - TIMER_GRAIN) => {}
            () = app.queue().sooner() => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Compares the wall clock with the machine's own.
struct Watch {
    wall: chrono::DateTime<chrono::Utc>,
    machine: Instant,
}

impl Watch {
    fn new(app: &App) -> Self {
        Self { wall: app.now(), machine: Instant::now() }
    }

    /// Notices a step of the wall clock; one backwards is returned.
    fn look(&mut self, app: &App) -> Option<TimeDelta> {
        let now = Self::new(app);
        let step = (now.wall - self.wall) - app.time().passed(now.machine - self.machine);
        if STEP < step.abs() {
            app.metrics().clock_steps.inc();
            tracing::warn!(seconds = step.num_seconds(), "the wall clock was set, or the machine slept");
        }
        *self = now;
        (step < -STEP).then(|| -step)
    }
}
