//! What can be done on the page of a request: buttons, and forms with what they ask for.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;

use super::undo;
use crate::app::App;
use crate::app::sessions::Session;
use crate::both;
use crate::config::Config;
use crate::desk;
use crate::engine::clock::Clock;
use crate::engine::directory::Recipient;
use crate::engine::event::{Event, Ground};
use crate::engine::reasons::{self, ReasonState};
use crate::engine::request::{Phase, Request};
use crate::text::{Both, Language, format, vocabulary};

/// A request, as somebody looks at it.
#[derive(Clone, Copy)]
pub(super) struct Looked<'a> {
    pub(super) app: &'a App,
    pub(super) session: &'a Session,
    pub(super) request: &'a Request,
    pub(super) events: &'a [Event],
    /// All it ever had.
    pub(super) clocks: &'a [Clock],
    pub(super) config: &'a Config,
    pub(super) language: Language,
}

/// A form that was sent, and not carried out.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    /// Why, in words.
    pub(super) detail: String,
    pub(super) deed: String,
    /// What had been typed, by field.
    pub(super) typed: BTreeMap<String, String>,
}

/// Says at its form why it was refused, and puts back what had been typed. What has no such form gives its reason back.
pub(super) fn put(refused: Refused, forms: &mut [DeedForm]) -> Option<String> {
    let Some(form) = forms.iter_mut().find(|form| form.deed == refused.deed) else { return Some(refused.detail) };
    form.refused = Some(refused.detail);
    form.typed = refused.typed;
    None
}

/// Something to choose from.
#[derive(Debug, Serialize)]
struct Choice {
    key: String,
    name: String,
}

/// Something that can be done.
#[derive(Debug, Default, Serialize)]
pub(super) struct DeedForm {
    /// The last part of its address.
    deed: &'static str,
    title: String,
    button: String,
    /// A list to choose from: its field, its label, and what there is.
    choice: Option<(&'static str, String, Vec<Choice>)>,
    /// An instant, in words: its field and its label.
    when: Option<(&'static str, String)>,
    /// A text: its field and its label.
    text: Option<(&'static str, String)>,
    /// What it is about: an event, or a breach.
    of: Option<String>,
    /// Why it was not done a moment ago, and what had been typed.
    refused: Option<String>,
    typed: BTreeMap<String, String>,
}

fn button(deed: &'static str, words: Both, language: Language) -> DeedForm {
    let button = language.of(words);
    DeedForm { deed, title: button.clone(), button, ..DeedForm::default() }
}

/// What needs no more than a button.
pub(super) fn buttons(looked: &Looked<'_>, is_silent: bool) -> Vec<DeedForm> {
    let Looked { app, session, request, events, config, language, .. } = *looked;
    let mut buttons = Vec::new();
    let is_owner = request.owner.is_some() && request.owner.as_deref() == session.viewer.person();
    if request.phase.is_live() {
        let is_taken = request.clocks.iter().any(|clock| clock.is_live() && clock.acked_at.is_some());
        if !is_taken || request.owner.is_none() {
            buttons.push(button("take", both!("I take it", "La tomo"), language));
        }
        if request.waits_for_answer() {
            buttons.push(button("answer", both!("I have answered", "Ya respondí"), language));
            buttons.push(button("waive", both!("It needs no answer", "No hace falta responder"), language));
        }
        if request.phase == Phase::Waiting {
            buttons.push(button("resume", both!("The wait is over", "Terminó la espera"), language));
        }
        if is_owner {
            buttons.push(button("release", both!("Give it back", "Devolverla"), language));
        }
    } else if request.phase == Phase::Closed {
        buttons.push(button("reopen", both!("Open it again", "Reabrirla"), language));
    }
    buttons.extend(decisions(looked));
    if let Some(event) = undo::last_of(events, session, config, app.now()) {
        let what = vocabulary::event(event.fact.type_name(), language);
        let words = both!("Take back: {what}", "Deshacer: {what}");
        buttons.push(DeedForm { of: Some(event.id.to_string()), ..button("undo", words, language) });
    }
    if request.phase.is_live() && app.answers_for_others(&session.viewer) {
        buttons.push(if is_silent {
            button("unsilence", both!("End the silence", "Terminar el silencio"), language)
        } else {
            button("silence", both!("Silence for 2 h", "Silenciar 2 h"), language)
        });
    }
    buttons
}

/// Reasons of breaches on which the reader is asked to decide.
fn decisions(looked: &Looked<'_>) -> Vec<DeedForm> {
    let Looked { app, session, request, events, clocks, config, language } = *looked;
    let Some(reader) = session.viewer.person() else { return Vec::new() };
    let (rulebook, owner) = (&config.rulebook, request.owner.as_deref());
    let mut deeds = Vec::new();
    for given in reasons::of(events, clocks, owner, rulebook) {
        let reason = rulebook.reason(&given.reason).filter(|_| given.state == ReasonState::AwaitsApproval);
        let clock = clocks.iter().find(|clock| clock.name() == given.clock);
        let Some((reason, clock)) = reason.zip(clock) else { continue };
        if !reasons::approvers(reason, clock, owner, rulebook, app.now())
            .contains(&Recipient::Person(reader.to_owned()))
        {
            continue;
        }
        let (name, task) = (format::one_line(&given.name, 60), vocabulary::task(clock.kind, language));
        let of = Some(format!("{}:{}", given.clock.cycle, given.clock.kind.as_str()));
        let out = both!("Out of the figures: {task} ({name})", "Fuera de las cifras: {task} ({name})");
        let stays = both!("It counts: {task} ({name})", "Sí cuenta: {task} ({name})");
        deeds.push(DeedForm { of: of.clone(), ..button("approve", out, language) });
        deeds.push(DeedForm { of, ..button("refuse", stays, language) });
    }
    deeds
}

/// What asks for something.
pub(super) fn forms(looked: &Looked<'_>) -> Vec<DeedForm> {
    let Looked { app, session, request, config, language, .. } = *looked;
    let of = |both: Both| language.of(both);
    let mut forms = Vec::new();
    let rulebook = &config.rulebook;
    if request.phase.is_live() {
        let mut people: Vec<Choice> = config
            .contacts
            .iter()
            .filter(|(key, _)| request.owner.as_ref() != Some(key))
            .map(|(key, contact)| Choice { key: key.clone(), name: format::one_line(&contact.name, 60) })
            .collect();
        people.sort_by_key(|person| person.name.to_lowercase());
        if !people.is_empty() {
            forms.push(DeedForm {
                choice: Some(("owner", of(both!("To whom", "A quién")), people)),
                ..button("own", both!("Hand it over", "Pasarla"), language)
            });
        }
        let kinds = rulebook.waits.iter().map(|kind| Choice { key: kind.key.clone(), name: kind.name.clone() });
        let client = Choice { key: String::new(), name: of(both!("the client", "el cliente")) };
        let client = Some(client).filter(|_| rulebook.clients_wait().is_none() && !rulebook.waits.is_empty());
        let kinds: Vec<Choice> = client.into_iter().chain(kinds).collect();
        forms.push(DeedForm {
            choice: (!kinds.is_empty()).then(|| ("on", of(both!("For whom", "A quién se espera")), kinds)),
            when: Some((
                "until",
                of(both!("Until when, if that is known (\"mon 08:00\")", "Hasta cuándo, si se sabe («lun 08:00»)")),
            )),
            text: Some(("reason", of(both!("What for", "Qué se espera")))),
            ..button("wait", both!("Wait", "Dejarla en espera"), language)
        });
        forms.push(DeedForm {
            when: Some((
                "until",
                of(both!(
                    "Until when: +15m, \"mon 08:00\", \"next opening\"",
                    "Hasta cuándo: +15m, «lun 08:00», «próxima apertura»"
                )),
            )),
            ..button("snooze", both!("Put it off", "Posponerla"), language)
        });
        forms.push(DeedForm {
            text: Some(("text", of(both!("What is handed over", "Qué se entrega")))),
            ..button("deliver", both!("Deliver", "Entregarla"), language)
        });
        let grounds = Ground::ALL.map(|ground| Choice {
            key: ground.as_str().to_owned(),
            name: vocabulary::ground(ground, language).to_owned(),
        });
        forms.push(DeedForm {
            choice: Some(("ground", of(both!("On which ground", "Por qué razón")), grounds.into())),
            text: Some((
                "reason",
                of(both!(
                    "A word on it: the other channel, or the task that is left",
                    "Una palabra sobre eso: el otro canal, o la tarea que queda"
                )),
            )),
            ..button("close", both!("Close", "Cerrarla"), language)
        });
    }
    forms.push(DeedForm {
        text: Some(("text", of(both!("The note, for colleagues alone", "La nota, solo para el equipo")))),
        ..button("comment", both!("Comment", "Comentar"), language)
    });
    forms.extend(write(looked));
    let has_broken = request.clocks.iter().any(|clock| clock.breached_at.is_some());
    if has_broken && !rulebook.reasons.is_empty() && app.sees(&session.viewer, request) {
        let reasons = rulebook.reasons.iter();
        let reasons = reasons.map(|one| Choice { key: one.key.clone(), name: one.name.clone() }).collect();
        forms.push(DeedForm {
            choice: Some(("reason", of(both!("The reason", "La razón")), reasons)),
            text: Some(("text", of(both!("What there is to say to it", "Qué hay que decir al respecto")))),
            ..button("reason", both!("Say why it broke", "Decir por qué se incumplió"), language)
        });
    }
    forms
}

/// What can be done where the conversation lives, where plazo writes back there.
fn write(looked: &Looked<'_>) -> Option<DeedForm> {
    let Looked { request, events, config, language, .. } = *looked;
    if !request.phase.is_live() {
        return None;
    }
    let ticket = desk::ticket_of(events, config)?;
    let source = config.sources.get(&ticket.source)?;
    let write = source.writes()?;
    let kinds = [
        ("note", both!("a private note", "una nota privada")),
        ("tag", both!("a tag", "una etiqueta")),
        ("assign", both!("somebody who gets it", "a quién pasa")),
        ("priority", both!("a priority", "una prioridad")),
    ];
    let kinds = kinds.into_iter().filter(|(word, _)| write.can(word));
    let kinds = kinds.map(|(word, name)| Choice { key: word.to_owned(), name: language.of(name) }).collect();
    let system = &source.mapping.title;
    let words = both!(
        "The words of the note, or the name of the tag, person or priority",
        "Las palabras de la nota, o el nombre de la etiqueta, la persona o la prioridad"
    );
    Some(DeedForm {
        choice: Some(("on", language.of(both!("What", "Qué")), kinds)),
        text: Some(("text", language.of(words))),
        ..button("write", both!("Write in {system}", "Escribir en {system}"), language)
    })
}
