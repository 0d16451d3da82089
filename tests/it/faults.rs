//! Faults of the machine: a disk that is full, a clock that is set, a log that could talk.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use plazo::app::time::TimeSource;
use plazo::daemon::{self, Options};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::daemon::{Daemon, PEOPLE, before_now, call, limit};
use crate::support::webhook::Webhook;
use crate::support::{PATIENCE, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);

fn config(url: &str) -> String {
    format!(
        "{PEOPLE}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
         reply = {{ within = \"1h\", escalation = \"e\" }}\n[escalation]\ne = [{{ at = \"due\", tell = [\"hook\"] }}]\n\
         [destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"{url}\"\n"
    )
}

#[test]
fn a_full_disk_answers_503_keeps_nothing_half_and_recovers() {
    let webhook = Webhook::start();
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    std::fs::write(directory.path().join("sla.toml"), config(&webhook.url).replace("OPERATOR", &operator))
        .expect("sla.toml");
    // No file of this process may grow beyond the limit, as on a disk that is full; the limit is lifted later.
    let daemon = Daemon::start_with(directory, |command| limit(command, "trap '' XFSZ; ulimit -S -f 6000"));
    let padding = "x".repeat(20_000);
    let message = |n: usize| {
        json!({"id": format!("m-{n}"), "type": "message", "channel": "whatsapp", "thread": format!("t-{n}"), "direction": "in",
               "at": before_now(Duration::from_secs(60)), "text": padding})
    };
    let mut n_taken = 0;
    let refused = loop {
        let answer = daemon.post("/v1/events", &message(n_taken));
        if answer.status != 200 {
            break answer;
        }
        n_taken += 1;
        assert!(n_taken < 2_000, "the disk never gets full");
    };
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(refused.json()["code"], "unavailable");
    assert_eq!(daemon.call("GET", "/readyz", &[], b"").status, 503);
    // The operator is told past the store.
    wait_for("the operator's alarm", PATIENCE, || {
        let mut files = std::fs::read_dir(daemon.directory.path().join("operator")).ok()?.map_while(Result::ok);
        files.find(|file| std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains("cannot be written")))
    });
    let lifted = std::process::Command::new("prlimit")
        .arg("--pid")
        .arg(daemon.pid().to_string())
        .arg("--fsize=unlimited")
        .status();
    assert!(lifted.expect("prlimit (util-linux) runs").success());
    assert_eq!(daemon.post("/v1/events", &message(n_taken)).status, 200);
    let page = daemon.get("/v1/requests?state=all&limit=500");
    let n_kept = page["requests"].as_array().map_or(0, Vec::len);
    assert_eq!(n_kept, (n_taken + 1).min(500), "exactly what was taken is there");
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named_at_start() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), PEOPLE).expect("sla.toml");
    std::fs::write(directory.path().join("data"), "a file, not a directory").expect("data");
    let output = crate::support::plazo()
        .arg("run")
        .arg("--config")
        .arg(directory.path().join("sla.toml"))
        .arg("--data")
        .arg(directory.path().join("data"))
        .output()
        .expect("plazo runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot make the data directory"), "{output:?}");
}

/// A daemon in this process, whose time can be set.
struct Timed {
    address: String,
    offset: Arc<AtomicI64>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

impl Timed {
    #[allow(clippy::disallowed_methods, reason = "the source of the time that the test sets")]
    fn start(config: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("sla.toml");
        std::fs::write(&path, config.replace("OPERATOR", "operator")).expect("sla.toml");
        let offset = Arc::new(AtomicI64::new(0));
        let seconds = Arc::clone(&offset);
        let options = Options {
            config: path,
            data: directory.path().join("data"),
            listen: Some(([127, 0, 0, 1], 0).into()),
            time: TimeSource::new(move || chrono::Utc::now() + TimeDelta::seconds(seconds.load(Ordering::SeqCst))),
            styled: false,
        };
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime
                .block_on(daemon::run(options, stopping, move |address, _| ready.send(address).expect("a test")))
                .expect("runs");
        });
        let address = is_ready.recv_timeout(PATIENCE).expect("the daemon serves").to_string();
        Self { address, offset, stop, thread: Some(thread), _directory: directory }
    }

    fn set_clock(&self, seconds: i64) {
        self.offset.store(seconds, Ordering::SeqCst);
    }

    fn message(&self, n: usize, ago: Duration) {
        let event = json!({"id": format!("m-{n}"), "type": "message", "channel": "whatsapp", "thread": format!("t-{n}"),
                           "direction": "in", "at": before_now(ago)});
        let answer = call(&self.address, "POST", "/v1/events", &[], event.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    fn metric(&self, name: &str) -> String {
        let metrics = call(&self.address, "GET", "/metrics", &[], b"").body;
        metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[test]
fn lessons_38_a_clock_set_back_fires_nothing_twice() {
    let webhook = Webhook::start();
    let daemon = Timed::start(&config(&webhook.url));
    daemon.message(1, HOUR);
    webhook.wait_for(1);
    daemon.set_clock(-3_600);
    wait_for("the step to be noticed", PATIENCE, || (daemon.metric("plazo_clock_steps_total") == "1").then_some(()));
    daemon.set_clock(0);
    wait_for("the step back to be noticed", PATIENCE, || {
        (daemon.metric("plazo_clock_steps_total") == "2").then_some(())
    });
    // Something new is told, and nothing old was in between.
    daemon.message(2, HOUR);
    let calls = webhook.wait_for(2);
    assert_eq!(calls.len(), 2);
    assert!(calls[1].body.contains("\"request\":2"), "{}", calls[1].body);
}

#[test]
fn lessons_38_a_clock_set_forward_is_a_catch_up() {
    let webhook = Webhook::start();
    let daemon = Timed::start(&config(&webhook.url));
    for n in 1..=5 {
        daemon.message(n, Duration::from_secs(60));
    }
    daemon.set_clock(3_600);
    let calls = webhook.wait_for(1);
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).expect("JSON");
    assert_eq!(body["type"], "sla.digest", "one message, not five: {body}");
    assert_eq!(body["data"]["content"]["alerts"].as_array().map(Vec::len), Some(5));
    assert_eq!(webhook.received().len(), 1);
}

#[test]
fn nobodys_words_names_or_addresses_are_in_the_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    // Nobody listens there, so that failures are logged as well.
    std::fs::write(directory.path().join("sla.toml"), config("http://127.0.0.1:9/").replace("OPERATOR", &operator))
        .expect("sla.toml");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("PLAZO_LOG", "trace");
    });
    let private = ["Griselda", "griselda@cliente.example", "Quiero-mi-factura", "Asunto-reservado"];
    daemon.event(&json!({"id": "m-1", "type": "message", "channel": "whatsapp", "thread": "t-1", "direction": "in",
        "at": before_now(HOUR), "author": {"name": private[0], "address": private[1]}, "text": private[2], "subject": private[3]}));
    wait_for("a failed try", PATIENCE, || daemon.log().contains("not delivered").then_some(()));
    daemon.post(
        "/v1/events",
        &json!({"id": "m-2", "type": "close", "thread": private[1], "channel": "whatsapp", "text": private[2]}),
    );
    let log = daemon.log();
    for word in private {
        assert!(!log.contains(word), "{word} is in the log:\n{log}");
    }
}

/// With no room left no event is taken, what is due still goes out, people go on acting, and when there is room again all is as before.
#[test]
fn without_room_no_event_is_taken_and_what_is_due_goes_out() {
    let webhook = Webhook::start();
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    let file = config(&webhook.url).replace("OPERATOR", &operator);
    let path = directory.path().join("sla.toml");
    std::fs::write(&path, &file).expect("sla.toml");
    let daemon = Daemon::start_in(directory);
    let message = |n: usize, ago: u64| {
        json!({"id": format!("m-{n}"), "type": "message", "channel": "whatsapp", "thread": format!("t-{n}"), "direction": "in",
               "at": before_now(Duration::from_secs(ago)), "text": "¿Hay noticias?"})
    };
    let in_time = daemon.event(&message(1, 3_600 - 8));
    wait_for("the reserve", PATIENCE, || daemon.data().join("reserve").exists().then_some(()));
    assert_eq!(daemon.get("/v1/status")["disk"]["closed"], false);
    // The rest of this disk is for others: more than there is.
    std::fs::write(&path, format!("{file}[retention]\nkeep_free = \"900000 GB\"\n")).expect("sla.toml");
    wait_for("the door to close", PATIENCE, || (daemon.get("/v1/status")["disk"]["closed"] == true).then_some(()));
    let refused = daemon.post("/v1/events", &message(2, 60));
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("unavailable")), "{}", refused.body);
    assert!(refused.head.to_lowercase().contains("retry-after"), "{}", refused.head);
    let told = daemon.command().arg("status").output().expect("plazo runs");
    assert!(String::from_utf8_lossy(&told.stdout).contains("FULL") && told.status.code() == Some(1), "{told:?}");
    wait_for("what is due", PATIENCE, || {
        webhook.received().into_iter().find(|call| call.body.to_string().contains(&in_time[2..]))
    });
    let deed = daemon.post(&format!("/v1/requests/{in_time}/ack"), &json!({"by": "ana"}));
    assert_eq!(deed.status, 200, "{}", deed.body);
    wait_for("the operator to know", PATIENCE, || {
        let mut files = std::fs::read_dir(daemon.directory.path().join("operator")).ok()?.map_while(Result::ok);
        files.find(|file| std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains("disk is full")))
    });
    std::fs::write(&path, &file).expect("sla.toml");
    wait_for("the door to open", PATIENCE, || (daemon.post("/v1/events", &message(2, 60)).status == 200).then_some(()));
    let metrics = daemon.call("GET", "/metrics", &[], b"").body;
    for name in ["plazo_disk_free_bytes", "plazo_store_size_bytes", "plazo_intake_closed 0"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
}
