//! The core's own speed: working time, one event, one body of intake. What the whole daemon does is measured by `plazo bench`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use divan::{Bencher, black_box};
use plazo::config;
use plazo::engine::calendar::{Calendar, Hours};
use plazo::engine::request::Request;
use plazo::engine::request_id::RequestId;
use plazo::engine::rulebook::Rulebook;
use plazo::engine::working_time::WorkingTime;
use plazo::engine::{self, Input};
use plazo::intake::json;

fn main() {
    divan::main();
}

fn office() -> Calendar {
    let day = [Hours::new(8 * 3_600, 12 * 3_600), Hours::new(13 * 3_600, 18 * 3_600)];
    let day: Vec<_> = day.into_iter().flatten().collect();
    let week = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
    Calendar::new("office", chrono_tz::America::Bogota, week, BTreeMap::new())
}

fn monday() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 14, 5, 0).single().expect("an instant")
}

/// A deadline in an ordinary week, and further ones.
#[divan::bench(args = [20, 4 * 60, 48 * 60, 60 * 9 * 60])]
fn due_at(bencher: Bencher, minutes: i64) {
    let (calendar, start) = (office(), monday());
    bencher.bench(|| calendar.due_at(black_box(start), WorkingTime::minutes(minutes)));
}

/// The bare loop beside it: adding the same span without a calendar.
#[divan::bench(args = [20, 4 * 60, 48 * 60, 60 * 9 * 60])]
fn due_at_without_calendar(bencher: Bencher, minutes: i64) {
    let start = monday();
    bencher.bench(|| black_box(start) + TimeDelta::minutes(minutes));
}

/// The same hours in `workclock`, the published crate nearest to this one.
fn office_of_workclock() -> workclock::Schedule {
    let open = |from: i8, to: i8| {
        let at = |hour| jiff::civil::time(hour, 0, 0, 0);
        workclock::WorkDay::new(at(from), at(to), workclock::Weekdays::MON_TO_FRI)
    };
    let builder = workclock::Schedule::builder().time_zone("America/Bogota").rule(open(8, 12)).rule(open(13, 18));
    builder.build().expect("a schedule")
}

/// The peer beside it: the same deadlines by `workclock`.
#[divan::bench(args = [20, 4 * 60, 48 * 60, 60 * 9 * 60])]
fn due_at_by_workclock(bencher: Bencher, minutes: i64) {
    let (schedule, start) = (office_of_workclock(), jiff::Timestamp::from_second(monday().timestamp()).expect("ours"));
    let budget = jiff::SignedDuration::from_mins(minutes);
    let ours = office().due_at(monday(), WorkingTime::minutes(minutes)).expect("open hours");
    let theirs = schedule.add(start, budget).expect("open hours");
    assert_eq!(theirs.as_second(), ours.timestamp(), "both count the same");
    bencher.bench(|| schedule.add(black_box(start), budget));
}

fn shipped() -> Rulebook {
    let loaded = config::read("sla.toml".as_ref(), include_str!("../sla.toml").to_owned());
    loaded.config.expect("the shipped file").rulebook
}

const MESSAGE: &str = "{\"id\":\"m-1\",\"type\":\"message\",\"channel\":\"whatsapp\",\"thread\":\"t-1\",\"direction\":\"in\",\
    \"at\":\"2026-03-02T14:05:00Z\",\"author\":{\"name\":\"Luisa\",\"kind\":\"customer\"},\"text\":\"hola\"}";

/// A client's first message under the shipped file: three clocks are started and planned.
#[divan::bench]
fn advance_by_a_message(bencher: Bencher) {
    let rulebook = shipped();
    let value = serde_json::from_str(MESSAGE).expect("JSON");
    let (event, _) = json::event(value, "bench", monday()).expect("an event");
    let request = Request::unopened(RequestId(1));
    bencher.bench(|| engine::advance(black_box(&request), &rulebook, Input::Event(&event), monday()));
}

/// A tick at which nothing is due.
#[divan::bench]
fn advance_by_a_tick(bencher: Bencher) {
    let rulebook = shipped();
    let value = serde_json::from_str(MESSAGE).expect("JSON");
    let (event, _) = json::event(value, "bench", monday()).expect("an event");
    let opened = engine::advance(&Request::unopened(RequestId(1)), &rulebook, Input::Event(&event), monday()).request;
    let later = monday() + TimeDelta::minutes(1);
    bencher.bench(|| engine::advance(black_box(&opened), &rulebook, Input::Tick, later));
}

/// Reading an event's JSON.
#[divan::bench]
fn read_a_message(bencher: Bencher) {
    bencher.bench(|| json::read(black_box(MESSAGE.as_bytes()), "bench", monday()));
}
