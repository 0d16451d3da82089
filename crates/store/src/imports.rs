//! How far files of history were read in.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use super::database::Row;
use super::{Result, Store, Writing, instant, known, milliseconds};

/// A file of history, as far as it was read in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportRow {
    /// Its path.
    pub file: String,
    /// SHA-256 of its beginning, in hexadecimal: another file of that name is another one.
    pub digest: String,
    /// Records that were read, those that were refused among them.
    pub n_records: u64,
    /// Events that were taken.
    pub n_events: u64,
    /// Records that were refused.
    pub n_refused: u64,
    /// When it was begun.
    pub began_at: DateTime<Utc>,
    /// When it last came further.
    pub moved_at: DateTime<Utc>,
    /// When it was read to its end; none where it was cut off, or is still being read.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What a step of an import adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportStep {
    /// The file's path.
    pub file: String,
    /// SHA-256 of its beginning.
    pub digest: [u8; 32],
    /// Records that were read up to now.
    pub n_records: u64,
    /// Records that were refused up to now.
    pub n_refused: u64,
    /// Whether that was the last.
    pub is_last: bool,
}

impl Store {
    /// Files of history, the latest first.
    pub fn imports(&self) -> Result<Vec<ImportRow>> {
        let digest = self.either("lower(hex(digest))", "encode(digest, 'hex')");
        let mut statement = self.prepare(&format!(
            "SELECT file, {digest}, n_records, n_events, n_refused, began_at, moved_at, ended_at FROM imports
             ORDER BY moved_at DESC LIMIT 100"
        ))?;
        let rows = statement.query_map([], read)?;
        self.readable("import", rows)
    }
}

impl Writing<'_> {
    /// Notes how far a file was read in, with what was taken of it.
    pub fn move_import(&self, step: &ImportStep, n_events: u64, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO imports (file, digest, n_records, n_events, n_refused, began_at, moved_at, ended_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, CASE WHEN ?7 = 1 THEN CAST(?6 AS BIGINT) END)
             ON CONFLICT (file, digest) DO UPDATE SET n_records = excluded.n_records, n_events = imports.n_events + excluded.n_events,
                 n_refused = excluded.n_refused, moved_at = excluded.moved_at, ended_at = excluded.ended_at",
        )?
        .execute(params![
            step.file,
            step.digest,
            stored(step.n_records),
            stored(n_events),
            stored(step.n_refused),
            milliseconds(now),
            step.is_last
        ])?;
        Ok(())
    }
}

fn stored(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ImportRow> {
    Ok(ImportRow {
        file: row.get(0)?,
        digest: row.get(1)?,
        n_records: row.get::<i64>(2)?.unsigned_abs(),
        n_events: row.get::<i64>(3)?.unsigned_abs(),
        n_refused: row.get::<i64>(4)?.unsigned_abs(),
        began_at: instant(row.get(5)?)?,
        moved_at: instant(row.get(6)?)?,
        ended_at: known(row.get(7)?),
    })
}
