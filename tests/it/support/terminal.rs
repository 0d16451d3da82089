//! A real pseudo-terminal in which a command runs.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::{PATIENCE, wait_for};

/// The terminal, and what runs in it; killed when dropped.
pub struct Terminal {
    pub child: Child,
    keys: std::fs::File,
    slave: OwnedFd,
    shown: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    /// Starts a command in a terminal of so many columns and rows.
    pub fn start(mut command: Command, (columns, rows): (u16, u16)) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).expect("a pseudo-terminal");
        let end = || Stdio::from(pair.slave.try_clone().expect("a copy"));
        command.env("TERM", "xterm-256color").stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().expect("it runs");
        drop(command);
        let shown = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 1_000)));
        let keys = std::fs::File::from(pair.master);
        let (mut written, screen) = (keys.try_clone().expect("a copy"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(n @ 1..) = written.read(&mut buffer) {
                screen.lock().expect("no panic").process(&buffer[..n]);
            }
        });
        Self { child, keys, slave: pair.slave, shown }
    }

    pub fn screen(&self) -> String {
        self.shown.lock().expect("no panic").screen().contents()
    }

    /// The screen row by row. What fills a row to its end, as indicatif does, is no longer line in it.
    pub fn rows(&self) -> String {
        let shown = self.shown();
        let (_, columns) = shown.screen().size();
        shown.screen().rows(0, columns).map(|row| row.trim_end().to_owned() + "\n").collect()
    }

    pub fn shown(&self) -> std::sync::MutexGuard<'_, vt100::Parser> {
        self.shown.lock().expect("no panic")
    }

    /// Waits until the screen has that text, and returns the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let began = std::time::Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "waited for `{text}`:\n{screen}");
            std::thread::yield_now();
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits until dialoguer asks a question that has no answer yet and listens, and types one.
    ///
    /// A question for a secret throws away what was typed before it put the echo off, and it is shown before that.
    #[track_caller]
    pub fn answer(&mut self, question: &str, keys: &str) {
        let is_asked = |row: &str| row.starts_with('?') && row.contains(question);
        wait_for(question, PATIENCE, || self.rows().lines().any(is_asked).then_some(()));
        let echoes = || tcgetattr(&self.slave).expect("a terminal").local_flags.contains(LocalFlags::ECHO);
        wait_for("it to listen", PATIENCE, || (!echoes()).then_some(()));
        self.press(keys);
    }

    /// How the terminal is set.
    pub fn settings(&self) -> String {
        let stdin = self.slave.try_clone().expect("a copy");
        let output = Command::new("stty").arg("-g").stdin(stdin).output().expect("stty runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.shown().screen_mut().set_size(rows, columns);
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let stdin = self.slave.try_clone().expect("a copy");
        let done = Command::new("stty").args(["cols", &columns, "rows", &rows]).stdin(stdin).status();
        assert!(done.expect("stty runs").success());
        self.signal("WINCH");
    }

    pub fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([format!("-{signal}"), self.child.id().to_string()]).status();
        assert!(done.expect("kill runs").success());
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        wait_for("it to end", PATIENCE, || self.child.try_wait().expect("asked"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
