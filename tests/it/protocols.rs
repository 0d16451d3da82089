//! Rules of the protocols that more than one request keeps, or that somebody is told of: in virtual time, with the shipped file.

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::desk::Desk;
use plazo::app::Applied;
use plazo::engine::effect::Effect;
use plazo::engine::request::Phase;
use plazo::outbox::Content;
use plazo::store::Store;
use plazo::store::violations::ViolationFilter;
use serde_json::{Value, json};

fn shipped() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/sla.toml")).expect("the shipped file")
}

fn desk(begin: &str) -> Desk {
    Desk::open(begin, &shipped())
}

/// A message of Luisa's, or of whoever `extra` names.
fn message(thread: &str, extra: Value) -> Value {
    let mut event = json!({"type": "message", "direction": "in", "channel": "whatsapp", "thread": thread,
        "author": {"name": "Luisa", "address": "573001", "kind": "customer"}, "text": "¿Hay noticias?"});
    for (key, value) in extra.as_object().expect("an object") {
        event[key] = value.clone();
    }
    event
}

/// What was broken, as `RULE request`, in the order in which it was.
fn broken(desk: &Desk) -> Vec<String> {
    let store = Store::open_reader(desk.directory.path()).expect("a store");
    let mut rows = store.violations(&ViolationFilter { limit: 100, ..ViolationFilter::default() }).expect("rows");
    rows.reverse();
    rows.into_iter().map(|row| format!("{} {}", row.violation.rule, row.request)).collect()
}

#[track_caller]
fn request_of(applied: &Applied) -> String {
    match applied {
        Applied::Accepted { request, .. } => request.to_string(),
        other => panic!("not taken: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_kept_by_an_email_to_the_same_client_and_broken_by_one_to_another() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(message("w", json!({"customer": "andina"}))).await;
    desk.event(json!({"type": "own", "request": "R-1", "owner": "laura"})).await;
    desk.until("2026-03-02 09:05").await;
    desk.event(json!({"type": "message", "direction": "out", "request": "R-1", "author": "laura", "text": "Va hoy"}))
        .await;
    let replica = |desk: &Desk| {
        let store = Store::open_reader(desk.directory.path()).expect("a store");
        let clocks = store.clocks(plazo::engine::request_id::RequestId(1)).expect("clocks");
        let clock = clocks.into_iter().find(|clock| clock.kind.as_str() == "replica").expect("a replica clock");
        clock.state.as_str().to_owned()
    };
    let mail = |to: &str| {
        json!({"type": "message", "direction": "out", "channel": "email", "thread": format!("<{to}>"), "author": "laura",
            "text": "Va hoy", "cc": [to]})
    };
    desk.event(mail("otra@cliente.example")).await;
    assert_eq!(replica(&desk), "running");
    desk.event(mail("compras@andina.example")).await;
    assert_eq!(replica(&desk), "met");
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_broken_by_a_new_email_about_an_open_request_which_is_found_by_its_recipient() {
    let mut desk = desk("2026-03-02 09:00");
    let client = json!({"name": "Luisa", "address": "luisa@cliente.example", "kind": "customer"});
    desk.event(message("<1@cliente>", json!({"channel": "email", "author": client}))).await;
    let answer = |thread: &str, to: &str| {
        json!({"type": "message", "direction": "out", "channel": "email", "thread": thread, "author": "laura",
            "text": "La recibimos", "cc": [to]})
    };
    let off = desk.event(answer("<2@agencia>", "luisa@cliente.example")).await;
    assert_eq!(request_of(&off), "R-1");
    assert_eq!(broken(&desk), ["A8 R-1"]);
    // Whom nothing is open with may be written to at will, and on the thread all is well.
    assert_eq!(request_of(&desk.event(answer("<3@agencia>", "nadie@cliente.example")).await), "R-2");
    assert_eq!(request_of(&desk.event(answer("<1@cliente>", "luisa@cliente.example")).await), "R-1");
    assert_eq!(broken(&desk), ["A8 R-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_kept_once_the_blocking_request_is_closed() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(message("a", json!({"tags": ["migracion"]}))).await;
    desk.event(message("b", json!({}))).await;
    desk.event(json!({"type": "block", "request": "R-2", "blocker": "R-1"})).await;
    let schedule = json!({"type": "schedule", "request": "R-2", "within": "24h", "author": "laura"});
    desk.event(schedule.clone()).await;
    assert_eq!(broken(&desk), ["B4 R-2"]);
    desk.event(json!({"type": "close", "request": "R-1"})).await;
    desk.event(schedule).await;
    assert_eq!(broken(&desk), ["B4 R-2"], "nothing blocks it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_broken_by_a_second_open_conversation_of_a_contact_and_kept_after_the_first_is_closed() {
    let mut desk = desk("2026-03-02 09:00");
    let ask = |thread: &str, who: &str| {
        message(
            thread,
            json!({"channel": "crm", "inbox": "ventas", "author": {"name": who, "address": who, "kind": "customer"}}),
        )
    };
    desk.event(ask("a", "luisa@cliente.example")).await;
    desk.event(ask("b", "rosa@cliente.example")).await;
    assert_eq!(broken(&desk), [""; 0]);
    desk.event(ask("c", "Luisa@cliente.example")).await;
    assert_eq!(broken(&desk), ["C3 R-3"]);
    desk.event(json!({"type": "message", "direction": "out", "request": "R-2", "author": "laura", "text": "Son 100"}))
        .await;
    desk.event(json!({"type": "close", "request": "R-2", "author": "laura"})).await;
    desk.event(ask("d", "rosa@cliente.example")).await;
    assert!(!broken(&desk).contains(&"C3 R-4".to_owned()), "{:?}", broken(&desk));
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_kept_by_plazo_s_own_doors_and_a_violation_where_another_system_closed_it() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(message("a", json!({"channel": "crm", "inbox": "ventas", "customer": "andina"}))).await;
    let close = |source: &str, ground: Value| json!({"type": "close", "request": "R-1", "source": source, "ground": ground, "author": "laura"});
    let refused = desk.event(close("action", Value::Null)).await;
    let Applied::Rejected(rejection) = refused else { panic!("closed without a ground: {refused:?}") };
    assert_eq!(rejection.code.as_str(), "refused");
    assert!(
        rejection.detail.es.starts_with("C4: se cierra con el cliente esperando respuesta."),
        "{}",
        rejection.detail.es
    );
    assert!(rejection.detail.es.contains("ciérrela como confirmada"), "{}", rejection.detail.es);
    assert_eq!(broken(&desk), [""; 0], "what was refused did not happen");
    request_of(&desk.event(close("action", json!("confirmed"))).await);
    assert_eq!(broken(&desk), [""; 0]);
    desk.event(message("b", json!({"channel": "crm", "inbox": "ventas", "customer": "andina"}))).await;
    desk.event(json!({"type": "close", "request": "R-2", "source": "crm"})).await;
    assert_eq!(broken(&desk), ["C4 R-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_kept_by_the_door_that_does_not_move_what_nobody_described() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(message("a", json!({"channel": "crm", "inbox": "ventas", "tags": ["datos-incompletos"]}))).await;
    let mv = json!({"type": "move", "request": "R-1", "source": "action", "to": "soporte", "author": "laura"});
    let Applied::Rejected(rejection) = desk.event(mv.clone()).await else { panic!("moved without a comment") };
    assert!(rejection.detail.es.contains("Datos faltantes"), "{}", rejection.detail.es);
    desk.event(
        json!({"type": "comment", "request": "R-1", "author": "laura", "context": "pide factura", "actions": "se llamó",
        "next_steps": "pedir el RUC", "missing_data": "RUC", "external_channel": "teléfono"}),
    )
    .await;
    request_of(&desk.event(mv).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_d8_kept_work_that_is_split_off_is_a_task_with_its_own_clock() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(message("a", json!({"customer": "andina"}))).await;
    desk.event(json!({"type": "own", "request": "R-1", "owner": "laura"})).await;
    let promised = desk
        .event(json!({"type": "message", "direction": "out", "request": "R-1", "author": "laura", "text": "Le confirmo mañana"}))
        .await;
    let Applied::Accepted { effects, .. } = promised else { panic!("{promised:?}") };
    let opened = effects.iter().find_map(|effect| match effect {
        Effect::SplitOff { request, .. } => *request,
        _ => None,
    });
    let opened = opened.expect("a task");
    let store = Store::open_reader(desk.directory.path()).expect("a store");
    let task = store.request(opened).expect("a row").expect("a request");
    assert_eq!(
        (task.facets.kind.as_str(), task.parent.map(|id| id.0), task.owner.as_deref()),
        ("task", Some(1), Some("laura"))
    );
    assert_eq!(task.facets.customer.as_deref(), Some("andina"));
    assert!(task.clocks.iter().any(|clock| clock.kind.as_str() == "answer"), "{:?}", task.clocks);
    // A call with more than it may deal with: the rest goes to the back office.
    desk.event(json!({"type": "open", "channel": "phone", "thread": "call", "kind": "call", "author": "diego"})).await;
    desk.event(json!({"type": "split", "channel": "phone", "thread": "call", "parts": ["Guía 11", "Guía 12"], "author": "diego"}))
        .await;
    let rest: Vec<_> = (4..=5)
        .map(|id| store.request(plazo::engine::request_id::RequestId(id)).expect("a row").expect("a task"))
        .collect();
    assert!(rest.iter().all(|task| task.owner.as_deref() == Some("sofia")), "{rest:?}");
    assert_eq!(rest[1].subject.as_deref(), Some("Guía 12"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_act_brought_about_is_taken_back_with_it() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(json!({"type": "open", "channel": "phone", "thread": "call", "kind": "call", "author": "diego"})).await;
    let parts = json!({"type": "split", "request": "R-1", "parts": ["Guía 11", "Guía 12"], "author": "diego"});
    desk.event(parts).await;
    desk.event(json!({"type": "comment", "request": "R-3", "text": "Ya la busco", "author": "sofia"})).await;
    // R-4 waits for R-5, until that is closed.
    desk.event(message("a", json!({"tags": ["migracion"]}))).await;
    desk.event(message("b", json!({}))).await;
    desk.event(json!({"type": "block", "request": "R-4", "blocker": "R-5"})).await;
    desk.event(json!({"type": "close", "request": "R-5", "author": "laura"})).await;
    let store = Store::open_reader(desk.directory.path()).expect("a store");
    let request = |id| store.request(plazo::engine::request_id::RequestId(id)).expect("a row").expect("a request");
    let seen = || (request(2).phase, request(3).phase, request(4).blockers, request(5).phase);
    assert_eq!(seen(), (Phase::Open, Phase::Open, Vec::new(), Phase::Closed));
    for (request, act) in [("R-1", "test/2"), ("R-5", "test/7")] {
        desk.event(json!({"type": "undo", "request": request, "of": act, "author": "laura"})).await;
    }
    let blocker = vec![plazo::engine::request_id::RequestId(5)];
    assert_eq!(seen(), (Phase::Merged, Phase::Open, blocker, Phase::Open), "what somebody has begun with stays");
    // And once more, as if nothing had been.
    desk.event(json!({"type": "close", "request": "R-5", "author": "laura"})).await;
    assert_eq!(request(4).blockers, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_kept_on_day_4_the_claim_is_opened_and_goes_to_its_first_stage() {
    let mut desk = desk("2026-03-02 09:00");
    desk.event(json!({"type": "open", "channel": "phone", "thread": "t", "kind": "task", "subject": "Guía 123", "author": "diego"}))
        .await;
    let told = desk.until("2026-03-06 10:00").await;
    let store = Store::open_reader(desk.directory.path()).expect("a store");
    let claim = store.request(plazo::engine::request_id::RequestId(2)).expect("a row").expect("a claim");
    assert_eq!((claim.facets.kind.as_str(), claim.facets.stage.as_deref()), ("claim", Some("back office")));
    assert_eq!((claim.owner.as_deref(), claim.parent.map(|id| id.0)), (Some("sofia"), Some(1)));
    assert_eq!(claim.subject.as_deref(), Some("Guía 123"));
    assert!(
        told.iter().any(|(who, when, _)| who == "sofia" && when == "06 06:00"),
        "the back office is told at the opening"
    );
    assert!(store.request(plazo::engine::request_id::RequestId(3)).expect("a row").is_none(), "one claim");
    // Without its number it does not leave the stage that gives it by plazo's own door.
    let stage = |to: &str, number: Value| json!({"type": "stage", "request": "R-2", "source": "action", "to": to, "number": number, "author": "sofia"});
    request_of(&desk.event(stage("número", Value::Null)).await);
    let Applied::Rejected(rejection) = desk.event(stage("aviso al cliente", Value::Null)).await else {
        panic!("without its number")
    };
    assert!(rejection.detail.es.contains("Dele su número"), "{}", rejection.detail.es);
    request_of(&desk.event(stage("aviso al cliente", json!("CUN-1"))).await);
}

/// Who was told what of broken rules, when.
fn told_of(told: &[(String, String, Content)]) -> Vec<String> {
    let line = |facts: &plazo::outbox::facts::ViolationFacts| facts.violation.rule.clone();
    let of = |content: &Content| match content {
        Content::Violation(facts) => vec![line(facts)],
        Content::Digest { violations, .. } => violations.iter().map(line).collect(),
        _ => Vec::new(),
    };
    let with = told.iter().filter(|(.., content)| !of(content).is_empty());
    with.map(|(who, when, content)| format!("{who} {when} {}", of(content).join(" "))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_comes_with_the_next_message_climbs_its_ladder_and_stops_once_it_is_explained() {
    let mut desk = desk("2026-03-02 09:00");
    for request in ["R-1", "R-2"] {
        desk.event(message(request, json!({"author": {"name": request, "address": request, "kind": "customer"}})))
            .await;
        desk.event(json!({"type": "own", "request": request, "owner": "diego"})).await;
        for _ in 0..2 {
            desk.event(json!({"type": "message", "direction": "out", "request": request, "author": "diego",
                "text": "Su guía está en proceso de distribución"}))
                .await;
        }
    }
    assert_eq!(broken(&desk), ["D11 R-1", "D11 R-2"]);
    let told = desk.until("2026-03-02 12:00").await;
    assert_eq!(told_of(&told), ["diego 02 09:02 D11 D11", "marta 02 09:02 D11 D11"], "both in one message");
    let excused = desk.app.desk.excuse_violation(
        plazo::outbox::ViolationId(1),
        "el cliente preguntó dos veces".to_owned(),
        Some("diego".to_owned()),
    );
    assert!(excused.await.expect("written").is_some_and(|row| row.excuse.is_some()));
    let told = desk.until("2026-03-03 12:00").await;
    assert_eq!(told_of(&told), ["marta 03 09:02 D11"], "the supervisor hears of the one that nobody explained");
}

/// A violation waits for what else its reader is told of, and makes nothing wait: the alert of a minute later goes at its instant.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_does_not_wait_for_a_violation() {
    let mut desk = desk("2026-03-02 09:00");
    for request in ["R-1", "R-2"] {
        desk.event(message(request, json!({"author": {"name": request, "address": request, "kind": "customer"}})))
            .await;
        desk.event(json!({"type": "own", "request": request, "owner": "diego"})).await;
    }
    desk.until("2026-03-02 09:09").await;
    for text in ["Su guía está en proceso de distribución"; 2] {
        desk.event(json!({"type": "message", "direction": "out", "request": "R-1", "author": "diego", "text": text}))
            .await;
    }
    assert_eq!(broken(&desk), ["D11 R-1"]);
    let told = desk.until("2026-03-02 10:00").await;
    let alert = told.iter().find(|(who, _, content)| who == "diego" && matches!(content, Content::Alert(_)));
    assert_eq!(alert.map(|(_, when, _)| when.as_str()), Some("02 09:10"), "{told:?}");
    assert_eq!(
        told_of(&told).first().map(String::as_str),
        Some("diego 02 09:11 D11"),
        "it is told none the less: {told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_off_is_recorded_where_it_decides_an_answer_and_told_to_nobody() {
    let file = shipped().replace("[check.authorised]", "# ");
    let mut desk = Desk::open("2026-03-02 09:00", &file);
    desk.event(message("a", json!({}))).await;
    desk.event(json!({"type": "own", "request": "R-1", "owner": "laura"})).await;
    desk.event(
        json!({"type": "message", "direction": "out", "request": "R-1", "author": "sofia", "text": "Yo le ayudo"}),
    )
    .await;
    assert_eq!(broken(&desk), ["A7 R-1"]);
    assert_eq!(told_of(&desk.until("2026-03-02 09:10").await), [""; 0]);
}

#[test]
fn violations_are_listed_explained_and_counted_by_the_command_line() {
    let daemon = Daemon::start(&format!("{PEOPLE}[check.authorised]\n[check.repeated]\n"));
    daemon.client_message("m-1", "t-1", std::time::Duration::from_secs(60));
    daemon.post("/v1/requests/R-1/answer", &json!({"by": "nadie", "text": "hola"}));
    let run = |args: &[&str]| {
        let output = daemon.command().args(args).output().expect("plazo runs");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("text"),
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    let (code, listed, _) = run(&["violations"]);
    assert_eq!(code, Some(1), "something was found: {listed}");
    assert!(listed.contains("A7") && listed.contains("R-1") && listed.contains("may not answer clients"), "{listed}");
    assert_eq!(run(&["violations", "--rule", "A9"]).0, Some(0));
    let (code, said, _) = run(&["violations", "--excuse", "new here", "1", "--by", "laura"]);
    assert!(code == Some(0) && said.contains("explained: new here (Laura Mora)"), "{said}");
    let (code, listed, _) = run(&["violations"]);
    assert!(code == Some(0) && listed.contains("explained"), "{listed}");
    let (code, _, error) = run(&["violations", "--excuse", "x", "99"]);
    assert!(code == Some(2) && error.contains("there is no violation 99"), "{error}");
    assert_eq!(run(&["violations", "--excuse", "x"]).0, Some(2), "of which one?");
}

#[test]
fn what_a_taken_back_act_broke_counts_no_longer() {
    let daemon = Daemon::start(&format!("{PEOPLE}[check.authorised]\n"));
    daemon.client_message("m-1", "t-1", std::time::Duration::from_secs(60));
    let n_broken = || {
        let listed = daemon.get("/v1/violations")["violations"].as_array().map(Vec::len);
        let report = daemon.get("/v1/report?from=-1d");
        (listed, report["groups"][0]["violations"]["n"].as_u64(), report["violations"].as_array().map(Vec::len))
    };
    for by in ["nadie", "otro"] {
        daemon.post("/v1/requests/R-1/answer", &json!({"by": by, "text": "hola"}));
    }
    assert_eq!(n_broken(), (Some(2), Some(2), Some(1)));
    // The last of the two acts.
    let undone = daemon.command().args(["undo", "R-1"]).output().expect("plazo runs");
    assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
    assert_eq!(n_broken(), (Some(1), Some(1), Some(1)));
    let left = daemon.get("/v1/violations");
    assert_eq!(left["violations"][0]["who"], "nadie", "{left}");
    let verified = daemon.command().arg("verify").output().expect("plazo runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
