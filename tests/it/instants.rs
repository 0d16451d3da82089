//! Instants as people write them: one form for every option and every field of the interface.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use plazo::config;
use plazo::engine::calendar::Calendar;
use plazo::instant::{Here, Meant, read};
use plazo::text::{Language, format};
use proptest::prelude::*;
use serde_json::json;

use crate::support::daemon::{Daemon, PEOPLE};

const BOGOTA: Tz = chrono_tz::America::Bogota;
const MADRID: Tz = chrono_tz::Europe::Madrid;

/// A calendar from eight to six on weekdays, and what the file adds.
fn calendars(more: &str) -> BTreeMap<String, Arc<Calendar>> {
    let file = format!(
        "timezone = \"America/Bogota\"\n[[policy]]\nname = \"todo\"\nreply = {{ within = \"20m\", calendar = \"oficina\" }}\n\
         [calendar.oficina]\nhours = {{ mon-fri = [\"08:00-18:00\"] }}\n{more}"
    );
    let loaded = config::read("sla.toml".as_ref(), file);
    let explained = loaded.explain(false);
    loaded.config.unwrap_or_else(|| panic!("{explained}")).calendars
}

/// A wall-clock time of Bogotá.
fn wall(text: &str) -> DateTime<Utc> {
    crate::support::desk::at(text)
}

#[test]
fn t8_every_form_means_the_same_everywhere() {
    use Meant::{Begins, Ends, Happened, HappenedUpTo, Meets};
    let calendars = calendars("");
    // A Wednesday.
    let now = wall("2026-03-04 10:30");
    let here = Here { now, zone: BOGOTA, calendars: &calendars, usual: None };
    for (text, meant, expected) in [
        ("2026-03-02T09:05:00-05:00", Happened, "2026-03-02 09:05"),
        ("2026-03-02T14:05:00Z", Ends, "2026-03-02 09:05"),
        ("2026-12-08", Begins, "2026-12-08 00:00"),
        ("2026-12-08", Ends, "2026-12-09 00:00"),
        ("2026-03-02", HappenedUpTo, "2026-03-03 00:00"),
        ("2026-11-29 08:00", Begins, "2026-11-29 08:00"),
        ("2026-11-29T08:00", Begins, "2026-11-29 08:00"),
        ("2026-11-29, 8:00 p. m.", Begins, "2026-11-29 20:00"),
        // A time alone is the next one, or today's where something has happened.
        ("08:00", Begins, "2026-03-05 08:00"),
        ("18:00", Ends, "2026-03-04 18:00"),
        ("08:00", Happened, "2026-03-04 08:00"),
        ("3pm", Begins, "2026-03-04 15:00"),
        ("12:30 am", Begins, "2026-03-05 00:30"),
        ("24:00", Ends, "2026-03-05 00:00"),
        // Days by their names.
        ("mañana 08:00", Begins, "2026-03-05 08:00"),
        ("manana a las 8:00", Begins, "2026-03-05 08:00"),
        ("tomorrow 08:00", Begins, "2026-03-05 08:00"),
        ("pasado mañana 08:00", Begins, "2026-03-06 08:00"),
        ("hoy 12:41", Begins, "2026-03-04 12:41"),
        ("today", Ends, "2026-03-05 00:00"),
        ("Ayer 18:05", Happened, "2026-03-03 18:05"),
        ("yesterday", Happened, "2026-03-03 00:00"),
        ("lun 08:00", Begins, "2026-03-09 08:00"),
        ("LUNES 8:00", Begins, "2026-03-09 08:00"),
        ("mon 08:00", Happened, "2026-03-02 08:00"),
        ("Monday", HappenedUpTo, "2026-03-03 00:00"),
        ("mie 09:00", Begins, "2026-03-11 09:00"),
        ("miércoles 18:00", Begins, "2026-03-04 18:00"),
        ("mie\u{301}rcoles 09:00", Happened, "2026-03-04 09:00"),
        ("sábado 10:00", Meets, "2026-03-07 10:00"),
        // What plazo itself prints.
        ("sáb 28 nov, 12:41", Begins, "2026-11-28 12:41"),
        ("Sat 28 Nov, 12:41", Begins, "2026-11-28 12:41"),
        ("8 de diciembre de 2026 a las 15:00", Begins, "2026-12-08 15:00"),
        ("December 8, 15:00", Begins, "2026-12-08 15:00"),
        ("28 nov 12:41", Happened, "2025-11-28 12:41"),
        ("3 ene 08:00", Begins, "2027-01-03 08:00"),
        // Spans.
        ("+2h", Ends, "2026-03-04 12:30"),
        ("+1h30m", Ends, "2026-03-04 12:00"),
        ("-3d", Happened, "2026-03-01 10:30"),
        ("+1 d 2 h", Begins, "2026-03-05 12:30"),
        ("en 2 horas", Begins, "2026-03-04 12:30"),
        ("hace 3 días", Happened, "2026-03-01 10:30"),
        ("2 hours ago", Happened, "2026-03-04 08:30"),
        ("ahora", Begins, "2026-03-04 10:30"),
        ("now", Happened, "2026-03-04 10:30"),
        // Hours of the house: it is open, so the next opening is tomorrow's.
        ("próxima apertura", Ends, "2026-03-05 08:00"),
        ("next opening oficina", Begins, "2026-03-05 08:00"),
    ] {
        let at = read(text, meant, &here).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        assert_eq!(at, wall(expected), "{text} ({meant:?})");
    }
}

#[test]
fn t9_what_is_no_instant_is_refused_with_what_is_taken() {
    let calendars = calendars("");
    let here = Here { now: wall("2026-03-04 10:30"), zone: BOGOTA, calendars: &calendars, usual: None };
    for text in [
        "",
        "08",
        "25:00",
        "08:60",
        "13:00 pm",
        "la semana pasada",
        "+",
        "+2",
        "+2x",
        "+0h",
        "2026-02-30",
        "02/03/2026",
        "vie 28 nov 08:00",
        "31 feb",
        "lunes 8",
        "+99999999d",
        "-262143-01-01T00:00:00Z",
        "mañana mañana",
    ] {
        let problem = read(text, Meant::Begins, &here).expect_err(text);
        for words in [&problem.en, &problem.es] {
            assert!(words.contains(text.trim()) && words.contains("2026-12-08"), "{text}: {words}");
        }
        assert!(problem.en.contains("tomorrow 08:00") && problem.es.contains("«mañana 08:00»"), "{problem:?}");
    }
    let meets = read("2026-12-08", Meant::Meets, &here).expect_err("a day");
    assert!(meets.es.contains("diga también la hora"), "{meets:?}");
    let year = read("0001-01-01T00:00:00Z", Meant::Happened, &here).expect_err("a year");
    assert!(year.en.contains("1970 to 9999"), "{year:?}");
}

#[test]
fn an_opening_is_one_only_where_it_is_known_of_which_calendar() {
    let now = wall("2026-03-04 10:30");
    let two = calendars("[calendar.\"fin de semana\"]\nhours = { sat = [\"09:00-13:00\"] }\n");
    let here = Here { now, zone: BOGOTA, calendars: &two, usual: None };
    let which = read("next opening", Meant::Ends, &here).expect_err("two calendars");
    assert!(which.en.contains("oficina") && which.en.contains("fin de semana"), "{which:?}");
    assert_eq!(read("próxima apertura fin de semana", Meant::Ends, &here), Ok(wall("2026-03-07 09:00")));
    let none = BTreeMap::new();
    let here = Here { calendars: &none, ..here };
    assert!(read("next opening", Meant::Ends, &here).expect_err("none").es.contains("ningún calendario"));
}

/// Of a time that comes twice the first counts; of one that never comes, the change that skips it.
#[test]
fn a_clock_change_neither_loses_nor_doubles_a_time() {
    let calendars = calendars("");
    let now = "2026-03-20T12:00:00Z".parse().expect("an instant");
    let here = Here { now, zone: MADRID, calendars: &calendars, usual: None };
    for (text, expected) in [
        ("2026-03-29 02:30", "2026-03-29T01:00:00Z"),
        ("2026-03-29 03:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        // Nine days later by the clock on the wall, whatever was done to it meanwhile.
        ("+9d", "2026-03-29T11:00:00Z"),
        ("+216h", "2026-03-29T12:00:00Z"),
    ] {
        let at = read(text, Meant::Begins, &here).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        assert_eq!(at, expected.parse::<DateTime<Utc>>().expect("an instant"), "{text}");
    }
}

proptest! {
    /// What plazo prints can be typed back, whenever and in whichever language; a time that comes twice is the first of the two.
    #[test]
    fn what_is_printed_is_read_back(
        now in 1_500_000_000_i64..2_500_000_000,
        minutes in -500_000_i64..500_000,
        zone in prop::sample::select(vec![BOGOTA, MADRID, chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Kathmandu]),
        language in prop::sample::select(vec![Language::Es, Language::En]),
    ) {
        let calendars = BTreeMap::new();
        let now = DateTime::from_timestamp(now - now % 60, 0).expect("an instant");
        let at = now + TimeDelta::minutes(minutes);
        let here = Here { now, zone, calendars: &calendars, usual: None };
        let meant = if at < now { Meant::Happened } else { Meant::Begins };
        let printed = format::when(at, now, zone, language);
        let back = read(&printed, meant, &here).map_err(|problem| TestCaseError::fail(format!("{printed}: {problem:?}")))?;
        let wall = |at: DateTime<Utc>| -> NaiveDateTime { at.with_timezone(&zone).naive_local() };
        prop_assert_eq!(wall(back), wall(at), "{}", printed);
        prop_assert!(back <= at);
    }

    /// Whatever is typed, it is an instant that plazo reckons with or an error; it never panics.
    #[test]
    fn nothing_that_is_typed_panics(text in "[-+0-9a-zñáé:. ,]{0,30}", now in 0_i64..4_000_000_000) {
        let calendars = calendars("");
        let now = DateTime::from_timestamp(now, 0).expect("an instant");
        for meant in [Meant::Happened, Meant::HappenedUpTo, Meant::Begins, Meant::Ends, Meant::Meets] {
            if let Ok(at) = read(&text, meant, &Here { now, zone: MADRID, calendars: &calendars, usual: None }) {
                prop_assert!(plazo::span::is_reckonable(at));
            }
        }
    }
}

/// Runs a command against a daemon: its exit code, and what it said on either stream.
fn run(daemon: &Daemon, args: &[&str]) -> (Option<i32>, String) {
    let output = daemon.command().args(args).output().expect("it runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("");
    (output.status.code(), said)
}

#[test]
fn t8_t9_all_options_take_the_same_and_no_error_speaks_of_queries_or_json() {
    let daemon = Daemon::start(&format!(
        "{PEOPLE}\n[[policy]]\nname = \"todo\"\nreply = {{ within = \"20m\", escalation = \"e\" }}\ndeliver = {{ within = \"8h\" }}\n\
         [escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n\
         [rota.guardia]\npeople = [\"laura\", \"ana\"]\nhandover = \"08:00\"\nsince = \"2026-01-05\"\n\
         [report.semana]\nat = \"mon 07:00\"\ncalendar = \"always\"\ntell = [\"ana\"]\n",
    ));
    let commands: [&[&str]; 11] = [
        &["open", "x", "--channel", "phone", "--at", "WHEN"],
        &["open", "x", "--channel", "phone", "--due", "WHEN"],
        &["ack", "R-1", "--at", "WHEN"],
        &["snooze", "R-1", "--until", "WHEN"],
        &["schedule", "R-1", "--due", "WHEN"],
        &["silence", "add", "--channel", "phone", "--until", "WHEN"],
        &["silence", "add", "--channel", "phone", "--for", "1h", "--from", "WHEN"],
        &["duty", "--at", "WHEN"],
        &["report", "--from", "WHEN"],
        &["violations", "--since", "WHEN"],
        &["replay", "--from", "WHEN"],
    ];
    let (code, said) = run(&daemon, &["open", "primera", "--channel", "phone", "--at", "2 days ago"]);
    assert_eq!(code, Some(0), "{said}");
    for command in commands {
        let with = |when: &str| {
            let args: Vec<&str> = command.iter().map(|word| if *word == "WHEN" { when } else { word }).collect();
            run(&daemon, &args)
        };
        let is_past = command.iter().any(|word| ["open", "ack", "report", "violations", "replay"].contains(word))
            && !command.contains(&"--due");
        for when in if is_past { ["yesterday 08:00", "-2h"] } else { ["tomorrow 08:00", "+2h"] } {
            let (code, said) = with(when);
            assert!(matches!(code, Some(0 | 1)), "{command:?} {when}: {said}");
        }
        let (code, said) = with("one of these days");
        assert_eq!(code, Some(2), "{command:?}: {said}");
        assert!(said.contains("one of these days") && said.contains("2026-12-08"), "{command:?}: {said}");
        for word in ["JSON", "deserialize", "query", "premature"] {
            assert!(!said.contains(word), "{command:?}: {said}");
        }
    }
    // Nothing was opened by what could not be read.
    let n = daemon.get("/v1/requests?state=all")["requests"].as_array().map(Vec::len);
    assert_eq!(n, Some(5), "one, two times with --at, two with --due");
}

#[test]
fn nothing_is_done_to_a_request_before_it_began() {
    let daemon = Daemon::start(&format!("{PEOPLE}\n[[policy]]\nname = \"todo\"\nreply = {{ within = \"20m\" }}\n"));
    assert_eq!(run(&daemon, &["open", "x", "--channel", "phone", "--at", "-2h"]).0, Some(0));
    for deed in
        [["wait", "R-1"].as_slice(), &["close", "R-1", "--reason", "resuelto"], &["snooze", "R-1", "--until", "+2h"]]
    {
        let (code, said) = run(&daemon, &[deed, &["--at", "-3h"]].concat());
        assert!(code == Some(2) && said.contains("R-1 began on"), "{deed:?}: {said}");
    }
    let shown = daemon.get("/v1/requests/R-1");
    assert_eq!((&shown["state"], shown["history"].as_array().map(Vec::len)), (&json!("open"), Some(1)), "{shown}");
    assert_eq!(run(&daemon, &["wait", "R-1", "--at", "-1h"]).0, Some(0), "later is as before");
}

#[test]
fn machines_words_are_not_guessed_at_where_a_client_waits() {
    let daemon = Daemon::start(&format!("{PEOPLE}\n[[policy]]\nname = \"todo\"\nreply = {{ within = \"20m\" }}\n"));
    let event = json!({"id": "m-1", "type": "message", "direction": "in", "channel": "crm", "thread": "1", "at": "08:00",
        "author": {"name": "Rosa", "kind": "customer"}, "text": "¿Hay noticias?"});
    let answer = daemon.post("/v1/events", &event).json();
    assert_eq!((&answer["accepted"], &answer["warnings"][0]["field"]), (&json!(1), &json!("at")), "{answer}");
    let refused =
        daemon.post("/v1/events?strict=true", &json!({"id": "o-1", "type": "open", "channel": "crm", "at": "one day"}));
    assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("at")), "{}", refused.body);
}
