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
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::session;
use super::wall::{self, WallKey};
use crate::app::App;
use crate::app::board::CLOSED;
use crate::http::places;

/// A sign of life so often.
const BEAT: Duration = Duration::from_secs(5);
/// It is asked so often whether its session or its link still holds, besides when sessions were ended.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Between two changes told to one page, at least; and so much more for each page that is open, since each fetches. What comes after a quiet
/// moment is told at once.
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

/// Whose page it is, if it still is anybody's.
async fn whose(app: &App, key: &WallKey, parts: &Parts) -> Option<Whose> {
    match wall::read(app, key).await {
        Some(_) => key.word().map(Whose::Wall),
        None => session::of(parts, app).await.map(|session| Whose::Session(session.id)),
    }
}

/// An open page.
struct Listening {
    app: App,
    key: WallKey,
    parts: Parts,
    _place: Place,
    changes: watch::Receiver<u64>,
    ended: watch::Receiver<u64>,
    /// No change is told before.
    not_before: Instant,
    /// When it is asked again whose it is.
    look_again: Instant,
}

impl Listening {
    /// What is told next; none once plazo stops, or the page is nobody's any more.
    async fn next(&mut self) -> Option<&'static str> {
        let Self { app, key, parts, changes, ended, not_before, look_again, .. } = self;
        let beat = Instant::now() + BEAT;
        loop {
            tokio::select! {
                // What changed while the page was paced is told at once after it.
                changed = async {
                    sleep_until(*not_before).await;
                    changes.changed().await
                } => {
                    changed.ok().filter(|()| *changes.borrow() != CLOSED)?;
                    let n_open = u32::try_from(n_open()).unwrap_or(u32::MAX);
                    *not_before = Instant::now() + PACE + PACE_A_PAGE * n_open;
                    return Some("change");
                }
                ended = ended.changed() => ended.ok()?,
                () = sleep_until(*look_again) => {}
                () = sleep_until(beat) => return Some("beat"),
            }
            whose(app, key, parts).await?;
            *look_again = Instant::now() + LOOK_AGAIN;
        }
    }
}

pub(super) async fn stream(State(app): State<App>, Query(key): Query<WallKey>, parts: Parts) -> Response {
    // Before it is asked whose it is, so that no end falls between.
    let ended = app.sessions_ended();
    let Some(whose) = whose(&app, &key, &parts).await else { return StatusCode::UNAUTHORIZED.into_response() };
    let Some(place) = Place::take(whose) else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let (changes, now) = (app.changes(), Instant::now());
    let listening =
        Listening { app, key, parts, _place: place, changes, ended, not_before: now, look_again: now + LOOK_AGAIN };
    let events = stream::unfold(listening, |mut listening| async move {
        let name = listening.next().await?;
        // An event without data is none to a browser (HTML, Server-sent events, §9.2.6).
        Some((Ok::<_, Infallible>(Event::default().event(name).data(name)), listening))
    });
    // Proxies that gather what they pass on would keep it.
    (
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")],
        Sse::new(events),
    )
        .into_response()
}
