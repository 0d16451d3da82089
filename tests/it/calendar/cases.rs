//! Working time against `tests/data/calendar.json`: budgets, sums and single instants in zones with every kind of clock change.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use plazo::engine::calendar::{Calendar, Exception, Hours, Reason};
use plazo::engine::working_time::WorkingTime;
use serde::Deserialize;

use crate::support::data;

#[derive(Deserialize)]
struct Case {
    id: String,
    calendar: CaseCalendar,
    op: String,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    at: Option<DateTime<Utc>>,
    amount_seconds: Option<i64>,
    expect: Option<serde_json::Value>,
    expect_seconds: Option<i64>,
    #[serde(default)]
    accept: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct CaseCalendar {
    timezone: String,
    hours: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    holidays: Vec<NaiveDate>,
    #[serde(default)]
    extra: BTreeMap<NaiveDate, Vec<String>>,
}

impl CaseCalendar {
    fn build(&self) -> Calendar {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let read = |hours: &Vec<String>| hours.iter().map(|text| hours_of(text)).collect::<Vec<_>>();
        let week = DAYS.map(|day| self.hours.get(day).map(read).unwrap_or_default());
        let exception = |hours, reason| Exception { hours, reason };
        let closed = self.holidays.iter().map(|date| (*date, exception(Vec::new(), Reason::Closed)));
        let mut exceptions: BTreeMap<_, _> = closed.collect();
        for (date, hours) in &self.extra {
            exceptions.insert(*date, exception(read(hours), Reason::Open));
        }
        Calendar::new("case", self.timezone.parse().expect("a zone"), week, exceptions)
    }
}

fn hours_of(text: &str) -> Hours {
    let second = |text: &str| {
        let (hour, minute) = text.split_once(':').expect("HH:MM");
        hour.parse::<u32>().expect("an hour") * 3_600 + minute.parse::<u32>().expect("a minute") * 60
    };
    let (start, end) = text.split_once('-').expect("a window");
    Hours::new(second(start), second(end)).expect("hours in order")
}

#[test]
fn every_case_has_one_of_its_accepted_answers() {
    let text = std::fs::read_to_string(data("calendar.json")).expect("tests/data/calendar.json");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("the cases' form");
    assert!(100 < cases.len(), "only {} cases", cases.len());
    let wrong: Vec<_> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn check(case: &Case) -> Result<(), String> {
    let calendar = case.calendar.build();
    let start = || case.start.expect("a start");
    let fails = |got: String| Err(format!("{} ({}): got {got}, expected {:?}", case.id, case.op, case.expect));
    match case.op.as_str() {
        "add" => {
            let budget = WorkingTime::seconds(case.amount_seconds.expect("an amount"));
            let got = calendar.due_at(start(), budget).map_err(|error| format!("{}: {error}", case.id))?;
            let expected = case.expect.iter().chain(&case.accept);
            let mut expected = expected.filter_map(|value| value.as_str()?.parse::<DateTime<Utc>>().ok());
            if expected.any(|expected| expected == got) { Ok(()) } else { fails(got.to_rfc3339()) }
        }
        "between" => {
            let got = calendar.open_between(start(), case.end.expect("an end")).as_seconds();
            let mut accepted = case.accept.iter().filter_map(serde_json::Value::as_i64).chain(case.expect_seconds);
            if accepted.any(|expected| expected == got) {
                Ok(())
            } else {
                fails(format!("{got} s, not {:?}", case.expect_seconds))
            }
        }
        "is_open" => {
            let got = calendar.is_open(case.at.expect("an instant"));
            let mut accepted = case.expect.iter().chain(&case.accept).filter_map(serde_json::Value::as_bool);
            if accepted.any(|expected| expected == got) { Ok(()) } else { fails(got.to_string()) }
        }
        other => Err(format!("{}: unknown operation {other}", case.id)),
    }
}
