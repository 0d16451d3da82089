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
use super::error::{Answer, Failure, Named, Params, Problem};
use crate::app::App;
use crate::engine::policy::Matcher;
use crate::engine::request::{LONGEST_SNOOZE, RequestId};
use crate::intake::json::NotJson;
use crate::span;
use crate::store::silences::{SilenceRow, Silenced};
use crate::text::Language;

/// Nobody silences for longer; what lasts belongs into the file.
const LONGEST: TimeDelta = TimeDelta::days(31);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(add)).routes(routes!(end)).routes(routes!(duty))
}

/// A silence.
#[derive(Debug, Serialize, ToSchema)]
struct SilenceView {
    /// Its number.
    id: i64,
    /// Which alerts it holds back: of one `request`, or of requests with these fields.
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
        Self { id, silenced, starts_at, ends_at, state, who, why }
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
    /// Of requests like these: `channel`, `inbox`, `team`, `customer`, `priority`, `kind`, `tags` (lists), `audience`.
    #[serde(default, rename = "match")]
    #[schema(value_type = Object)]
    matcher: Matcher,
    /// From when; now where it is left out.
    #[serde(default, deserialize_with = "super::bounds::instant")]
    from: Option<DateTime<Utc>>,
    /// Until when.
    #[serde(default, deserialize_with = "super::bounds::instant")]
    until: Option<DateTime<Utc>>,
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
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> Answer<Json<Silences>> {
    let now = app.now();
    let rows = app.read(move |store| store.silences(params.all.unwrap_or(false), now)).await?;
    Ok(Json(Silences { silences: rows.into_iter().map(|row| SilenceView::new(row, now)).collect() }))
}

/// Make a silence. What it holds back comes as one message a reader when it ends.
#[utoipa::path(post, path = "/v1/silences", tag = "silences", request_body = NewSilence,
    responses((status = 200, body = SilenceView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn add(_: Operate, State(app): State<App>, body: Result<Bytes, BytesRejection>) -> Answer<Json<SilenceView>> {
    let new: NewSilence = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let now = app.now();
    let from = new.from.unwrap_or(now);
    let until = match (new.until, &new.lasts) {
        (Some(until), None) => until,
        (None, Some(lasts)) => {
            let span = span::duration(lasts).map_err(|remedy| Failure::of_field("for", Language::En.of(remedy)))?;
            let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
            from.checked_add_signed(span).ok_or_else(|| Failure::of_field("for", "is too long".to_owned()))?
        }
        _ => return Err(Failure::of_field("until", "give either `until` or `for`, such as \"2h\"".to_owned())),
    };
    if until <= from || until <= now {
        return Err(Failure::of_field("until", "the silence would be over before it begins".to_owned()));
    }
    if LONGEST < until - from {
        let detail = "a silence lasts 31 days at most; what lasts longer belongs into sla.toml".to_owned();
        return Err(Failure::of_field("until", detail));
    }
    if new.request.is_some() && LONGEST_SNOOZE < until - from {
        let days = LONGEST_SNOOZE.num_days();
        let detail =
            format!("one request is silent for {days} days at most at a time; somebody is to look at it again");
        return Err(Failure::of_field("until", detail));
    }
    let request = new.request.as_deref().map(str::parse::<RequestId>).transpose();
    let request = request.map_err(|error| Failure::of_field("request", error.to_string()))?;
    if request.is_none() && new.matcher == Matcher::default() {
        let detail = "say what is to be silent: `request`, or `match` with at least one field".to_owned();
        return Err(Failure::of_field("match", detail));
    }
    let row = app.add_silence(Silenced { request, matcher: new.matcher }, (from, until), new.by, new.why).await?;
    Ok(Json(SilenceView::new(row, now)))
}

/// End a silence; what it held back is released.
#[utoipa::path(post, path = "/v1/silences/{id}/end", tag = "silences", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn end(_: Operate, State(app): State<App>, Named(id): Named<i64>) -> Answer<StatusCode> {
    if app.end_silence(id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Failure::new(StatusCode::NOT_FOUND, "unknown_silence", format!("there is no silence {id} that still holds")))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DutyParams {
    /// The instant; now where it is left out.
    #[serde(default, deserialize_with = "super::bounds::instant")]
    at: Option<DateTime<Utc>>,
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
    /// Until when.
    until: Option<DateTime<Utc>>,
    /// Key of whoever comes next.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Duty {
    at: DateTime<Utc>,
    duty: Vec<DutyView>,
}

/// Who is on duty.
#[utoipa::path(get, path = "/v1/duty", tag = "silences", params(DutyParams),
    responses((status = 200, body = Duty), (status = "4XX", body = Problem)))]
async fn duty(_: Read, State(app): State<App>, Params(params): Params<DutyParams>) -> Answer<Json<Duty>> {
    let at = params.at.unwrap_or_else(|| app.now());
    let config = app.config();
    let duty = config.rulebook.directory.rotas().map(|rota| {
        let turn = rota.turn_at(at);
        let name = turn.as_ref().and_then(|turn| config.contacts.get(&turn.person)).map(|contact| contact.name.clone());
        let until = turn.as_ref().map(|turn| turn.until);
        DutyView {
            rota: rota.name.clone(),
            name,
            next: until.and_then(|until| rota.on_duty(until)).map(str::to_owned),
            person: turn.map(|turn| turn.person),
            until,
        }
    });
    Ok(Json(Duty { at, duty: duty.collect() }))
}
