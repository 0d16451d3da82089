//! What any store must do: the same cases over SQLite and over a real PostgreSQL, with statements that are prepared by name and without.
//!
//! Each case says what must be so, and writes down what it was shown; what PostgreSQL shows must be what SQLite shows, to the letter.

mod admin;
mod alerts;
mod conversations;
mod forgetting;
mod requests;
mod server;
mod shared;
mod sources;
mod waiting;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use plazo_store::Store;
use server::Server;
use world::World;

/// A case, over a store of its own.
type Case = fn(&World<'_>);

fn cases() -> impl Iterator<Item = (&'static str, Case)> {
    [
        requests::CASES,
        conversations::CASES,
        alerts::CASES,
        waiting::CASES,
        sources::CASES,
        admin::CASES,
        forgetting::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// What a case was shown; none where it failed, which it has said itself.
fn shown(store: &Store, case: Case) -> Option<String> {
    let world = World::new(store);
    catch_unwind(AssertUnwindSafe(|| case(&world))).ok().map(|()| world.shown())
}

fn over_sqlite(case: Case) -> Option<String> {
    // In memory where there is such a place: what a test has written need not outlive the machine.
    let place = ["/dev/shm", "/tmp"].into_iter().find(|place| Path::new(place).is_dir()).expect("a place");
    let directory = tempfile::tempdir_in(place).expect("a directory");
    shown(&Store::open(directory.path()).expect("a store"), case)
}

/// Runs all cases; fails with the names of those that failed, or were shown something else than over SQLite.
fn holds(over: impl Fn(Case) -> Option<String>) {
    let wrong: Vec<_> = cases()
        .filter_map(|(name, case)| match (over(case), over_sqlite(case)) {
            (None, _) => Some(format!("{name}: it fails, as said above")),
            (Some(found), Some(expected)) => {
                let mut lines = found.lines().zip(expected.lines()).enumerate();
                let (line, (found, expected)) = lines.find(|(_, (found, expected))| found != expected)?;
                Some(format!("{name}: in line {line}, `{found}` instead of `{expected}`"))
            }
            (Some(_), None) => Some(format!("{name}: it fails over SQLite alone")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_holds_over_sqlite() {
    holds(over_sqlite);
}

#[test]
fn every_case_holds_over_postgresql_as_over_sqlite() {
    let server = Server::start();
    holds(|case| shown(&Store::connect(&server.database("")).expect("a store"), case));
}

#[test]
fn every_case_holds_over_postgresql_without_statements_that_have_a_name() {
    let server = Server::start();
    holds(|case| shown(&Store::connect(&server.database("?prepared_statements=false")).expect("a store"), case));
}
