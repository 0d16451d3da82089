//! `/r/R-17`: one request: what is due, everything that can be done, what happened, and how its deadlines follow.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::session::SignedIn;
use super::{band, shell, undo};
use crate::app::App;
use crate::app::sessions::Session;
use crate::both;
use crate::config::Config;
use crate::desk::{self, place};
use crate::engine::event::{Event, Ground};
use crate::engine::request::{Phase, Request};
use crate::engine::request_id::RequestId;
use crate::http::history::told;
use crate::http::pages::wording::{promises, rows, short_client};
use crate::text::history::HistoryTone;
use crate::text::{Both, Language, explain, format, vocabulary};

/// Lines of the history, the latest ones.
const MOST_TOLD: usize = 60;

/// What was done a moment ago, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Did {
    hecho: Option<String>,
}

/// Something to choose from.
#[derive(Debug, Serialize)]
struct Choice {
    key: String,
    name: String,
}

/// Something that can be done.
#[derive(Debug, Serialize)]
struct DeedForm {
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
    /// Which event it is about.
    of: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    Query(did): Query<Did>,
) -> Response {
    let language = session.viewer.language(&app.config());
    let done = did.hecho.as_deref().and_then(|deed| said(deed, language));
    page(&app, &session, &id, done, None).await
}

/// The page of a request, with what was done or refused at its top.
pub(super) async fn page(
    app: &App,
    session: &Session,
    id: &str,
    done: Option<String>,
    refused: Option<(StatusCode, String)>,
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
    let status = refused.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    let client = short_client(&request, &config);
    let about = [client.as_str(), request.subject.as_deref().unwrap_or_default()];
    let about: Vec<_> =
        about.into_iter().filter(|word| !word.is_empty()).map(|word| format::one_line(word, 90)).collect();
    let live = request.clocks.iter().filter(|clock| clock.is_live() && clock.due_at.is_some());
    let first = live.min_by_key(|clock| clock.due_at);
    let headline = first.map(|clock| desk::headline(&request, clock, &config, now, language));
    let context = context! {
        headline,
        title => format!("{id} · {}", about.join(" · ")),
        id => id.to_string(),
        done,
        refused => refused.map(|(_, detail)| detail),
        clocks => Serde(promises(&request, &config, now, language)),
        facts => Serde(rows(&request, &config, now, language)),
        first => Serde(buttons(app, (&request, &events), session, &config, language)),
        deeds => Serde(forms(app, &request, session, &config, language)),
        place => conversation(&events, language),
        history => history(app, id, &config, language).await,
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
        "deliver" => both!("It is delivered.", "Quedó entregada."),
        "close" => both!("It is closed.", "Quedó cerrada."),
        "reopen" => both!("It is open again.", "Quedó abierta de nuevo."),
        "reason" => both!("The reason is noted.", "La razón quedó anotada."),
        "silence" => both!("It is silent for two hours.", "Queda en silencio dos horas."),
        "undo" => both!("It is taken back.", "Quedó deshecho."),
        "same" => both!("It was so already; nothing changed.", "Ya estaba así; nada cambió."),
        _ => return None,
    }))
}

fn button(deed: &'static str, words: Both, language: Language) -> DeedForm {
    let button = language.of(words);
    DeedForm { deed, title: button.clone(), button, choice: None, when: None, text: None, of: None }
}

/// What needs no more than a button.
fn buttons(
    app: &App,
    (request, events): (&Request, &[Event]),
    session: &Session,
    config: &Config,
    language: Language,
) -> Vec<DeedForm> {
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
    if let Some(event) = undo::last_of(events, session, config, app.now()) {
        let what = vocabulary::event(event.fact.type_name(), language);
        let words = both!("Take back: {what}", "Deshacer: {what}");
        buttons.push(DeedForm { of: Some(event.id.to_string()), ..button("undo", words, language) });
    }
    if request.phase.is_live() && app.answers_for_others(&session.viewer) {
        buttons.push(button("silence", both!("Silence for 2 h", "Silenciar 2 h"), language));
    }
    buttons
}

/// What asks for something.
fn forms(app: &App, request: &Request, session: &Session, config: &Config, language: Language) -> Vec<DeedForm> {
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
        let kinds: Vec<Choice> = kinds.collect();
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
            text: Some(("reason", of(both!("A word to it", "Una palabra sobre eso")))),
            ..button("close", both!("Close", "Cerrarla"), language)
        });
    }
    forms.push(DeedForm {
        text: Some(("text", of(both!("The note, for colleagues alone", "La nota, solo para el equipo")))),
        ..button("comment", both!("Comment", "Comentar"), language)
    });
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

/// The conversation where it is, as its source said.
fn conversation(events: &[Event], language: Language) -> Option<Value> {
    let address = crate::text::history::link(events.iter())?;
    let place = place::of(&address)?;
    Some(context! { text => crate::text::place::label(&place, language), href => place.url })
}

/// What happened, the latest first.
async fn history(app: &App, id: RequestId, config: &Config, language: Language) -> Vec<Value> {
    let Ok(told) = told(app, id, language).await else { return Vec::new() };
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
    lines.collect()
}

fn sections(explanation: &crate::engine::explain::Explanation, config: &Config, language: Language) -> Vec<Value> {
    let sections = explain::sections(explanation, config.zone, language);
    let shown = sections.into_iter().map(|section| {
        let rows: Vec<(&str, String)> = section.rows;
        context! { title => section.title, state => section.state.map(|(_, word)| word), rows => Serde(rows) }
    });
    shown.collect()
}
