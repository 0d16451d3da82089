//! What is done on the page of a request: each deed is an event like any other, by whoever is signed in, and what the rules do not allow is
//! said where it was asked for.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::{Map, Value, json};

use super::forms::Refused;
use super::session::{self, SignedIn};
use super::shell::{self, stale};
use super::{request, undo};
use crate::app::links::SILENCE;
use crate::app::sessions::Session;
use crate::app::{App, WriteAsked};
use crate::both;
use crate::engine::check::Violation;
use crate::engine::effect::Effect;
use crate::engine::request::{Phase, Request};
use crate::engine::request_id::RequestId;
use crate::http::actions::perform;
use crate::http::bounds;
use crate::instant::Meant;
use crate::outbox::silence::Silenced;
use crate::outbox::writing::WriteDeed;
use crate::text::{Both, Language, violation};

/// Letters of one field.
const LONGEST: usize = 4_000;
/// Fields that a form may have.
const FIELDS: [&str; 7] = ["owner", "on", "until", "reason", "text", "ground", "of"];

/// Why a deed was not done.
struct Refusal(StatusCode, Both);

pub(super) async fn act(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Path((id, deed)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let language = session.viewer.language(&app.config());
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim().to_owned());
    let refused = |status, detail| {
        let typed = FIELDS.into_iter().filter_map(|name| Some((name.to_owned(), field(name)?))).collect();
        Refused { status, detail, deed: deed.clone(), typed }
    };
    if !App::is_own_form(&session, &field("form").unwrap_or_default()) {
        let refused = refused(StatusCode::FORBIDDEN, stale(language));
        return request::page(&app, &session, &id, None, Some(refused)).await;
    }
    let number = id.parse::<RequestId>().ok();
    let found = match number {
        Some(number) => app.views.request(number).await.ok().flatten(),
        None => None,
    };
    let Some(found) = found.filter(|request| app.sees(&session.viewer, request)) else {
        return request::page(&app, &session, &id, None, None).await;
    };
    let once = field("once").filter(|once| uuid::Uuid::parse_str(once).is_ok());
    let given = FIELDS.into_iter().filter_map(|name| Some((name.to_owned(), field(name)?)));
    let given = given.filter(|(_, value)| !value.is_empty());
    let given: Map<String, Value> =
        given.map(|(name, value)| (name, value.chars().take(LONGEST).collect::<String>().into())).collect();
    match carry_out(&app, &session, &found, (&deed, once.as_deref()), given).await {
        Ok(did) => {
            let after = app.views.request(found.id).await.ok().flatten();
            if let Some(after) = after.filter(|after| !app.sees(&session.viewer, after)) {
                return gone(&app, &session, &after);
            }
            let did = session::sealed(&session, did);
            Redirect::to(&format!("/r/{}?hecho={did}", found.id)).into_response()
        }
        Err(Refusal(status, detail)) => {
            request::page(&app, &session, &id, None, Some(refused(status, language.of(detail)))).await
        }
    }
}

/// That it is done, and another team's from now on.
fn gone(app: &App, session: &Session, request: &Request) -> Response {
    let config = app.config();
    let language = session.viewer.language(&config);
    let (id, owner) = (request.id, request.owner.as_deref().map(|key| config.name_of(key).to_owned()));
    let title = match owner {
        Some(owner) => both!("{id}: {owner} answers for it now", "{id}: ahora responde {owner}"),
        None => both!("{id}: it is done", "{id}: quedó hecho"),
    };
    let lead =
        both!("It is another team's, and no longer among yours.", "Es de otro equipo, y ya no está entre las suyas.");
    let back = ("/".to_owned(), language.of(both!("To the queue", "A la cola")));
    let frame = shell::frame(session, app, "", language);
    shell::message(StatusCode::OK, frame, (language.of(title), language.of(lead)), back)
}

/// Does it; the word of what was done.
async fn carry_out(
    app: &App,
    session: &Session,
    request: &Request,
    (deed, once): (&str, Option<&str>),
    given: Map<String, Value>,
) -> Result<&'static str, Refusal> {
    let person = session.viewer.person();
    let is_closed = matches!(request.phase, Phase::Closed | Phase::Merged);
    if is_closed
        && ["take", "own", "release", "snooze", "silence", "write", "wait", "resume", "waive", "deliver", "promise"]
            .contains(&deed)
    {
        let detail = both!(
            "It was closed meanwhile. Open it again first, if there is more to do.",
            "Mientras tanto se cerró. Ábrala de nuevo primero, si queda algo por hacer."
        );
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    // Whoever sends no number of the form sends it once.
    let once = once.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let actions: Vec<(&'static str, Map<String, Value>)> = match deed {
        "take" => {
            // Where nobody answers for it, whoever takes it does.
            let own = person.filter(|_| request.owner.is_none());
            let own = own.map(|key| ("own", Map::from_iter([("owner".to_owned(), json!(key))])));
            own.into_iter().chain([("ack", Map::new())]).collect()
        }
        "snooze" => {
            in_time(app, request, given.get("until").and_then(Value::as_str))?;
            vec![("snooze", given)]
        }
        "undo" => {
            // What was shown when the button was pressed, and not whatever is last by now.
            let events = app.views.events(request.id).await.unwrap_or_default();
            let config = app.config();
            let named = given.get("of").and_then(Value::as_str);
            let last = undo::last_of(&events, session, &config, app.now());
            let Some(last) = last.filter(|event| Some(event.id.to_string().as_str()) == named) else {
                let detail = both!(
                    "Something has happened since, or it is not yours to take back. Load the page again.",
                    "Algo pasó desde entonces, o no le corresponde deshacerlo. Cargue la página de nuevo."
                );
                return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail));
            };
            // What one form did is one act: whoever took what nobody owned gives it back as well.
            let acts = undo::whole_of(&events, last).into_iter();
            acts.map(|act| ("undo", Map::from_iter([("of".to_owned(), act.id.to_string().into())]))).collect()
        }
        "own" if !given.contains_key("owner") => {
            let detail = both!("Say to whom it goes.", "Diga a quién pasa.");
            return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        "comment" if !given.contains_key("text") => {
            let detail = both!("Write what is to be noted.", "Escriba qué se anota.");
            return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        "release" => vec![("own", Map::new())],
        // What the ground rests on is written down with it.
        "close" => match (given.get("ground").and_then(Value::as_str), given.get("reason").cloned()) {
            (Some("moved"), Some(channel)) => {
                let comment = Map::from_iter([("external_channel".to_owned(), channel)]);
                vec![("comment", comment), ("close", given)]
            }
            (Some("task"), Some(task)) => {
                vec![("split", Map::from_iter([("parts".to_owned(), json!([task]))])), ("close", given)]
            }
            _ => vec![("close", given)],
        },
        "write" => return write(app, session, request, once, &given).await,
        "silence" => return silence(app, session, request).await,
        "unsilence" => return end_silence(app, session, request).await,
        "approve" | "refuse" => {
            let of = given.get("of").and_then(Value::as_str).and_then(|of| of.split_once(':'));
            let Some((cycle, kind)) = of.and_then(|(cycle, kind)| Some((cycle.parse::<u32>().ok()?, kind))) else {
                let none = both!("Say of which breach.", "Diga de cuál incumplimiento.");
                return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, none));
            };
            let fields = json!({ "promise": kind, "cycle": cycle, "refuse": deed == "refuse" });
            vec![("approve", fields.as_object().cloned().unwrap_or_default())]
        }
        _ => match KNOWN.iter().find(|known| **known == deed) {
            Some(known) => vec![(known, given)],
            None => {
                let none = both!("There is no such deed.", "No existe ese acto.");
                return Err(Refusal(StatusCode::NOT_FOUND, none));
            }
        },
    };
    let config = app.config();
    let mut is_idle = true;
    let mut broken: Vec<Violation> = Vec::new();
    for (place, (action, mut fields)) in actions.into_iter().enumerate() {
        fields.insert("by".to_owned(), json!(session.viewer.author(&config)));
        // A form that is sent twice is one deed.
        fields.insert("id".to_owned(), undo::id_in_form(&once, deed, place).into());
        let done = perform(app, request.id, action, fields, session.proof()).await;
        let done = done.map_err(|failure| Refusal(StatusCode::UNPROCESSABLE_ENTITY, failure.detail()))?;
        is_idle &= done.effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
        broken.extend(done.effects.into_iter().filter_map(|effect| match effect {
            Effect::Violation(violation) => Some(violation),
            _ => None,
        }));
    }
    if !broken.is_empty() {
        let told =
            |language| broken.iter().map(|one| violation::sentences(one, language)).collect::<Vec<_>>().join("\n");
        let (en, es) = (told(Language::En), told(Language::Es));
        let detail = both!("It is noted, and breaks a rule.\n{en}", "Quedó anotado, y rompe una regla.\n{es}");
        return Err(Refusal(StatusCode::OK, detail));
    }
    let did = KNOWN.into_iter().chain(["take", "release", "approve", "refuse"]).find(|known| *known == deed);
    Ok(if is_idle { "same" } else { did.unwrap_or("same") })
}

/// What lies in the past puts nothing off; on what is put off it ends that.
fn in_time(app: &App, request: &Request, until: Option<&str>) -> Result<(), Refusal> {
    let (now, refused) = (app.now(), |detail| Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail));
    let until = until.unwrap_or_default();
    let at = bounds::instant_of(app, "until", Some(until), Meant::Ends, Some(request))
        .map_err(|failure| refused(failure.problem))?;
    if at.is_some_and(|at| now < at) || request.snoozed_until.is_some_and(|until| now < until) {
        return Ok(());
    }
    if until.is_empty() {
        return Err(refused(both!("Say until when.", "Diga hasta cuándo.")));
    }
    Err(refused(both!("\"{until}\" is over; say until when.", "«{until}» ya pasó; diga hasta cuándo.")))
}

const KNOWN: [&str; 12] =
    ["own", "answer", "wait", "resume", "snooze", "waive", "comment", "deliver", "close", "reopen", "reason", "undo"];

/// Keeps everybody from being told of it for a while: for leads and roles alone.
async fn silence(app: &App, session: &Session, request: &Request) -> Result<&'static str, Refusal> {
    let config = app.config();
    if !app.answers_for_others(&session.viewer) {
        let detail = both!(
            "Leads and whoever holds a role silence a request; put it off instead.",
            "Silencian una solicitud los líderes y quienes tienen un cargo; pospóngala en su lugar."
        );
        return Err(Refusal(StatusCode::FORBIDDEN, detail));
    }
    let silenced = Silenced { request: Some(request.id), ..Silenced::default() };
    let (now, who) = (app.now(), session.viewer.name(&config).to_owned());
    let added = app.outbox.add_silence(silenced, (now, now + SILENCE), Some(who), None).await;
    let failed = both!("plazo could not do it now.", "plazo no pudo hacerlo ahora.");
    added.map(|_| "silence").map_err(|_| Refusal(StatusCode::SERVICE_UNAVAILABLE, failed))
}

/// Ends the silences of that one request; those of whole teams or clients stay.
async fn end_silence(app: &App, session: &Session, request: &Request) -> Result<&'static str, Refusal> {
    if !app.answers_for_others(&session.viewer) {
        let detail = both!(
            "Leads and whoever holds a role end a silence.",
            "Terminan un silencio los líderes y quienes tienen un cargo."
        );
        return Err(Refusal(StatusCode::FORBIDDEN, detail));
    }
    let failed = || {
        let detail = both!("plazo could not do it now.", "plazo no pudo hacerlo ahora.");
        Refusal(StatusCode::SERVICE_UNAVAILABLE, detail)
    };
    let known = app.views.silences(false).await.map_err(|_| failed())?;
    for row in known.iter().filter(|row| row.silenced.request == Some(request.id)) {
        app.outbox.end_silence(row.id).await.map_err(|_| failed())?;
    }
    match app.outbox.silenced_until(request, None).await {
        Ok(None) => Ok("unsilence"),
        Ok(Some(_)) => {
            let detail = both!(
                "A wider silence, of a team, a client or a channel, holds its alerts; it is ended under Silences.",
                "Un silencio más amplio, de un equipo, un cliente o un canal, retiene sus avisos; se termina en Silencios."
            );
            Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail))
        }
        Err(_) => Err(failed()),
    }
}

/// Has something done where the conversation lives.
async fn write(
    app: &App,
    session: &Session,
    request: &Request,
    once: String,
    given: &Map<String, Value>,
) -> Result<&'static str, Refusal> {
    let refused = |detail| Refusal(StatusCode::UNPROCESSABLE_ENTITY, detail);
    let config = app.config();
    let word = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (what, text) = (word("on"), word("text"));
    if text.is_empty() {
        return Err(refused(both!(
            "Write the note, the tag, the name or the priority.",
            "Escriba la nota, la etiqueta, el nombre o la prioridad."
        )));
    }
    let (deed, words) = match what.as_str() {
        "tag" => (WriteDeed::Tag { name: text }, None),
        "priority" => (WriteDeed::Priority { name: text }, None),
        "assign" => {
            let person = config.rulebook.directory.person(&text).map(|person| person.key.clone());
            let unknown = || refused(both!("Nobody of the file is called that.", "Nadie del archivo se llama así."));
            (WriteDeed::Assign { person: Some(person.ok_or_else(unknown)?) }, None)
        }
        _ => {
            let by = session.viewer.name(&config);
            (WriteDeed::Note, Some(format!("{by}: {text}")))
        }
    };
    match app.outbox.write_back(request.id, deed, words, once).await {
        Ok(WriteAsked::Decided | WriteAsked::Again) => Ok("write"),
        Ok(WriteAsked::Nowhere) => Err(refused(both!(
            "plazo cannot write that where this conversation lives.",
            "plazo no puede escribir eso donde está esta conversación."
        ))),
        Err(_) => {
            let failed = both!("plazo could not do it now.", "plazo no pudo hacerlo ahora.");
            Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, failed))
        }
    }
}
