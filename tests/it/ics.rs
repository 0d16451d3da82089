//! `.ics` files: which days one closes, and what one that is odd, cut, huge or hostile is answered with (LESSONS 7, 9, 56).

use chrono::NaiveDate;
use plazo::config::ics::{self, Feed, WhySkipped};
use plazo::text::Both;
use proptest::prelude::*;

use crate::support::data;

fn read(text: &str) -> Result<Feed, (Both, Both)> {
    ics::read(text.as_bytes(), 2020..=2040).map_err(|error| error.told())
}

fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

fn dates(feed: &Feed) -> Vec<String> {
    feed.days.keys().map(NaiveDate::to_string).collect()
}

#[test]
fn l07_all_day_events_are_dates_and_what_was_not_taken_is_listed() {
    let text = std::fs::read_to_string(data("ics/empresa.ics")).expect("the feed");
    let feed = read(&text).expect("a good file");
    let expected = [
        "2024-01-01",
        "2025-01-01",
        "2026-01-01",
        "2026-01-05",
        "2026-02-03",
        "2026-04-06",
        "2026-12-24",
        "2026-12-25",
        "2026-12-26",
        "2026-12-27",
        "2026-12-28",
        "2026-12-29",
        "2026-12-30",
        "2027-01-01",
        "2028-01-01",
    ];
    assert_eq!(dates(&feed), expected);
    let name = |date: &str| feed.days[&date.parse::<NaiveDate>().expect("a date")].as_str();
    assert_eq!(name("2024-01-01"), "Año Nuevo");
    assert_eq!(name("2026-12-30"), "Vacaciones colectivas, toda la empresa");
    let skipped: Vec<_> = feed.skipped.iter().map(|skipped| (skipped.name.as_str(), skipped.why.clone())).collect();
    assert_eq!(skipped, [("Reunión", WhySkipped::Timed), ("Paseo", WhySkipped::Cancelled)]);
}

#[test]
fn line_ends_and_marks_of_any_system_read_alike() {
    let text = std::fs::read_to_string(data("ics/empresa.ics")).expect("the feed");
    let plain = read(&text).expect("a good file").days;
    for other in [text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        assert_eq!(read(&other).expect("a good file").days, plain);
    }
}

#[test]
fn what_is_no_calendar_or_too_much_is_refused_with_line_cause_and_remedy() {
    let huge: String = (0..10_001).map(|_| "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n").collect();
    let cases = [
        ("", "line 1 of this file: no iCalendar begins here"),
        ("<!DOCTYPE html>\n<p>Inicie sesión</p>", "line 1 of this file: no iCalendar begins here"),
        ("fecha,nombre\n2026-01-01,Año Nuevo", "line 1 of this file: no iCalendar begins here"),
        (&format!("BEGIN:VCALENDAR\n{huge}END:VCALENDAR"), "more than 10,000 events"),
    ];
    for (text, expected) in cases {
        let (cause, remedy) = read(text).expect_err("refused");
        assert!(cause.en.contains(expected), "{}\n  instead of {expected}", cause.en);
        assert!(!remedy.en.is_empty() && !remedy.es.is_empty() && cause.es != cause.en, "{cause:?} {remedy:?}");
    }
}

const GOOD: &str = "BEGIN:VEVENT\nUID:good\nSUMMARY:Año Nuevo\nDTSTART;VALUE=DATE:20260101\nEND:VEVENT\n";

/// LESSONS 56: what is wrong with one event costs that event.
#[test]
fn lessons_56_one_odd_event_is_left_out_and_named_with_its_line() {
    let cases = [
        ("SUMMARY:sin fecha", "«sin fecha» (línea 7: no tiene DTSTART)"),
        ("DTSTART;VALUE=DATE:20260230", "«?» (línea 7: `20260230` no es una fecha que exista)"),
        ("DTSTART;VALUE=DATE:99999999", "`99999999` no es una fecha que exista"),
        ("DTSTART:mañana", "`mañana` no es una fecha que exista"),
        ("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20260101", "no puede durar `-1 days`"),
        ("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:2026103", "no puede durar `2026103`"),
        ("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:30260101", "no puede durar `365241 days`"),
        ("DTSTART;VALUE=DATE:20260102\nDURATION:P99999999999999999999D", "no puede durar"),
        ("DTSTART;VALUE=DATE:20260102\nDURATION:-P1D", "no puede durar"),
        ("DTSTART;VALUE=DATE:20260102\nDURATION:P1M", "no puede durar"),
        ("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=SECONDLY", "no se repite por días"),
        ("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=NEVER", "no se repite por días"),
        ("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;UNTIL=20251106", "no se repite por días"),
        ("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=MONTHLY;BYDAY=1¡O", "no se repite por días"),
        ("DTSTART;VALUE=DATE:20260102\nEXDATE:mañana", "`mañana` no es una fecha que exista"),
        ("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY;COUNT=1000000", "se repite más de 5.000 veces"),
        ("DTSTART;VALUE=DATE:20200101\nDURATION:P366D\nRRULE:FREQ=YEARLY", "con él, más de 5.000 días en total"),
        ("SUMMARY:Paseo\nDTSTART:20260102T090000", "«Paseo» (línea 7, tiene hora)"),
    ];
    for (odd, expected) in cases {
        let text = format!(
            "BEGIN:VCALENDAR\n{GOOD}BEGIN:VEVENT\n{odd}\nEND:VEVENT\n{}END:VCALENDAR\n",
            GOOD.replace("0101", "0501")
        );
        let feed = read(&text).unwrap_or_else(|error| panic!("{odd}: {error:?}"));
        assert!(
            ["2026-01-01", "2026-05-01"].iter().all(|day| dates(&feed).contains(&(*day).to_owned())),
            "{odd}: {:?}",
            dates(&feed)
        );
        let told: Vec<String> = feed.skipped.iter().map(|skipped| skipped.told().es).collect();
        assert!(matches!(&told[..], [one] if one.contains(expected)), "{odd}: {told:?}");
    }
    for cut in ["", "BEGIN:VEVENT\nSUMMARY:Navidad\nDTSTART:20261225"] {
        let feed = read(&format!("BEGIN:VCALENDAR\n{GOOD}{cut}")).expect("what there is of it");
        assert_eq!((dates(&feed), feed.skipped.len()), (vec!["2026-01-01".to_owned()], 1), "{cut}");
    }
}

/// What RFC 5545 allows, and what calendars write beside it.
#[test]
fn holidays_are_read_as_calendars_write_them() {
    let all_day = |lines: &str| event(&format!("SUMMARY:Cierre\r\n{lines}"));
    let cases: Vec<(&str, String, &[&str])> = vec![
        (
            "small letters",
            event("dtstart;value=date:20260320")
                .replace("BEGIN:VEVENT", "begin:vevent")
                .replace("END:VEVENT", "end:vevent"),
            &["2026-03-20"],
        ),
        (
            "two calendars",
            [event("DTSTART:20260320"), event("DTSTART:20260402")].concat(),
            &["2026-03-20", "2026-04-02"],
        ),
        ("text around", format!("Adjunto:\n{}-- portal", event("DTSTART:20260320")), &["2026-03-20"]),
        (
            "a text with ends of lines",
            event("DTSTART:20260320\r\nDESCRIPTION:Cierre\r\nde oficinas\r\nNota: todas"),
            &["2026-03-20"],
        ),
        ("folded names", event("DTSTART\r\n ;VALUE=DATE\r\n :20260320"), &["2026-03-20"]),
        ("blank lines", event("DTSTART:20260320\r\n\r\nSUMMARY:x"), &["2026-03-20"]),
        ("blanks", event("DTSTART : 20260320 \r\nSUMMARY:x"), &["2026-03-20"]),
        (
            "an alarm of its own length",
            event("DTSTART:20260320\r\nBEGIN:VALARM\r\nDURATION:PT5M\r\nDTSTART:20260101\r\nEND:VALARM"),
            &["2026-03-20"],
        ),
        ("no exception", all_day("DTSTART:20260320\r\nEXDATE;VALUE=DATE:"), &["2026-03-20"]),
        ("PT24H", all_day("DTSTART;VALUE=DATE:20260320\r\nDURATION:PT24H"), &["2026-03-20"]),
        ("P1DT24H", all_day("DTSTART;VALUE=DATE:20260320\r\nDURATION:P1DT24H"), &["2026-03-20", "2026-03-21"]),
        ("P0D", all_day("DTSTART;VALUE=DATE:20260320\r\nDURATION:P0D"), &["2026-03-20"]),
        ("an end with a time", all_day("DTSTART;VALUE=DATE:20260320\r\nDTEND:20260320T235900"), &["2026-03-20"]),
        (
            "two days to the last minute",
            all_day("DTSTART;VALUE=DATE:20260320\r\nDTEND:20260321T235959"),
            &["2026-03-20", "2026-03-21"],
        ),
        (
            "a date with a time",
            all_day("DTSTART;VALUE=DATE:20260320T000000\r\nDTEND;VALUE=DATE:20260321T000000"),
            &["2026-03-20"],
        ),
        (
            "midnights",
            all_day("DTSTART;TZID=America/Bogota:20260320T000000\r\nDTEND;TZID=America/Bogota:20260321T000000"),
            &["2026-03-20"],
        ),
        (
            "Exchange",
            all_day(
                "DTSTART;TZID=\"SA Pacific Standard Time\":20260320T000000\r\nDTEND:20260322T000000\r\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
            ),
            &["2026-03-20", "2026-03-21"],
        ),
        (
            "Exchange in UTC, west",
            all_day("DTSTART:20260320T050000Z\r\nDTEND:20260321T050000Z\r\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE"),
            &["2026-03-20"],
        ),
        (
            "Exchange in UTC, east",
            all_day("DTSTART:20260319T230000Z\r\nDTEND:20260320T230000Z\r\nx-microsoft-cdo-alldayevent:true"),
            &["2026-03-20"],
        ),
        (
            "an end by an instant",
            all_day("DTSTART;VALUE=DATE:20260320\r\nRRULE:FREQ=YEARLY;UNTIL=20270320T000000Z"),
            &["2026-03-20", "2027-03-20"],
        ),
        (
            "a zone of its own",
            format!(
                "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:16010101T020000\nRRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE\n{GOOD}END:VCALENDAR"
            ),
            &["2026-01-01"],
        ),
    ];
    for (name, text, expected) in cases {
        let feed = read(&text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(
            (dates(&feed), feed.skipped.len()),
            (expected.iter().map(|day| (*day).to_owned()).collect(), 0),
            "{name}"
        );
    }
}

#[test]
fn holidays_are_read_in_any_charset_and_with_any_ends_of_lines() {
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Día de la Niñez\r\nDTSTART:20260320\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let latin1: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect();
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let place = text.find('ñ').expect("one") + 1;
    let within_a_letter = [&text.as_bytes()[..place], b"\r\n ", &text.as_bytes()[place..]].concat();
    let cases = [
        latin1,
        utf16,
        within_a_letter,
        text.replace("\r\n", "\r").into_bytes(),
        text.replace("\r\n", "\r\r\n").into_bytes(),
        text.replace("Día", "D\0ía").into_bytes(),
    ];
    for bytes in &cases {
        let feed = ics::read(bytes, 2020..=2040).expect("a good file");
        let names: Vec<&str> = feed.days.values().map(String::as_str).collect();
        assert_eq!(names, ["Día de la Niñez"], "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn l09_a_recurrence_that_never_comes_ends() {
    let feed = read(&event("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31")).expect("read");
    assert_eq!(dates(&feed), ["2026-01-02"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn a_file_cut_or_altered_anywhere_is_read_or_refused(at in 0usize..1_000, letter in any::<char>(), cut in any::<bool>()) {
        let text = std::fs::read_to_string(data("ics/empresa.ics")).expect("the feed");
        let mut letters: Vec<char> = text.chars().collect();
        let at = at % letters.len();
        if cut { letters.truncate(at) } else { letters[at] = letter }
        let _ = read(&letters.into_iter().collect::<String>());
    }

    #[test]
    fn any_rule_is_read_or_refused(rule in "(FREQ=(YEARLY|MONTHLY|DAILY|WEEKLY);)?([A-Z]{2,10}=[-+0-9A-Z,;=]{0,12};?){0,4}") {
        let _ = read(&event(&format!("DTSTART;VALUE=DATE:20260102\nRRULE:{rule}")));
    }
}

#[test]
fn work_is_bounded_whatever_a_file_repeats_and_the_rest_of_it_is_taken() {
    let daily = |n: usize| {
        format!(
            "BEGIN:VEVENT\r\nUID:d{n}\r\nSUMMARY:d{n}\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=DAILY;COUNT=2000\r\nEND:VEVENT\r\n"
        )
    };
    let christmas = "BEGIN:VEVENT\r\nUID:n\r\nSUMMARY:Navidad\r\nDTSTART;VALUE=DATE:20301225\r\nEND:VEVENT\r\n";
    let all: String = (0..2_000).map(daily).collect();
    let feed = read(&format!("BEGIN:VCALENDAR\r\n{christmas}{all}END:VCALENDAR\r\n")).expect("a calendar");
    assert_eq!(feed.days.len(), 2_001);
    assert!(1_900 < feed.skipped.len(), "{} left out", feed.skipped.len());
    let told = feed.skipped.last().map(|skipped| skipped.told().es).unwrap_or_default();
    assert!(told.contains("«d1999»") && told.contains("línea"), "{told}");

    // One event with as many rules as fit, or as many days and exceptions.
    let rules = "\r\nRRULE:FREQ=DAILY;COUNT=2000".repeat(2_000);
    let feed = read(&event(&format!("DTSTART;VALUE=DATE:20200101{rules}"))).expect("a calendar");
    assert_eq!((feed.days.len(), feed.skipped.len()), (0, 1));
    let dates: Vec<_> = "2020-01-01".parse::<NaiveDate>().expect("a date").iter_days().take(4_000).collect();
    let list = dates.iter().map(|date| date.format("%Y%m%d").to_string()).collect::<Vec<_>>().join(",");
    let feed =
        read(&event(&format!("DTSTART;VALUE=DATE:20200101\r\nRDATE;VALUE=DATE:{list}\r\nEXDATE;VALUE=DATE:{list}")))
            .expect("a calendar");
    assert_eq!((feed.days.len(), feed.skipped.len()), (0, 0));
}

#[test]
fn parts_within_parts_are_passed_over() {
    let deep: String = (0..60).map(|n| format!("BEGIN:X-{n}\r\n")).collect();
    let christmas = "BEGIN:VEVENT\r\nUID:n\r\nSUMMARY:Navidad\r\nDTSTART;VALUE=DATE:20301225\r\nEND:VEVENT\r\n";
    let feed = read(&format!("BEGIN:VCALENDAR\r\n{deep}{christmas}END:VCALENDAR\r\n")).expect("a calendar");
    assert_eq!(dates(&feed), ["2030-12-25"]);
}
