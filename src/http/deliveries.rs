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
use super::error::{Answer, Failure, Named, Params, Problem};
use crate::app::App;
use crate::engine::directory::Recipient;
use crate::intake::json::NotJson;
use crate::store::deliveries::DeliveryRow;
use crate::text::Both;
use crate::text::alert::Content;

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;
const STATES: [&str; 9] =
    ["pending", "held", "leased", "sent", "unneeded", "gathered", "handed_over", "dead", "dropped"];

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
    deliveries: Vec<DeliveryRow>,
}

/// Whom to send a test message.
#[derive(Debug, Deserialize, ToSchema)]
struct Test {
    /// A person's key, name or address, or a destination.
    to: String,
}

/// Deliveries of a test message.
#[derive(Debug, Serialize, ToSchema)]
struct Sent {
    /// Their numbers.
    deliveries: Vec<i64>,
}

/// List deliveries.
#[utoipa::path(get, path = "/v1/deliveries", tag = "deliveries", params(ListParams),
    responses((status = 200, body = Page), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> Answer<Json<Page>> {
    if let Some(state) = params.state.as_deref().filter(|state| !STATES.contains(state)) {
        return Err(Failure::of_field("state", format!("`{state}` is not one of {}", STATES.join(", "))));
    }
    let limit = params.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE);
    let deliveries = app.read(move |store| store.deliveries(params.state.as_deref(), limit)).await?;
    Ok(Json(Page { deliveries }))
}

/// Show a delivery.
#[utoipa::path(get, path = "/v1/deliveries/{id}", tag = "deliveries", params(("id" = i64, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn show(_: Read, State(app): State<App>, Named(id): Named<i64>) -> Answer<Json<DeliveryRow>> {
    let found = app.read(move |store| store.delivery(id)).await?;
    found.map(Json).ok_or_else(|| unknown(id))
}

/// Try a dead delivery again.
#[utoipa::path(post, path = "/v1/deliveries/{id}/retry", tag = "deliveries", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn retry(_: Operate, State(app): State<App>, Named(id): Named<i64>) -> Answer<StatusCode> {
    if app.retry_delivery(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Give up a delivery that waits or is dead.
#[utoipa::path(post, path = "/v1/deliveries/{id}/drop", tag = "deliveries", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn drop_one(_: Operate, State(app): State<App>, Named(id): Named<i64>) -> Answer<StatusCode> {
    if app.drop_delivery(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Send a test message the whole way.
#[utoipa::path(post, path = "/v1/test-notify", tag = "deliveries", request_body = Test,
    responses((status = 200, body = Sent), (status = "4XX", body = Problem)))]
async fn test_notify(_: Operate, State(app): State<App>, body: Result<Bytes, BytesRejection>) -> Answer<Json<Sent>> {
    let test: Test = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let config = app.config();
    let person = config.rulebook.directory.person(&test.to).map(|person| Recipient::Person(person.key.clone()));
    let destination = || config.destinations.contains_key(&test.to).then(|| Recipient::Destination(test.to.clone()));
    let recipient = person.or_else(destination).ok_or_else(|| {
        let mut known: Vec<_> = config.contacts.keys().chain(config.destinations.keys()).map(String::as_str).collect();
        known.sort_unstable();
        Failure::of_field(
            "to",
            format!("`{}` is neither a person nor a destination; known: {}", test.to, known.join(", ")),
        )
    })?;
    let (subject, text) = config.language.of(Both {
        en: ("test message", "This is a test of plazo. Whoever reads it will get the alerts."),
        es: ("mensaje de prueba", "Esta es una prueba de plazo. A quien la lee le llegarán los avisos."),
    });
    let content = Content::Notice { subject: subject.to_owned(), text: text.to_owned() };
    Ok(Json(Sent { deliveries: app.announce(content, recipient).await? }))
}

fn unknown(id: i64) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "unknown_delivery", format!("there is no such delivery as {id} in that state"))
}
