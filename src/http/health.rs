//! `/healthz`, `/readyz` and `/metrics`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{IsKnown, Read};
use super::error::{Failure, HandlerResult, Problem};
use crate::app::App;
use crate::app::metrics::{Exposition, SourceFigures};
use crate::both;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether events are taken: the store can be read, and could be written when last tried. Without a token, as it was a second ago.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = String), (status = 503, body = Problem)))]
async fn readyz(IsKnown(is_known): IsKnown, State(app): State<App>) -> HandlerResult<&'static str> {
    if !is_known {
        let not_ready = || {
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", both!("not ready", "todavía no está listo"))
        };
        return app.is_ready_lately().await.then_some("ready\n").ok_or_else(not_ready);
    }
    app.views.look().await?;
    if app.is_failing() {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            both!("the store cannot be written", "no se puede escribir en la base de datos"),
        ));
    }
    Ok("ready\n")
}

/// Figures for Prometheus: as OpenMetrics to whoever accepts it, else in the text form that everything reads.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String), (status = "4XX", body = Problem)))]
async fn metrics(_: Read, State(app): State<App>, headers: HeaderMap) -> HandlerResult<Response> {
    let mut snapshot = app.views.snapshot().await?;
    snapshot.disk = app.disk_outlook().await.ok();
    for name in app.config().source_names() {
        let state = app.feeds.source_state(name.clone()).await?;
        let since = |at: Option<DateTime<Utc>>| at.map_or(0.0, |at| (app.now() - at).as_seconds_f64());
        snapshot.sources.push(SourceFigures {
            name,
            lag: since(state.waiting_since),
            silence: since(state.row.heard_at),
            is_silent: state.row.silence_told_at.is_some(),
            is_failing: state.row.failed_at.is_some(),
        });
    }
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (exposition, content_type) = if accepted.into_iter().any(|value| value.contains("application/openmetrics-text"))
    {
        (Exposition::OpenMetrics, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    } else {
        (Exposition::Classic, "text/plain; version=0.0.4; charset=utf-8")
    };
    Ok(([(header::CONTENT_TYPE, content_type)], app.metrics().encode(&snapshot, exposition)).into_response())
}
