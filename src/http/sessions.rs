//! `POST /v1/page` and `/v1/sessions`: addresses that lead into the pages, and who is signed in to them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operate, Read};
use super::error::{Failure, HandlerResult, Named, Problem};
use crate::app::App;
use crate::app::sessions::Viewer;
use crate::app::token::Scope;
use crate::app::walls::Wall;
use crate::config::Family;
use crate::engine::proof::Proof;
use crate::intake::json::NotJson;
use crate::text::Both;
use crate::{both, span};

/// A wall's link works so long, where nothing else is said, and at most.
const WALL: TimeDelta = TimeDelta::days(90);
const LONGEST_WALL: TimeDelta = TimeDelta::days(400);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(page)).routes(routes!(list)).routes(routes!(end)).routes(routes!(end_all))
}

/// Where to lead.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct WantedPage {
    /// As whom: key, name or address of a person; as the machine's user where it is left out.
    person: Option<String>,
    /// A screen that only shows, instead of a session.
    wall: Option<WantedWall>,
}

/// What a wall shows; everything where nothing is said.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct WantedWall {
    /// Key of a team.
    team: Option<String>,
    /// An inbox.
    inbox: Option<String>,
    /// Whether clients' names and subjects are left out.
    hide_names: bool,
    /// How long the link works, such as "90 days".
    r#for: Option<String>,
}

/// An address.
#[derive(Debug, Serialize, ToSchema)]
struct PageView {
    /// Open it in a browser.
    url: String,
    /// Until when it works.
    until: DateTime<Utc>,
    /// Whether it works once.
    once: bool,
}

/// Make an address that leads into the pages: one that signs in, once and within a quarter of an hour, or a wall that only shows.
#[utoipa::path(post, path = "/v1/page", tag = "sessions", request_body = Option<WantedPage>,
    responses((status = 200, body = PageView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn page(
    Operate(grant): Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<PageView>> {
    let body = body?;
    let wanted = if body.trim_ascii().is_empty() {
        WantedPage::default()
    } else {
        serde_json::from_slice::<WantedPage>(&body).map_err(NotJson::from)?
    };
    let (config, now) = (app.config(), app.now());
    if let Some(wall) = wanted.wall {
        // Whoever has it reads.
        let lacks = both!(
            "a wall's link shows requests: that takes the scope `read`",
            "el enlace de una pantalla muestra solicitudes: hace falta el alcance `read`"
        );
        if !grant.may(Scope::Read) {
            return Err(Failure::new(StatusCode::FORBIDDEN, "scope_missing", lacks));
        }
        return wall_page(&app, wall).map(Json);
    }
    // A session may do what no token may, such as change the file; so nobody comes to one by a token, or by TCP without one.
    let Proof::Machine { user: Some(user) } = grant.proof else {
        let detail = both!(
            "sessions begin by the link in one's mail, or on plazo's machine by its socket (plazo page)",
            "las sesiones empiezan por el enlace del correo, o en la máquina de plazo por su socket (plazo page)"
        );
        return Err(Failure::new(StatusCode::FORBIDDEN, "not_by_token", detail));
    };
    let viewer = match &wanted.person {
        Some(word) => {
            let person = config.rulebook.directory.person(word);
            let person = person.ok_or_else(|| Failure::of_field("person", config.unknown(Family::Person, word)))?;
            Viewer::Person(person.key.clone())
        }
        None => Viewer::Machine(user),
    };
    let url = app.sign_in_link(&viewer, &app.base());
    Ok(Json(PageView { url, until: now + crate::app::sessions::SIGN_IN_WITHIN, once: true }))
}

fn wall_page(app: &App, wanted: WantedWall) -> HandlerResult<PageView> {
    let (config, now) = (app.config(), app.now());
    let known = |field: &str, family, word: &Option<String>| match word {
        Some(word) if !config.knows(family, word) => Err(Failure::of_field(field, config.unknown(family, word))),
        _ => Ok(()),
    };
    known("team", Family::Team, &wanted.team)?;
    known("inbox", Family::Inbox, &wanted.inbox)?;
    let lasts = match &wanted.r#for {
        None => WALL,
        Some(text) => {
            let lasts = lifetime(text).map_err(|problem| Failure::of_field("for", problem))?;
            if lasts < TimeDelta::minutes(1) {
                let problem = both!("must be a minute at least", "debe ser de un minuto por lo menos");
                return Err(Failure::of_field("for", problem));
            }
            if LONGEST_WALL < lasts {
                let days = LONGEST_WALL.num_days();
                let problem = both!(
                    "a wall's link works {days} days at most",
                    "el enlace de una pantalla sirve {days} días a lo sumo"
                );
                return Err(Failure::of_field("for", problem));
            }
            lasts
        }
    };
    let until = now + lasts;
    let wall = Wall { team: wanted.team, inbox: wanted.inbox, hides_names: wanted.hide_names, made_at: now, until };
    Ok(PageView { url: app.wall_link(&wall, &app.base()), until, once: false })
}

/// How long a link works. Unlike a promise's day, one of a link is always 24 hours.
fn lifetime(text: &str) -> Result<TimeDelta, Both> {
    let word = text.trim();
    let days = ["days", "day", "días", "día", "d"].iter().find_map(|ending| word.strip_suffix(ending));
    if let Some(days) = days.and_then(|days| days.trim().parse::<u16>().ok()) {
        return Ok(TimeDelta::days(days.into()));
    }
    let span = span::duration(word)?;
    TimeDelta::from_std(span).map_err(|_| both!("that is too long", "es demasiado"))
}

/// Somebody who is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// Its number.
    id: i64,
    /// The person's name, or the user's of this machine.
    name: String,
    /// The person's key; none for a user of this machine.
    person: Option<String>,
    /// Whether it still lets in: the person has not left the file.
    holds: bool,
    /// When it began.
    since: DateTime<Utc>,
    /// When it was last used, to some minutes.
    seen_at: DateTime<Utc>,
    /// When it ends by itself.
    until: DateTime<Utc>,
    /// What the browser calls itself.
    browser: Option<String>,
}

/// Everybody who is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct SessionsView {
    sessions: Vec<SessionView>,
}

/// Who is signed in to the pages.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions",
    responses((status = 200, body = SessionsView), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>) -> HandlerResult<Json<SessionsView>> {
    let config = app.config();
    let sessions = app.sessions().await?.into_iter().map(|row| {
        let holds = row.person.as_ref().is_none_or(|key| config.contacts.contains_key(key));
        let name = row.person.as_deref().map(|key| config.name_of(key).to_owned());
        SessionView {
            id: row.id,
            name: name.or(row.machine_user).unwrap_or_default(),
            person: row.person,
            holds,
            since: row.created_at,
            seen_at: row.seen_at,
            until: row.expires_at,
            browser: row.browser,
        }
    });
    Ok(Json(SessionsView { sessions: sessions.collect() }))
}

/// End a session.
#[utoipa::path(post, path = "/v1/sessions/{id}/end", tag = "sessions", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn end(_: Operate, State(app): State<App>, Named(id): Named<i64>) -> HandlerResult<StatusCode> {
    if app.end_session(id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = both!("there is no session {id}", "no hay una sesión {id}");
    Err(Failure::new(StatusCode::NOT_FOUND, "unknown_session", detail))
}

/// Whose sessions end.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct SessionsOf {
    /// Key, name or address of the person; everybody's where it is left out.
    person: Option<String>,
}

/// How many ended.
#[derive(Debug, Serialize, ToSchema)]
struct EndedSessions {
    ended: usize,
}

/// End all sessions of a person, or of everybody.
#[utoipa::path(post, path = "/v1/sessions/end", tag = "sessions", request_body = Option<SessionsOf>,
    responses((status = 200, body = EndedSessions), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn end_all(
    _: Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<EndedSessions>> {
    let body = body?;
    let whose = if body.trim_ascii().is_empty() {
        SessionsOf::default()
    } else {
        serde_json::from_slice::<SessionsOf>(&body).map_err(NotJson::from)?
    };
    let config = app.config();
    // Somebody who left the file is known by the key alone.
    let key = whose
        .person
        .map(|word| config.rulebook.directory.person(&word).map_or(word.clone(), |person| person.key.clone()));
    Ok(Json(EndedSessions { ended: app.end_sessions(key).await? }))
}
