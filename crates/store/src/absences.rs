//! Absences that were told while plazo ran.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::database::{Optional as _, Row};
use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::absence::Absence;

/// An absence on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceRow {
    /// Its number.
    pub id: i64,
    /// Who is away, when, and who stands in.
    pub absence: Absence,
    /// Who said so.
    pub who: Option<String>,
}

impl Store {
    /// Those that lasted until after `since`, in the order in which they were told. One that was ended before its time ended then.
    pub fn absences(&self, since: DateTime<Utc>) -> Result<Vec<AbsenceRow>> {
        let mut statement = self.prepare(
            "SELECT id, person, starts_at, until, substitute, who FROM (
                 SELECT id, person, starts_at, CASE WHEN ended_at < ends_at THEN ended_at ELSE ends_at END AS until, substitute, who
                 FROM absences) AS told
             WHERE ?1 < until AND starts_at < until ORDER BY id LIMIT 10000",
        )?;
        let rows = statement.query_map([milliseconds(since)], row)?;
        rows.collect::<std::result::Result<_, _>>()
    }
}

impl Writing<'_> {
    /// Puts an absence on record; returns its number.
    pub fn add_absence(&self, absence: &Absence, who: Option<&str>, now: DateTime<Utc>) -> Result<i64> {
        self.prepare(
            "INSERT INTO absences (person, starts_at, ends_at, substitute, who, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        )?
        .query_row(
            params![
                absence.person,
                milliseconds(absence.from),
                milliseconds(absence.until),
                absence.substitute,
                who,
                milliseconds(now),
            ],
            |row| row.get(0),
        )
        .map_err(Into::into)
    }

    /// What waits until the person is back, and was to wait until an instant of which that is not true any more, waits until `until`.
    pub fn wait_until_back(&self, person: &str, until: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "UPDATE deliveries SET next_at = ?2 WHERE state = 'held' AND held_for = 'away' AND person = ?1 AND next_at <> ?2",
        )?
        .execute(params![person, milliseconds(until)])?;
        Ok(())
    }

    /// Ends one before its time; whose it was, if there was one.
    pub fn end_absence(&self, id: i64, now: DateTime<Utc>) -> Result<Option<String>> {
        let mut statement = self.prepare(
            "UPDATE absences SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL AND ?2 < ends_at RETURNING person",
        )?;
        statement.query_row([id, milliseconds(now)], |row| row.get(0)).optional()
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<AbsenceRow> {
    let absence = Absence {
        person: row.get(1)?,
        from: instant(row.get(2)?)?,
        until: instant(row.get(3)?)?,
        substitute: row.get(4)?,
    };
    Ok(AbsenceRow { id: row.get(0)?, absence, who: row.get(5)? })
}
