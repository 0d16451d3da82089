//! `GET /v1/queue`: what plazo looks at next.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::error::{HandlerResult, Params, Problem};
use crate::app::App;
use crate::app::view::RequestView;
use crate::engine::effect::WakeReason;

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(queue))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QueueParams {
    /// Rows at most; 50 by default, 500 at most.
    limit: Option<u32>,
}

/// The next wakes, soonest first.
#[derive(Debug, Serialize, ToSchema)]
struct Upcoming {
    /// Now, as plazo sees it.
    now: DateTime<Utc>,
    /// Requests that wait for an instant.
    length: usize,
    wakes: Vec<UpcomingWake>,
}

/// One wake.
#[derive(Debug, Serialize, ToSchema)]
struct UpcomingWake {
    /// When.
    at: DateTime<Utc>,
    /// What for: `breach` or `warning`.
    #[schema(value_type = String)]
    why: WakeReason,
    /// The request.
    request: RequestView,
}

/// What plazo looks at next.
#[utoipa::path(get, path = "/v1/queue", tag = "queue", params(QueueParams),
    responses((status = 200, body = Upcoming), (status = "4XX", body = Problem)))]
async fn queue(_: Read, State(app): State<App>, Params(params): Params<QueueParams>) -> HandlerResult<Json<Upcoming>> {
    let limit = params.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE);
    let config = app.config();
    let rows = app.views.next_wakes(limit).await?;
    let wakes = rows
        .into_iter()
        .filter_map(|(wake, request)| {
            Some(UpcomingWake { at: wake.at, why: wake.why, request: RequestView::new(&request?, &config) })
        })
        .collect();
    let (length, _) = app.queued().await?;
    Ok(Json(Upcoming { now: app.now(), length, wakes }))
}
