//! `plazo calendar eval` and `plazo calendar show`.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::support::{data, plazo};

const FILE: &str = "language = \"en\"\ntimezone = \"America/Santiago\"\n[calendar.office]\n\
    hours = { mon-fri = [\"08:00-12:00\", \"13:00-18:00\"] }\nholidays = [\"CL\", \"feriados.ics\"]\nclosed = [\"2026-09-21\"]\n\
    open = { \"2026-09-26\" = [\"09:00-13:00\"], \"2026-09-18\" = [\"10:00-11:00\"] }\n\
    [calendar.night]\nhours = { sat = [\"22:00-06:00\"] }\n";
const FEED: &str =
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260925\nSUMMARY:Company day\nEND:VEVENT\nEND:VCALENDAR\n";

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), FILE).expect("written");
    std::fs::write(directory.path().join("feriados.ics"), FEED).expect("written");
    directory
}

fn eval(lines: &str) -> (Vec<Value>, Option<i32>) {
    let directory = directory();
    let mut child = plazo()
        .args(["calendar", "eval"])
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("plazo runs");
    let mut input = child.stdin.take().expect("piped");
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).expect("written"));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), output.status.code())
}

#[test]
fn every_recorded_case_is_answered_by_the_command() {
    let text = std::fs::read_to_string(data("calendar.json")).expect("tests/data/calendar.json");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("an array");
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let (answers, code) = eval(&lines);
    assert_eq!((answers.len(), code), (cases.len(), Some(0)));
    let instant = |value: &Value| value.as_str().and_then(|text| text.parse::<chrono::DateTime<chrono::Utc>>().ok());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(case["id"], answer["id"]);
        let result = &answer["result"];
        let accepted = case["accept"].as_array().into_iter().flatten();
        let mut accepted = accepted.chain([&case["expect"], &case["expect_seconds"]]).filter(|value| !value.is_null());
        let is_right =
            accepted.any(|value| value == result || (instant(value).is_some() && instant(value) == instant(result)));
        assert!(is_right, "{case}\n{answer}");
    }
}

#[test]
fn a_calendar_of_the_file_is_known_by_its_name() {
    let (answers, code) = eval(
        "{\"id\": 1, \"calendar\": \"office\", \"op\": \"add\", \"start\": \"2026-09-24T17:00:00-03:00\", \"amount_seconds\": 7200}\n",
    );
    // The 25th is a company day, the 26th has hours of its own.
    assert_eq!(answers, [json!({"id": 1, "result": "2026-09-26T10:00:00-03:00"})]);
    assert_eq!(code, Some(0));
}

#[test]
fn what_cannot_be_answered_says_where_and_why() {
    let query = |id: u32, changes: Value| {
        let mut query = json!({"id": id, "calendar": {"timezone": "America/Bogota", "hours": {"mon": ["08:00-18:00"]}},
            "op": "add", "start": "2026-03-02T09:00:00-05:00", "amount_seconds": 60});
        for (key, value) in changes.as_object().expect("changes") {
            query[key] = value.clone();
        }
        query.to_string()
    };
    let hours = |hours: Value| json!({"calendar": {"timezone": "America/Bogota", "hours": hours}});
    let cases = [
        (query(1, json!({"op": null})), "op: it is missing"),
        (query(2, json!({"op": "sum"})), "op: `sum` is unknown"),
        (query(3, json!({"calendar": null})), "calendar: it is missing"),
        (query(4, json!({"calendar": "ofice"})), "has no `ofice`; did you mean `office`?"),
        (query(5, json!({"calendar": {"timezone": "America/Bogta", "hours": {}}})), "did you mean `America/Bogota`?"),
        (query(6, hours(json!({}))), "calendar: it never opens"),
        (query(7, hours(json!({"lunes": ["08:00-18:00"]}))), "`lunes` is no day"),
        (query(8, hours(json!({"mon": ["8-18"]}))), "calendar.hours: cannot read `8-18`"),
        (query(9, json!({"start": "+262000-01-01T00:00:00Z"})), "start: cannot read"),
        (query(10, json!({"start": null})), "start: it is missing"),
        (query(11, json!({"amount_seconds": -1})), "amount_seconds: -1 is negative"),
        (query(12, json!({"amount_seconds": i64::MAX})), "amount_seconds: it ends more than a century ahead"),
        (query(13, json!({"calendar": "always", "amount_seconds": i64::MAX})), "amount_seconds: it ends more than"),
        (
            query(
                14,
                json!({"calendar": "always", "start": "9800-01-01T00:00:00Z", "amount_seconds": 9_000_000_000_i64}),
            ),
            "9999",
        ),
        (query(15, json!({"op": "between", "end": "2926-01-01T00:00:00Z"})), "end: more than a century after start"),
        (query(16, json!({"op": "is_open"})), "at: it is missing"),
        (
            query(17, json!({"calendar": {"timezone": "UTC", "hours": {}, "extra": {"2020-01-01": ["08:00-09:00"]}}})),
            "has no open hour within a year",
        ),
    ];
    let lines: String = cases.iter().map(|(line, _)| format!("{line}\n")).collect();
    let (answers, code) = eval(&lines);
    assert_eq!((answers.len(), code), (cases.len(), Some(1)));
    for ((line, expected), answer) in cases.iter().zip(&answers) {
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(expected)), "{line}\n{answer}");
        assert!(answer["id"].is_number(), "{answer}");
    }
}

#[test]
fn lines_that_are_no_queries_are_answered_by_their_number() {
    let (answers, code) = eval(&format!("hola\n\n[1]\n{}\n{{\"op\": 1}}\n", "x".repeat(3 << 20)));
    assert_eq!(code, Some(1));
    let errors: Vec<_> = answers.iter().map(|answer| answer["error"].as_str().unwrap_or_default()).collect();
    let starts = ["line 1: ", "line 3: ", "line 4: it is longer than 1 MiB", "line 5: "];
    assert_eq!(errors.len(), starts.len(), "{errors:?}");
    assert!(errors.iter().zip(starts).all(|(error, start)| error.starts_with(start)), "{errors:?}");
}

fn show(arguments: &[&str]) -> Output {
    let directory = directory();
    plazo().args(["calendar", "show"]).args(arguments).current_dir(directory.path()).output().expect("plazo runs")
}

#[test]
fn days_are_shown_with_hours_and_with_why_they_are_closed() {
    let output = show(&["office", "--from", "2026-09-17", "--to", "2026-09-26"]);
    let expected = "\
office  America/Santiago
2026-09-17  Thu 17 Sep  08:00-12:00  13:00-18:00  9 h
2026-09-18  Fri 18 Sep  10:00-11:00               1 h         hours of its own
2026-09-19  Sat 19 Sep  –                                     holiday: Army Day
2026-09-20  Sun 20 Sep  –                                     no hours that weekday
2026-09-21  Mon 21 Sep  –                                     closed by sla.toml
2026-09-22  Tue 22 Sep  08:00-12:00  13:00-18:00  9 h
2026-09-23  Wed 23 Sep  08:00-12:00  13:00-18:00  9 h
2026-09-24  Thu 24 Sep  08:00-12:00  13:00-18:00  9 h
2026-09-25  Fri 25 Sep  –                                     holiday: Company day
2026-09-26  Sat 26 Sep  09:00-13:00               4 h         hours of its own
41 h open in all
";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn a_clock_change_shows_in_the_open_time() {
    // Chile's clocks go forward at midnight: Sunday has 23 hours.
    let output = show(&["night", "--from", "2026-09-05", "--to", "2026-09-06", "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let days = shown["days"].as_array().expect("days");
    assert_eq!(days[0]["open_seconds"], 2 * 3_600);
    assert_eq!((&days[1]["open_seconds"], &days[1]["clock_change_seconds"]), (&json!(5 * 3_600), &json!(3_600)));
}

#[test]
fn an_unknown_calendar_or_span_is_explained() {
    for (arguments, expected) in [
        (&["ofice"][..], "there is no calendar `ofice`; did you mean `office`?"),
        (&["office", "--from", "2026-09-05", "--to", "2026-09-01"], "show between 1 and 3660 days"),
        (&["office", "--from", "2026-01-01", "--to", "2099-01-01"], "show between 1 and 3660 days"),
    ] {
        let output = show(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(expected), "{told}");
        assert_eq!(output.status.code(), Some(2));
    }
}
