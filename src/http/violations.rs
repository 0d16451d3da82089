//! `/v1/violations`: rules that were broken, and what somebody says to them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operate, Read};
use super::bounds;
use super::error::{Failure, HandlerResult, Named, Params, Problem};
use super::requests::no_request_id;
use crate::app::App;
use crate::both;
use crate::config::Config;
use crate::engine::check::Violation;
use crate::engine::request_id::RequestId;
use crate::instant::Meant;
use crate::intake::json::NotJson;
use crate::outbox::ViolationId;
use crate::store::violations::{ViolationFilter, ViolationRow};
use crate::text::{proof, violation};

/// Rows where no limit is given, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 1_000;
/// Longer excuses are stories.
pub(super) const LONGEST_EXCUSE: usize = 1_000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(excuse))
}

/// A broken rule.
#[derive(Debug, Serialize, ToSchema)]
struct ViolationView {
    /// Its number.
    id: i64,
    /// `R-17`.
    request: String,
    /// When the rule was broken.
    at: DateTime<Utc>,
    /// What was broken, by whom, and the evidence: `check`, `rule`, `who`, `finding`, and what that says more.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    violation: Violation,
    /// Name of whoever owned the request.
    owner: Option<String>,
    /// What happened, in words.
    what: String,
    /// What would put it right.
    remedy: String,
    /// What somebody said to it.
    excuse: Option<String>,
    /// Who.
    excused_by: Option<String>,
    /// When.
    excused_at: Option<DateTime<Utc>>,
}

impl ViolationView {
    fn new(row: ViolationRow, config: &Config) -> Self {
        let directory = &config.rulebook.directory;
        let name_of = |word: String| directory.person(&word).map_or(word, |person| person.name.clone());
        let (excuse, excused_by, excused_at) = match row.excuse {
            Some((excuse, who, at)) => (Some(excuse), who.map(name_of), Some(at)),
            None => (None, None, None),
        };
        Self {
            id: row.id.0,
            request: row.request.to_string(),
            at: row.at,
            what: config.language.of(violation::what(&row.violation.finding)),
            remedy: config.language.of(violation::remedy_for(&row.violation.finding, row.request)),
            violation: Violation { who: row.violation.who.clone().map(name_of), ..row.violation },
            owner: row.owner.map(name_of),
            excuse,
            excused_by,
            excused_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Violations {
    violations: Vec<ViolationView>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Of that rule, such as `A9`.
    rule: Option<String>,
    /// Of that request.
    request: Option<String>,
    /// Only those to which nobody has said anything.
    open: Option<bool>,
    /// Not before that instant.
    since: Option<String>,
    /// Rows at most.
    limit: Option<u32>,
}

/// What somebody says to a violation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewExcuse {
    /// The explanation.
    excuse: String,
    /// Who gives it.
    by: Option<String>,
}

/// Broken rules, the latest first.
#[utoipa::path(get, path = "/v1/violations", tag = "violations", params(ListParams),
    responses((status = 200, body = Violations), (status = "4XX", body = Problem)))]
async fn list(_: Read, State(app): State<App>, Params(params): Params<ListParams>) -> HandlerResult<Json<Violations>> {
    let request: Option<RequestId> = match params.request.as_deref().map(str::parse) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(error)) => return Err(Failure::of_field("request", no_request_id(&error))),
    };
    let since = bounds::parameter(&app, "since", params.since.as_deref(), Meant::Happened)?;
    let limit = params.limit.unwrap_or(USUAL).min(MOST);
    let open = params.open.unwrap_or(false);
    let filter = ViolationFilter { rule: params.rule, request, open, since, limit };
    let rows = app.views.violations(filter).await?;
    let config = app.config();
    Ok(Json(Violations { violations: rows.into_iter().map(|row| ViolationView::new(row, &config)).collect() }))
}

/// Say something to a violation: nobody further up is told of it, and reports show what was said.
#[utoipa::path(post, path = "/v1/violations/{id}/excuse", tag = "violations", params(("id" = i64, Path)),
    request_body = NewExcuse,
    responses((status = 200, body = ViolationView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn excuse(
    Operate(grant): Operate,
    State(app): State<App>,
    Named(id): Named<ViolationId>,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<ViolationView>> {
    let new: NewExcuse = serde_json::from_slice(&body?).map_err(NotJson::from)?;
    let length = new.excuse.trim().chars().count();
    if length == 0 || LONGEST_EXCUSE < length {
        let detail = both!(
            "say in a few words what happened, {LONGEST_EXCUSE} characters at most",
            "diga en pocas palabras qué pasó, en {LONGEST_EXCUSE} caracteres a lo sumo"
        );
        return Err(Failure::of_field("excuse", detail));
    }
    // Whoever gives no name is known by how they came.
    let by = new.by.or_else(|| Some(proof::who(&grant.proof, app.config().language)));
    let row = app.desk.excuse_violation(id, new.excuse.trim().to_owned(), by).await?;
    let row = row.ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "unknown_violation",
            both!("there is no violation {id}", "no hay un incumplimiento {id}"),
        )
    })?;
    Ok(Json(ViolationView::new(row, &app.config())))
}
