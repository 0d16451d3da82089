//! `/v1/silences`: what nobody wants to hear of for a while; and `/v1/duty`: who is on duty.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operate, Read};
use super::away::{AwayView, absent};
use super::bounds;
use super::error::{Failure, HandlerResult, Named, Params, Problem};
use crate::app::App;
use crate::app::silence::Unknown;
use crate::engine::policy::Matcher;
use crate::engine::request::LONGEST_SNOOZE;
use crate::engine::request_id::RequestId;
use crate::instant::Meant;
use crate::intake::json::NotJson;
use crate::outbox::SilenceId;
use crate::outbox::silence::Silenced;
use crate::store::silences::SilenceRow;
use crate::text::Both;
use crate::{both, span};

/// Nobody silences for longer; what lasts belongs into the file.
pub(super) const LONGEST: TimeDelta = TimeDelta::days(31);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(add)).routes(routes!(end)).routes(routes!(duty))
}

/// A silence.
#[derive(Debug, Serialize, ToSchema)]
struct SilenceView {
    /// Its number.
    id: i64,
    /// Which alerts it holds back: `all`, those to a `person`, of one `request`, or of requests with these fields.
    #[schema(value_type = Object)]
    silenced: Silenced,
    /// From when.
    starts_at: DateTime<Utc>,
    /// Until when.
    ends_at: DateTime<Utc>,
    /// `planned`, `holds` or `over`.
    state: &'static str,
    /// Who wanted it.
    who: Option<String>,
    /// Why.
    why: Option<String>,
    /// Of a new one: what it would hold back, as things stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_hold: Option<WouldHold>,
}

/// What a silence would hold back.
#[derive(Debug, Serialize, ToSchema)]
struct WouldHold {
    /// Alerts that are to go out while it holds.
    alerts: usize,
    /// Of how many requests.
    requests: usize,
}

impl SilenceView {
    fn new(row: SilenceRow, now: DateTime<Utc>) -> Self {
        let ends_at = row.ended_at.unwrap_or(row.ends_at);
        let state = if ends_at <= now {
            "over"
        } else if now < row.starts_at {
            "planned"
        } else {
            "holds"
        };
        let SilenceRow { id, silenced, starts_at, who, why, .. } = row;
        Self { id: id.0, silenced, starts_at, ends_at, state, who, why, would_hold: None }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Silences {
    silences: Vec<SilenceView>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Those that are over too.
    all: Option<bool>,
}

/// A silence to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSilence {
    /// Of one request only.
    request: Option<String>,
    /// Everything.
    #[serde(default)]
    all: bool,
    /// Only what goes to these people.
    #[serde(default)]
    person: Vec<String>,
    /// Of requests like these: `channel`, `inbox`, `team`, `customer`, `priority`, `kind`, `tags` (lists), `audience`.
    #[serde(default, rename = "match")]
    #[schema(value_type = Object)]
    matcher: Matcher,
    /// From when; now where it is left out.
    from: Option<String>,
    /// Until when.
    until: Option<String>,
    /// Or for how long, such as `2h`.
    #[serde(rename = "for")]
    lasts: Option<String>,
    /// Who wants it.
    by: Option<String>,
    /// Why.
    why: Option<String>,
}

/// Silences that hold or are planned.
#[utoipa::path(get, path = "/v1/silences", tag = "silences", params(ListParams),
    responses((status = 200, body = Silences), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> HandlerResult<Json<Silences>> {
    let now = app.now();
    let rows = app.views.silences(params.all.unwrap_or(false)).await?;
    Ok(Json(Silences { silences: rows.into_iter().map(|row| SilenceView::new(row, now)).collect() }))
}

/// Make a silence. What it holds back comes as one message a reader when it ends.
#[utoipa::path(post, path = "/v1/silences", tag = "silences", request_body = NewSilence,
    responses((status = 200, body = SilenceView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn add(
    _: Operate,
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<SilenceView>> {
    let new: NewSilence = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let (now, language) = (app.now(), app.config().language);
    let from = bounds::instant(&app, "from", new.from.as_deref(), Meant::Begins)?.unwrap_or(now);
    let until = bounds::instant(&app, "until", new.until.as_deref(), Meant::Ends)?;
    let until = match (until, &new.lasts) {
        (Some(until), None) => until,
        (None, Some(lasts)) => {
            let span = span::duration(lasts).map_err(|remedy| Failure::of_field("for", language.of(remedy)))?;
            let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
            from.checked_add_signed(span).ok_or_else(|| Failure::of_field("for", "is too long".to_owned()))?
        }
        _ => {
            let problem = both!(
                "say how long it lasts: for so long (2h), or until when (tomorrow 08:00); one of the two",
                "diga cuánto dura: por cuánto tiempo (2h), o hasta cuándo (mañana 08:00); una de las dos"
            );
            return Err(Failure::of_field("until", language.of(problem)));
        }
    };
    if until <= from || until <= now {
        let problem = both!("the silence would be over before it begins", "el silencio terminaría antes de empezar");
        return Err(Failure::of_field("until", language.of(problem)));
    }
    if LONGEST < until - from {
        let problem = both!(
            "a silence lasts 31 days at most; what lasts longer belongs into sla.toml",
            "un silencio dura 31 días como mucho; lo que dure más va en sla.toml"
        );
        return Err(Failure::of_field("until", language.of(problem)));
    }
    if new.request.is_some() && LONGEST_SNOOZE < until - from {
        let days = LONGEST_SNOOZE.num_days();
        let problem = both!(
            "one request is silent for {days} days at most at a time; somebody is to look at it again",
            "una sola solicitud se silencia {days} días como mucho por vez; alguien debe volver a mirarla"
        );
        return Err(Failure::of_field("until", language.of(problem)));
    }
    let request = new.request.as_deref().map(str::parse::<RequestId>).transpose();
    let request = request.map_err(|error| Failure::of_field("request", error.to_string()))?;
    let silenced = Silenced { request, person: new.person, all: new.all, matcher: new.matcher };
    let names_something = silenced != Silenced { all: silenced.all, ..Silenced::default() };
    if names_something == silenced.all {
        return Err(Failure::of_field(
            "match",
            language.of(if silenced.all { all_and_more() } else { nothing_named() }),
        ));
    }
    let foreseen = match app.outbox.foresee_silence(silenced, (from, until)).await? {
        Ok(foreseen) => foreseen,
        Err(Unknown { field, problem }) => return Err(Failure::of_field(field, language.of(problem))),
    };
    let would_hold = WouldHold { alerts: foreseen.n_alerts, requests: foreseen.n_requests };
    let row = app.outbox.add_silence(foreseen.silenced, (from, until), new.by, new.why).await?;
    Ok(Json(SilenceView { would_hold: Some(would_hold), ..SilenceView::new(row, now) }))
}

fn nothing_named() -> Both {
    both!(
        "say what is to be silent: one request (--request R-17), a person (--person ana), requests by --channel, --customer, --team, --inbox, --priority or --tag, or everything (--all)",
        "diga qué se silencia: una solicitud (--request R-17), una persona (--person ana), las solicitudes por --channel, --customer, --team, --inbox, --priority o --tag, o todo (--all)"
    )
}

fn all_and_more() -> Both {
    both!(
        "everything (--all) goes with nothing else: leave the rest out, or name what is to be silent",
        "todo (--all) no va con nada más: quite lo demás, o nombre lo que se silencia"
    )
}

/// End a silence; what it held back is released.
#[utoipa::path(post, path = "/v1/silences/{id}/end", tag = "silences", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn end(_: Operate, State(app): State<App>, Named(id): Named<SilenceId>) -> HandlerResult<StatusCode> {
    if app.outbox.end_silence(id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Failure::new(StatusCode::NOT_FOUND, "unknown_silence", format!("there is no silence {id} that still holds")))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DutyParams {
    /// The instant; now where it is left out.
    at: Option<String>,
}

/// Who is on duty by a rota.
#[derive(Debug, Serialize, ToSchema)]
struct DutyView {
    /// The rota.
    rota: String,
    /// Key of the person; none where nobody is.
    person: Option<String>,
    /// Name of the person.
    name: Option<String>,
    /// Key of whoever has the turn and is away, where somebody stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    stands_in_for: Option<String>,
    /// Name of that person.
    #[serde(skip_serializing_if = "Option::is_none")]
    stands_in_for_name: Option<String>,
    /// Until when.
    until: Option<DateTime<Utc>>,
    /// Key of whoever comes next.
    next: Option<String>,
    /// Name of whoever comes next.
    next_name: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Duty {
    at: DateTime<Utc>,
    duty: Vec<DutyView>,
    /// Who is away then, on duty by a rota or not.
    away: Vec<AwayView>,
}

/// Who is on duty.
#[utoipa::path(get, path = "/v1/duty", tag = "silences", params(DutyParams),
    responses((status = 200, body = Duty), (status = "4XX", body = Problem)))]
async fn duty(_: Read, State(app): State<App>, Params(params): Params<DutyParams>) -> HandlerResult<Json<Duty>> {
    let at = bounds::parameter(&app, "at", params.at.as_deref(), Meant::Begins)?.unwrap_or_else(|| app.now());
    let config = app.config();
    let duty = config.rulebook.directory.rotas().map(|rota| {
        let turn = rota.turn_at(at);
        let name_of = |person: &str| config.contacts.get(person).map(|contact| contact.name.clone());
        let directory = &config.rulebook.directory;
        let present = turn.as_ref().and_then(|turn| directory.stand_in(&turn.person, at));
        let name = present.and_then(name_of);
        let away = turn.as_ref().map(|turn| turn.person.clone()).filter(|person| present != Some(person));
        let until = turn.as_ref().map(|turn| turn.until);
        let next = until.and_then(|until| directory.on_duty(&rota.name, until));
        DutyView {
            rota: rota.name.clone(),
            name,
            next_name: next.and_then(name_of),
            next: next.map(str::to_owned),
            person: present.map(str::to_owned),
            stands_in_for_name: away.as_deref().and_then(name_of),
            stands_in_for: away,
            until,
        }
    });
    let away = absent(&app, &config, at).await?.into_iter().filter(|view| view.is_away_at(at)).collect();
    Ok(Json(Duty { at, duty: duty.collect(), away }))
}
