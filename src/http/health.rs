//! `/healthz`, `/readyz` and `/metrics`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{IsKnown, Read};
use super::error::{Answer, Failure, Problem};
use crate::app::metrics::Snapshot;
use crate::app::{App, OVERDUE_AFTER};
use crate::both;

/// Lateness is told of so many alerts, of so long.
const MOST_LATENESSES: u32 = 10_000;
const LATENESS_OF: TimeDelta = TimeDelta::hours(24);

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
async fn readyz(IsKnown(is_known): IsKnown, State(app): State<App>) -> Answer<&'static str> {
    if !is_known {
        let not_ready = || {
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", both!("not ready", "todavía no está listo"))
        };
        return app.is_ready_lately().await.then_some("ready\n").ok_or_else(not_ready);
    }
    app.read(crate::store::Store::last_request).await?;
    if app.is_failing() {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            both!("the store cannot be written", "no se puede escribir en la base de datos"),
        ));
    }
    Ok("ready\n")
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String), (status = "4XX", body = Problem)))]
async fn metrics(_: Read, State(app): State<App>) -> Answer<Response> {
    let (now, decided_before) = (app.now(), app.now() - OVERDUE_AFTER);
    let mut snapshot = app
        .read(move |store| {
            Ok(Snapshot {
                queued: 0,
                longest_hold: std::time::Duration::ZERO,
                unreadable: 0,
                requests: store.count_by_phase()?,
                deliveries: store.count_deliveries()?,
                overdue_unsent: store.count_unsent(decided_before)?,
                lateness: store.lateness(now - LATENESS_OF, MOST_LATENESSES)?,
                sources: Vec::new(),
            })
        })
        .await?;
    snapshot.queued = app.queue().len();
    snapshot.longest_hold = app.pulse().longest_hold();
    snapshot.unreadable = app.unreadable().all().len();
    for name in app.config().source_names() {
        let state = app.source_state(name.clone()).await?;
        let since = |at: Option<DateTime<Utc>>| at.map_or(0.0, |at| (app.now() - at).as_seconds_f64());
        snapshot.sources.push((name, since(state.waiting_since), since(state.row.heard_at)));
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], app.metrics().encode(&snapshot)).into_response())
}
