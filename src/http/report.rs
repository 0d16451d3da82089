//! `GET /v1/report`: the figures of a period as JSON, CSV, text or a page; and `GET /v1/escalations`: the register.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::bounds;
use super::error::{Failure, HandlerResult, Params, Problem};
use super::pieces;
use crate::app::App;
use crate::app::report::{Wanted, last_month};
use crate::both;
use crate::instant::Meant;
use crate::store::StoreError;
use crate::text::printable::printable;
use crate::text::reader::Reader;
use crate::text::{Language, register, report};

/// The page shows nothing but itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(make)).routes(routes!(progress)).routes(routes!(escalations))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReportParams {
    /// Its name in sla.toml; the first one where it is left out.
    name: Option<String>,
    /// From when; the last whole week or day where it is left out.
    from: Option<String>,
    /// Until when.
    to: Option<String>,
    /// What has passed of the present period, instead of the last whole one.
    so_far: Option<bool>,
    /// `json`, `csv`, `text` or `html`.
    format: Option<String>,
    /// `es` or `en`.
    language: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RegisterParams {
    /// From when; thirty days ago where it is left out.
    from: Option<String>,
    /// Until when.
    to: Option<String>,
    /// `json` or `csv`.
    format: Option<String>,
}

/// Figures of a period beside their standards and the period before, each with the requests behind it.
#[utoipa::path(get, path = "/v1/report", tag = "reports", params(ReportParams),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn make(_: Read, State(app): State<App>, Params(params): Params<ReportParams>) -> HandlerResult<Response> {
    let config = app.config();
    let (span, so_far) = (span(&app, params.from.as_deref(), params.to.as_deref())?, params.so_far.unwrap_or(false));
    let wanted = Wanted::find(&config, params.name.as_deref(), span, so_far, app.now());
    let wanted = wanted.map_err(|error| Failure::of_field("name", error.words()))?;
    let names_requests = matches!(params.format.as_deref(), Some("text" | "html"));
    let wanted = Wanted { names_requests, ..wanted };
    let language = params.language.as_deref().and_then(Language::from_code).unwrap_or(config.language);
    let made = app.views.report(wanted).await?;
    if matches!(params.format.as_deref(), None | Some("json")) {
        return Ok(pieces::json(made).await.map_err(StoreError::from)?);
    }
    let reader = Reader::plain(config.zone, language, app.now());
    match params.format.as_deref().unwrap_or_default() {
        "csv" => Ok(csv(report::csv(&made))),
        "text" => {
            let text = printable(&report::plain(&made, &config.texts, &reader)).into_owned();
            Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
        }
        "html" => {
            let page = printable(&report::page(&made, &config.texts, &reader)).into_owned();
            let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        other => Err(no_such_format(other, "json, csv, text, html")),
    }
}

/// How far the report is that is being made.
#[derive(Debug, Serialize, ToSchema)]
struct ReportProgress {
    /// Requests that were looked at.
    n: usize,
    /// Of how many.
    of: usize,
}

/// How far the report is that is being made; of two at once, the later one's.
#[utoipa::path(get, path = "/v1/report/progress", tag = "reports",
    responses((status = 200, body = ReportProgress), (status = "4XX", body = Problem)))]
async fn progress(_: Read, State(app): State<App>) -> Json<ReportProgress> {
    let (n, of) = app.views.report_progress();
    Json(ReportProgress { n, of })
}

/// The register of escalations: what was handed up, and answers that say nothing or the same again.
#[utoipa::path(get, path = "/v1/escalations", tag = "reports", params(RegisterParams),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn escalations(
    _: Read,
    State(app): State<App>,
    Params(params): Params<RegisterParams>,
) -> HandlerResult<Response> {
    let (from, to) = span(&app, params.from.as_deref(), params.to.as_deref())?;
    let rows = app.views.escalations(last_month(from, to, app.now())).await?;
    match params.format.as_deref() {
        None | Some("json") => Ok(Json(serde_json::json!({ "escalations": rows })).into_response()),
        Some("csv") => Ok(csv(register::csv(&rows))),
        Some(other) => Err(no_such_format(other, "json, csv")),
    }
}

/// From when to when, where that was said.
type Ends = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The ends of what is looked back at.
fn span(app: &App, from: Option<&str>, to: Option<&str>) -> HandlerResult<Ends> {
    let from = bounds::parameter(app, "from", from, Meant::Happened)?;
    Ok((from, bounds::parameter(app, "to", to, Meant::HappenedUpTo)?))
}

fn no_such_format(word: &str, known: &str) -> Failure {
    Failure::of_field("format", both!("`{word}` is not one of {known}", "«{word}» no es uno de {known}"))
}

fn csv(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}
