//! Whom and what people name: an owner at opening, who is silenced, a stage, a channel. A typo is found out at once.

use std::time::Duration;

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::desk::Desk;
use crate::support::{PATIENCE, wait_for};
use plazo::outbox::Content;
use serde_json::{Value, json};

const FILE: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\", tags = [\"feria\"] }
reply = { within = \"20m\", escalation = \"e\" }
[[policy]]
name = \"all\"
deliver = { within = \"20m\", escalation = \"e\" }
reply = { within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"start\", tell = [\"owner\"] }, { at = \"due\", tell = [\"owner\"] }]
[customer.prisma]
name = \"Café Prisma\"
addresses = [\"@prisma.example\"]
";

fn run(daemon: &Daemon, args: &[&str]) -> (Option<i32>, String) {
    let output = daemon.command().args(args).output().expect("it runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("");
    (output.status.code(), said)
}

fn n_requests(daemon: &Daemon) -> usize {
    daemon.get("/v1/requests?state=all")["requests"].as_array().map_or(0, Vec::len)
}

/// Whom the alerts of a request are for, once one was decided.
fn told(daemon: &Daemon, id: &str) -> Vec<String> {
    wait_for("an alert", PATIENCE, || {
        let rows = daemon.get("/v1/deliveries")["deliveries"].as_array().cloned().unwrap_or_default();
        let own = |row: &&Value| row["request"] == *id;
        let told: Vec<_> =
            rows.iter().filter(own).map(|row| row["person"].as_str().unwrap_or("–").to_owned()).collect();
        (!told.is_empty()).then_some(told)
    })
}

#[test]
fn t10_nothing_is_opened_for_an_owner_whom_nobody_knows() {
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}"));
    for owner in ["Nadie", "Laura Moro"] {
        let (code, said) = run(&daemon, &["open", "Guía 7711", "--channel", "phone", "--owner", owner]);
        assert!(code == Some(2) && said.contains(owner) && said.contains("Laura Mora"), "{said}");
        assert_eq!(n_requests(&daemon), 0, "{owner}");
    }
    let (code, said) = run(&daemon, &["open", "Guía 7711", "--channel", "phone", "--owner", "laura mora"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(daemon.get("/v1/requests/R-1")["owner"], "Laura Mora");
    // One event says it all.
    let history = daemon.get("/v1/requests/R-1")["history"].as_array().cloned().unwrap_or_default();
    assert!(history.iter().all(|row| row["type"] != "own"), "{history:?}");
}

#[test]
fn t11_the_first_alert_goes_to_the_owner_also_where_it_is_due_at_once() {
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}"));
    // What is older than a day is history.
    for (n, at) in ["now", "-2h", "-20h"].into_iter().enumerate() {
        let (code, said) = run(&daemon, &["open", "x", "--channel", "phone", "--owner", "laura", "--at", at]);
        assert_eq!(code, Some(0), "{said}");
        let told = told(&daemon, &format!("R-{}", n + 1));
        assert!(told.iter().all(|person| person == "laura"), "{at}: {told:?}");
    }
}

#[test]
fn t10_an_owner_in_the_json_of_an_opening_counts_where_its_sender_may_give_work_away() {
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}"));
    let open = |id: &str, owner: &str| {
        json!({"id": id, "type": "open", "channel": "crm", "thread": id, "at": before_now(Duration::ZERO), "owner": owner,
            "author": {"name": "Rosa", "kind": "customer"}, "subject": "¿Llegó?"})
    };
    let known = daemon.post("/v1/events", &open("o-1", "laura@agencia.example")).json();
    assert_eq!((&known["accepted"], known.get("warnings")), (&json!(1), None), "{known}");
    assert_eq!(daemon.get("/v1/requests/R-1")["owner"], "Laura Mora");
    // Who waits is not dropped for whom somebody else misspelt.
    let unknown = daemon.post("/v1/events", &open("o-2", "laurra")).json();
    assert_eq!((&unknown["accepted"], &unknown["warnings"][0]["field"]), (&json!(1), &json!("owner")), "{unknown}");
    assert_eq!(daemon.get("/v1/requests/R-2")["owner"], Value::Null);
    let strict = daemon.post("/v1/events?strict=true", &open("o-3", "laurra"));
    assert_eq!((strict.status, &strict.json()["field"]), (422, &json!("owner")), "{}", strict.body);
    assert_eq!(n_requests(&daemon), 2);
}

#[test]
fn t12_a_silence_that_would_hold_nothing_is_refused_with_what_was_meant() {
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}"));
    for (args, words) in [
        (["--team", "socail"], ["no team `socail`", "did you mean `social`?"]),
        (["--channel", "watsapp"], ["channel `watsapp`", "did you mean `whatsapp`?"]),
        (["--customer", "Cafe Prizma"], ["no client of sla.toml", "did you mean `Café Prisma`?"]),
        (["--person", "lauro"], ["nobody in sla.toml", "did you mean `laura`?"]),
        (["--tag", "ferai"], ["no tag `ferai`", "did you mean `feria`?"]),
        (["--request", "R-99"], ["R-99", "no request"]),
        (["--inbox", "ventas"], ["no inbox `ventas`", "none is defined yet"]),
    ] {
        let (code, said) = run(&daemon, &["silence", "add", "--for", "2h", args[0], args[1]]);
        assert!(code == Some(2) && words.iter().all(|word| said.contains(word)), "{args:?}: {said}");
    }
    let (code, said) = run(&daemon, &["silence", "add", "--for", "2h"]);
    assert!(code == Some(2) && said.contains("--request") && said.contains("--all"), "{said}");
    assert_eq!(daemon.get("/v1/silences?all=true")["silences"], json!([]));
    // A channel of which only requests tell is known as well.
    daemon.event(&json!({"id": "m-1", "type": "message", "direction": "in", "channel": "fax", "thread": "1",
        "author": {"name": "Rosa", "kind": "customer"}, "text": "¿Llegó?"}));
    // What is told at the start has been decided.
    told(&daemon, "R-1");
    let (code, said) = run(&daemon, &["silence", "add", "--channel", "fax", "--for", "2h"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("would hold back 2 alerts of 1 request"), "the two steps at due: {said}");
    let (_, said) = run(&daemon, &["silence", "add", "--channel", "whatsapp", "--for", "2h"]);
    assert!(said.contains("would hold back nothing"), "{said}");
}

/// Who was told what until then.
async fn told_until(desk: &mut Desk, end: &str) -> Vec<String> {
    let told = desk.until(end).await;
    let short = |(who, at, content): &(String, String, Content)| match content {
        Content::Alert(facts) => format!("{who} {at} {} {}", facts.request, facts.step),
        Content::Digest { alerts, .. } => format!("{who} {at} {} together", alerts.len()),
        _ => format!("{who} {at} other"),
    };
    told.iter().map(short).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_everything_can_be_silenced_and_what_goes_to_one_person() {
    let file = "timezone = \"America/Bogota\"\n[person.ana]\nemail = \"ana@agencia.example\"\n[person.luis]\nemail = \"luis@agencia.example\"\n\
        [[policy]]\nname = \"todo\"\nreply = { within = \"20m\", escalation = \"e\" }\n\
        [escalation]\ne = [{ at = \"due\", tell = [\"ana\", \"luis\"] }]\n[alerts]\nwindow = \"0s\"\n";
    let mut desk = Desk::open("2026-03-02 09:00", file);
    let silence = |value: Value| serde_json::from_value(value).expect("a silence");
    let at = crate::support::desk::at;
    let span = (at("2026-03-02 09:00"), at("2026-03-02 10:00"));
    desk.ask("whatsapp", "a").await;
    let foreseen =
        desk.app.outbox.foresee_silence(silence(json!({"person": ["Ana"]})), span).await.expect("read").expect("known");
    assert_eq!((foreseen.n_alerts, foreseen.n_requests), (1, 1));
    assert_eq!(foreseen.silenced.person, ["ana"], "by the key, which alerts bear");
    desk.app.outbox.add_silence(foreseen.silenced, span, None, None).await.expect("written");
    assert_eq!(told_until(&mut desk, "2026-03-02 09:30").await, ["luis 02 09:20 R-1 due"]);
    assert_eq!(told_until(&mut desk, "2026-03-02 10:05").await, ["ana 02 10:00 R-1 due"]);
    let span = (at("2026-03-02 10:05"), at("2026-03-02 12:00"));
    desk.app.outbox.add_silence(silence(json!({"all": true})), span, None, None).await.expect("written");
    desk.ask("email", "b").await;
    assert_eq!(told_until(&mut desk, "2026-03-02 11:00").await, Vec::<String>::new());
}

#[test]
fn t14_an_unknown_stage_is_refused_and_an_unknown_name_or_channel_is_doubted() {
    let daemon =
        Daemon::start(&format!("{PEOPLE}{FILE}[claim]\nstages = [{{ name = \"radicado\", within = \"2 days\" }}]\n"));
    let (code, said) = run(&daemon, &["open", "x", "--channel", "watsapp", "--by", "Fulano"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no policy speaks of `watsapp`; did you mean `whatsapp`?"), "{said}");
    assert!(said.contains("`Fulano` is nobody in sla.toml"), "{said}");
    let (code, said) = run(&daemon, &["ack", "R-1", "--by", "laura"]);
    assert!(code == Some(0) && !said.contains("nobody"), "{said}");
    let (code, said) = run(&daemon, &["comment", "R-1", "--text", "Llamó", "--by", "lara"]);
    assert!(code == Some(0) && said.contains("did you mean `laura`?"), "{said}");
    let (code, said) = run(&daemon, &["stage", "R-1", "radicdo"]);
    assert!(code == Some(2) && said.contains("did you mean `radicado`?"), "{said}");
    let (code, said) = run(&daemon, &["stage", "R-1", "radicado"]);
    assert!(code == Some(2) && said.contains("R-1 is no formal claim"), "{said}");
    let (code, said) = run(&daemon, &["open", "reclamo", "--channel", "phone", "--kind", "claim"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&daemon, &["stage", "R-2", "done"]);
    assert!(matches!(code, Some(0 | 1)), "{said}");
}

#[test]
fn t16_an_address_needs_no_scheme_and_nobody_there_is_said_once() {
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}"));
    let list = |url: &str| {
        let mut command = crate::support::plazo();
        command.args(["--url", url, "--config"]).arg(daemon.config_path()).arg("list").env("LC_ALL", "C.UTF-8");
        let output = command.output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (_, said) = list(daemon.address());
    assert!(!said.contains("scheme") && !said.contains("builder"), "{said}");
    let (code, said) = list("http://127.0.0.1:9");
    assert!(code == Some(2) && said.contains("nobody answers at http://127.0.0.1:9"), "{said}");
    assert_eq!((said.matches("127.0.0.1:9").count(), said.contains("/v1/")), (1, false), "{said}");
}

#[test]
fn t17_where_there_is_no_file_it_is_said_how_to_get_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = crate::support::plazo().arg("run").current_dir(directory.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("sla.toml") && said.contains("--config") && said.contains("plazo init"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_what_was_overdue_before_plazo_heard_of_it_does_not_say_that_plazo_was_down() {
    let file = "timezone = \"America/Bogota\"\n[person.ana]\nemail = \"ana@agencia.example\"\n\
        [[policy]]\nname = \"todo\"\nreply = { within = \"20m\", escalation = \"e\" }\n\
        [escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n";
    let mut desk = Desk::open("2026-03-02 09:00", file);
    for n in 0..3 {
        let event = json!({"id": format!("old-{n}"), "type": "message", "direction": "in", "channel": "crm", "thread": n.to_string(),
            "at": "2026-03-01T10:00:00-05:00", "author": {"name": n.to_string(), "kind": "customer"}, "text": "¿Hay noticias?"});
        let (mut event, request) = plazo::intake::json::event(event, "crm", desk.now()).expect("an event");
        event.proof = plazo::engine::proof::Proof::Machine { user: None };
        let incoming = plazo::app::Incoming::new(event, request).expect("JSON");
        desk.app.desk.submit(vec![incoming]).await.expect("written");
    }
    let told = desk.until("2026-03-02 09:05").await;
    let [(who, _, content @ Content::Digest { alerts, .. })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((who.as_str(), alerts.len()), ("ana", 3));
    let now = desk.now();
    for (language, words) in [
        (plazo::text::Language::Es, "antes de que plazo los conociera"),
        (plazo::text::Language::En, "before plazo knew of them"),
    ] {
        let reader = plazo::text::reader::Reader::plain(chrono_tz::America::Bogota, language, now);
        let rendered = plazo::text::render::render(content, &plazo::text::templates::Texts::default(), &reader);
        assert!(rendered.subject.contains(words) && rendered.text.contains(words), "{rendered:?}");
        assert!(!rendered.text.contains("detenido") && !rendered.text.contains("did not run"), "{}", rendered.text);
    }
}
