//! The HTTP interface: a file per resource, each with its router. What is wrong is answered in one form (`error`).

mod about;
mod access;
mod actions;
mod away;
mod bounds;
mod connection;
mod deliveries;
mod error;
mod events;
mod explain;
mod health;
mod history;
mod hooks;
mod host;
pub mod import;
mod links;
pub mod listener;
mod live;
mod mail;
mod pages;
mod phone;
mod pieces;
mod places;
mod privacy;
mod queue;
mod report;
mod requests;
mod route;
mod sessions;
mod silences;
mod sources;
mod violations;

use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub use mail::LARGEST_MAIL;

/// Larger bodies are refused.
pub const LARGEST_BODY: usize = 1 << 20;
/// The header of `/a/` that names the run of plazo which answers. It stands there since every proxy passes on what lies below `/a/` that
/// lets links of alerts through.
pub const RUN: &str = "plazo-run";
const TIMEOUT: Duration = Duration::from_secs(30);
const LONG_TIMEOUT: Duration = Duration::from_secs(1_800);

#[derive(OpenApi)]
#[openapi(
    info(title = "plazo", description = "Deadlines and alerts for customer-service teams"),
    tags((name = "events"), (name = "requests"), (name = "queue"), (name = "deliveries"), (name = "health"), (name = "sources"), (name = "silences"), (name = "away"), (name = "sessions"), (name = "violations"), (name = "reports"), (name = "links"), (name = "privacy"))
)]
struct Description;

/// What may take long: it reads or writes years.
fn long() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(import::router()).merge(report::router()).merge(privacy::router())
}

/// The rest.
fn short() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(events::router())
        .merge(mail::router())
        .merge(links::router())
        .merge(requests::router())
        .merge(explain::router())
        .merge(actions::router())
        .merge(queue::router())
        .merge(deliveries::router())
        .merge(sources::router())
        .merge(silences::router())
        .merge(away::router())
        .merge(sessions::router())
        .merge(violations::router())
        .merge(route::router())
        .merge(health::router())
        .merge(about::router())
}

/// The description of the interface.
pub fn openapi() -> utoipa::openapi::OpenApi {
    short().merge(long()).to_openapi()
}

/// The description in bytes, written once: a router that held it as a value would copy it with each of its handlers.
static DESCRIPTION: LazyLock<Bytes> = LazyLock::new(|| {
    // Nothing in it can fail to be written: its keys are strings.
    Bytes::from(serde_json::to_vec(&openapi()).unwrap_or_default())
});

/// Open to everybody: it tells what the documentation tells, and nothing of this installation.
async fn description() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION.clone())
}

/// The whole interface.
pub fn router(app: App) -> Router {
    let (router, _) = short().split_for_parts();
    let (long, _) = long().split_for_parts();
    router
        .route("/openapi.json", get(description))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .merge(hooks::router())
        .merge(phone::router())
        .merge(pages::router())
        .merge(live::router())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
        .merge(long.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONG_TIMEOUT)))
        .layer(middleware::from_fn(host::one_only))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), error::in_the_language))
        // No browser is to guess that an answer is a page or a script.
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .with_state(app)
}
