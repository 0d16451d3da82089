//! The forms in which people write times, dates, days and spans elsewhere, turned into those of the file. They are not taken as they are:
//! whoever wrote one is told the very text to write, so that the file says what it means.

use std::sync::LazyLock;

use regex::Regex;

use super::mistake::quoted;
use super::spanish;
use crate::both;
use crate::text::Both;

/// A time of day: hour, perhaps minutes, perhaps which half of the day.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(\d{1,2})(?:\s*[:.h]\s*(\d{2}))?(?::00)?\s*(?:([ap])\.?\s*m\.?)?\s*(?:h|hs|hrs|horas)?$").ok()
});
/// What stands between the two times, or the two days, of a range.
static TO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\s*(?:[-–—]|\s(?:a|al|to|hasta|until)(?:\s+las?)?\s)\s*").ok());
/// A date by three numbers.
static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})$").ok());
/// A date with the name of its month after the day, or before it.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(\d{1,2})\.?\s*(?:de\s+)?(\p{L}+)|(\p{L}+)\s+(\d{1,2}))\.?,?\s*(?:de\s+|del\s+)?(\d{4})$").ok()
});
/// A number and its unit within a span.
static PART: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\d+)\s*(\p{L}+)\.?").ok());

const MONTHS: [&[&str]; 12] = [
    &["ene", "jan"],
    &["feb"],
    &["mar"],
    &["abr", "apr"],
    &["may"],
    &["jun"],
    &["jul"],
    &["ago", "aug"],
    &["sep", "set"],
    &["oct"],
    &["nov"],
    &["dic", "dec"],
];
const DAYS: [(&str, &[&str]); 7] = [
    ("mon", &["lun", "mon"]),
    ("tue", &["mar", "tue"]),
    ("wed", &["mie", "wed"]),
    ("thu", &["jue", "thu"]),
    ("fri", &["vie", "fri"]),
    ("sat", &["sab", "sat"]),
    ("sun", &["dom", "sun"]),
];

/// What to write instead of `text`, where another form of it is one that `read` takes.
pub(super) fn remedy<T>(text: &str, read: impl Fn(&str) -> Result<T, Both>) -> Option<Both> {
    let form = forms(text).into_iter().find(|form| read(form).is_ok())?;
    let form = quoted(&form);
    Some(both!("write \"{form}\"", "escriba \"{form}\""))
}

/// The word of the file for a Spanish one: a key, or a day or a range of days.
pub(super) fn word(spanish_word: &str) -> Option<String> {
    let key = spanish::keys(spanish_word).first().map(|key| (*key).to_owned());
    key.or_else(|| days(&spanish::folded(spanish_word)))
}

/// The same in every form of the file in which it might be meant.
fn forms(text: &str) -> Vec<String> {
    let text = text.trim();
    let lower = spanish::folded(text);
    let known = spanish::keys(text).iter().map(|key| (*key).to_owned());
    [time(text), hours(text), date(text, &lower), days(&lower), span(&lower), offset(&lower)]
        .into_iter()
        .flatten()
        .chain(known)
        .chain([lower.clone()])
        .filter(|form| form != text)
        .collect()
}

/// `1:00 pm`, `8:00`, `8 am`, `18h30` → `13:00` …
fn time(text: &str) -> Option<String> {
    // Noon is 12 m. in much of Latin America.
    if ["12m", "12meridiano", "mediodia", "mediodía"].contains(&&*text.to_lowercase().replace(['.', ' '], "")) {
        return Some("12:00".to_owned());
    }
    let parts = TIME.as_ref()?.captures(text.trim())?;
    let hour: u32 = parts.get(1)?.as_str().parse().ok()?;
    let minute: u32 = parts.get(2).map_or(Ok(0), |minute| minute.as_str().parse()).ok()?;
    let hour = match parts.get(3).map(|half| half.as_str().to_ascii_lowercase()).as_deref() {
        Some(_) if hour == 0 || 12 < hour => return None,
        Some("a") => hour % 12,
        Some(_) => hour % 12 + 12,
        None => hour,
    };
    (hour <= 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

fn hours(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("de ").trim_start_matches("las ");
    let [start, end] = TO.as_ref()?.splitn(text, 2).collect::<Vec<_>>().try_into().ok()?;
    let ends = time(end)?;
    // The half of the day often stands but once: 1 - 6 pm.
    let tail = end.to_lowercase().replace(['.', ' '], "");
    let shared = ["pm", "am"].into_iter().find(|half| tail.ends_with(half) && !start.to_lowercase().contains('m'));
    let shared = shared.and_then(|half| time(&format!("{start} {half}"))).filter(|begins| *begins < ends);
    Some(format!("{}-{ends}", shared.or_else(|| time(start))?))
}

/// `24/12/2026`, `24 de diciembre de 2026`, `Dec 24, 2026` → `2026-12-24`. Where day and month could be either, the day comes first.
fn date(text: &str, lower: &str) -> Option<String> {
    let (year, month, day): (u32, u32, u32) = if let Some(parts) = NUMBERS.as_ref()?.captures(text) {
        let number = |n| parts.get(n).and_then(|part| part.as_str().parse::<u32>().ok());
        let (first, second, third) = (number(1)?, number(2)?, number(3)?);
        match (first, second) {
            _ if 31 < first => (first, second, third),
            (..=12, 13..) => (third, first, second),
            _ => (third, second, first),
        }
    } else {
        let parts = NAMED.as_ref()?.captures(lower)?;
        let word = |one, other| parts.get(one).or_else(|| parts.get(other)).map(|part| part.as_str());
        let name = word(2, 3)?;
        let month = MONTHS.iter().position(|names| names.iter().any(|start| name.starts_with(start)))? + 1;
        (parts.get(5)?.as_str().parse().ok()?, u32::try_from(month).ok()?, word(1, 4)?.parse().ok()?)
    };
    let year = if year < 100 { 2_000 + year } else { year };
    Some(format!("{year}-{month:02}-{day:02}"))
}

/// `lun-vie`, `lunes a viernes`, `Sábado` → `mon-fri`, `sat`.
fn days(lower: &str) -> Option<String> {
    let day = |word: &str| {
        let word = word.trim();
        let is_meant = |names: &[&str]| names.iter().any(|start| word.starts_with(start)) && word.len() <= 9;
        DAYS.iter().find(|(_, names)| is_meant(names)).map(|(day, _)| *day)
    };
    let parts: Vec<_> = TO.as_ref()?.split(lower).collect();
    match parts.as_slice() {
        [one] => day(one).map(str::to_owned),
        [first, last] => Some(format!("{}-{}", day(first)?, day(last)?)),
        _ => None,
    }
}

/// `48 horas`, `1 hora 30 minutos`, `2 días hábiles` → `48h`, `1h 30m`, `2 working days`.
fn span(lower: &str) -> Option<String> {
    let parts: Vec<_> = PART.as_ref()?.captures_iter(lower).collect();
    let mut words = Vec::new();
    for part in &parts {
        let (number, unit) = (part.get(1)?.as_str(), part.get(2)?.as_str());
        words.push(match unit {
            "h" | "hs" | "hr" | "hrs" | "hora" | "horas" | "hour" | "hours" => format!("{number}h"),
            "m" | "min" | "mins" | "minuto" | "minutos" | "minute" | "minutes" => format!("{number}m"),
            "s" | "seg" | "segundo" | "segundos" => format!("{number}s"),
            "dia" | "dias" | "day" | "days" if lower.contains("habil") || lower.contains("working") => {
                format!("{number} working days")
            }
            "dia" | "dias" if lower.contains("corrido") || lower.contains("calendario") => format!("{number} days"),
            _ => return None,
        });
    }
    if lower.contains("media") {
        words.push("30m".to_owned());
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// `50 %`, `-5 min`, `al vencer` → `50%`, `-5m`, `due`.
fn offset(lower: &str) -> Option<String> {
    if let Some(sign) = lower.chars().next().filter(|sign| ['+', '-'].contains(sign)) {
        return Some(format!("{sign}{}", span(&lower[1..])?));
    }
    lower.strip_suffix('%').map(|number| format!("{}%", number.trim()))
}
