//! `plazo calendar eval`: one JSON query a line in, one JSON answer a line out.

use std::collections::HashMap;
use std::io::{BufRead, Read as _, Write as _};
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, FixedOffset, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::inline::Inline;
use crate::both;
use crate::cli::{Exit, Global, Outcome};
use crate::config::mistake::suggestion;
use crate::config::{self, Config};
use crate::engine::calendar::{Calendar, CalendarError};
use crate::engine::working_time::WorkingTime;
use crate::text::{Both, Language};

/// Longer lines are refused.
const LONGEST_LINE: u64 = 1 << 20;
/// Calendars kept, by their text; most input uses few.
const MOST_CALENDARS: usize = 1_024;
/// The span that `between` looks through.
const LONGEST_SPAN: TimeDelta = TimeDelta::days(36_500);

/// A line of input; keys that it does not name are left alone.
#[derive(Deserialize)]
struct Query<'a> {
    #[serde(default)]
    id: Value,
    #[serde(borrow)]
    calendar: Option<&'a RawValue>,
    op: Option<String>,
    start: Option<String>,
    end: Option<String>,
    at: Option<String>,
    amount_seconds: Option<i64>,
}

/// What answering needs besides the query.
struct Evaluator<'a> {
    global: &'a Global,
    language: Language,
    calendars: HashMap<String, Result<Arc<Calendar>, Both>>,
    /// Read when the first query names a calendar.
    config: Option<Result<Config, Both>>,
}

pub(super) fn run(global: &Global) -> Outcome {
    let language = global.look().language;
    let mut evaluator = Evaluator { global, language, calendars: HashMap::new(), config: None };
    let mut input = std::io::stdin().lock();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    let mut exit = Exit::Done;
    for number in 1_u64.. {
        line.clear();
        if input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = if LONGEST_LINE < line.len() as u64 {
            // The rest of the line is read past, not kept.
            input.skip_until(b'\n')?;
            json!({"id": null, "error": language.of(both!(
                "line {number}: it is longer than 1 MiB", "línea {number}: pasa de 1 MiB"
            ))})
        } else {
            evaluator.answer(&line, number)
        };
        if answer.get("error").is_some() {
            exit = Exit::Found;
        }
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(exit)
}

impl Evaluator<'_> {
    fn answer(&mut self, line: &[u8], number: u64) -> Value {
        let query: Query<'_> = match serde_json::from_slice(line) {
            Ok(query) => query,
            Err(error) => {
                // Its id may be readable although the rest is not.
                let id = serde_json::from_slice(line).ok().map(|line: Value| line["id"].clone()).unwrap_or_default();
                let text = both!(
                    "line {number}: {error}; write one JSON object a line, as plazo calendar eval --help shows",
                    "línea {number}: {error}; escriba un objeto JSON por línea, como muestra plazo calendar eval --help"
                );
                return json!({"id": id, "error": self.language.of(text)});
            }
        };
        match self.evaluate(&query) {
            Ok(result) => json!({"id": query.id, "result": result}),
            Err(Both { en, es }) => {
                let text = if query.id.is_null() {
                    both!("line {number}: {en}", "línea {number}: {es}")
                } else {
                    Both { en, es }
                };
                json!({"id": query.id, "error": self.language.of(text)})
            }
        }
    }

    fn evaluate(&mut self, query: &Query<'_>) -> Result<Value, Both> {
        let op = query.op.as_deref().ok_or_else(|| missing("op", "\"add\""))?;
        let calendar = self.calendar(query.calendar.ok_or_else(|| missing("calendar", "\"always\""))?)?;
        match op {
            "add" => {
                let start = instant("start", query.start.as_deref())?;
                let amount = query.amount_seconds.ok_or_else(|| missing("amount_seconds", "3600"))?;
                if amount < 0 {
                    return Err(both!(
                        "amount_seconds: {amount} is negative; working time is only added",
                        "amount_seconds: {amount} es negativo; el tiempo hábil solo se suma"
                    ));
                }
                let due_at = calendar.due_at(start, WorkingTime::seconds(amount)).map_err(|error| failed(&error))?;
                Ok(due_at.with_timezone(&calendar.zone()).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true).into())
            }
            "between" => {
                let start = instant("start", query.start.as_deref())?;
                let end = instant("end", query.end.as_deref())?;
                if LONGEST_SPAN < end - start {
                    return Err(both!(
                        "end: more than a century after start; ask for less",
                        "end: más de un siglo después de start; pregunte por menos"
                    ));
                }
                Ok(calendar.open_between(start, end).as_seconds().into())
            }
            "is_open" => Ok(calendar.is_open(instant("at", query.at.as_deref())?).into()),
            other => {
                let Both { en, es } = suggestion(other, ["add", "between", "is_open"]);
                Err(both!("op: `{other}` is unknown; {en}", "op: `{other}` no se conoce; {es}"))
            }
        }
    }

    fn calendar(&mut self, text: &RawValue) -> Result<Arc<Calendar>, Both> {
        let text = text.get();
        if let Some(known) = self.calendars.get(text) {
            return known.clone();
        }
        let calendar = match serde_json::from_str::<String>(text) {
            Ok(name) => self.named(&name),
            Err(_) => serde_json::from_str::<Inline>(text)
                .map_err(|error| both!("calendar: {error}", "calendar: {error}"))
                .and_then(|inline| inline.resolve().map(Arc::new)),
        };
        if MOST_CALENDARS <= self.calendars.len() {
            self.calendars.clear();
        }
        self.calendars.insert(text.to_owned(), calendar.clone());
        calendar
    }

    /// A calendar of `sla.toml`.
    fn named(&mut self, name: &str) -> Result<Arc<Calendar>, Both> {
        let path = self.global.config.display();
        let load = || match config::load(&self.global.config) {
            Err(error) => Err(both!("calendar: {error}", "calendar: {error}")),
            Ok(loaded) => loaded.config.ok_or_else(|| {
                both!(
                    "calendar: {path} has mistakes; see plazo check",
                    "calendar: {path} tiene errores; vea plazo check"
                )
            }),
        };
        let config = self.config.get_or_insert_with(load).as_ref().map_err(Both::clone)?;
        config.calendars.get(name).cloned().ok_or_else(|| {
            let Both { en, es } = suggestion(name, config.calendars.keys().map(String::as_str));
            both!("calendar: {path} has no `{name}`; {en}", "calendar: {path} no tiene `{name}`; {es}")
        })
    }
}

fn failed(error: &CalendarError) -> Both {
    match error {
        CalendarError::NeverOpen { calendar, from } => both!(
            "calendar: `{calendar}` has no open hour within a year of {from}; give it hours",
            "calendar: `{calendar}` no abre en el año que sigue al {from}; dele horario"
        ),
        CalendarError::TooFar { .. } => both!(
            "amount_seconds: it ends more than a century ahead, or after the year 9999; ask for less",
            "amount_seconds: termina más de un siglo después, o pasado el año 9999; pregunte por menos"
        ),
    }
}

fn missing(field: &str, example: &str) -> Both {
    both!("{field}: it is missing; write \"{field}\": {example}", "{field}: falta; escriba \"{field}\": {example}")
}

/// An instant of years that every zone's wall clock can show.
fn instant(field: &str, text: Option<&str>) -> Result<DateTime<Utc>, Both> {
    let text = text.ok_or_else(|| missing(field, "\"2026-03-02T09:00:00-05:00\""))?;
    let at: Option<DateTime<FixedOffset>> = DateTime::parse_from_rfc3339(text).ok();
    let at = at.map(|at| at.to_utc()).filter(|at| (1..=9_900).contains(&at.year()));
    at.ok_or_else(|| {
        both!(
            "{field}: cannot read `{text}`; write an instant with its offset, such as \"2026-03-02T09:00:00-05:00\"",
            "{field}: no se entiende `{text}`; escriba un instante con su zona, como \"2026-03-02T09:00:00-05:00\""
        )
    })
}
