//! `GET /v1/sources`: what each source told last, how far behind it is, and what is wrong with it. `GET /v1/unknown`: who is not
//! in the directory.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::error::{HandlerResult, Params, Problem};
use crate::app::App;
use crate::store::Fault;
use crate::store::authors::AuthorRow;

const USUAL_DAYS: u32 = 30;
const MOST_AUTHORS: u32 = 10_000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_sources)).routes(routes!(get_unknown))
}

/// A source and how it does.
#[derive(Debug, Serialize, ToSchema)]
struct SourceView {
    /// Its name.
    name: String,
    /// The system.
    system: String,
    /// `ok`, `failing`, `silent`, `not_understood`, `faulty`, `behind` or `new`.
    state: &'static str,
    /// When it last said something.
    heard_at: Option<DateTime<Utc>>,
    /// When the latest thing happened of which it told.
    event_at: Option<DateTime<Utc>>,
    /// Payloads of the last day on which a rule of its mapping failed; they are kept aside.
    unread: i64,
    /// Payloads of the last day whose form no rule of its mapping knows: nothing was heard by them; they are kept aside.
    not_understood: i64,
    /// Things still to be asked for.
    backlog: u32,
    /// How long the oldest of them has been waiting, in seconds.
    lag_seconds: f64,
    /// Since when it fails.
    failed_at: Option<DateTime<Utc>>,
    /// How.
    cause: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Sources {
    sources: Vec<SourceView>,
    /// Mail of the last week that bears an address of the house and that nobody vouches for: it stops no clock.
    unproven_mail: Vec<Unproven>,
    /// Why `sla.toml` as it stands is not in force; none if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_file: Option<RefusedView>,
    /// Requests of which the store holds something that cannot be read, as far as that was noticed since the start.
    unreadable: Vec<UnreadableView>,
}

/// A request of which something cannot be read. It is left out of lists and reports; everything else goes on.
#[derive(Debug, Serialize, ToSchema)]
struct UnreadableView {
    /// Its number; none where it belongs to no request.
    request: Option<String>,
    /// `request`, `event`, `clock`, `alert`, …
    part: String,
    /// What is wrong with it.
    cause: String,
}

/// A file that was not taken; the one before stays in force.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedView {
    /// Since when.
    at: DateTime<Utc>,
    /// Where it is wrong, and why.
    cause: String,
}

/// Mails that lack the same thing.
#[derive(Debug, Serialize, ToSchema)]
struct Unproven {
    /// `no_server`, `silent`, `refused` or `list`.
    lacks: String,
    /// How many.
    n: i64,
}

/// Every source, and how it does.
#[utoipa::path(get, path = "/v1/sources", tag = "sources",
    responses((status = 200, body = Sources), (status = "4XX", body = Problem)))]
async fn get_sources(_: Read, State(app): State<App>) -> HandlerResult<Json<Sources>> {
    let config = app.config();
    let mut sources = Vec::new();
    for name in config.source_names() {
        let state = app.feeds.source_state(name.clone()).await?;
        let lag = state.waiting_since.map(|since| app.now() - since);
        let word = match &state.row {
            row if row.failed_at.is_some() => "failing",
            row if row.silence_told_at.is_some() => "silent",
            _ if 0 < state.n_foreign => "not_understood",
            _ if 0 < state.n_unread => "faulty",
            _ if lag.is_some_and(|lag| TimeDelta::minutes(1) < lag) => "behind",
            row if row.heard_at.is_none() => "new",
            _ => "ok",
        };
        sources.push(SourceView {
            system: config.system_of(&name),
            name,
            state: word,
            heard_at: state.row.heard_at,
            event_at: state.row.event_at,
            unread: state.n_unread,
            not_understood: state.n_foreign,
            backlog: state.n_backlog,
            lag_seconds: lag.map_or(0.0, |lag| lag.as_seconds_f64()),
            failed_at: state.row.failed_at,
            cause: state.row.cause,
        });
    }
    let since = app.now() - TimeDelta::days(7);
    // What cannot even be counted is damaged, and keeps nobody from seeing the rest.
    let unproven = app.views.count_unproven_mail(since).await.unwrap_or_default();
    let unreadable = app.views.unreadable().all().into_iter().map(|(id, Fault { part, cause })| UnreadableView {
        request: (id.0 != 0).then(|| id.to_string()),
        part: part.to_owned(),
        cause,
    });
    let unreadable = unreadable.collect();
    let unproven_mail = unproven.into_iter().map(|(lacks, n)| Unproven { lacks, n }).collect();
    let refused_file = app.refused_file().map(|file| RefusedView { at: file.at, cause: file.cause.clone() });
    Ok(Json(Sources { sources, unproven_mail, refused_file, unreadable }))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Days {
    /// How many days back; 30 where it is left out, 3660 at most.
    #[serde(default, deserialize_with = "super::bounds::days")]
    days: Option<u32>,
}

/// Somebody who wrote and is not in the directory.
#[derive(Debug, Serialize, ToSchema)]
struct UnknownView {
    /// Address, number or user id.
    address: String,
    /// Name as the channel shows it.
    name: Option<String>,
    /// `agent` or `customer`, as plazo took it.
    kind: String,
    /// Where.
    channel: String,
    /// How many events.
    events: u32,
    /// The last one.
    last_at: DateTime<Utc>,
    /// The request of the last one.
    request: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Unknown {
    unknown: Vec<UnknownView>,
}

/// Addresses, numbers and user ids that map to nobody of the directory; those taken for colleagues first.
#[utoipa::path(get, path = "/v1/unknown", tag = "sources", params(Days),
    responses((status = 200, body = Unknown), (status = "4XX", body = Problem)))]
async fn get_unknown(_: Read, State(app): State<App>, Params(asked): Params<Days>) -> HandlerResult<Json<Unknown>> {
    let days = asked.days.unwrap_or(USUAL_DAYS);
    let since = app.now() - TimeDelta::days(days.into());
    let rows = app.views.authors(since, MOST_AUTHORS).await?;
    let config = app.config();
    let directory = &config.rulebook.directory;
    let is_unknown = |row: &AuthorRow| match row.kind.as_str() {
        "customer" => directory.customer(&row.address).is_none(),
        _ => directory.person(&row.address).is_none(),
    };
    let mut unknown: Vec<_> = rows
        .into_iter()
        .filter(is_unknown)
        .map(|row| UnknownView {
            address: row.address,
            name: row.name,
            kind: row.kind,
            channel: row.channel,
            events: row.n_events,
            last_at: row.last_at,
            request: row.request.to_string(),
        })
        .collect();
    unknown.sort_by_key(|row| (row.kind != "agent", std::cmp::Reverse(row.events)));
    Ok(Json(Unknown { unknown }))
}
