//! A calendar as a query of `plazo calendar eval` writes it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::engine::calendar::{Calendar, Exception, Hours, Reason};
use crate::text::Both;
use crate::{both, config, span};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const NAME: &str = "inline";

/// Zone, hours by weekday, closed dates, and dates with hours of their own.
#[derive(Debug, Deserialize)]
pub(super) struct Inline {
    timezone: String,
    hours: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    extra: BTreeMap<String, Vec<String>>,
}

impl Inline {
    /// The calendar, or what is wrong with it, place first.
    pub(super) fn resolve(&self) -> Result<Calendar, Both> {
        let zone = config::zone(&self.timezone).map_err(|(cause, remedy)| at("calendar.timezone", cause, remedy))?;
        let mut week: [Vec<Hours>; 7] = Default::default();
        for (day, windows) in &self.hours {
            let place = DAYS.iter().position(|known| known == day).ok_or_else(|| {
                both!(
                    "calendar.hours: `{day}` is no day; write mon, tue, wed, thu, fri, sat or sun",
                    "calendar.hours: `{day}` no es un día; escriba mon, tue, wed, thu, fri, sat o sun"
                )
            })?;
            for window in windows {
                let (evening, morning) = hours("calendar.hours", window)?;
                week[place].push(evening);
                week[(place + 1) % 7].extend(morning);
            }
        }
        let mut exceptions = BTreeMap::new();
        for date in &self.holidays {
            let closed = Exception { hours: Vec::new(), reason: Reason::Closed };
            exceptions.insert(date_of("calendar.holidays", date)?, closed);
        }
        for (date, windows) in &self.extra {
            let windows: Result<Vec<_>, Both> = windows.iter().map(|window| hours("calendar.extra", window)).collect();
            let hours = windows?.into_iter().map(|(evening, _)| evening).collect();
            exceptions.insert(date_of("calendar.extra", date)?, Exception { hours, reason: Reason::Open });
        }
        let is_ever_open =
            week.iter().any(|day| !day.is_empty()) || exceptions.values().any(|day| !day.hours.is_empty());
        if !is_ever_open {
            return Err(both!(
                "calendar: it never opens; give at least one day its hours",
                "calendar: nunca abre; dele horario al menos a un día"
            ));
        }
        Ok(Calendar::new(NAME, zone, week, exceptions))
    }
}

fn hours(place: &str, window: &str) -> Result<(Hours, Option<Hours>), Both> {
    span::hours(window)
        .map_err(|remedy| at(place, both!("cannot read `{window}`", "no se entiende `{window}`"), remedy))
}

fn date_of(place: &str, date: &str) -> Result<NaiveDate, Both> {
    date.parse().map_err(|_| {
        both!(
            "{place}: `{date}` is no date that exists; write it as \"2026-12-24\"",
            "{place}: `{date}` no es una fecha que exista; escríbala como \"2026-12-24\""
        )
    })
}

fn at(place: &str, cause: Both, remedy: Both) -> Both {
    Both { en: format!("{place}: {}; {}", cause.en, remedy.en), es: format!("{place}: {}; {}", cause.es, remedy.es) }
}
