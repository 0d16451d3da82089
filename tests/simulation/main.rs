//! Engine, real SQLite and outbox under seeded virtual time, whole: random promises and hours, events late, doubled and out of
//! order, edits of the file, crashes around commits, failing destinations, clocks that are set.
//!
//! A seed decides everything. `plan` draws what will happen, `desk` lets it happen, `check` judges what came of it, first under
//! faults and in the end, when all is healed and everything must have been told. A failure prints its seed and is shrunk to a
//! timeline for `tests/data/scenarios`.
//!
//! `PLAZO_SIM_SEEDS=20000 cargo nextest run simulation` runs more seeds, `PLAZO_SIM_SEED=17` one of them. Each
//! leaves a handle of its store open (see `Checkpointer`): beyond some 50,000, run them in parts, `PLAZO_SIM_FIRST=50000` for the second.

mod check;
mod desk;
mod peer;
mod plan;
mod shrink;

/// The reader of timelines: what a failure prints must be readable by it.
#[path = "../it/scenarios/script.rs"]
#[allow(dead_code, reason = "only its reading is used here")]
mod script;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use check::Failure;
use plan::Plan;

/// Seeds of a run where nobody asks for more.
const SEEDS: u64 = 2_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number of seeds, not `{text}`")))
}

/// Runs a plan and judges it.
fn run(plan: &Plan) -> Result<desk::Summary, Failure> {
    desk::run(plan, &mut check::whole)
}

#[test]
fn whatever_happens_every_promise_is_watched_and_told() {
    let (first, n_seeds) = match number("PLAZO_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (number("PLAZO_SIM_FIRST").unwrap_or(0), number("PLAZO_SIM_SEEDS").unwrap_or(SEEDS)),
    };
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let failed: Mutex<Option<(u64, Failure)>> = Mutex::new(None);
    let total = Mutex::new(desk::Summary::default());
    std::thread::scope(|scope| {
        // Each run waits for its own writer now and then, so there are more runs than cores.
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while failed.lock().expect("no panic").is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if first + n_seeds <= seed {
                        return;
                    }
                    match run(&Plan::draw(seed)) {
                        Ok(summary) => total.lock().expect("no panic").add(&summary),
                        Err(failure) => *failed.lock().expect("no panic") = Some((seed, failure)),
                    }
                }
            });
        }
    });
    println!("{n_seeds} seeds in {:?}: {:?}", began.elapsed(), total.lock().expect("no panic"));
    if let Some((seed, failure)) = failed.into_inner().expect("no panic") {
        let shrunk = shrink::shrink(Plan::draw(seed), &failure, &mut run);
        panic!("PLAZO_SIM_SEED={seed} fails: {failure}\n\nas a timeline for tests/data/scenarios:\n\n{shrunk}");
    }
    if number("PLAZO_SIM_SEED").is_none() {
        // A simulation in which nothing goes wrong proves nothing.
        total.into_inner().expect("no panic").assert_has_everything();
    }
}

#[test]
fn a_seed_decides_everything() {
    for seed in 0..5 {
        let journal = || desk::run(&Plan::draw(seed), &mut check::whole).map(|summary| summary.journal);
        let (once, again) = (journal(), journal());
        assert!(once.is_ok(), "{once:?}");
        assert_eq!(once, again, "seed {seed} went two ways");
    }
}

#[test]
fn a_failure_shrinks_to_a_timeline_that_reads_as_a_scenario() {
    // A rule that the daemon breaks on purpose: that no promise is ever broken.
    let mut nothing_breaks = |plan: &Plan| desk::run(plan, &mut check::that_nothing_breaks);
    let seed = (0..).find(|seed| nothing_breaks(&Plan::draw(*seed)).is_err()).expect("a seed with a breach");
    let plan = Plan::draw(seed);
    let failure = nothing_breaks(&plan).expect_err("just seen");
    let n_before = plan.turns.len();
    let timeline = shrink::shrink(plan, &failure, &mut nothing_breaks);
    let events: Vec<_> =
        timeline.lines().filter(|line| line.contains(" message ") || line.contains(" open ")).collect();
    assert!(events.len() <= 2 && 2 < n_before, "one wait is enough to break a promise:\n{timeline}");
    let script = script::Script::read("shrunk.txt".as_ref(), &timeline);
    assert!(!script.turns.is_empty() && script.turns.len() < n_before, "{timeline}");
}
