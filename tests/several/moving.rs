//! A store goes to a PostgreSQL and back: what it holds is the same, and nothing is told twice.

use crate::support::daemon::Daemon;
use crate::support::{PATIENCE, wait_for};
use crate::{House, message, one_more, tells, verified};

/// What a command says; it must succeed.
fn says(command: &mut std::process::Command) -> String {
    let output = command.output().expect("plazo runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn a_store_goes_to_a_server_and_back_and_nothing_is_told_twice() {
    let house = House::new();
    let shared = house.file("2s", "");
    let (head, tail) = shared.split_once("[store]").expect("it is there");
    let alone = format!(
        "{head}{}",
        tail.split_once("\n\n[[policy]]").map(|(_, rest)| format!("[[policy]]{rest}")).expect("policies")
    );
    let daemon = Daemon::start(&alone);
    for n in 0..12 {
        tells(&daemon, &message(&format!("m{n}"), &format!("t{n}"), "in"));
    }
    wait_for("all to be told", PATIENCE, || (house.told().len() == 12).then_some(()));
    wait_for("all to be written down", PATIENCE, || {
        (daemon.get("/v1/deliveries?state=sent")["deliveries"].as_array()?.len() == 12).then_some(())
    });
    let to = house.url.to_string();
    let running = daemon.command().args(["migrate", "--to", &to]).output().expect("plazo runs");
    assert!(!running.status.success(), "a daemon runs");
    let about = daemon.get("/v1/about");
    let (status, directory) = daemon.stop();
    assert!(status.success());

    let run = |args: &[&str]| {
        let mut command = crate::support::plazo();
        command.arg("--config").arg(directory.path().join("sla.toml")).arg("--data").arg(directory.path().join("data"));
        says(command.args(args))
    };
    let said = run(&["migrate", "--to", &to]);
    assert!(said.contains("12 requests, verified on both sides"), "{said}");
    assert!(!directory.path().join("data/plazo.sqlite3").exists(), "the old one tells nothing any more");
    std::fs::write(directory.path().join("sla.toml"), &shared).expect("saved");
    let key = std::fs::read(directory.path().join("data/links.key")).expect("a key");
    let moved_key = house.server.run(&house.url, "SELECT value FROM meta WHERE key = 'link_key'");
    assert_eq!(moved_key.as_bytes(), key, "links go on");
    let n_calls = house.webhook.received().len();

    let daemon = Daemon::start_in(directory);
    tells(&daemon, &message("later", "later", "in"));
    wait_for("what came later to be told", PATIENCE, || (house.told().len() == 13).then_some(()));
    assert_eq!(house.webhook.received().len(), n_calls + 1, "and nothing else");
    assert_eq!(daemon.get("/v1/about")["language"], about["language"]);
    verified(&daemon);
    wait_for("it to be written down", PATIENCE, || {
        (daemon.get("/v1/deliveries?state=sent")["deliveries"].as_array()?.len() == 13).then_some(())
    });
    let (status, directory) = daemon.stop();
    assert!(status.success());

    let back = tempfile::tempdir().expect("a directory");
    let mut command = crate::support::plazo();
    command.arg("--config").arg(directory.path().join("sla.toml")).arg("--data").arg(directory.path().join("data"));
    let said = says(command.args(["migrate", "--to"]).arg(back.path().join("data")));
    assert!(said.contains("13 requests, verified on both sides"), "{said}");
    std::fs::write(back.path().join("sla.toml"), &alone).expect("saved");
    assert_eq!(std::fs::read(back.path().join("data/links.key")).expect("a key"), key);
    let daemon = Daemon::start_in(back);
    assert_eq!(daemon.get("/v1/status")["open"], 13);
    verified(&daemon);
    one_more(&house, &daemon);
    assert_eq!(house.webhook.received().len(), n_calls + 2, "nothing is told twice");
}
