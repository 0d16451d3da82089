//! `POST /v1/links/{revoke,key,calendar}`: ends the links that are out there, and makes the address of a calendar.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Operate;
use super::error::{Failure, HandlerResult, Problem};
use crate::app::App;
use crate::app::walls::WALLS;
use crate::both;
use crate::intake::json::NotJson;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(revoke)).routes(routes!(change_key)).routes(routes!(calendar))
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

/// Whose calendar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Subscriber {
    /// Key, name or address of the person.
    person: String,
}

/// Where it is.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarAddress {
    /// The person's key.
    person: String,
    /// The address; whoever has it reads it, until the person's links are ended.
    url: String,
}

/// The address of a person's calendar, to subscribe to: what falls due, turns, absences.
#[utoipa::path(post, path = "/v1/links/calendar", tag = "links", request_body = Subscriber,
    responses((status = 200, body = CalendarAddress), (status = "4XX", body = Problem)))]
async fn calendar(
    _: Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<CalendarAddress>> {
    let Subscriber { person: word } = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let config = app.config();
    let known = config.rulebook.directory.person(&word);
    let Some(person) = known.filter(|person| config.contacts.contains_key(&person.key)) else {
        let detail = both!("sla.toml has no person `{word}`", "sla.toml no tiene una persona «{word}»");
        return Err(Failure::of_field("person", detail));
    };
    let Some(url) = app.agenda_link(&person.key) else {
        let detail = both!(
            "calendars look from elsewhere: write public_url into sla.toml",
            "los calendarios miran desde fuera: escriba public_url en sla.toml"
        );
        return Err(Failure::new(StatusCode::CONFLICT, "no_public_url", detail));
    };
    Ok(Json(CalendarAddress { person: person.key.clone(), url }))
}

/// Make another key: no link of before works any more, and no answer to the mail of an alert.
#[utoipa::path(post, path = "/v1/links/key", tag = "links",
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn change_key(_: Operate, State(app): State<App>) -> HandlerResult<StatusCode> {
    match app.change_link_key().await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => {
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
    }
}
