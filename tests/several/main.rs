//! Several daemons on one PostgreSQL, as processes: whatever happens to one of them, or to the database, nothing is lost, and nothing is told
//! twice without saying so. Needs Debian's postgresql, which `tests/run` installs; each test starts a server of its own.

mod conversations;
mod failing;
mod file;
mod kills;
mod moving;
#[path = "../../crates/store/tests/conformance/server.rs"]
#[allow(dead_code, reason = "it is shared with the store's own tests, which use more of it")]
mod server;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "it is shared with the tests of `it`, which use more of it")]
mod support;

use std::collections::HashMap;
use std::time::Duration;

use plazo::store::PostgresUrl;
use server::Server;
use support::daemon::{Daemon, PEOPLE, before_now};
use support::webhook::Webhook;
use support::{PATIENCE, wait_for};

/// A database, where its daemons tell, and what they go by.
struct House {
    server: Server,
    url: PostgresUrl,
    webhook: Webhook,
}

impl House {
    fn new() -> Self {
        let server = Server::start();
        let url = server.database("");
        Self { server, url, webhook: Webhook::start() }
    }

    /// The file: what is owed within that time, and told when it is due.
    fn file(&self, within: &str, more: &str) -> String {
        let (url, hook) = (&self.url, &self.webhook.url);
        // One place for all, so that each has the same file.
        let people = PEOPLE.replace("OPERATOR", "/tmp");
        format!(
            "{people}\n[store]\nurl = \"{url}\"\n{more}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
             reply = {{ within = \"{within}\", escalation = \"e\" }}\n\
             [escalation]\ne = [{{ at = \"due\", tell = [\"hook\"] }}]\n\
             [destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"{hook}\"\n"
        )
    }

    fn daemon(&self, within: &str) -> Daemon {
        Daemon::start(&self.file(within, ""))
    }

    /// So many daemons, once all share the slots.
    fn daemons(&self, n: usize, within: &str) -> Vec<Daemon> {
        let daemons: Vec<_> = (0..n).map(|_| self.daemon(within)).collect();
        self.shared_by(n);
        daemons
    }

    /// Waits until so many share the slots.
    #[track_caller]
    fn shared_by(&self, n: usize) {
        let sql = "SELECT count(DISTINCT owner), count(*) FILTER (WHERE owner IS NULL) FROM slots WHERE owner IS NULL OR owner IN (SELECT id FROM daemons)";
        wait_for("slots to be shared", PATIENCE, || {
            (self.server.run(&self.url, sql) == format!("{n}|0")).then_some(())
        });
    }

    /// How often each request was told.
    fn told(&self) -> HashMap<i64, usize> {
        let mut told = HashMap::new();
        for call in self.webhook.received() {
            let body: serde_json::Value = serde_json::from_str(&call.body).expect("JSON");
            *told.entry(body["data"]["content"]["request"].as_i64().unwrap_or(0)).or_default() += 1;
        }
        told
    }

    /// Waits until so many requests were told, and no delivery is left.
    #[track_caller]
    fn all_told(&self, n: usize) -> HashMap<i64, usize> {
        let left = "SELECT count(*) FROM deliveries WHERE state <> 'sent'";
        wait_for(&format!("{n} to be told"), PATIENCE, || {
            (self.told().len() == n && self.server.run(&self.url, left) == "0").then_some(())
        });
        self.told()
    }
}

/// Has a daemon open one more request, and waits until that is told: whatever it was about to tell before it has been told by then.
#[track_caller]
fn one_more(house: &House, daemon: &Daemon) {
    let n_told = house.told().len();
    tells(daemon, &message("one-more", "one-more", "in"));
    wait_for("one more to be told", PATIENCE, || (house.told().len() == n_told + 1).then_some(()));
}

/// Sends an event, again and again while plazo cannot take it.
#[track_caller]
fn tells(daemon: &Daemon, event: &serde_json::Value) {
    wait_for("an event to be taken", PATIENCE, || {
        let answer = daemon.post("/v1/events", event);
        assert!([200, 503].contains(&answer.status), "{}: {}", answer.status, answer.body);
        (answer.status == 200).then_some(())
    });
}

/// A message of a conversation that was written just now.
fn message(id: &str, thread: &str, direction: &str) -> serde_json::Value {
    serde_json::json!({
        "id": id, "source": "desk", "type": "message", "channel": "whatsapp", "thread": thread, "direction": direction,
        "at": before_now(Duration::ZERO),
        "author": if direction == "in" {
            serde_json::json!({"name": "Luisa", "address": thread, "kind": "customer"})
        } else {
            serde_json::json!({"name": "Laura Mora", "address": "laura@agencia.example", "kind": "agent"})
        },
        "text": "¿Hay noticias?",
    })
}

/// All is as its events give it.
#[track_caller]
fn verified(daemon: &Daemon) {
    let output = daemon.command().arg("verify").output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

const SECOND: Duration = Duration::from_secs(1);
