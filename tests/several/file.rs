//! One file of promises for all, and what is shown of those who share.

use crate::support::daemon::Daemon;
use crate::support::{PATIENCE, wait_for};
use crate::{House, message, tells, verified};

#[test]
fn a_file_is_put_in_force_for_all_and_whoever_has_another_says_so() {
    let house = House::new();
    let daemons = house.daemons(2, "1h");
    let revision = |daemon: &Daemon| daemon.get("/v1/status")["revision"].as_i64();
    assert_eq!([revision(&daemons[0]), revision(&daemons[1])], [Some(1), Some(1)], "the same file is taken once");
    tells(&daemons[0], &message("m1", "t1", "in"));

    // Saved beside one of them, it changes nothing but what that one says of itself.
    let shorter = house.file("30m", "");
    std::fs::write(daemons[1].config_path(), &shorter).expect("saved");
    wait_for("it to be told that the file is another", PATIENCE, || {
        let status = daemons[0].get("/v1/status");
        let rows = status["daemons"].as_array()?.clone();
        (rows.len() == 2 && rows.iter().filter(|row| row["other_file"] == true).count() == 1).then_some(())
    });
    let due = || daemons[0].get("/v1/requests/R-1")["due_at"].as_str().map(str::to_owned);
    let before = due().expect("due");

    let applied =
        daemons[1].command().args(["apply", "--by", "ana", "--comment", "shorter"]).output().expect("it runs");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    wait_for("both to go by it", PATIENCE, || {
        (revision(&daemons[0]) == Some(2) && revision(&daemons[1]) == Some(2)).then_some(())
    });
    wait_for("the request to be planned anew", PATIENCE, || (due().expect("due") < before).then_some(()));

    // Who starts later goes by what is in force, whatever lies beside it.
    let third = Daemon::start(&house.file("2h", ""));
    assert_eq!(revision(&third), Some(2));
    let status = third.command().arg("status").output().expect("plazo runs");
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("its sla.toml is another") && status.contains("(this one)"), "{status}");
    assert!(third.log().contains("another than the one in force"), "{}", third.log());
    verified(&daemons[0]);
}
