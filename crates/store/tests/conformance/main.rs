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

/// What a case was shown.
fn shown(name: &str, store: &Store, case: Case) -> String {
    let world = World::new(store);
    let ran = catch_unwind(AssertUnwindSafe(|| case(&world)));
    assert!(ran.is_ok(), "case `{name}` failed, as said above; it was shown:\n{}", world.shown());
    world.shown()
}

fn over_sqlite(name: &str, case: Case) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    shown(name, &Store::open(directory.path()).expect("a store"), case)
}

#[test]
fn every_case_holds_over_sqlite() {
    for (name, case) in cases() {
        over_sqlite(name, case);
    }
}

#[test]
fn every_case_holds_over_postgresql_as_over_sqlite() {
    let server = Server::start();
    for (name, case) in cases() {
        let store = Store::connect(&server.database("")).expect("a store");
        assert_eq!(shown(name, &store, case), over_sqlite(name, case), "case `{name}` is shown something else");
    }
}

#[test]
fn every_case_holds_over_postgresql_without_statements_that_have_a_name() {
    let server = Server::start();
    for (name, case) in cases() {
        let store = Store::connect(&server.database("?prepared_statements=false")).expect("a store");
        assert_eq!(shown(name, &store, case), over_sqlite(name, case), "case `{name}` is shown something else");
    }
}
