//! Copies of the store while the daemon writes it, putting one back, and whether all is as it must be.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{PATIENCE, plazo, wait_for};

const POLICY: &str = "
[[policy]]
name = \"all\"
match = { kind = \"request\" }
team = \"social\"
reply = { within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"lead\"] }]
";

#[track_caller]
fn run(directory: &Path, args: &[&str]) -> Output {
    let mut command = plazo();
    command.arg("--config").arg(directory.join("sla.toml")).arg("--data").arg(directory.join("data"));
    command.current_dir(directory).args(args).output().expect("plazo runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn desk() -> Daemon {
    Daemon::start(&format!("{PEOPLE}{POLICY}"))
}

fn copies(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .expect("a directory")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_copy_made_while_it_runs_is_whole_says_its_version_and_takes_the_place_of_the_store() {
    let daemon = desk();
    let first = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let root = daemon.directory.path().to_owned();
    let made = run(&root, &["backup", "copy.sqlite3"]);
    assert!(made.status.success(), "{}", told(&made));
    assert!(told(&made).contains(env!("CARGO_PKG_VERSION")) && told(&made).contains("sha256"), "{}", told(&made));
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(root.join("copy.sqlite3")).expect("the copy").permissions().mode();
    assert_eq!(mode & 0o077, 0, "it holds clients' words");
    assert!(!told(&run(&root, &["backup", "copy.sqlite3"])).contains("copied"), "none is overwritten");
    daemon.client_message("m-2", "t-2", Duration::ZERO);
    let refused = run(&root, &["restore", "copy.sqlite3"]);
    assert!(!refused.status.success() && told(&refused).contains("stop it first"), "{}", told(&refused));
    assert!(run(&root, &["restore", "copy.sqlite3", "--check"]).status.success(), "looking is allowed");
    let (_, directory) = daemon.stop();
    let restored = run(&root, &["restore", "copy.sqlite3"]);
    assert!(restored.status.success(), "{}", told(&restored));
    let kept = copies(&root.join("data")).into_iter().find(|name| name.contains(".before-")).expect("what was there");
    let daemon = Daemon::start_in(directory);
    assert_eq!(daemon.get(&format!("/v1/requests/{first}"))["state"], "open");
    assert_eq!(daemon.call("GET", "/v1/requests/R-2", &[], b"").status, 404, "it came after the copy");
    let looked = run(&root, &["restore", &format!("data/{kept}"), "--check", "--json"]);
    let looked: Value = serde_json::from_slice(&looked.stdout).expect("JSON");
    assert_eq!(looked["n_requests"], 2, "what was there is whole");
}

#[test]
fn what_is_no_copy_changes_nothing() {
    let (_, directory) = {
        let daemon = desk();
        daemon.client_message("m-1", "t-1", Duration::ZERO);
        daemon.stop()
    };
    let root = directory.path();
    assert!(run(root, &["backup", "copy.sqlite3"]).status.success(), "nobody need be at work");
    let whole = std::fs::read(root.join("copy.sqlite3")).expect("the copy");
    std::fs::write(root.join("cut.sqlite3"), &whole[..whole.len() / 2]).expect("written");
    let other = rusqlite::Connection::open(root.join("other.sqlite3")).expect("a database");
    other.execute_batch("CREATE TABLE t (a); PRAGMA journal_mode = DELETE;").expect("a table");
    let newer = root.join("newer.sqlite3");
    std::fs::write(&newer, &whole).expect("written");
    let later = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        SELECT 1000, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1";
    rusqlite::Connection::open(&newer).expect("the copy").execute(later, []).expect("a later version");
    for (file, words) in [
        ("sla.toml", "damaged"),
        ("cut.sqlite3", "damaged"),
        ("other.sqlite3", "no store of plazo"),
        ("newer.sqlite3", "later version"),
        ("nothing.sqlite3", "No such file"),
    ] {
        let refused = run(root, &["restore", file]);
        assert!(!refused.status.success() && told(&refused).contains(words), "{file}: {}", told(&refused));
    }
    // A byte of which the database itself knows nothing (its user version): only the digest tells.
    let mut changed = whole.clone();
    changed[63] ^= 1;
    std::fs::write(root.join("copy.sqlite3"), &changed).expect("written");
    for further in [&["--check"][..], &[]] {
        let refused = run(root, &[&["restore", "copy.sqlite3"], further].concat());
        let words = "is not what it was when it was made";
        assert!(!refused.status.success() && told(&refused).contains(words), "{}", told(&refused));
    }
    assert!(told(&run(root, &["list"])).contains("R-1"), "the store is what it was");
    std::fs::write(root.join("copy.sqlite3"), &whole).expect("written");
    // Two put back within a second keep what was there twice.
    for _ in 0..2 {
        let restored = run(root, &["restore", "copy.sqlite3"]);
        assert!(restored.status.success(), "{}", told(&restored));
    }
    let kept = copies(&root.join("data"));
    assert_eq!(kept.iter().filter(|name| name.contains(".before-")).count(), 2, "{kept:?}");
}

#[test]
fn the_last_copies_of_a_directory_are_kept_and_a_pipe_gets_one() {
    let daemon = desk();
    let root = daemon.directory.path().to_owned();
    std::fs::create_dir(root.join("copies")).expect("a directory");
    for name in ["plazo-20200101T000000Z.sqlite3", "plazo-20200102T000000Z.sqlite3", "mine.txt"] {
        std::fs::write(root.join("copies").join(name), "old").expect("written");
    }
    // What a kill left behind goes with the next copy; one that grows is another's.
    let (cut_off, grows) = ("plazo-20200103T000000Z.sqlite3.partial", "plazo-20200104T000000Z.sqlite3.partial");
    for name in [cut_off, grows] {
        std::fs::write(root.join("copies").join(name), "half").expect("written");
    }
    let file = std::fs::File::options().write(true).open(root.join("copies").join(cut_off)).expect("the half");
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_577_836_800)).expect("long ago");
    let made = run(&root, &["backup", "copies/", "--keep", "2"]);
    assert!(made.status.success(), "{}", told(&made));
    let left: Vec<_> = copies(&root.join("copies")).into_iter().filter(|name| name.contains("partial")).collect();
    assert_eq!(left, [grows]);
    std::fs::remove_file(root.join("copies").join(grows)).expect("the other is done");
    let names = copies(&root.join("copies"));
    let n_digests = names.iter().filter(|name| name.ends_with(".sha256")).count();
    assert_eq!((names.len(), n_digests), (4, 1), "{names:?}");
    assert!(
        names.contains(&"mine.txt".to_owned()) && names.contains(&"plazo-20200102T000000Z.sqlite3".to_owned()),
        "{names:?}"
    );
    let piped = run(&root, &["backup", "-"]);
    std::fs::write(root.join("piped.sqlite3"), &piped.stdout).expect("written");
    assert!(run(&root, &["restore", "piped.sqlite3", "--check"]).status.success());
    let left: Vec<_> = copies(&root.join("data")).into_iter().filter(|name| name.contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Killed amid a copy: the store is what it was, no half of a copy bears a copy's name, and the next one goes through.
#[test]
fn killed_amid_a_copy_nothing_bears_the_name_of_one() {
    let daemon = desk();
    let root = daemon.directory.path().to_owned();
    for n in 0..300 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::ZERO);
    }
    for _ in 0..5 {
        let mut command = daemon.command();
        command.args(["backup"]).arg(root.join("copies/")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("plazo starts");
        wait_for("it to begin, or to end", PATIENCE, || {
            let has_begun = std::fs::read_dir(root.join("copies")).is_ok_and(|entries| 0 < entries.count());
            (has_begun || child.try_wait().expect("asked").is_some()).then_some(())
        });
        child.kill().ok();
        child.wait().expect("it ended");
    }
    for name in copies(&root.join("copies")).into_iter().filter(|name| name.ends_with(".sqlite3")) {
        let looked = run(&root, &["restore", &format!("copies/{name}"), "--check"]);
        assert!(looked.status.success(), "{name}: {}", told(&looked));
    }
    let made = run(&root, &["backup", "last.sqlite3"]);
    assert!(made.status.success(), "{}", told(&made));
}

#[test]
fn what_differs_is_told_in_words_and_what_can_be_rebuilt_is() {
    let (_, directory) = {
        let daemon = desk();
        for n in 0..4 {
            daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::ZERO);
        }
        daemon.stop()
    };
    let root = directory.path();
    let well = run(root, &["verify", "--json"]);
    let found: Value = serde_json::from_slice(&well.stdout).unwrap_or_else(|_| panic!("{}", told(&well)));
    assert_eq!((found["n_derived"].as_u64(), well.status.code()), (Some(4), Some(0)), "{found}");
    let store = rusqlite::Connection::open(root.join("data/plazo.sqlite3")).expect("the store");
    store
        .execute_batch(
            "DELETE FROM wakes WHERE request = 1;
             UPDATE requests SET owner = 'nobody of hers' WHERE id = 2;
             UPDATE counts SET n = 40 WHERE subject = 'phase' AND word = 'open';
             INSERT INTO threads VALUES ('whatsapp', 'lost', 99);
             UPDATE requests SET state = json_set(state, '$.clocks[0].state', 'met') WHERE id = 3;
             UPDATE clocks SET state = 'met' WHERE request = 3 AND kind = 'reply';
             DROP INDEX journal_by_time;
             DROP TRIGGER requests_moved;
             DELETE FROM threads WHERE request = 1;
             INSERT INTO clocks SELECT 2, kind, 7, state, policy, revision, started_at, due_at, NULL, NULL, NULL, v, NULL
                 FROM clocks WHERE request = 2 LIMIT 1;
             INSERT INTO acts (request, act, at, source) VALUES (98, 'ack', 0, 'cli');
             INSERT INTO violations (request, at, noticed_at, rule, kind, violation) VALUES (97, 0, 0, 'A5', 'parking', '{}');
             DELETE FROM journal WHERE request = 4;",
        )
        .expect("broken");
    drop(store);
    let broken = run(root, &["verify"]);
    let words = told(&broken);
    assert_eq!(broken.status.code(), Some(1), "{words}");
    for word in [
        "R-1 would be looked at too late",
        "R-2 is listed otherwise",
        "the clocks of R-2",
        "phase open",
        "R-99",
        "R-98",
        "R-97",
        "R-3: the promise",
        "index journal_by_time",
        "trigger requests_moved",
        "does not lead to R-1",
        "nothing of R-4",
        "plazo restore",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
    assert!(words.contains("--mend"), "{words}");
    let mended = run(root, &["verify", "--mend"]);
    assert_eq!(mended.status.code(), Some(1), "what the events give otherwise is nobody's to guess: {}", told(&mended));
    let again = run(root, &["verify", "--json"]);
    let found: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    let left: Vec<_> = found["deviations"].as_array().expect("deviations").iter().map(|one| &one["request"]).collect();
    assert_eq!(left, ["R-3", "R-4", "R-97"], "{found}");
    let daemon = Daemon::start_in(directory);
    let refused = daemon.command().args(["verify", "--mend"]).output().expect("plazo runs");
    assert!(!refused.status.success() && told(&refused).contains("stop it first"), "{}", told(&refused));
}
