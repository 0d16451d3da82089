//! The wall: the queue of a team or an inbox, large and without anything to press, by a signed link that only shows.

use serde::Deserialize;

use crate::app::App;
use crate::app::board::BoardFilter;
use crate::app::walls::Wall;

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
