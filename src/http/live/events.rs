//! `/live`: server-sent events. They say that something has changed, or that plazo is there; the page fetches what it shows.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// A sign of life so often.
const BEAT: Duration = Duration::from_secs(5);
/// Between two changes told to one page, at least; and so much more for each page that is open, since each fetches.
const PACE: Duration = Duration::from_millis(150);
const PACE_A_PAGE: Duration = Duration::from_millis(4);
/// Pages that are open at a time.
const MOST_OPEN: usize = 2_000;

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Counts a page for as long as it is open.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let taken = OPEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < MOST_OPEN).then_some(n + 1));
        taken.is_ok().then_some(Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) async fn stream(State(app): State<App>, Query(key): Query<WallKey>, parts: Parts) -> Response {
    let is_known = wall::read(&app, &key).await.is_some() || session::of(&parts, &app).await.is_some();
    if !is_known {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(place) = Place::take() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
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
        let n_open = u32::try_from(OPEN.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        let paced = if name == "change" { Instant::now() + PACE + PACE_A_PAGE * n_open } else { not_before };
        Some((Ok::<_, Infallible>(Event::default().event(name).data("")), (changes, place, paced)))
    });
    // Proxies that gather what they pass on would keep it.
    (
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")],
        Sse::new(events),
    )
        .into_response()
}
