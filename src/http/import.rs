//! `/v1/import`: history that was not plazo's, of which nobody is told; and how far files of it were read in.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operate, Read};
use super::error::{Failure, HandlerResult, Problem};
use crate::app::{App, Applied, Incoming};
use crate::both;
use crate::intake::json::{self, NotJson, ReadEvent};
use crate::store::StoreError;
use crate::store::imports::{ImportRow, ImportStep};

/// Larger bodies are refused.
const LARGEST_BODY: usize = 16 << 20;
/// Events of a body: so many are decided in one transaction.
pub const MOST_EVENTS: usize = 5_000;
/// The source of events that name none.
const SOURCE: &str = "import";

pub(super) fn router() -> OpenApiRouter<App> {
    let limit = DefaultBodyLimit::max(LARGEST_BODY);
    OpenApiRouter::new().routes(routes!(take)).layer(limit).routes(routes!(list))
}

/// A stretch of a file of history.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Stretch {
    /// The file's path, by which an import that was cut off is found again.
    file: String,
    /// SHA-256 of its beginning, in hexadecimal.
    digest: String,
    /// Records that were read up to here.
    n_records: u64,
    /// Records that were refused up to here.
    n_refused: u64,
    /// Whether it is the last.
    #[serde(default)]
    is_last: bool,
    /// Events in the form of docs/events.md.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Value>,
}

/// What became of it.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Imported {
    /// Events that were taken, and are on the disk.
    accepted: usize,
    /// Known already; nothing changed.
    duplicate: usize,
    /// Automatic answers to nothing that is known, which ask for nothing.
    unfiled: usize,
    /// Not taken.
    refused: Vec<RefusedEvent>,
}

/// An event that was not taken.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedEvent {
    /// Its place in the body, from 0.
    index: usize,
    /// A word for programs, where its request is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// What is wrong.
    detail: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Imports {
    #[schema(value_type = Vec<Object>)]
    imports: Vec<ImportRow>,
}

/// Take a stretch of history: facts and verdicts, of which nobody is told.
#[utoipa::path(post, path = "/v1/import", tag = "events", request_body = Stretch,
    responses((status = 200, body = Imported), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn take(
    Operate(grant): Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<Imported>> {
    let Stretch { file, digest, n_records, n_refused, is_last, events } =
        serde_json::from_slice(&body?).map_err(NotJson::from)?;
    if MOST_EVENTS < events.len() {
        let detail = both!(
            "a stretch holds {MOST_EVENTS} events at most; send them in several",
            "un tramo lleva {MOST_EVENTS} eventos a lo sumo; envíelos en varios"
        );
        return Err(Failure::new(StatusCode::BAD_REQUEST, "number_of_events", detail));
    }
    let digest = hex::decode(&digest).ok().and_then(|digest| digest.try_into().ok());
    let Some(digest) = digest else {
        let detail = both!(
            "write the 32 bytes of the file's SHA-256 in hexadecimal",
            "escriba los 32 bytes del SHA-256 del archivo en hexadecimal"
        );
        return Err(Failure::of_field("digest", detail));
    };
    let language = app.config().language;
    let mut imported = Imported::default();
    let (mut places, mut incoming) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
    for (index, value) in events.into_iter().enumerate() {
        let has_instant = value.get("at").is_some_and(|at| !at.is_null());
        match json::heard(value, SOURCE, app.now()) {
            // Else it happened when it came, which of history is wrong.
            Ok(ReadEvent { lost, .. }) if lost.iter().any(|error| error.field == "at") => {
                let detail = both!("`at` cannot be read", "no se entiende `at`");
                imported.refused.push(RefusedEvent { index, code: None, detail: language.of(detail) });
            }
            Ok(_) if !has_instant => {
                let detail = both!(
                    "`at` is missing: history must say when something happened",
                    "falta `at`: la historia debe decir cuándo pasó cada cosa"
                );
                imported.refused.push(RefusedEvent { index, code: None, detail: language.of(detail) });
            }
            Ok(ReadEvent { mut event, request, .. }) => {
                event.proof = grant.proof.clone();
                places.push(index);
                incoming.push(Incoming::new(event, request).map_err(StoreError::from)?.imported(app.now()));
            }
            Err(error) => imported.refused.push(RefusedEvent { index, code: None, detail: language.of(error.words()) }),
        }
    }
    let n_wrong = imported.refused.len() as u64;
    let step = ImportStep { file, digest, n_records, n_refused: n_refused + n_wrong, is_last };
    let applied = app.desk.import(incoming, step).await?;
    if is_last {
        app.desk.settle_imported().await?;
    }
    for (index, applied) in places.into_iter().zip(applied) {
        match applied {
            Applied::Accepted { .. } => imported.accepted += 1,
            Applied::Duplicate { .. } => imported.duplicate += 1,
            Applied::Unfiled => imported.unfiled += 1,
            Applied::Rejected(rejection) => {
                imported.refused.push(RefusedEvent {
                    index,
                    code: Some(rejection.code.as_str()),
                    detail: language.of(rejection.detail),
                });
            }
        }
    }
    imported.refused.sort_by_key(|refused| refused.index);
    Ok(Json(imported))
}

/// How far files of history were read in.
#[utoipa::path(get, path = "/v1/imports", tag = "events", responses((status = 200, body = Imports), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>) -> HandlerResult<Json<Imports>> {
    Ok(Json(Imports { imports: app.views.imports().await? }))
}
