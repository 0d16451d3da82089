//! The fields of an event, each taken once, by the kind of value that it must be.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::{Map, Value};

use super::{FieldError, is_deeper_than, wrong};
use crate::engine::request_id::RequestId;
use crate::intake::bounded::cut;
use crate::text::Both;
use crate::{both, span};

/// Names longer than this are no names.
pub(super) const LONGEST_WORD: usize = 1_024;
/// Levels of a field that plazo keeps without knowing it, and bytes of all of them.
const DEEPEST_REF: usize = 16;
const LARGEST_REFS: usize = 16 << 10;
/// Entries of a list at most.
const MOST_ENTRIES: usize = 256;
/// A number of units since 1970 from here on counts milliseconds.
const SHORTEST_MILLISECONDS: f64 = 1e11;

/// What becomes of a field that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// It is an error.
    Strict,
    /// It is left out, and noted.
    Lenient,
}

/// The fields that nobody has taken yet.
pub(super) struct Fields {
    pub(super) left: Map<String, Value>,
    pub(super) care: Care,
    pub(super) lost: Vec<FieldError>,
}

impl Fields {
    pub(super) fn new(value: Value, care: Care) -> Result<Self, FieldError> {
        let Value::Object(left) = value else {
            let problem = both!(
                "must be a JSON object, such as {{\"id\": \"m-1\", \"type\": \"message\", …}}",
                "debe ser un objeto JSON, como {{\"id\": \"m-1\", \"type\": \"message\", …}}"
            );
            return Err(wrong("event", problem));
        };
        Ok(Self { left, care, lost: Vec::new() })
    }

    /// What a field says; where that cannot be read and nothing hangs on it, nothing.
    pub(super) fn soft<T: Default>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        match read(self) {
            Err(error) if self.care == Care::Lenient => {
                self.lost.push(error);
                Ok(T::default())
            }
            read => read,
        }
    }

    /// What plazo keeps without knowing it, as far as it can be read back: JSON nests to 127, and what is kept lies deeper than it came.
    pub(super) fn bounded(&mut self, refs: Map<String, Value>) -> Result<Map<String, Value>, FieldError> {
        let mut kept = Map::new();
        let mut size = 0;
        for (name, value) in refs {
            size += name.len() + value.to_string().len();
            let problem = if is_deeper_than(&value, DEEPEST_REF) {
                both!(
                    "nests deeper than {DEEPEST_REF} levels",
                    "tiene más de {DEEPEST_REF} niveles, uno dentro de otro"
                )
            } else if LARGEST_REFS < size {
                {
                    let most = LARGEST_REFS >> 10;
                    both!(
                        "makes what plazo keeps without knowing it larger than {most} KiB",
                        "lleva a más de {most} KiB lo que plazo guarda sin conocerlo"
                    )
                }
            } else {
                kept.insert(name, value);
                continue;
            };
            let error = wrong(cut(&name, LONGEST_WORD), problem);
            if self.care == Care::Strict {
                return Err(error);
            }
            self.lost.push(error);
        }
        Ok(kept)
    }

    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, field: &str) -> Result<Option<String>, FieldError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(must_be(field, Both { en: "a string", es: "un texto" }, &other)),
        }
    }

    pub(super) fn word(&mut self, field: &str) -> Result<Option<String>, FieldError> {
        let word = match self.take(field) {
            // Ids are numbers in many systems.
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(other) => {
                self.left.insert(field.to_owned(), other);
                self.text(field)?
            }
            None => None,
        };
        match word {
            Some(word) if LONGEST_WORD < word.len() && self.care == Care::Lenient => {
                self.lost.push(wrong(
                    field,
                    both!("is longer than {LONGEST_WORD} bytes and was cut", "pasa de {LONGEST_WORD} bytes y se cortó"),
                ));
                Ok(Some(cut(&word, LONGEST_WORD).to_owned()))
            }
            Some(word) if LONGEST_WORD < word.len() => {
                Err(wrong(field, both!("is longer than {LONGEST_WORD} bytes", "pasa de {LONGEST_WORD} bytes")))
            }
            word => Ok(word.filter(|word| !word.trim().is_empty())),
        }
    }

    pub(super) fn required(&mut self, field: &str, meaning: Both<&str>) -> Result<String, FieldError> {
        let Both { en, es } = meaning;
        self.word(field)?.ok_or_else(|| wrong(field, both!("is missing; it is {en}", "falta; es {es}")))
    }

    pub(super) fn words(&mut self, field: &str) -> Result<Vec<String>, FieldError> {
        match self.take(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() <= MOST_ENTRIES => items
                .into_iter()
                .map(|item| match item {
                    Value::String(word) if word.len() <= LONGEST_WORD => Ok(word),
                    other => Err(must_be(
                        field,
                        Both { en: "a list of short strings", es: "una lista de textos cortos" },
                        &other,
                    )),
                })
                .collect(),
            Some(Value::Array(_)) => Err(wrong(
                field,
                both!("lists more than {MOST_ENTRIES} entries", "tiene más de {MOST_ENTRIES} elementos"),
            )),
            Some(other) => Err(must_be(field, Both { en: "a list of strings", es: "una lista de textos" }, &other)),
        }
    }

    pub(super) fn object(&mut self, field: &str) -> Result<Map<String, Value>, FieldError> {
        match self.take(field) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(other) => Err(must_be(field, Both { en: "an object", es: "un objeto" }, &other)),
        }
    }

    pub(super) fn instant(&mut self, field: &str) -> Result<Option<DateTime<Utc>>, FieldError> {
        let at = if let Some(at) = self.left.get(field).and_then(since_1970) {
            self.left.remove(field);
            at
        } else {
            let Some(text) = self.text(field)? else { return Ok(None) };
            let parsed = DateTime::parse_from_rfc3339(&text).map_err(|_| {
                wrong(
                    field,
                    both!(
                        "`{text}` is no instant; write it as 2026-03-02T09:05:00-05:00",
                        "«{text}» no es un momento; escríbalo como 2026-03-02T09:05:00-05:00"
                    ),
                )
            })?;
            parsed.to_utc().trunc_subsecs(3)
        };
        if span::is_reckonable(at) {
            Ok(Some(at))
        } else {
            {
                let problem = both!("must lie in the years 1970 to 9999", "debe estar entre los años 1970 y 9999");
                Err(wrong(field, problem))
            }
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> Result<Option<T>, FieldError> {
        let Some(word) = self.word(field)? else { return Ok(None) };
        let chosen = choices.iter().find(|(choice, _)| *choice == word).map(|(_, value)| *value);
        chosen.map(Some).ok_or_else(|| {
            let known: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            let known = known.join(", ");
            wrong(field, both!("`{word}` is not one of {known}", "«{word}» no es uno de {known}"))
        })
    }

    pub(super) fn request(&mut self, field: &str) -> Result<Option<RequestId>, FieldError> {
        let Some(word) = self.word(field)? else { return Ok(None) };
        word.parse().map(Some).map_err(|_: crate::engine::request_id::NoRequestId| {
            wrong(
                field,
                both!(
                    "`{word}` is no request id; write it as R-17",
                    "«{word}» no es un número de solicitud; escríbalo como R-17"
                ),
            )
        })
    }

    pub(super) fn flag(&mut self, field: &str) -> Result<Option<bool>, FieldError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(must_be(field, Both { en: "true or false", es: "true o false" }, &other)),
        }
    }

    pub(super) fn count(&mut self, field: &str) -> Result<Option<u32>, FieldError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.map(Some).ok_or_else(|| wrong(field, both!("must be a whole number", "debe ser un número entero")))
    }
}

/// A value of another type than is wanted.
pub(super) fn must_be(field: &str, wanted: Both<&str>, found: &Value) -> FieldError {
    let found = kind_of(found);
    let (en, es) =
        (format!("must be {}, not {}", wanted.en, found.en), format!("debe ser {}, no {}", wanted.es, found.es));
    wrong(field, Both { en, es })
}

/// An instant as many systems write it: seconds or milliseconds since 1970, as a number or in quotes.
fn since_1970(value: &Value) -> Option<DateTime<Utc>> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let milliseconds = if number.abs() < SHORTEST_MILLISECONDS { number * 1_000.0 } else { number };
    (milliseconds.abs() < 1e15).then(|| DateTime::from_timestamp_millis(milliseconds as i64))?
}

const fn kind_of(value: &Value) -> Both<&'static str> {
    match value {
        Value::Null => Both { en: "null", es: "null" },
        Value::Bool(_) => Both { en: "a boolean", es: "true o false" },
        Value::Number(_) => Both { en: "a number", es: "un número" },
        Value::String(_) => Both { en: "a string", es: "un texto" },
        Value::Array(_) => Both { en: "a list", es: "una lista" },
        Value::Object(_) => Both { en: "an object", es: "un objeto" },
    }
}
