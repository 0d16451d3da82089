//! Silences: what nobody wants to hear of for a while.

use chrono::{DateTime, Utc};
use rusqlite::params;
use rusqlite::types::Type;

use super::database::Row;
use super::{Result, Store, Writing, instant, known, milliseconds};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::Content;
use plazo_core::outbox::silence::{Silence, Silenced};
use plazo_core::outbox::{DeliveryId, SilenceId};

/// Deliveries that one step looks at (LESSONS 58).
const MOST_LOOKED_AT: i64 = 200;

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceRow {
    /// Its number.
    pub id: SilenceId,
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

/// A delivery that a silence holds back.
#[derive(Debug)]
pub struct HeldDelivery {
    /// Its number.
    pub id: DeliveryId,
    /// Key of its reader; none for a destination.
    pub person: Option<String>,
    /// What it says, where that can be read.
    pub content: Option<Content>,
}

impl Store {
    /// Silences that hold now or later; with `all`, those that are over too. Newest first.
    pub fn silences(&self, all: bool, now: DateTime<Utc>) -> Result<Vec<SilenceRow>> {
        let mut statement = self.prepare(
            "SELECT id, matcher, starts_at, ends_at, who, why, created_at, ended_at FROM silences
             WHERE ?1 = 1 OR (?2 < ends_at AND ended_at IS NULL) ORDER BY id DESC LIMIT 1000",
        )?;
        self.readable("silence", statement.query_map(params![all, milliseconds(now)], silence)?)
    }

    /// Silences that hold now.
    pub fn holding_silences(&self, now: DateTime<Utc>) -> Result<Vec<Silence>> {
        let mut statement = self.prepare(
            "SELECT id, matcher, ends_at FROM silences WHERE ended_at IS NULL AND ?1 < ends_at AND starts_at <= ?1",
        )?;
        let rows = statement.query_map([milliseconds(now)], |row| {
            Ok(Silence { id: SilenceId(row.get(0)?), silenced: matcher(row, 1)?, until: instant(row.get(2)?)? })
        })?;
        self.readable("silence", rows)
    }

    /// Some of what silences that ended before their time still hold back.
    pub fn held_by_ended(&self, now: DateTime<Utc>) -> Result<Vec<HeldDelivery>> {
        let mut statement = self.prepare(
            "SELECT d.id, d.person, CASE WHEN a.v = 1 THEN a.content END FROM deliveries d JOIN alerts a ON a.id = d.alert
             WHERE d.state = 'held' AND d.silence IN (SELECT id FROM silences WHERE ended_at IS NOT NULL AND ?1 < ends_at)
               AND ?1 < d.next_at LIMIT ?2",
        )?;
        let mut rows = statement.query([milliseconds(now), MOST_LOOKED_AT])?;
        let mut held = Vec::new();
        while let Some(row) = &rows.next()? {
            let content = self.parsed(RequestId(0), "alert", row, 2);
            held.push(HeldDelivery { id: DeliveryId(row.get(0)?), person: row.get(1)?, content });
        }
        Ok(held)
    }
}

impl Writing<'_> {
    /// Writes a silence, and returns its number.
    pub fn add_silence(
        &self,
        silenced: &Silenced,
        (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
        who: Option<&str>,
        why: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<SilenceId> {
        let mut statement = self.prepare_insert(
            "INSERT INTO silences (matcher, starts_at, ends_at, who, why, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let added = statement.insert_new(params![
            serde_json::to_string(silenced)?,
            milliseconds(starts_at),
            milliseconds(ends_at),
            who,
            why,
            milliseconds(now)
        ]);
        added.map(SilenceId)
    }

    /// Ends a silence. Whether it still held. What it held back is let go by [`Store::held_by_ended`] and [`Writing::hold_by`].
    pub fn end_silence(&self, id: SilenceId, now: DateTime<Utc>) -> Result<bool> {
        let ended = self
            .prepare("UPDATE silences SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL AND ?2 < ends_at")?
            .execute(params![id.0, milliseconds(now)])?;
        Ok(ended == 1)
    }

    /// Holds a delivery back by another silence, or lets it go.
    pub fn hold_by(&self, delivery: DeliveryId, silence: Option<&Silence>, now: DateTime<Utc>) -> Result<()> {
        let until = silence.map_or(now, |silence| silence.until);
        self.prepare("UPDATE deliveries SET next_at = ?2, silence = ?3 WHERE id = ?1 AND state = 'held'")?
            .execute(params![delivery.0, milliseconds(until), silence.map(|silence| silence.id.0)])?;
        Ok(())
    }
}

fn matcher(row: &Row<'_>, column: usize) -> rusqlite::Result<Silenced> {
    let read = serde_json::from_str(row.get_ref(column)?.as_str()?);
    read.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
}

fn silence(row: &Row<'_>) -> rusqlite::Result<SilenceRow> {
    Ok(SilenceRow {
        id: SilenceId(row.get(0)?),
        silenced: matcher(row, 1)?,
        starts_at: instant(row.get(2)?)?,
        ends_at: instant(row.get(3)?)?,
        who: row.get(4)?,
        why: row.get(5)?,
        created_at: instant(row.get(6)?)?,
        ended_at: known(row.get(7)?),
    })
}
