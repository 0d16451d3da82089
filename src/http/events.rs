//! `POST /v1/events`: intake. Durable once answered.

use std::collections::HashSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Ingest;
use super::bounds;
use super::error::{Failure, HandlerResult, Params, Problem};
use crate::app::metrics::EventLabels;
use crate::app::token::{Grant, Scope, is_reserved};
use crate::app::{App, Applied, Incoming, Rejection};
use crate::both;
use crate::config::{Config, Family};
use crate::engine::event::{Author, AuthorKind, Event, Fact};
use crate::engine::proof::is_act;
use crate::engine::request_id::RequestId;
use crate::intake::json::{self, FieldError, ReadEvent};
use crate::store::StoreError;
use crate::text::Both;
use crate::unit::incoming::RejectionCode;

/// Where events are sent.
pub(super) const PATH: &str = "/v1/events";
/// The source of events that name none.
const SOURCE: &str = "http";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventParams {
    /// Whether a field that cannot be read, or an owner whom nobody knows, is an error in a `message` or an `open` too, as it is in
    /// every other event. Instants may then be written as people write them.
    strict: Option<bool>,
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
    /// Fields that could not be read and were left out, or name what nobody knows; the event was taken all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// A field that was left out, or taken although something else was probably meant.
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
#[utoipa::path(post, path = "/v1/events", tag = "events", params(EventParams),
    request_body(content = String, content_type = "application/json", description = "docs/events.md"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn post_events(
    Ingest(grant): Ingest,
    State(app): State<App>,
    Params(params): Params<EventParams>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Response> {
    let strict = params.strict.unwrap_or(false);
    let values = json::values(&body?)?.into_iter();
    let parsed: Vec<_> = values.map(|value| heard(&app, &grant, value, strict)).collect();
    if parsed.is_empty() {
        let most = json::MOST_EVENTS;
        let detail = both!(
            "a body holds 1 to {most} events; this one holds none",
            "un envío lleva de 1 a {most} eventos; este no lleva ninguno"
        );
        return Err(Failure::new(StatusCode::BAD_REQUEST, "number_of_events", detail));
    }
    let language = app.config().language;
    let is_single = parsed.len() == 1;
    let mut report = Report::default();
    if strict && let [Ok(ReadEvent { event, .. })] = &parsed[..] {
        report.warnings = doubts(&app, event).await?;
    }
    let mut named = HashSet::new();
    let mut places = Vec::with_capacity(parsed.len());
    let mut incoming = Vec::with_capacity(parsed.len());
    for (index, event) in parsed.into_iter().enumerate() {
        match event {
            Ok(ReadEvent { mut event, request, lost }) => match admit(&mut event, request, &grant, &app.config()) {
                Ok(()) => {
                    report.warnings.extend(lost.into_iter().map(|FieldError { field, problem }| Warning {
                        index,
                        field,
                        detail: language.of(problem),
                    }));
                    places.push(index);
                    incoming.push(Incoming::new(event, request).map_err(StoreError::from)?);
                }
                Err(rejection) if is_single => {
                    count(&app, "rejected", 1);
                    return Err(rejection.into());
                }
                Err(rejection) => report.rejected.push(Rejected {
                    index,
                    code: rejection.code.as_str().to_owned(),
                    detail: language.of(rejection.detail),
                    field: None,
                }),
            },
            Err(error) if is_single => {
                count(&app, "rejected", 1);
                return Err(error.into());
            }
            Err(error) => {
                let detail = language.of(error.words());
                report.rejected.push(Rejected {
                    index,
                    code: "invalid_field".to_owned(),
                    detail,
                    field: Some(error.field),
                });
            }
        }
    }
    for (index, applied) in places.into_iter().zip(app.desk.submit(incoming).await?) {
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
                    code: rejection.code.as_str().to_owned(),
                    detail: language.of(rejection.detail),
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

/// What a person who opens a request has probably mistyped, though it is taken as it stands.
async fn doubts(app: &App, event: &Event) -> HandlerResult<Vec<Warning>> {
    let (config, language) = (app.config(), app.config().language);
    let channel = match &event.about.channel {
        Some(channel) => app.outbox.doubt_of_channel(channel).await?.map(|doubt| ("channel", doubt)),
        None => None,
    };
    let by = event.author.as_ref().and_then(|author| unknown_author(author, &config)).map(|doubt| ("author", doubt));
    let doubts = channel.into_iter().chain(by);
    Ok(doubts.map(|(field, doubt)| Warning { index: 0, field: field.to_owned(), detail: language.of(doubt) }).collect())
}

/// That somebody of the house, by name, is in no file: nothing is known of what such a person may do.
pub(super) fn unknown_author(author: &Author, config: &Config) -> Option<Both> {
    let name = author.name.as_deref().filter(|_| author.kind == AuthorKind::Agent)?;
    config.rulebook.directory.person_of(author).is_none().then(|| config.unknown(Family::Person, name))
}

/// Reads an event. Where a field that cannot be read is an error, a person may have written it, and instants are taken in words.
fn heard(app: &App, grant: &Grant, mut value: Value, strict: bool) -> Result<ReadEvent, FieldError> {
    let is_strict = strict || !json::is_asked(&value);
    let mut heard = match &mut value {
        Value::Object(fields) if is_strict => {
            bounds::instants(app, fields, None)?;
            json::strictly(value, SOURCE, app.now())?
        }
        _ => json::heard(value, SOURCE, app.now())?,
    };
    let Fact::Open { owner, .. } = &mut heard.event.fact else { return Ok(heard) };
    let Some(word) = owner.as_deref() else { return Ok(heard) };
    let config = app.config();
    let problem = if !grant.may(Scope::Operate) || !grant.proof.holds() {
        both!(
            "naming an owner needs the scope `operate`; `ingest` tells what happened",
            "para dar responsable hace falta el permiso `operate`; con `ingest` se cuenta lo que pasó"
        )
    } else if config.knows(Family::Person, word) {
        return Ok(heard);
    } else {
        config.unknown(Family::Person, word)
    };
    let error = FieldError { field: "owner".to_owned(), problem };
    if is_strict {
        return Err(error);
    }
    // The client waits all the same; whoever sent it reads that nobody has it.
    *owner = None;
    heard.lost.push(error);
    Ok(heard)
}

/// Lets an event in as its caller may tell it: its source is the caller's, it acts only for whoever may operate, and it bears how
/// the caller is known.
fn admit(event: &mut Event, request: Option<RequestId>, grant: &Grant, config: &Config) -> Result<(), Rejection> {
    let type_name = event.fact.type_name();
    let reject = |code, detail| Err(Rejection { code, detail });
    if let Some(binding) = &grant.binding {
        event.id.source.clone_from(&binding.source);
        if !binding.types.is_empty() && !binding.types.iter().any(|known| known == type_name) {
            let types = binding.types.join(", ");
            return reject(
                RejectionCode::TypeNotAllowed,
                both!(
                    "this token may tell {types}, not `{type_name}`",
                    "este token puede contar {types}, no `{type_name}`"
                ),
            );
        }
        if let Some(channel) = &binding.channel {
            event.about.channel = Some(channel.clone());
        }
    }
    if is_reserved(&event.id.source, config) {
        let source = &event.id.source;
        return reject(
            RejectionCode::SourceReserved,
            both!(
                "`{source}` is the name of plazo's own events, or of a source or mailbox of sla.toml; give another `source`",
                "«{source}» es el nombre de los eventos propios de plazo, o de una fuente o un buzón de sla.toml; indique otro `source`"
            ),
        );
    }
    if is_act(&event.fact) && !grant.may(Scope::Operate) {
        return reject(
            RejectionCode::ScopeMissing,
            both!(
                "`{type_name}` is an act, and needs the scope `operate`; `ingest` tells what happened",
                "`{type_name}` es una acción y necesita el alcance `operate`; `ingest` cuenta lo que pasó"
            ),
        );
    }
    event.proof = grant.proof.clone();
    if !event.is_believed() || request.is_some() && !event.proof.holds() {
        return reject(
            RejectionCode::ProofNeeded,
            both!(
                "without a token only what a client wrote, or asked for, can be told here; `{type_name}` needs one (plazo token create), or the Unix socket in the data directory",
                "sin token solo se puede contar aquí lo que un cliente escribió o pidió; `{type_name}` necesita uno (plazo token create), o el socket Unix del directorio de datos"
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
