//! Makes the store of this version that later versions are tried on (`tests/it/stores.rs`): a morning of one of everything, cut off by a kill.
//!
//! It is no test of what is, but a step of a release, which `packaging/release` names:
//! `cargo nextest run --test it --run-ignored only a_store_of_this_version_is_made`. What it writes is committed, and never written again.

use std::fs;
use std::time::Duration;

use plazo::store::FILE;
use serde_json::{Map, Value, json};

use crate::stores::{said_now, stores};
use crate::support::daemon::{Daemon, before_now};
use crate::support::{PATIENCE, wait_for};

/// What is asked of a store.
const ASKED: [&str; 5] =
    ["list --json", "queue --json", "deliveries --json", "silence --all --json", "violations --json"];

const MINUTE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "a step of a release: writes tests/data/stores"]
fn a_store_of_this_version_is_made() {
    let made = stores().join(concat!("v", env!("CARGO_PKG_VERSION"), ".sqlite3"));
    assert!(!made.exists(), "{} is there, and what was given out is not made anew", made.display());
    let directory = tempfile::tempdir().expect("a directory");
    fs::copy(stores().join("sla.toml"), directory.path().join("sla.toml")).expect("copied");
    let daemon = Daemon::start_in(directory);
    live_a_morning(&daemon);
    let n_requests = daemon.get("/v1/requests?all=true")["requests"].as_array().map_or(0, Vec::len);
    let directory = daemon.kill();
    let store = directory.path().join("data").join(FILE);
    // What is in the log only goes into the file.
    let connection = rusqlite::Connection::open(&store).expect("the store");
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("the log is moved");
    drop(connection);
    let asked = ASKED.into_iter().map(str::to_owned);
    let asked = asked.chain((1..=n_requests).map(|n| format!("show R-{n} --json")));
    let told: Map<String, Value> =
        asked.map(|command| (command.clone(), said_now(&directory.path().join("data"), &command))).collect();
    let told = serde_json::to_string_pretty(&told).expect("JSON");
    fs::write(made.with_extension("json"), told + "\n").expect("written");
    fs::copy(&store, &made).expect("copied");
}

/// Requests in each state, with promises that are kept, broken, parked and taken, and messages that went out, wait and cannot go.
fn live_a_morning(daemon: &Daemon) {
    let ask = |id: &str, thread: &str, channel: &str, ago: Duration, text: &str| {
        daemon.event(&json!({
            "id": id, "type": "message", "channel": channel, "thread": thread, "direction": "in", "at": before_now(ago),
            "author": {"name": "Rosa Díaz", "address": "573005550101", "kind": "customer"}, "text": text,
        }))
    };
    // Answered and delivered in time, closed, and asked about once more.
    let done = ask("e-1", "rosa", "whatsapp", 10 * MINUTE, "¿Me publican la promoción hoy?");
    act(daemon, &["answer", &done, "--by", "laura", "--text", "Sí, sale a las cinco."]);
    act(daemon, &["deliver", &done, "--by", "laura", "--text", "Publicada."]);
    act(daemon, &["close", &done, "--by", "laura"]);
    // Late, taken, and given to somebody.
    let late = ask("e-2", "luis", "whatsapp", 25 * MINUTE, "¿Hay noticias?");
    daemon.delivery("sent");
    act(daemon, &["own", &late, "laura", "--by", "ana"]);
    act(daemon, &["ack", &late, "--by", "laura"]);
    // It waits for the client.
    let parked = ask("e-3", "ines", "whatsapp", 5 * MINUTE, "Quiero cambiar el banner");
    act(daemon, &["answer", &parked, "--by", "laura", "--text", "Claro: ¿me envía los textos?"]);
    act(daemon, &["wait", &parked, "--reason", "faltan los textos", "--by", "laura"]);
    // Its one way out is gone: it stays to be sent.
    ask("e-4", "carta", "email", 70 * MINUTE, "Buenos días, adjunto la factura. ¿La reciben?");
    daemon.delivery("pending");
    // Put off, and held by law.
    let held = ask("e-5", "pedro", "whatsapp", 16 * MINUTE, "Mi guía no se mueve");
    act(daemon, &["snooze", &held, "--for", "30m", "--by", "ana"]);
    act(daemon, &["hold", &held, "--why", "demanda 12-2026", "--by", "ana"]);
    // Nobody is told of it for a while.
    act(daemon, &["silence", "add", "--request", &held, "--for", "2h", "--by", "ana"]);
    wait_for("a silence", PATIENCE, || (!daemon.get("/v1/silences")["silences"].as_array()?.is_empty()).then_some(()));
}

#[track_caller]
fn act(daemon: &Daemon, words: &[&str]) {
    let output = daemon.command().args(words).output().expect("plazo runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "plazo {}: {said}", words.join(" "));
}
