//! [`Raw`] → [`Config`]: names looked up, spans and hours read, contradictions found. Mistakes are gathered; a value that has one
//! is replaced by something harmless, so that the rest of the file can be judged too.

mod calendars;
mod destinations;
mod people;
mod policies;

use chrono::TimeDelta;
use chrono_tz::Tz;
use regex::RegexSetBuilder;

use super::mistake::Mistakes;
use super::raw::{At, Raw};
use super::{AlertSettings, Config, DailyList};
use crate::both;
use crate::engine::check::Wording;
use crate::engine::directory::Recipient;
use crate::engine::policy::Rulebook;
use crate::span;
use crate::text::{Both, Language};

const DEFAULT_LISTEN: &str = "127.0.0.1:8787";
const DEFAULT_RETRY: TimeDelta = TimeDelta::hours(24);
const DEFAULT_IN_FLIGHT: u16 = 64;

/// Resolves the whole file.
pub fn resolve(raw: &Raw, mistakes: &mut Mistakes) -> Config {
    let language = language(raw.language.as_ref(), mistakes).unwrap_or_default();
    let zone = raw.timezone.as_ref().and_then(|name| zone(name, mistakes)).unwrap_or(Tz::UTC);
    if raw.timezone.is_none() {
        mistakes.warning(
            0..0,
            both!("no `timezone`: hours are taken as UTC", "falta `timezone`: el horario se toma como UTC"),
            both!("add timezone = \"America/Bogota\" at the top", "agregue al comienzo timezone = \"America/Bogota\""),
        );
    }
    let calendars = calendars::resolve(raw, zone, mistakes);
    let destinations = destinations::resolve(raw, language, mistakes);
    let people = people::resolve(raw, language, &destinations, mistakes);
    let policies = policies::resolve(raw, &calendars, &destinations, mistakes);
    let operator = raw.operator.as_ref().and_then(|name| recipient(name, raw, mistakes));
    let directory = people.directory(operator.clone());
    Config {
        language,
        zone,
        rulebook: Rulebook { revision: 0, policies, directory, wording: wording(raw, mistakes) },
        daily: daily(raw, &calendars, mistakes),
        calendars,
        contacts: people.contacts,
        destinations,
        operator,
        listen: listen(raw, mistakes),
        alerts: alerts(raw, mistakes),
    }
}

fn language(code: Option<&At<String>>, mistakes: &mut Mistakes) -> Option<Language> {
    let code = code?;
    let language = Language::from_code(code);
    if language.is_none() {
        mistakes.unknown(code.span(), Both { en: "language", es: "idioma" }, code, ["es", "en"]);
    }
    language
}

fn zone(name: &At<String>, mistakes: &mut Mistakes) -> Option<Tz> {
    let zone = name.parse().ok();
    if zone.is_none() {
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let nearest =
            known.max_by(|one, other| strsim::jaro_winkler(name, one).total_cmp(&strsim::jaro_winkler(name, other)));
        mistakes.unknown(name.span(), Both { en: "time zone", es: "zona horaria" }, name, nearest);
    }
    zone
}

/// A person or destination by name.
fn recipient(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<Recipient> {
    let people = raw.person.keys().map(|key| key.as_str());
    let destinations = raw.destination.keys().map(|key| key.as_str());
    if people.clone().any(|key| key == name.as_str()) {
        Some(Recipient::Person(name.to_string()))
    } else if destinations.clone().any(|key| key == name.as_str()) {
        Some(Recipient::Destination(name.to_string()))
    } else {
        let what = Both { en: "person or destination", es: "persona o destino" };
        mistakes.unknown(name.span(), what, name, people.chain(destinations));
        None
    }
}

/// Reads the text of `field` by `read`, noting what is wrong with it.
fn read<T>(field: &At<String>, mistakes: &mut Mistakes, read: impl Fn(&str) -> Result<T, Both>) -> Option<T> {
    match read(field) {
        Ok(value) => Some(value),
        Err(remedy) => {
            let text = field.as_str();
            mistakes.error(field.span(), both!("cannot read `{text}`", "no se entiende `{text}`"), remedy);
            None
        }
    }
}

/// Notes that a key is missing.
fn missing(span: std::ops::Range<usize>, key: &str, example: &str, mistakes: &mut Mistakes) {
    mistakes.error(
        span,
        both!("`{key}` is missing", "falta `{key}`"),
        both!("add {key} = {example}", "agregue {key} = {example}"),
    );
}

fn listen(raw: &Raw, mistakes: &mut Mistakes) -> std::net::SocketAddr {
    let default = || std::net::SocketAddr::from(([127, 0, 0, 1], 8787));
    let Some(listen) = raw.http.as_ref().and_then(|http| http.listen.as_ref()) else { return default() };
    let read = read(listen, mistakes, |text| {
        text.parse().map_err(|_| {
            both!(
                "write address and port, such as \"{DEFAULT_LISTEN}\"",
                "escriba dirección y puerto, como \"{DEFAULT_LISTEN}\""
            )
        })
    });
    read.unwrap_or_else(default)
}

fn alerts(raw: &Raw, mistakes: &mut Mistakes) -> AlertSettings {
    let alerts = raw.alerts.as_deref();
    let retry_for = alerts
        .and_then(|alerts| alerts.retry_for.as_ref())
        .and_then(|text| read(text, mistakes, span::duration))
        .and_then(|duration| TimeDelta::from_std(duration).ok());
    let in_flight = alerts.and_then(|alerts| alerts.in_flight.as_ref());
    if let Some(zero) = in_flight.filter(|in_flight| ***in_flight == 0) {
        mistakes.error(
            zero.span(),
            both!("`in_flight` of 0 would send nothing", "con `in_flight` en 0 no saldría nada"),
            both!("write at least 1; 64 is the default", "escriba al menos 1; lo normal es 64"),
        );
    }
    AlertSettings {
        gather: alerts.and_then(|alerts| alerts.gather.as_deref().copied()).unwrap_or(true),
        retry_for: retry_for.unwrap_or(DEFAULT_RETRY),
        in_flight: in_flight.map_or(DEFAULT_IN_FLIGHT, |in_flight| **in_flight).max(1).into(),
    }
}

fn wording(raw: &Raw, mistakes: &mut Mistakes) -> Wording {
    let patterns = raw.answers.iter().flat_map(|answers| &answers.says_nothing);
    let good: Vec<_> = patterns
        .filter_map(|pattern| {
            read(pattern, mistakes, |text| {
                regex::Regex::new(text).map(|_| text.to_owned()).map_err(|cause| {
                    both!("this is no regular expression: {cause}", "esto no es una expresión regular: {cause}")
                })
            })
        })
        .collect();
    // Each was compiled just above; a set too large to build as a whole is the same as none.
    RegexSetBuilder::new(good).case_insensitive(true).build().map(Wording::new).unwrap_or_default()
}

fn daily(raw: &Raw, calendars: &calendars::Calendars, mistakes: &mut Mistakes) -> Vec<DailyList> {
    let mut lists = Vec::new();
    for (name, list) in &raw.daily {
        let at = match &list.at {
            Some(at) => read(at, mistakes, span::time_of_day),
            None => {
                missing(name.span(), "at", "\"08:00\"", mistakes);
                None
            }
        };
        let calendar = match &list.calendar {
            Some(calendar) => calendars::find(calendars, calendar, mistakes),
            None => {
                missing(name.span(), "calendar", "\"…\"", mistakes);
                None
            }
        };
        let kind = match &list.list {
            Some(word) => policies::request_kind(word, mistakes),
            None => {
                missing(name.span(), "list", "\"task\"", mistakes);
                None
            }
        };
        if let (Some(at), Some(calendar), Some(list_of)) = (at, calendar, kind) {
            let rule = list.rule.as_ref().map(|rule| rule.to_string());
            lists.push(DailyList { name: name.to_string(), at, calendar, list: list_of, rule });
        }
    }
    lists
}
