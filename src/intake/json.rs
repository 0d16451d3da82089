//! The Event JSON form (docs/events.md): one object, an array, or NDJSON.
//!
//! Fields that plazo does not know are kept in `refs`, never an error. What is wrong is told with the field's name.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::bounded::cut;
use crate::engine::address;
use crate::engine::check::Part;
use crate::engine::event::{
    About, Audience, Author, AuthorKind, BrokenPromise, Direction, Event, EventId, Fact, Ground, Interaction, Promise,
    RequestKind,
};
use crate::engine::policy::TargetKind;
use crate::engine::proof::Proof;
use crate::engine::request::LONGEST_SNOOZE;
use crate::engine::request_id::RequestId;
use crate::text::Both;
use crate::{both, span};

/// Names longer than this are no names.
const LONGEST_WORD: usize = 1_024;
/// Levels of a field that plazo keeps without knowing it, and bytes of all of them.
const DEEPEST_REF: usize = 16;
const LARGEST_REFS: usize = 16 << 10;
/// Events of one body at most.
pub const MOST_EVENTS: usize = 10_000;
/// Entries of a list at most.
const MOST_ENTRIES: usize = 256;

/// The year 2000: nothing of which plazo hears happened before.
const EARLIEST: i64 = 946_684_800;
/// An event may claim to happen this much later than now; the clocks of two machines differ.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
/// Appointments within a span begin at full ones of these.
const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);
/// A number of units since 1970 from here on counts milliseconds.
const SHORTEST_MILLISECONDS: f64 = 1e11;

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

/// What becomes of a field that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// It is an error.
    Strict,
    /// It is left out, and noted.
    Lenient,
}

/// The fields that nobody has taken yet.
struct Fields {
    left: Map<String, Value>,
    care: Care,
    lost: Vec<FieldError>,
}

impl Fields {
    fn new(value: Value, care: Care) -> Result<Self, FieldError> {
        let Value::Object(left) = value else {
            let problem = both!(
                "must be a JSON object, such as {{\"id\": \"m-1\", \"type\": \"message\", …}}",
                "debe ser un objeto JSON, como {{\"id\": \"m-1\", \"type\": \"message\", …}}"
            );
            return Err(wrong("event", problem));
        };
        Ok(Self { left, care, lost: Vec::new() })
    }

    fn event(mut self, source: &str, now: DateTime<Utc>) -> Result<ReadEvent, FieldError> {
        // Whatever comes in does not say how it is known.
        self.left.remove("proof");
        let id = self.id()?;
        let source = self.word("source")?.unwrap_or_else(|| source.to_owned());
        let type_name = self.required(
            "type",
            Both {
                en: "what happened: message, open, own, wait, deliver, close, …",
                es: "qué pasó: message, open, own, wait, deliver, close, …",
            },
        )?;
        let at = self.happened_at(now)?;
        let mut threads: Vec<String> = self.soft(|fields| fields.word("thread"))?.into_iter().collect();
        threads.extend(self.soft(|fields| fields.words("threads"))?);
        let direction = self.soft(|fields| {
            let ways = [("in", Direction::In), ("out", Direction::Out), ("internal", Direction::Internal)];
            fields.choice("direction", &ways)
        })?;
        let author = match self.author(direction) {
            Err(error) if self.care == Care::Lenient => {
                self.lost.push(error);
                direction.map(|direction| Author::unnamed(kind_by(direction)))
            }
            author => author?,
        };
        let about = self.about()?;
        add_numbers(&mut threads, about.channel.as_deref());
        let request = self.request("request")?;
        let cc = self.soft(|fields| fields.words("cc"))?;
        let recipients = self.soft(|fields| fields.words("recipients"))?;
        let attached = match self.flag("attached") {
            Ok(attached) => attached.unwrap_or(false),
            // Something is said of it: what cannot be read may be there.
            Err(error) if self.care == Care::Lenient => {
                self.lost.push(error);
                true
            }
            Err(error) => return Err(error),
        };
        let fact = self.fact(&type_name, direction, author.as_ref(), now)?;
        // Tags of a `tag` event are its fact; those of any other are what the request has from now on.
        let tags = self.soft(|fields| fields.words("tags"))?;
        let about = About { tags, ..about };
        let mut refs = self.soft(|fields| fields.object("refs"))?;
        refs.extend(std::mem::take(&mut self.left));
        let refs = self.bounded(refs)?;
        let id = EventId { source, id };
        let (proof, gist) = (Proof::NONE, None);
        let event = Event { id, at, threads, author, about, cc, recipients, attached, proof, gist, refs, fact };
        Ok(ReadEvent { event, request, lost: self.lost })
    }

    /// What plazo keeps without knowing it, as far as it can be read back: JSON nests to 127, and what is kept lies deeper than it came.
    fn bounded(&mut self, refs: Map<String, Value>) -> Result<Map<String, Value>, FieldError> {
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

    fn about(&mut self) -> Result<About, FieldError> {
        const KINDS: [(&str, RequestKind); 4] = [
            ("request", RequestKind::Request),
            ("task", RequestKind::Task),
            ("claim", RequestKind::Claim),
            ("call", RequestKind::Call),
        ];
        Ok(About {
            channel: self.soft(|fields| fields.word("channel"))?.map(|channel| channel.to_lowercase()),
            customer: self.soft(|fields| fields.word("customer"))?,
            contact: self.soft(|fields| fields.word("contact"))?,
            subject: self.soft(|fields| fields.text("subject"))?,
            inbox: self.soft(|fields| fields.word("inbox"))?,
            priority: self.soft(|fields| fields.word("priority"))?,
            kind: self.soft(|fields| fields.choice("kind", &KINDS))?,
            audience: self.soft(|fields| {
                fields.choice("audience", &[("client", Audience::Client), ("internal", Audience::Internal)])
            })?,
            tags: Vec::new(),
            ticket: self.soft(|fields| fields.word("ticket"))?,
            parent: self.soft(|fields| fields.request("parent"))?,
            off_thread: self.soft(|fields| fields.flag("off_thread"))?.unwrap_or(false),
        })
    }

    /// What a field says; where that cannot be read and nothing hangs on it, nothing.
    fn soft<T: Default>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, FieldError>) -> Result<T, FieldError> {
        match read(self) {
            Err(error) if self.care == Care::Lenient => {
                self.lost.push(error);
                Ok(T::default())
            }
            read => read,
        }
    }

    /// The event's name. One that is too long stands for itself by its digest.
    fn id(&mut self) -> Result<String, FieldError> {
        const MEANING: Both<&str> = Both {
            en: "a name for this event, unique in its source: sending it twice then does no harm",
            es: "un nombre para este evento, único en su fuente: así, enviarlo dos veces no hace daño",
        };
        if self.care == Care::Lenient
            && let Some(Value::String(id)) = self.left.get("id")
            && LONGEST_WORD < id.len()
        {
            let digest = format!("sha256-{}", hex::encode(Sha256::digest(id.as_bytes())));
            self.left.remove("id");
            return Ok(digest);
        }
        self.required("id", MEANING)
    }

    /// When it happened; now where that is not said, or cannot be.
    fn happened_at(&mut self, now: DateTime<Utc>) -> Result<DateTime<Utc>, FieldError> {
        let at = self.soft(|fields| fields.instant("at"))?;
        let is_possible = |at: &DateTime<Utc>| EARLIEST <= at.timestamp() && *at <= now + CLOCK_SKEW;
        match at {
            Some(at) if self.care == Care::Lenient && !is_possible(&at) => {
                self.lost.push(wrong(
                    "at",
                    both!(
                        "{at} cannot be; the time of arrival stands for it",
                        "{at} no puede ser; vale la hora de llegada"
                    ),
                ));
                Ok(now)
            }
            at => Ok(at.unwrap_or(now)),
        }
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &str) -> Result<Option<String>, FieldError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(must_be(field, Both { en: "a string", es: "un texto" }, &other)),
        }
    }

    fn word(&mut self, field: &str) -> Result<Option<String>, FieldError> {
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

    fn required(&mut self, field: &str, meaning: Both<&str>) -> Result<String, FieldError> {
        let Both { en, es } = meaning;
        self.word(field)?.ok_or_else(|| wrong(field, both!("is missing; it is {en}", "falta; es {es}")))
    }

    fn words(&mut self, field: &str) -> Result<Vec<String>, FieldError> {
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

    fn object(&mut self, field: &str) -> Result<Map<String, Value>, FieldError> {
        match self.take(field) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(other) => Err(must_be(field, Both { en: "an object", es: "un objeto" }, &other)),
        }
    }

    fn instant(&mut self, field: &str) -> Result<Option<DateTime<Utc>>, FieldError> {
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

    fn choice<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> Result<Option<T>, FieldError> {
        let Some(word) = self.word(field)? else { return Ok(None) };
        let chosen = choices.iter().find(|(choice, _)| *choice == word).map(|(_, value)| *value);
        chosen.map(Some).ok_or_else(|| {
            let known: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            let known = known.join(", ");
            wrong(field, both!("`{word}` is not one of {known}", "«{word}» no es uno de {known}"))
        })
    }

    fn author(&mut self, direction: Option<Direction>) -> Result<Option<Author>, FieldError> {
        let inferred = direction.map(kind_by);
        let fields = match self.take("author") {
            None => return Ok(inferred.map(Author::unnamed)),
            Some(Value::String(name)) => Map::from_iter([("name".to_owned(), Value::String(name))]),
            Some(Value::Object(fields)) => fields,
            Some(other) => return Err(must_be("author", Both { en: "an object", es: "un objeto" }, &other)),
        };
        let mut fields = Self { left: fields, care: self.care, lost: Vec::new() };
        let within = |error: FieldError| FieldError { field: format!("author.{}", error.field), ..error };
        let kind = fields
            .soft(|fields| {
                fields.choice(
                    "kind",
                    &[
                        ("customer", AuthorKind::Customer),
                        ("agent", AuthorKind::Agent),
                        ("bot", AuthorKind::Bot),
                        ("auto", AuthorKind::Auto),
                        ("system", AuthorKind::System),
                    ],
                )
            })
            .map_err(within)?
            .or(inferred)
            .unwrap_or(AuthorKind::Agent);
        let name = fields.soft(|fields| fields.word("name")).map_err(within)?;
        let address = fields.soft(|fields| fields.word("address")).map_err(within)?;
        self.lost.extend(fields.lost.into_iter().map(within));
        Ok(Some(Author { name, address, kind }))
    }

    fn request(&mut self, field: &str) -> Result<Option<RequestId>, FieldError> {
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

    fn flag(&mut self, field: &str) -> Result<Option<bool>, FieldError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(must_be(field, Both { en: "true or false", es: "true o false" }, &other)),
        }
    }

    fn count(&mut self, field: &str) -> Result<Option<u32>, FieldError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.map(Some).ok_or_else(|| wrong(field, both!("must be a whole number", "debe ser un número entero")))
    }

    fn interaction(&mut self) -> Result<Interaction, FieldError> {
        let mut text = |field: &str| self.text(field).map(Option::unwrap_or_default);
        let (person, medium, reason) = (text("person")?, text("medium")?, text("reason")?);
        let (inputs, pending, solution) = (text("inputs")?, text("pending")?, text("solution")?);
        Ok(Interaction {
            person,
            medium,
            reason,
            inputs,
            pending,
            solution,
            protocol: self.flag("protocol")?,
            items: self.count("items")?,
            busy: self.flag("busy")?.unwrap_or(false),
        })
    }

    /// A comment's text; its five parts may come by themselves (C5), and are then told by their labels.
    fn comment(&mut self) -> Result<String, FieldError> {
        let mut lines: Vec<String> = self.text("text")?.into_iter().collect();
        for part in Part::ALL {
            if let Some(said) = self.text(part.as_str())? {
                let [label, _] = part.labels();
                lines.push(format!("{label}: {said}"));
            }
        }
        Ok(lines.join("\n"))
    }

    fn promise(&mut self, now: DateTime<Utc>) -> Result<Option<Promise>, FieldError> {
        let due = self.instant("due")?;
        let within = self.text("within")?;
        match (due, within) {
            (Some(_), Some(_)) => Err(wrong(
                "within",
                both!("and `due` exclude each other; give one", "y `due` se excluyen; indique uno solo"),
            )),
            (Some(due), None) if due < now - chrono::TimeDelta::days(3_660) => {
                Err(wrong("due", both!("lies years in the past", "está años atrás")))
            }
            (Some(due), None) if now + chrono::TimeDelta::days(3_660) < due => {
                Err(wrong("due", both!("lies more than ten years ahead", "está a más de diez años")))
            }
            (Some(due), None) => Ok(Some(Promise::Due(due))),
            (None, Some(text)) => match span::working_time(&text) {
                Ok(span) => Ok(Some(Promise::Within(span))),
                Err(problem) => Err(wrong("within", problem)),
            },
            (None, None) => Ok(None),
        }
    }

    fn fact(
        &mut self,
        type_name: &str,
        direction: Option<Direction>,
        author: Option<&Author>,
        now: DateTime<Utc>,
    ) -> Result<Fact, FieldError> {
        Ok(match type_name {
            "message" => {
                let by_author = author.map(|author| match author.kind {
                    AuthorKind::Customer => Direction::In,
                    AuthorKind::Agent | AuthorKind::Bot | AuthorKind::Auto | AuthorKind::System => Direction::Out,
                });
                let direction = direction.or(by_author).ok_or_else(|| {
                    wrong(
                        "direction",
                        both!(
                            "is missing; it is in (from the client), out (to the client) or internal",
                            "falta; es in (del cliente), out (al cliente) o internal"
                        ),
                    )
                })?;
                Fact::Message { direction, text: self.soft(|fields| fields.text("text"))? }
            }
            "open" => Fact::Open {
                promise: self.soft(|fields| fields.promise(now))?,
                owner: self.soft(|fields| fields.word("owner"))?,
            },
            "own" => Fact::Own { owner: self.word("owner")? },
            "move" => {
                // The inbox has been read with the rest; a move without one moves nothing.
                Fact::Move {
                    inbox: self
                        .required("to", Both { en: "the inbox to which it moved", es: "la bandeja a la que pasó" })?,
                }
            }
            "tag" => Fact::Tag { add: self.words("tags")?, remove: self.words("untag")? },
            "prioritise" => Fact::Prioritise {
                priority: self.required("to", Both { en: "the new priority", es: "la nueva prioridad" })?,
            },
            "wait" => Fact::Wait {
                reason: self.text("reason")?.or(self.text("text")?).unwrap_or_default(),
                on: self.word("on")?,
                until: self.instant("until")?,
            },
            "resume" => Fact::Resume,
            "promise" => Fact::Promise {
                promise: self.promise(now)?.ok_or_else(|| {
                    wrong(
                        "due",
                        both!(
                            "is missing; give `due` (an instant) or `within` (a span, such as \"4h\")",
                            "falta; indique `due` (un momento) o `within` (una duración, como \"4h\")"
                        ),
                    )
                })?,
            },
            "deliver" => Fact::Deliver { text: self.text("text")?.unwrap_or_default() },
            "comment" => Fact::Comment { text: self.comment()? },
            "close" => Fact::Close {
                reason: self.text("reason")?.or(self.text("text")?).unwrap_or_default(),
                ground: self.choice("ground", &Ground::ALL.map(|ground| (ground.as_str(), ground)))?,
            },
            "reopen" => Fact::Reopen,
            "merge" => Fact::Merge,
            "undelivered" => {
                let failed = self.words("failed")?;
                // A mail server may name the reader only.
                let of = if failed.is_empty() {
                    self.required(
                        "of",
                        Both {
                            en: "the id of the message that never arrived",
                            es: "el identificador del mensaje que nunca llegó",
                        },
                    )?
                } else {
                    self.word("of")?.unwrap_or_default()
                };
                Fact::Undelivered { of, failed }
            }
            "ack" => Fact::Ack { until: self.instant("until")? },
            "snooze" => Fact::Snooze { until: self.snooze_end(now)? },
            "log" => Fact::Log(Box::new(self.interaction()?)),
            "schedule" => Fact::Schedule { due: self.appointment(now)?, participants: self.words("participants")? },
            "held" => Fact::Held,
            "call_dropped" => Fact::CallDropped,
            "call_made" => Fact::CallMade,
            "follow_up" => Fact::FollowUp,
            "block" => Fact::Block {
                blocker: self.request("blocker")?.ok_or_else(|| {
                    wrong(
                        "blocker",
                        both!(
                            "is missing; it is the request that must be done first, such as R-4",
                            "falta; es la solicitud que va primero, como R-4"
                        ),
                    )
                })?,
            },
            "unblock" => Fact::Unblock { blocker: self.request("blocker")? },
            "split" => Fact::Split { parts: self.words("parts")? },
            "stage" => Fact::Stage {
                to: self.required(
                    "to",
                    Both {
                        en: "the stage that the claim enters; `done` after the last",
                        es: "la etapa a la que entra el reclamo; `done` después de la última",
                    },
                )?,
                number: self.word("number")?,
            },
            "escalate" => Fact::Escalate { reason: self.text("reason")?.or(self.text("text")?).unwrap_or_default() },
            "replica" => Fact::Replica,
            "undo" => Fact::Undo {
                of: self.required(
                    "of",
                    Both {
                        en: "the event that is taken back, as source/id",
                        es: "el evento que se deshace, como fuente/id",
                    },
                )?,
            },
            "reason" => Fact::Reason {
                reason: self.required(
                    "reason",
                    Both {
                        en: "why it broke, a key of [reasons]", es: "por qué se incumplió, una clave de [reasons]"
                    },
                )?,
                of: self.broken_promise()?,
                text: self.text("text")?.unwrap_or_default(),
            },
            "approve" => Fact::Approve { of: self.broken_promise()?, refuse: self.flag("refuse")?.unwrap_or(false) },
            "waive" => {
                Fact::Waive { reason: self.text("reason")?.or(self.text("text")?).unwrap_or_default(), seen: None }
            }
            _ => return Err(unknown_type(type_name)),
        })
    }

    /// Which promise is meant that broke: `promise`, its kind, and `cycle`.
    fn broken_promise(&mut self) -> Result<BrokenPromise, FieldError> {
        let promise = match self.word("promise")? {
            None => None,
            Some(word) => Some(TargetKind::from_word(&word).ok_or_else(|| {
                let known = TargetKind::ALL.map(TargetKind::as_str).join(", ");
                wrong(
                    "promise",
                    both!(
                        "`{word}` is no kind of promise; there are {known}",
                        "`{word}` no es un tipo de promesa; hay {known}"
                    ),
                )
            })?),
        };
        let cycle = self.count("cycle")?;
        Ok(BrokenPromise { promise, cycle })
    }

    /// When an appointment begins: `due`, or `within` from now, at a full five minutes; without either it is called off.
    fn appointment(&mut self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, FieldError> {
        Ok(match self.promise(now)? {
            None => None,
            Some(Promise::Due(due)) => Some(due),
            Some(Promise::Within(span)) => Some(agreeable(now + span.as_elapsed(), span.as_elapsed())),
        })
    }

    fn snooze_end(&mut self, now: DateTime<Utc>) -> Result<DateTime<Utc>, FieldError> {
        let days = LONGEST_SNOOZE.num_days();
        let too_long = |field| {
            wrong(
                field,
                both!(
                    "is too long: nothing is put off for more than {days} days at a time",
                    "es demasiado: nada se pospone más de {days} días a la vez"
                ),
            )
        };
        if let Some(until) = self.instant("until")? {
            return if until <= now + LONGEST_SNOOZE { Ok(until) } else { Err(too_long("until")) };
        }
        let Some(text) = self.text("for")? else {
            return Err(wrong(
                "until",
                both!(
                    "is missing; give `until` (an instant) or `for` (a span, such as \"30m\")",
                    "falta; indique `until` (un momento) o `for` (una duración, como \"30m\")"
                ),
            ));
        };
        match span::duration(&text) {
            Ok(span) if TimeDelta::from_std(span).is_ok_and(|span| span <= LONGEST_SNOOZE) => Ok(now + span),
            Ok(_) => Err(too_long("for")),
            Err(problem) => Err(wrong("for", problem)),
        }
    }
}

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

/// A value of another type than is wanted.
fn must_be(field: &str, wanted: Both<&str>, found: &Value) -> FieldError {
    let found = kind_of(found);
    let (en, es) =
        (format!("must be {}, not {}", wanted.en, found.en), format!("debe ser {}, no {}", wanted.es, found.es));
    wrong(field, Both { en, es })
}

/// Who speaks that way, where nothing else is said.
const fn kind_by(direction: Direction) -> AuthorKind {
    match direction {
        Direction::In => AuthorKind::Customer,
        Direction::Out | Direction::Internal => AuthorKind::Agent,
    }
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

/// Adds the one form of telephone numbers that name conversations (LESSONS 46).
fn add_numbers(threads: &mut Vec<String>, channel: Option<&str>) {
    if !matches!(channel, Some("whatsapp" | "sms" | "phone")) {
        return;
    }
    let canonical: Vec<_> = threads.iter().filter_map(|thread| address::canonical_thread(thread)).collect();
    // In front: it is the name that all spellings share.
    threads.splice(0..0, canonical);
}

/// An instant at which people meet: nobody agrees on 12:28:13. The next full five minutes, of what is half an hour away or more.
fn agreeable(at: DateTime<Utc>, away: TimeDelta) -> DateTime<Utc> {
    let past = TimeDelta::milliseconds(at.timestamp_millis().rem_euclid(FIVE_MINUTES.num_milliseconds()));
    if away < TimeDelta::minutes(30) || past.is_zero() { at } else { at + (FIVE_MINUTES - past) }
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

/// Writes an event in the Event JSON form; [`event`] reads it back.
pub fn write(event: &Event) -> Value {
    let mut fields = match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        // Its types are all JSON's.
        Ok(_) | Err(_) => Map::new(),
    };
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    set("type", event.fact.type_name().into());
    match &event.fact {
        Fact::Open { promise: Some(promise), .. } | Fact::Promise { promise } => match promise {
            Promise::Due(due) => set("due", serde_json::json!(due)),
            Promise::Within(span) => set("within", format!("{}ms", span.as_milliseconds()).into()),
        },
        Fact::Tag { add, remove } => {
            set("tags", add.clone().into());
            set("untag", remove.clone().into());
        }
        Fact::Block { blocker } | Fact::Unblock { blocker: Some(blocker) } => {
            set("blocker", blocker.to_string().into());
        }
        _ => {}
    }
    if let Some(parent) = event.about.parent {
        set("parent", parent.to_string().into());
    }
    // How it is known who made it, no event says of itself.
    for internal in ["promise", "add", "remove", "proof"] {
        fields.remove(internal);
    }
    Value::Object(fields)
}
