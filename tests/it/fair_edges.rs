//! Hand-overs and absences at their edges: when a breach that is owed to a change alone is told, what becomes of it where the change is
//! taken back in time, and whoever stands in for those who are away.

use serde_json::{Value, json};

use crate::fairness::{HOUR, run, start_with};
use crate::support::daemon::Daemon;
use crate::support::desk::Desk;
use plazo::outbox::Content;

const HANDED: &str = r#"
language = "en"
timezone = "America/Bogota"
[alerts]
window = "0s"
SETTLE
[person.ana]
email = "ana@agencia.example"
[person.luis]
email = "luis@agencia.example"
[person.marta]
email = "marta@agencia.example"
[team.rapido]
lead = "marta"
members = ["luis", "marta"]
[[policy]]
name = "vip"
match = { tags = ["vip"] }
deliver = { within = "30m", escalation = "e" }
[[policy]]
name = "urgente"
match = { inbox = "urgente" }
deliver = { within = "30m", escalation = "e" }
[[policy]]
name = "rapido"
match = { team = "rapido" }
deliver = { within = "30m", escalation = "e" }
[[policy]]
name = "all"
deliver = { within = "8h", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["owner"] }]
"#;

/// A request of nine o'clock that is Ana's, at half past ten.
async fn handed(settle: &str) -> Desk {
    let mut desk = Desk::open("2026-03-02 09:00", &HANDED.replace("SETTLE", settle));
    desk.ask("crm", "a").await;
    act(&mut desk, json!({"type": "own", "owner": "ana"})).await;
    assert!(desk.until("2026-03-02 10:30").await.is_empty());
    desk
}

async fn act(desk: &mut Desk, mut event: Value) {
    event["request"] = json!("R-1");
    event["author"] = json!({"name": "ana", "kind": "agent"});
    desk.event(event).await;
}

/// Who is told of a broken promise until then, and when.
async fn alerts(desk: &mut Desk, until: &str) -> Vec<String> {
    let told = desk.until(&format!("2026-03-02 {until}")).await;
    let alerts = told.into_iter().filter(|(.., content)| matches!(content, Content::Alert(_)));
    alerts.map(|(who, when, _)| format!("{who} {}", when.trim_start_matches("02 "))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hand_over_alone_breaks_is_told_once_it_has_settled_to_whoever_is_right_by_then() {
    for change in [
        json!({"type": "tag", "tags": ["vip"]}),
        json!({"type": "move", "to": "urgente"}),
        json!({"type": "own", "owner": "luis"}),
    ] {
        let mut desk = handed("settle = \"5m\"").await;
        act(&mut desk, change.clone()).await;
        assert_eq!(alerts(&mut desk, "10:32").await, [""; 0], "{change}");
        act(&mut desk, json!({"type": "own", "owner": "marta"})).await;
        assert_eq!(alerts(&mut desk, "10:34").await, [""; 0], "{change}");
        assert_eq!(alerts(&mut desk, "10:36").await, ["marta 10:35"], "{change}");
        assert_eq!(alerts(&mut desk, "18:00").await, [""; 0], "{change}: once");

        // A minute, where nobody says otherwise.
        let mut desk = handed("").await;
        act(&mut desk, change.clone()).await;
        act(&mut desk, json!({"type": "own", "owner": "marta"})).await;
        assert_eq!(alerts(&mut desk, "10:35").await, ["marta 10:31"], "{change}");

        // At once, where nothing is to settle.
        let mut desk = handed("settle = \"0s\"").await;
        act(&mut desk, change.clone()).await;
        assert_eq!(alerts(&mut desk, "10:35").await.len(), 1, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_that_is_taken_back_before_it_settles_breaks_nothing() {
    for (change, back) in [
        (json!({"type": "tag", "tags": ["vip"]}), json!({"type": "tag", "untag": ["vip"]})),
        (json!({"type": "move", "to": "urgente"}), json!({"type": "move", "to": "soporte"})),
        (json!({"type": "own", "owner": "luis"}), json!({"type": "own", "owner": "ana"})),
        (json!({"type": "own", "owner": "luis"}), json!({"type": "undo", "of": "test/3"})),
    ] {
        let mut desk = handed("settle = \"5m\"").await;
        act(&mut desk, change.clone()).await;
        assert_eq!(alerts(&mut desk, "10:34").await, [""; 0], "{change}");
        act(&mut desk, back.clone()).await;
        assert_eq!(alerts(&mut desk, "17:01").await, ["ana 17:00"], "{change}, {back}: as promised first");

        // Once it was told, it has broken.
        if back["type"] != "undo" {
            let mut desk = handed("settle = \"5m\"").await;
            act(&mut desk, change.clone()).await;
            assert_eq!(alerts(&mut desk, "10:35").await.len(), 1, "{change}");
            act(&mut desk, back.clone()).await;
            assert_eq!(alerts(&mut desk, "17:01").await, [""; 0], "{change}, {back}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_52_whoever_stands_in_is_told_whatever_the_one_who_is_away_was_to_be_told_as() {
    const FILE: &str = r#"
language = "en"
timezone = "America/Bogota"
[person.ana]
email = "ana@agencia.example"
away = [{ from = "2026-03-01", until = "2026-03-05", substitute = "pedro" }]
[person.luis]
email = "luis@agencia.example"
[person.pedro]
email = "pedro@agencia.example"
[team.social]
lead = "ana"
members = ["luis"]
[rota.guardia]
people = ["ana"]
handover = "08:00"
since = "2026-01-05"
[roles]
supervisor = "ana"
back_office = "guardia"
[[policy]]
name = "all"
deliver = { within = "30m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["WHOM"] }]
"#;
    for (whom, told) in [
        ("lead", vec!["pedro"]),
        ("supervisor", vec!["pedro"]),
        ("guardia", vec!["pedro"]),
        ("back_office", vec!["pedro"]),
        ("social", vec!["luis", "pedro"]),
        ("ana", vec!["pedro"]),
    ] {
        let mut desk = Desk::open("2026-03-02 09:00", &FILE.replace("WHOM", whom));
        desk.ask("crm", "a").await;
        act(&mut desk, json!({"type": "own", "owner": "luis"})).await;
        let mut readers = alerts(&mut desk, "09:31").await;
        readers.sort();
        let told: Vec<_> = told.into_iter().map(|who| format!("{who} 09:30")).collect();
        assert_eq!(readers, told, "{whom}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_was_made_and_taken_back_before_it_settled_was_none() {
    let file = HANDED
        .replace("SETTLE", "settle = \"5m\"")
        .replace("[[policy]]\nname = \"all\"\ndeliver = { within = \"8h\", escalation = \"e\" }\n", "");
    let mut desk = Desk::open("2026-03-02 09:00", &file);
    desk.ask("crm", "a").await;
    desk.until("2026-03-02 10:30").await;
    act(&mut desk, json!({"type": "tag", "tags": ["vip"]})).await;
    assert_eq!(alerts(&mut desk, "10:34").await, [""; 0]);
    act(&mut desk, json!({"type": "tag", "untag": ["vip"]})).await;
    assert_eq!(alerts(&mut desk, "18:00").await, [""; 0]);
    let clocks = desk.app.views.clocks(plazo::engine::request_id::RequestId(1)).await.expect("clocks");
    assert!(clocks.iter().all(|clock| clock.breached_at.is_none()), "{clocks:?}");
}

const ROTA: &str = "[rota.guardia]\npeople = [\"ana\"]\nhandover = \"08:00\"\nsince = \"2026-01-05\"\n";

#[test]
fn duty_says_for_whom_somebody_stands_in_and_who_is_away_beside_it() {
    let daemon = start_with(ROTA);
    run(&daemon, &["away", "ana", "--until", "+2h", "--substitute", "laura"]);
    let (code, text) = run(&daemon, &["duty"]);
    assert!(code == Some(0) && text.contains("Laura Mora, in place of Ana Ruiz"), "{text}");
    let duty = daemon.get("/v1/duty");
    assert_eq!((&duty["duty"][0]["stands_in_for"], &duty["away"][0]["person"]), (&json!("ana"), &json!("ana")));
    // Later she is back.
    let (_, text) = run(&daemon, &["duty", "--at", "+3h"]);
    assert!(text.contains("Ana Ruiz") && !text.contains("Laura"), "{text}");

    let daemon = start_with("");
    run(&daemon, &["away", "ana", "--until", "+2h", "--substitute", "laura"]);
    run(&daemon, &["away", "laura", "--from", "+5h", "--until", "+6h"]);
    let (code, text) = run(&daemon, &["duty"]);
    assert!(
        code == Some(0)
            && text.contains("no [rota.NAME]")
            && text.contains("Ana Ruiz is away until")
            && text.contains("Laura Mora is told instead"),
        "{text}"
    );
    assert!(!text.contains("Laura Mora is away"), "{text}");
}

#[test]
fn lessons_52_an_absence_that_is_said_twice_is_one_and_its_substitute_is_told_once() {
    let daemon = start_with("");
    let said = |until: &str, substitute: &str| -> (Value, usize, usize) {
        let args = ["away", "ana", "--until", until, "--substitute", substitute, "--json"];
        let (code, text) = run(&daemon, &args);
        assert_eq!(code, Some(0), "{text}");
        let made: Value = serde_json::from_str(&text).expect("JSON");
        let count = |path: &str, field: &str| daemon.get(path)[field].as_array().map_or(0, Vec::len);
        (made["id"].clone(), count("/v1/away", "away"), count("/v1/deliveries", "deliveries"))
    };
    let day = crate::support::daemon::before_now(HOUR)[..4].parse::<i32>().expect("a year");
    let (new_year, epiphany) = (format!("{}-01-01", day + 1), format!("{}-01-06", day + 1));
    assert_eq!(said(&new_year, "laura"), (json!(1), 1, 1));
    assert_eq!(said(&new_year, "laura"), (json!(1), 1, 1), "the same");
    // Until another day, or with another in her place, it is news; and so is the first again.
    assert_eq!(said(&epiphany, "laura"), (json!(2), 2, 2));
    assert_eq!(said(&new_year, "laura"), (json!(3), 3, 3));
    assert_eq!(said(&new_year, "oper").0, json!(4));
}

#[test]
fn status_does_not_say_of_every_wait_that_it_is_for_the_client() {
    let daemon = start_with(
        "[wait.proveedor]\nname = \"El proveedor\"\n[[policy]]\nname = \"todo\"\ndeliver = { within = \"2h\", escalation = \"e\" }\n\
         [escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n",
    );
    let request = daemon.client_message("m-1", "t-1", HOUR);
    run(&daemon, &["wait", &request, "--on", "proveedor", "--by", "laura"]);
    let (_, text) = run(&daemon, &["status"]);
    assert!(text.contains("1 open, 1 of them wait, 0 overdue"), "{text}");
    let (_, text) = run(&daemon, &["list", "--state", "waiting"]);
    assert!(text.contains("R-1"), "{text}");
}

/// The keys of fair clocks in a file that is planned over a store in which they hold already.
const FAIR: &str = r#"
[answers]
asks_nothing = true
[wait.proveedor]
name = "El proveedor"
at_most = "AT_MOST"
escalation = "e"
[reasons.carrier]
name = "El transportista"
[[policy]]
name = "whatsapp"
match = { channel = "whatsapp" }
attend = { within = "ATTEND", escalation = "e" }
reply = { within = "1h", from = "match", pauses = true, escalation = "e" }
deliver = { within = "48h", reopen = "goes on", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["ana"] }]
[alerts]
settle = "2m"
"#;

fn fair(attend: &str, at_most: &str) -> String {
    FAIR.replace("ATTEND", attend).replace("AT_MOST", at_most)
}

#[track_caller]
fn planned(daemon: &Daemon, file: &str) -> Value {
    let new = daemon.directory.path().join("new.toml");
    let people = crate::support::daemon::PEOPLE.replace("OPERATOR", "/tmp");
    std::fs::write(&new, format!("{people}{file}")).expect("written");
    let mut command = crate::support::plazo();
    command.arg("check").arg(&new).args(["--plan", "--json", "--data"]).arg(daemon.data());
    let output = command.output().expect("plazo runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["plan"].clone()
}

#[test]
fn l22_a_file_with_fair_clocks_is_planned_as_the_daemon_would_take_it() {
    const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);
    let daemon = start_with(&fair("1h", "3h"));
    daemon.client_message("m-1", "t-1", 10 * MINUTE);
    daemon.client_message("m-2", "t-2", 10 * MINUTE);
    daemon.client_message("m-3", "t-3", 10 * MINUTE);
    for args in [
        vec!["own", "R-1", "laura", "--at", "-9m"],
        vec!["wait", "R-2", "--on", "proveedor", "--at", "-9m", "--by", "laura"],
        vec!["answer", "R-3", "--by", "laura", "--text", "Listo", "--at", "-9m"],
        vec!["close", "R-3", "--by", "laura", "--at", "-8m"],
        vec!["reopen", "R-3", "--by", "laura", "--at", "-7m"],
    ] {
        let (code, text) = run(&daemon, &args);
        assert!(code != Some(2), "{args:?}: {text}");
    }
    let plan = planned(&daemon, &fair("1h", "3h"));
    assert_eq!(plan["n_requests"], 3);
    for field in ["moved", "started", "cancelled", "alerts"] {
        assert_eq!(plan[field], json!([]), "the same file: {plan}");
    }
    let kinds = |plan: &Value, field: &str| -> Vec<String> {
        let rows = plan[field].as_array().cloned().unwrap_or_default();
        let mut kinds: Vec<_> =
            rows.iter().map(|row| format!("{} {}", row["request"], row["kind"].as_str().unwrap_or_default())).collect();
        kinds.sort();
        kinds
    };
    let plan = planned(&daemon, &fair("5m", "5m"));
    assert_eq!(kinds(&plan, "moved"), ["1 attend", "2 waiting"], "{plan}");
    assert_eq!(kinds(&plan, "alerts"), ["1 attend", "2 waiting"], "{plan}");
    assert_eq!(plan["told"], json!({"Ana Ruiz": 2}), "{plan}");
    // Who is away by word is away in the plan, too.
    run(&daemon, &["away", "ana", "--until", "+2h", "--substitute", "laura"]);
    assert_eq!(planned(&daemon, &fair("5m", "5m"))["told"], json!({"Laura Mora": 2}));
    // Without those keys: what only they promised ends, and what stood still by them goes on.
    let plain = fair("1h", "3h").lines().filter(|line| !line.starts_with("attend")).collect::<Vec<_>>().join("\n");
    let plan = planned(&daemon, &plain.replace(", pauses = true", "").replace("from = \"match\", ", ""));
    assert_eq!(kinds(&plan, "cancelled"), ["1 attend"], "{plan}");
    assert_eq!(kinds(&plan, "moved"), ["2 reply"], "{plan}");
}
