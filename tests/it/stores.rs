//! Stores of released versions: one of each, as its daemon left it when it was killed, is brought up to date and tells what it told.
//!
//! `tests/data/stores/<version>.json` is what that version's own commands said of its store: every command of today says the same. A release
//! adds its own pair, which `tests/it/made_store.rs` makes, and changes none.

use std::fs;
use std::path::{Path, PathBuf};

use plazo::store::{FILE, Store};
use serde_json::Value;

use crate::support::desk::Desk;
use crate::support::plazo;

pub fn stores() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stores")
}

/// A directory with a store of that file, brought up to date.
fn upgraded(released: &Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::copy(released, directory.path().join(FILE)).expect("copied");
    drop(Store::open(directory.path()).expect("it is brought up to date"));
    directory
}

/// What a command says of a store, without what depends on when it is asked.
fn said(directory: &Path, command: &str) -> Value {
    let mut said = said_now(directory, command);
    forget_the_hour(&mut said);
    said
}

/// What a command says of a store.
pub fn said_now(directory: &Path, command: &str) -> Value {
    let mut plazo = plazo();
    plazo.current_dir(directory).arg("--config").arg(stores().join("sla.toml")).arg("--data").arg(directory);
    let output = plazo.args(command.split(' ')).output().expect("plazo runs");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn forget_the_hour(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // A silence holds until its end, which has come since.
            if fields.contains_key("silenced") {
                fields.remove("state");
            }
            fields.retain(|name, _| !["now", "overdue"].contains(&name.as_str()));
            // Told of each event since 0.2.0.
            if fields.contains_key("received_at") {
                fields.remove("id");
            }
            // A sentence says "until tomorrow 08:30", and "until yesterday 08:30" two days later.
            if let Some(Value::String(sentence)) = fields.get_mut("text")
                && let Some(day) = sentence.find(", until ")
            {
                sentence.truncate(day);
            }
            fields.values_mut().for_each(forget_the_hour);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_the_hour),
        _ => {}
    }
}

#[test]
fn a_store_of_each_released_version_is_brought_up_to_date_and_tells_what_it_told() {
    let files = fs::read_dir(stores()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let released: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "sqlite3")).collect();
    assert!(!released.is_empty());
    for released in released {
        let directory = upgraded(&released);
        let told = fs::read_to_string(released.with_extension("json")).expect("what it told");
        let told: serde_json::Map<String, Value> = serde_json::from_str(&told).expect("JSON");
        for (command, mut expected) in told {
            forget_the_hour(&mut expected);
            assert_eq!(said(directory.path(), &command), expected, "{}: plazo {command}", released.display());
        }
        let store = Store::open(directory.path()).expect("a second start finds nothing to do");
        for id in (1..=store.last_request().expect("a number")).map(plazo::engine::request_id::RequestId) {
            let request = store.request(id).expect("read").unwrap_or_else(|| panic!("{id} cannot be read"));
            let clocks = store.clocks(id).expect("clocks");
            assert!(request.clocks.iter().all(|clock| clocks.contains(clock)), "{id}: {clocks:?}");
        }
        assert!(store.unreadable().all().is_empty(), "{:?}", store.unreadable().all());
    }
}

/// No daemon has run since plazo was updated, or plazo was put back to an earlier version: looking changes nothing, and says what to do.
#[test]
fn a_store_of_another_version_is_named_as_one_by_whatever_only_looks() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join(FILE);
    let text = fs::read_to_string(stores().join("sla.toml")).expect("a policy");
    for language in ["en", "es"] {
        let text = text.replacen("language = \"en\"", &format!("language = \"{language}\""), 1);
        fs::write(directory.path().join(format!("{language}.toml")), text).expect("written");
    }
    let look = |expected: [&str; 2]| {
        let before = fs::read(&file).expect("the store");
        for (language, words) in ["en", "es"].into_iter().zip(expected) {
            let plan = format!("check {language}.toml --plan");
            for command in ["list", "report", "replay", "token list", plan.as_str()] {
                let mut plazo = plazo();
                plazo
                    .current_dir(directory.path())
                    .arg("--config")
                    .arg(format!("{language}.toml"))
                    .arg("--data")
                    .arg(".");
                let output = plazo.args(command.split(' ')).output().expect("plazo runs");
                let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(!output.status.success() && said.contains(words), "{language}: plazo {command}: {said}");
            }
        }
        assert!(fs::read(&file).expect("the store") == before, "looking changed the store");
    };
    fs::copy(stores().join("v0.1.0.sqlite3"), &file).expect("copied");
    look(["an earlier version of plazo wrote", "una versión anterior de plazo escribió"]);
    drop(Store::open(directory.path()).expect("it is brought up to date"));
    let store = rusqlite::Connection::open(&file).expect("the store");
    let later = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        SELECT 1000, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1";
    store.execute(later, []).expect("a later version");
    drop(store);
    look(["a later version of plazo wrote", "una versión posterior de plazo escribió"]);
}

/// A clock that has ended leaves its request's state to the next of its kind, and is kept whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_is_kept_whole_when_the_next_of_its_kind_takes_its_place() {
    let mut desk = Desk::open("2026-03-02 09:00", DESK);
    for minute in [5, 15] {
        desk.ask("whatsapp", "the same").await;
        desk.set(&format!("2026-03-02 09:{minute:02}"));
        let answer = serde_json::json!({"type": "message", "direction": "out", "channel": "whatsapp", "thread": "the same",
            "author": {"name": "ana", "kind": "agent"}});
        desk.event(answer).await;
    }
    desk.ask("whatsapp", "the same").await;
    let store = Store::open_reader(desk.directory.path()).expect("a reader");
    let id = plazo::engine::request_id::RequestId(1);
    let states: Vec<_> =
        store.clocks(id).expect("clocks").iter().map(|clock| (clock.cycle, clock.state.as_str())).collect();
    assert_eq!(states, [(1, "met"), (2, "met"), (3, "running")]);
    assert_eq!(store.request(id).expect("read").expect("R-1").clocks.len(), 1, "the state holds the latest only");
}

/// The tables hold the words that the program's types have.
#[test]
fn a_word_that_is_no_state_gets_into_no_table() {
    let directory = upgraded(&stores().join("v0.1.0.sqlite3"));
    let store = rusqlite::Connection::open(directory.path().join(FILE)).expect("the store");
    for sql in [
        "UPDATE deliveries SET state = 'siesta'",
        "UPDATE deliveries SET state = 'held', held_for = NULL, finished_at = NULL",
        "UPDATE deliveries SET held_for = 'capricho'",
        "UPDATE deliveries SET state = 'sent', finished_at = NULL",
        "UPDATE alerts SET why = 'capricho'",
        "UPDATE requests SET phase = 'siesta'",
        "UPDATE clocks SET state = 'siesta'",
    ] {
        let error = store.execute(sql, []).expect_err(sql).to_string();
        assert!(error.contains("CHECK"), "{sql}: {error}");
    }
}

const DESK: &str = r#"
timezone = "America/Bogota"
[person.ana]
email = "ana@agencia.example"
[[policy]]
name = "all"
reply = { within = "20m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = "ana" }]
"#;

/// What cuts it off leaves the file as it was, as if it had not begun: all versions of tables are made in one transaction.
#[test]
fn a_store_is_brought_up_to_date_whole_or_not_at_all() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(FILE);
    fs::copy(stores().join("v0.1.0.sqlite3"), &path).expect("copied");
    let connection = rusqlite::Connection::open(&path).expect("it opens");
    let tables = || -> Vec<String> {
        let sql =
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL UNION ALL SELECT version FROM refinery_schema_history";
        let mut statement = connection.prepare(sql).expect("SQL");
        statement
            .query_map([], |row| row.get_ref(0).map(|value| format!("{value:?}")))
            .expect("rows")
            .flatten()
            .collect()
    };
    // The last version makes a table of this name.
    connection.execute_batch("CREATE TABLE begun_erasures (in_the_way)").expect("made");
    let before = tables();
    let error = Store::open(directory.path()).expect_err("something is in the way");
    assert!(format!("{error:?}").contains("begun_erasures"), "{error:?}");
    assert_eq!(tables(), before);
    connection.execute_batch("DROP TABLE begun_erasures").expect("dropped");
    drop(Store::open(directory.path()).expect("it is brought up to date"));
    assert_ne!(tables(), before);
}
