//! The page of a request: the deed that its link is for, and on the page that shows, all the others.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};

use super::forms::{approval, excuse, moved, put_off, reason};
use super::offers::{deeds, further, opening, whole};
use super::page::{Form, History, Onward, Page};
use super::wording::{capitalised, person, promises, rows, short_client, span};
use crate::app::App;
use crate::app::links::{Deed, Link};
use crate::both;
use crate::config::Config;
use crate::engine::clock::ClockState;
use crate::engine::event::{Event, Fact};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::http::history::{Told, told};
use crate::text::history::Line;
use crate::text::{Both, Language, format};

/// Lines of the history on a page, the latest ones.
const MOST_TOLD: usize = 30;

/// Who took a request, and when.
pub(super) struct Taken {
    /// The key of a person of the file, where it was one.
    key: Option<String>,
    name: String,
    at: DateTime<Utc>,
}

/// The page before the deed.
pub(super) async fn ask(app: &App, link: &Link, request: &Request, language: Language) -> Page {
    let (config, now, id) = (app.config(), app.now(), request.id);
    let events = app.views.events(id).await.unwrap_or_default();
    let taken = taken(request, &events, &config, language);
    let page = seen(app, request, language);
    if !request.phase.is_live() && !link.deed.outlives_closing() {
        let over = both!(
            "This request is closed; there is nothing left to do.",
            "Esta solicitud ya está cerrada; no queda nada por hacer."
        );
        return Page { kind: "done", leads: vec![language.of(over)], ..page };
    }
    let who = taken.as_ref().map(|taken| said(taken, link, now, language));
    let leads: Vec<String> = who.into_iter().collect();
    let form = |button: Both, note: Both| {
        Some(Form { button: language.of(button), note: Some(language.of(note)), ..Form::default() })
    };
    let (title, form) = match &link.deed {
        Deed::Show => {
            let (deeds, hand) = deeds(app, link, request, taken.is_some(), language).await;
            let further = further(app, link, &events, language);
            return Page { leads, deeds, hand, further, history: history(app, id, language).await, ..page };
        }
        // Nothing is left to take, and nobody need be asked.
        Deed::Take if taken.is_some() && request.owner.is_some() => {
            let show = Onward {
                text: language.of(both!("What else can be done with {id}", "Qué más se puede hacer con {id}")),
                href: app.onward(link, Deed::Show, id),
            };
            return Page { leads, further: vec![show, whole(app, id, language)], ..page };
        }
        Deed::Take => {
            let note = if request.owner.is_none() && link.reader.person().is_some() {
                both!(
                    "Nobody answers for it yet: from then on you do. Nobody above is told while you see to it.",
                    "Nadie responde por ella todavía: desde entonces, usted. Mientras usted se ocupa, no se avisa más arriba."
                )
            } else {
                both!("Nobody above is told while you see to it.", "Mientras usted se ocupa, no se avisa más arriba.")
            };
            (both!("Take {id}?", "¿Tomar {id}?"), form(both!("I take it", "Lo tomo"), note))
        }
        Deed::Snooze(time) => put_off(id, &span(*time), language),
        Deed::SnoozeUntil(until) if *until <= now => (
            both!("Alert about {id} again?", "¿Volver a avisar de {id}?"),
            form(both!("Alert again", "Volver a avisar"), both!("The clock runs on.", "El reloj sigue corriendo.")),
        ),
        Deed::SnoozeUntil(_) | Deed::SnoozeOpening => {
            let until = match link.deed {
                Deed::SnoozeUntil(until) => until,
                _ => opening(request, &config, now),
            };
            let until = format::when(until, now, config.zone, language);
            (
                both!("Put {id} off until {until}?", "¿Posponer {id} hasta {until}?"),
                form(
                    both!("Remind me {until}", "Recordarme {until}"),
                    both!(
                        "No alert about it until then. The clock runs on.",
                        "Hasta entonces no sale ningún aviso. El reloj sigue corriendo."
                    ),
                ),
            )
        }
        Deed::Silence(time) => {
            let span = span(*time);
            (
                both!("Silence {id} for {span}?", "¿Silenciar {id} {span}?"),
                form(
                    both!("Silence for {span}", "Silenciar {span}"),
                    both!(
                        "Nobody is told of it until then; what was held back comes as one message.",
                        "Hasta entonces no se avisa a nadie; lo retenido llega en un solo mensaje."
                    ),
                ),
            )
        }
        Deed::EndSilence => (
            both!("End the silence of {id}?", "¿Terminar el silencio de {id}?"),
            form(
                both!("End the silence", "Terminar el silencio"),
                both!("What was held back goes out.", "Lo retenido sale."),
            ),
        ),
        Deed::Hand => {
            let (_, hand) = deeds(app, link, request, taken.is_some(), language).await;
            return Page { title: language.of(both!("Hand {id} over?", "¿Pasar {id}?")), leads, hand, ..page };
        }
        Deed::Release => (
            both!("Give {id} back?", "¿Devolver {id}?"),
            form(
                both!("Give it back", "Devolver"),
                both!("Nobody answers for it then.", "Entonces nadie responde por ella."),
            ),
        ),
        Deed::Waive => (
            both!("Does {id} need no answer?", "¿No hace falta responder a {id}?"),
            form(
                both!("It needs no answer", "No hace falta responder"),
                both!(
                    "Its clock ends, neither kept nor broken. The report says who said so.",
                    "Su reloj termina: ni cumplido ni vencido. El informe dice quién lo dijo."
                ),
            ),
        ),
        Deed::Excuse(number) => return excuse(app, *number, page, language).await,
        Deed::Reason => return reason(app, id, page, language).await,
        Deed::Approve(clock) | Deed::Refuse(clock) => {
            return approval(app, link, request, *clock, page, language).await;
        }
        Deed::Held => (
            both!("Did the appointment of {id} take place?", "¿Se hizo la cita de {id}?"),
            form(both!("Yes, it took place", "Sí, se hizo"), both!("Its clock ends.", "Su reloj termina.")),
        ),
        Deed::Reschedule => {
            (both!("Move the appointment of {id}?", "¿Mover la cita de {id}?"), moved(request, &config, language))
        }
        Deed::Agenda | Deed::List | Deed::Report(..) | Deed::SignIn(_) | Deed::SignInHere => return page,
    };
    Page { title: language.of(title), leads, form, ..page }
}

/// What every page of a request says, before and after a deed.
pub(super) fn seen(app: &App, request: &Request, language: Language) -> Page {
    let (config, now, id) = (app.config(), app.now(), request.id);
    let is_broken = request.clocks.iter().any(|clock| clock.state == ClockState::Breached);
    let client = short_client(request, &config);
    let title = if client.is_empty() { String::new() } else { format!(" · {client}") };
    Page {
        status: StatusCode::OK,
        title: language.of(both!("Request {id}{title}", "Solicitud {id}{title}")),
        kind: match (request.phase.is_live(), is_broken) {
            (false, _) => "done",
            (true, true) => "breach",
            (true, false) => "warning",
        },
        clocks: promises(request, &config, now, language),
        facts: rows(request, &config, now, language),
        further: vec![whole(app, id, language)],
        ..Page::default()
    }
}

/// What happened so far, the latest first: `hoy 12:28: Diego Soto le respondió al cliente · por el correo`.
async fn history(app: &App, id: RequestId, language: Language) -> Option<History> {
    let Told { lines, .. } = told(app, id, language).await.ok()?;
    let (config, now) = (app.config(), app.now());
    let line = |line: &Line| {
        let (at, text) = (format::when(line.at, now, config.zone, language), &line.text);
        let door = line.door.as_ref().map(|door| format!(" · {door}")).unwrap_or_default();
        format!("{at}: {text}{door}")
    };
    let lines: Vec<_> = lines.iter().rev().take(MOST_TOLD).map(line).collect();
    let title = language.of(both!("What happened so far", "Qué ha pasado"));
    (!lines.is_empty()).then_some(History { title, lines })
}

/// Who took the request, if that still holds.
fn taken(request: &Request, events: &[Event], config: &Config, language: Language) -> Option<Taken> {
    let at = request.clocks.iter().filter(|clock| clock.is_live()).filter_map(|clock| clock.acked_at).max()?;
    let event = events.iter().rev().find(|event| matches!(event.fact, Fact::Ack { .. }) && event.at == at);
    let author = event.and_then(|event| event.author.as_ref());
    let known = author.and_then(|author| config.rulebook.directory.person_of(author));
    let name = known.map(|person| person.name.clone()).or_else(|| author.and_then(|author| author.name.clone()));
    let name = name.unwrap_or_else(|| language.of(both!("Somebody", "Alguien")));
    Some(Taken { key: known.map(|person| person.key.clone()), name: format::one_line(&name, 80), at })
}

fn said(taken: &Taken, link: &Link, now: DateTime<Utc>, language: Language) -> String {
    let (name, ago) = (&taken.name, span(now - taken.at));
    let is_reader = taken.key.is_some() && taken.key.as_deref() == link.reader.person();
    language.of(if is_reader {
        both!("You took it {ago} ago.", "Usted lo tomó hace {ago}.")
    } else {
        both!("{name} took it {ago} ago.", "{name} lo tomó hace {ago}.")
    })
}

/// Until when it is put off, for the sentence after that.
pub(super) fn until(request: &Request, config: &Config, now: DateTime<Utc>, language: Language) -> String {
    format::when(request.snoozed_until.unwrap_or(now), now, config.zone, language)
}

/// The name of the owner in a sentence.
pub(super) fn owner(request: &Request, config: &Config, language: Language) -> String {
    let owner = request.owner.as_ref().map(|owner| person(owner, config));
    owner.unwrap_or_else(|| capitalised(&super::wording::nobody(language)))
}
