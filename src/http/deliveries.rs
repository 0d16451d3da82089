//! `/v1/deliveries`: what was sent, what waits and why, what is dead; and a test of a destination.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operate, Read};
use super::error::{Failure, HandlerResult, Named, Params, Problem};
use crate::app::App;
use crate::both;
use crate::engine::directory::Recipient;
use crate::intake::json::NotJson;
use crate::outbox::facts::TestFacts;
use crate::outbox::{Content, DeliveryId, DeliveryState};
use crate::store::deliveries::DeliveryRow;
use crate::text::proof;

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(retry))
        .routes(routes!(drop_one))
        .routes(routes!(test_notify))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `pending`, `held`, `leased`, `sent`, `unneeded`, `gathered`, `handed_over`, `dead` or `dropped`; all without.
    state: Option<String>,
    /// Rows at most; 100 by default, 1000 at most.
    limit: Option<u32>,
}

/// Deliveries, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct Page {
    #[schema(value_type = Vec<Object>)]
    deliveries: Vec<DeliveryView>,
    /// How many there are in that state, or in all.
    total: i64,
}

/// A delivery, with its person as people call them.
#[derive(Debug, Serialize)]
struct DeliveryView {
    #[serde(flatten)]
    row: DeliveryRow,
    /// The person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

fn state(word: &str) -> HandlerResult<DeliveryState> {
    DeliveryState::of(word).ok_or_else(|| {
        let known = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
        Failure::of_field("state", both!("`{word}` is not one of {known}", "«{word}» no es uno de {known}"))
    })
}

/// Whom to send a test message.
#[derive(Debug, Deserialize, ToSchema)]
struct Test {
    /// A person's key, name or address, or a destination.
    to: String,
    /// Who asks for it; how the caller is known where it is left out.
    by: Option<String>,
}

/// Deliveries of a test message.
#[derive(Debug, Serialize, ToSchema)]
struct Sent {
    /// Their numbers.
    #[schema(value_type = Vec<i64>)]
    deliveries: Vec<DeliveryId>,
}

/// List deliveries.
#[utoipa::path(get, path = "/v1/deliveries", tag = "deliveries", params(ListParams),
    responses((status = 200, body = Page), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> HandlerResult<Json<Page>> {
    let state = params.state.as_deref().map(state).transpose()?;
    let limit = params.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE);
    let (rows, counts) = app.views.deliveries(state, limit).await?;
    let is_meant = |one: DeliveryState| state.is_none_or(|meant| meant == one);
    let total = counts.iter().filter(|(state, ..)| is_meant(*state)).map(|(_, n, _)| n).sum();
    let config = app.config();
    let directory = &config.rulebook.directory;
    let deliveries = rows.into_iter().map(|row| {
        let name = row.person.as_deref().and_then(|key| directory.person(key)).map(|person| person.name.clone());
        DeliveryView { row, name }
    });
    Ok(Json(Page { deliveries: deliveries.collect(), total }))
}

/// Show a delivery.
#[utoipa::path(get, path = "/v1/deliveries/{id}", tag = "deliveries", params(("id" = i64, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn show(_: Read, State(app): State<App>, Named(id): Named<DeliveryId>) -> HandlerResult<Json<DeliveryRow>> {
    let found = app.views.delivery(id).await?;
    found.map(Json).ok_or_else(|| unknown(id))
}

/// Try a dead delivery again.
#[utoipa::path(post, path = "/v1/deliveries/{id}/retry", tag = "deliveries", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn retry(_: Operate, State(app): State<App>, Named(id): Named<DeliveryId>) -> HandlerResult<StatusCode> {
    if app.outbox.retry_delivery(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Give up a delivery that waits or is dead.
#[utoipa::path(post, path = "/v1/deliveries/{id}/drop", tag = "deliveries", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn drop_one(_: Operate, State(app): State<App>, Named(id): Named<DeliveryId>) -> HandlerResult<StatusCode> {
    if app.outbox.drop_delivery(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Send a test message the whole way.
#[utoipa::path(post, path = "/v1/test-notify", tag = "deliveries", request_body = Test,
    responses((status = 200, body = Sent), (status = "4XX", body = Problem)))]
async fn test_notify(
    Operate(grant): Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<Sent>> {
    let test: Test = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let config = app.config();
    let person = config.rulebook.directory.person(&test.to).map(|person| Recipient::Person(person.key.clone()));
    let destination = || config.destinations.contains_key(&test.to).then(|| Recipient::Destination(test.to.clone()));
    let recipient = person.or_else(destination).ok_or_else(|| {
        let mut known: Vec<_> = config.contacts.keys().chain(config.destinations.keys()).map(String::as_str).collect();
        known.sort_unstable();
        let (to, known) = (&test.to, known.join(", "));
        Failure::of_field(
            "to",
            both!(
                "`{to}` is neither a person nor a destination; known: {known}",
                "«{to}» no es una persona ni un destino; se conocen {known}"
            ),
        )
    })?;
    let by = test.by.unwrap_or_else(|| proof::who(&grant.proof, config.language_of(&recipient)));
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let content = Content::Test(Box::new(TestFacts { by, host, at: app.now() }));
    Ok(Json(Sent { deliveries: app.outbox.announce(content, recipient).await? }))
}

fn unknown(id: DeliveryId) -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "unknown_delivery",
        both!("there is no such delivery as {id} in that state", "no hay una entrega {id} en ese estado"),
    )
}
