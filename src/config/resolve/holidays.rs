//! `holidays = […]` of a calendar: countries, `.ics` files, dates.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::both;
use crate::config::mistake::{Mistakes, quoted, suggestion};
use crate::config::raw::At;
use crate::config::{AttachedFile, ics};
use crate::engine::calendar::Reason;
use crate::holidays::{self, Country};

/// Years for which the recurrences of a feed are written out.
const FEED_YEARS: RangeInclusive<i32> = 2000..=2060;
/// Entries of a feed that are named when they were not taken.
const MOST_NAMED: usize = 5;

/// Holidays by date, and the files that told them.
#[derive(Default)]
pub(super) struct Holidays {
    pub(super) days: BTreeMap<NaiveDate, Reason>,
    pub(super) attachments: Vec<AttachedFile>,
}

/// Reads the list. Files are looked for in `directory`.
pub(super) fn resolve(list: &[At<String>], directory: &Path, mistakes: &mut Mistakes) -> Holidays {
    let mut holidays = Holidays::default();
    for item in list {
        if is_feed(item) {
            holidays.read_feed(item, directory, mistakes);
        } else if let Some(country) = Country::from_code(item) {
            holidays.add_country(country);
        } else if let Ok(date) = item.parse() {
            holidays.days.entry(date).or_insert(Reason::Closed);
        } else {
            refuse(item, mistakes);
        }
    }
    holidays
}

fn is_feed(item: &str) -> bool {
    Path::new(item).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ics"))
}

fn refuse(item: &At<String>, mistakes: &mut Mistakes) {
    let is_short = item.chars().count() <= 3;
    let remedy = if is_short {
        suggestion(&item.to_uppercase(), Country::ALL.iter().map(|country| country.code()))
    } else {
        both!(
            "write a country such as \"CO\", a file such as \"feriados.ics\", or a date such as \"2026-12-24\"",
            "escriba un país como \"CO\", un archivo como \"feriados.ics\" o una fecha como \"2026-12-24\""
        )
    };
    let word = quoted(item);
    mistakes.error(item.span(), both!("`{word}` names no holidays", "`{word}` no indica ningún feriado"), remedy);
}

impl Holidays {
    fn add_country(&mut self, country: Country) {
        for holiday in country.years().flat_map(|year| holidays::of(country, year)) {
            self.add(holiday.date, holiday.name.en, holiday.name.es);
        }
    }

    fn read_feed(&mut self, item: &At<String>, directory: &Path, mistakes: &mut Mistakes) {
        let feed = match ics::load(&directory.join(item.as_str()), FEED_YEARS) {
            Ok(feed) => feed,
            Err(error) => {
                let (cause, remedy) = error.told();
                return mistakes.error(item.span(), cause, remedy);
            }
        };
        self.attachments.push(AttachedFile { name: item.to_string(), digest: feed.digest });
        for (date, name) in &feed.days {
            self.add(*date, name, name);
        }
        if !feed.skipped.is_empty() {
            let n = feed.skipped.len();
            let named = feed.skipped.iter().take(MOST_NAMED).map(|skipped| skipped.told());
            let (en, es): (Vec<_>, Vec<_>) = named.map(|both| (both.en, both.es)).unzip();
            let (en, es) = (en.join(", "), es.join(", "));
            mistakes.warning(
                item.span(),
                both!(
                    "{n} entries of this file were not taken: {en}",
                    "{n} entradas de este archivo no se tomaron: {es}"
                ),
                both!(
                    "nothing, if they are no holidays; else mend those lines, or make them all-day events",
                    "nada, si no son feriados; si lo son, corrija esas líneas o hágalos eventos de todo el día"
                ),
            );
        }
    }

    /// Two holidays on one date are told by both names.
    fn add(&mut self, date: NaiveDate, en: &str, es: &str) {
        match self.days.entry(date) {
            Entry::Vacant(place) => {
                place.insert(Reason::Holiday { en: en.into(), es: es.into() });
            }
            Entry::Occupied(mut place) => match place.get_mut() {
                Reason::Holiday { en: first, .. } if first.split(" · ").any(|known| known == en) => {}
                Reason::Holiday { en: first_en, es: first_es } => {
                    *first_en = Arc::from(format!("{first_en} · {en}"));
                    *first_es = Arc::from(format!("{first_es} · {es}"));
                }
                reason @ (Reason::Closed | Reason::Open) => *reason = Reason::Holiday { en: en.into(), es: es.into() },
            },
        }
    }
}
