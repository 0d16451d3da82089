//! `plazo explain`: each instant derived in words that a lead can check with a calendar at hand, in both languages; and the ledger.

use std::sync::{Arc, Mutex};

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{data, plazo};
use chrono::{DateTime, TimeZone as _, Utc};
use plazo::app::time::TimeSource;
use plazo::app::{App, Incoming};
use plazo::config;
use plazo::engine::explain::{Explanation, Fate};
use plazo::engine::proof::Proof;
use plazo::engine::request_id::RequestId;
use plazo::intake::json;
use plazo::text::{Language, explain};
use serde_json::{Value, json};

const FILE: &str = "
[calendar.office]
hours = { mon-fri = [\"08:00-12:00\", \"13:00-18:00\"] }
closed = [\"2026-03-05\"]
[escalation]
e = [{ at = \"50%\", tell = [\"owner\"] }, { at = \"due\", tell = [\"lead\"] }, { at = \"+1h\", tell = [\"ana\"] }]
[[policy]]
name = \"contrato\"
match = { audience = \"client\" }
team = \"social\"
reply = { rule = \"A1\", within = \"20m\", calendar = \"office\", escalation = \"e\" }
deliver = { rule = \"A4\", within = \"WITHIN\", calendar = \"office\", escalation = \"e\" }
";

fn bogota(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    chrono_tz::America::Bogota.with_ymd_and_hms(2026, 3, day, hour, minute, 0).single().expect("an instant").to_utc()
}

/// An App over a real store whose time stands where the test puts it.
struct Desk {
    app: App,
    now: Arc<Mutex<DateTime<Utc>>>,
    _directory: tempfile::TempDir,
}

impl Desk {
    fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let now = Arc::new(Mutex::new(bogota(2, 7, 0)));
        let shared = Arc::clone(&now);
        let time = TimeSource::new(move || *shared.lock().expect("no panic"));
        let source = file("20h");
        let config = config::read("sla.toml".as_ref(), source.clone()).config.expect("a good file");
        let (app, _writer) = App::open(directory.path(), config, &source, time).expect("a store");
        Self { app, now, _directory: directory }
    }

    /// An event at its instant, with everything that fell due before.
    async fn hear(&self, at: DateTime<Utc>, mut event: Value) {
        self.until(at).await;
        event["id"] = at.to_rfc3339().into();
        event["at"] = at.to_rfc3339().into();
        event["channel"] = "whatsapp".into();
        event["thread"] = "t-1".into();
        let (mut event, request) = json::event(event, "test", at).expect("an event");
        event.proof = Proof::Machine { user: None };
        let applied = self.app.desk.submit(vec![Incoming::new(event, request).expect("JSON")]).await.expect("written");
        assert!(matches!(applied[0], plazo::app::Applied::Accepted { .. }), "{applied:?}");
    }

    async fn until(&self, at: DateTime<Utc>) {
        while let Some(wake) = self.app.queue().next_at().filter(|wake| *wake <= at) {
            *self.now.lock().expect("no panic") = wake;
            self.app.desk.tick(self.app.queue().due(wake, 10)).await.expect("written");
        }
        *self.now.lock().expect("no panic") = at;
    }

    async fn explain(&self) -> Explanation {
        self.app.views.explain(RequestId(1)).await.expect("read").expect("R-1")
    }
}

fn file(within: &str) -> String {
    format!("{PEOPLE}{FILE}").replace("WITHIN", within)
}

fn text(explanation: &Explanation, language: Language) -> String {
    let mut text = String::new();
    for section in explain::sections(explanation, chrono_tz::America::Bogota, language) {
        text += &format!("{} {}\n", section.title, section.state.map_or("", |(_, word)| word));
        for (label, row) in section.rows {
            text += &format!("  {label:<11} {row}\n");
        }
    }
    text
}

fn client(text: &str) -> Value {
    json!({"type": "message", "direction": "in", "author": {"name": "Luisa", "kind": "customer"}, "text": text})
}

/// A delivery of 20 h from Wednesday 16:00 over a closed Thursday, a weekend and a wait of two hours.
async fn told() -> Desk {
    let desk = Desk::open();
    desk.hear(bogota(4, 16, 0), client("hola")).await;
    desk.hear(
        bogota(4, 16, 5),
        json!({"type": "own", "owner": "laura", "author": {"name": "Ana Ruiz", "kind": "agent"}}),
    )
    .await;
    let answer =
        json!({"type": "message", "direction": "out", "author": {"name": "Laura Mora", "kind": "agent"}, "text": "va"});
    desk.hear(bogota(4, 16, 12), answer).await;
    desk.hear(bogota(6, 10, 0), json!({"type": "wait", "reason": "fotos del producto"})).await;
    desk.hear(bogota(6, 14, 0), json!({"type": "resume"})).await;
    desk.until(bogota(9, 15, 0)).await;
    desk
}

#[tokio::test]
async fn each_instant_is_derived_in_both_languages() {
    let explanation = told().await.explain().await;
    for (language, name) in [(Language::Es, "explain.es.txt"), (Language::En, "explain.en.txt")] {
        let found = text(&explanation, language);
        let path = data(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &found).expect("written");
        }
        let expected = std::fs::read_to_string(&path).expect("the expected text");
        assert_eq!(found, expected, "{name}\n{found}");
    }
}

#[tokio::test]
async fn what_is_spent_is_the_budget_and_ends_at_the_due_instant() {
    let explanation = told().await.explain().await;
    let deliver = explanation.clocks.iter().find(|story| story.kind.as_str() == "deliver").expect("the delivery");
    let derivation = deliver.derivation.as_ref().expect("derived");
    // 2 h on Wednesday, 6 h on Friday without the wait, 9 h on Monday, 3 h on Tuesday.
    assert_eq!(derivation.budget_ms.as_seconds(), 20 * 3_600);
    assert_eq!(derivation.spent_ms, derivation.budget_ms);
    assert_eq!(deliver.due_at, Some(bogota(10, 11, 0)));
    assert_eq!(derivation.spent.last().map(|last| last.to), deliver.due_at);
    // Nothing between start and end is unaccounted for.
    let spans = derivation.spent.iter().map(|each| (each.from, each.to));
    let mut spans: Vec<_> = spans.chain(derivation.left_out.iter().map(|each| (each.from, each.to))).collect();
    spans.sort_unstable();
    assert_eq!(spans.first().map(|span| span.0), Some(deliver.started_at));
    assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0), "{spans:?}");
    assert!(deliver.agrees);
}

#[tokio::test]
async fn l24_the_ledger_adds_up_to_the_second_per_holder() {
    let desk = told().await;
    desk.hear(bogota(9, 16, 0), json!({"type": "close"})).await;
    desk.hear(bogota(9, 16, 30), json!({"type": "reopen"})).await;
    desk.until(bogota(9, 17, 0)).await;
    let ledger = desk.explain().await.ledger;
    let seconds: Vec<_> = ledger.totals.iter().map(|total| (format!("{:?}", total.holder), total.ms / 1_000)).collect();
    let of = |word: &str| seconds.iter().filter(|(holder, _)| holder.starts_with(word)).map(|(_, s)| s).sum::<i64>();
    assert_eq!(of("Nobody"), 5 * 60);
    assert_eq!(of("Client"), 4 * 3_600);
    assert_eq!(of("Closed"), 30 * 60);
    let whole = (bogota(9, 17, 0) - bogota(4, 16, 0)).num_seconds();
    assert_eq!(of("Owner"), whole - 5 * 60 - 4 * 3_600 - 30 * 60);
    assert_eq!(ledger.whole_ms, whole * 1_000);
    assert_eq!(
        ledger.teams.iter().map(|team| (team.team.as_str(), team.ms)).collect::<Vec<_>>(),
        [("social", of("Owner") * 1_000)]
    );
}

#[tokio::test]
async fn l22_a_verdict_is_explained_by_the_revision_that_gave_it() {
    let desk = told().await;
    let source = file("5h");
    let config = config::read("sla.toml".as_ref(), source.clone()).config.expect("a good file");
    desk.app.reload(config, source).await.expect("taken");
    let explanation = desk.explain().await;
    let story = |kind: &str| explanation.clocks.iter().find(|story| story.kind.as_str() == kind).expect("a clock");
    let (reply, deliver) = (story("reply"), story("deliver"));
    assert_eq!((reply.revision, reply.within.as_deref(), reply.agrees), (1, Some("20m"), true));
    // The open one was planned anew, and its warning was told before.
    assert_eq!((deliver.revision, deliver.within.as_deref()), (2, Some("5h")));
    assert_eq!(deliver.due_at, Some(bogota(6, 15, 0)));
    let fates: Vec<_> = deliver.steps.iter().map(|step| (step.step.as_str(), step.outcome)).collect();
    assert!(fates.contains(&("50%", Fate::Told)), "{fates:?}");
}

#[tokio::test]
async fn l13_a_paused_clock_has_time_left_and_no_instant() {
    let desk = told().await;
    desk.hear(bogota(9, 15, 0), json!({"type": "wait", "reason": "más fotos"})).await;
    let explanation = desk.explain().await;
    let found = text(&explanation, Language::Es);
    // 2 h + 6 h + 6 h have been spent.
    assert!(found.contains("sin fecha mientras está en pausa; quedan 6 h"), "{found}");
}

#[test]
fn the_command_and_the_interface_tell_the_same() {
    let daemon = Daemon::start(&file("20h"));
    daemon.client_message("m-1", "t-1", std::time::Duration::from_secs(5));
    let output = plazo()
        .args(["explain", "R-1", "--json", "--config"])
        .arg(daemon.config_path())
        .arg("--data")
        .arg(daemon.data())
        .output()
        .expect("plazo runs");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let answered = daemon.get("/v1/requests/R-1/explain");
    assert_eq!(printed["clocks"], answered["clocks"]);
    assert_eq!(answered["clocks"][0]["policy"], "contrato");
    let unknown = daemon.call("GET", "/v1/requests/R-9/explain", &[], b"");
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (404, Some("unknown_request")));
}
