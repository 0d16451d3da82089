//! What systemd is told: ready, reloading, alive, stopping.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{PATIENCE, wait_for};

#[test]
fn systemd_hears_ready_watchdog_reloading_and_stopping() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), PEOPLE).expect("sla.toml");
    let path = directory.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
    let mut heard = String::new();
    let mut hear = |word: &str| {
        wait_for(word, PATIENCE, || {
            let mut buffer = [0; 4_096];
            if let Ok(n) = socket.recv(&mut buffer) {
                heard += &String::from_utf8_lossy(&buffer[..n]);
                heard.push('\n');
            }
            let found = heard.find(word)?;
            // What comes next must be said after this.
            heard = heard.split_off(found + word.len());
            Some(())
        });
    };
    let daemon = Daemon::start_with(directory, |command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000");
    });
    hear("READY=1");
    hear("WATCHDOG=1");
    hear("WATCHDOG=1");
    daemon.signal("HUP");
    hear("RELOADING=1");
    hear("MONOTONIC_USEC=");
    hear("READY=1");
    let (status, _directory) = daemon.stop();
    hear("STOPPING=1");
    assert!(status.success());
}
