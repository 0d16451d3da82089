//! `GET /v1/requests/{id}/explain`: how every instant of a request follows from the file and from what happened.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::error::{HandlerResult, Named, Problem};
use super::requests::{missing, no_request_id, unknown};
use crate::app::App;
use crate::engine::explain::Explanation;
use crate::engine::request_id::RequestId;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(explain))
}

/// Explain a request: policy and rule of each clock, time spent and left out, steps and what came of them, time by holder.
#[utoipa::path(get, path = "/v1/requests/{id}/explain", tag = "requests",
    params(("id" = String, Path, example = "R-17")),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn explain(_: Read, State(app): State<App>, Named(id): Named<String>) -> HandlerResult<Json<Explanation>> {
    let id: RequestId = id.parse().map_err(|error| unknown(no_request_id(&error)))?;
    let explanation = app.views.explain(id).await?;
    explanation.map(Json).ok_or_else(|| missing(&app, id))
}
