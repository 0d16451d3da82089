//! What happened to a request, as sentences that name people: who, what, by which door, with the first words where there are any.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Both, Language, format, proof, violation, vocabulary};
use crate::both;
use crate::engine::effect::{ClockRef, Effect, Ignored};
use crate::engine::event::{Author, AuthorKind, Direction, Event, Fact, Promise};
use crate::engine::proof::Proof;
use crate::engine::rulebook::Rulebook;
use crate::outbox::DeliveryState;
use crate::outbox::writing::source_of;

/// Letters of what somebody wrote that are shown.
const FIRST_WORDS: usize = 60;
const LONGEST_NAME: usize = 60;

/// How a line is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryTone {
    /// Something happened.
    Plain,
    /// A promise was kept.
    Good,
    /// Something is amiss: a broken promise or rule.
    Bad,
    /// Something asks for attention, or had no effect.
    Warning,
    /// plazo told somebody.
    Told,
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What, on one line.
    pub text: String,
    /// By which door plazo knows it, where that is to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
    /// How to take it.
    pub tone: HistoryTone,
}

/// A message about the request, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryMessage<'a> {
    /// The word for why it goes out.
    pub why: &'a str,
    /// The word of the promise's kind, where it is about one.
    pub kind: Option<&'a str>,
    /// Key of the person, where it is for one.
    pub person: Option<&'a str>,
    /// Name of the destination.
    pub destination: &'a str,
    /// The word for where it stands.
    pub state: DeliveryState,
}

/// Writes lines for whoever reads them at `now`.
pub struct Writer<'a> {
    /// The file, which names people, kinds of waiting and reasons.
    pub rulebook: &'a Rulebook,
    /// The events of the request by their names, for those that speak of another one.
    pub event: &'a dyn Fn(&str) -> Option<&'a Event>,
    /// When it is read.
    pub now: DateTime<Utc>,
    /// Zone of instants.
    pub zone: Tz,
    /// Language of the reader.
    pub language: Language,
}

/// Where the conversation is, as the latest event says that tells (`refs.link`).
pub fn link<'e>(events: impl Iterator<Item = &'e Event>) -> Option<String> {
    let links = events.filter_map(|event| event.refs.get("link").and_then(|link| link.as_str()));
    let links = links.filter(|link| link.starts_with("https://") || link.starts_with("http://"));
    links.last().map(|link| format::one_line(link, 500))
}

impl Writer<'_> {
    /// What an event, or without one the passing of time, says in lines.
    pub fn happened(&self, at: DateTime<Utc>, event: Option<&Event>, effects: &[Effect]) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(event) = event {
            let mut text = self.fact(event);
            // Whatever is taken back is derived anew, of course.
            let is_undo = matches!(event.fact, Fact::Undo { .. });
            let own = effects.iter().filter(|effect| !(is_undo && **effect == Effect::Reordered));
            let tone = self.outcome(own, &mut text);
            let door = proof::how(&event.proof, self.zone, self.language);
            // What a client writes needs no proof, and none is missed.
            let is_client = event.author.as_ref().is_some_and(|author| author.kind == AuthorKind::Customer);
            let door = Some(door).filter(|door| !door.is_empty() && (!is_client || event.proof.holds()));
            lines.push(Line { at, text, door, tone });
            lines.extend(self.remedy(event, effects).map(|text| Line {
                at,
                text,
                door: None,
                tone: HistoryTone::Warning,
            }));
        }
        let by_itself = |effect: &Effect| self.by_itself(effect, event.is_some());
        lines.extend(effects.iter().filter_map(by_itself).map(|(at_effect, text, tone)| Line {
            at: at_effect.unwrap_or(at),
            text,
            door: None,
            tone,
        }));
        lines
    }

    /// A message to somebody: `aviso a Laura Mora (correo): por vencer, responder`.
    pub fn told(&self, at: DateTime<Utc>, message: &HistoryMessage<'_>) -> Line {
        let language = self.language;
        let motive = vocabulary::motive(message.why, language);
        let about = message
            .kind
            .map_or_else(|| motive.to_owned(), |kind| format!("{motive}, {}", vocabulary::task_of(kind, language)));
        let way = vocabulary::destination(message.destination, language);
        let to = match message.person {
            Some(key) => format!("{} ({way})", self.named(key)),
            None => way.to_owned(),
        };
        let state = match message.state {
            DeliveryState::Sent => String::new(),
            state => format!(" · {}", vocabulary::delivery_state(state, language)),
        };
        let text = language.of(match source_of(message.destination) {
            Some(source) => both!("written in {source}: {about}{state}", "escrito en {source}: {about}{state}"),
            None => both!("alert to {to}: {about}{state}", "aviso a {to}: {about}{state}"),
        });
        let tone = if message.state == DeliveryState::Dead { HistoryTone::Bad } else { HistoryTone::Told };
        Line { at, text, door: None, tone }
    }

    /// A person by any word for them.
    fn named(&self, word: &str) -> String {
        format::one_line(self.rulebook.directory.name_of(word), LONGEST_NAME)
    }

    /// Whoever did it, by the file's name if it has one.
    fn author(&self, author: Option<&Author>) -> Option<String> {
        let author = author?;
        let known = self.rulebook.directory.person_of(author).map(|person| &person.name);
        let name = known.or(author.name.as_ref()).or(author.address.as_ref())?;
        Some(format::one_line(name, LONGEST_NAME))
    }

    fn who(&self, event: &Event) -> String {
        let unnamed = || {
            let kind = event.author.as_ref().map(|author| author.kind);
            self.language.of(match (kind, &event.proof) {
                (Some(AuthorKind::Customer), _) => Both { en: "the client", es: "el cliente" },
                (Some(AuthorKind::Agent), _) => Both { en: "somebody of the house", es: "alguien de la casa" },
                (_, Proof::Own) => Both { en: "plazo", es: "plazo" },
                _ => Both { en: "somebody", es: "alguien" },
            })
        };
        self.author(event.author.as_ref()).unwrap_or_else(|| unnamed().to_owned())
    }

    /// `: «¿Quedó lista la pauta?»`; nothing where there are no words.
    fn words(&self, text: &str) -> String {
        let text = format::one_line(text, FIRST_WORDS);
        if text.is_empty() {
            return text;
        }
        self.language.of(both!(": \"{text}\"", ": «{text}»"))
    }

    fn when(&self, at: DateTime<Utc>) -> String {
        format::when(at, self.now, self.zone, self.language)
    }

    /// What an event says, without what came of it.
    pub fn fact(&self, event: &Event) -> String {
        let who = self.who(event);
        let of = |both: Both| self.language.of(both);
        match &event.fact {
            Fact::Message { direction, text } => {
                let is_silent = text.is_none();
                let words = self.words(text.as_deref().unwrap_or_default());
                match direction {
                    Direction::In if is_silent => {
                        of(both!("{who} sent something without words", "{who} envió algo sin palabras"))
                    }
                    Direction::In => of(both!("{who} wrote{words}", "{who} escribió{words}")),
                    Direction::Out => {
                        of(both!("{who} answered the client{words}", "{who} le respondió al cliente{words}"))
                    }
                    Direction::Internal => {
                        of(both!("{who} wrote to colleagues{words}", "{who} les escribió a colegas{words}"))
                    }
                }
            }
            Fact::Open { promise, owner } => {
                let until = promise.map(|promise| self.promised(promise)).unwrap_or_default();
                let owner = owner
                    .as_deref()
                    .map(|owner| self.named(owner))
                    .map(|owner| of(both!(" for {owner}", " para {owner}")));
                let owner = owner.unwrap_or_default();
                of(both!("{who} opened the request{owner}{until}", "{who} abrió la solicitud{owner}{until}"))
            }
            Fact::Own { owner: Some(owner) } => {
                let owner = self.named(owner);
                let by = match self.author(event.author.as_ref()) {
                    Some(name) if name != owner => of(both!(" (says {name})", " (lo dijo {name})")),
                    _ => String::new(),
                };
                of(both!("{owner} owns it now{by}", "{owner} queda como responsable{by}"))
            }
            Fact::Own { owner: None } => {
                let by = self.author(event.author.as_ref());
                let by = by.map(|name| of(both!(" (says {name})", " (lo dijo {name})"))).unwrap_or_default();
                of(both!("it is without an owner now{by}", "queda sin responsable{by}"))
            }
            Fact::Move { inbox } => {
                let inbox = format::one_line(inbox, LONGEST_NAME);
                of(both!("{who} moved it to the inbox {inbox}", "{who} lo pasó a la bandeja {inbox}"))
            }
            Fact::Tag { add, remove } => {
                let signed =
                    |sign: &str, tags: &[String]| tags.iter().map(|tag| format!("{sign}{tag}")).collect::<Vec<_>>();
                let tags = [signed("+", add), signed("−", remove)].concat().join(" ");
                let tags = format::one_line(&tags, FIRST_WORDS);
                of(both!("{who} changed the tags: {tags}", "{who} cambió las etiquetas: {tags}"))
            }
            Fact::Prioritise { priority } => {
                let priority = format::one_line(priority, LONGEST_NAME);
                of(both!("{who} set the priority to {priority}", "{who} puso la prioridad en {priority}"))
            }
            Fact::Wait { reason, on: Some(on), until } => {
                let name = self.rulebook.wait(on).map_or(on, |kind| &kind.name);
                let (words, on) = (self.words(reason), format::one_line(name, LONGEST_NAME));
                let until = until.map(|until| self.when(until));
                of(match until {
                    Some(until) => both!(
                        "{who} waits for \"{on}\" until {until}{words}",
                        "{who} espera a «{on}» hasta {until}{words}"
                    ),
                    None => both!("{who} waits for \"{on}\"{words}", "{who} espera a «{on}»{words}"),
                })
            }
            Fact::Wait { reason, until: Some(until), .. } => {
                let (words, until) = (self.words(reason), self.when(*until));
                of(both!("{who} waits until {until}{words}", "{who} deja en espera hasta {until}{words}"))
            }
            Fact::Wait { reason, .. } => {
                let words = self.words(reason);
                of(both!("{who} waits for the client{words}", "{who} espera al cliente{words}"))
            }
            Fact::Resume => of(both!("{who} goes on: the wait is over", "{who} sigue: terminó la espera")),
            Fact::Promise { promise } => {
                let until = self.promised(*promise);
                of(both!("{who} promised a delivery{until}", "{who} prometió una entrega{until}"))
            }
            Fact::Deliver { text } => {
                let words = self.words(text);
                of(both!("{who} delivered{words}", "{who} entregó{words}"))
            }
            Fact::Comment { text } => {
                let words = self.words(text);
                of(both!("{who} noted{words}", "{who} anotó{words}"))
            }
            Fact::Close { reason, ground } => {
                let words = self.words(reason);
                let ground = ground.map(|ground| format!(" ({})", vocabulary::ground(ground, self.language)));
                let ground = ground.unwrap_or_default();
                of(both!("{who} closed the request{ground}{words}", "{who} cerró la solicitud{ground}{words}"))
            }
            Fact::Reopen => of(both!("{who} opened the request again", "{who} reabrió la solicitud")),
            Fact::Merge => of(both!("{who} made it part of another request", "{who} la unió a otra solicitud")),
            Fact::Undelivered { .. } => {
                of(both!("a message of the house never arrived", "un mensaje de la casa no llegó a su destino"))
            }
            Fact::Ack { until: Some(until) } => {
                let until = self.when(*until);
                of(both!("{who} took it until {until}", "{who} lo tomó hasta {until}"))
            }
            Fact::Ack { until: None } => of(both!("{who} took it", "{who} lo tomó")),
            Fact::Snooze { until } => {
                let until = self.when(*until);
                of(both!("{who} put the alerts off until {until}", "{who} aplazó los avisos hasta {until}"))
            }
            Fact::Log(entry) => {
                let words = self.words(
                    [&entry.reason, &entry.inputs].into_iter().find(|text| !text.is_empty()).map_or("", String::as_str),
                );
                of(both!("{who} logged the interaction{words}", "{who} registró la interacción{words}"))
            }
            Fact::Schedule { due: Some(due), .. } => {
                let at = self.when(*due);
                of(both!("{who} agreed on an appointment: {at}", "{who} acordó una cita: {at}"))
            }
            Fact::Schedule { due: None, .. } => of(both!("{who} called the appointment off", "{who} canceló la cita")),
            Fact::Held => of(both!("{who} held the appointment", "{who} atendió la cita")),
            Fact::CallDropped => of(both!("a call broke off", "se cayó una llamada")),
            Fact::CallMade => of(both!("{who} called the client", "{who} llamó al cliente")),
            Fact::FollowUp => of(both!("{who} followed up with the client", "{who} le hizo seguimiento al cliente")),
            Fact::Block { blocker } => of(both!("it waits for {blocker} now", "ahora espera a {blocker}")),
            Fact::Unblock { blocker: Some(blocker) } => {
                of(both!("it does not wait for {blocker} any more", "ya no espera a {blocker}"))
            }
            Fact::Unblock { blocker: None } => of(both!("nothing is in its way any more", "ya nada la detiene")),
            Fact::Split { parts } => {
                let n = parts.len();
                of(both!("{who} split work off: {n}", "{who} separó trabajo: {n}"))
            }
            Fact::Stage { to, number } => {
                let to = format::one_line(to, LONGEST_NAME);
                let number = number.as_deref().map(|number| format!(" ({})", format::one_line(number, LONGEST_NAME)));
                let number = number.unwrap_or_default();
                of(both!(
                    "{who} took the claim to the stage {to}{number}",
                    "{who} pasó el reclamo a la etapa {to}{number}"
                ))
            }
            Fact::Escalate { reason } => {
                let words = self.words(reason);
                of(both!("{who} handed it up{words}", "{who} lo escaló{words}"))
            }
            Fact::Replica => of(both!("{who} repeated it by email", "{who} lo repitió por correo")),
            Fact::Undo { of: act } => {
                let act = (self.event)(act).filter(|act| act.can_be_undone()).map(|act| self.fact(act));
                of(match act {
                    Some(act) => both!("{who} took back: \"{act}\"", "{who} deshizo: «{act}»"),
                    None => both!("{who} wanted to take something back", "{who} quiso deshacer algo"),
                })
            }
            Fact::Reason { reason, text, .. } => {
                let name = self.rulebook.reason(reason).map_or(reason, |reason| &reason.name);
                let (reason, words) = (format::one_line(name, LONGEST_NAME), self.words(text));
                of(both!(
                    "{who}: why the promise broke: {reason}{words}",
                    "{who}: por qué se incumplió: {reason}{words}"
                ))
            }
            Fact::Approve { refuse: false, .. } => {
                of(both!("{who} let the breach out of the figures", "{who} sacó el incumplimiento de las cifras"))
            }
            Fact::Approve { refuse: true, .. } => {
                of(both!("{who} left the breach in the figures", "{who} dejó el incumplimiento en las cifras"))
            }
            Fact::Waive { reason, .. } => {
                let words = self.words(reason);
                of(both!("{who}: it needs no answer{words}", "{who}: no hace falta responder{words}"))
            }
        }
    }

    fn promised(&self, promise: Promise) -> String {
        match promise {
            Promise::Due(at) => {
                let at = self.when(at);
                self.language.of(both!(", for {at}", ", para {at}"))
            }
            Promise::Within(time) => {
                let span = format::working_time(time);
                self.language.of(both!(", within {span}", ", en {span}"))
            }
        }
    }

    /// How promises came out by an event, behind its sentence.
    fn outcome<'e>(&self, effects: impl Iterator<Item = &'e Effect>, text: &mut String) -> HistoryTone {
        let mut tone = HistoryTone::Plain;
        let mut notes: Vec<String> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Met { clock, .. } => {
                    let task = vocabulary::task(clock.kind, self.language);
                    notes.push(self.language.of(both!("{task}: in time", "{task}: a tiempo")));
                    if tone == HistoryTone::Plain {
                        tone = HistoryTone::Good;
                    }
                }
                Effect::MetLate { clock, at, due_at } => {
                    notes.push(self.late(*clock, due_at.map(|due_at| *at - due_at)));
                    tone = HistoryTone::Bad;
                }
                Effect::Early { .. } => {
                    notes.push(self.language.of(both!("before attention was due", "antes del piso")));
                }
                Effect::Ignored { why } => {
                    let why = vocabulary::ignored(*why, self.language);
                    notes.push(self.language.of(both!("no effect: {why}", "sin efecto: {why}")));
                    tone = HistoryTone::Warning;
                }
                Effect::Reordered => {
                    notes.push(self.language.of(both!("told later than others", "se supo después que otros")));
                }
                _ => {}
            }
        }
        if !notes.is_empty() {
            *text += &format!(" ({})", notes.join("; "));
        }
        tone
    }

    /// `responder: tarde, 12 min`.
    fn late(&self, clock: ClockRef, by: Option<TimeDelta>) -> String {
        let task = vocabulary::task(clock.kind, self.language);
        let by = by.map(|by| format!(", {}", format::span(by))).unwrap_or_default();
        self.language.of(both!("{task}: late{by}", "{task}: tarde{by}"))
    }

    /// What plazo did by itself, and when, if that is known otherwise than by the row. Beside an event, promises that moved with it say
    /// nothing new; without one, the file of promises changed.
    fn by_itself(&self, effect: &Effect, has_event: bool) -> Option<(Option<DateTime<Utc>>, String, HistoryTone)> {
        let of = |both: Both| self.language.of(both);
        let task = |clock: &ClockRef| vocabulary::task(clock.kind, self.language);
        Some(match effect {
            Effect::Resumed { at } => (
                Some(*at),
                of(both!("the wait ended, as it was set to", "terminó la espera, como estaba previsto")),
                HistoryTone::Plain,
            ),
            Effect::Started { clock, due_at, .. } => {
                let task = task(clock);
                let text = match due_at.map(|due_at| self.when(due_at)) {
                    Some(due) => of(both!("promised: {task}, until {due}", "se promete: {task}, hasta {due}")),
                    None => of(both!("promised: {task}", "se promete: {task}")),
                };
                (None, text, HistoryTone::Plain)
            }
            Effect::Replanned { clock, due_at: Some(due_at) } => {
                let (task, due) = (task(clock), self.when(*due_at));
                (None, of(both!("{task}: due {due} now", "{task}: ahora vence {due}")), HistoryTone::Plain)
            }
            Effect::Breached { clock, at } => {
                let task = task(clock);
                (Some(*at), of(both!("overdue: {task}", "venció: {task}")), HistoryTone::Bad)
            }
            Effect::Cancelled { clock, why } if !has_event => {
                let (task, why) = (task(clock), vocabulary::cancelled(*why, self.language));
                (
                    None,
                    of(both!("{task}: not promised any more ({why})", "{task}: ya no se promete ({why})")),
                    HistoryTone::Warning,
                )
            }
            Effect::Violation(found) => {
                let (rule, what) = (&found.rule, of(violation::what(&found.finding)));
                let who = found.who.as_deref().map(|who| format!(" ({})", self.named(who))).unwrap_or_default();
                (
                    None,
                    of(both!("against rule {rule}: {what}{who}", "contra la regla {rule}: {what}{who}")),
                    HistoryTone::Bad,
                )
            }
            Effect::SplitOff { kind, subject, request, .. } => {
                let kind = vocabulary::request_kind(kind.as_str(), self.language);
                let id = request.map(|id| format!(" {id}")).unwrap_or_default();
                let words = self.words(subject.as_deref().unwrap_or_default());
                (
                    None,
                    of(both!("opened by itself: {kind}{id}{words}", "se abrió aparte: {kind}{id}{words}")),
                    HistoryTone::Plain,
                )
            }
            _ => return None,
        })
    }

    /// What to configure so that such an event counts.
    fn remedy(&self, event: &Event, effects: &[Effect]) -> Option<String> {
        let is_unproven = effects.iter().any(|effect| matches!(effect, Effect::Ignored { why: Ignored::Unproven }));
        match &event.proof {
            Proof::None { lacks: Some(lacks) } if is_unproven => Some(self.language.of(proof::remedy(*lacks))),
            _ => None,
        }
    }
}
