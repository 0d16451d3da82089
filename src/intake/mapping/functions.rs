//! The functions that mappings have beside JMESPath's own (docs/mappings.md). Of null each gives null.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Datelike as _, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use jmespath::functions::{ArgumentType, CustomFunction, Signature};
use jmespath::{Context, ErrorReason, JmespathError, Rcvar, Runtime, Variable};
use regex::Regex;

use super::budget;
use crate::engine::calendar::zone;
use crate::intake::words as writer;
use crate::span;

type Given<'a> = &'a [Rcvar];
type Gives = Result<Variable, String>;

/// Adds them to a runtime.
pub(super) fn register(runtime: &mut Runtime) {
    let mut add = |name: &str, arity: usize, function: fn(Given<'_>) -> Gives| {
        let signature = Signature::new(vec![ArgumentType::Any; arity], None);
        let owned = name.to_owned();
        let run = move |given: &[Rcvar], context: &mut Context<'_>| {
            function(given).map(Rcvar::new).map_err(|problem| failed(&owned, &problem, context))
        };
        runtime.register_function(name, Box::new(CustomFunction::new(signature, Box::new(run))));
    };
    add("seconds", 1, |given| instant(&given[0], 1_000));
    add("milliseconds", 1, |given| instant(&given[0], 1));
    add("local", 2, |given| local(&given[0], &given[1]));
    add("html_text", 1, |given| of_text(&given[0], writer::of_html));
    add("written", 1, |given| of_text(&given[0], writer::of_text));
    add("has_picture", 1, |given| match &*given[0] {
        Variable::String(html) => Ok(Variable::Bool(writer::images(html).says_something())),
        _ => Ok(Variable::Bool(false)),
    });
    add("document_text", 1, |given| match &*given[0] {
        Variable::Object(_) => {
            let document = serde_json::to_value(&*given[0]).map_err(|_| "wants a document".to_owned())?;
            Ok(Variable::String(writer::of_document(&document)))
        }
        // Older systems write the same field as text.
        other => of_text(other, writer::of_text),
    });
    add("bbcode_text", 1, |given| of_text(&given[0], writer::of_bbcode));
    add("unescape", 1, |given| of_text(&given[0], unescape));
    add("lower", 1, |given| of_text(&given[0], str::to_lowercase));
    add("segment", 1, |given| Ok(word(&given[0]).map_or(Variable::Null, |word| Variable::String(segment(&word)))));
    add("trim", 1, |given| of_text(&given[0], |text| text.trim().to_owned()));
    add("text", 1, |given| Ok(word(&given[0]).map_or(Variable::Null, Variable::String)));
    add("words", 1, |given| Ok(words(&given[0])));
    add("one_of", 2, |given| Ok(Variable::Bool(list(&given[1]).contains(&given[0]))));
    add("find", 3, |given| find(&given[0], &given[1], &given[2]));
    add("number", 1, |given| Ok(number(&given[0])));
    add("field", 2, |given| field(&given[0], &given[1]));
    add("replace", 3, |given| replaced(&given[0], &given[1], &given[2]));
    add("with", 2, |given| Ok(with(&given[0], &given[1])));
    add("without", 2, |given| Ok(without(&given[0], &given[1])));
    add("holding", 3, |given| holding(&given[0], &given[1], &given[2]));
    add("after", 2, |given| after(&given[0], &given[1]));
    add("capture", 2, |given| capture(&given[0], &given[1]));
}

fn failed(name: &str, problem: &str, context: &Context<'_>) -> JmespathError {
    let reason = ErrorReason::Parse(format!("{name}(): {problem}"));
    JmespathError::new(context.expression, context.offset, reason)
}

const fn kind(value: &Variable) -> &'static str {
    match value {
        Variable::Null => "null",
        Variable::String(_) => "a string",
        Variable::Bool(_) => "a boolean",
        Variable::Number(_) => "a number",
        Variable::Array(_) => "a list",
        Variable::Object(_) => "an object",
        Variable::Expref(_) => "an expression",
    }
}

/// A string, or a number written out; null for anything else.
fn word(value: &Variable) -> Option<String> {
    match value {
        Variable::String(text) => Some(text.clone()),
        Variable::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn list(value: &Variable) -> &[Rcvar] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn of_text(value: &Variable, change: impl Fn(&str) -> String) -> Gives {
    match value {
        Variable::Null => Ok(Variable::Null),
        Variable::String(text) => Ok(Variable::String(change(text))),
        other => Err(format!("wants a string, not {}", kind(other))),
    }
}

/// Only the entities; what looks like a tag stays.
fn unescape(text: &str) -> String {
    html_escape::decode_html_entities(text).into_owned()
}

fn rfc3339(at: DateTime<Utc>) -> Variable {
    Variable::String(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The year 5138 in seconds, 1973 in milliseconds.
const MOST_SECONDS: i64 = 100_000_000_000;

/// An instant from a number of units since 1970, each of so many milliseconds, kept to the millisecond.
fn instant(value: &Variable, unit: i64) -> Gives {
    let Some(digits) = word(value) else {
        return if value.is_null() { Ok(Variable::Null) } else { Err(format!("wants a number, not {}", kind(value))) };
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let bad = || "wants a number of units since 1970".to_owned();
    let whole: i64 = whole.parse().map_err(|_| bad())?;
    // No second so late has been yet: it counts milliseconds, whatever the system's reference says.
    let unit = if MOST_SECONDS < whole { 1 } else { unit };
    let mut milliseconds = whole.checked_mul(unit).ok_or_else(bad)?;
    if unit == 1_000 && !fraction.is_empty() {
        let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
        milliseconds += digits.parse::<i64>().map_err(|_| bad())?;
    }
    DateTime::from_timestamp_millis(milliseconds).map(rfc3339).ok_or_else(bad)
}

/// An instant from a wall-clock time: of a repeated one the first, of a skipped one the end of the gap.
fn local(text: &Variable, zone_name: &Variable) -> Gives {
    let Variable::String(text) = text else { return Ok(Variable::Null) };
    let Variable::String(zone_name) = zone_name else {
        return Err("wants the name of a zone; does [source.…] give `set.zone`?".to_owned());
    };
    let zone = Tz::from_str(zone_name).map_err(|_| "wants an IANA zone, such as America/Bogota".to_owned())?;
    // With an offset it is an instant already, whatever the zone.
    if let Ok(at) = DateTime::parse_from_rfc3339(text.trim()) {
        return Ok(rfc3339(at.to_utc()));
    }
    // Some leave out the colon of the offset, as ISO 8601 allows.
    let with_offset = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z"];
    if let Some(at) = with_offset.iter().find_map(|format| DateTime::parse_from_str(text.trim(), format).ok()) {
        return Ok(rfc3339(at.to_utc()));
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let parsed = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok());
    let parsed = parsed.filter(|parsed| (1_900..10_000).contains(&parsed.year()));
    let parsed = parsed.ok_or_else(|| {
        let got: String = text.chars().take(40).collect();
        format!("wants a time such as 2026-03-02 09:05:00, not {got:?}")
    })?;
    Ok(rfc3339(zone::to_utc(zone, parsed)))
}

/// An instant that much later.
fn after(at: &Variable, span: &Variable) -> Gives {
    let (Variable::String(at), Variable::String(span)) = (at, span) else { return Ok(Variable::Null) };
    let at = DateTime::parse_from_rfc3339(at).map_err(|_| "wants an instant, such as `now`".to_owned())?;
    let span = span::duration(span).map_err(|_| "wants a span, such as '48h'".to_owned())?;
    let later = TimeDelta::from_std(span).ok().and_then(|span| at.to_utc().checked_add_signed(span));
    later.map(rfc3339).ok_or_else(|| "gives no instant".to_owned())
}

fn words(value: &Variable) -> Variable {
    let words = list(value).iter().filter_map(|item| word(item)).filter(|word| !word.trim().is_empty());
    Variable::Array(words.map(|word| Rcvar::new(Variable::String(word))).collect())
}

fn find(items: &Variable, field: &Variable, value: &Variable) -> Gives {
    let Variable::String(field) = field else { return Err("wants the name of a field".to_owned()) };
    budget::spend(list(items).len())?;
    let found = list(items).iter().find(|item| *item.get_field(field) == *value);
    Ok(found.map_or(Variable::Null, |item| Variable::clone(item)))
}

/// A whole number from its digits; null for anything else. JMESPath's own `to_number` makes fractions.
fn number(value: &Variable) -> Variable {
    let digits = word(value).and_then(|digits| digits.parse::<i64>().ok());
    digits.map_or(Variable::Null, |digits| Variable::Number(digits.into()))
}

/// An object with one member, whose name an expression gives.
fn field(name: &Variable, value: &Variable) -> Gives {
    let Variable::String(name) = name else { return Err("wants the name of a field".to_owned()) };
    Ok(Variable::Object([(name.clone(), Rcvar::new(value.clone()))].into_iter().collect()))
}

/// A text with other letters in the place of some.
fn replaced(text: &Variable, from: &Variable, to: &Variable) -> Gives {
    match (text, from, to) {
        (Variable::String(text), Variable::String(from), Variable::String(to)) if !from.is_empty() => {
            Ok(Variable::String(text.replace(from.as_str(), to)))
        }
        (Variable::Null, ..) => Ok(Variable::Null),
        _ => Err("wants three strings".to_owned()),
    }
}

/// A list that has the word, at its end where it was not in it. Case makes no difference.
fn with(items: &Variable, added: &Variable) -> Variable {
    let mut kept = list(items).to_vec();
    if !kept.iter().any(|item| is_word(item, added)) {
        kept.push(Rcvar::new(added.clone()));
    }
    Variable::Array(kept)
}

/// A list that does not have the word.
fn without(items: &Variable, gone: &Variable) -> Variable {
    Variable::Array(list(items).iter().filter(|item| !is_word(item, gone)).cloned().collect())
}

fn is_word(item: &Variable, other: &Variable) -> bool {
    match (item, other) {
        (Variable::String(item), Variable::String(other)) => item.to_lowercase() == other.to_lowercase(),
        _ => item == other,
    }
}

/// The first element whose field contains the text.
fn holding(items: &Variable, field: &Variable, text: &Variable) -> Gives {
    let (Variable::String(field), Variable::String(text)) = (field, text) else {
        return Err("wants the name of a field, and a text".to_owned());
    };
    budget::spend(list(items).len())?;
    let holds = |item: &&Rcvar| item.get_field(field).as_string().is_some_and(|value| value.contains(text.as_str()));
    Ok(list(items).iter().find(holds).map_or(Variable::Null, |item| Variable::clone(item)))
}

/// A word as one segment of a path, whatever stands in it (RFC 3986 §3.3).
fn segment(word: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    word.bytes().map(encoded).collect()
}

/// Patterns that were compiled. They stand in mappings, so there are few.
static PATTERNS: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
const MOST_PATTERNS: usize = 1_000;

fn pattern(text: &str) -> Result<Regex, String> {
    let mut known = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(text) {
        return Ok(known.clone());
    }
    let new = Regex::new(text).map_err(|_| "wants a regular expression".to_owned())?;
    if known.len() < MOST_PATTERNS {
        known.insert(text.to_owned(), new.clone());
    }
    Ok(new)
}

fn capture(text: &Variable, expression: &Variable) -> Gives {
    let (Variable::String(text), Variable::String(expression)) = (text, expression) else { return Ok(Variable::Null) };
    let found = pattern(expression)?;
    let found = found.captures(text).and_then(|found| found.get(1).or_else(|| found.get(0)));
    Ok(found.map_or(Variable::Null, |found| Variable::String(found.as_str().to_owned())))
}
