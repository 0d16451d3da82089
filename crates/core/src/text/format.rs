//! Instants, spans and words as people of each language write them.

use super::printable::{first_letters, n_letters, printable_line};
use super::{Both, Language};
use crate::engine::working_time::WorkingTime;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

const WEEKDAYS_ES: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];
const WEEKDAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS_ES: [&str; 12] = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `lun 2 mar, 09:20` / `Mon 2 Mar, 09:20`; with seconds where they are not zero.
pub fn instant(at: DateTime<Utc>, zone: Tz, language: Language) -> String {
    format!("{}, {}", date(at.with_timezone(&zone).date_naive(), language), time(at, zone))
}

/// `lun 2 mar` / `Mon 2 Mar`.
pub fn date(date: NaiveDate, language: Language) -> String {
    let months = match language {
        Language::Es => MONTHS_ES,
        Language::En => MONTHS_EN,
    };
    format!("{} {} {}", weekday(date, language), date.day(), months[date.month0() as usize])
}

fn weekday(date: NaiveDate, language: Language) -> &'static str {
    let weekdays = match language {
        Language::Es => WEEKDAYS_ES,
        Language::En => WEEKDAYS_EN,
    };
    weekdays[date.weekday().num_days_from_monday() as usize]
}

/// `09:20`, or `09:20:30` where seconds matter.
pub fn time(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    if local.second() == 0 { local.format("%H:%M").to_string() } else { local.format("%H:%M:%S").to_string() }
}

/// `lun 2 mar, 09:20`, without seconds: for what is read later than it is written, where "today" would become untrue.
pub fn dated(at: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let local = at.with_timezone(&zone);
    format!("{}, {}", date(local.date_naive(), language), local.format("%H:%M"))
}

/// An instant as people say it who read it at `now`: `hoy 12:41`, `ayer 18:05`, `mañana 08:00`, `lun 08:30` within the next six days (one that
/// is past would be taken for the next), else its date, with the year where that is another one.
pub fn when(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone).date_naive());
    let day = local.date_naive();
    let n_days = (day - today).num_days();
    let day = match (n_days, language) {
        (0, Language::Es) => "hoy".to_owned(),
        (0, Language::En) => "today".to_owned(),
        (-1, Language::Es) => "ayer".to_owned(),
        (-1, Language::En) => "yesterday".to_owned(),
        (1, Language::Es) => "mañana".to_owned(),
        (1, Language::En) => "tomorrow".to_owned(),
        (2..=6, _) => weekday(day, language).to_owned(),
        _ if day.year() == today.year() => format!("{},", date(day, language)),
        _ => format!("{} {},", date(day, language), day.year()),
    };
    format!("{day} {}", local.format("%H:%M"))
}

/// `2 d 3 h`, `1 h 30 min`, `5 min`, `40 s`: the two largest units, the same in both languages.
pub fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let largest = units.iter().position(|(n, _)| *n > 0).unwrap_or(units.len() - 1);
    let (n, unit) = units[largest];
    match units.get(largest + 1).filter(|(next, _)| *next > 0) {
        // Seconds beside hours or minutes are noise.
        Some((next, next_unit)) if *next_unit != "s" || n < 10 && unit == "min" => {
            format!("{n} {unit} {next} {next_unit}")
        }
        _ => format!("{n} {unit}"),
    }
}

/// A span as people say it: no seconds beside minutes, and no minutes beside days.
pub fn rough_span(time: TimeDelta) -> String {
    let unit = if time < TimeDelta::minutes(1) { 1 } else { 60 };
    span(TimeDelta::seconds(time.num_seconds() / unit * unit))
}

/// `1 d 2 h 3 min 4 s`: every unit that is not zero.
pub fn span_in_full(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let words: Vec<_> = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// Working time in hours and minutes, `48 h`, `1 h 30 min`: a day of work is no day.
pub fn working_time(time: WorkingTime) -> String {
    let (hours, minutes) = (time.as_seconds() / 3_600, time.as_seconds() / 60 % 60);
    match (hours, minutes) {
        (0, _) => span(time.as_elapsed()),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Bytes in the unit that leaves few digits: `1.5 GB`, in Spanish `1,5 GB`; `32 MB`, `4 kB`.
pub fn bytes(n: u64, language: Language) -> String {
    let tenths = |unit: u64| (n.saturating_mul(10) / unit) as f64 / 10.0;
    match n {
        0..1_000_000 => format!("{} kB", n / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", n / 1_000_000),
        _ => {
            let en = format!("{:.1} GB", tenths(1_000_000_000));
            language.of(Both { es: en.replace('.', ","), en })
        }
    }
}

/// The text on one line, without control characters and what hides, at most `longest` letters as readers see them.
pub fn one_line(text: &str, longest: usize) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = printable_line(&words.join(" "));
    if n_letters(&line) <= longest {
        return line;
    }
    format!("{}…", first_letters(&line, longest.saturating_sub(1)))
}
