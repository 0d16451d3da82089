//! `/r/R-17`: one request: what is due, everything that can be done, what happened, and how its deadlines follow.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use super::forms::{self, Looked, Refused};
use super::session::{self, SignedIn};
use super::{band, shell};
use crate::app::App;
use crate::app::sessions::Session;
use crate::both;
use crate::config::Config;
use crate::desk::{self, place};
use crate::engine::event::Event;
use crate::engine::request::{Phase, Request};
use crate::engine::request_id::RequestId;
use crate::http::history::told;
use crate::http::pages::wording::{promises, rows, short_client};
use crate::text::history::HistoryTone;
use crate::text::{Language, explain, format};

/// Lines of the history, the latest ones.
const MOST_TOLD: usize = 60;

/// What was done a moment ago, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Did {
    hecho: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    Query(did): Query<Did>,
) -> Response {
    let language = session.viewer.language(&app.config());
    let done = session::unsealed(&session, did.hecho.as_deref()).and_then(|deed| said(deed, language));
    page(&app, &session, &id, done, None).await
}

/// The address of a form that was sent, loaded again: the page of its request.
pub(super) async fn back(Path((id, _)): Path<(String, String)>) -> Redirect {
    let id = id.parse::<RequestId>().map_or_else(|_| "/".to_owned(), |id| format!("/r/{id}"));
    Redirect::to(&id)
}

/// The page of a request, with what was done at its top, and what was refused at its form.
pub(super) async fn page(
    app: &App,
    session: &Session,
    id: &str,
    done: Option<String>,
    refused: Option<Refused>,
) -> Response {
    let config = app.config();
    let language = session.viewer.language(&config);
    let frame = shell::frame(session, app, "", language);
    let found = match id.parse::<RequestId>() {
        Ok(id) => app.views.request(id).await.ok().flatten(),
        Err(_) => None,
    };
    // What somebody may not see is not there for them.
    let Some(request) = found.filter(|request| app.sees(&session.viewer, request)) else {
        let id = format::one_line(id, 40);
        let title = language.of(both!("{id} is not among yours", "{id} no está entre las suyas"));
        let lead = both!(
            "There is no such request, or it belongs to another team.",
            "No hay una solicitud así, o es de otro equipo."
        );
        let back = ("/".to_owned(), language.of(both!("To the queue", "A la cola")));
        return shell::message(StatusCode::NOT_FOUND, frame, (title, language.of(lead)), back);
    };
    let (now, id) = (app.now(), request.id);
    let events = app.views.events(id).await.unwrap_or_default();
    let explanation = app.views.explain(id).await.ok().flatten();
    let band = explanation.as_ref().map(|explanation| band::draw(&request, explanation, &config, now, language));
    let derived: Vec<Value> = explanation.iter().flat_map(|one| sections(one, &config, language)).collect();
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let clocks = app.views.clocks(id).await.unwrap_or_default();
    let silent = app.outbox.silenced_until(&request, None).await.ok().flatten();
    let looked =
        Looked { app, session, request: &request, events: &events, clocks: &clocks, config: &config, language };
    let mut deeds = forms::forms(&looked);
    // What has no form any more is said at the top.
    let refused = refused.and_then(|refused| forms::put(refused, &mut deeds));
    let client = short_client(&request, &config);
    let about = [client.as_str(), request.subject.as_deref().unwrap_or_default()];
    let about: Vec<_> =
        about.into_iter().filter(|word| !word.is_empty()).map(|word| format::one_line(word, 90)).collect();
    let live = request.clocks.iter().filter(|clock| clock.is_live() && clock.due_at.is_some());
    let first = live.min_by_key(|clock| clock.due_at);
    let headline = first
        .map_or_else(|| standing(&request, language), |clock| desk::headline(&request, clock, &config, now, language));
    let (history, n_earlier) = history(app, id, &config, language).await;
    let earlier = match n_earlier {
        0 => String::new(),
        n => {
            language.of(both!("+{n} earlier; all of them: plazo show {id}", "+{n} anteriores; todas: plazo show {id}"))
        }
    };
    let context = context! {
        headline,
        title => format!("{id} · {}", about.join(" · ")),
        id => id.to_string(),
        once => uuid::Uuid::new_v4().to_string(),
        done,
        refused,
        silent => silent.map(|until| {
            let until = format::when(until, now, config.zone, language);
            language.of(both!("Its alerts are silent until {until}.", "Sus avisos están en silencio hasta {until}."))
        }),
        clocks => Serde(promises(&request, &config, now, language)),
        facts => Serde(rows(&request, &config, now, language)),
        first => Serde(forms::buttons(&looked, silent.is_some())),
        deeds => Serde(deeds),
        place => conversation(&events, language),
        history,
        earlier,
        history_title => language.of(both!("What happened so far", "Qué ha pasado")),
        band => band.map(Serde),
        band_title => language.of(both!("Its time", "Su tiempo")),
        derived,
        derived_title => language.of(both!("How each deadline follows", "De dónde sale cada plazo")),
        more_title => language.of(both!("More", "Más")),
        ..frame
    };
    shell::respond(status, "request.html", &context)
}

/// How a request stands on which nothing is due.
fn standing(request: &Request, language: Language) -> String {
    language.of(match request.phase {
        Phase::Closed => both!("It is closed: nothing runs on it", "Está cerrada: nada corre sobre ella"),
        Phase::Merged => both!("It is part of another request", "Es parte de otra solicitud"),
        Phase::Waiting => both!("It waits: nothing is due meanwhile", "Está en espera: mientras tanto nada vence"),
        Phase::Open | Phase::Unopened => {
            both!("Nothing is promised on it now", "Ahora no hay nada prometido sobre ella")
        }
    })
}

/// What was done, in a sentence.
fn said(deed: &str, language: Language) -> Option<String> {
    Some(language.of(match deed {
        "take" => both!("You took it. Nobody above is told.", "Usted la tomó. No se avisa más arriba."),
        "own" => both!("It is handed over.", "Quedó pasada."),
        "release" => both!("Nobody answers for it now.", "Ahora nadie responde por ella."),
        "answer" => both!("It is noted that the client was answered.", "Quedó anotado que se respondió."),
        "wait" => both!("It waits now.", "Quedó en espera."),
        "resume" => both!("It goes on.", "Sigue."),
        "snooze" => both!("Its alerts wait.", "Sus avisos esperan."),
        "waive" => both!("Nobody waits for an answer any more.", "Ya nadie espera respuesta."),
        "comment" => both!("The note is there.", "La nota quedó."),
        "write" => {
            both!("It is on its way to where the conversation lives.", "Va camino a donde está la conversación.")
        }
        "deliver" => both!("It is delivered.", "Quedó entregada."),
        "close" => both!("It is closed.", "Quedó cerrada."),
        "reopen" => both!("It is open again.", "Quedó abierta de nuevo."),
        "reason" => both!("The reason is noted.", "La razón quedó anotada."),
        "silence" => both!("It is silent for two hours.", "Queda en silencio dos horas."),
        "unsilence" => both!("Its own silence has ended.", "Terminó su silencio."),
        "approve" => both!("The breach is out of the figures.", "El incumplimiento quedó fuera de las cifras."),
        "refuse" => both!("The breach counts.", "El incumplimiento cuenta."),
        "undo" => both!("It is taken back.", "Quedó deshecho."),
        "same" => both!("It was so already; nothing changed.", "Ya estaba así; nada cambió."),
        _ => return None,
    }))
}

/// The conversation where it is, as its source said.
fn conversation(events: &[Event], language: Language) -> Option<Value> {
    let address = crate::text::history::link(events.iter())?;
    let place = place::of(&address)?;
    Some(context! { text => crate::text::place::label(&place, language), href => place.url })
}

/// What happened, the latest first, and how much of it is left out.
async fn history(app: &App, id: RequestId, config: &Config, language: Language) -> (Vec<Value>, usize) {
    let Ok(told) = told(app, id, language).await else { return (Vec::new(), 0) };
    let now = app.now();
    let lines = told.lines.iter().rev().take(MOST_TOLD).map(|line| {
        context! {
            at => format::when(line.at, now, config.zone, language),
            text => line.text.clone(),
            door => line.door.clone(),
            tone => match line.tone {
                HistoryTone::Good => "good",
                HistoryTone::Bad => "bad",
                HistoryTone::Warning => "soon",
                HistoryTone::Told => "calm",
                HistoryTone::Plain => "",
            },
        }
    });
    (lines.collect(), told.lines.len().saturating_sub(MOST_TOLD))
}

fn sections(explanation: &crate::engine::explain::Explanation, config: &Config, language: Language) -> Vec<Value> {
    let sections = explain::sections(explanation, config.zone, language);
    let shown = sections.into_iter().map(|section| {
        let rows: Vec<(&str, String)> = section.rows;
        context! { title => section.title, state => section.state.map(|(_, word)| word), rows => Serde(rows) }
    });
    shown.collect()
}
