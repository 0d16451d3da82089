//! What is neither request nor alert: revisions of `sla.toml`, schedules, tokens, the store's own name.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::daemons::SERVER_NOW;
use super::database::Optional as _;
use super::{Result, Store, Writing, instant, known, milliseconds};

/// A token as it is kept; the token itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its name.
    pub name: String,
    /// Its scopes, separated by commas.
    pub scopes: String,
    /// Its hash.
    pub hash: [u8; 32],
    /// The source that its events bear.
    pub source: String,
    /// Types that its events may have, separated by commas; any where it is empty.
    pub types: String,
    /// The channel that its events bear.
    pub channel: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it works.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub used_at: Option<DateTime<Utc>>,
}

/// A revision of the file that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// Its number.
    pub id: i64,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// Who changed the file, where that was done from a page.
    pub who: Option<String>,
    /// What was said of the change.
    pub comment: Option<String>,
}

impl Store {
    /// The name that this store was given when it was made; part of each message's id.
    pub fn instance(&self) -> Result<String> {
        Ok(self.prepare("SELECT value FROM meta WHERE key = 'instance'")?.query_row([], |row| row.get(0))?)
    }

    /// Before which instant links of a person, or of everybody, do no longer work.
    pub fn links_revoked_before(&self, person: Option<&str>) -> Result<Option<DateTime<Utc>>> {
        let mut statement =
            self.prepare("SELECT max(before) FROM link_revocations WHERE person = '' OR person = ?1")?;
        let before: Option<i64> = statement.query_row([person.unwrap_or_default()], |row| row.get(0))?;
        Ok(before.map(instant).transpose()?)
    }

    /// What is let in over TCP without a token, as `token::Open` of the program words it.
    pub fn open_without_token(&self) -> Result<String> {
        let mut statement = self.prepare("SELECT value FROM meta WHERE key = 'open_without_token'")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    /// The last revision, and its text.
    pub fn last_revision(&self) -> Result<Option<(i64, String)>> {
        let mut statement = self.prepare("SELECT id, source FROM revisions ORDER BY id DESC LIMIT 1")?;
        statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    }

    /// When a revision was taken.
    pub fn revision_taken_at(&self, revision: i64) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare("SELECT taken_at FROM revisions WHERE id = ?1")?;
        Ok(known(statement.query_row([revision], |row| row.get(0)).optional()?))
    }

    /// The text of a revision.
    pub fn revision_text(&self, revision: i64) -> Result<Option<String>> {
        let mut statement = self.prepare("SELECT source FROM revisions WHERE id = ?1")?;
        statement.query_row([revision], |row| row.get(0)).optional()
    }

    /// The revision by which every live request has been planned.
    pub fn planned_revision(&self) -> Result<Option<i64>> {
        let mut statement = self.prepare("SELECT value FROM meta WHERE key = 'planned_revision'")?;
        let text: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// The last revisions, the latest first.
    pub fn revisions(&self, limit: u32) -> Result<Vec<RevisionRow>> {
        let mut statement =
            self.prepare("SELECT id, taken_at, who, comment FROM revisions ORDER BY id DESC LIMIT ?1")?;
        let rows = statement.query_map([limit], |row| {
            Ok(RevisionRow { id: row.get(0)?, taken_at: instant(row.get(1)?)?, who: row.get(2)?, comment: row.get(3)? })
        })?;
        self.readable("revision", rows)
    }

    /// When a schedule last ran.
    pub fn last_run(&self, name: &str) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare("SELECT last_run_at FROM schedules WHERE name = ?1")?;
        Ok(known(statement.query_row([name], |row| row.get(0)).optional()?))
    }

    /// All tokens.
    pub fn tokens(&self) -> Result<Vec<TokenRow>> {
        let mut statement = self.prepare(
            "SELECT name, scopes, hash, source, types, channel, created_at, expires_at, used_at FROM tokens ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(TokenRow {
                name: row.get(0)?,
                scopes: row.get(1)?,
                hash: row.get(2)?,
                source: row.get(3)?,
                types: row.get(4)?,
                channel: row.get(5)?,
                created_at: instant(row.get(6)?)?,
                expires_at: row.get::<Option<i64>>(7)?.map(instant).transpose()?,
                used_at: known(row.get(8)?),
            })
        })?;
        self.readable("token", rows)
    }

    /// The span in which plazo did not run and that holds `at`.
    pub fn downtime_at(&self, at: DateTime<Utc>) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        let mut statement = self.prepare(
            "SELECT began_at, ended_at FROM downtimes WHERE began_at <= ?1 AND ?1 < ended_at ORDER BY began_at DESC LIMIT 1",
        )?;
        let found = statement.query_row([milliseconds(at)], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?.and_then(|(from, to)| known(from).zip(known(to))))
    }
}

impl Store {
    /// The key by which all that share the store sign links; `own` where there is none yet.
    pub fn shared_link_key(&self, own: &str) -> Result<String> {
        self.prepare("INSERT INTO meta (key, value) VALUES ('link_key', ?1) ON CONFLICT DO NOTHING")?.execute([own])?;
        Ok(self.prepare("SELECT value FROM meta WHERE key = 'link_key'")?.query_row([], |row| row.get(0))?)
    }
}

impl Writing<'_> {
    /// Writes down another key for links.
    pub fn set_shared_link_key(&self, key: &str) -> Result<()> {
        self.set_meta("link_key", key)
    }

    /// Takes the key that signed links out of a store of before, where it went with every backup.
    pub fn forget_link_key(&self) -> Result<()> {
        self.prepare("DELETE FROM meta WHERE key = 'link_key'")?.execute([])?;
        Ok(())
    }

    /// Ends all links of a person, or of everybody, that were made up to now.
    pub fn revoke_links(&self, person: Option<&str>, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO link_revocations (person, before) VALUES (?1, ?2)
             ON CONFLICT (person) DO UPDATE SET before = excluded.before",
        )?
        .execute(params![person.unwrap_or_default(), milliseconds(now)])?;
        Ok(())
    }

    /// When a schedule last ran. Where several daemons share the store, whoever asks meanwhile waits, and sees what this one writes.
    pub fn last_run(&self, name: &str) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare(self.either(
            "SELECT last_run_at FROM schedules WHERE name = ?1",
            "SELECT last_run_at FROM schedules WHERE name = ?1 FOR UPDATE",
        ))?;
        Ok(known(statement.query_row([name], |row| row.get(0)).optional()?))
    }

    /// Writes that down.
    pub fn set_open_without_token(&self, word: &str) -> Result<()> {
        self.set_meta("open_without_token", word)
    }

    /// The number of the revision with that text: the last one if it is the same, else a new one, with who changed the file and what they said
    /// of it.
    pub fn revision(
        &self,
        source: &str,
        taken_at: DateTime<Utc>,
        (who, comment): (Option<&str>, Option<&str>),
    ) -> Result<i64> {
        if self.is_shared() {
            // Two that take the same at one instant take it once.
            self.prepare("SELECT version FROM plazo_version FOR UPDATE")?
                .query_row([], |row| row.get::<i64>(0))
                .optional()?;
        }
        if let Some((id, _)) = self.last_revision()?.filter(|(_, last)| last == source) {
            return Ok(id);
        }
        self.prepare_insert("INSERT INTO revisions (taken_at, source, who, comment) VALUES (?1, ?2, ?3, ?4)")?
            .insert_new(params![milliseconds(taken_at), source, who, comment])
    }

    pub(super) fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        self.prepare(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute([key, value])?;
        Ok(())
    }

    /// Notes that every live request has been planned by that revision.
    pub fn set_planned_revision(&self, revision: i64) -> Result<()> {
        self.set_meta("planned_revision", &revision.to_string())
    }

    /// Notes that a schedule ran.
    pub fn set_last_run(&self, name: &str, at: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO schedules (name, last_run_at) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET last_run_at = excluded.last_run_at",
        )?
        .execute(params![name, milliseconds(at)])?;
        Ok(())
    }

    /// Keeps a token's hash.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite; a name that is taken is one.
    pub fn add_token(&self, token: &TokenRow) -> Result<()> {
        self.prepare(
            "INSERT INTO tokens (name, scopes, hash, source, types, channel, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            token.name,
            token.scopes,
            token.hash,
            token.source,
            token.types,
            token.channel,
            milliseconds(token.created_at),
            token.expires_at.map(milliseconds),
        ])?;
        Ok(())
    }

    /// Notes that a token was used.
    pub fn note_token_use(&self, hash: &[u8; 32], now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE tokens SET used_at = ?2 WHERE hash = ?1")?.execute(params![hash, milliseconds(now)])?;
        Ok(())
    }

    /// Takes a token back. Whether there was one.
    pub fn revoke_token(&self, name: &str) -> Result<bool> {
        Ok(0 < self.prepare("DELETE FROM tokens WHERE name = ?1")?.execute([name])?)
    }

    /// Notes that plazo runs at `now`. Returns the span since it last did, where that was longer than `gap`, and remembers it. Where several
    /// daemons share the store and this is the one of that name, plazo runs as long as any of the others lives.
    pub fn note_alive(
        &self,
        gap: TimeDelta,
        daemon: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        let mut statement = self.prepare("SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'alive_at'")?;
        let before: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
        self.set_meta("alive_at", &milliseconds(now).to_string())?;
        let before = known(before).filter(|before| gap < now - *before);
        let Some(before) = before else { return Ok(None) };
        if let Some(daemon) = daemon {
            let mut others = self
                .prepare(&format!("SELECT EXISTS (SELECT 1 FROM daemons WHERE id <> ?1 AND {SERVER_NOW} < until)"))?;
            if others.query_row([daemon], |row| row.get(0))? {
                return Ok(None);
            }
        }
        self.prepare(
            "INSERT INTO downtimes (began_at, ended_at) VALUES (?1, ?2)
             ON CONFLICT (began_at) DO UPDATE SET ended_at = excluded.ended_at",
        )?
        .execute([milliseconds(before), milliseconds(now)])?;
        Ok(Some((before, now)))
    }
}
