//! Holidays from an `.ics` file, which come from elsewhere.

use std::ops::RangeInclusive;

use chrono::Datelike as _;
use plazo::config::ics;

const YEARS: RangeInclusive<i32> = 2020..=2040;
/// As `config::ics` has it.
const MOST_DAYS: usize = 5_000;

pub fn hold(data: &[u8]) {
    let read = ics::read(data, YEARS);
    assert_eq!(ics::read(data, YEARS), read);
    match read {
        Ok(feed) => {
            assert!(feed.days.len() <= MOST_DAYS, "{} days", feed.days.len());
            assert!(feed.days.keys().all(|day| YEARS.contains(&day.year())));
            assert!(feed.skipped.len() <= data.len(), "{} left out", feed.skipped.len());
            let n_lines = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
            for skipped in &feed.skipped {
                assert!(skipped.line <= n_lines, "line {} of {n_lines}", skipped.line);
                let told = skipped.told();
                assert!(!told.en.is_empty() && !told.es.is_empty());
            }
        }
        Err(error) => {
            let (cause, remedy) = error.told();
            assert!(!cause.en.is_empty() && !cause.es.is_empty() && !remedy.en.is_empty() && !remedy.es.is_empty());
        }
    }
}
