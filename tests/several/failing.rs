//! A daemon that is killed, one that stands still and believes that it goes on, one that ends in order, and a database that restarts.

use std::time::Instant;

use crate::support::{PATIENCE, wait_for};
use crate::{House, SECOND, message, one_more, tells, verified};

/// So many requests, told to each daemon in turn.
fn open(house: &House, daemons: &[crate::support::daemon::Daemon], n: usize) {
    for id in 0..n {
        tells(&daemons[id % daemons.len()], &message(&format!("m{id}"), &format!("t{id}"), "in"));
    }
    assert_eq!(house.server.run(&house.url, "SELECT count(*) FROM requests"), n.to_string());
}

#[test]
fn what_a_killed_daemon_had_is_told_by_another_within_ten_seconds() {
    let house = House::new();
    let mut daemons = house.daemons(2, "4s");
    open(&house, &daemons, 40);
    daemons.remove(0).kill();
    let killed_at = Instant::now();
    let told = house.all_told(40);
    let took = killed_at.elapsed();
    // Ten seconds, and as many again for a machine that does much else.
    assert!(took < 20 * SECOND, "{took:?}");
    let marked = house.server.run(&house.url, "SELECT count(*) FROM deliveries WHERE in_doubt = 1");
    let n_doubled = told.values().filter(|n| 1 < **n).count();
    assert!(n_doubled <= marked.parse().expect("a number"), "{told:?}, {marked} marked");
    let slots = "SELECT count(*) FROM slots WHERE owner IN (SELECT id FROM daemons WHERE until > extract(epoch FROM clock_timestamp()) * 1000)";
    wait_for("the other one to have all slots", PATIENCE, || {
        (house.server.run(&house.url, slots) == "64").then_some(())
    });
    verified(&daemons[0]);
}

#[test]
fn a_daemon_that_stood_still_tells_nothing_that_another_has_told() {
    let house = House::new();
    let daemons = house.daemons(2, "4s");
    open(&house, &daemons, 40);
    daemons[0].signal("STOP");
    let told = house.all_told(40);
    assert!(told.values().all(|n| *n == 1), "{told:?}");
    let n_calls = house.webhook.received().len();
    daemons[0].signal("CONT");
    house.shared_by(2);
    wait_for("it to speak again", PATIENCE, || (daemons[0].get("/v1/status")["open"] == 40).then_some(()));
    one_more(&house, &daemons[0]);
    assert_eq!(house.webhook.received().len(), n_calls + 1, "nothing is told twice");
    verified(&daemons[0]);
}

#[test]
fn who_ends_in_order_gives_all_up_at_once() {
    let house = House::new();
    let mut daemons = house.daemons(2, "6s");
    open(&house, &daemons, 20);
    let (status, _directory) = daemons.remove(0).stop();
    assert!(status.success());
    let told = house.all_told(20);
    assert!(told.values().all(|n| *n == 1), "{told:?}");
    let late = "SELECT count(*) FROM deliveries WHERE 5000 < decided_at - planned_at OR in_doubt = 1";
    assert_eq!(house.server.run(&house.url, late), "0", "nobody waited for it to be dead");
    verified(&daemons[0]);
}

#[test]
fn a_database_that_restarts_loses_nothing() {
    let house = House::new();
    let daemons = house.daemons(2, "4s");
    open(&house, &daemons, 20);
    std::thread::scope(|scope| {
        // Who is refused meanwhile tries again.
        scope.spawn(|| {
            for id in 20..60 {
                tells(&daemons[id % 2], &message(&format!("m{id}"), &format!("t{id}"), "in"));
            }
        });
        // The server ends with the thread that starts it.
        house.server.restart(2 * SECOND);
    });
    let told = house.all_told(60);
    let marked = house.server.run(&house.url, "SELECT count(*) FROM deliveries WHERE in_doubt = 1");
    let n_doubled = told.values().filter(|n| 1 < **n).count();
    assert!(n_doubled <= marked.parse().expect("a number"), "{told:?}, {marked} marked");
    house.shared_by(2);
    verified(&daemons[0]);
}
