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
use crate::app::token::{Grant, Scope, is_reserved};
use crate::app::{App, Applied, Incoming, Rejection};
use crate::config::Config;
use crate::engine::event::Event;
use crate::engine::proof::is_act;
use crate::engine::request::RequestId;
use crate::intake::json::{self, FieldError, Heard};

/// Where events are sent.
pub(super) const PATH: &str = "/v1/events";
/// Events in one body at most.
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
    /// Fields that could not be read and were left out; the event was taken all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// A field that was left out.
#[derive(Debug, Serialize, ToSchema)]
struct Warning {
    /// The event's place in the body, from 0.
    index: usize,
    /// The field.
    field: String,
    /// Why.
    detail: String,
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
async fn post_events(
    Ingest(grant): Ingest,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let parsed = json::read(&body?, SOURCE, app.now())?;
    if parsed.is_empty() {
        let detail = format!("a body holds 1 to {} events; this one holds none", json::MOST_EVENTS);
        return Err(Failure::new(StatusCode::BAD_REQUEST, "number_of_events", detail));
    }
    let is_single = parsed.len() == 1;
    let mut report = Report::default();
    let mut named = HashSet::new();
    let mut places = Vec::with_capacity(parsed.len());
    let mut incoming = Vec::with_capacity(parsed.len());
    for (index, event) in parsed.into_iter().enumerate() {
        match event {
            Ok(Heard { mut event, request, lost }) => match admit(&mut event, request, &grant, &app.config()) {
                Ok(()) => {
                    report.warnings.extend(lost.into_iter().map(|FieldError { field, problem }| Warning {
                        index,
                        field,
                        detail: problem,
                    }));
                    places.push(index);
                    incoming.push(Incoming::new(event, request)?);
                }
                Err(rejection) if is_single => {
                    count(&app, "rejected", 1);
                    return Err(rejection.into());
                }
                Err(rejection) => report.rejected.push(Rejected {
                    index,
                    code: rejection.code.to_owned(),
                    detail: rejection.detail,
                    field: None,
                }),
            },
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

/// Lets an event in as its caller may tell it: its source is the caller's, it acts only for whoever may operate, and it bears how
/// the caller is known.
fn admit(event: &mut Event, request: Option<RequestId>, grant: &Grant, config: &Config) -> Result<(), Rejection> {
    let type_name = event.fact.type_name();
    let reject = |code, detail: String| Err(Rejection { code, detail });
    if let Some(binding) = &grant.binding {
        event.id.source.clone_from(&binding.source);
        if !binding.types.is_empty() && !binding.types.iter().any(|known| known == type_name) {
            return reject(
                "type_not_allowed",
                format!("this token may tell {}, not `{type_name}`", binding.types.join(", ")),
            );
        }
        if let Some(channel) = &binding.channel {
            event.about.channel = Some(channel.clone());
        }
    }
    if is_reserved(&event.id.source, config) {
        let source = &event.id.source;
        return reject(
            "source_reserved",
            format!(
                "`{source}` is the name of plazo's own events, or of a source or mailbox of sla.toml; give another `source`"
            ),
        );
    }
    if is_act(&event.fact) && !grant.may(Scope::Operate) {
        return reject(
            "scope_missing",
            format!("`{type_name}` is an act, and needs the scope `operate`; `ingest` tells what happened"),
        );
    }
    event.proof = grant.proof.clone();
    if !event.is_believed() || request.is_some() && !event.proof.holds() {
        return reject(
            "proof_needed",
            format!(
                "without a token only what a client wrote, or asked for, can be told here; `{type_name}` needs one (plazo token create), or the Unix socket in the data directory"
            ),
        );
    }
    Ok(())
}

fn count(app: &App, result: &'static str, n: usize) {
    if 0 < n {
        app.metrics().events.get_or_create(&EventLabels { result }).inc_by(n as u64);
    }
}
