//! The Event JSON form (docs/events.md): one object, an array, or NDJSON.
//!
//! Fields that plazo does not know are kept in `refs`, never an error. What is wrong is told with the field's name.

mod about;
mod fact;
mod fields;
mod write;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::both;
use crate::engine::event::{Event, Fact};
use crate::engine::request_id::RequestId;
use crate::text::Both;
use fields::{Care, Fields};

pub use write::write;

/// Events of one body at most.
pub const MOST_EVENTS: usize = 10_000;

/// An event may claim to happen this much later than now; the clocks of two machines differ.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// A field that is wrong or missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {}", problem.en)]
pub struct FieldError {
    /// The field.
    pub field: String,
    /// What is wrong, and what to write.
    pub problem: Both,
}

impl FieldError {
    /// The field and what is wrong with it, in both languages.
    pub fn words(&self) -> Both {
        let Self { field, problem: Both { en, es } } = self;
        both!("`{field}`: {en}", "`{field}`: {es}")
    }
}

/// A body that is no JSON at all.
#[derive(Debug, thiserror::Error)]
#[error("this is not JSON: {0}")]
pub struct NotJson(#[from] pub serde_json::Error);

/// A body of which no event is taken.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It is no JSON, or no event.
    #[error(transparent)]
    NotJson(#[from] NotJson),
    /// It holds more events than a body may.
    #[error("a body holds 1 to {MOST_EVENTS} events; this one holds more")]
    TooMany,
}

impl Unusable {
    fn of(error: serde_json::Error) -> Self {
        if error.to_string().starts_with(TOO_MANY) { Self::TooMany } else { Self::NotJson(error.into()) }
    }
}

/// An event as it came in, or what is wrong with it.
pub type Parsed = Result<(Event, Option<RequestId>), FieldError>;

/// What was heard, with the fields that could not be read and cost nothing but themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadEvent {
    /// The event.
    pub event: Event,
    /// The request that it names.
    pub request: Option<RequestId>,
    /// Fields that were left out, and why.
    pub lost: Vec<FieldError>,
}

/// Reads a body: one object, an array of them, or one a line.
///
/// # Errors
///
/// [`Unusable`] if the body as a whole cannot be read. What is wrong in one event is told in its place.
pub fn read(body: &[u8], source: &str, now: DateTime<Utc>) -> Result<Vec<Result<ReadEvent, FieldError>>, Unusable> {
    Ok(values(body)?.into_iter().map(|value| heard(value, source, now)).collect())
}

/// The values of a body that are to be events.
///
/// # Errors
///
/// [`Unusable`] as [`read`].
pub fn values(body: &[u8]) -> Result<Vec<Value>, Unusable> {
    let mut values = Vec::new();
    for batch in serde_json::Deserializer::from_slice(body).into_iter::<Batch>() {
        values.extend(batch.map_err(Unusable::of)?.0);
        if MOST_EVENTS < values.len() {
            return Err(Unusable::TooMany);
        }
    }
    Ok(values)
}

/// Reads one event, whose every field must be right.
///
/// # Errors
///
/// [`FieldError`] names the field.
pub fn event(value: Value, source: &str, now: DateTime<Utc>) -> Parsed {
    let heard = strictly(value, source, now)?;
    Ok((heard.event, heard.request))
}

/// As [`heard`], of an event whose every field must be right.
///
/// # Errors
///
/// [`FieldError`] names the field.
pub fn strictly(value: Value, source: &str, now: DateTime<Utc>) -> Result<ReadEvent, FieldError> {
    Fields::new(value, Care::Strict)?.event(source, now)
}

/// Whether somebody may wait for what this is to tell: then a field that cannot be read costs only itself ([`heard`]).
pub fn is_asked(value: &Value) -> bool {
    value.get("type").is_some_and(|kind| kind == "message" || kind == "open")
}

/// Reads one event. Of a message, or of a request that is opened, a field that cannot be read costs that field and never the wait of
/// whoever wrote: its time is the arrival's then. Anything else must be right.
///
/// # Errors
///
/// [`FieldError`] names the field: `id` and `type`, or any of another kind of event.
pub fn heard(value: Value, source: &str, now: DateTime<Utc>) -> Result<ReadEvent, FieldError> {
    let care = if is_asked(&value) { Care::Lenient } else { Care::Strict };
    Fields::new(value, care)?.event(source, now)
}

fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let is_deeper = |value: &Value| is_deeper_than(value, levels - 1);
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => true,
        Value::Array(items) => items.iter().any(is_deeper),
        Value::Object(members) => members.values().any(is_deeper),
        _ => false,
    }
}

/// The events of a body: one, or a list of them, and no more than a body may hold. They are counted while they are read, since a megabyte
/// of JSON can be half a million values.
struct Batch(Vec<Value>);

impl<'de> serde::Deserialize<'de> for Batch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Batch;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an event, or a list of events")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Batch, A::Error> {
                let value =
                    <Value as serde::Deserialize>::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Batch(vec![value]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Batch, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element::<Value>()? {
                    values.push(value);
                    if MOST_EVENTS < values.len() {
                        return Err(serde::de::Error::custom(TOO_MANY));
                    }
                }
                Ok(Batch(values))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Told by the reader within, which knows no errors of ours.
const TOO_MANY: &str = "too many events";

/// Checks the type of an event before there is one.
///
/// # Errors
///
/// [`FieldError`] with the types that there are.
pub fn check_type(word: &str) -> Result<(), FieldError> {
    if Fact::TYPES.contains(&word) { Ok(()) } else { Err(unknown_type(word)) }
}

fn unknown_type(word: &str) -> FieldError {
    wrong(
        "type",
        both!(
            "`{word}` is no type of event; the types are listed in docs/events.md, such as message or open",
            "«{word}» no es un tipo de evento; los tipos están en docs/events.md, como message u open"
        ),
    )
}

fn wrong(field: &str, problem: impl Into<Both>) -> FieldError {
    FieldError { field: field.to_owned(), problem: problem.into() }
}
