//! `[rota.NAME]`.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, Weekday};
use chrono_tz::Tz;

use super::calendars::{self, Calendars};
use super::{people, read, zones};
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::engine::calendar::zone;
use crate::engine::rota::{Away, Handover, Override, Rota};
use crate::text::Both;
use crate::{both, span};

pub(super) fn resolve(raw: &Raw, own_zone: Tz, calendars: &Calendars, mistakes: &mut Mistakes) -> Vec<Rota> {
    let mut rotas = Vec::new();
    for (name, rota) in &raw.rota {
        super::reserved(name, &super::ROLES, mistakes);
        let named = raw.person.keys().chain(raw.team.keys()).chain(raw.destination.keys());
        if named.into_iter().any(|key| key.as_str() == name.as_str()) {
            let word = name.as_str();
            mistakes.error(
                name.span(),
                both!("`{word}` names something else already", "`{word}` ya nombra otra cosa"),
                both!("give the rota a name of its own", "dé al turno un nombre propio"),
            );
        }
        rotas.extend(one(name, rota, raw, own_zone, calendars, mistakes));
    }
    rotas
}

fn one(
    name: &At<String>,
    rota: &At<raw::Rota>,
    raw: &Raw,
    own_zone: Tz,
    calendars: &Calendars,
    mistakes: &mut Mistakes,
) -> Option<Rota> {
    if rota.people.is_empty() {
        mistakes.missing(&rota.span(), name.span(), "people", "[\"ana\", \"luis\"]");
    }
    if rota.handover.is_none() {
        mistakes.missing(&rota.span(), name.span(), "handover", "\"mon 08:00\"");
    }
    if rota.since.is_none() {
        mistakes.missing(&rota.span(), name.span(), "since", "\"2026-01-05\"");
    }
    let zone = rota.timezone.as_ref().and_then(|name| zones::find(name, mistakes)).unwrap_or(own_zone);
    let people: Vec<_> = rota.people.iter().filter_map(|key| people::person(key, raw, mistakes)).collect();
    let handover = rota.handover.as_ref().and_then(|text| read(text, mistakes, handover));
    let calendar = rota.calendar.as_ref().and_then(|name| calendars::find(calendars, name, mistakes));
    if let (Some(Handover::Weekly(..)), Some(name)) = (handover, &rota.calendar) {
        mistakes.error(
            name.span(),
            both!("a weekly rota changes whatever day it is", "un turno semanal cambia sea el día que sea"),
            both!("remove `calendar`", "quite `calendar`"),
        );
    }
    let overrides = rota.overrides.iter().filter_map(|one| out_of_turn(one, raw, zone, mistakes)).collect();
    let away = rota.away.iter().filter_map(|one| absence(one, raw, mistakes)).collect();
    let since = rota.since.as_ref().and_then(|text| read(text, mistakes, date));
    let calendar: Option<Arc<_>> = calendar;
    (!people.is_empty()).then_some(())?;
    Some(Rota { name: name.to_string(), people, handover: handover?, since: since?, zone, calendar, overrides, away })
}

fn out_of_turn(one: &At<raw::Override>, raw: &Raw, zone: Tz, mistakes: &mut Mistakes) -> Option<Override> {
    for (key, is_given, example) in [
        ("from", one.from.is_some(), "\"2026-12-24 08:00\""),
        ("until", one.until.is_some(), "\"2026-12-26 08:00\""),
        ("person", one.person.is_some(), "\"ana\""),
    ] {
        if !is_given {
            mistakes.missing(&one.span(), one.span(), key, example);
        }
    }
    let mut instant = |text: &Option<At<String>>| {
        let local = text.as_ref().and_then(|text| read(text, mistakes, wall_clock))?;
        Some(zone::to_utc(zone, local))
    };
    let (from, until) = (instant(&one.from), instant(&one.until));
    let person = one.person.as_ref().and_then(|key| people::person(key, raw, mistakes));
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        mistakes.error(one.span(), both!("it ends before it begins", "termina antes de empezar"), order());
    }
    Some(Override { from: from?, until: until?, person: person? })
}

fn absence(one: &At<raw::Away>, raw: &Raw, mistakes: &mut Mistakes) -> Option<Away> {
    for (key, is_given, example) in [
        ("person", one.person.is_some(), "\"ana\""),
        ("from", one.from.is_some(), "\"2026-12-20\""),
        ("until", one.until.is_some(), "\"2026-12-31\""),
    ] {
        if !is_given {
            mistakes.missing(&one.span(), one.span(), key, example);
        }
    }
    let mut day = |text: &Option<At<String>>| text.as_ref().and_then(|text| read(text, mistakes, date));
    let (from, until) = (day(&one.from), day(&one.until));
    let person = one.person.as_ref().and_then(|key| people::person(key, raw, mistakes));
    let substitute = one.substitute.as_ref().and_then(|key| people::person(key, raw, mistakes));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        mistakes.error(one.span(), both!("it ends before it begins", "termina antes de empezar"), order());
    }
    Some(Away { person: person?, from: from?, until: until?, substitute })
}

fn order() -> Both {
    both!("put `from` and `until` in order", "ponga `from` y `until` en orden")
}

/// `mon 08:00`, or `08:00` each day.
pub(super) fn handover(text: &str) -> Result<Handover, Both> {
    match text.trim().split_once(' ') {
        None => span::time_of_day(text.trim()).map(Handover::Daily),
        Some((day, time)) => {
            let weekday: Weekday = day.parse().map_err(|_| {
                both!(
                    "write a day and a time, such as \"mon 08:00\": mon, tue, wed, thu, fri, sat, sun",
                    "escriba un día y una hora, como \"mon 08:00\": mon (lunes), tue, wed, thu, fri, sat, sun"
                )
            })?;
            Ok(Handover::Weekly(weekday, span::time_of_day(time.trim())?))
        }
    }
}

fn date(text: &str) -> Result<NaiveDate, Both> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| both!("write a date, such as \"2026-12-24\"", "escriba una fecha, como \"2026-12-24\""))
}

fn wall_clock(text: &str) -> Result<NaiveDateTime, Both> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").map_err(|_| {
        both!(
            "write a date and a time, such as \"2026-12-24 08:00\"",
            "escriba una fecha y una hora, como \"2026-12-24 08:00\""
        )
    })
}
