//! What any store must do: the same cases over SQLite and over a real PostgreSQL, with statements that are prepared by name and without.
//!
//! `PLAZO_CASE=words` runs those alone whose names have these words in them. Each case says what must be so, and writes down what it was shown; what PostgreSQL shows must be what SQLite shows, to the letter.

mod admin;
mod alerts;
mod conversations;
mod forgetting;
mod pooler;
mod requests;
mod server;
mod shared;
mod sources;
mod telephones;
mod waiting;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use plazo_store::{PostgresUrl, Store};
use pooler::Pooler;
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
        telephones::CASES,
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

/// Runs all cases over PostgreSQL and SQLite; fails with the names of those that fail, or are shown something else.
fn holds_over_postgresql(parameters: &str) {
    let server = Server::start();
    let url = server.database(parameters);
    holds_over(&server, &url);
}

fn holds_over(server: &Server, url: &PostgresUrl) {
    let store = Store::connect(url).expect("a store");
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        let (found, expected) = (shown(&store, case), over_sqlite(case));
        server.empty(url);
        let (Some(found), Some(expected)) = (found, expected) else {
            wrong.push(format!("{name}: it fails, as said above"));
            continue;
        };
        let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
        wrong.extend(differs.map(|(found, expected)| format!("{name}: it is shown `{found}` instead of `{expected}`")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_holds_over_sqlite() {
    let failed: Vec<_> = cases().filter(|(_, case)| over_sqlite(*case).is_none()).map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn every_case_holds_over_postgresql_as_over_sqlite() {
    holds_over_postgresql("");
}

#[test]
fn every_case_holds_over_postgresql_without_statements_that_have_a_name() {
    holds_over_postgresql("?prepared_statements=false");
}

#[test]
fn every_case_holds_behind_a_pooler_that_gives_each_transaction_another_connection() {
    let server = Server::start();
    let pooler = Pooler::start(&server);
    holds_over(&server, &pooler.url(&server.database("")));
}

#[test]
fn those_who_share_a_postgresql_are_told_apart() {
    let server = Server::start();
    let failed = shared::CASES.iter().filter(|(_, case)| catch_unwind(AssertUnwindSafe(|| case(&server))).is_err());
    let failed: Vec<_> = failed.map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "{failed:?}");
}
