//! Spans, times of day and offsets as `sla.toml` writes them.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc};

use crate::both;
use crate::engine::calendar::{Counting, Hours};
use crate::engine::escalation::Offset;
use crate::engine::policy::Limit;
use crate::engine::working_time::WorkingTime;
use crate::text::Both;

/// The longest span that the file may name: five years.
const LONGEST_SPAN: Duration = Duration::from_secs(5 * 366 * 86_400);
const MOST_DAYS: u32 = 5 * 366;

/// Whether plazo reckons with an instant: one of the years 1970 to 9999. Beyond, a zone's offset or a span before or after it may
/// leave what there are dates for.
pub fn is_reckonable(at: DateTime<Utc>) -> bool {
    (1970..=9999).contains(&at.year())
}

/// What ends a number that counts months or years.
const MONTHS: [&str; 8] = ["M", "month", "months", "mes", "meses", "y", "year", "years"];
/// What ends a number that counts days or weeks.
const DAYS: [&str; 8] = ["d", "day", "days", "w", "week", "weeks", "dia", "dias"];

/// Reads a span of hours, minutes and seconds: `"20m"`, `"48h"`, `"1h 30m"`.
pub fn working_time(text: &str) -> Result<WorkingTime, Both> {
    let duration = duration(text)?;
    i64::try_from(duration.as_millis()).map(WorkingTime::milliseconds).map_err(|_| too_long())
}

/// Reads a span as elapsed time.
pub fn duration(text: &str) -> Result<Duration, Both> {
    if counts(text, &MONTHS) || counts(text, &DAYS) {
        return Err(both!("count it in hours here, such as \"48h\"", "cuéntelo aquí en horas, como \"48h\""));
    }
    let duration = humantime::parse_duration(text).map_err(|_| {
        both!(
            "write a number with its unit, such as \"20m\", \"48h\" or \"1h 30m\"",
            "escriba un número con su unidad, como \"20m\", \"48h\" o \"1h 30m\""
        )
    })?;
    if duration <= LONGEST_SPAN { Ok(duration) } else { Err(too_long()) }
}

/// Reads how long something is kept: `"90 days"`, `"18 months"`, `"5 years"`. Months have 31 days and years 366, so that nothing goes too soon.
pub fn age(text: &str) -> Result<TimeDelta, Both> {
    let unknown = || {
        both!(
            "write a number of days, weeks, months or years, such as \"90 days\" or \"5 years\"",
            "escriba un número de días, semanas, meses o años, como \"90 days\" o \"5 años\""
        )
    };
    let text = text.trim().to_lowercase();
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let number: u16 = number.parse().map_err(|_| unknown())?;
    let days = match unit.trim() {
        "d" | "day" | "days" | "día" | "días" | "dia" | "dias" => 1,
        "w" | "week" | "weeks" | "semana" | "semanas" => 7,
        "month" | "months" | "mes" | "meses" => 31,
        "y" | "year" | "years" | "año" | "años" | "ano" | "anos" => 366,
        _ => return Err(unknown()),
    };
    let age = TimeDelta::days(i64::from(number) * days);
    if age.is_zero() { Err(unknown()) } else { Ok(age) }
}

/// Reads an amount of room: `"500 MB"`, `"5 GB"`.
pub fn bytes(text: &str) -> Result<u64, Both> {
    let unknown = || {
        both!(
            "write megabytes or gigabytes, such as \"500 MB\" or \"5 GB\"",
            "escriba megabytes o gigabytes, como \"500 MB\" o \"5 GB\""
        )
    };
    let text = text.trim().to_lowercase();
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| unknown())?;
    let unit: u64 = match unit.trim() {
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(unknown()),
    };
    number.checked_mul(unit).ok_or_else(unknown)
}

/// Reads the length of a promise: a span of the calendar's hours, `"2 working days"` or `"4 days"`.
pub fn limit(text: &str) -> Result<Limit, Both> {
    let words: Vec<_> = text.split_whitespace().collect();
    let (number, counting) = match words.as_slice() {
        [number, "working", "day" | "days"] => (number, Counting::WorkingDays),
        [number, "day" | "days"] => (number, Counting::CalendarDays),
        _ if counts(text, &MONTHS) => {
            return Err(both!(
                "months and years differ in length; write days, such as \"30 days\"",
                "los meses y los años no duran siempre lo mismo; escriba días, como \"30 days\""
            ));
        }
        _ if counts(text, &DAYS) || text.contains("day") || text.contains("día") => {
            return Err(both!(
                "say how the days are counted: \"48h\" of open hours, \"2 working days\" or \"2 days\" of the calendar",
                "diga cómo se cuentan los días: \"48h\" de horario abierto, \"2 working days\" o \"2 days\" corridos"
            ));
        }
        _ => return working_time(text).map(Limit::Spend),
    };
    match number.parse() {
        Ok(days) if (1..=MOST_DAYS).contains(&days) => Ok(Limit::Days { days, counting }),
        _ => Err(both!(
            "the number of days must lie between 1 and {MOST_DAYS}",
            "el número de días debe estar entre 1 y {MOST_DAYS}"
        )),
    }
}

/// Whether the text holds a number of one of these units, as in `2d` or `1 month`.
fn counts(text: &str, units: &[&str]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let after = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let length = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        if units.contains(&&after[..length]) {
            return true;
        }
        rest = after;
    }
    // "2 working days" has its unit after another word.
    text.starts_with(|c: char| c.is_ascii_digit()) && units.iter().any(|unit| 1 < unit.len() && text.ends_with(unit))
}

/// Reads where a step stands: `"start"`, `"50%"`, `"-5m"`, `"floor"`, `"due"`, `"+30m"`.
pub fn offset(text: &str) -> Result<Offset, Both> {
    match text {
        "start" => return Ok(Offset::Start),
        "due" => return Ok(Offset::Due),
        "floor" => return Ok(Offset::Floor),
        _ => {}
    }
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.trim().parse() {
            Ok(percent) if (1..100).contains(&percent) => Ok(Offset::Percent(percent)),
            _ => Err(both!(
                "a share of the time must lie between 1% and 99%; the end itself is \"due\"",
                "la parte del tiempo debe estar entre 1% y 99%; el vencimiento mismo es \"due\""
            )),
        };
    }
    if let Some(span) = text.strip_prefix('-') {
        return hours_from_due(span, '-').map(Offset::Before);
    }
    if let Some(span) = text.strip_prefix('+') {
        return hours_from_due(span, '+').map(Offset::After);
    }
    Err(both!(
        "write \"start\", \"50%\", \"-5m\" (before), \"due\", \"+30m\" (after) or \"floor\"",
        "escriba \"start\" (al comenzar), \"50%\", \"-5m\" (antes), \"due\" (al vencer), \"+30m\" (después) o \"floor\" (piso)"
    ))
}

fn hours_from_due(text: &str, sign: char) -> Result<WorkingTime, Both> {
    if counts(text, &DAYS) || counts(text, &MONTHS) {
        return Err(both!(
            "count it in hours here, such as \"{sign}48h\"",
            "cuéntelo aquí en horas, como \"{sign}48h\""
        ));
    }
    working_time(text)
}

/// Reads open hours: `"08:00-12:00"`, up to `"24:00"`; `"22:00-06:00"` goes on into the next day and gives two parts.
pub fn hours(text: &str) -> Result<(Hours, Option<Hours>), Both> {
    let malformed = || {
        both!(
            "write open hours as \"08:00-18:00\", from 00:00 to 24:00",
            "escriba el horario como \"08:00-18:00\", de 00:00 a 24:00"
        )
    };
    let (start, end) = text.split_once('-').ok_or_else(malformed)?;
    let start = second_of_day(start).ok_or_else(malformed)?;
    let end = second_of_day(end).ok_or_else(malformed)?;
    if start < end {
        return Ok((Hours::new(start, end).ok_or_else(malformed)?, None));
    }
    if start == end {
        return Err(both!(
            "the hours are empty; a whole day is \"00:00-24:00\"",
            "el horario está vacío; un día entero es \"00:00-24:00\""
        ));
    }
    let evening = Hours::new(start, 86_400).ok_or_else(malformed)?;
    Ok((evening, Hours::new(0, end)))
}

/// Reads a time of day, `"08:00"`.
pub fn time_of_day(text: &str) -> Result<NaiveTime, Both> {
    second_of_day(text)
        .and_then(|second| NaiveTime::from_num_seconds_from_midnight_opt(second, 0))
        .ok_or_else(|| both!("write a time of day as \"08:00\"", "escriba la hora como \"08:00\""))
}

fn second_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let second = hour * 3_600 + minute * 60;
    (minute < 60 && second <= 86_400).then_some(second)
}

fn too_long() -> Both {
    both!("write a span of at most five years", "escriba un plazo de cinco años como máximo")
}
