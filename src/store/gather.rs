//! Gathering: what is held back comes to each reader as one message.
//!
//! However much waits, a step moves a bounded number of rows, since it runs in the one writer (LESSONS 58). While a reader's message is
//! made over several steps it is held itself, as `digest:` and its cause; a step that finds nothing more to move lets it go. A process
//! that ends between two steps leaves a message that the next one completes.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::{Result, Store, known, milliseconds};
use crate::outbox::message::{NewAlert, NewDelivery};
use crate::outbox::{Content, HeldFor, Motive};

/// Rows that one step moves: some milliseconds of work.
const MOST_MOVED: usize = 200;

/// Stands before the cause of a message that is being made.
const MAKING: &str = "digest:";

/// What is held back until its time comes. The index `deliveries_released` has the same condition to the letter: by another one it would
/// serve no query, and each would pass over all there is (LESSONS 58).
macro_rules! timed {
    () => {
        "state = 'held' AND held_for NOT IN ('downtime', 'history', 'edit')"
    };
}

/// A reader for whom something waits, and why.
struct Reader {
    cause: HeldFor,
    person: Option<String>,
    destination: String,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gathered {
    /// Nothing is due.
    Nothing,
    /// Some of what is due for one reader was moved; more is.
    Some,
    /// A message for one reader is complete and may go out.
    Message,
}

impl Store {
    /// One step of making one message a reader of all that was held back for `cause`, and of letting single ones go.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn gather(&self, cause: HeldFor, now: DateTime<Utc>) -> Result<Gathered> {
        let mut statement = self.prepare(
            "SELECT held_for, person, destination FROM deliveries WHERE state = 'held' AND held_for IN (?1, ?2) LIMIT 1",
        )?;
        let reader = statement.query_row([cause.as_str(), &making(cause)], reader).optional()?;
        reader
            .flatten()
            .map_or(Ok(Gathered::Nothing), |reader| self.gather_some(&reader, DateTime::<Utc>::MAX_UTC, None, now))
    }

    /// One step of the same with everything whose time has come. What came in quick succession opens the next window of its reader.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn release(&self, window: TimeDelta, now: DateTime<Utc>) -> Result<Gathered> {
        let mut statement = self.prepare(concat!(
            "SELECT held_for, person, destination, id FROM deliveries WHERE ",
            timed!(),
            " AND next_at <= ?1 ORDER BY next_at LIMIT 1"
        ))?;
        let found = statement.query_row([milliseconds(now)], |row| Ok((row.get(3)?, reader(row)?))).optional()?;
        match found {
            None => Ok(Gathered::Nothing),
            Some((_, Some(reader))) => self.gather_some(&reader, now, Some(window), now),
            // Held for a reason that this version does not know: it goes by itself.
            Some((id, None)) => self.let_go(id, now).map(|()| Gathered::Message),
        }
    }

    /// When the next of what is held back may go.
    pub(super) fn next_release_at(&self) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare(concat!("SELECT min(next_at) FROM deliveries WHERE ", timed!()))?;
        Ok(known(statement.query_row([], |row| row.get(0))?))
    }

    /// Until when further alerts to a reader are gathered; none if the next one goes at once.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn window(&self, person: Option<&str>, destination: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let mut statement =
            self.prepare("SELECT until FROM windows WHERE person = ?1 AND destination = ?2 AND ?3 < until")?;
        let found = statement
            .query_row(params![person.unwrap_or_default(), destination, milliseconds(now)], |row| row.get(0))
            .optional()?;
        Ok(known(found))
    }

    /// Gathers further alerts to a reader until then.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn open_window(&self, person: Option<&str>, destination: &str, until: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO windows (person, destination, until) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET until = excluded.until",
        )?
        .execute(params![person.unwrap_or_default(), destination, milliseconds(until)])?;
        Ok(())
    }

    /// Moves some of a reader's rows that are due by then into his message, which is let go with the last of them.
    fn gather_some(
        &self,
        reader: &Reader,
        due_by: DateTime<Utc>,
        window: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Result<Gathered> {
        let rows = self.due_rows(reader, due_by)?;
        let is_last = rows.len() <= MOST_MOVED;
        let begun = self.begun_digest(reader)?;
        if rows.is_empty() {
            // What was still to come was dropped meanwhile: what there is goes.
            let Some(digest) = begun else { return Ok(Gathered::Nothing) };
            self.let_go(digest, now)?;
        } else if let (None, [(only, ..)]) = (begun, &rows[..]) {
            self.prepare("UPDATE deliveries SET state = 'pending' WHERE id = ?1")?.execute([only])?;
        } else {
            let rows = &rows[..rows.len().min(MOST_MOVED)];
            let digest = begun.map_or_else(|| self.begin_digest(reader, rows, now), |digest| Ok(Some(digest)))?;
            // Without a step nothing can conflict, so there is always a row.
            let Some(digest) = digest else { return Ok(Gathered::Nothing) };
            for (id, ..) in rows {
                self.prepare("UPDATE deliveries SET state = 'gathered', gathered_into = ?2 WHERE id = ?1")?
                    .execute([id, &digest])?;
            }
            let (rank, planned_at) = least(rows);
            self.prepare("UPDATE deliveries SET rank = min(rank, ?2), planned_at = min(planned_at, ?3) WHERE id = ?1")?
                .execute([digest, rank, planned_at])?;
            if !is_last {
                return Ok(Gathered::Some);
            }
            self.let_go(digest, now)?;
        }
        if let (HeldFor::Burst, Some(window)) = (reader.cause, window) {
            self.open_window(reader.person.as_deref(), &reader.destination, now + window)?;
        }
        Ok(Gathered::Message)
    }

    fn let_go(&self, digest: i64, now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE deliveries SET state = 'pending', held_for = NULL, next_at = ?2 WHERE id = ?1")?
            .execute(params![digest, milliseconds(now)])?;
        Ok(())
    }

    /// Id, rank and planned instant of rows of a reader that are due by then: one more than a step moves, if there are as many.
    fn due_rows(&self, reader: &Reader, due_by: DateTime<Utc>) -> Result<Vec<(i64, i64, i64)>> {
        let mut statement = self.prepare(
            "SELECT id, rank, planned_at FROM deliveries
             WHERE state = 'held' AND held_for = ?1 AND person IS ?2 AND destination = ?3 AND next_at <= ?4 LIMIT ?5",
        )?;
        let Reader { cause, person, destination } = reader;
        let most = i64::try_from(MOST_MOVED + 1).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![cause.as_str(), person, destination, due_by.timestamp_millis(), most], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// The reader's message that an earlier step began.
    fn begun_digest(&self, reader: &Reader) -> Result<Option<i64>> {
        let mut statement = self.prepare(
            "SELECT id FROM deliveries WHERE state = 'held' AND held_for = ?1 AND person IS ?2 AND destination = ?3 LIMIT 1",
        )?;
        let found =
            statement.query_row(params![making(reader.cause), reader.person, reader.destination], |row| row.get(0));
        Ok(found.optional()?)
    }

    fn begin_digest(&self, reader: &Reader, rows: &[(i64, i64, i64)], now: DateTime<Utc>) -> Result<Option<i64>> {
        let (rank, planned_at) = least(rows);
        let planned_at = known(Some(planned_at)).unwrap_or(now);
        let content = Content::Digest { alerts: Vec::new(), violations: Vec::new(), cause: reader.cause, n_more: 0 };
        let alert = NewAlert {
            step: None,
            motive: Motive::Digest,
            planned_at,
            decided_at: now,
            content,
            deliveries: Vec::new(),
        };
        let Some(id) = self.add_alert(&alert)? else { return Ok(None) };
        let (person, destination) = (reader.person.clone(), reader.destination.clone());
        let digest = self.add_delivery(id, &alert, &NewDelivery { person, destination, ..NewDelivery::default() })?;
        // Due at once, and a step that looks for what is due goes on with it.
        self.prepare("UPDATE deliveries SET state = 'held', held_for = ?2, next_at = ?3, rank = ?4 WHERE id = ?1")?
            .execute(params![digest, making(reader.cause), milliseconds(now), rank])?;
        Ok(Some(digest))
    }
}

/// What a message is held for while it is made.
fn making(cause: HeldFor) -> String {
    format!("{MAKING}{}", cause.as_str())
}

/// The most urgent rank and the earliest instant.
fn least(rows: &[(i64, i64, i64)]) -> (i64, i64) {
    let rank = rows.iter().map(|(_, rank, _)| *rank).min().unwrap_or_default();
    (rank, rows.iter().map(|(.., planned_at)| *planned_at).min().unwrap_or_default())
}

/// The reader of a row; none if it is held for a reason that is not known.
fn reader(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Reader>> {
    let held_for: String = row.get(0)?;
    let Some(cause) = HeldFor::of(held_for.trim_start_matches(MAKING)) else { return Ok(None) };
    Ok(Some(Reader { cause, person: row.get(1)?, destination: row.get(2)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_58_what_is_released_and_what_may_go_is_found_by_an_index() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(directory.path()).expect("a store");
        let rows = [
            (concat!("SELECT min(next_at) FROM deliveries WHERE ", timed!()), "deliveries_released"),
            (
                "SELECT rank FROM deliveries WHERE state = 'pending' AND destination = 'x' AND next_at <= 5 ORDER BY rank, planned_at",
                "deliveries_pending",
            ),
        ];
        for (query, index) in rows {
            let mut statement = store.prepare(&format!("EXPLAIN QUERY PLAN {query}")).expect("a query");
            let plan: String = statement.query_row([], |row| row.get(3)).expect("a plan");
            assert!(plan.contains(index), "{query}: {plan}");
        }
    }
}
