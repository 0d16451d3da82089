//! Built-in holidays against lists from sources other than our own rules (`tests/data/holidays`), year by year.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate};
use plazo::holidays::{self, Country, Holiday};

/// The years that every country's list covers.
const LISTED: std::ops::RangeInclusive<i32> = 2024..=2028;

/// A country's list: date and name, in order.
fn published(country: Country) -> Vec<(NaiveDate, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/holidays/{}.txt", country.code()));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (date, name) = line.split_once(' ').unwrap_or_else(|| panic!("{}: {line}", path.display()));
            (date.parse().unwrap_or_else(|error| panic!("{}: {line}: {error}", path.display())), name.to_owned())
        })
        .collect()
}

/// What the list has and we lack (`-`), and what we have and the list lacks (`+`).
fn difference(listed: &[(NaiveDate, String)], ours: &[Holiday]) -> String {
    let mut text = String::new();
    let mut unlisted: Vec<&Holiday> = ours.iter().collect();
    for (date, name) in listed {
        match unlisted.iter().position(|holiday| holiday.date == *date) {
            Some(place) => drop(unlisted.remove(place)),
            None => writeln!(text, "  - {date} {} {name}", date.weekday()).expect("text"),
        }
    }
    for Holiday { date, name, law } in unlisted {
        writeln!(text, "  + {date} {} {} ({law})", date.weekday(), name.es).expect("text");
    }
    text
}

#[test]
fn every_country_agrees_with_the_published_list() {
    let mut wrong = String::new();
    for country in Country::ALL {
        let published = published(country);
        for year in LISTED {
            let listed: Vec<_> = published.iter().filter(|(date, _)| date.year() == year).cloned().collect();
            assert!(!listed.is_empty(), "{} has no list for {year}", country.code());
            let difference = difference(&listed, &holidays::of(country, year));
            if !difference.is_empty() {
                write!(wrong, "{} {year}\n{difference}", country.code()).expect("text");
            }
        }
    }
    assert!(wrong.is_empty(), "- listed only, + ours only\n{wrong}");
}

#[test]
fn each_year_is_in_order_named_and_within_the_year() {
    for country in Country::ALL {
        for year in country.years() {
            let holidays = holidays::of(country, year);
            assert!(holidays.is_sorted_by_key(|holiday| holiday.date), "{} {year}", country.code());
            assert!((7..=22).contains(&holidays.len()), "{} {year}: {}", country.code(), holidays.len());
            for Holiday { date, name, law } in holidays {
                assert_eq!(date.year(), year, "{} {}", country.code(), name.en);
                assert!(!name.es.is_empty() && !name.en.is_empty() && !law.is_empty(), "{} {date}", country.code());
            }
        }
    }
}

#[test]
fn outside_its_years_a_country_has_none() {
    for country in Country::ALL {
        let years = country.years();
        assert!(years.contains(LISTED.start()) && years.contains(LISTED.end()), "{}", country.code());
        for year in [years.start() - 1, years.end() + 1, i32::MIN, i32::MAX] {
            assert_eq!(holidays::of(country, year), [], "{} {year}", country.code());
        }
    }
}

#[test]
fn several_on_one_date_are_all_given() {
    let monday = NaiveDate::from_ymd_opt(2025, 6, 30).expect("a date");
    let names: Vec<_> =
        holidays::of(Country::Co, 2025).into_iter().filter(|day| day.date == monday).map(|day| day.name.en).collect();
    assert_eq!(names, ["Sacred Heart", "Saints Peter and Paul"]);
}

#[test]
fn codes_are_two_capitals_and_lead_back() {
    for country in Country::ALL {
        assert_eq!(Country::from_code(country.code()), Some(country));
    }
    for wrong in ["", "co", "CO ", "COL", "XX"] {
        assert_eq!(Country::from_code(wrong), None, "{wrong:?}");
    }
    let codes: BTreeSet<_> = Country::ALL.map(Country::code).into();
    assert_eq!(codes.len(), Country::ALL.len());
}

#[test]
fn the_documentation_names_each_country_with_its_years() {
    for page in ["docs/holidays.md", "docs/festivos.md"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = fs::read_to_string(path).expect(page);
        for country in Country::ALL {
            let years = country.years();
            let heading = format!("({}), {}–{}\n", country.code(), years.start(), years.end());
            assert!(text.contains(&heading), "{page}: no heading ends in `{}`", heading.trim());
        }
    }
}
