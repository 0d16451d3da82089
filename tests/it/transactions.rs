//! What one transaction knows of itself, and what a failure in it costs: nothing but what failed.

use plazo::app::{Applied, Incoming};
use plazo::engine::effect::Effect;
use plazo::engine::proof::Proof;
use plazo::engine::request_id::RequestId;
use plazo::intake::json;
use serde_json::{Value, json};

use crate::support::desk::Desk;

const FILE: &str = r#"
timezone = "America/Bogota"
operator = "ana"
[person.ana]
email = "ana@agencia.example"
[[policy]]
name = "all"
reply = { within = "20m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = "ana" }]
"#;

fn incoming(desk: &Desk, id: &str, rest: Value) -> Incoming {
    let mut event = json!({"id": id, "type": "message", "direction": "in", "channel": "whatsapp", "at": desk.now(),
        "author": {"name": "Luisa", "kind": "customer"}, "text": "¿Hay noticias?"});
    event.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    let (mut event, request) = json::event(event, "test", desk.now()).expect("an event");
    event.proof = Proof::Machine { user: None };
    Incoming::new(event, request).expect("JSON")
}

fn request_of(applied: &Applied) -> Option<RequestId> {
    match applied {
        Applied::Accepted { request, .. } => Some(*request),
        _ => None,
    }
}

/// A name that another request has stays that one's, also for the next event of the same call.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_a_conversation_stays_with_its_request_within_a_transaction() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    desk.ask("whatsapp", "one").await;
    desk.ask("whatsapp", "two").await;
    let both = vec![
        incoming(&desk, "a", json!({"request": "R-2", "thread": "one"})),
        incoming(&desk, "b", json!({"thread": "one"})),
        incoming(&desk, "c", json!({"request": "R-2", "thread": "three"})),
        incoming(&desk, "d", json!({"thread": "three"})),
    ];
    let applied = desk.app.desk.submit(both).await.expect("written");
    let requests: Vec<_> = applied.iter().filter_map(request_of).map(|id| id.0).collect();
    assert_eq!(requests, [2, 1, 2, 2]);
}

/// An event that the store refuses is put aside; those before and after it, of other callers too, are taken, and numbers go on.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_written_costs_itself_alone() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    let store = rusqlite::Connection::open(desk.directory.path().join(plazo::store::FILE)).expect("the store");
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON journal WHEN new.event LIKE 'poison%'
                  BEGIN SELECT RAISE(ABORT, 'poisoned'); END";
    store.execute_batch(poison).expect("a trigger");
    let call = |n: u32| {
        let ids = [format!("before-{n}"), format!("poison-{n}"), format!("after-{n}")];
        ids.iter().map(|id| incoming(&desk, id, json!({"thread": id}))).collect::<Vec<_>>()
    };
    let calls = (0..8).map(|n| desk.app.desk.submit(call(n)));
    let mut numbers = Vec::new();
    for applied in futures_util::future::join_all(calls).await {
        let applied = applied.expect("written");
        let codes = applied.iter().map(|one| match one {
            Applied::Accepted { effects, .. } => {
                assert!(effects.contains(&Effect::Opened));
                "accepted"
            }
            Applied::Rejected(rejection) => rejection.code.as_str(),
            Applied::Duplicate { .. } | Applied::Unfiled => "something else",
        });
        assert_eq!(codes.collect::<Vec<_>>(), ["accepted", "quarantined", "accepted"]);
        numbers.extend(applied.iter().filter_map(request_of).map(|id| id.0));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
    desk.ask("whatsapp", "later").await;
    assert!(desk.app.views.request(RequestId(17)).await.expect("read").is_some());
    let n: i64 = store.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0)).expect("a count");
    assert_eq!(n, 8);
    assert!(!desk.app.is_failing());
}

/// A tick that fails is pushed back, and the others of its batch tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_looked_at_starves_no_other() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    for thread in ["one", "two", "three"] {
        desk.ask("whatsapp", thread).await;
    }
    let store = rusqlite::Connection::open(desk.directory.path().join(plazo::store::FILE)).expect("the store");
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON alerts WHEN new.request = 2
                  BEGIN SELECT RAISE(ABORT, 'poisoned'); END";
    store.execute_batch(poison).expect("a trigger");
    let told = desk.until("2026-03-02 09:25").await;
    let requests = told.iter().flat_map(|(.., content)| match content {
        plazo::outbox::Content::Digest { alerts, .. } => alerts.iter().map(|facts| facts.request.0).collect::<Vec<_>>(),
        other => other.request().map(|id| id.0).into_iter().collect(),
    });
    let requests: std::collections::BTreeSet<_> = requests.collect();
    assert_eq!(requests, [1, 3].into());
    assert!(desk.app.queue().wake_of(RequestId(2)).is_some(), "it is looked at again");
}
