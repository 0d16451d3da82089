//! Acts that make clocks fair, each by the door at which people meet it: the link and the mail that waive, the page that asks why a
//! promise broke, what `explain` and the report tell of them, and what a replay makes of acts that were taken back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fairness::{HOUR, mails, run, says, start, start_with, states};
use crate::forged::{alert_id, pipe, results};
use crate::pages::deed;
use crate::support::daemon::{Daemon, before_now};
use crate::support::desk::Desk;
use crate::support::{PATIENCE, plazo, wait_for};

const MINUTE: Duration = Duration::from_secs(60);
const BASE: &str = "https://plazo.agencia.example";
/// Half of its time has passed, and Ana is told.
const WARNED: &str = "
[http]
public_url = \"https://plazo.agencia.example\"
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"50%\", tell = [\"ana\"] }, { at = \"due\", tell = [\"ana\"] }]
";

/// The page to which these words lead in a mail.
#[track_caller]
fn link(daemon: &Daemon, words: &str) -> String {
    wait_for(words, PATIENCE, || {
        let all = mails(daemon.directory.path());
        let rest = all.iter().find_map(|mail| mail.split_once(&format!("{words}: ")))?.1;
        rest.split_whitespace().next()?.strip_prefix(BASE).map(str::to_owned)
    })
}

#[track_caller]
fn report(daemon: &Daemon) -> Value {
    let (code, text) = run(daemon, &["report", "--from", "-1d", "--to", "+1h", "--json"]);
    assert_eq!(code, Some(0), "{text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn an_answer_is_waived_by_the_link_of_the_alert_and_the_report_says_who_and_how() {
    let daemon = start_with(WARNED);
    let request = daemon.client_message("m-1", "t-1", 12 * MINUTE);
    let waive = link(&daemon, "It needs no answer");
    let page = daemon.call("GET", &waive, &[], b"").body;
    assert!(page.contains("Does R-1 need no answer?"), "{page}");
    assert_eq!(states(&daemon, &request), ["running"], "looking says nothing");
    let done = daemon.call("POST", &waive, &[], b"");
    assert!(done.status == 200 && done.body.contains("nobody waits for an answer any more"), "{}", done.body);
    assert_eq!(states(&daemon, &request), ["waived"]);
    let waived = report(&daemon)["waived"][0].clone();
    assert_eq!((&waived["who"], &waived["n"]), (&json!("Ana Ruiz"), &json!(1)), "{waived}");
    assert_eq!((&waived["answers"][0]["request"], &waived["answers"][0]["proof"]), (&json!(1), &json!("link")));
    let (_, text) = run(&daemon, &["show", &request]);
    assert!(text.contains("Ana Ruiz") && text.contains("by the link of the alert of "), "{text}");
}

#[test]
fn an_answer_is_waived_by_a_word_in_answer_to_the_alert_s_mail() {
    let daemon = start_with(WARNED);
    let request = daemon.client_message("m-1", "t-1", 12 * MINUTE);
    let id = alert_id(&daemon, "ana@agencia.example");
    let answer = |from: &str, n: u32, word: &str| {
        format!(
            "{}From: {from}\nTo: plazo@agencia.example\nSubject: Re: aviso\nIn-Reply-To: <{id}>\nMessage-ID: <w{n}@agencia.example>\n\n{word}\n",
            results("pass", "agencia.example"),
        )
    };
    // A question decides nothing, and nor does somebody who was not told.
    pipe(&daemon, &[], &answer("Ana Ruiz <ana@agencia.example>", 1, "¿No hace falta responder?"));
    pipe(&daemon, &[], &answer("Laura Mora <laura@agencia.example>", 2, "No hace falta responder"));
    assert_eq!(states(&daemon, &request), ["running"]);
    let word = "No hace falta responder.\n\nAna\n\nEl lun, plazo escribió:\n> Responder a Luisa";
    pipe(&daemon, &[], &answer("Ana Ruiz <ana@agencia.example>", 3, word));
    assert_eq!(states(&daemon, &request), ["waived"]);
    let waived = report(&daemon)["waived"][0].clone();
    assert_eq!((&waived["who"], &waived["answers"][0]["proof"]), (&json!("Ana Ruiz"), &json!("reply")), "{waived}");
}

#[test]
fn why_a_promise_broke_is_said_on_the_page_of_its_alert() {
    let reasons = "[reasons.carrier]\nname = \"El transportista\"\nexcluded = true\napproval = [\"lead\"]\n[reasons.us]\nname = \"Nosotros\"\n";
    let daemon = start_with(&format!("{WARNED}{reasons}"));
    let request = daemon.client_message("m-1", "t-1", HOUR);
    run(&daemon, &["own", &request, "laura"]);
    let reason = link(&daemon, "Say why it broke");
    let page = daemon.call("GET", &reason, &[], b"").body;
    assert!(
        page.contains("Why did the promise of R-1 break?")
            && page.contains("El transportista (out of the figures)")
            && page.contains("value=\"us\""),
        "{page}"
    );
    for wrong in ["", "reason=", "reason=lluvia"] {
        assert_eq!(daemon.call("POST", &reason, &[], wrong.as_bytes()).status, 422, "{wrong}");
    }
    assert_eq!(report(&daemon)["reasons"], json!([]));
    let done = daemon.call("POST", &reason, &[], b"reason=us&text=nadie+mir%C3%B3");
    assert!(done.status == 200 && done.body.contains("It is noted."), "{}", done.body);
    let given = report(&daemon)["reasons"][0].clone();
    let row = &given["breaches"][0];
    assert_eq!((&given["name"], &given["n"], &row["state"]), (&json!("Nosotros"), &json!(1), &json!("counts")));
    assert_eq!(
        (&row["who"], &row["proof"], &row["text"]),
        (&json!("Ana Ruiz"), &json!("link"), &json!("nadie miró")),
        "{given}"
    );
    let (_, text) = run(&daemon, &["explain", &request]);
    assert!(text.contains("Nosotros") && text.contains("nadie miró") && text.contains("Ana Ruiz"), "{text}");
}

#[test]
fn lessons_49_explain_tells_what_asked_for_nothing() {
    let daemon = start();
    says(&daemon, "m-1", "¿Me mandan la factura?");
    let (_, text) = run(&daemon, &["explain", "R-1"]);
    assert!(!text.contains("what asks for nothing"), "{text}");
    run(&daemon, &["answer", "R-1", "--by", "laura", "--text", "Ya se la envié"]);
    says(&daemon, "m-2", "Muchas gracias 🙏");
    let (_, text) = run(&daemon, &["explain", "R-1"]);
    let section = text.split("what asks for nothing").nth(1).unwrap_or_else(|| panic!("{text}"));
    assert!(section.contains("courtesy"), "{text}");
    let (_, json) = run(&daemon, &["explain", "R-1", "--json"]);
    let explained: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(explained["asks_nothing"].as_array().map(Vec::len), Some(1), "{explained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_50_the_report_counts_what_stood_still_and_what_was_kept_only_after_it() {
    const FILE: &str = r#"
language = "en"
timezone = "America/Bogota"
[person.ana]
name = "Ana Ruiz"
email = "ana@agencia.example"
[person.luis]
name = "Luis Gil"
email = "luis@agencia.example"
[wait.proveedor]
name = "El proveedor"
[[policy]]
name = "all"
deliver = { within = "48h", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["owner"] }]
"#;
    let mut desk = Desk::open("2026-03-02 08:00", FILE);
    let act = |request: &str, who: &str, more: Value| {
        let mut event = json!({"request": request, "author": {"name": who, "kind": "agent"}});
        event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        event
    };
    // Ana: 22 days, of which 21 for the supplier. Luis: 36 hours, of which 12 for the client.
    for (request, who, thread, [from, waits, goes_on, ends], on) in [
        (
            "R-1",
            "ana",
            "a",
            ["2026-03-02 08:00", "2026-03-02 20:00", "2026-03-23 20:00", "2026-03-24 08:00"],
            Some("proveedor"),
        ),
        ("R-2", "luis", "b", ["2026-03-25 08:00", "2026-03-25 20:00", "2026-03-26 08:00", "2026-03-26 20:00"], None),
    ] {
        desk.set(from);
        desk.ask("crm", thread).await;
        desk.event(act(request, who, json!({"type": "own", "owner": who}))).await;
        desk.set(waits);
        desk.event(act(request, who, json!({"type": "wait", "on": on, "reason": "piezas"}))).await;
        desk.set(goes_on);
        desk.event(act(request, who, json!({"type": "resume"}))).await;
        desk.set(ends);
        desk.event(act(request, who, json!({"type": "deliver", "text": "listo"}))).await;
        desk.event(act(request, who, json!({"type": "close"}))).await;
    }
    let file = desk.directory.path().join("sla.toml");
    std::fs::write(&file, FILE).expect("written");
    let report = |more: &[&str]| {
        let mut command = plazo();
        command.arg("--config").arg(&file).arg("--data").arg(desk.directory.path());
        let output = command.args(["report", "--from", "2026-03-01", "--to", "2026-03-31"]).args(more).output();
        let output = output.expect("plazo runs");
        assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let whole: Value = serde_json::from_str(&report(&["--json"])).expect("JSON");
    let hours = |ms: &Value| ms.as_i64().map(|ms| ms / 3_600_000);
    let still: Vec<_> = whole["still"].as_array().into_iter().flatten().collect();
    let still: Vec<_> = still
        .iter()
        .map(|row| (row["who"].as_str(), row["name"].as_str(), hours(&row["ms"]), row["share"].as_u64()))
        .collect();
    assert_eq!(
        still,
        [
            (Some("Ana Ruiz"), Some("El proveedor"), Some(21 * 24), Some(21 * 10_000 / 22)),
            (Some("Luis Gil"), None, Some(12), Some(3_333)),
        ],
        "{}",
        whole["still"]
    );
    let kept = whole["kept_waiting"].as_array().cloned().unwrap_or_default();
    assert_eq!(kept.len(), 1, "half a day is no long wait: {kept:?}");
    assert_eq!(
        (&kept[0]["request"], &kept[0]["promise"], &kept[0]["who"], hours(&kept[0]["ms"])),
        (&json!(1), &json!("deliver"), &json!("Ana Ruiz"), Some(21 * 24))
    );
    let text = report(&[]);
    assert!(text.contains("Kept, after long waits") && text.contains("21 d") && text.contains("95"), "{text}");
}

#[test]
fn a_replay_tells_what_was_taken_back_and_its_totals_leave_that_out() {
    let daemon = start_with(&format!("{WARNED}[check.authorised]\n"));
    // An answer, and a rule that another one broke.
    daemon.client_message("m-1", "t-1", 5 * MINUTE);
    run(&daemon, &["answer", "R-1", "--by", "oper", "--text", "Ya va"]);
    run(&daemon, &["undo", "R-1", "--by", "oper"]);
    run(&daemon, &["answer", "R-1", "--by", "laura", "--text", "Hola, ya le cuento"]);
    assert_eq!(states(&daemon, "R-1"), ["met"]);
    let (code, text) = run(&daemon, &["undo", "R-1", "--by", "laura"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(states(&daemon, "R-1"), ["running"]);
    // Closed by mistake, and then in earnest: twice cancelled, of which one holds.
    daemon.client_message("m-2", "t-2", 5 * MINUTE);
    for args in [
        vec!["close", "R-2", "--by", "laura", "--at", "-3m"],
        vec!["undo", "R-2", "--by", "laura"],
        vec!["close", "R-2", "--by", "laura"],
    ] {
        let (code, text) = run(&daemon, &args);
        assert!(code != Some(2), "{args:?}: {text}");
    }
    let (code, text) = run(&daemon, &["replay", "--json"]);
    assert_eq!(code, Some(0), "{text}");
    let played: Value = serde_json::from_str(&text).expect("JSON");
    let entries = played["entries"].as_array().cloned().unwrap_or_default();
    let of = |request: &str, what: &str| -> Vec<bool> {
        let named = entries.iter().filter(|one| one["request"] == request && one["what"] == what);
        named.map(|one| one["void"] == true).collect()
    };
    let met = of("R-1", "met");
    assert!(!met.is_empty() && met.iter().all(|is_void| *is_void), "{entries:?}");
    assert_eq!(of("R-1", "violation"), [true], "{entries:?}");
    assert_eq!(of("R-2", "cancelled"), [true, false], "{entries:?}");
    let totals = &played["totals"][0];
    assert_eq!((&totals["kept"], &totals["cancelled"]), (&json!(0), &json!(1)), "{totals}");
}

#[test]
fn the_page_that_shows_offers_the_next_opening_of_whichever_promise_has_hours() {
    let daemon = start_with(
        "
[http]
public_url = \"https://plazo.agencia.example\"
[calendar.noche]
hours = { mon-sun = [\"03:30-03:40\"] }
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { within = \"20m\", escalation = \"e\" }
deliver = { within = \"30m\", calendar = \"noche\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
",
    );
    let request = daemon.client_message("m-1", "t-1", HOUR);
    let show = link(&daemon, "Show");
    let page = daemon.call("GET", &show, &[], b"").body;
    let button = page.split(['>', '<']).find(|text| text.starts_with("Remind me") && text.contains("03:30"));
    let button = button.unwrap_or_else(|| panic!("no next opening: {page}"));
    let done = daemon.call("POST", &deed(&page, button), &[], b"");
    assert_eq!(done.status, 200, "{}", done.body);
    let until = daemon.get(&format!("/v1/requests/{request}"))["snoozed_until"].clone();
    assert!(until.as_str().is_some_and(|at| at.contains("T08:30:00")), "half past three in Bogotá: {until}");
}

#[test]
fn a_mail_of_a_promise_with_hours_leads_to_the_next_opening_as_of_when_it_is_pressed() {
    // Open three hours before and after now, on every day.
    let now: chrono::DateTime<chrono::Utc> = before_now(Duration::ZERO).parse().expect("an instant");
    let here = now.with_timezone(&chrono_tz::America::Bogota);
    let hour = |hours| (here + chrono::TimeDelta::hours(hours)).format("%H:00").to_string();
    let (opens, closes) = (hour(-3), hour(3));
    let daemon = start_with(&format!(
        "[http]\npublic_url = \"{BASE}\"\n[calendar.turno]\nhours = {{ mon-sun = [\"{opens}-{closes}\"] }}\n\
         [[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
         reply = {{ within = \"20m\", calendar = \"turno\", escalation = \"e\" }}\n\
         [escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n"
    ));
    let request = daemon.client_message("m-1", "t-1", HOUR);
    let opening = link(&daemon, "Remind me at the next opening");
    let page = daemon.call("GET", &opening, &[], b"").body;
    assert!(page.contains("Put R-1 off until") && page.contains(&opens), "{page}");
    let done = daemon.call("POST", &opening, &[], b"");
    assert!(done.status == 200 && done.body.contains("Alert again"), "{}", done.body);
    let until = daemon.get(&format!("/v1/requests/{request}"))["snoozed_until"].clone();
    let until: chrono::DateTime<chrono::Utc> = until.as_str().expect("an instant").parse().expect("an instant");
    let until = until.with_timezone(&chrono_tz::America::Bogota);
    assert_eq!(until.format("%H:%M").to_string(), opens);
    assert!(here < until && until < here + chrono::TimeDelta::hours(24), "{until}");
}

#[test]
fn a_replay_refuses_a_tag_event_that_names_no_tags() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, path) = (directory.path().join("sla.toml"), directory.path().join("tags.ndjson"));
    std::fs::write(&file, "language = \"en\"\n[person.ana]\nemail = \"ana@agencia.example\"\n[[policy]]\nname = \"all\"\nreply = { within = \"1h\", escalation = \"e\" }\n[escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n").expect("written");
    let line = |keys: Value| {
        let mut event =
            json!({"id": "t", "type": "tag", "channel": "crm", "thread": "a", "at": "2026-03-02T09:05:00-05:00"});
        event.as_object_mut().expect("an object").extend(keys.as_object().expect("an object").clone());
        event
    };
    let first = json!({"id": "m", "type": "message", "direction": "in", "channel": "crm", "thread": "a", "text": "¿Hola?",
        "at": "2026-03-02T09:00:00-05:00", "author": {"name": "Rosa", "kind": "customer"}});
    for (keys, is_taken) in [
        (json!({"add": ["vip"]}), false),
        (json!({"tags": ["vip"]}), true),
        (json!({"untag": ["vip"]}), true),
        (json!({"tags": [], "remove": ["vip"]}), true),
    ] {
        std::fs::write(&path, format!("{first}\n{}\n", line(keys.clone()))).expect("written");
        let output = plazo().arg("--config").arg(&file).arg("replay").arg("--events").arg(&path).output();
        let output = output.expect("plazo runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(if is_taken { 0 } else { 2 }), "{keys}: {said}");
        assert_eq!(said.contains("tags.ndjson:2: `tags`: is missing"), !is_taken, "{keys}: {said}");
    }
    // The same word at the interface.
    let daemon = start();
    daemon.client_message("m-1", "t-1", MINUTE);
    let tag = json!({"id": "t", "type": "tag", "request": "R-1", "add": ["vip"], "at": before_now(Duration::ZERO)});
    let answer = daemon.post("/v1/events", &tag);
    assert!(answer.body.contains("`untag` (to take away)"), "{}", answer.body);
}
