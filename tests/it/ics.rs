//! `.ics` files: which days one closes, and what one that is cut, huge or hostile is answered with (LESSONS 7, 9).

use chrono::NaiveDate;
use plazo::config::ics::{self, Feed, WhySkipped};
use plazo::text::Both;
use proptest::prelude::*;

use crate::support::data;

fn read(text: &str) -> Result<Feed, (Both, Both)> {
    ics::read(text, 2020..=2040).map_err(|error| error.told())
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
    let skipped: Vec<_> = feed.skipped.iter().map(|skipped| (skipped.name.as_str(), skipped.why)).collect();
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
fn bad_files_are_refused_with_line_cause_and_remedy() {
    let huge: String = (0..10_001).map(|_| "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n").collect();
    let deep = "BEGIN:VALARM\n".repeat(20);
    let cases = [
        ("", "line 1 of this file: no iCalendar begins here"),
        ("fecha,nombre\n2026-01-01,Año Nuevo", "line 1 of this file: no iCalendar begins here"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101", "line 2 of this file: VEVENT begins here and never ends"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", "line 3 of this file: something ends here"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT\n", "line 3 of this file: parts within parts"),
        (&format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{deep}"), "line 9 of this file: parts within parts"),
        (&format!("BEGIN:VCALENDAR\n{huge}END:VCALENDAR"), "more than 10,000 events"),
        (&event("SUMMARY:sin fecha"), "line 3 of this file: the event that begins here has no DTSTART"),
        (&event("DTSTART;VALUE=DATE:20260230"), "`20260230` is no date that exists"),
        (&event("DTSTART;VALUE=DATE:99999999"), "`99999999` is no date that exists"),
        (&event("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20260101"), "cannot last `-1 days`"),
        (&event("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:30260101"), "cannot last `365241 days`"),
        (&event("DTSTART;VALUE=DATE:20260102\nDURATION:P99999999999999999999D"), "cannot last"),
        (&event("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=SECONDLY"), "has no recurrence of days"),
        (&event("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=NEVER"), "has no recurrence of days"),
        (&event("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=MONTHLY;BYDAY=1¡O"), "has no recurrence of days"),
        (&event("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY;COUNT=1000000"), "recurs more than 5,000 times"),
    ];
    for (text, expected) in cases {
        let (cause, remedy) = read(text).expect_err("refused");
        assert!(cause.en.contains(expected), "{}\n  instead of {expected}", cause.en);
        assert!(!remedy.en.is_empty() && !remedy.es.is_empty() && cause.es != cause.en, "{cause:?} {remedy:?}");
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
