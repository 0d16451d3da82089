//! What tests share: a real daemon on a free port, and loopback peers that record what arrives.

pub mod daemon;
pub mod desk;
pub mod mailserver;
pub mod nginx;
pub mod smtp;
pub mod terminal;
pub mod webhook;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A file under `tests/data`.
pub fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The binary, for a terminal in English, whatever the machine's locale.
pub fn plazo() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plazo"));
    command.env("PLAZO_LANG", "en");
    command
}

/// Waits for a fact: polls `look` until it gives something. Fails the test after `patience`.
#[track_caller]
pub fn wait_for<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < patience, "waited {patience:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Long enough for anything that happens at all on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
