//! `[calendar.NAME]`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use chrono_tz::Tz;

use super::holidays;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, OneOrMany, Raw, WordOr};
use crate::config::{AttachedFile, usual};
use crate::engine::calendar::{ALWAYS, Calendar, Exception, Hours, Reason};
use crate::text::Both;
use crate::{both, span};

pub(super) type Calendars = BTreeMap<String, Arc<Calendar>>;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The calendars, and the files that their holidays were read from, which lie in `directory`.
pub(super) fn resolve(
    raw: &Raw,
    zone: Tz,
    directory: &Path,
    mistakes: &mut Mistakes,
) -> (Calendars, Vec<AttachedFile>) {
    let mut attachments = Vec::new();
    let mut calendars = BTreeMap::from([(ALWAYS.to_owned(), Arc::new(Calendar::always(ALWAYS, zone)))]);
    for (name, calendar) in &raw.calendar {
        super::reserved(name, &[ALWAYS], mistakes);
        let zone = calendar.timezone.as_ref().and_then(|name| super::zones::find(name, mistakes)).unwrap_or(zone);
        let week = week(name, calendar, mistakes);
        let holidays = holidays::resolve(&calendar.holidays, directory, mistakes);
        attachments.extend(holidays.attachments);
        let exceptions = exceptions(calendar, &week.clone().unwrap_or_default(), holidays.days, mistakes);
        if let Some(week) = week {
            let resolved = Calendar::new(name.as_str(), zone, week, exceptions);
            calendars.insert(name.to_string(), Arc::new(resolved));
        } else {
            // The mistake is told; what refers to the name need not be one more.
            calendars.insert(name.to_string(), Arc::new(Calendar::always(name.as_str(), zone)));
        }
    }
    (calendars, attachments)
}

/// The calendar of that name.
pub(super) fn find(calendars: &Calendars, name: &At<String>, mistakes: &mut Mistakes) -> Option<Arc<Calendar>> {
    let found = calendars.get(name.as_str()).cloned();
    if found.is_none() {
        let known = calendars.keys().map(String::as_str);
        mistakes.unknown(name.span(), Both { en: "unknown calendar", es: "calendario desconocido" }, name, known);
    }
    found
}

fn week(name: &At<String>, calendar: &At<raw::Calendar>, mistakes: &mut Mistakes) -> Option<[Vec<Hours>; 7]> {
    let mut week: [Vec<Hours>; 7] = Default::default();
    let n_before = mistakes.n_found();
    match calendar.hours.as_ref().map(|hours| (hours.span(), &**hours)) {
        None if calendar.open.is_empty() => {
            mistakes.missing(&calendar.span(), name.span(), "hours", "{ mon-fri = [\"08:00-18:00\"] }");
        }
        None => {}
        Some((_, WordOr::Word(word))) if word == "24x7" => week = std::array::from_fn(|_| vec![Hours::WHOLE_DAY]),
        Some((span, WordOr::Word(word))) => {
            let by_day = || {
                both!(
                    "write \"24x7\", or hours by day: {{ mon-fri = [\"08:00-18:00\"] }}",
                    "escriba \"24x7\", o el horario por días: {{ mon-fri = [\"08:00-18:00\"] }}"
                )
            };
            let always = |word: &str| if word == "24x7" { Ok(()) } else { Err(by_day()) };
            let remedy = usual::remedy(word, always).unwrap_or_else(by_day);
            mistakes.error(span, super::unreadable(word), remedy);
        }
        Some((_, WordOr::Table(by_day))) => {
            for (days, hours) in by_day {
                let Some((first, last)) = super::read(days, mistakes, days_of) else { continue };
                for (evening, morning) in parts(hours, mistakes) {
                    let mut day = first;
                    loop {
                        week[day].push(evening);
                        // What an overnight shift has after midnight belongs to the next date (LESSONS 5).
                        week[(day + 1) % 7].extend(morning);
                        if day == last {
                            break;
                        }
                        day = (day + 1) % 7;
                    }
                }
            }
        }
    }
    if n_before < mistakes.n_found() || mistakes.is_flawed(&calendar.span()) {
        return None;
    }
    if week.iter().all(Vec::is_empty) && calendar.open.values().all(|hours| hours.items.is_empty()) {
        let open = calendar.open.values().next().map(|hours| hours.span.clone());
        let span = calendar.hours.as_ref().map(At::span).or(open).unwrap_or_else(|| name.span());
        let name = name.as_str();
        mistakes.error(
            span,
            both!("calendar `{name}` never opens", "el calendario `{name}` nunca abre"),
            both!(
                "give at least one day its hours, such as [\"08:00-18:00\"]",
                "dele horario al menos a un día, como [\"08:00-18:00\"]"
            ),
        );
        return None;
    }
    Some(week)
}

fn exceptions(
    calendar: &raw::Calendar,
    week: &[Vec<Hours>; 7],
    holidays: BTreeMap<NaiveDate, Reason>,
    mistakes: &mut Mistakes,
) -> BTreeMap<NaiveDate, Exception> {
    let closed = |reason| Exception { hours: Vec::new(), reason };
    let mut exceptions: BTreeMap<_, _> = holidays.into_iter().map(|(date, reason)| (date, closed(reason))).collect();
    for date in &calendar.closed {
        if let Some(date) = super::read(date, mistakes, date_of) {
            exceptions.entry(date).or_insert_with(|| closed(Reason::Closed));
        }
    }
    // A date named open wins over a closed one, so it comes last.
    let mut mornings = Vec::new();
    for (date, hours) in &calendar.open {
        let Some(date) = super::read(date, mistakes, date_of) else { continue };
        let parts = parts(hours, mistakes);
        let evenings = parts.iter().map(|(evening, _)| *evening).collect();
        exceptions.insert(date, Exception { hours: evenings, reason: Reason::Open });
        mornings.extend(parts.into_iter().filter_map(|(_, morning)| Some((date.succ_opt()?, morning?))));
    }
    for (date, morning) in mornings {
        add_morning(&mut exceptions, week, date, morning);
    }
    exceptions
}

/// Adds what a night that begins on an open date has after midnight; a closed date cuts it off (LESSONS 5).
fn add_morning(
    exceptions: &mut BTreeMap<NaiveDate, Exception>,
    week: &[Vec<Hours>; 7],
    date: NaiveDate,
    morning: Hours,
) {
    let of_week = || week[date.weekday().num_days_from_monday() as usize].clone();
    let exception = exceptions.entry(date).or_insert_with(|| Exception { hours: of_week(), reason: Reason::Open });
    if exception.reason == Reason::Open {
        exception.hours.push(morning);
    }
}

fn parts(hours: &OneOrMany<At<String>>, mistakes: &mut Mistakes) -> Vec<(Hours, Option<Hours>)> {
    hours.items.iter().filter_map(|text| super::read(text, mistakes, span::hours)).collect()
}

fn days_of(text: &str) -> Result<(usize, usize), Both> {
    let day = |word: &str| DAYS.iter().position(|day| *day == word.trim());
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    day(first).zip(day(last)).ok_or_else(|| {
        both!(
            "write a day (mon, tue, wed, thu, fri, sat, sun) or a range such as mon-fri",
            "escriba un día (mon, tue, wed, thu, fri, sat, sun) o un rango como mon-fri"
        )
    })
}

fn date_of(text: &str) -> Result<NaiveDate, Both> {
    text.parse().map_err(|_| {
        both!("write a date that exists as \"2026-12-24\"", "escriba una fecha que exista, como \"2026-12-24\"")
    })
}
