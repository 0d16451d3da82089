//! `POST /v1/events`: intake. Durable once answered.

use std::collections::HashSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Ingest;
use super::error::{Answer, Failure, Problem};
use crate::app::metrics::EventLabels;
use crate::app::{App, Applied, Incoming};
use crate::intake::json;

/// Events in one body at most.
const MOST_EVENTS: usize = 10_000;
/// The source of events that name none.
const SOURCE: &str = "http";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_events))
}

/// What became of the events of a body.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Report {
    /// Taken, and on the disk.
    accepted: usize,
    /// Known already; nothing changed.
    duplicate: usize,
    /// Not taken.
    rejected: Vec<Rejected>,
    /// Requests that the events belong to, each once.
    requests: Vec<String>,
}

/// An event that was not taken.
#[derive(Debug, Serialize, ToSchema)]
struct Rejected {
    /// Its place in the body, from 0.
    index: usize,
    /// A word for programs.
    code: String,
    /// What is wrong.
    detail: String,
    /// The field that is wrong, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

/// Send events: one JSON object, an array, or one object a line.
#[utoipa::path(post, path = "/v1/events", tag = "events",
    request_body(content = String, content_type = "application/json", description = "docs/events.md"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn post_events(_: Ingest, State(app): State<App>, body: Result<Bytes, BytesRejection>) -> Answer<Response> {
    let parsed = json::read(&body?, SOURCE, app.now())?;
    if parsed.is_empty() || MOST_EVENTS < parsed.len() {
        let detail = format!("a body holds 1 to {MOST_EVENTS} events; this one holds {}", parsed.len());
        return Err(Failure::new(StatusCode::BAD_REQUEST, "number_of_events", detail));
    }
    let is_single = parsed.len() == 1;
    let mut report = Report::default();
    let mut named = HashSet::new();
    let mut places = Vec::with_capacity(parsed.len());
    let mut incoming = Vec::with_capacity(parsed.len());
    for (index, event) in parsed.into_iter().enumerate() {
        match event {
            Ok((event, request)) => {
                places.push(index);
                incoming.push(Incoming::new(event, request)?);
            }
            Err(error) if is_single => {
                count(&app, "rejected", 1);
                return Err(error.into());
            }
            Err(error) => {
                let detail = error.to_string();
                report.rejected.push(Rejected {
                    index,
                    code: "invalid_field".to_owned(),
                    detail,
                    field: Some(error.field),
                });
            }
        }
    }
    for (index, applied) in places.into_iter().zip(app.submit(incoming).await?) {
        let request = match applied {
            Applied::Accepted { request, .. } => {
                report.accepted += 1;
                request
            }
            Applied::Duplicate { request } => {
                report.duplicate += 1;
                request
            }
            Applied::Unfiled => {
                report.accepted += 1;
                continue;
            }
            Applied::Rejected(rejection) if is_single => {
                count(&app, "rejected", 1);
                return Err(rejection.into());
            }
            Applied::Rejected(rejection) => {
                report.rejected.push(Rejected {
                    index,
                    code: rejection.code.to_owned(),
                    detail: rejection.detail,
                    field: None,
                });
                continue;
            }
        };
        if named.insert(request) {
            report.requests.push(request.to_string());
        }
    }
    report.rejected.sort_by_key(|rejected| rejected.index);
    count(&app, "accepted", report.accepted);
    count(&app, "duplicate", report.duplicate);
    count(&app, "rejected", report.rejected.len());
    Ok(Json(report).into_response())
}

fn count(app: &App, result: &'static str, n: usize) {
    if 0 < n {
        app.metrics().events.get_or_create(&EventLabels { result }).inc_by(n as u64);
    }
}
