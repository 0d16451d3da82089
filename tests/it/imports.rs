//! `plazo import`: history that was not plazo's is there with its facts and verdicts, and nobody is told of any of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use plazo::store::Store;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::daemon::{Daemon, PEOPLE, before_now, spawn};
use crate::support::{PATIENCE, plazo, wait_for};

const PROMISES: &str = "
[[policy]]
name = \"all\"
match = { kind = \"request\" }
team = \"social\"
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
deliver = { within = \"48h\", escalation = \"e\" }
[escalation]
e = [{ at = \"50%\", tell = [\"owner\"] }, { at = \"due\", tell = [\"lead\"] }, { at = \"+30m\", tell = [\"lead\"] }]
";

fn house() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    let file = format!("{PEOPLE}{PROMISES}").replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), file).expect("sla.toml");
    directory
}

fn command(directory: &Path) -> Command {
    let mut command = plazo();
    command
        .current_dir(directory)
        .arg("--config")
        .arg(directory.join("sla.toml"))
        .arg("--data")
        .arg(directory.join("data"));
    command
}

#[track_caller]
fn run(directory: &Path, args: &[&str]) -> Output {
    let output = command(directory).args(args).output().expect("plazo runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "plazo {}: {told}", args.join(" "));
    output
}

#[track_caller]
fn said(directory: &Path, args: &[&str]) -> Value {
    let output = run(directory, args);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stdout)))
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What each event of the store is, without what the importer adds.
fn events(directory: &Path) -> Vec<Value> {
    let store = Store::open_reader(&directory.join("data")).expect("a store");
    let mut found = Vec::new();
    store.each_event(|_, _, event| found.push(serde_json::to_value(&event).expect("JSON"))).expect("read");
    found
}

fn line(id: &str, kind: &str, thread: &str, at: &str, more: Value) -> Value {
    let mut event = json!({"id": id, "source": "antes", "type": kind, "thread": thread, "channel": "whatsapp", "at": at,
        "author": {"name": "Luisa Vega", "address": "573005550101", "kind": "customer"}});
    let fields = event.as_object_mut().expect("an object");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    event
}

/// A year ago: one answered in time and closed, one answered late, one never; and an act of the house in another order.
fn year() -> Vec<Value> {
    let laura = json!({"name": "laura", "kind": "agent"});
    let out = json!({"direction": "out", "author": laura, "text": "Ya lo vemos, con gusto."});
    let asks = json!({"direction": "in", "text": "¿Hay noticias del pedido?"});
    let by_laura = json!({"author": laura});
    vec![
        line("1", "message", "a", "2025-11-03T15:00:00Z", asks.clone()),
        line("4", "close", "a", "2025-11-03T16:00:00Z", by_laura.clone()),
        line("2", "message", "a", "2025-11-03T15:10:00Z", out.clone()),
        line("3", "deliver", "a", "2025-11-03T15:50:00Z", by_laura.clone()),
        line("5", "message", "b", "2025-11-04T15:00:00Z", asks.clone()),
        line("6", "message", "b", "2025-11-04T17:00:00Z", out),
        line("7", "close", "b", "2025-11-05T15:00:00Z", by_laura),
        line("8", "message", "c", "2025-11-06T15:00:00Z", asks),
    ]
}

fn ndjson(path: &Path, lines: &[Value]) {
    let mut file = std::fs::File::create(path).expect("a file");
    for line in lines {
        writeln!(file, "{line}").expect("written");
    }
}

fn clock(directory: &Path, request: &str, kind: &str) -> Value {
    let shown = said(directory, &["show", request, "--json"]);
    let clocks = shown["clocks"].as_array().cloned().unwrap_or_default();
    clocks.into_iter().find(|clock| clock["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {shown}"))
}

/// Somebody is told of that request, and of no other.
#[track_caller]
fn told_of_alone(daemon: &Daemon, request: &str) {
    let rows = wait_for("an alert", PATIENCE, || {
        let rows = daemon.get("/v1/deliveries")["deliveries"].as_array().cloned().unwrap_or_default();
        rows.iter().any(|row| row["request"] == request).then_some(rows)
    });
    assert!(rows.iter().all(|row| row["request"] == request), "{rows:?}");
}

#[test]
fn history_has_its_verdicts_and_nobody_is_told_of_it() {
    let house = house();
    let root = house.path();
    ndjson(&root.join("antes.ndjson"), &year());
    let output = run(root, &["import", "antes.ndjson", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((told["n_events"].as_u64(), told["n_refused"].as_u64()), (Some(8), Some(0)), "{told}");
    let verdict = |request: &str| {
        let clock = clock(root, request, "reply");
        (clock["state"].as_str().unwrap_or_default().to_owned(), clock["due_at"].clone(), clock["breached_at"].clone())
    };
    let in_time = ("met".to_owned(), json!("2025-11-03T15:20:00Z"), Value::Null);
    let due = json!("2025-11-04T15:20:00Z");
    assert_eq!(verdict("R-1"), in_time);
    assert_eq!(verdict("R-2"), ("met_late".to_owned(), due.clone(), due));
    assert_eq!(verdict("R-3").0, "breached");
    // What is told of each is what it was then, and not what it looked like before the next line was read.
    let shown = String::from_utf8(run(root, &["show", "R-1"]).stdout).expect("text");
    assert!(!shown.contains("overdue"), "{shown}");
    let report = said(root, &["report", "--from", "2025-11-03", "--to", "2025-11-09", "--json"]);
    let kept = &report["groups"][0]["kept"];
    assert_eq!((kept["kept"].as_u64(), kept["broken"].as_u64()), (Some(3), Some(3)), "{kept}");
    assert!(run(root, &["replay", "--json"]).status.success() && run(root, &["explain", "R-2"]).status.success());
    // Nor when the daemon sees it: of the one that is still open, the steps of a year ago are over.
    let daemon = Daemon::start_in(house);
    let explained = daemon.get("/v1/requests/R-3/explain");
    assert!(explained.to_string().contains("\"history\""), "{explained}");
    daemon.client_message("new", "new", Duration::from_secs(3_600));
    told_of_alone(&daemon, "R-4");
    assert_eq!(daemon.get("/v1/requests/R-3")["state"], "open");
}

#[test]
fn a_file_that_was_read_in_counts_once_and_what_was_added_is_read_alone() {
    let house = house();
    let root = house.path();
    let (file, all) = (root.join("antes.ndjson"), year());
    ndjson(&file, &all[..5]);
    assert_eq!(said(root, &["import", "antes.ndjson", "--json"])["n_events"], 5);
    let again = said(root, &["import", "antes.ndjson", "--json"]);
    assert_eq!((again["n_records"].as_u64(), again["n_skipped"].as_u64()), (Some(0), Some(5)), "{again}");
    // A file is known again by its beginning: one that has grown goes on.
    let mut more = std::fs::OpenOptions::new().append(true).open(&file).expect("the file");
    all[5..].iter().for_each(|line| writeln!(more, "{line}").expect("written"));
    let grown = said(root, &["import", "antes.ndjson", "--json"]);
    assert_eq!((grown["n_events"].as_u64(), grown["n_known"].as_u64()), (Some(3), Some(0)), "{grown}");
    let anew = said(root, &["import", "antes.ndjson", "--again", "--json"]);
    assert_eq!((anew["n_events"].as_u64(), anew["n_known"].as_u64()), (Some(0), Some(8)), "{anew}");
    assert_eq!(events(root).len(), 8);
}

#[test]
fn what_cannot_be_taken_stands_in_a_file_with_its_cause_and_costs_nothing_else() {
    let house = house();
    let root = house.path();
    let mut lines: Vec<String> = year().iter().map(Value::to_string).collect();
    lines.insert(1, "{\"id\": \"x\", ".to_owned());
    lines.insert(2, line("y", "message", "y", "mañana", json!({"direction": "in", "text": "hola"})).to_string());
    lines.insert(3, line("z", "close", "nobody knows this one", "2025-11-03T15:00:00Z", json!({})).to_string());
    lines.insert(4, "[1, 2]".to_owned());
    let mut undated = line("u", "message", "u", "", json!({"direction": "in", "text": "hola"}));
    undated.as_object_mut().expect("an object").remove("at");
    lines.insert(5, undated.to_string());
    std::fs::write(root.join("antes.ndjson"), lines.join("\n")).expect("written");
    let output = run(root, &["import", "antes.ndjson"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("8 events taken") && told.contains("5 refused"), "{told}");
    let refused = std::fs::read_to_string(root.join("antes.ndjson.refused.ndjson")).expect("the refused");
    let refused: Vec<Value> = refused.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut places: Vec<_> = refused.iter().map(|row| row["record"].as_u64().expect("a place")).collect();
    places.sort_unstable();
    assert_eq!(places, [2, 3, 4, 5, 6], "{refused:?}");
    assert!(refused.iter().all(|row| !row["cause"].as_str().unwrap_or_default().is_empty()), "{refused:?}");
    // Each is there as it stood in the file, to be mended and read in again.
    let all = std::fs::read_to_string(root.join("antes.ndjson")).expect("the file");
    let lines: Vec<_> = all.lines().collect();
    for row in &refused {
        let line = lines[row["record"].as_u64().and_then(|n| usize::try_from(n).ok()).expect("a place") - 1];
        let content = serde_json::from_str(line).unwrap_or_else(|_| json!(line));
        assert_eq!(row["content"], content, "{row}");
    }
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(root.join("antes.ndjson.refused.ndjson")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "what clients wrote is nobody else's business");
    assert_eq!(events(root).len(), 8);
}

/// The forms in which others export; `expected.json` was written beside them by hand.
#[test]
fn exports_of_other_systems_become_events() {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(data("exports/expected.json")).expect("expected")).expect("JSON");
    for (name, expected) in expected.as_object().expect("an object") {
        let house = house();
        let root = house.path();
        let vendor = name.split('.').next().expect("a vendor");
        let file = data("exports").join(name).display().to_string();
        let refused = root.join("refused").display().to_string();
        let told = said(root, &["import", &file, "--mapping", vendor, "--refused", &refused, "--json"]);
        assert_eq!(told["n_refused"], 0, "{name}: {told} {:?}", std::fs::read_to_string(&refused));
        let brief = |event: &Value| {
            let at: chrono::DateTime<chrono::Utc> =
                event["at"].as_str().expect("an instant").parse().expect("an instant");
            (
                at,
                event["type"].to_string(),
                event["direction"].to_string(),
                event["threads"].to_string(),
                event["author"]["kind"].to_string(),
            )
        };
        let (mut found, mut wanted): (Vec<_>, Vec<_>) = (
            events(root).iter().map(brief).collect(),
            expected.as_array().expect("events").iter().map(brief).collect(),
        );
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{name}");
        let again = said(root, &["import", &file, "--mapping", vendor, "--again", "--json"]);
        assert_eq!(again["n_events"], 0, "{name}: its ids stay the same: {again}");
    }
}

/// An export has the language of whoever made it; what it says is the same.
#[test]
fn columns_in_spanish_or_of_another_case_say_what_the_english_ones_say() {
    let columns = |vendor: &str| -> toml::Table {
        let path = data("../../src/import/exports").join(format!("{vendor}.toml"));
        let mapping: toml::Table = std::fs::read_to_string(path).expect("a mapping").parse().expect("TOML");
        mapping["columns"].as_table().expect("columns").clone()
    };
    for vendor in ["hubspot", "freshdesk"] {
        let text = std::fs::read_to_string(data("exports").join(format!("{vendor}.csv"))).expect("an export");
        let (head, rows) = text.split_once('\n').expect("a head");
        let columns = columns(vendor);
        let rename = |how: &dyn Fn(&str) -> String| {
            let names = head.trim_end().split(',').map(|name| name.trim_matches('"'));
            names.map(how).collect::<Vec<_>>().join(",")
        };
        let first = |name: &str| columns.get(name).and_then(|others| others[0].as_str()).unwrap_or(name).to_owned();
        let english = rename(&str::to_owned);
        let mut read = Vec::new();
        for head in [english.clone(), rename(&first), rename(&|name| first(name).to_uppercase())] {
            let house = house();
            std::fs::write(house.path().join("tickets.csv"), format!("{head}\n{rows}")).expect("written");
            let told = said(house.path(), &["import", "tickets.csv", "--mapping", vendor, "--json"]);
            assert_eq!(told["n_refused"], 0, "{vendor} {head}: {told}");
            read.push(events(house.path()));
        }
        assert!(!read[0].is_empty());
        assert!(read.iter().all(|events| *events == read[0]), "{vendor}: {read:#?}");
    }
}

#[test]
fn a_daemon_takes_history_while_it_runs_and_tells_nobody() {
    let house = house();
    ndjson(&house.path().join("antes.ndjson"), &year());
    let daemon = Daemon::start_in(house);
    let file = daemon.directory.path().join("antes.ndjson");
    let output = daemon.command().arg("import").arg(&file).arg("--json").output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    wait_for("what is still open to be known as overdue", PATIENCE, || {
        let listed = daemon.get("/v1/requests?state=overdue");
        listed.to_string().contains("\"R-3\"").then_some(())
    });
    daemon.client_message("new", "new", Duration::from_secs(3_600));
    told_of_alone(&daemon, "R-4");
}

/// Killed at any moment, it goes on where it stood: nothing is there twice, and nothing is missing.
#[test]
fn killed_amid_an_import_it_goes_on_where_it_stood() {
    let mut lines = Vec::new();
    for n in 0..6_000 {
        let at = format!("2025-{:02}-{:02}T15:{:02}:00Z", 1 + n % 9, 1 + n % 28, n % 60);
        let thread = format!("t-{n}");
        lines.push(line(
            &format!("{n}-1"),
            "message",
            &thread,
            &at,
            json!({"direction": "in", "text": "¿Hay noticias?"}),
        ));
        let later = at.replace("T15", "T16");
        lines.push(line(
            &format!("{n}-2"),
            "close",
            &thread,
            &later,
            json!({"author": {"name": "laura", "kind": "agent"}}),
        ));
    }
    let house = house();
    let root = house.path();
    ndjson(&root.join("antes.ndjson"), &lines);
    for n_before in [0, 1_999, 3_999] {
        let mut child = command(root);
        child.args(["import", "antes.ndjson"]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = child.spawn().expect("plazo starts");
        wait_for("some of it to be there", PATIENCE, || {
            let store = Store::open_reader(&root.join("data")).ok()?;
            (n_before < store.last_request().ok()?).then_some(())
        });
        child.kill().ok();
        child.wait().expect("it ended");
    }
    run(root, &["import", "antes.ndjson"]);
    assert_eq!(events(root).len(), lines.len());
    let store = Store::open_reader(&root.join("data")).expect("a store");
    assert_eq!(store.last_request().expect("read"), 6_000);
    let phases = store.count_by_phase().expect("counted");
    assert_eq!(phases, [("closed".to_owned(), 6_000)]);
}

const CRM: &str = r#"title = "CRM"
channel = "crm"

[[event]]
name      = "message"
type      = "message"
id        = "body.id"
at        = "body.at"
thread    = "body.ticket"
direction = "'in'"
author    = { name = "'Rosa'", kind = "'customer'" }
text      = "body.text"
"#;

#[test]
fn what_a_source_tells_of_before_it_is_listened_to_is_told_to_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    let source = "[source.crm]\nmapping = \"crm.toml\"\nunsigned = true\nignore_before = \"2099-01-01\"\n";
    std::fs::write(directory.path().join("crm.toml"), CRM).expect("a mapping");
    let file = format!("{PEOPLE}{PROMISES}{source}").replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), &file).expect("sla.toml");
    let checked = command(directory.path()).arg("check").output().expect("plazo runs");
    assert!(checked.status.success(), "{checked:?}");
    let bad = file.replace("2099-01-01", "cuando sea");
    std::fs::write(directory.path().join("sla.toml"), bad).expect("sla.toml");
    let told = command(directory.path()).arg("check").output().expect("plazo runs");
    let told = String::from_utf8_lossy(&told.stderr).into_owned() + &String::from_utf8_lossy(&told.stdout);
    assert!(told.contains("cuando sea") && told.contains("2026-12-24"), "{told}");
    std::fs::write(directory.path().join("sla.toml"), file).expect("sla.toml");
    // A first message that is older than a day is history, whoever tells it; one of an hour ago is late, unless its source is not
    // listened to yet.
    let daemon = Daemon::start_in(directory);
    daemon.client_message("old", "old", Duration::from_secs(3 * 86_400));
    let body =
        json!({"id": "1", "at": before_now(Duration::from_secs(3_600)), "ticket": "7", "text": "¿Hay noticias?"})
            .to_string();
    let answer = daemon.call("POST", "/hooks/crm", &[("Content-Type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    daemon.client_message("late", "late", Duration::from_secs(3_600));
    told_of_alone(&daemon, "R-3");
    assert_eq!(daemon.get("/v1/requests?state=overdue")["requests"].as_array().map(Vec::len), Some(3));
}

/// While a daemon runs nobody else has the store; the import goes by way of it, and not beside it.
#[test]
fn two_imports_do_not_write_at_once() {
    let house = house();
    let root = house.path();
    ndjson(&root.join("antes.ndjson"), &year());
    let mut daemon = spawn(root, |_| ());
    wait_for("the daemon", PATIENCE, || {
        std::fs::read_to_string(root.join("log")).ok().filter(|log| log.contains("ready"))
    });
    assert_eq!(said(root, &["import", "antes.ndjson", "--json"])["n_events"], 8);
    daemon.kill().expect("killed");
    daemon.wait().expect("it ended");
}

#[test]
fn another_file_of_the_same_name_and_one_that_begins_broken_are_read() {
    let directory = house();
    let root = directory.path();
    let asks = |id: &str, thread: &str| {
        line(id, "message", thread, "2025-11-03T15:00:00Z", json!({"direction": "in", "text": "¿Hay noticias?"}))
    };
    ndjson(&root.join("export.ndjson"), &[asks("mayo-1", "a"), asks("mayo-2", "b")]);
    assert_eq!(said(root, &["import", "export.ndjson", "--json"])["n_events"], 2);
    ndjson(&root.join("export.ndjson"), &[asks("junio-1", "c"), asks("junio-2", "d"), asks("junio-3", "e")]);
    assert_eq!(said(root, &["import", "export.ndjson", "--json"])["n_events"], 3, "it is another file");
    assert_eq!(said(root, &["import", "export.ndjson", "--json"])["n_events"], 0, "and is known by now");
    // What cannot be read costs itself, also in the first line.
    let text = format!("{{\"id\": \"x\" broken\n{}\n{}\n", asks("julio-1", "f"), asks("julio-2", "g"));
    std::fs::write(root.join("roto.ndjson"), text).expect("written");
    let told = said(root, &["import", "roto.ndjson", "--json"]);
    assert_eq!((&told["n_events"], &told["n_refused"]), (&json!(2), &json!(1)), "{told}");
    // A file that is no text of ours says so.
    for (name, bytes, cause) in
        [("a.csv", &b"\x1f\x8b\x08\x00"[..], "gunzip"), ("b.csv", &b"\xff\xfei\x00d\x00"[..], "UTF-16")]
    {
        std::fs::write(root.join(name), bytes).expect("written");
        let output = command(root).args(["import", name, "--mapping", "freshdesk"]).output().expect("plazo runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(cause), "{said}");
    }
}

#[test]
fn the_newest_may_come_first_however_long_the_file_is() {
    const N: usize = 4_300;
    let directory = house();
    let root = directory.path();
    let by_laura = json!({"author": {"name": "laura", "kind": "agent"}, "reason": "resuelto"});
    let asks = json!({"direction": "in", "text": "¿Hay noticias?"});
    let ends =
        (0..N).map(|n| line(&format!("c-{n}"), "close", &format!("t-{n}"), "2025-11-04T15:00:00Z", by_laura.clone()));
    let begins =
        (0..N).map(|n| line(&format!("m-{n}"), "message", &format!("t-{n}"), "2025-11-03T15:00:00Z", asks.clone()));
    ndjson(&root.join("al-reves.ndjson"), &ends.chain(begins).collect::<Vec<_>>());
    let told = said(root, &["import", "al-reves.ndjson", "--json"]);
    assert_eq!((&told["n_events"], &told["n_refused"]), (&json!(2 * N), &json!(0)), "{told}");
    assert!(!root.join("al-reves.ndjson.refused.ndjson").exists());
    assert_eq!(said(root, &["list", "--json"])["requests"], json!([]), "all are closed");
}

/// Half of what happened to a ticket may be worse than nothing of it: without its end it would be open for ever.
#[test]
fn a_record_of_which_one_instant_cannot_be_read_is_refused_whole() {
    let directory = house();
    let root = directory.path();
    let head = "Ticket ID,Subject,Status,Source,Agent,Created time,Resolved time,Full name,Email\n";
    let rows = "201,Pedido,Closed,Email,Laura Mora,2025-11-03 10:00:00,03/11/2025 10:05,Rosa Díaz,rosa@sol.example\n\
                202,Factura,Closed,Email,Laura Mora,2025-11-03 10:00:00,2025-11-03 10:05:00,Rosa Díaz,rosa@sol.example\n";
    std::fs::write(root.join("tickets.csv"), format!("{head}{rows}")).expect("written");
    let told = said(root, &["import", "tickets.csv", "--mapping", "freshdesk", "--json"]);
    assert_eq!((&told["n_records"], &told["n_refused"]), (&json!(2), &json!(1)), "{told}");
    let refused = std::fs::read_to_string(root.join("tickets.csv.refused.ndjson")).expect("what was refused");
    assert!(refused.contains("\"201\"") && !refused.contains("\"202\""), "{refused}");
    assert_eq!(said(root, &["list", "--json"])["requests"], json!([]), "none is open");
}
