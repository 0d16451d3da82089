//! `POST /v1/links/{revoke,key}`: ends the links of alerts that are out there.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Operate;
use super::error::{FAILED, Failure, HandlerResult, Problem};
use crate::app::App;
use crate::app::walls::WALLS;
use crate::both;
use crate::intake::json::NotJson;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(revoke)).routes(routes!(change_key))
}

/// Whose links end.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Whose {
    /// Key, name or address of the person; everybody's where it is left out.
    person: Option<String>,
    /// Those of walls alone.
    #[serde(default)]
    walls: bool,
}

/// End all links that were made up to now, of one person, of walls, or of everybody.
#[utoipa::path(post, path = "/v1/links/revoke", tag = "links", request_body = Option<Whose>,
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn revoke(_: Operate, State(app): State<App>, body: Result<Bytes, BytesRejection>) -> HandlerResult<StatusCode> {
    let body = body?;
    let whose = if body.trim_ascii().is_empty() {
        Whose::default()
    } else {
        serde_json::from_slice::<Whose>(&body).map_err(NotJson::from)?
    };
    let config = app.config();
    if whose.walls && whose.person.is_some() {
        let detail = both!("and `person` exclude each other; give one", "y `person` se excluyen; indique uno solo");
        return Err(Failure::of_field("walls", detail));
    }
    if whose.walls {
        app.revoke_links(Some(WALLS.to_owned())).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    // Somebody who left the file is known by the key alone.
    let key = whose
        .person
        .map(|word| config.rulebook.directory.person(&word).map_or(word.clone(), |person| person.key.clone()));
    app.revoke_links(key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make another key: no link of before works any more, and no answer to the mail of an alert.
#[utoipa::path(post, path = "/v1/links/key", tag = "links",
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn change_key(_: Operate, State(app): State<App>) -> HandlerResult<StatusCode> {
    let changed = tokio::task::spawn_blocking(move || app.change_link_key()).await;
    match changed {
        Ok(Ok(())) => Ok(StatusCode::NO_CONTENT),
        Ok(Err(error)) => {
            tracing::error!(%error, "the key of links could not be changed");
            Err(Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                both!(
                    "the key could not be written; the old one stays",
                    "no se pudo escribir la clave; sigue la anterior"
                ),
            ))
        }
        Err(_) => Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", FAILED)),
    }
}
