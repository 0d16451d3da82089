//! What happened: an event's fact, by its type.

use chrono::{DateTime, TimeDelta, Utc};

use super::fields::Fields;
use super::{FieldError, unknown_type, wrong};
use crate::engine::check::Part;
use crate::engine::event::{Author, AuthorKind, BrokenPromise, Direction, Fact, Ground, Interaction, Promise};
use crate::engine::policy::TargetKind;
use crate::engine::request::LONGEST_SNOOZE;
use crate::text::Both;
use crate::{both, span};

/// Appointments within a span begin at full ones of these.
const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);

impl Fields {
    pub(super) fn fact(
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
            "tag" => self.tag()?,
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

    /// Tags to add and to take away; one of the two fields stands there, or another name of them would change nothing without a word.
    fn tag(&mut self) -> Result<Fact, FieldError> {
        if !["tags", "untag"].iter().any(|field| self.left.contains_key(*field)) {
            return Err(wrong(
                "tags",
                both!(
                    "is missing; give `tags` (to add), `untag` (to take away), or both",
                    "falta; indique `tags` (las que se ponen), `untag` (las que se quitan), o ambos"
                ),
            ));
        }
        Ok(Fact::Tag { add: self.words("tags")?, remove: self.words("untag")? })
    }

    pub(super) fn interaction(&mut self) -> Result<Interaction, FieldError> {
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
    pub(super) fn comment(&mut self) -> Result<String, FieldError> {
        let mut lines: Vec<String> = self.text("text")?.into_iter().collect();
        for part in Part::ALL {
            if let Some(said) = self.text(part.as_str())? {
                let [label, _] = part.labels();
                lines.push(format!("{label}: {said}"));
            }
        }
        Ok(lines.join("\n"))
    }

    pub(super) fn promise(&mut self, now: DateTime<Utc>) -> Result<Option<Promise>, FieldError> {
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

    /// Which promise is meant that broke: `promise`, its kind, and `cycle`.
    pub(super) fn broken_promise(&mut self) -> Result<BrokenPromise, FieldError> {
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
    pub(super) fn appointment(&mut self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, FieldError> {
        Ok(match self.promise(now)? {
            None => None,
            Some(Promise::Due(due)) => Some(due),
            Some(Promise::Within(span)) => Some(agreeable(now + span.as_elapsed(), span.as_elapsed())),
        })
    }

    pub(super) fn snooze_end(&mut self, now: DateTime<Utc>) -> Result<DateTime<Utc>, FieldError> {
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

/// An instant at which people meet: nobody agrees on 12:28:13. The next full five minutes, of what is half an hour away or more.
fn agreeable(at: DateTime<Utc>, away: TimeDelta) -> DateTime<Utc> {
    let past = TimeDelta::milliseconds(at.timestamp_millis().rem_euclid(FIVE_MINUTES.num_milliseconds()));
    if away < TimeDelta::minutes(30) || past.is_zero() { at } else { at + (FIVE_MINUTES - past) }
}
