//! `/v1/requests`: listing and looking.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::error::{Answer, Failure, Named, Params, Problem};
use crate::app::App;
use crate::app::view::RequestView;
use crate::engine::request::RequestId;
use crate::store::Fault;
use crate::store::requests::Filter;

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;
const STATES: [&str; 5] = ["open", "waiting", "overdue", "closed", "all"];

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `open` (the default, waiting ones included), `waiting`, `overdue`, `closed` or `all`.
    state: Option<String>,
    /// Channel.
    channel: Option<String>,
    /// The owner's key, name or address.
    owner: Option<String>,
    /// Only what is due before that instant.
    #[serde(default, deserialize_with = "super::bounds::instant")]
    due_before: Option<DateTime<Utc>>,
    /// Rows at most; 50 by default, 500 at most.
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of requests, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct Page {
    requests: Vec<RequestView>,
    /// Pass it as `cursor` for the next page; none on the last.
    next: Option<String>,
}

/// A request with its history.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    #[serde(flatten)]
    request: RequestView,
    /// When plazo next looks at it by itself.
    wake_at: Option<DateTime<Utc>>,
    /// Tickets and tasks that were opened elsewhere because of it.
    tickets: Vec<TicketView>,
    /// What happened, oldest first, without anybody's words.
    #[schema(value_type = Vec<Object>)]
    history: Vec<crate::store::journal::HistoryRow>,
}

/// A ticket or task elsewhere.
#[derive(Debug, Serialize, ToSchema)]
struct TicketView {
    /// Name of the destination.
    destination: String,
    /// Its number there.
    reference: String,
}

/// List requests.
#[utoipa::path(get, path = "/v1/requests", tag = "requests", params(ListParams),
    responses((status = 200, body = Page), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> Answer<Json<Page>> {
    let state = params.state.as_deref().unwrap_or("open");
    if !STATES.contains(&state) {
        return Err(Failure::of_field("state", format!("`{state}` is not one of {}", STATES.join(", "))));
    }
    let below = params.cursor.map(|cursor| cursor.parse::<RequestId>()).transpose();
    let below = below.map_err(|error| Failure::of_field("cursor", error.to_string()))?;
    let limit = params.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE);
    let config = app.config();
    let directory = &config.rulebook.directory;
    let owner = params.owner.map(|word| directory.person(&word).map(|person| person.key.clone()).unwrap_or(word));
    let filter = Filter {
        state: (state != "all").then(|| state.to_owned()),
        channel: params.channel,
        owner,
        due_before: params.due_before,
        below: below.map(|id| id.0),
        limit: limit + 1,
    };
    let now = app.now();
    let mut requests = app.read(move |store| store.list(&filter, now)).await?;
    let has_more = (limit as usize) < requests.len();
    requests.truncate(limit as usize);
    let next = requests.last().filter(|_| has_more).map(|last| last.id.to_string());
    Ok(Json(Page { requests: requests.iter().map(|request| RequestView::new(request, &config)).collect(), next }))
}

/// Show a request.
#[utoipa::path(get, path = "/v1/requests/{id}", tag = "requests", params(("id" = String, Path, example = "R-17")),
    responses((status = 200, body = Shown), (status = "4XX", body = Problem)))]
async fn show(_: Read, State(app): State<App>, Named(id): Named<String>) -> Answer<Json<Shown>> {
    let id: RequestId = id.parse().map_err(|error| unknown(&error))?;
    let found = app.read(move |store| Ok((store.request(id)?, store.history(id)?, store.references(id)?))).await?;
    let (Some(request), history, references) = found else { return Err(missing(&app, id)) };
    let wake_at = app.queue().wake_of(id);
    let config = app.config();
    let keeps_tickets =
        |name: &String| config.destinations.get(name).is_some_and(|own| own.settings.kind().is_ticket());
    let tickets = references.into_iter().filter(|(destination, _)| keeps_tickets(destination));
    let tickets = tickets.map(|(destination, reference)| TicketView { destination, reference }).collect();
    Ok(Json(Shown { request: RequestView::new(&request, &config), wake_at, tickets, history }))
}

/// There is no such request, or it is there and cannot be read.
pub(super) fn missing(app: &App, id: RequestId) -> Failure {
    match app.unreadable().of(id) {
        None => unknown(&format!("there is no request {id}")),
        Some(Fault { part, cause }) => {
            let detail = format!(
                "{id} is in the store and its {part} cannot be read ({cause}). Everything else goes on; to have it back, restore a backup"
            );
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable_request", detail)
        }
    }
}

pub(super) fn unknown(detail: &dyn std::fmt::Display) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "unknown_request", detail.to_string())
}
