//! `/a/`: what somebody sees who opens plazo's address itself. Programs are told what they always were, and all of them by a
//! header which run of plazo answers.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::page::{Page, respond};
use crate::app::App;
use crate::both;
use crate::http::{self, error};

pub(super) async fn show(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Response {
    let mut response = page(&app, &headers, uri).await;
    if let Ok(run) = HeaderValue::from_str(app.run()) {
        response.headers_mut().insert(http::RUN, run);
    }
    response
}

async fn page(app: &App, headers: &HeaderMap, uri: Uri) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/html") {
        return error::not_found(uri).await.into_response();
    }
    let config = app.config();
    let language = config.language;
    let lead = both!(
        "To see or do something here, open a link of one of its alerts: each is for one person and one request.",
        "Para ver o hacer algo aquí, abra un enlace de uno de sus avisos: cada uno es para una persona y una solicitud."
    );
    let title = both!("plazo is running", "plazo está en marcha");
    respond(Page::plain(StatusCode::OK, "show", language.of(title), language.of(lead)), language, &config)
}
