//! `[person.KEY] away`: when people are away, and who stands in (LESSONS 52).

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::{people, read};
use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::engine::absence::Absence;
use crate::engine::calendar::zone;
use crate::engine::directory::Directory;
use crate::text::Both;

/// Everybody's absences, by the wall clock of the file's zone. A circle of substitutes is a mistake.
pub(super) fn resolve(raw: &Raw, zone: Tz, directory: &Directory, mistakes: &mut Mistakes) -> Vec<Absence> {
    let written = raw.person.iter().flat_map(|(key, person)| person.away.iter().map(move |one| (key, one)));
    let found: Vec<_> = written.filter_map(|(key, one)| Some((one, absence(key, one, raw, zone, mistakes)?))).collect();
    let absences: Vec<_> = found.iter().map(|(_, absence)| absence.clone()).collect();
    for (place, absence) in &found {
        let starts = absences.iter().map(|other| other.from.max(absence.from)).filter(|from| *from < absence.until);
        let is_circle = |at: &DateTime<Utc>| directory.leads_back(&absences, &absence.person, *at);
        if let Some(from) = starts.filter(is_circle).min() {
            let (day, person) = (from.with_timezone(&zone).date_naive(), &absence.person);
            mistakes.error(
                place.substitute.as_ref().map_or_else(|| place.span(), At::span),
                both!(
                    "on {day} everybody who stands in is away, and it leads back to `{person}`",
                    "el {day} todos los reemplazos están ausentes, y se vuelve a `{person}`"
                ),
                both!("name somebody who is there then", "nombre a alguien que esté entonces"),
            );
        }
    }
    for (place, (written, absence)) in found.iter().enumerate() {
        let is_other = |other: &&Absence| {
            other.person == absence.person && other.from < absence.until && absence.from < other.until
        };
        if let Some(other) = absences[..place].iter().rfind(is_other) {
            let person = &absence.person;
            let day = absence.from.max(other.from).with_timezone(&zone).date_naive();
            mistakes.warning(
                written.span(),
                both!(
                    "from {day} on `{person}` is away twice; while both last, this one counts",
                    "desde el {day} `{person}` está ausente dos veces; mientras duren ambas, vale esta"
                ),
                both!("say each day once", "diga cada día una sola vez"),
            );
        }
    }
    absences
}

fn absence(key: &At<String>, one: &At<raw::Absence>, raw: &Raw, zone: Tz, mistakes: &mut Mistakes) -> Option<Absence> {
    for (name, is_given, example) in
        [("from", one.from.is_some(), "\"2026-12-20\""), ("until", one.until.is_some(), "\"2026-12-31\"")]
    {
        if !is_given {
            mistakes.missing(&one.span(), one.span(), name, example);
        }
    }
    let from = one.from.as_ref().and_then(|text| read(text, mistakes, |text| begins(text, zone)));
    let until = one.until.as_ref().and_then(|text| read(text, mistakes, |text| ends(text, zone)));
    let substitute = one.substitute.as_ref().and_then(|key| people::person(key, raw, mistakes));
    let (from, until) = (from?, until?);
    if until <= from {
        mistakes.error(
            one.span(),
            both!("it ends before it begins", "termina antes de empezar"),
            both!("put `from` and `until` in order", "ponga `from` y `until` en orden"),
        );
        return None;
    }
    Some(Absence { person: key.to_string(), from, until, substitute })
}

/// `ignore_before` of each source and mailbox, by the wall clock of the file's zone.
pub(super) fn ignored(raw: &Raw, zone: Tz, mistakes: &mut Mistakes) -> BTreeMap<String, DateTime<Utc>> {
    let sources = raw.source.iter().map(|(name, source)| (name, &source.ignore_before));
    let mailboxes = raw.mailbox.iter().map(|(name, mailbox)| (name, &mailbox.ignore_before));
    let read = |(name, before): (&At<String>, &Option<At<String>>)| {
        let before = read(before.as_ref()?, mistakes, |text| begins(text, zone))?;
        Some((name.to_string(), before))
    };
    sources.chain(mailboxes).filter_map(read).collect()
}

/// A day from its beginning, or an instant.
fn begins(text: &str, zone: Tz) -> Result<DateTime<Utc>, Both> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(zone::to_utc(zone, day.and_time(NaiveTime::MIN)));
    }
    instant(text, zone)
}

/// A day to its end, or an instant.
fn ends(text: &str, zone: Tz) -> Result<DateTime<Utc>, Both> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.checked_add_days(Days::new(1))) {
        Some(next) => Ok(zone::to_utc(zone, next.and_time(NaiveTime::MIN))),
        None => instant(text, zone),
    }
}

fn instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, Both> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").map(|local| zone::to_utc(zone, local)).map_err(|_| {
        both!(
            "write a date, such as \"2026-12-24\", or a date and a time, \"2026-12-24 08:00\"",
            "escriba una fecha, como \"2026-12-24\", o una fecha y una hora, \"2026-12-24 08:00\""
        )
    })
}
