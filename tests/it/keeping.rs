//! How long what plazo knows is kept, who is forgotten and what shows it, what is told to whoever asks, and what may not go.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::{PATIENCE, wait_for};

const PROMISES: &str = "
[answers]
asks_nothing = true
[[policy]]
name = \"all\"
match = { kind = \"request\" }
team = \"social\"
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"lead\"] }]
";
const DAY: Duration = Duration::from_secs(86_400);

#[track_caller]
fn run(daemon: &Daemon, args: &[&str]) -> Output {
    daemon.command().args(args).output().expect("plazo runs")
}

#[track_caller]
fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn message(id: &str, thread: &str, ago: Duration, who: &Value, direction: &str, text: &str) -> Value {
    json!({"id": id, "type": "message", "channel": "email", "thread": thread, "direction": direction, "at": before_now(ago),
        "author": who, "subject": "Factura de la señora Quiroga", "text": text})
}

fn rosa() -> Value {
    json!({"name": "Rosa Quiroga", "address": "rosa.quiroga@andina.example", "kind": "customer"})
}

fn laura() -> Value {
    json!({"name": "laura", "kind": "agent"})
}

/// A conversation of ten days ago with a client, answered and closed; and another one's.
fn conversations(daemon: &Daemon) -> (String, String) {
    let theirs =
        daemon.event(&message("r-1", "hilo-rosa-1", 10 * DAY, &rosa(), "in", "¿Me envían la factura a Calle 45?"));
    let later = |minutes: u64| 10 * DAY - Duration::from_secs(60 * minutes);
    daemon.event(&message("r-2", "hilo-rosa-1", later(10), &laura(), "out", "Con gusto, doña Rosa Quiroga: va hoy."));
    daemon.event(&message("r-3", "hilo-rosa-1", later(20), &rosa(), "in", "Muchas gracias"));
    daemon.event(
        &json!({"id": "r-4", "type": "close", "channel": "email", "thread": "hilo-rosa-1", "at": before_now(later(30)),
        "author": laura(), "reason": "Rosa Quiroga quedó conforme"}),
    );
    let pedro = json!({"name": "Pedro Gil", "address": "pedro.gil@sol.example", "kind": "customer"});
    let mut asked =
        message("p-1", "hilo-pedro-1", later(40), &pedro, "in", "¿Y el logo? Copio a rosa.quiroga@andina.example");
    asked["subject"] = json!("El logo");
    let others = daemon.event(&asked);
    (theirs, others)
}

/// Every file below the data directory, as bytes in lower case.
fn bytes(data: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    let mut left = vec![data.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                left.push(entry.path());
            } else if kind.is_file() {
                all.extend(std::fs::read(entry.path()).unwrap_or_default());
            }
        }
    }
    all.to_ascii_lowercase()
}

fn has(data: &Path, word: &str) -> bool {
    let (bytes, word) = (bytes(data), word.to_lowercase());
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

fn clock(daemon: &Daemon, request: &str) -> Value {
    let shown = daemon.get(&format!("/v1/requests/{request}"));
    let clock = shown["clocks"].as_array().expect("clocks").iter().find(|clock| clock["kind"] == "reply").cloned();
    clock.unwrap_or_else(|| panic!("{shown}"))
}

fn figures(daemon: &Daemon) -> Value {
    let report = daemon.get("/v1/report?from=-20d");
    let all = &report["groups"][0];
    json!({"kept": all["kept"]["kept"], "broken": all["kept"]["broken"], "first": all["first_response"]["mean_ms"],
        "unanswered": all["unanswered"]["n"], "closed": report["closings"]["closed"]["n"]})
}

#[test]
fn a_client_is_forgotten_everywhere_and_the_bytes_show_it() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}"));
    let (theirs, others) = conversations(&daemon);
    let (before, clock_before) = (figures(&daemon), clock(&daemon, &theirs));
    assert!(has(&daemon.data(), "rosa.quiroga@andina.example"), "it is there before");
    let asked = run(&daemon, &["erase", "--client", "rosa.quiroga@andina.example"]);
    assert!(!asked.status.success() && told(&asked).contains("--yes"), "{}", told(&asked));
    let looked = run(&daemon, &["erase", "--client", "rosa.quiroga@andina.example", "--dry-run"]);
    let said = told(&looked);
    assert!(looked.status.success() && said.contains(&theirs) && said.contains(&others), "{said}");
    assert!(has(&daemon.data(), "rosa.quiroga@andina.example"), "a look changes nothing");
    let nobody = run(&daemon, &["erase", "--client", "nadie@andina.example", "--dry-run"]);
    assert!(!nobody.status.success() && told(&nobody).contains("nothing is kept"), "{}", told(&nobody));
    let output = run(&daemon, &["erase", "--client", "rosa.quiroga@andina.example", "--by", "ana", "--yes", "--json"]);
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    assert_eq!((receipt["found"].as_u64(), output.status.code()), (Some(0), Some(0)), "{receipt}");
    assert_eq!(receipt["requests"], json!([1]), "{receipt}");
    assert_eq!(receipt["mentioned_in"], json!([2]), "{receipt}");
    for word in ["rosa.quiroga", "Quiroga", "hilo-rosa-1", "Calle 45", "quedó conforme"] {
        assert!(!has(&daemon.data(), word), "{word} is still there");
    }
    // What happened when, and what follows from it, stays.
    assert_eq!(clock(&daemon, &theirs), clock_before);
    assert_eq!(figures(&daemon), before);
    let shown = daemon.get(&format!("/v1/requests/{theirs}"));
    assert_eq!((&shown["subject"], &shown["contact"]), (&Value::Null, &Value::Null), "{shown}");
    assert_eq!(
        shown["history"].as_array().map_or(0, |rows| rows.iter().filter(|row| row["type"] == "message").count()),
        3
    );
    // The other client stays as they were, but for whom they named.
    let other = daemon.get(&format!("/v1/requests/{others}"));
    assert_eq!(other["contact"], "Pedro Gil", "{other}");
    // What is told again is known; what is said anew opens a request of its own.
    let again =
        daemon.post("/v1/events", &message("r-1", "hilo-rosa-1", 10 * DAY, &rosa(), "in", "¿Me envían la factura?"));
    assert_eq!(again.json()["duplicate"], 1, "{}", again.body);
    assert!(!has(&daemon.data(), "Quiroga"), "a duplicate brings nothing back");
    let listed = told(&run(&daemon, &["erase", "--list"]));
    assert!(listed.contains("client") && listed.contains("ana") && listed.contains(&theirs), "{listed}");
    assert!(!listed.to_lowercase().contains("quiroga"), "{listed}");
}

#[test]
fn a_name_that_only_their_own_request_tells_is_forgotten_however_others_write_it() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}"));
    let jose = json!({"name": "José Núñez", "address": "+57 300 555 0101", "kind": "customer"});
    let ana = json!({"name": "Ana Paz", "address": "ana@sol.example", "kind": "customer"});
    let texts = [
        ("j-1", &jose, "¿Dónde está mi pedido?"),
        ("a-1", &ana, "¿Llaman a JOSÉ NÚÑEZ?"),
        ("a-2", &ana, "Él es José NÚñez, mi socio"),
        ("a-3", &ana, "Su celular es el (300) 555-0101, ¿lo llaman?"),
        ("a-4", &ana, "Es el 300 555 01 01"),
        ("a-5", &ana, "El mío es el 300 555 01 02"),
    ];
    for (id, who, text) in texts {
        let mut asked = message(id, &format!("hilo-{id}"), DAY / 2, who, "in", text);
        asked["subject"] = json!(format!("Pedido {id}"));
        daemon.event(&asked);
    }
    let exported = run(&daemon, &["export", "--client", "+57 300 555 0101"]);
    let exported: Value = serde_json::from_slice(&exported.stdout).unwrap_or_else(|_| panic!("{}", told(&exported)));
    let n_own = exported["requests"].as_array().map(Vec::len);
    assert_eq!((n_own, &exported["mentioned_in"]), (Some(1), &json!([2, 3, 4, 5])), "{exported}");
    let erased = run(&daemon, &["erase", "--client", "573005550101", "--yes", "--json"]);
    let receipt: Value = serde_json::from_slice(&erased.stdout).unwrap_or_else(|_| panic!("{}", told(&erased)));
    assert_eq!((&receipt["mentioned_in"], &receipt["found"]), (&json!([2, 3, 4, 5]), &json!(0)), "{receipt}");
    let data = bytes(&daemon.data());
    let text = String::from_utf8_lossy(&data).to_lowercase();
    for gone in ["núñez", "555-0101", "555 01 01"] {
        assert!(!text.contains(gone), "{gone} is still there");
    }
    assert!(text.contains("ana paz") && text.contains("555 01 02"), "nobody else goes");
}

#[test]
fn what_is_held_by_law_is_neither_erased_nor_let_go() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}[retention]\nrequests = \"5 days\"\nwords = \"3 days\"\n"));
    let (theirs, _) = conversations(&daemon);
    let held = run(&daemon, &["hold", &theirs, "--why", "demanda 12-2026", "--by", "ana"]);
    assert!(held.status.success(), "{}", told(&held));
    assert!(told(&run(&daemon, &["hold", "--json"])).contains("demanda 12-2026"));
    let erased = run(&daemon, &["erase", "--request", &theirs, "--yes"]);
    assert!(!erased.status.success() && told(&erased).contains("held by law"), "{}", told(&erased));
    daemon.post("/v1/let-go", &json!({}));
    assert!(has(&daemon.data(), "Calle 45"));
    assert!(run(&daemon, &["hold", &theirs, "--release"]).status.success());
    let erased = run(&daemon, &["erase", "--request", &theirs, "--yes"]);
    assert!(erased.status.success(), "{}", told(&erased));
    assert!(!has(&daemon.data(), "Calle 45"));
}

#[test]
fn words_go_when_their_time_has_come_and_figures_stay() {
    let start = |retention: &str| Daemon::start(&format!("{PEOPLE}{PROMISES}{retention}"));
    let daemon = start("[retention]\nwords = \"3 days\"\n");
    let (theirs, others) = conversations(&daemon);
    let (before, clock_before) = (figures(&daemon), clock(&daemon, &theirs));
    let let_go = daemon.post("/v1/let-go", &json!({})).json();
    assert_eq!((let_go["words"].as_u64(), let_go["requests"].as_u64()), (Some(1), Some(0)), "{let_go}");
    assert_eq!((figures(&daemon), clock(&daemon, &theirs)), (before, clock_before));
    let story = daemon.get(&format!("/v1/requests/{theirs}")).to_string();
    assert!(!story.contains("Calle 45") && !story.contains("quedó conforme"), "{story}");
    assert_eq!(daemon.get(&format!("/v1/requests/{theirs}"))["contact"], "Rosa Quiroga", "who asked is no word");
    assert!(daemon.get(&format!("/v1/requests/{others}")).to_string().contains("logo"), "what is open keeps its words");
    // A thank-you that came without its words would start a clock: what was found in it is kept.
    daemon.event(
        &json!({"id": "late", "type": "comment", "channel": "email", "thread": "hilo-rosa-1", "author": laura(),
        "at": before_now(10 * DAY - Duration::from_secs(90)), "text": "nota tardía"}),
    );
    assert_eq!(clock(&daemon, &theirs)["state"], "met", "derived anew it is what it was");
    assert_eq!(daemon.get(&format!("/v1/requests/{theirs}"))["state"], "closed");
}

#[test]
fn requests_entries_and_messages_go_and_past_reports_stay_as_they_were() {
    let daemon = Daemon::start(&format!(
        "{PEOPLE}{PROMISES}[retention]\nrequests = \"8 days\"\njournal = \"7 days\"\ndeliveries = \"6 days\"\n"
    ));
    let (theirs, others) = conversations(&daemon);
    let let_go = daemon.post("/v1/let-go", &json!({})).json();
    assert_eq!(let_go["requests"], 1, "{let_go}");
    assert!(let_go["reports"].as_u64().unwrap_or_default() > 0, "{let_go}");
    assert_eq!(daemon.call("GET", &format!("/v1/requests/{theirs}"), &[], b"").status, 404);
    assert!(!has_after_checkpoint(&daemon, "Calle 45"));
    assert_eq!(daemon.get(&format!("/v1/requests/{others}"))["state"], "open", "what is open stays");
    let again = daemon.post("/v1/let-go", &json!({})).json();
    assert_eq!((again["requests"].as_u64(), again["reports"].as_u64()), (Some(0), Some(0)), "{again}");
    // Figures of a time that was cut otherwise lack what went, and say so; those of later lack nothing.
    assert!(daemon.get("/v1/report?from=-20d")["let_go_until"].is_string());
    assert!(daemon.get("/v1/report?from=-2d")["let_go_until"].is_null());
    let shown = told(&run(&daemon, &["report", "--from", "-20d"]));
    assert!(shown.contains("Not whole: of what ended before"), "{shown}");
    for (language, words) in [("en", "Not whole: of what"), ("es", "Incompleto: de lo que terminó antes")] {
        let page = daemon.call("GET", &format!("/v1/report?from=-20d&format=html&language={language}"), &[], b"").body;
        assert!(page.contains(words), "{page}");
    }
}

#[test]
fn words_that_a_check_found_and_what_was_said_to_it_go_with_the_others() {
    let daemon = Daemon::start(&format!(
        "{PEOPLE}{PROMISES}[retention]\nwords = \"3 days\"\n[check.wording]\nrule = \"D7\"\nphrases = ['24 a [0-9]+ horas']\n"
    ));
    let (theirs, _) = conversations(&daemon);
    let promised = 10 * DAY - Duration::from_secs(5 * 60);
    let said =
        message("r-7", "hilo-rosa-1", promised, &laura(), "out", "Llega en 24 a 72 horas, se lo confirmo mañana.");
    daemon.event(&said);
    let broken = daemon.get("/v1/violations")["violations"].clone();
    let number = broken[0]["id"].as_i64().unwrap_or_else(|| panic!("{broken}"));
    let excused =
        daemon.post(&format!("/v1/violations/{number}/excuse"), &json!({"excuse": "Rosa insistió", "by": "ana"}));
    assert_eq!(excused.status, 200, "{}", excused.body);
    assert_eq!(daemon.post("/v1/let-go", &json!({})).json()["words"], 1);
    let after = daemon.get("/v1/violations")["violations"].clone();
    assert_eq!((&after[0]["rule"], &after[0]["request"]), (&json!("D7"), &broken[0]["request"]), "{theirs} {after}");
    assert!(after[0]["excuse"].is_string(), "it is known that something was said: {after}");
    for word in ["72 horas", "Rosa insistió"] {
        assert!(!has_after_checkpoint(&daemon, word), "{word} is still there");
    }
}

/// Whether the store still has a word once its log is taken in, as it is at a stop.
fn has_after_checkpoint(daemon: &Daemon, word: &str) -> bool {
    let store = rusqlite::Connection::open(daemon.data().join("plazo.sqlite3")).expect("the store");
    store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("taken in");
    has(&daemon.data(), word)
}

#[test]
fn a_house_that_keeps_no_words_keeps_what_the_checks_found() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}[retention]\nwords = \"none\"\n"));
    let (theirs, _) = conversations(&daemon);
    for word in ["Calle 45", "quedó conforme", "Factura de la", "doña Rosa"] {
        assert!(!has(&daemon.data(), word), "{word} was written down");
    }
    let clock = clock(&daemon, &theirs);
    assert_eq!(
        (&clock["state"], daemon.get(&format!("/v1/requests/{theirs}"))["state"].as_str()),
        (&json!("met"), Some("closed"))
    );
    // The thanks after the answer asked for nothing, and does so when all is derived anew.
    daemon.event(
        &json!({"id": "late", "type": "comment", "channel": "email", "thread": "hilo-rosa-1", "author": laura(),
        "at": before_now(10 * DAY - Duration::from_secs(90)), "text": "nota tardía"}),
    );
    assert_eq!(daemon.get(&format!("/v1/requests/{theirs}"))["state"], "closed");
    // The same mail again is the same mail, though its words are not there to compare.
    let again = daemon.post(
        "/v1/events",
        &message("r-1", "hilo-rosa-1", 10 * DAY, &rosa(), "in", "¿Me envían la factura a Calle 45?"),
    );
    assert_eq!(again.json()["duplicate"], 1, "{}", again.body);
}

#[test]
fn whoever_asks_what_is_kept_of_them_gets_all_of_it() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}"));
    let (_, others) = conversations(&daemon);
    let out = daemon.directory.path().join("rosa.json");
    let output =
        daemon.command().args(["export", "--client", "Rosa.Quiroga@andina.example", "--out"]).arg(&out).output();
    let output = output.expect("plazo runs");
    assert!(output.status.success(), "{}", told(&output));
    let exported: Value = serde_json::from_slice(&std::fs::read(&out).expect("the file")).expect("JSON");
    let events = exported["requests"][0]["events"].as_array().expect("events");
    assert_eq!(events.len(), 4, "{exported}");
    assert!(
        exported.to_string().contains("Calle 45")
            && exported["requests"][0]["threads"].to_string().contains("hilo-rosa-1")
    );
    assert_eq!(format!("R-{}", exported["mentioned_in"][0]), others, "{exported}");
    let nobody = run(&daemon, &["export", "--client", "nadie@nunca.example"]);
    assert!(!nobody.status.success() && told(&nobody).contains("nothing is kept"), "{}", told(&nobody));
}

#[test]
fn a_person_of_the_house_is_forgotten_and_what_they_answered_stays_answered() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}"));
    let (theirs, _) = conversations(&daemon);
    let before = clock(&daemon, &theirs);
    let output = run(&daemon, &["erase", "--person", "laura", "--yes", "--json"]);
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    assert_eq!(receipt["in_file"], true, "sla.toml names her still: {receipt}");
    assert_eq!(clock(&daemon, &theirs), before);
    let shown = daemon.get(&format!("/v1/requests/{theirs}")).to_string();
    assert!(!shown.to_lowercase().contains("laura"), "{shown}");
}

/// Requests of a store of which a bit says what is gone.
fn n_gone(data: &Path, bits: i64) -> Option<i64> {
    let store = rusqlite::Connection::open(data.join("plazo.sqlite3")).ok()?;
    store.query_row("SELECT count(*) FROM requests WHERE let_go & ?1", [bits], |row| row.get(0)).ok()
}

#[test]
fn killed_amid_forgetting_or_letting_go_the_same_again_finishes_it() {
    const WORDS: i64 = 1;
    const FORGOTTEN: i64 = 8;
    let directory = tempfile::tempdir().expect("a directory");
    let (root, data) = (directory.path().to_owned(), directory.path().join("data"));
    let operator = root.join("operator").display().to_string();
    let file = format!("{PEOPLE}{PROMISES}").replace("OPERATOR", &operator);
    std::fs::write(root.join("sla.toml"), &file).expect("sla.toml");
    let (pedro, mut lines) =
        (json!({"name": "Pedro Gil", "address": "pedro.gil@sol.example", "kind": "customer"}), vec![]);
    for n in 0..400 {
        for (who, name) in [(rosa(), "rosa"), (pedro.clone(), "pedro")] {
            let (asks, ends) = (format!("{name}-{n}-1"), format!("{name}-{n}-2"));
            let thread = format!("hilo-{name}-{n}");
            // Three minutes apart: who sends thirty mails in an hour writes to the last of their requests.
            let ago = 10 * DAY - Duration::from_secs(180 * n);
            let mut asked = message(&asks, &thread, ago, &who, "in", "¿Me envían la factura a Calle 45?");
            asked["source"] = json!("antes");
            lines.push(asked.to_string());
            let closed = json!({"id": ends, "source": "antes", "type": "close", "channel": "email", "thread": thread,
                "at": before_now(9 * DAY), "author": laura()});
            lines.push(closed.to_string());
        }
    }
    std::fs::write(root.join("antes.ndjson"), lines.join("\n")).expect("written");
    let command = |args: &[&str]| {
        let mut command = crate::support::plazo();
        command.current_dir(&root).arg("--config").arg(root.join("sla.toml")).arg("--data").arg(&data).args(args);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command
    };
    assert!(command(&["import", "antes.ndjson"]).status().expect("plazo runs").success());
    let erase = ["erase", "--client", "rosa.quiroga@andina.example", "--yes"];
    for n_before in [0, 120, 280] {
        let mut child = command(&erase).spawn().expect("plazo starts");
        wait_for("some of it to be forgotten", PATIENCE, || (n_before < n_gone(&data, FORGOTTEN)?).then_some(()));
        child.kill().expect("kill");
        child.wait().expect("it ended");
    }
    assert!(n_gone(&data, FORGOTTEN) < Some(400), "it was killed amid it");
    assert!(command(&erase).status().expect("plazo runs").success());
    assert_eq!(n_gone(&data, FORGOTTEN), Some(400));
    assert!(!has(&data, "rosa.quiroga") && !has(&data, "hilo-rosa-") && has(&data, "pedro.gil"));
    // What has been kept for long enough: only the other client's words are left.
    std::fs::write(root.join("sla.toml"), format!("{file}\n[retention]\nwords = \"3 days\"\n")).expect("sla.toml");
    let mut directory = directory;
    for n_before in [0, 120, 280] {
        let daemon = Daemon::start_in(directory);
        let socket = std::os::unix::net::UnixStream::connect(data.join("plazo.sock")).expect("the socket is open");
        let head = "POST /v1/let-go HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
        std::io::Write::write_all(&mut &socket, head.as_bytes()).expect("asked");
        wait_for("some of it to be let go", PATIENCE, || (n_before < n_gone(&data, WORDS)?).then_some(()));
        directory = daemon.kill();
    }
    let daemon = Daemon::start_in(directory);
    assert_eq!(daemon.post("/v1/let-go", &json!({})).status, 200);
    assert_eq!(n_gone(&data, WORDS), Some(800));
    assert!(!has_after_checkpoint(&daemon, "Calle 45"));
    let verified = run(&daemon, &["verify"]);
    assert!(verified.status.success(), "{}", told(&verified));
}

/// By the name, or by the number as people say it to each other: whoever asks gives what they have.
#[test]
fn a_client_is_forgotten_by_the_name_and_by_the_number_without_its_country() {
    for (given, contact) in
        [("ÍÑIGO muñoz", "573005550101"), ("300 555 0101", "573005550101"), ("3005550101", "573005550101")]
    {
        let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}"));
        let client = json!({"name": "Íñigo Muñoz", "address": format!("+{contact}"), "kind": "customer"});
        daemon.event(&message("i-1", "hilo-inigo", DAY / 2, &client, "in", "¿Dónde está mi pedido?"));
        // A store that was kept when another took its place is not plazo's to change, and is named.
        let kept = daemon.data().join("plazo.sqlite3.before-20260101T000000Z");
        std::fs::write(&kept, "… íñigo muñoz …").expect("a kept store");
        let erased = run(&daemon, &["erase", "--client", given, "--yes", "--json"]);
        let receipt: Value = serde_json::from_slice(&erased.stdout).unwrap_or_else(|_| panic!("{}", told(&erased)));
        assert_eq!((&receipt["requests"], &receipt["found"]), (&json!([1]), &json!(0)), "{given}: {receipt}");
        assert_eq!(receipt["kept_in"], json!(["plazo.sqlite3.before-20260101T000000Z"]), "{given}: {receipt}");
        std::fs::remove_file(&kept).expect("it is deleted by hand");
        let data = String::from_utf8_lossy(&bytes(&daemon.data())).to_lowercase();
        for gone in ["muñoz", "3005550101", "hilo-inigo"] {
            assert!(!data.contains(gone), "{given}: {gone} is still there");
        }
    }
}

#[test]
fn what_is_held_by_law_is_not_changed_where_somebody_else_is_forgotten() {
    let daemon = Daemon::start(&format!("{PEOPLE}{PROMISES}"));
    let (_, others) = conversations(&daemon);
    assert!(run(&daemon, &["hold", &others, "--why", "una demanda"]).status.success());
    let erased = run(&daemon, &["erase", "--client", "rosa.quiroga@andina.example", "--yes"]);
    assert!(!erased.status.success() && told(&erased).contains(&others), "{}", told(&erased));
    assert!(has(&daemon.data(), "rosa.quiroga"), "nothing has changed");
    let listed = run(&daemon, &["hold"]);
    assert!(listed.status.success() && told(&listed).contains("una demanda"), "{}", told(&listed));
}
