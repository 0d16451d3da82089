//! `POST /v1/requests/{id}/{action}`: what people do with a request. Each is an event like any other.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Operate;
use super::error::{Answer, Failure, Named, Problem};
use super::requests::{missing, unknown};
use crate::app::view::RequestView;
use crate::app::{App, Applied, DOOR, Incoming};
use crate::engine::effect::Effect;
use crate::engine::event::Fact;
use crate::engine::request::RequestId;
use crate::intake::json;

const ACTIONS: [&str; 26] = [
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
}

/// Act on a request: answer, own, wait, resume, promise, deliver, comment, tag, move, prioritise, close, reopen, ack, snooze, log,
/// schedule, held, call_dropped, call_made, follow_up, block, unblock, split, stage, escalate, replica.
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
) -> Answer<Json<Acted>> {
    let id: RequestId = id.parse().map_err(|error| unknown(&error))?;
    let value = event_of(id, &action, &body?)?;
    let (mut event, request) = json::event(value, DOOR, app.now())?;
    event.proof = grant.proof;
    if let Fact::Own { owner: Some(owner) } = &event.fact {
        known_owner(owner, &app)?;
    }
    let applied = app.submit(vec![Incoming::new(event, request)?]).await?;
    let effects = match applied.into_iter().next() {
        Some(Applied::Accepted { effects, .. }) => effects,
        Some(Applied::Duplicate { .. } | Applied::Unfiled) | None => Vec::new(),
        Some(Applied::Rejected(rejection)) => return Err(rejection.into()),
    };
    let request = app.read(move |store| store.request(id)).await?;
    let request = request.ok_or_else(|| missing(&app, id))?;
    Ok(Json(Acted { request: RequestView::new(&request, &app.config()), effects }))
}

/// A person may only hand a request to somebody whom `sla.toml` knows; a channel may name anybody.
fn known_owner(owner: &str, app: &App) -> Answer<()> {
    let config = app.config();
    if config.rulebook.directory.person(owner).is_some() {
        return Ok(());
    }
    let known: Vec<_> = config.contacts.keys().map(String::as_str).collect();
    Err(Failure::of_field("owner", format!("`{owner}` is nobody in sla.toml; known: {}", known.join(", "))))
}

/// The event JSON that an action stands for.
fn event_of(id: RequestId, action: &str, body: &[u8]) -> Answer<Value> {
    if !ACTIONS.contains(&action) {
        let detail = format!("`{action}` is no action; there are {}", ACTIONS.join(", "));
        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown_action", detail));
    }
    let mut fields: Map<String, Value> = match body.trim_ascii() {
        b"" => Map::new(),
        body => serde_json::from_slice(body).map_err(json::NotJson::from)?,
    };
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
    Ok(Value::Object(fields))
}
