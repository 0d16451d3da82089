//! What every event has, whatever happened: its name, its instant, by whom, and what it says of its request.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::fields::{Care, Fields, LONGEST_WORD, must_be};
use super::{CLOCK_SKEW, FieldError, ReadEvent, wrong};
use crate::both;
use crate::engine::address;
use crate::engine::event::{About, Audience, Author, AuthorKind, Direction, Event, EventId, RequestKind};
use crate::engine::proof::Proof;
use crate::text::Both;

/// The year 2000: nothing of which plazo hears happened before.
const EARLIEST: i64 = 946_684_800;

impl Fields {
    pub(super) fn event(mut self, source: &str, now: DateTime<Utc>) -> Result<ReadEvent, FieldError> {
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

    pub(super) fn about(&mut self) -> Result<About, FieldError> {
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

    /// The event's name. One that is too long stands for itself by its digest.
    pub(super) fn id(&mut self) -> Result<String, FieldError> {
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
    pub(super) fn happened_at(&mut self, now: DateTime<Utc>) -> Result<DateTime<Utc>, FieldError> {
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

    pub(super) fn author(&mut self, direction: Option<Direction>) -> Result<Option<Author>, FieldError> {
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
}

/// Who speaks that way, where nothing else is said.
const fn kind_by(direction: Direction) -> AuthorKind {
    match direction {
        Direction::In => AuthorKind::Customer,
        Direction::Out | Direction::Internal => AuthorKind::Agent,
    }
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
