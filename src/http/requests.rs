//! `/v1/requests`: listing and looking.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::bounds;
use super::error::{Failure, HandlerResult, Named, Params, Problem};
use super::history::{Told, told};
use crate::app::App;
use crate::app::board::{BoardFilter, BoardGroup};
use crate::app::sessions::Viewer;
use crate::app::view::RequestView;
use crate::app::views::Whole;
use crate::both;
use crate::engine::request::Request;
use crate::engine::request_id::{NoRequestId, RequestId};
use crate::engine::rulebook::Rulebook;
use crate::instant::Meant;
use crate::store::Fault;
use crate::store::requests::{DueCursor, RequestFilter, TeamFilter};
use crate::text::{Both, Language, history, vocabulary};

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;
const STATES: [&str; 5] = ["open", "waiting", "overdue", "closed", "all"];

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `open` (the default, waiting ones included), `waiting`, `overdue`, `closed` or `all`.
    state: Option<String>,
    /// Channel.
    channel: Option<String>,
    /// The owner's key, name or address.
    owner: Option<String>,
    /// What the people of this team own, and what its policies promise: its key.
    team: Option<String>,
    /// The client's key, name or address.
    customer: Option<String>,
    /// Only what is due before that instant.
    due_before: Option<String>,
    /// Rows at most; 50 by default, 500 at most.
    limit: Option<u32>,
    /// `newest` (the default), or `due`: what is due first at the top, what is never due at the end.
    order: Option<String>,
    /// `next` of the page before, in the same order.
    cursor: Option<String>,
    /// Whether to say how many there are of each urgency, and how urgent each row is: of `state=open` and `order=due`, on the first page.
    urgency: Option<bool>,
}

/// How many requests there are of each urgency, as the page of the queue counts them.
#[derive(Debug, Serialize, ToSchema)]
struct Counted {
    /// A promise is broken.
    overdue: usize,
    /// A quarter of its time is left, or less.
    soon: usize,
    /// In time.
    in_time: usize,
    /// The team waits for somebody.
    waiting: usize,
    /// Nothing runs on it.
    calm: usize,
}

/// The word for an urgency, a field of `Counted`.
const fn word(group: BoardGroup) -> &'static str {
    match group {
        BoardGroup::Overdue => "overdue",
        BoardGroup::Soon => "soon",
        BoardGroup::InTime => "in_time",
        BoardGroup::Waiting => "waiting",
        BoardGroup::Calm => "calm",
    }
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
struct Page {
    requests: Vec<RequestView>,
    /// Pass it as `cursor` for the next page; none on the last.
    next: Option<String>,
    /// How many there are from this page on, itself included; of `order=due`.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// How many there are of each urgency, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counted>,
    /// How urgent each of `requests` is, in their order, where that was asked for: a word of `counts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    urgency: Vec<&'static str>,
}

/// A request with its history.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    #[serde(flatten)]
    request: RequestView,
    /// When plazo next looks at it by itself.
    wake_at: Option<DateTime<Utc>>,
    /// Tickets and tasks that were opened elsewhere because of it.
    tickets: Vec<TicketView>,
    /// What happened, oldest first, without anybody's words.
    #[schema(value_type = Vec<Object>)]
    history: Vec<crate::store::journal::HistoryRow>,
    /// The same as sentences that name people, with what was told to whom and the first words of messages.
    #[schema(value_type = Vec<Object>)]
    told: Vec<history::Line>,
    /// Where the conversation is, as its source said it last.
    link: Option<String>,
}

/// How a request is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ShowParams {
    /// Language of `told`: `es` or `en`; the file's where it is left out.
    language: Option<String>,
}

/// A ticket or task elsewhere.
#[derive(Debug, Serialize, ToSchema)]
struct TicketView {
    /// Name of the destination.
    destination: String,
    /// Its number there.
    reference: String,
}

/// List requests.
#[utoipa::path(get, path = "/v1/requests", tag = "requests", params(ListParams),
    responses((status = 200, body = Page), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> HandlerResult<Json<Page>> {
    let state = params.state.as_deref().unwrap_or("open");
    if !STATES.contains(&state) {
        let known = STATES.join(", ");
        let detail = both!("`{state}` is not one of {known}", "«{state}» no es uno de {known}");
        return Err(Failure::of_field("state", detail));
    }
    let by_due = match params.order.as_deref() {
        None | Some("newest") => false,
        Some("due") => true,
        Some(other) => {
            let detail = both!("`{other}` is not one of newest, due", "«{other}» no es uno de newest, due");
            return Err(Failure::of_field("order", detail));
        }
    };
    let due_before = bounds::parameter(&app, "due_before", params.due_before.as_deref(), Meant::Ends)?;
    let limit = params.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE);
    let config = app.config();
    let directory = &config.rulebook.directory;
    let owner = params.owner.map(|word| directory.person(&word).map(|person| person.key.clone()).unwrap_or(word));
    let customer =
        params.customer.map(|word| directory.customer(&word).map(|client| client.key.clone()).unwrap_or(word));
    let team = params.team.as_deref().map(|key| of_team(&config.rulebook, key)).transpose()?;
    let is_counted = params.urgency == Some(true);
    if is_counted && (!by_due || state != "open" || params.cursor.is_some() || due_before.is_some()) {
        let detail = both!(
            "goes with state=open and order=due alone, on the first page",
            "va solo con state=open y order=due, en la primera página"
        );
        return Err(Failure::of_field("urgency", detail));
    }
    let on_board = BoardFilter {
        team: params.team,
        person: owner.clone(),
        client: customer.clone(),
        channel: params.channel.clone(),
        ..BoardFilter::default()
    };
    let mut filter = RequestFilter {
        state: (state != "all").then(|| state.to_owned()),
        channel: params.channel,
        owner,
        team,
        customer,
        due_before,
        below: None,
        limit: limit + 1,
    };
    let wrong = |detail: String| Failure::of_field("cursor", detail);
    let (mut requests, total) = if by_due {
        let after = params.cursor.map(|cursor| due_cursor(&cursor)).transpose().map_err(wrong)?;
        let (requests, total) = app.views.list_by_due(filter, after).await?;
        (requests, Some(total))
    } else {
        let below = params.cursor.map(|cursor| cursor.parse::<RequestId>()).transpose();
        filter.below = below.map_err(|error| wrong(error.to_string()))?.map(|id| id.0);
        (app.views.list(filter).await?, None)
    };
    let has_more = (limit as usize) < requests.len();
    requests.truncate(limit as usize);
    let next = requests.last().filter(|_| has_more).map(|last| match last.due_at() {
        _ if !by_due => last.id.to_string(),
        Some(due_at) => format!("{}_{}", due_at.timestamp_millis(), last.id),
        None => format!("_{}", last.id),
    });
    let (counts, urgency) = if is_counted {
        // Whoever may read here sees everything.
        let everybody = Viewer::Machine(String::new());
        let board = app.board(&everybody, &on_board, limit as usize).await?;
        let [overdue, soon, in_time, waiting, calm] = board.counts;
        let groups = board.rows.iter().flat_map(|(group, rows)| rows.iter().map(move |row| (row.id, *group)));
        let groups: HashMap<RequestId, BoardGroup> = groups.collect();
        // What came between both looks is known a moment later.
        let of = |request: &Request| word(groups.get(&request.id).copied().unwrap_or(BoardGroup::Calm));
        (Some(Counted { overdue, soon, in_time, waiting, calm }), requests.iter().map(of).collect())
    } else {
        (None, Vec::new())
    };
    let requests = requests.iter().map(|request| RequestView::new(request, &config)).collect();
    Ok(Json(Page { requests, next, total, counts, urgency }))
}

/// What is a team's, as on the pages.
fn of_team(rulebook: &Rulebook, key: &str) -> Result<TeamFilter, Failure> {
    let directory = &rulebook.directory;
    let Some(team) = directory.team(key) else {
        let known: Vec<_> = directory.team_keys().collect();
        let known = known.join(", ");
        let detail = both!("there is no team `{key}`; there are {known}", "no hay un equipo «{key}»; hay {known}");
        return Err(Failure::of_field("team", detail));
    };
    let policies = rulebook.policies.iter().filter(|policy| policy.team.as_deref() == Some(key));
    Ok(TeamFilter {
        people: team.members.iter().chain(&team.lead).cloned().collect(),
        policies: policies.map(|policy| policy.name.clone()).collect(),
    })
}

/// `1772461800000_R-17`, or `_R-17` where nothing is due.
fn due_cursor(cursor: &str) -> Result<DueCursor, String> {
    let (due_at, id) = cursor.split_once('_').ok_or_else(|| format!("`{cursor}` is no cursor of `order=due`"))?;
    let due_at = match due_at {
        "" => None,
        milliseconds => Some(
            milliseconds
                .parse()
                .ok()
                .and_then(DateTime::from_timestamp_millis)
                .ok_or_else(|| format!("`{milliseconds}` is no instant"))?,
        ),
    };
    let id: RequestId = id.parse().map_err(|error: <RequestId as std::str::FromStr>::Err| error.to_string())?;
    Ok(DueCursor { due_at, id: id.0 })
}

/// Show a request.
#[utoipa::path(get, path = "/v1/requests/{id}", tag = "requests", params(("id" = String, Path, example = "R-17"), ShowParams),
    responses((status = 200, body = Shown), (status = "4XX", body = Problem)))]
async fn show(
    _: Read,
    State(app): State<App>,
    Named(id): Named<String>,
    Params(params): Params<ShowParams>,
) -> HandlerResult<Json<Shown>> {
    let id: RequestId = id.parse().map_err(|error| unknown(no_request_id(&error)))?;
    let Some(Whole { request, history, references }) = app.views.whole(id).await? else {
        return Err(missing(&app, id));
    };
    let wake_at = app.views.wake_of(id).await?;
    let config = app.config();
    let language = params.language.as_deref().and_then(Language::from_code).unwrap_or(config.language);
    let Told { lines: told, link } = told(&app, id, language).await?;
    let keeps_tickets =
        |name: &String| config.destinations.get(name).is_some_and(|own| own.settings.can().keeps_tickets);
    let tickets = references.into_iter().filter(|(destination, _)| keeps_tickets(destination));
    let tickets = tickets.map(|(destination, reference)| TicketView { destination, reference }).collect();
    Ok(Json(Shown { request: RequestView::new(&request, &config), wake_at, tickets, history, told, link }))
}

/// There is no such request, or it is there and cannot be read.
pub(super) fn missing(app: &App, id: RequestId) -> Failure {
    match app.views.unreadable().of(id) {
        None => unknown(both!("there is no request {id}", "no hay una solicitud {id}")),
        Some(Fault { part, cause }) => {
            let [en, es] = [Language::En, Language::Es].map(|language| vocabulary::kept_part(part, language));
            let detail = both!(
                "{id} is in the store and {en} cannot be read ({cause}). Everything else goes on; to have it back, restore a backup",
                "{id} está guardada, pero {es} no se puede leer ({cause}). Todo lo demás sigue; para recuperarla, restaure una copia"
            );
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable_request", detail)
        }
    }
}

/// What is wrong with a word that should name a request.
pub(super) fn no_request_id(error: &NoRequestId) -> Both {
    let word = error.word();
    both!("`{word}` is no request id; write it as R-17", "«{word}» no es un número de solicitud; escríbalo como R-17")
}

pub(super) fn unknown(detail: Both) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "unknown_request", detail)
}
