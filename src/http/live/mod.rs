//! The live pages: the queue at `/`, a request at `/r/R-17`, and what stands beside them. For people who are signed in (`sign_in`); one
//! script of our own makes them live (`events`), and without it they are read all the same.

mod actions;
mod assets;
mod band;
mod deliveries;
mod events;
mod file;
mod forms;
mod queue;
mod report;
mod request;
mod row;
mod session;
mod shell;
mod sign_in;
mod silences;
mod status;
mod table;
mod undo;
mod violations;
mod wall;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::app::App;
use crate::config::Config;

pub(in crate::http) use session::{cookie, of as session_of};
pub(in crate::http) use sign_in::own_page;

/// The largest form: a text of some thousand letters, which escaping makes longer.
const LARGEST_FORM: usize = 64 << 10;
/// Whoever asks to come in sends an address.
const LARGEST_ADDRESS: usize = 4 << 10;
/// The file of promises, made longer by escaping.
const LARGEST_FILE: usize = 3 << 20;

pub(super) fn router() -> axum::Router<App> {
    axum::Router::new()
        .route("/", get(queue::show))
        .route("/live", get(events::stream))
        .route("/entrar", get(sign_in::show).post(sign_in::ask).layer(DefaultBodyLimit::max(LARGEST_ADDRESS)))
        .route("/salir", post(sign_in::leave))
        .route("/r/{id}", get(request::show))
        .route("/r/{id}/{deed}", get(request::back).post(actions::act))
        .route("/incumplimientos", get(violations::show))
        .route("/incumplimientos/{id}", post(violations::explain))
        .route("/silencios", get(silences::show).post(silences::add))
        .route("/silencios/{id}/fin", post(silences::end))
        .route("/informe", get(report::show))
        .route("/envios", get(deliveries::show))
        .route("/envios/{id}/{deed}", post(deliveries::act))
        .route("/estado", get(status::show))
        .route("/archivo", get(file::show).post(file::act).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/plazo.css", get(assets::style))
        .route("/plazo.js", get(assets::script))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
}

/// Whether the pages are reached by https, so that cookies are for that alone.
fn is_secure(config: &Config) -> bool {
    config.public_url.as_ref().is_some_and(|url| url.as_str().starts_with("https://"))
}
