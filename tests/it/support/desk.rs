//! A desk in virtual time: the application without the daemon around it, and whoever is told what.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use plazo::app::time::TimeSource;
use plazo::app::{App, Applied, Incoming, Tried};
use plazo::config;
use plazo::engine::proof::Proof;
use plazo::intake::json;
use plazo::outbox::message::Leased;
use plazo::outbox::{Attempt, Content};
use serde_json::json;

/// A running application, and what it told.
pub struct Desk {
    pub app: App,
    now: Arc<Mutex<DateTime<Utc>>>,
    /// What ticks lease with their decision.
    express: tokio::sync::mpsc::UnboundedReceiver<Vec<Leased>>,
    writer: Option<std::thread::JoinHandle<()>>,
    pub directory: tempfile::TempDir,
    n_events: usize,
    /// What was sent and is recorded with the next look.
    sent: Vec<Tried>,
    /// To whom something was sent, and by which destination, in that order.
    pub ways: Vec<String>,
    /// What peers call what they take.
    pub reference: Option<String>,
    /// What comes of a try, where it is not that it is taken.
    pub attempt: Option<Attempting>,
}

/// Says what comes of a try at that moment; nothing where it is taken.
pub type Attempting = Box<dyn FnMut(&Leased, DateTime<Utc>) -> Option<Attempt>>;

/// A wall-clock time of Bogotá.
pub fn at(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
    chrono_tz::America::Bogota.from_local_datetime(&local).single().expect("an instant").to_utc()
}

impl Desk {
    pub fn open(begin: &str, file: &str) -> Self {
        Self::open_in(tempfile::tempdir().expect("a directory"), begin, file)
    }

    pub fn open_in(directory: tempfile::TempDir, begin: &str, file: &str) -> Self {
        let loaded = config::read("sla.toml".as_ref(), file.to_owned());
        let explained = loaded.explain(false);
        let config = loaded.config.unwrap_or_else(|| panic!("{explained}"));
        let now = Arc::new(Mutex::new(at(begin)));
        let clock = Arc::clone(&now);
        let time = TimeSource::new(move || *clock.lock().expect("no panic"));
        let (app, writer) = App::open(directory.path(), config, file, time).expect("a store");
        let express = app.outbox.take_express().expect("one outbox");
        Self {
            app,
            now,
            express,
            writer: Some(writer),
            directory,
            n_events: 0,
            sent: Vec::new(),
            ways: Vec::new(),
            reference: None,
            attempt: None,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().expect("no panic")
    }

    /// Lets it become that time, unless it is later already.
    pub fn move_to(&self, to: DateTime<Utc>) {
        let mut now = self.now.lock().expect("no panic");
        *now = (*now).max(to);
    }

    /// Sends what waits, as the outbox does, and says who was told what, when.
    pub async fn send(&mut self) -> Vec<(String, String, Content)> {
        let before = std::mem::take(&mut self.sent);
        let leases = self.app.outbox.record_and_lease(before, true, Vec::new()).await.expect("written");
        let mut told = self.send_express();
        told.extend(self.deliver(leases.leased));
        told
    }

    /// Sends what ticks leased with their decision; it is recorded with the next look.
    pub fn send_express(&mut self) -> Vec<(String, String, Content)> {
        let mut leased = Vec::new();
        while let Ok(express) = self.express.try_recv() {
            leased.extend(express);
        }
        self.deliver(leased)
    }

    fn deliver(&mut self, leased: Vec<Leased>) -> Vec<(String, String, Content)> {
        let mut told = Vec::new();
        for leased in leased {
            self.app.outbox.give_room(1);
            let now = self.now();
            let other = self.attempt.as_mut().and_then(|attempt| attempt(&leased, now));
            let Leased { id, person, destination, fence, content, .. } = leased;
            if let Some(attempt) = other {
                self.sent.push(Tried {
                    id,
                    person,
                    fence: Some(fence),
                    destination,
                    attempt,
                    cost: None,
                    hold_until: None,
                });
                continue;
            }
            let local = self.now().with_timezone(&chrono_tz::America::Bogota).format("%d %H:%M").to_string();
            self.ways.push(format!("{} {destination}", person.as_deref().unwrap_or_default()));
            told.push((person.clone().unwrap_or_else(|| destination.clone()), local, content));
            let attempt =
                Attempt::Sent { answer: "ok".to_owned(), reference: self.reference.clone(), began_at: self.now() };
            self.sent.push(Tried {
                id,
                person,
                fence: Some(fence),
                destination,
                attempt,
                cost: None,
                hold_until: None,
            });
        }
        told
    }

    /// Makes it that time, without anything happening on the way.
    pub fn set(&self, to: &str) {
        *self.now.lock().expect("no panic") = at(to);
    }

    pub async fn ask(&mut self, channel: &str, thread: &str) {
        self.event(json!({"type": "message", "direction": "in", "channel": channel, "thread": thread,
            "author": {"name": thread, "kind": "customer"}, "text": "¿Hay noticias?"}))
            .await;
    }

    /// An event at this moment, by the given source or `test`.
    pub async fn event(&mut self, mut event: serde_json::Value) -> Applied {
        self.n_events += 1;
        event["id"] = self.n_events.to_string().into();
        event["at"] = json!(self.now());
        let (mut event, request) = json::event(event, "test", self.now()).expect("an event");
        event.proof = Proof::Machine { user: None };
        let applied = self.app.desk.submit(vec![Incoming::new(event, request).expect("JSON")]).await.expect("written");
        applied.into_iter().next().expect("an answer")
    }

    /// Lets time pass until then, as the timer and the outbox do, and says who was told what, when.
    pub async fn until(&mut self, end: &str) -> Vec<(String, String, Content)> {
        let end = at(end);
        let mut told = Vec::new();
        loop {
            let due = self.app.queue().due(self.now(), 256);
            if !due.is_empty() {
                self.app.desk.tick(due).await.expect("written");
                continue;
            }
            self.app.desk.run_schedules().await.expect("written");
            self.app.outbox.gather().await.expect("written");
            let sent = self.send().await;
            let is_done = sent.is_empty();
            told.extend(sent);
            if !is_done {
                continue;
            }
            if self.now() == end {
                return told;
            }
            // To the next thing, a minute at most, never beyond the end.
            let next = self.app.queue().next_at().unwrap_or(end).max(self.now() + TimeDelta::milliseconds(1));
            *self.now.lock().expect("no panic") = next.min(self.now() + TimeDelta::seconds(30)).min(end);
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.app.close();
        if let Some(writer) = self.writer.take() {
            writer.join().ok();
        }
        assert!(self.directory.path().exists());
    }
}
