//! Rule D1: each working morning every owner gets the list of his open tasks with their age.

use crate::support::daemon::PEOPLE;
use chrono::{TimeZone as _, Utc};
use plazo::app::time::TimeSource;
use plazo::app::{App, Incoming};
use plazo::config;
use plazo::engine::proof::Proof;
use plazo::intake::json;
use plazo::outbox::Content;
use plazo::store::Store;
use serde_json::json;

const DAILY: &str = "
[calendar.office]
hours = { mon-fri = [\"08:00-18:00\"] }
[daily.morning]
at = \"08:00\"
calendar = \"office\"
list = \"task\"
rule = \"D1\"
";

/// Runs the schedules at instants of Bogotá's clock, and says who got a list then.
async fn lists_at(instants: &[(u32, u32, u32)]) -> Vec<Vec<(String, Vec<i64>)>> {
    let directory = tempfile::tempdir().expect("a directory");
    let source = format!("{PEOPLE}{DAILY}");
    let loaded = config::read("sla.toml".as_ref(), source.clone());
    let config = loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.mistakes));
    let bogota = chrono_tz::America::Bogota;
    let at = |day, hour, minute| {
        bogota.with_ymd_and_hms(2026, 3, day, hour, minute, 0).single().expect("an instant").to_utc()
    };
    let now = std::sync::Arc::new(std::sync::Mutex::new(at(2, 7, 0)));
    let source_of_time = std::sync::Arc::clone(&now);
    let time = TimeSource::new(move || *source_of_time.lock().expect("no panic"));
    let (app, writer) = App::open(directory.path(), config, &source, time).expect("a store");
    let set = |instant| *now.lock().expect("no panic") = instant;
    // Seen for the first time: the schedule begins.
    assert_eq!(app.desk.run_schedules().await.expect("written"), 0);
    for (n, (day, owner)) in [(2, "laura"), (3, "laura"), (3, "ana")].into_iter().enumerate() {
        set(at(day, 9, 0));
        let open = json!({"id": n.to_string(), "type": "open", "kind": "task", "channel": "crm", "thread": n.to_string(),
            "at": at(day, 9, 0), "author": {"name": owner, "kind": "agent"}, "subject": "Guía"});
        let (mut event, request) = json::event(open, "test", at(day, 9, 0)).expect("an event");
        event.proof = Proof::Machine { user: None };
        app.desk.submit(vec![Incoming::new(event, request).expect("JSON")]).await.expect("written");
    }
    // Tuesday's list went out late; the test looks from here on.
    set(at(3, 10, 0));
    app.desk.run_schedules().await.expect("written");
    let mut seen = Store::open_reader(directory.path()).expect("the store").deliveries(None, 100).expect("rows").len();
    let mut runs = Vec::new();
    for (day, hour, minute) in instants {
        set(at(*day, *hour, *minute));
        app.desk.run_schedules().await.expect("written");
        let store = Store::open_reader(directory.path()).expect("the store");
        let mut sent = store
            .peek(Utc.with_ymd_and_hms(2030, 1, 1, 0, 0, 0).single().expect("an instant"), 100, &[])
            .expect("deliveries");
        sent.sort_by_key(|delivery| delivery.id);
        let fresh = sent.split_off(seen);
        seen += fresh.len();
        let list = |delivery: plazo::outbox::message::Leased| {
            let Content::List { requests, .. } = delivery.content else { panic!("no list: {delivery:?}") };
            (delivery.person.expect("a person"), requests.iter().map(|request| request.age_days).collect())
        };
        runs.push(fresh.into_iter().map(list).collect());
    }
    app.close();
    writer.join().expect("the writer ends");
    runs
}

#[tokio::test]
async fn d1_kept_each_owner_gets_the_list_once_a_working_morning() {
    let runs = lists_at(&[(4, 7, 59), (4, 8, 0), (4, 8, 1), (5, 8, 0)]).await;
    assert_eq!(runs[0], [] as [(String, Vec<i64>); 0], "not before its time");
    assert_eq!(runs[1], [("ana".to_owned(), vec![1]), ("laura".to_owned(), vec![2, 1])]);
    assert_eq!(runs[2], [] as [(String, Vec<i64>); 0], "not twice");
    assert_eq!(runs[3], [("ana".to_owned(), vec![2]), ("laura".to_owned(), vec![3, 2])]);
}

#[tokio::test]
async fn d1_broken_mornings_that_were_missed_while_down_are_one_list_and_closed_days_have_none() {
    // Saturday the 7th and Sunday the 8th are closed; Monday to Wednesday were missed.
    let runs = lists_at(&[(6, 8, 0), (7, 8, 0), (8, 23, 0), (11, 15, 0)]).await;
    assert_eq!(runs[0].len(), 2);
    assert!(runs[1].is_empty() && runs[2].is_empty());
    assert_eq!(runs[3].len(), 2, "one list each, however many mornings were missed");
}
