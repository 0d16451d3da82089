//! `GET /v1/requests/{id}/route`: who would be told of a request, when and by what.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::error::{HandlerResult, Named, Problem};
use super::requests::{no_request_id, unknown};
use crate::app::App;
use crate::app::route::RouteStep;
use crate::both;
use crate::engine::request_id::RequestId;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(route))
}

#[derive(Debug, Serialize, ToSchema)]
struct Route {
    request: String,
    #[schema(value_type = Vec<Object>)]
    steps: Vec<RouteStep>,
}

/// Steps that are still to come, with their readers and ways. Nobody is told.
#[utoipa::path(get, path = "/v1/requests/{id}/route", tag = "requests",
    params(("id" = String, Path, example = "R-17")),
    responses((status = 200, body = Route), (status = "4XX", body = Problem)))]
async fn route(_: Read, State(app): State<App>, Named(id): Named<String>) -> HandlerResult<Json<Route>> {
    let id: RequestId = id.parse().map_err(|error| unknown(no_request_id(&error)))?;
    let steps = app
        .views
        .route(id)
        .await?
        .ok_or_else(|| unknown(both!("there is no request {id}", "no hay una solicitud {id}")))?;
    Ok(Json(Route { request: id.to_string(), steps }))
}
