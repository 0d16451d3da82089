//! A short address that leads whoever started the demo into its live page, signed in, as often as they like.
//!
//! What `plazo page` prints works once, and for a quarter of an hour of the demo's time, which is seconds of theirs. So each call here begins
//! a session of its own. The word in the path is random: on a machine of many, nobody else comes in.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;
use crate::app::sessions::Viewer;

/// Letters of the random word: 64 bits.
const WORD: usize = 16;

#[derive(Clone)]
struct Door {
    app: App,
    client: reqwest::Client,
    /// Where the daemon serves its pages.
    base: String,
}

/// Opens it on a free port, until the runtime ends. Returns its address.
///
/// # Errors
///
/// Where no port of loopback can be had.
pub(super) async fn open(app: App, port: u16) -> anyhow::Result<String> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    // By its name: the cookie of another plazo on this machine, which is reached by its number, stays as it is.
    let door = Door { app, client, base: format!("http://localhost:{port}") };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let word: String = uuid::Uuid::new_v4().simple().to_string().chars().take(WORD).collect();
    let address = format!("http://localhost:{}/{word}", listener.local_addr()?.port());
    let router = Router::new().route(&format!("/{word}"), get(enter)).with_state(door);
    tokio::spawn(async move {
        // Ends with the runtime.
        axum::serve(listener, router).await.ok();
    });
    Ok(address)
}

/// Presses the button behind a fresh link, and hands the cookie over.
async fn enter(State(door): State<Door>) -> Response {
    let user = std::env::var("USER").unwrap_or_else(|_| "demo".to_owned());
    let link = door.app.sign_in_link(&Viewer::Machine(user), &door.base);
    let pressed = door.client.post(link).send().await;
    let cookie = pressed.ok().and_then(|answer| answer.headers().get(header::SET_COOKIE).cloned());
    match cookie {
        Some(cookie) => {
            (HeaderMap::from_iter([(header::SET_COOKIE, cookie)]), Redirect::to(&door.base)).into_response()
        }
        // The demo is about to end.
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
