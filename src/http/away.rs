//! `/v1/away`: who is away, until when, and who stands in.

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
use super::bounds;
use super::error::{Failure, HandlerResult, Named, Problem};
use crate::app::App;
use crate::app::absence::AbsenceTold;
use crate::both;
use crate::config::{Config, Family};
use crate::engine::absence::Absence;
use crate::instant::Meant;
use crate::intake::json::NotJson;
use crate::text::Both;

/// Nobody is away for longer by a word; what lasts belongs into the file.
const LONGEST: TimeDelta = TimeDelta::days(366);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(add)).routes(routes!(end))
}

/// Somebody is away.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AwayView {
    /// Its number; none where it stands in the file.
    id: Option<i64>,
    /// Key of the person.
    person: String,
    /// Name of the person.
    name: String,
    /// From when.
    from: DateTime<Utc>,
    /// Until when.
    until: DateTime<Utc>,
    /// Key of whoever was named to stand in.
    substitute: Option<String>,
    /// Name of whoever is told in the person's place, now or from its beginning on; none where whoever stands above is.
    stands_in: Option<String>,
    /// Whether it holds now.
    holds: bool,
    /// Who said so.
    who: Option<String>,
}

impl AwayView {
    /// Whether it holds at `at`.
    pub(super) fn is_away_at(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.until
    }

    fn new((id, who): (Option<i64>, Option<String>), absence: &Absence, config: &Config, now: DateTime<Utc>) -> Self {
        let directory = &config.rulebook.directory;
        let stands_in = directory.stand_in(&absence.person, absence.from.max(now));
        Self {
            id,
            name: directory.name_of(&absence.person).to_owned(),
            person: absence.person.clone(),
            from: absence.from,
            until: absence.until,
            substitute: absence.substitute.clone(),
            stands_in: stands_in.map(|key| directory.name_of(key).to_owned()),
            holds: absence.from <= now,
            who,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Absences {
    away: Vec<AwayView>,
}

/// An absence to put on record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAbsence {
    /// The person: key, name or address.
    person: String,
    /// From when; now where it is left out.
    from: Option<String>,
    /// Until when.
    until: Option<String>,
    /// Who stands in; the lead of the person's team where it is left out.
    substitute: Option<String>,
    /// Who says so.
    by: Option<String>,
}

/// Who is away now or later, by the file and by word.
#[utoipa::path(get, path = "/v1/away", tag = "away",
    responses((status = 200, body = Absences), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>) -> HandlerResult<Json<Absences>> {
    let away = absent(&app, &app.config(), app.now()).await?;
    Ok(Json(Absences { away }))
}

/// Absences that hold at `at` or later, by the file and by word, as they stand then.
pub(super) async fn absent(app: &App, config: &Config, at: DateTime<Utc>) -> HandlerResult<Vec<AwayView>> {
    let written = config.rulebook.directory.written_absences().iter();
    let mut away: Vec<_> = written.map(|absence| AwayView::new((None, None), absence, config, at)).collect();
    let told = app.absences().await?;
    away.extend(told.into_iter().map(|row| AwayView::new((Some(row.id), row.who), &row.absence, config, at)));
    away.retain(|view| at < view.until);
    away.sort_by_key(|view| (view.from, view.until));
    Ok(away)
}

/// Say that somebody is away. What would go to the person goes to whoever stands in.
#[utoipa::path(post, path = "/v1/away", tag = "away", request_body = NewAbsence,
    responses((status = 200, body = AwayView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn add(_: Operate, State(app): State<App>, body: Result<Bytes, BytesRejection>) -> HandlerResult<Json<AwayView>> {
    let new: NewAbsence = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let (now, config) = (app.now(), app.config());
    let known = |field, word: &str| {
        let person = config.rulebook.directory.person(word).map(|person| person.key.clone());
        person.ok_or_else(|| Failure::of_field(field, config.unknown(Family::Person, word)))
    };
    let person = known("person", &new.person)?;
    let substitute = new.substitute.as_deref().map(|word| known("substitute", word)).transpose()?;
    let from = bounds::instant(&app, "from", new.from.as_deref(), Meant::Begins)?.unwrap_or(now);
    let Some(until) = bounds::instant(&app, "until", new.until.as_deref(), Meant::Ends)? else {
        let problem = both!(
            "say until when, such as 2026-12-24, that day included, or mon 08:00",
            "diga hasta cuándo, como 2026-12-24, con ese día incluido, o lun 08:00"
        );
        return Err(Failure::of_field("until", problem));
    };
    if until <= from || until <= now {
        let problem = both!(
            "it would be over before it begins; say an `until` after it",
            "terminaría antes de empezar; indique un `until` posterior"
        );
        return Err(Failure::of_field("until", problem));
    }
    if LONGEST < until - from {
        let problem = both!(
            "nobody is away for more than 366 days; take the person out of sla.toml",
            "nadie se ausenta más de 366 días; quite a la persona de sla.toml"
        );
        return Err(Failure::of_field("until", problem));
    }
    if substitute.as_ref() == Some(&person) {
        let problem = both!(
            "nobody stands in for themselves; name somebody else",
            "nadie se reemplaza a sí mismo; nombre a alguien más"
        );
        return Err(Failure::of_field("substitute", problem));
    }
    let mut absence = Absence { person, from, until, substitute };
    let known = match app.add_absence(absence.clone(), new.by.clone()).await? {
        AbsenceTold::New(id) => (Some(id), new.by),
        AbsenceTold::Known { id, who, from } => {
            absence.from = from;
            (id, who)
        }
        AbsenceTold::LeadsBack => return Err(Failure::of_field("substitute", leads_back())),
    };
    Ok(Json(AwayView::new(known, &absence, &app.config(), now)))
}

fn leads_back() -> Both {
    both!(
        "whoever would stand in is away as well, and it leads back to the same person; name somebody else",
        "quien reemplazaría también está ausente, y se vuelve a la misma persona; nombre a alguien más"
    )
}

/// End an absence before its time.
#[utoipa::path(post, path = "/v1/away/{id}/end", tag = "away", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn end(_: Operate, State(app): State<App>, Named(id): Named<i64>) -> HandlerResult<StatusCode> {
    if app.end_absence(id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = both!(
        "there is no absence {id} that still holds; those of sla.toml end there",
        "no hay una ausencia {id} vigente; las de sla.toml se terminan ahí"
    );
    Err(Failure::new(StatusCode::NOT_FOUND, "unknown_absence", detail))
}
