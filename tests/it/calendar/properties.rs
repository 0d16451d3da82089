//! `due_at` and `open_between` against a reference that looks at every single second, over random calendars, zones and instants,
//! mostly around clock changes; and laws that need no reference.
//!
//! The reference knows one thing only, how to read a zone's wall clock at an instant. A window's edge counts as passed once the
//! clock has shown it or anything later, so it looks at the latest time shown so far: in a gap the edge is the change itself, in a
//! repeated hour its first occurrence.

use std::collections::BTreeMap;

use chrono::offset::Offset as _;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use plazo::engine::calendar::{Calendar, Exception, Hours, Reason};
use plazo::engine::working_time::WorkingTime;
use proptest::prelude::*;
use proptest::sample::select;

/// How far the reference looks.
const HORIZON: TimeDelta = TimeDelta::hours(30);
/// Longer than any clock change.
const BEFORE: TimeDelta = TimeDelta::hours(26);

#[derive(Debug, Clone)]
struct Sample {
    zone: Tz,
    week: [Vec<(u32, u32)>; 7],
    /// Days from the start, and their windows.
    exceptions: Vec<(i64, Vec<(u32, u32)>)>,
    start: DateTime<Utc>,
    budget: i64,
}

impl Sample {
    fn calendar(&self) -> Calendar {
        let hours =
            |windows: &Vec<(u32, u32)>| windows.iter().filter_map(|(from, to)| Hours::new(*from, *to)).collect();
        let exception = |windows| Exception { hours: hours(windows), reason: Reason::Open };
        let exceptions: BTreeMap<_, _> =
            self.exceptions.iter().map(|(days, windows)| (self.date(*days), exception(windows))).collect();
        let week = std::array::from_fn(|day| hours(&self.week[day]));
        Calendar::new("random", self.zone, week, exceptions)
    }

    fn date(&self, days: i64) -> NaiveDate {
        self.start.with_timezone(&self.zone).date_naive() + TimeDelta::days(days)
    }

    /// Whether each second from `start` on is open.
    fn seconds(&self) -> Vec<bool> {
        let exceptions: BTreeMap<NaiveDate, &Vec<(u32, u32)>> =
            self.exceptions.iter().map(|(days, windows)| (self.date(*days), windows)).collect();
        let mut latest = NaiveDateTime::MIN;
        let mut at = self.start - BEFORE;
        let mut open = Vec::new();
        while at < self.start + HORIZON {
            latest = latest.max(at.with_timezone(&self.zone).naive_local());
            if self.start <= at {
                let weekday = latest.weekday().num_days_from_monday() as usize;
                let windows = exceptions.get(&latest.date()).copied().unwrap_or(&self.week[weekday]);
                let second = latest.num_seconds_from_midnight();
                open.push(windows.iter().any(|(from, to)| *from <= second && second < *to));
            }
            at += TimeDelta::seconds(1);
        }
        open
    }
}

fn windows() -> impl Strategy<Value = Vec<(u32, u32)>> {
    // Quarters of an hour, often of the night, so that edges meet clock changes.
    let quarter = || prop_oneof![0u32..16, 0u32..96];
    let window = (quarter(), prop_oneof![1u32..8, 1u32..=96])
        .prop_map(|(from, length)| (from * 900, (from + length).min(96) * 900));
    prop_oneof![1 => Just(Vec::new()), 1 => Just(vec![(0, 86_400)]), 8 => prop::collection::vec(window, 1..4)]
}

fn zone() -> impl Strategy<Value = Tz> {
    let odd = [
        Tz::America__Asuncion,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
        Tz::Africa__Casablanca,
        Tz::Asia__Gaza,
        Tz::America__Sao_Paulo,
        Tz::America__Santiago,
        Tz::Antarctica__Troll,
        Tz::Pacific__Chatham,
        Tz::America__St_Johns,
        Tz::Africa__Cairo,
        Tz::Europe__Madrid,
    ];
    prop_oneof![select(odd.to_vec()), select(chrono_tz::TZ_VARIANTS.to_vec())]
}

/// An instant of some year; if the zone changes its clock within a year of it, mostly one around that change.
fn start(zone: Tz) -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..80 * 365, -20i64 * 3_600..3 * 3_600, prop::bool::weighted(0.85), 0i64..86_400).prop_map(
        move |(day, around, near, second)| {
            let origin = Utc.with_ymd_and_hms(1975, 1, 1, 0, 0, 0).single().expect("an instant");
            let any = origin + TimeDelta::days(day) + TimeDelta::seconds(second);
            let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
            let hours = (0..366 * 24).map(|hour| any + TimeDelta::hours(hour));
            let change = hours.take_while(|_| near).find(|at| offset(*at) != offset(*at + TimeDelta::hours(1)));
            change.map_or(any, |change| change + TimeDelta::seconds(around))
        },
    )
}

fn sample() -> impl Strategy<Value = Sample> {
    zone().prop_flat_map(|zone| {
        let week = prop::array::uniform7(windows());
        let exceptions = prop::collection::vec((-1i64..3, windows()), 0..3);
        (week, exceptions, start(zone), 0i64..12 * 3_600).prop_map(move |(week, exceptions, start, budget)| {
            // The last of several for one date counts.
            let exceptions = exceptions.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
            Sample { zone, week, exceptions, start, budget }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_second_counts_as_the_wall_clock_says(sample in sample()) {
        let (calendar, start) = (sample.calendar(), sample.start);
        let seconds = sample.seconds();
        let open = seconds.iter().filter(|open| **open).count();
        prop_assert_eq!(calendar.open_between(start, start + HORIZON).as_seconds(), open as i64);
        prop_assert_eq!(calendar.is_open(start), seconds[0]);
        // The first instant by which the budget is spent; of none, the first that is open.
        let mut left = sample.budget;
        let expected = (0i64..).zip(&seconds).find_map(|(n, open)| {
            let is_it = *open && left <= 1;
            left -= i64::from(*open);
            is_it.then(|| start + TimeDelta::seconds(if sample.budget == 0 { n } else { n + 1 }))
        });
        if let Some(expected) = expected {
            prop_assert_eq!(calendar.due_at(start, WorkingTime::seconds(sample.budget)), Ok(expected));
        }
    }
}

proptest! {
    #[test]
    fn what_is_spent_up_to_the_due_instant_is_the_budget(sample in sample(), times in 0i64..200) {
        let (calendar, start) = (sample.calendar(), sample.start);
        let budget = WorkingTime::seconds(sample.budget * times);
        if let Ok(due_at) = calendar.due_at(start, budget) {
            prop_assert_eq!(calendar.open_between(start, due_at), budget);
            // Not a moment earlier.
            let before = due_at - TimeDelta::milliseconds(1);
            prop_assert!(budget == WorkingTime::ZERO || calendar.open_between(start, before) < budget);
            let sum: i64 = calendar.stretches(start, due_at).map(|open| (open.end - open.start).num_milliseconds()).sum();
            prop_assert_eq!(sum, budget.as_milliseconds());
        }
    }

    #[test]
    fn open_time_adds_up_wherever_it_is_cut(sample in sample(), hours in 0i64..5_000, cut in 0i64..100) {
        let (calendar, start) = (sample.calendar(), sample.start);
        let end = start + TimeDelta::hours(hours);
        let middle = start + (end - start) * i32::try_from(cut).expect("small") / 100;
        let parts = calendar.open_between(start, middle) + calendar.open_between(middle, end);
        prop_assert_eq!(parts, calendar.open_between(start, end));
    }
}
