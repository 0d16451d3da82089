//! The wall: the queue of a team or an inbox, large and without anything to press, by a signed link that only shows.

use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;
use serde::Deserialize;

use super::row::clock;
use super::{assets, queue, shell};
use crate::app::App;
use crate::app::board::{BoardFilter, BoardPage};
use crate::app::walls::Wall;
use crate::both;
use crate::text::{Language, format};

/// Rows on a wall, under one heading.
pub(super) const MOST_ROWS: usize = 12;
/// How high a row and a heading of a wall are beside each other, as `plazo.css` draws them.
const ROW_HEIGHT: usize = 3;
const HEADING_HEIGHT: usize = 2;

/// What the address of a wall bears.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WallKey {
    /// The signed word.
    #[serde(rename = "clave")]
    word: Option<String>,
}

impl WallKey {
    /// The signed word.
    pub(super) fn word(&self) -> Option<String> {
        self.word.clone()
    }
}

/// The wall of an address, if its link still works.
pub(super) async fn read(app: &App, key: &WallKey) -> Option<Wall> {
    app.read_wall(key.word.as_deref()?).await.ok().flatten()
}

/// What it shows.
pub(super) fn filter(wall: &Wall) -> BoardFilter {
    BoardFilter { team: wall.team.clone(), inbox: wall.inbox.clone(), ..BoardFilter::default() }
}

/// The most urgent rows, as many as a screen shows with their headings, which say what is left out of each group. A group of which none has
/// room is only counted, above.
fn fitting(mut page: BoardPage) -> BoardPage {
    let mut left = MOST_ROWS * ROW_HEIGHT + HEADING_HEIGHT;
    for (_, rows) in &mut page.rows {
        rows.truncate(left.saturating_sub(HEADING_HEIGHT) / ROW_HEIGHT);
        if !rows.is_empty() {
            left -= HEADING_HEIGHT + rows.len() * ROW_HEIGHT;
        }
    }
    page.rows.retain(|(_, rows)| !rows.is_empty());
    page
}

/// The wall as a page, or its rows alone.
pub(super) async fn page(
    app: &App,
    page: BoardPage,
    (named, hides_names): (&str, bool),
    language: Language,
    is_part: bool,
) -> Response {
    let rows = queue::rows(app, &fitting(page), (hides_names, false), language).await;
    if is_part {
        return shell::respond(StatusCode::OK, "rows.html", &context! { is_wall => true, ..rows });
    }
    let context = context! {
        lang => language.code(),
        zone => app.config().zone.name(),
        clock => clock(app.now(), app.config().zone),
        version => assets::version(),
        title => format::one_line(named, 60),
        is_wall => true,
        ago => language.of(both!("{{s}} s ago", "hace {{s}} s")),
        lost => language.of(both!("no connection to plazo since {{t}}", "sin conexión con plazo desde las {{t}}")),
        ..rows
    };
    shell::respond(StatusCode::OK, "wall.html", &context)
}
