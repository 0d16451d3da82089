//! `/v1/erase`, `/v1/export` and legal holds: who is forgotten, what is kept of whom, and what may not go.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operate, Read};
use super::error::{Failure, HandlerResult, Named, Params, Problem};
use super::requests::{missing, no_request_id, unknown};
use crate::app::App;
use crate::app::privacy::{ErasureKind, ErasureOrder, Export, LetGo, NoErasure};
use crate::app::token::Grant;
use crate::both;
use crate::engine::proof::Proof;
use crate::engine::request_id::RequestId;
use crate::intake::json::NotJson;
use crate::store::erasing::Erasure;
use crate::store::keeping::LegalHold;

/// Words by which one may be known.
const MOST_WORDS: usize = 20;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(erase))
        .routes(routes!(erasures))
        .routes(routes!(export))
        .routes(routes!(holds))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(let_go))
}

/// That somebody is to be forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewErasure {
    /// `client`, `person` or `request`.
    kind: String,
    /// Addresses, numbers, keys and names by which they are known; `R-17` of a request.
    words: Vec<String>,
    /// Who asks for it.
    by: Option<String>,
    /// Whether only to say whose and what would be forgotten.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportParams {
    /// Address, number, key or name of the client.
    client: Option<String>,
    /// Or one request.
    request: Option<String>,
}

/// Why a request is held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHold {
    /// Why.
    why: String,
    /// Who says so.
    by: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Erasures {
    #[schema(value_type = Vec<Object>)]
    erasures: Vec<Erasure>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Holds {
    #[schema(value_type = Vec<Object>)]
    holds: Vec<LegalHold>,
}

impl From<NoErasure> for Failure {
    fn from(error: NoErasure) -> Self {
        match error {
            NoErasure::Unknown => Self::new(StatusCode::NOT_FOUND, "nothing_kept", error.words()),
            NoErasure::Held(_) => Self::new(StatusCode::CONFLICT, "legal_hold", error.words()),
            NoErasure::Write(error) => error.into(),
            NoErasure::Io(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "files", error.words()),
        }
    }
}

/// Who asks: as the call says, else as the caller is known.
fn asker(by: Option<String>, grant: &Grant) -> Option<String> {
    by.or_else(|| match &grant.proof {
        Proof::Token { name } => Some(name.clone()),
        Proof::Machine { user } => user.clone(),
        _ => None,
    })
}

/// Forget a client, a person of the house or a request everywhere; the answer says what was done, and that a search of the bytes found
/// nothing.
#[utoipa::path(post, path = "/v1/erase", tag = "privacy", request_body = NewErasure,
    responses((status = 200, body = Object), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn erase(
    Operate(grant): Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Response> {
    let NewErasure { kind, words, by, dry_run } = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let kind = match kind.as_str() {
        "client" => ErasureKind::Client,
        "person" => ErasureKind::Person,
        "request" => ErasureKind::Request,
        other => {
            let detail = both!(
                "`{other}` is none of client, person, request",
                "«{other}» no es ninguno de client, person, request"
            );
            return Err(Failure::of_field("kind", detail));
        }
    };
    let words: Vec<String> = words.into_iter().map(|word| word.trim().to_owned()).collect();
    if words.is_empty() || MOST_WORDS < words.len() || words.iter().any(|word| word.chars().count() < 3) {
        let detail = both!(
            "give 1 to {MOST_WORDS} words of three letters or more; a shorter one would be found in everybody",
            "indique de 1 a {MOST_WORDS} palabras de tres letras o más; una más corta estaría en todo el mundo"
        );
        return Err(Failure::of_field("words", detail));
    }
    let order = ErasureOrder { kind, words, who: asker(by, &grant) };
    if dry_run {
        return Ok(Json(app.would_erase(&order).await?).into_response());
    }
    Ok(Json(app.erase(order).await?).into_response())
}

/// Who was forgotten, when, and by whose wish. Of whom, nothing is kept.
#[utoipa::path(get, path = "/v1/erasures", tag = "privacy",
    responses((status = 200, body = Erasures), (status = "4XX", body = Problem)))]
async fn erasures(_: Read, State(app): State<App>) -> HandlerResult<Json<Erasures>> {
    Ok(Json(Erasures { erasures: app.erasures().await? }))
}

/// Everything that is kept of a client.
#[utoipa::path(get, path = "/v1/export", tag = "privacy", params(ExportParams),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn export(
    _: Operate,
    State(app): State<App>,
    Params(params): Params<ExportParams>,
) -> HandlerResult<Json<Export>> {
    let request = match &params.request {
        Some(word) => vec![named(word)?],
        None => Vec::new(),
    };
    if params.client.is_none() && request.is_empty() {
        let detail = both!("say of whom: client or request", "diga de quién: client o request");
        return Err(Failure::of_field("client", detail));
    }
    let found = app.export(params.client.into_iter().collect(), request).await?;
    if found.requests.is_empty() && found.mentioned_in.is_empty() {
        return Err(NoErasure::Unknown.into());
    }
    Ok(Json(found))
}

/// Requests of which nothing is let go or erased, and why.
#[utoipa::path(get, path = "/v1/holds", tag = "privacy",
    responses((status = 200, body = Holds), (status = "4XX", body = Problem)))]
async fn holds(_: Read, State(app): State<App>) -> HandlerResult<Json<Holds>> {
    Ok(Json(Holds { holds: app.legal_holds().await? }))
}

/// Hold a request by law: nothing of it is let go or erased.
#[utoipa::path(post, path = "/v1/requests/{id}/hold", tag = "privacy", request_body = NewHold, params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn hold(
    Operate(grant): Operate,
    State(app): State<App>,
    Named(id): Named<String>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<StatusCode> {
    let id = named(&id)?;
    let NewHold { why, by } = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    if why.trim().is_empty() {
        let detail = both!("say why it is held", "diga por qué se reserva");
        return Err(Failure::of_field("why", detail));
    }
    if app.views.request(id).await?.is_none() {
        return Err(missing(&app, id));
    }
    app.hold(id, asker(by, &grant), why).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a legal hold.
#[utoipa::path(delete, path = "/v1/requests/{id}/hold", tag = "privacy", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn release(_: Operate, State(app): State<App>, Named(id): Named<String>) -> HandlerResult<StatusCode> {
    let id = named(&id)?;
    if app.release(id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = both!("{id} is not held", "{id} no está bajo reserva");
    Err(Failure::new(StatusCode::NOT_FOUND, "not_held", detail))
}

/// Let go now what has been kept for long enough, as it is done each hour.
#[utoipa::path(post, path = "/v1/let-go", tag = "privacy",
    responses((status = 200, body = Object), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn let_go(_: Operate, State(app): State<App>) -> HandlerResult<Json<LetGo>> {
    Ok(Json(app.let_go().await?))
}

/// The request that a path names.
fn named(word: &str) -> HandlerResult<RequestId> {
    word.parse().map_err(|error| unknown(no_request_id(&error)))
}
