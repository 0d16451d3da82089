//! Fair clocks at the border: who asks for nothing, who is away, what is parked, what needs no answer.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::desk::Desk;
use crate::support::{PATIENCE, wait_for};

pub const HOUR: Duration = Duration::from_secs(3_600);
const FILE: &str = "
[http]
public_url = \"https://plazo.agencia.example\"
[answers]
asks_nothing = true
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";

pub fn start() -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator").display().to_string();
    let config = format!("{PEOPLE}{FILE}").replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    Daemon::start_in(directory)
}

pub fn run(daemon: &Daemon, args: &[&str]) -> (Option<i32>, String) {
    let output = daemon.command().args(args).output().expect("plazo runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// The readers of mails that were written as files.
pub fn readers(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory.join("data/outbox")).into_iter().flatten().flatten();
    let mails = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "eml"));
    let reader = |raw: Vec<u8>| {
        let mail = mail_parser::MessageParser::default().parse(&raw)?;
        mail.to()?.first()?.address().map(str::to_owned)
    };
    mails.filter_map(|path| reader(std::fs::read(path).ok()?)).collect()
}

/// What those mails say, as text.
pub fn mails(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory.join("data/outbox")).into_iter().flatten().flatten();
    let mails = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "eml"));
    let text = |raw: Vec<u8>| {
        let mail = mail_parser::MessageParser::default().parse(&raw)?;
        Some(format!("{}\n{}", mail.subject()?, mail.body_text(0)?))
    };
    mails.filter_map(|path| text(std::fs::read(path).ok()?)).collect()
}

/// Waits for a mail that says all of this.
pub fn mail_with(daemon: &Daemon, words: &[&str]) {
    let says = |mail: &String| words.iter().all(|word| mail.contains(word));
    wait_for(&words.join(", "), PATIENCE, || mails(daemon.directory.path()).iter().any(says).then_some(()));
}

pub fn says(daemon: &Daemon, id: &str, text: &str) {
    daemon.event(&json!({
        "id": id, "type": "message", "channel": "whatsapp", "thread": "t-1", "direction": "in",
        "at": before_now(Duration::ZERO), "author": {"name": "Luisa", "kind": "customer"}, "text": text,
    }));
}

pub fn states(daemon: &Daemon, request: &str) -> Vec<String> {
    let clocks = daemon.get(&format!("/v1/requests/{request}"))["clocks"].clone();
    let states = clocks.as_array().into_iter().flatten();
    states.filter_map(|clock| clock["state"].as_str().map(str::to_owned)).collect()
}

#[test]
fn lessons_52_who_is_said_to_be_away_is_not_told_and_comes_back_at_the_end() {
    let daemon = start();
    let (code, text) = run(&daemon, &["away"]);
    assert_eq!((code, text.trim()), (Some(0), "nobody is away"));
    for (args, cause) in [
        (vec!["away", "nadie", "--until", "+2h"], "nadie"),
        (vec!["away", "ana", "--until", "-2h"], "over before it begins"),
        (vec!["away", "ana", "--until", "+2h", "--substitute", "ana"], "stands in for themselves"),
        (vec!["away", "end", "7"], "no absence 7"),
    ] {
        let (code, text) = run(&daemon, &args);
        assert!(code == Some(2) && text.contains(cause), "{args:?}: {code:?} {text}");
    }
    let (code, text) = run(&daemon, &["away", "ana", "--until", "+2h", "--substitute", "laura", "--by", "oper"]);
    assert!(
        code == Some(0) && text.contains("Ana Ruiz is away until") && text.contains("Laura Mora is told"),
        "{text}"
    );
    mail_with(&daemon, &["you stand in for Ana Ruiz until", "Operator said so", "plazo list --owner ana"]);
    let request = daemon.client_message("m-1", "t-1", HOUR);
    mail_with(&daemon, &["In place of", "Ana Ruiz, who is away until"]);
    assert!(readers(daemon.directory.path()).iter().all(|reader| reader == "laura@agencia.example"));
    let later = daemon.client_message("m-0", "t-0", Duration::ZERO);
    let (code, text) = run(&daemon, &["route", &later]);
    assert!(code == Some(0) && text.contains("laura, in place of ana"), "{text}");
    let (code, text) = run(&daemon, &["route", &request]);
    assert!(code == Some(0) && text.contains("nobody is told any more"), "{text}");

    // It outlives the daemon, and whoever stands in cannot leave it to the one who is away.
    let daemon = Daemon::start_in(daemon.kill());
    let away = daemon.get("/v1/away")["away"].clone();
    assert_eq!(
        (&away[0]["person"], &away[0]["stands_in"], &away[0]["who"]),
        (&json!("ana"), &json!("Laura Mora"), &json!("oper"))
    );
    let (code, text) = run(&daemon, &["away", "laura", "--until", "+1h", "--substitute", "ana"]);
    assert!(code == Some(2) && text.contains("leads back"), "{text}");

    let (code, text) = run(&daemon, &["away", "end", "1"]);
    assert!(code == Some(0) && text.contains("absence 1 is over"), "{text}");
    daemon.client_message("m-2", "t-2", HOUR);
    wait_for("a mail to whoever is back", PATIENCE, || {
        readers(daemon.directory.path()).contains(&"ana@agencia.example".to_owned()).then_some(())
    });
}

#[test]
fn lessons_49_thanks_after_closing_open_nothing_and_the_history_says_so() {
    let daemon = start();
    says(&daemon, "m-1", "¿Me mandan la factura?");
    run(&daemon, &["answer", "R-1", "--by", "laura", "--text", "Ya se la envié"]);
    run(&daemon, &["close", "R-1", "--by", "laura"]);
    for (id, text) in [("m-2", "Muchas gracias 🙏"), ("m-3", "👍"), ("m-4", "Ok, perfecto. Un abrazo!")] {
        says(&daemon, id, text);
    }
    assert_eq!(daemon.get("/v1/requests/R-1")["state"], "closed");
    assert_eq!(states(&daemon, "R-1"), ["met"]);
    let (_, text) = run(&daemon, &["show", "R-1"]);
    assert!(text.contains("it asks for nothing"), "{text}");
    says(&daemon, "m-5", "Gracias, pero la factura está mal");
    assert_eq!(daemon.get("/v1/requests/R-1")["state"], "open");
    assert_eq!(states(&daemon, "R-1"), ["running"], "whoever asks is answered for");
}

#[test]
fn an_answer_that_is_not_needed_is_waived_by_whoever_says_so_and_the_report_lists_it() {
    let daemon = start();
    let request = daemon.client_message("m-1", "t-1", HOUR);
    wait_for("the mail", PATIENCE, || readers(daemon.directory.path()).pop());
    let (code, text) = run(&daemon, &["waive", &request, "--by", "laura", "--reason", "solo agradece"]);
    assert_eq!(code, Some(0), "{text}");
    // It broke before anybody said so, and that stays.
    assert_eq!(states(&daemon, &request), ["breached"]);
    says(&daemon, "m-2", "Feliz con el banner, se pasaron ustedes");
    assert_eq!(states(&daemon, &request), ["running"]);
    let (code, text) = run(&daemon, &["waive", &request, "--by", "laura"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(states(&daemon, &request), ["waived"], "neither kept nor broken");
    assert_eq!(
        daemon.get(&format!("/v1/requests/{request}"))["state"],
        "closed",
        "it opened it again, and asked nothing"
    );

    let (code, text) = run(&daemon, &["report", "--from", "-1d", "--to", "+1h", "--json"]);
    assert_eq!(code, Some(0), "{text}");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let waived = &report["waived"][0];
    assert_eq!((&waived["who"], &waived["n"]), (&json!("Laura Mora"), &json!(2)), "{report}");
    assert_eq!(waived["answers"][0]["reason"], "solo agradece");
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_50_a_wait_ends_by_itself_and_its_owner_is_told() {
    const FILE: &str = r#"
language = "en"
timezone = "America/Bogota"
[person.ana]
email = "ana@agencia.example"
[[policy]]
name = "all"
deliver = { within = "8h", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["owner"] }]
"#;
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    desk.ask("crm", "a").await;
    let own = json!({"type": "own", "request": "R-1", "owner": "ana", "author": {"name": "ana", "kind": "agent"}});
    desk.event(own).await;
    let until = "2026-03-03T08:00:00-05:00";
    let wait = json!({"type": "wait", "request": "R-1", "reason": "logo", "until": until, "author": {"name": "ana", "kind": "agent"}});
    desk.event(wait).await;
    assert!(desk.until("2026-03-03 07:59").await.is_empty());
    let told = desk.until("2026-03-03 08:01").await;
    let [(who, when, plazo::outbox::Content::Notice { subject, text })] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((who.as_str(), when.as_str()), ("ana", "03 08:00"));
    assert!(subject.contains("R-1 goes on") && text.contains("(logo)"), "{subject}: {text}");
    // Eight hours of which none was spent while it stood still.
    let told = desk.until("2026-03-03 17:00").await;
    assert_eq!(told.iter().map(|(who, when, _)| format!("{who} {when}")).collect::<Vec<_>>(), ["ana 03 16:00"]);
}

#[test]
fn a_broken_promise_gets_its_reason_and_leaves_the_figures_only_where_somebody_agrees() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator").display().to_string();
    let reasons = "
[reasons.carrier]
name = \"El transportista\"
excluded = true
approval = [\"lead\"]
[reasons.us]
name = \"Nosotros\"
";
    let config = format!("{PEOPLE}{FILE}{reasons}").replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    let daemon = Daemon::start_in(directory);
    let request = daemon.client_message("m-1", "t-1", HOUR);
    wait_for("the breach", PATIENCE, || readers(daemon.directory.path()).pop());
    run(&daemon, &["own", &request, "laura"]);
    for (args, cause) in [
        (vec!["reason", &request, "lluvia"], "there is no reason `lluvia`"),
        (vec!["reason", &request, "carrier", "--promise", "deliver"], "no promise `deliver` of R-1 has broken"),
        (vec!["reason", &request, "carrier", "--promise", "entregar"], "is no kind of promise"),
        (vec!["approve", &request, "--by", "ana"], "no reason on R-1 awaits approval"),
    ] {
        let (code, text) = run(&daemon, &args);
        assert!(code == Some(2) && text.contains(cause), "{args:?}: {code:?} {text}");
    }
    let (code, text) = run(&daemon, &["reason", &request, "carrier", "--by", "laura", "--text", "vía cerrada"]);
    assert_eq!(code, Some(0), "{text}");
    let figures = || {
        let (code, text) = run(&daemon, &["report", "--from", "-1d", "--to", "+1h", "--json"]);
        assert_eq!(code, Some(0), "{text}");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let all = &report["groups"][0];
        (all["kept"]["percent"].clone(), all["excluded"]["n"].clone(), report["reasons"][0].clone())
    };
    let (kept, excluded, reason) = figures();
    assert_eq!((kept, excluded), (json!(0), Value::Null), "it counts until somebody agrees");
    assert_eq!((&reason["n"], &reason["n_awaiting"]), (&json!(1), &json!(1)));
    wait_for("the lead is asked", PATIENCE, || {
        let files = std::fs::read_dir(daemon.directory.path().join("data/outbox")).into_iter().flatten().flatten();
        let mut mails = files.filter_map(|file| String::from_utf8(std::fs::read(file.path()).ok()?).ok());
        mails.any(|mail| mail.contains("does the breach count?") && mail.contains("To: ")).then_some(())
    });
    let (code, text) = run(&daemon, &["approve", &request, "--by", "laura"]);
    assert!(code == Some(2) && text.contains("Ana Ruiz"), "nobody lets their own breach out: {text}");
    let (code, text) = run(&daemon, &["approve", &request, "--by", "ana"]);
    assert_eq!(code, Some(0), "{text}");
    let (kept, excluded, reason) = figures();
    assert_eq!((kept, excluded), (json!(0), json!(1)), "with and without");
    let row = &reason["breaches"][0];
    assert_eq!(
        (&row["who"], &row["approved_by"], &row["state"], &row["text"]),
        (&json!("Laura Mora"), &json!("Ana Ruiz"), &json!("excluded"), &json!("vía cerrada"))
    );
    let (_, text) = run(&daemon, &["explain", &request]);
    assert!(text.contains("El transportista") && text.contains("approved by"), "{text}");
    let (_, text) = run(&daemon, &["report", "--from", "-1d", "--to", "+1h"]);
    assert!(text.contains("… without what was let out") && text.contains("said by"), "{text}");
    let (_, csv) = run(&daemon, &["report", "--from", "-1d", "--to", "+1h", "--csv"]);
    assert!(csv.lines().any(|line| line.starts_with("all,,") && line.contains(",excluded,1,")), "{csv}");
    // Taken back like any act, and the last word counts.
    let (code, text) = run(&daemon, &["undo", &request]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(figures().2["n_awaiting"], 1);
    run(&daemon, &["approve", &request, "--refuse", "--by", "ana"]);
    assert_eq!(figures().2["breaches"][0]["state"], "refused");
    run(&daemon, &["reason", &request, "nosotros", "--by", "laura"]);
    assert_eq!((figures().1, figures().2["breaches"][0]["state"].clone()), (Value::Null, json!("counts")));
}

const TWO_WAYS: &str = r#"
language = "en"
timezone = "America/Bogota"
[calendar.oficina]
hours = { mon-fri = ["08:00-18:00"] }
[person.ana]
email = "ana@agencia.example"
notify = [{ by = "sala", hours = "oficina" }, { by = "email", outside = "oficina" }]
[person.luis]
email = "luis@agencia.example"
notify = [{ by = "email", hours = "oficina" }]
[destination.sala]
type = "file"
path = "sala"
[[policy]]
name = "all"
reply = { within = "30m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["ana", "luis"] }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_by_the_way_that_is_meant_for_the_hour() {
    let mut desk = Desk::open("2026-03-02 09:00", TWO_WAYS);
    let ways = |desk: &mut Desk| {
        let mut ways = std::mem::take(&mut desk.ways);
        ways.sort();
        ways
    };
    desk.ask("crm", "a").await;
    desk.until("2026-03-02 09:31").await;
    assert_eq!(ways(&mut desk), ["ana sala", "luis email"]);
    desk.move_to(crate::support::desk::at("2026-03-02 20:00"));
    desk.ask("crm", "b").await;
    // At an hour for which nothing is meant, an alert goes all the same.
    desk.until("2026-03-02 20:31").await;
    assert_eq!(ways(&mut desk), ["ana email", "luis email"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_52_what_the_substitute_was_told_is_one_message_at_return() {
    const FILE: &str = r#"
language = "en"
timezone = "America/Bogota"
[person.ana]
email = "ana@agencia.example"
away = [{ from = "2026-03-02", until = "2026-03-03", substitute = "luis" }]
[person.luis]
email = "luis@agencia.example"
[[policy]]
name = "all"
reply = { within = "30m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["ana"] }]
"#;
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    desk.ask("crm", "a").await;
    let told = desk.until("2026-03-02 10:00").await;
    assert_eq!(told.iter().map(|(who, when, _)| format!("{who} {when}")).collect::<Vec<_>>(), ["luis 02 09:30"]);
    desk.ask("crm", "b").await;
    assert_eq!(desk.until("2026-03-03 23:00").await.len(), 1, "to whoever stands in alone");
    let told = desk.until("2026-03-04 08:00").await;
    let [(who, when, plazo::outbox::Content::Digest { alerts, cause, .. })] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((who.as_str(), when.as_str()), ("ana", "04 00:00"));
    assert_eq!((alerts.len(), *cause), (2, plazo::outbox::HeldFor::Away));
}

/// A daemon whose file has this besides the people.
pub fn start_with(file: &str) -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator").display().to_string();
    let config = format!("{PEOPLE}{file}").replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    Daemon::start_in(directory)
}

const PARKED: &str = "
[wait.proveedor]
name = \"El proveedor\"
at_most = \"2h\"
escalation = \"e\"
[[policy]]
name = \"todo\"
deliver = { within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";

#[test]
fn lessons_50_what_broke_is_not_mended_by_what_is_dated_back() {
    let daemon = start_with(PARKED);
    let request = daemon.client_message("m-1", "t-1", HOUR);
    wait_for("the breach", PATIENCE, || readers(daemon.directory.path()).pop());
    for args in [
        vec!["wait", &request, "--at", "-55m", "--by", "laura"],
        vec!["wait", &request, "--on", "proveedor", "--at", "-41m", "--by", "laura"],
    ] {
        let (code, text) = run(&daemon, &args);
        assert!(code == Some(2) && text.contains("does not mend it"), "{args:?}: {code:?} {text}");
        assert_eq!(states(&daemon, &request), ["breached"]);
    }
    // From now on it may wait, and what broke stays so.
    let (code, text) = run(&daemon, &["wait", &request, "--on", "proveedor", "--until", "+3h", "--by", "laura"]);
    assert!(code != Some(2) && text.contains("it may wait until"), "{code:?} {text}");
    assert_eq!(states(&daemon, &request), ["breached", "running"]);
    let (_, text) = run(&daemon, &["show", &request]);
    assert!(text.contains("waits for \"El proveedor\""), "by its name: {text}");
}

#[test]
fn what_is_taken_back_is_named_and_what_was_no_act_takes_nothing_back() {
    let daemon = start_with(PARKED);
    let request = daemon.client_message("m-1", "t-1", Duration::ZERO);
    run(&daemon, &["close", &request, "--by", "laura"]);
    let (code, text) = run(&daemon, &["undo", &request, "--by", "laura"]);
    assert!(code == Some(0) && text.contains("taken back: Laura Mora closed the request"), "{code:?} {text}");
    let (_, text) = run(&daemon, &["show", &request]);
    assert!(text.contains("Laura Mora took back: \"Laura Mora closed the request\""), "{text}");
    // One's own last act, and not a colleague's that came after it.
    run(&daemon, &["wait", &request, "--by", "laura"]);
    run(&daemon, &["own", &request, "laura", "--by", "ana"]);
    let (code, text) = run(&daemon, &["undo", &request, "--by", "laura"]);
    assert!(code == Some(0) && text.contains("taken back: Laura Mora waits for the client"), "{code:?} {text}");
    // By the general door: a client's words, and what never was.
    run(&daemon, &["close", &request, "--by", "laura"]);
    let closed = daemon.get(&format!("/v1/requests/{request}"))["state"].clone();
    for (id, of, at) in [("u-1", "wa/m-1", Duration::ZERO), ("u-2", "wa/never", Duration::ZERO)] {
        daemon.event(&json!({
            "id": id, "source": "crm", "type": "undo", "request": request, "of": of, "at": before_now(at),
            "author": {"name": "laura", "kind": "agent"},
        }));
        let (_, text) = run(&daemon, &["show", &request]);
        assert!(text.contains("there was nothing to take back then"), "{of}: {text}");
    }
    assert_eq!(daemon.get(&format!("/v1/requests/{request}"))["state"], closed);
}

#[test]
fn time_that_stood_still_is_counted_to_whoever_held_the_request_then() {
    let daemon = start_with(PARKED);
    let request = daemon.client_message("m-1", "t-1", 6 * HOUR);
    for args in [
        // Nobody's yet: whoever lets it wait answers for that.
        vec!["wait", &request, "--at", "-4h", "--by", "laura"],
        vec!["resume", &request, "--at", "-3h", "--by", "laura"],
        vec!["own", &request, "laura", "--at", "-3h"],
        vec!["wait", &request, "--on", "proveedor", "--at", "-2h", "--by", "laura"],
        vec!["own", &request, "ana", "--at", "-1h"],
    ] {
        let (code, text) = run(&daemon, &args);
        assert!(code != Some(2), "{args:?}: {text}");
    }
    let (code, text) = run(&daemon, &["report", "--from", "-1d", "--to", "+1m", "--json"]);
    assert_eq!(code, Some(0), "{text}");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let rows = report["still"].as_array().cloned().unwrap_or_default();
    let hours = |ms: &Value| ms.as_i64().map(|ms| (ms + 1_800_000) / 3_600_000);
    let mut still: Vec<_> =
        rows.iter().map(|row| (row["who"].as_str(), row["name"].as_str(), hours(&row["ms"]))).collect();
    still.sort();
    assert_eq!(
        still,
        [
            (Some("Ana Ruiz"), Some("El proveedor"), Some(1)),
            (Some("Laura Mora"), None, Some(1)),
            (Some("Laura Mora"), Some("El proveedor"), Some(1)),
        ],
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_until_an_instant_goes_on_up_the_ladder_then() {
    const FILE: &str = r#"
language = "en"
timezone = "America/Bogota"
[calendar.oficina]
hours = { mon-fri = ["08:00-18:00"] }
[person.ana]
email = "ana@agencia.example"
[[policy]]
name = "all"
deliver = { within = "2h", calendar = "oficina", escalation = "e" }
[escalation]
e = [{ at = "50%", tell = ["ana"] }, { at = "due", tell = ["ana"] }]
"#;
    let mut desk = Desk::open("2026-03-02 15:00", FILE);
    desk.ask("crm", "a").await;
    let ack = json!({"type": "ack", "request": "R-1", "until": "2026-03-03T08:00:00-05:00", "author": {"name": "ana", "kind": "agent"}});
    desk.event(ack).await;
    assert!(desk.until("2026-03-03 07:59").await.is_empty(), "somebody has it");
    let told = desk.until("2026-03-03 08:01").await;
    assert_eq!(told.iter().map(|(who, when, _)| format!("{who} {when}")).collect::<Vec<_>>(), ["ana 03 08:00"]);
}
