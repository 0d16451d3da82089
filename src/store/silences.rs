//! Silences: what nobody wants to hear of for a while.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::{Result, Store, instant, milliseconds};
use crate::engine::policy::{Facets, Matcher};
use crate::engine::request::RequestId;

/// Which alerts a silence holds back: those of which everything holds that it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// Of one request only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Only what goes to these people, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub person: Vec<String>,
    /// Of everything: said so that nobody silences all by leaving the rest out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Of requests like these.
    #[serde(flatten)]
    pub matcher: Matcher,
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceRow {
    /// Its number.
    pub id: i64,
    /// What it holds back.
    pub silenced: Silenced,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Who wanted it.
    pub who: Option<String>,
    /// Why.
    pub why: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Silenced {
    /// Whether it holds back an alert of that request to that person; without one, to a destination.
    pub fn holds(&self, request: RequestId, facets: &Facets, person: Option<&str>) -> bool {
        self.request.is_none_or(|own| own == request)
            && (self.person.is_empty() || person.is_some_and(|person| self.person.iter().any(|key| key == person)))
            && self.matcher.matches(facets)
    }
}

impl Store {
    /// Writes a silence, and returns its number.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn add_silence(
        &self,
        silenced: &Silenced,
        (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
        who: Option<&str>,
        why: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        self.prepare(
            "INSERT INTO silences (matcher, starts_at, ends_at, who, why, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            serde_json::to_string(silenced)?,
            milliseconds(starts_at),
            milliseconds(ends_at),
            who,
            why,
            milliseconds(now)
        ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Silences that hold now or later; with `all`, those that are over too. Newest first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn silences(&self, all: bool, now: DateTime<Utc>) -> Result<Vec<SilenceRow>> {
        let mut statement = self.prepare(
            "SELECT id, matcher, starts_at, ends_at, who, why, created_at, ended_at FROM silences
             WHERE ?1 OR (?2 < ends_at AND ended_at IS NULL) ORDER BY id DESC LIMIT 1000",
        )?;
        let mut rows = statement.query(params![all, milliseconds(now)])?;
        let mut silences = Vec::new();
        while let Some(row) = rows.next()? {
            silences.push(silence(row)?);
        }
        Ok(silences)
    }

    /// Until when alerts of a request to that person are held back, or to a destination without one; none if they are not.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn silenced_until(
        &self,
        request: RequestId,
        facets: &Facets,
        person: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let silences = self.silences(false, now)?;
        let holding = silences.iter().filter(|one| one.starts_at <= now && one.silenced.holds(request, facets, person));
        Ok(holding.map(|one| one.ends_at).max())
    }

    /// Ends a silence, and lets go what it held back. Whether it still held.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn end_silence(&self, id: i64, now: DateTime<Utc>) -> Result<bool> {
        let ended = self
            .prepare("UPDATE silences SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL AND ?2 < ends_at")?
            .execute(params![id, milliseconds(now)])?;
        if ended == 1 {
            self.release_silenced(now)?;
        }
        Ok(ended == 1)
    }
}

fn silence(row: &Row<'_>) -> Result<SilenceRow> {
    Ok(SilenceRow {
        id: row.get(0)?,
        silenced: serde_json::from_str(&row.get::<_, String>(1)?)?,
        starts_at: instant(row.get(2)?),
        ends_at: instant(row.get(3)?),
        who: row.get(4)?,
        why: row.get(5)?,
        created_at: instant(row.get(6)?),
        ended_at: row.get::<_, Option<i64>>(7)?.map(instant),
    })
}
