//! Links of walls: a screen that only shows, for a team or an inbox, until they are taken back, alone or with all links.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::Mac as _;
use serde::{Deserialize, Serialize};

use super::App;
use crate::store::StoreError;

/// What such a link is signed for.
const PURPOSE: &str = "plazo wall 1";
/// Whose links are taken back where those of walls are: nobody's key begins so.
pub const WALLS: &str = "*walls";
/// Bytes of a signature.
const SIGNATURE: usize = 32;
/// No honest link is longer.
const LONGEST: usize = 1_024;

/// What a wall shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wall {
    /// Key of a team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// An inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<String>,
    /// Whether clients' names and subjects are left out.
    #[serde(default)]
    pub hides_names: bool,
    /// When the link was made.
    pub made_at: DateTime<Utc>,
    /// Until when it works.
    pub until: DateTime<Utc>,
}

impl App {
    /// The address of a wall below `base`.
    pub fn wall_link(&self, wall: &Wall, base: &str) -> String {
        let mut body = serde_json::to_vec(wall).unwrap_or_default();
        let signature = self.keys.seal(PURPOSE, &body).finalize().into_bytes();
        body.extend_from_slice(&signature);
        format!("{base}/?pantalla=1&clave={}", URL_SAFE_NO_PAD.encode(body))
    }

    /// The wall of a link's word, if it was made here, still works and was not taken back.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be looked up whether it was taken back.
    pub async fn read_wall(&self, word: &str) -> Result<Option<Wall>, StoreError> {
        let Some(wall) = self.signed_wall(word).filter(|wall| self.now() < wall.until) else { return Ok(None) };
        let revoked = self.readers.look(|store| store.links_revoked_before(Some(WALLS))).await?;
        Ok(Some(wall).filter(|wall| revoked.is_none_or(|before| before < wall.made_at)))
    }

    fn signed_wall(&self, word: &str) -> Option<Wall> {
        let bytes = URL_SAFE_NO_PAD.decode(word).ok().filter(|bytes| bytes.len() <= LONGEST)?;
        let (body, signature) = bytes.split_at(bytes.len().checked_sub(SIGNATURE)?);
        // In constant time, before anything is read.
        self.keys.seal(PURPOSE, body).verify_slice(signature).ok()?;
        serde_json::from_slice(body).ok()
    }
}
