//! `/live`: server-sent events. They say that something has changed, or that plazo is there; the page fetches what it shows.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::time::{Instant, sleep_until};

use super::session;
use super::wall::{self, WallKey};
use crate::app::App;
use crate::app::board::CLOSED;
use crate::http::places;

/// A sign of life so often.
const BEAT: Duration = Duration::from_secs(5);
/// Between two changes told to one page, at least; and so much more for each page that is open, since each fetches.
const PACE: Duration = Duration::from_millis(150);
const PACE_A_PAGE: Duration = Duration::from_millis(4);
/// Pages of one session, or of one wall's link, that are open at a time.
const MOST_OF_ONE: usize = 24;

/// Pages that may be open at a time.
static MOST_OPEN: LazyLock<usize> = LazyLock::new(places::most_pages);
static OPEN: LazyLock<Mutex<HashMap<Whose, usize>>> = LazyLock::new(Mutex::default);

/// To whom an open page is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Session(i64),
    Wall(String),
}

fn open() -> MutexGuard<'static, HashMap<Whose, usize>> {
    // No code under the lock can panic half-way.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn n_open() -> usize {
    open().values().sum()
}

/// Counts a page for as long as it is open.
struct Place(Whose);

impl Place {
    fn take(whose: Whose) -> Option<Self> {
        let mut open = open();
        if *MOST_OPEN <= open.values().sum() {
            return None;
        }
        let n = open.entry(whose.clone()).or_default();
        if MOST_OF_ONE <= *n {
            return None;
        }
        *n += 1;
        Some(Self(whose))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = open();
        if let Some(n) = open.get_mut(&self.0) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.0);
            }
        }
    }
}

pub(super) async fn stream(State(app): State<App>, Query(key): Query<WallKey>, parts: Parts) -> Response {
    let whose = match wall::read(&app, &key).await {
        Some(_) => key.word().map(Whose::Wall),
        None => session::of(&parts, &app).await.map(|session| Whose::Session(session.id)),
    };
    let Some(whose) = whose else { return StatusCode::UNAUTHORIZED.into_response() };
    let Some(place) = Place::take(whose) else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let changes = app.changes();
    let events = stream::unfold((changes, place, Instant::now()), |(mut changes, place, not_before)| async move {
        // What changed while the page was paced is told at once after it.
        let beat = Instant::now() + BEAT;
        let name = tokio::select! {
            changed = async {
                sleep_until(not_before).await;
                changes.changed().await
            } => {
                // The daemon is stopping.
                changed.ok().filter(|()| *changes.borrow() != CLOSED)?;
                "change"
            }
            () = sleep_until(beat) => "beat",
        };
        let n_open = u32::try_from(n_open()).unwrap_or(u32::MAX);
        let paced = if name == "change" { Instant::now() + PACE + PACE_A_PAGE * n_open } else { not_before };
        // An event without data is none to a browser (HTML, Server-sent events, §9.2.6).
        Some((Ok::<_, Infallible>(Event::default().event(name).data(name)), (changes, place, paced)))
    });
    // Proxies that gather what they pass on would keep it.
    (
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")],
        Sse::new(events),
    )
        .into_response()
}
