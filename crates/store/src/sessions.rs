//! Who is signed in to the pages, and links that were used up.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::database::{Optional as _, Row};
use super::{Result, Store, Writing, instant, known, milliseconds};

/// Sessions that are listed.
const MOST_LISTED: i64 = 1_000;

/// A session; its word is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its number.
    pub id: i64,
    /// Key of the person; none where a user of this machine opened it.
    pub person: Option<String>,
    /// That user's name.
    pub machine_user: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to some minutes.
    pub seen_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// What the browser calls itself.
    pub browser: Option<String>,
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The hash of its word.
    pub hash: [u8; 32],
    /// Key of the person; none where a user of this machine opens it.
    pub person: Option<String>,
    /// That user's name.
    pub machine_user: Option<String>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// What the browser calls itself.
    pub browser: Option<String>,
}

impl Store {
    /// The session whose word has that hash, if it has not ended.
    pub fn session(&self, hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<SessionRow>> {
        let mut statement = self.prepare(
            "SELECT id, person, machine_user, created_at, seen_at, expires_at, browser FROM sessions WHERE hash = ?1 AND ?2 < expires_at",
        )?;
        statement.query_row(params![hash, milliseconds(now)], session).optional()
    }

    /// Sessions that have not ended, the latest first.
    pub fn sessions(&self, now: DateTime<Utc>) -> Result<Vec<SessionRow>> {
        let mut statement = self.prepare(
            "SELECT id, person, machine_user, created_at, seen_at, expires_at, browser FROM sessions
             WHERE ?1 < expires_at ORDER BY id DESC LIMIT ?2",
        )?;
        self.readable("session", statement.query_map([milliseconds(now), MOST_LISTED], session)?)
    }
}

impl Writing<'_> {
    /// Begins a session; returns its number. Those that have ended are forgotten.
    pub fn begin_session(&self, new: &NewSession, now: DateTime<Utc>) -> Result<i64> {
        self.prepare("DELETE FROM sessions WHERE expires_at <= ?1")?.execute([milliseconds(now)])?;
        self.prepare_insert(
            "INSERT INTO sessions (hash, person, machine_user, created_at, seen_at, expires_at, browser)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
        )?
        .insert_new(params![
            new.hash,
            new.person,
            new.machine_user,
            milliseconds(now),
            milliseconds(new.expires_at),
            new.browser
        ])
    }

    /// Uses up a link that works once. Whether it had not been used.
    pub fn spend_link(&self, hash: &[u8; 32], expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
        self.prepare("DELETE FROM spent_links WHERE expires_at <= ?1")?.execute([milliseconds(now)])?;
        if expires_at <= now {
            // Its use is forgotten by now.
            return Ok(false);
        }
        let n = self
            .prepare("INSERT INTO spent_links (hash, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![hash, milliseconds(expires_at)])?;
        Ok(n == 1)
    }

    /// Notes that a session is used.
    pub fn see_session(&self, id: i64, now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE sessions SET seen_at = ?2 WHERE id = ?1")?.execute([id, milliseconds(now)])?;
        Ok(())
    }

    /// Ends a session. Whether there was one.
    pub fn end_session(&self, id: i64) -> Result<bool> {
        Ok(self.prepare("DELETE FROM sessions WHERE id = ?1")?.execute([id])? == 1)
    }

    /// Ends the sessions of whoever is none of these people any more. How many there were.
    pub fn end_sessions_but_of(&self, people: &[&str]) -> Result<usize> {
        let people = serde_json::to_string(people).unwrap_or_default();
        self.prepare(&format!("DELETE FROM sessions WHERE person IS NOT NULL AND person NOT IN {}", self.listed()))?
            .execute([people])
    }

    /// Ends all sessions of a person, or of everybody. How many there were.
    pub fn end_sessions(&self, person: Option<&str>) -> Result<usize> {
        self.prepare("DELETE FROM sessions WHERE CAST(?1 AS TEXT) IS NULL OR person = ?1")?.execute([person])
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        id: row.get(0)?,
        person: row.get(1)?,
        machine_user: row.get(2)?,
        created_at: instant(row.get(3)?)?,
        seen_at: known(row.get(4)?).unwrap_or_default(),
        expires_at: instant(row.get(5)?)?,
        browser: row.get(6)?,
    })
}
