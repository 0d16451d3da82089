//! The HTTP interface: a file per resource, each with its router. What is wrong is answered in one form (`error`).

mod access;
mod actions;
mod deliveries;
mod error;
mod events;
mod explain;
mod health;
mod hooks;
mod links;
pub mod listener;
mod mail;
mod pages;
mod queue;
mod report;
mod requests;
mod route;
mod silences;
mod sources;
mod violations;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub use mail::LARGEST_MAIL;

/// Larger bodies are refused.
pub const LARGEST_BODY: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(
    info(title = "plazo", description = "Deadlines and alerts for customer-service teams"),
    tags((name = "events"), (name = "requests"), (name = "queue"), (name = "deliveries"), (name = "health"), (name = "sources"), (name = "silences"), (name = "violations"), (name = "reports"), (name = "links"))
)]
struct Description;

fn api() -> OpenApiRouter<App> {
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
        .merge(violations::router())
        .merge(report::router())
        .merge(route::router())
        .merge(health::router())
}

/// The description of the interface.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().to_openapi()
}

/// The whole interface.
pub fn router(app: App) -> Router {
    let (router, description) = api().split_for_parts();
    router
        .route("/openapi.json", get(move || std::future::ready(axum::Json(description.clone()))))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .merge(hooks::router())
        .merge(pages::router())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
        .layer(CatchPanicLayer::custom(error::panicked))
        .with_state(app)
}
