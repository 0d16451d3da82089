//! PURE. Instants as people write them, in either language: for every option of the command line and every field of the interface
//! by which a person says when.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use crate::engine::calendar::{Calendar, zone};
use crate::text::Both;
use crate::text::format::one_line;
use crate::{both, span};

/// Longer texts are no instants.
const LONGEST: usize = 60;
const DAY_SECONDS: u32 = 86_400;
/// The furthest that a span may lead, in days: about ten years.
const MOST_DAYS: i64 = 3_660;

/// What an instant is for, which decides what is meant where people leave something out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// When something happened: `08:00` is today's, `lun` the last Monday, a date its beginning.
    Happened,
    /// Up to when something is looked back at: the same, and a date reaches to its end.
    HappenedUpTo,
    /// When something begins: `08:00` is the next, `lun` the coming Monday, a date its beginning.
    Begins,
    /// Until or by when: the same, and a date reaches to its end.
    Ends,
    /// When people meet: as [`Self::Begins`], and a date without its hour is refused.
    Meets,
}

impl Meant {
    const fn is_past(self) -> bool {
        matches!(self, Self::Happened | Self::HappenedUpTo)
    }

    const fn is_end(self) -> bool {
        matches!(self, Self::HappenedUpTo | Self::Ends)
    }
}

/// Where and when an instant is read.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// Now.
    pub now: DateTime<Utc>,
    /// Whose wall clock is meant where nothing says it.
    pub zone: Tz,
    /// Calendars by name, for `next opening`.
    pub calendars: &'a BTreeMap<String, Arc<Calendar>>,
    /// The one that is meant where none is named: of the promise that is spoken of.
    pub usual: Option<&'a str>,
}

/// Reads an instant: RFC 3339; a date, a time of day or both, in the zone of `here`; `hoy`, `mañana`, `ayer`, a weekday; what plazo
/// itself prints, such as `sáb 28 nov, 12:41`; `+2h`, `-3d`; `ahora`; `próxima apertura`, with a calendar's name where there are
/// several. To the millisecond, of the years 1970 to 9999.
///
/// Of a time that the wall clock shows twice the first counts; of one that it skips, the change that skips it.
///
/// # Errors
///
/// What is wrong, with what is taken.
pub fn read(text: &str, meant: Meant, here: &Here<'_>) -> Result<DateTime<Utc>, Both> {
    let at = match DateTime::parse_from_rfc3339(text.trim()) {
        Ok(at) => at.to_utc(),
        Err(_) => spoken(text, meant, here)?,
    };
    if span::is_reckonable(at) {
        return Ok(chrono::SubsecRound::trunc_subsecs(at, 3));
    }
    let text = one_line(text, LONGEST);
    Err(both!(
        "\"{text}\": plazo reckons with the years 1970 to 9999",
        "«{text}»: plazo solo cuenta con los años 1970 a 9999"
    ))
}

fn spoken(text: &str, meant: Meant, here: &Here<'_>) -> Result<DateTime<Utc>, Both> {
    let unreadable = || unreadable(text, meant);
    if LONGEST < text.chars().count() {
        return Err(unreadable());
    }
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["now" | "ahora"] => return Ok(here.now),
        ["next", "opening", rest @ ..] | ["proxima", "apertura", rest @ ..] => return opening(rest, here),
        _ => {}
    }
    if let Some((days, seconds)) = relative(&words) {
        return shifted(here, days, seconds).ok_or_else(unreadable);
    }
    let today = here.now.with_timezone(&here.zone).date_naive();
    let (day, rest) = day(&words, today, meant).map_or((None, words.as_slice()), |(day, rest)| (Some(day), rest));
    let second = match rest {
        [] => None,
        rest => Some(time_of_day(&rest.concat()).ok_or_else(unreadable)?),
    };
    match (day, second) {
        (None, None) => Err(unreadable()),
        (Some(_), None) if meant == Meant::Meets => {
            let text = one_line(text, LONGEST);
            Err(both!(
                "\"{text}\" is a day; say the hour too, such as \"{text} 15:00\"",
                "«{text}» es un día; diga también la hora, como «{text} 15:00»"
            ))
        }
        (day, second) => resolve(day.unwrap_or(Day::Any), second, today, meant, here).ok_or_else(unreadable),
    }
}

/// A day as it was named.
#[derive(Debug, Clone, Copy)]
enum Day {
    /// None: today, or whenever the hour comes next.
    Any,
    On(NaiveDate),
    Each(Weekday),
}

fn resolve(day: Day, second: Option<u32>, today: NaiveDate, meant: Meant, here: &Here<'_>) -> Option<DateTime<Utc>> {
    let at = |date: NaiveDate| {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        match second {
            Some(second) => Some(zone::to_utc(here.zone, midnight(date) + TimeDelta::seconds(second.into()))),
            None if meant.is_end() => Some(zone::to_utc(here.zone, midnight(date.succ_opt()?))),
            None => Some(zone::to_utc(here.zone, midnight(date))),
        }
    };
    let (first, period) = match day {
        Day::On(date) => return at(date),
        Day::Any => (today, 1),
        Day::Each(weekday) => {
            let since = u64::from(today.weekday().days_since(weekday));
            let until = u64::from(weekday.days_since(today.weekday()));
            if meant.is_past() {
                return at(today.checked_sub_days(Days::new(since))?);
            }
            (today.checked_add_days(Days::new(until))?, 7)
        }
    };
    if meant.is_past() {
        return at(first);
    }
    let next = at(first)?;
    if here.now < next { Some(next) } else { at(first.checked_add_days(Days::new(period))?) }
}

/// The day at the beginning of `words`, and what follows it.
fn day<'w>(words: &'w [&'w str], today: NaiveDate, meant: Meant) -> Option<(Day, &'w [&'w str])> {
    let on = |n_days: i64| Some(Day::On(today.checked_add_signed(TimeDelta::days(n_days))?));
    Some(match words {
        ["hoy" | "today", rest @ ..] => (on(0)?, rest),
        ["ayer" | "yesterday", rest @ ..] => (on(-1)?, rest),
        ["anteayer" | "antier", rest @ ..] => (on(-2)?, rest),
        ["pasado", "manana", rest @ ..] => (on(2)?, rest),
        ["manana" | "tomorrow", rest @ ..] => (on(1)?, rest),
        [word, rest @ ..] if let Some(date) = date(word) => (Day::On(date), rest),
        [name, rest @ ..] if let Some(weekday) = weekday(name) => match date_in_words(rest, today, meant) {
            // `sáb 28 nov` is no Saturday in most years: whoever wrote it is mistaken about the one or the other.
            Some((date, _)) if date.weekday() != weekday => return None,
            Some((date, rest)) => (Day::On(date), rest),
            None => (Day::Each(weekday), rest),
        },
        _ => {
            let (date, rest) = date_in_words(words, today, meant)?;
            (Day::On(date), rest)
        }
    })
}

/// `2026-12-08`, of the years with which plazo reckons: beyond, a zone may leave what there are dates for.
fn date(text: &str) -> Option<NaiveDate> {
    text.parse::<NaiveDate>().ok().filter(|date| (1970..=9999).contains(&date.year()))
}

/// `28 nov`, `28 nov 2026`, `nov 28`; without a year, the nearest on the side that is meant.
fn date_in_words<'w>(words: &'w [&'w str], today: NaiveDate, meant: Meant) -> Option<(NaiveDate, &'w [&'w str])> {
    let [one, other, rest @ ..] = words else { return None };
    let (month, day) = match (month(one), month(other)) {
        (None, Some(month)) => (month, one.parse().ok()?),
        (Some(month), None) => (month, other.parse().ok()?),
        _ => return None,
    };
    if let [year, rest @ ..] = rest
        && year.len() == 4
        && let Ok(year) = year.parse()
    {
        return Some((NaiveDate::from_ymd_opt(year, month, day)?, rest));
    }
    let this = NaiveDate::from_ymd_opt(today.year(), month, day);
    let year = match this {
        Some(this) if meant.is_past() && today < this => today.year() - 1,
        Some(this) if !meant.is_past() && this < today => today.year() + 1,
        _ => today.year(),
    };
    Some((NaiveDate::from_ymd_opt(year, month, day)?, rest))
}

/// `08:00`, `8:00:30`, `3pm`, `3:30 p. m.`, `24:00`, as seconds since midnight.
fn time_of_day(text: &str) -> Option<u32> {
    let text = text.replace('.', "");
    let (clock, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (None, Some(clock)) => (clock, Some(12)),
        (None, None) => (text.as_str(), None),
    };
    let numbers: Vec<u32> = clock.split(':').map(number).collect::<Option<_>>()?;
    let (hour, minute, second) = match (numbers.as_slice(), half) {
        ([hour], Some(_)) => (*hour, 0, 0),
        ([hour, minute], _) => (*hour, *minute, 0),
        ([hour, minute, second], _) => (*hour, *minute, *second),
        _ => return None,
    };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let seconds = hour * 3_600 + minute * 60 + second;
    (minute < 60 && second < 60 && seconds <= DAY_SECONDS).then_some(seconds)
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_short.then(|| text.parse().ok()).flatten()
}

/// `+2h`, `-1d 3h`, `en 2 horas`, `hace 3 días`, `2 days ago`: days, which last from one time of day to the same, and seconds.
fn relative(words: &[&str]) -> Option<(i64, i64)> {
    let (sign, spans) = match words {
        ["en" | "in", spans @ ..] => (1, spans.concat()),
        ["hace", spans @ ..] => (-1, spans.concat()),
        [spans @ .., "ago"] => (-1, spans.concat()),
        words => {
            let text = words.concat();
            match (text.strip_prefix('+'), text.strip_prefix('-')) {
                (Some(spans), _) => (1, spans.to_owned()),
                (None, Some(spans)) => (-1, spans.to_owned()),
                (None, None) => return None,
            }
        }
    };
    let mut rest = spans.as_str();
    let (mut days, mut seconds) = (0_i64, 0_i64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let n: i64 = rest[..digits].parse().ok().filter(|n| *n < 1_000_000)?;
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        match &rest[digits..digits + letters] {
            "w" | "week" | "weeks" | "sem" | "semana" | "semanas" => days += 7 * n,
            "d" | "day" | "days" | "dia" | "dias" => days += n,
            "h" | "hour" | "hours" | "hora" | "horas" => seconds += 3_600 * n,
            "m" | "min" | "minute" | "minutes" | "minuto" | "minutos" => seconds += 60 * n,
            "s" | "sec" | "seg" | "second" | "seconds" | "segundo" | "segundos" => seconds += n,
            _ => return None,
        }
        rest = &rest[digits + letters..];
    }
    (0 < days + seconds).then_some((sign * days, sign * seconds))
}

fn shifted(here: &Here<'_>, days: i64, seconds: i64) -> Option<DateTime<Utc>> {
    if MOST_DAYS < days.abs() || MOST_DAYS * i64::from(DAY_SECONDS) < seconds.abs() {
        return None;
    }
    let at = if days == 0 {
        here.now
    } else {
        let local = here.now.with_timezone(&here.zone).naive_local();
        zone::to_utc(here.zone, local.checked_add_signed(TimeDelta::days(days))?)
    };
    at.checked_add_signed(TimeDelta::seconds(seconds))
}

/// When a calendar opens next: the one that is named, else the only one besides those that never close.
fn opening(name: &[&str], here: &Here<'_>) -> Result<DateTime<Utc>, Both> {
    let mut closing = here.calendars.values().filter(|calendar| !calendar.is_always_open());
    let named = name.join(" ");
    let is_named = |calendar: &&Arc<Calendar>| words(calendar.name()).join(" ") == named;
    let calendar = match (name.is_empty(), closing.clone().find(is_named)) {
        (false, found) => found,
        (true, _) => {
            match here.usual.and_then(|usual| here.calendars.get(usual)).filter(|usual| !usual.is_always_open()) {
                Some(usual) => Some(usual),
                None => closing.next().filter(|_| closing.next().is_none()),
            }
        }
    };
    let Some(calendar) = calendar else { return Err(which_opening(here)) };
    calendar.opens_again(here.now).map_err(|_| {
        let name = calendar.name();
        both!("`{name}` does not open within a year", "`{name}` no abre en un año")
    })
}

fn which_opening(here: &Here<'_>) -> Both {
    let names: Vec<_> = here
        .calendars
        .values()
        .filter(|calendar| !calendar.is_always_open())
        .map(|calendar| calendar.name().to_owned())
        .collect();
    let Some(first) = names.first() else {
        return both!(
            "no calendar of sla.toml ever closes, so there is no next opening; write a day and an hour, such as \"tomorrow 08:00\"",
            "ningún calendario de sla.toml cierra, así que no hay próxima apertura; escriba un día y una hora, como «mañana 08:00»"
        );
    };
    let known = names.join(", ");
    both!(
        "say of which calendar, such as \"next opening {first}\"; there are {known}",
        "diga de qué calendario, como «próxima apertura {first}»; hay {known}"
    )
}

/// The words of a text in lower case, without accents, commas and what only joins them.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().filter_map(plain).collect();
    let is_word = |word: &&str| !["", "a", "las", "la", "at", "on", "of", "the", "de", "del", "el"].contains(word);
    let split = plain.split(|c: char| c.is_whitespace() || c == ',').filter(is_word);
    split
        .flat_map(|word| match word.split_once('t') {
            // `2026-03-02T09:05`, as forms on the web write it.
            Some((day, time)) if date(day).is_some() => vec![day.to_owned(), time.to_owned()],
            _ => vec![word.to_owned()],
        })
        .collect()
}

const fn plain(c: char) -> Option<char> {
    Some(match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        // Some keyboards put the accent behind its letter, and some write a minus that is none.
        '\u{300}'..='\u{36f}' => return None,
        '\u{2212}' => '-',
        other => other,
    })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "lun" | "lunes" | "mon" | "monday" => Weekday::Mon,
        "mar" | "martes" | "tue" | "tues" | "tuesday" => Weekday::Tue,
        "mie" | "miercoles" | "wed" | "wednesday" => Weekday::Wed,
        "jue" | "jueves" | "thu" | "thur" | "thurs" | "thursday" => Weekday::Thu,
        "vie" | "viernes" | "fri" | "friday" => Weekday::Fri,
        "sab" | "sabado" | "sat" | "saturday" => Weekday::Sat,
        "dom" | "domingo" | "sun" | "sunday" => Weekday::Sun,
        _ => return None,
    })
}

fn month(word: &str) -> Option<u32> {
    Some(match word {
        "ene" | "enero" | "jan" | "january" => 1,
        "feb" | "febrero" | "february" => 2,
        "mar" | "marzo" | "march" => 3,
        "abr" | "abril" | "apr" | "april" => 4,
        "may" | "mayo" => 5,
        "jun" | "junio" | "june" => 6,
        "jul" | "julio" | "july" => 7,
        "ago" | "agosto" | "aug" | "august" => 8,
        "sep" | "sept" | "septiembre" | "setiembre" | "september" => 9,
        "oct" | "octubre" | "october" => 10,
        "nov" | "noviembre" | "november" => 11,
        "dic" | "diciembre" | "dec" | "december" => 12,
        _ => return None,
    })
}

fn unreadable(text: &str, meant: Meant) -> Both {
    let text = one_line(text, LONGEST);
    let Both { en, es } = if meant.is_past() {
        Both { en: "08:00, \"yesterday 18:05\", \"mon 08:00\", -2h", es: "08:00, «ayer 18:05», «lun 08:00», -2h" }
    } else {
        Both {
            en: "08:00, \"tomorrow 08:00\", \"mon 08:00\", +2h, \"next opening\"",
            es: "08:00, «mañana 08:00», «lun 08:00», +2h, «próxima apertura»",
        }
    };
    both!(
        "\"{text}\" is no day and no hour that plazo can read; write 2026-12-08, \"2026-12-08 08:00\", {en}",
        "«{text}» no es un día ni una hora que plazo entienda; escriba 2026-12-08, «2026-12-08 08:00», {es}"
    )
}
