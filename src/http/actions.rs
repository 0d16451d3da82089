//! `POST /v1/requests/{id}/{action}`: what people do with a request. Each is an event like any other.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Operate;
use super::bounds;
use super::error::{Failure, HandlerResult, Named, Problem};
use super::events::unknown_author;
use super::requests::{missing, no_request_id, unknown};
use crate::app::view::RequestView;
use crate::app::{App, Applied, DOOR, Incoming};
use crate::both;
use crate::config::{Config, Family};
use crate::engine::clock::Clock;
use crate::engine::directory::Recipient;
use crate::engine::effect::Effect;
use crate::engine::event::{self, Author, BrokenPromise, Event, Fact, RequestKind};
use crate::engine::policy::TargetKind;
use crate::engine::proof::Proof;
use crate::engine::reasons;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::DONE;
use crate::intake::json;
use crate::store::StoreError;
use crate::text::{Both, Language, format};

const ACTIONS: [&str; 30] = [
    "answer",
    "own",
    "wait",
    "resume",
    "promise",
    "deliver",
    "comment",
    "tag",
    "move",
    "prioritise",
    "close",
    "reopen",
    "ack",
    "snooze",
    "log",
    "schedule",
    "held",
    "call_dropped",
    "call_made",
    "follow_up",
    "block",
    "unblock",
    "split",
    "stage",
    "escalate",
    "replica",
    "waive",
    "undo",
    "reason",
    "approve",
];

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(act))
}

/// What an action did.
#[derive(Debug, Serialize, ToSchema)]
struct Acted {
    /// The request as it is now.
    request: RequestView,
    /// What the action caused.
    #[schema(value_type = Vec<Object>)]
    effects: Vec<Effect>,
    /// What was taken as it stands, and probably meant otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Doubt>,
    /// What was taken back, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_back: Option<String>,
}

/// A word that nobody knows, and that was taken all the same.
#[derive(Debug, Serialize, ToSchema)]
struct Doubt {
    /// The field.
    field: &'static str,
    /// Why it is doubted.
    detail: String,
}

/// Act on a request: answer, own, wait, resume, promise, deliver, comment, tag, move, prioritise, close, reopen, ack, snooze, log,
/// schedule, held, call_dropped, call_made, follow_up, block, unblock, split, stage, escalate, replica, waive, undo, reason, approve.
///
/// The body is optional: `by` (who), `at`, `id`, and the fields of the event of that type (docs/events.md). Closing, moving and
/// leaving a claim's stage are refused (`refused`) where the rules of sla.toml do not allow it.
#[utoipa::path(post, path = "/v1/requests/{id}/{action}", tag = "requests",
    params(("id" = String, Path, example = "R-17"), ("action" = String, Path, example = "ack")),
    request_body(content = Option<Object>, content_type = "application/json"),
    responses((status = 200, body = Acted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn act(
    Operate(grant): Operate,
    State(app): State<App>,
    Named((id, action)): Named<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<Acted>> {
    let id: RequestId = id.parse().map_err(|error| unknown(no_request_id(&error)))?;
    let fields = match body?.trim_ascii() {
        b"" => Map::new(),
        body => serde_json::from_slice(body).map_err(json::NotJson::from)?,
    };
    let done = perform(&app, id, &action, fields, grant.proof).await?;
    let request = app.views.request(id).await?;
    let request = request.ok_or_else(|| missing(&app, id))?;
    let config = app.config();
    let doubt = |(field, detail): (&'static str, Both)| Doubt { field, detail: config.language.of(detail) };
    let warnings = done.doubts.into_iter().map(doubt).collect();
    let took_back = done.undone.map(|act| super::history::sentence(&config, &act, app.now()));
    Ok(Json(Acted { request: RequestView::new(&request, &config), effects: done.effects, warnings, took_back }))
}

/// What an action caused.
#[derive(Debug)]
pub(super) struct Performed {
    /// Its effects; none where it was known already.
    pub(super) effects: Vec<Effect>,
    /// What was taken as it stands, and probably meant otherwise: the field, and why it is doubted.
    pub(super) doubts: Vec<(&'static str, Both)>,
    /// The act that was taken back, if that was wanted.
    pub(super) undone: Option<Event>,
}

/// Does an action on a request, whoever asks for it: a program, or a page.
pub(super) async fn perform(
    app: &App,
    id: RequestId,
    action: &str,
    fields: Map<String, Value>,
    proof: Proof,
) -> HandlerResult<Performed> {
    let mut fields = event_of(id, action, fields)?;
    let undone = if action == "undo" { Some(name_what_is_undone(app, id, &mut fields).await?) } else { None };
    let of = app.views.request(id).await?;
    bounds::instants(app, &mut fields, of.as_ref())?;
    let (mut event, request) = json::event(Value::Object(fields), DOOR, app.now())?;
    event.proof = proof;
    let config = app.config();
    let unknown = |field, family, word: &str| Failure::of_field(field, config.unknown(family, word));
    match &event.fact {
        // A person may only hand a request to somebody whom `sla.toml` knows; a channel may name anybody.
        Fact::Own { owner: Some(owner) } if !config.knows(Family::Person, owner) => {
            return Err(unknown("owner", Family::Person, owner));
        }
        Fact::Stage { to, .. } if !config.knows(Family::Stage, to) && !to.eq_ignore_ascii_case(DONE) => {
            return Err(unknown("to", Family::Stage, to));
        }
        Fact::Wait { on: Some(on), .. } if !config.knows(Family::Wait, on) => {
            return Err(unknown("on", Family::Wait, on));
        }
        Fact::Wait { until: Some(until), .. } if *until <= event.at => {
            let problem = both!(
                "must lie ahead: a wait ends later than it begins",
                "debe estar por venir: una espera termina después de empezar"
            );
            return Err(Failure::of_field("until", problem));
        }
        Fact::Stage { .. } => {
            let request = app.views.request(id).await?;
            if request.is_some_and(|request| request.facets.kind != RequestKind::Claim) {
                let problem = both!(
                    "{id} is no formal claim, so it goes through no stages",
                    "{id} no es un reclamo formal, así que no pasa por etapas"
                );
                return Err(Failure::of_field("to", problem));
            }
        }
        Fact::Reason { .. } | Fact::Approve { .. } => told_reason(app, id, &event, &config).await?,
        _ => {}
    }
    if let Fact::Ack { until: Some(until) } = event.fact
        && until <= event.at
    {
        let problem = both!("must lie ahead of `at`", "debe ser posterior a `at`");
        return Err(Failure::of_field("until", problem));
    }
    let until = if let Fact::Wait { until, .. } = event.fact { until } else { None };
    let author = event.author.as_ref().and_then(|author| unknown_author(author, &config));
    let mut doubts: Vec<_> = author.map(|doubt| ("by", doubt)).into_iter().collect();
    let applied = app.desk.submit(vec![Incoming::new(event, request).map_err(StoreError::from)?]).await?;
    let effects = match applied.into_iter().next() {
        Some(Applied::Accepted { effects, .. }) => effects,
        Some(Applied::Duplicate { .. } | Applied::Unfiled) | None => Vec::new(),
        Some(Applied::Rejected(rejection)) => return Err(rejection.into()),
    };
    if let Some(until) = until {
        let request = app.views.request(id).await?;
        doubts.extend(request.and_then(|request| outlasts(&request, until, &config)).map(|doubt| ("until", doubt)));
    }
    Ok(Performed { effects, doubts, undone })
}

/// That a wait is to last longer than its kind may: somebody is told of it before.
fn outlasts(request: &Request, until: DateTime<Utc>, config: &Config) -> Option<Both> {
    let is_bound = |clock: &&Clock| clock.kind == TargetKind::Waiting && clock.is_live();
    let due = request.clocks.iter().find(is_bound)?.due_at.filter(|due| *due < until)?;
    let at = |language| format::dated(due, config.zone, language);
    Some(Both {
        en: format!("it may wait until {} at most; then it is told, though the wait goes on", at(Language::En)),
        es: format!("puede esperar a lo sumo hasta el {}; entonces se avisa, aunque la espera sigue", at(Language::Es)),
    })
}

/// Refuses a reason that the file does not name, or for a promise that did not break, and an approval by somebody who may not.
async fn told_reason(app: &App, id: RequestId, event: &Event, config: &Config) -> HandlerResult<()> {
    let Some(request) = app.views.request(id).await? else { return Err(missing(app, id)) };
    let clocks = app.views.clocks(id).await?;
    let rulebook = &config.rulebook;
    let owner = request.owner.as_deref();
    let unbroken = |of: BrokenPromise| {
        let what = of.promise.map(|kind| format!(" `{}`", kind.as_str())).unwrap_or_default();
        let problem = both!(
            "no promise{what} of {id} has broken; `plazo explain {id}` shows each",
            "ninguna promesa{what} de {id} se ha incumplido; `plazo explain {id}` las muestra"
        );
        Failure::of_field("promise", problem)
    };
    match &event.fact {
        Fact::Reason { reason, of, .. } => {
            if rulebook.reason(reason).is_none() {
                return Err(Failure::of_field("reason", config.unknown(Family::Reason, reason)));
            }
            reasons::broken(&clocks, *of, event.at).map(|_| ()).ok_or_else(|| unbroken(*of))
        }
        Fact::Approve { of, .. } => {
            let events = app.views.events(id).await?;
            let given = reasons::of(&events, &clocks, owner, rulebook);
            let Some(place) = reasons::awaiting(&given, *of) else {
                let problem = both!(
                    "no reason on {id} awaits approval; `plazo explain {id}` shows those that were given",
                    "ninguna razón de {id} espera aprobación; `plazo explain {id}` muestra las que se dieron"
                );
                return Err(Failure::of_field("promise", problem));
            };
            let reason = rulebook.reason(&given[place].reason);
            let clock = clocks.iter().find(|clock| clock.name() == given[place].clock);
            let approvers =
                reason.zip(clock).map(|(reason, clock)| reasons::approvers(reason, clock, owner, rulebook, event.at));
            let approvers = approvers.unwrap_or_default();
            if reasons::is_among(&approvers, event.author.as_ref(), rulebook) {
                return Ok(());
            }
            let names: Vec<_> = approvers
                .iter()
                .filter_map(|recipient| match recipient {
                    Recipient::Person(key) => Some(config.name_of(key).to_owned()),
                    Recipient::Destination(_) => None,
                })
                .collect();
            let (names, reason) = (names.join(", "), &given[place].name);
            let problem = both!(
                "the reason `{reason}` is approved by {names}; name one of them with `by`",
                "la razón `{reason}` la aprueba {names}; nombre a esa persona con `by`"
            );
            Err(Failure::of_field("by", problem))
        }
        _ => Ok(()),
    }
}

/// Says which event is taken back: the one that is named, or the last act of the house.
async fn name_what_is_undone(app: &App, id: RequestId, fields: &mut Map<String, Value>) -> HandlerResult<Event> {
    if app.views.request(id).await?.is_none() {
        return Err(missing(app, id));
    }
    let events = app.views.events(id).await?;
    let of = fields.get("of").and_then(Value::as_str);
    let config = app.config();
    let directory = &config.rulebook.directory;
    let said_by = |field: &str| fields.get("author").and_then(|author| author.get(field)).and_then(Value::as_str);
    let by = said_by("address").or_else(|| said_by("name"));
    let by = by.map(|by| directory.person(by).map_or(by, |person| &person.key).to_owned());
    let key_of = |author: &Author| {
        let known = directory.person_of(author).map(|person| person.key.clone());
        known.or_else(|| author.name.clone()).or_else(|| author.address.clone())
    };
    // Without its name, the last act of whoever takes it back: a colleague's is named. What plazo or a program did is nobody's.
    let is_own = |event: &Event| {
        let author = event.author.as_ref();
        event.proof != Proof::Own
            && author.is_none_or(|author| author.kind.is_human())
            && by.as_ref().is_none_or(|by| author.and_then(key_of).is_none_or(|key| key == *by))
    };
    let is_meant = |event: &&Event| {
        let name = event.id.to_string();
        let is_named = of.map_or_else(|| is_own(event), |of| of == name || of == event.id.id);
        is_named && event.can_be_undone()
    };
    // What was taken back already is none of them; what only somebody said without a proof took nothing back.
    let Some(event) = event::arrived(&events).filter(is_meant).last() else {
        let problem = match of {
            Some(of) => both!(
                "{id} has no act `{of}` that can be taken back; what a client said stays",
                "{id} no tiene un acto `{of}` que se pueda deshacer; lo que dijo un cliente se queda"
            ),
            None => both!(
                "there is no act of yours on {id} that can be taken back: what a client said stays, and so does its opening; a colleague's act is named, as plazo show {id} --json has its id",
                "no hay en {id} un acto suyo que se pueda deshacer: lo que dijo un cliente se queda, y también su apertura; el acto de un colega se nombra, con el id que da plazo show {id} --json"
            ),
        };
        return Err(Failure::of_field("of", problem));
    };
    fields.insert("of".to_owned(), event.id.to_string().into());
    Ok(event.clone())
}

/// The event JSON that an action stands for.
fn event_of(id: RequestId, action: &str, mut fields: Map<String, Value>) -> HandlerResult<Map<String, Value>> {
    if !ACTIONS.contains(&action) {
        let known = ACTIONS.join(", ");
        let detail = both!("`{action}` is no action; there are {known}", "`{action}` no es una acción; hay {known}");
        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown_action", detail));
    }
    // What comes by this door is known by it.
    fields.remove("source");
    let author = fields.remove("by").map(|by| match by {
        Value::String(name) => serde_json::json!({ "name": name, "kind": "agent" }),
        other => other,
    });
    fields.insert("author".to_owned(), author.unwrap_or_else(|| serde_json::json!({ "kind": "agent" })));
    let type_name = if action == "answer" { "message" } else { action };
    if action == "answer" {
        fields.insert("direction".to_owned(), "out".into());
    }
    fields.insert("type".to_owned(), type_name.into());
    fields.insert("request".to_owned(), id.to_string().into());
    fields.entry("id").or_insert_with(|| uuid::Uuid::new_v4().to_string().into());
    Ok(fields)
}
