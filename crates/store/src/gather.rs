//! What waits: the rows that a step of gathering looks at, and what it changes.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::database::{Optional as _, Row};
use super::{Result, Store, Writing, instant, known, milliseconds};
use plazo_core::outbox::DeliveryId;
use plazo_core::outbox::gather::{self, DueRow, GatherStep, MOST_MOVED, Waiting};
use plazo_core::outbox::message::{NewAlert, NewDelivery};
use plazo_core::outbox::{Content, HeldFor, Motive};

/// What is held back until its time comes. The index `deliveries_released` has the same condition to the letter: by another one it would
/// serve no query, and each would pass over all there is (LESSONS 58).
macro_rules! timed {
    () => {
        "state = 'held' AND held_for NOT IN ('downtime', 'history', 'edit')"
    };
}

/// Why a step is decided again, where several daemons share the store.
const GATHERED: Option<&str> = Some("another daemon gathered the same");

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
    /// When the next of what is held back may go.
    pub(super) fn next_release_at(&self) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare(concat!("SELECT min(next_at) FROM deliveries WHERE ", timed!()))?;
        Ok(known(statement.query_row([], |row| row.get(0))?))
    }

    /// Until when further alerts to a reader are gathered; none if the next one goes at once.
    pub fn window(&self, person: Option<&str>, destination: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let mut statement =
            self.prepare("SELECT until FROM windows WHERE person = ?1 AND destination = ?2 AND ?3 < until")?;
        let found = statement
            .query_row(params![person.unwrap_or_default(), destination, milliseconds(now)], |row| row.get(0))
            .optional()?;
        Ok(known(found))
    }

    /// Rows of a reader that are due by then: one more than a step moves, if there are as many.
    fn due_rows(&self, reader: &Waiting, due_by: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<DueRow>> {
        let mut statement = self.prepare(
            "SELECT id, rank, planned_at FROM deliveries
             WHERE state = 'held' AND held_for = ?1 AND person IS NOT DISTINCT FROM ?2 AND destination = ?3 AND next_at <= ?4 LIMIT ?5",
        )?;
        let Waiting { cause, person, destination } = reader;
        let most = i64::try_from(MOST_MOVED + 1).unwrap_or(i64::MAX);
        let rows = statement.query_map(
            params![cause.as_str(), person, destination, due_by.timestamp_millis(), most],
            |row| {
                // An instant that cannot be read holds nothing up: the row goes with the others (LESSONS 59).
                let planned_at = row.get(2).and_then(instant).unwrap_or(now);
                Ok(DueRow { id: DeliveryId(row.get(0)?), rank: row.get(1)?, planned_at })
            },
        )?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// The reader's message that an earlier step began.
    fn begun_digest(&self, reader: &Waiting) -> Result<Option<DeliveryId>> {
        let mut statement = self.prepare(
            "SELECT id FROM deliveries WHERE state = 'held' AND held_for = ?1 AND person IS NOT DISTINCT FROM ?2 AND destination = ?3 LIMIT 1",
        )?;
        let found = statement
            .query_row(params![gather::making(reader.cause), reader.person, reader.destination], |row| {
                row.get(0).map(DeliveryId)
            });
        found.optional()
    }
}

impl Writing<'_> {
    /// One step of making one message a reader of all that was held back for `cause`, and of letting single ones go.
    pub fn gather(&self, cause: HeldFor, now: DateTime<Utc>) -> Result<Gathered> {
        let mut statement = self.prepare(
            "SELECT held_for, person, destination FROM deliveries WHERE state = 'held' AND held_for IN (?1, ?2) LIMIT 1",
        )?;
        let reader = statement.query_row([cause.as_str(), &gather::making(cause)], reader).optional()?;
        reader
            .flatten()
            .map_or(Ok(Gathered::Nothing), |reader| self.gather_some(&reader, DateTime::<Utc>::MAX_UTC, None, now))
    }

    /// One step of the same with everything whose time has come. What came in quick succession opens the next window of its reader.
    pub fn release(&self, window: TimeDelta, now: DateTime<Utc>) -> Result<Gathered> {
        let mut statement = self.prepare(concat!(
            "SELECT held_for, person, destination, id FROM deliveries WHERE ",
            timed!(),
            " AND next_at <= ?1 ORDER BY next_at LIMIT 1"
        ))?;
        let found =
            statement.query_row([milliseconds(now)], |row| Ok((DeliveryId(row.get(3)?), reader(row)?))).optional()?;
        match found {
            None => Ok(Gathered::Nothing),
            Some((_, Some(reader))) => self.gather_some(&reader, now, Some(window), now),
            // Held for a reason that this version does not know: it goes by itself.
            Some((id, None)) => self.let_go(id, now).map(|()| Gathered::Message),
        }
    }

    /// Gathers further alerts to a reader until then.
    pub fn open_window(&self, person: Option<&str>, destination: &str, until: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO windows (person, destination, until) VALUES (?1, ?2, ?3)
             ON CONFLICT (person, destination) DO UPDATE SET until = excluded.until",
        )?
        .execute(params![person.unwrap_or_default(), destination, milliseconds(until)])?;
        Ok(())
    }

    /// One step for a reader: rows that are due by then go into his message, which is let go with the last of them.
    fn gather_some(
        &self,
        reader: &Waiting,
        due_by: DateTime<Utc>,
        window: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Result<Gathered> {
        let begun = self.begun_digest(reader)?;
        let GatherStep { goes, gathers, least, is_complete } =
            gather::step(&self.due_rows(reader, due_by, now)?, begun);
        if let Some((rank, planned_at)) = least {
            let digest =
                begun.map_or_else(|| self.begin_digest(reader, (rank, planned_at), now), |digest| Ok(Some(digest)))?;
            // Without a step nothing can conflict, so there is always a row.
            let Some(digest) = digest else { return Ok(Gathered::Nothing) };
            for id in gathers {
                self.prepare(
                    "UPDATE deliveries SET state = 'gathered', gathered_into = ?2 WHERE id = ?1 AND state = 'held'",
                )?
                .send_unless(GATHERED, [id.0, digest.0])?;
            }
            self.prepare(self.either(
                "UPDATE deliveries SET rank = min(rank, ?2), planned_at = min(planned_at, ?3) WHERE id = ?1",
                "UPDATE deliveries SET rank = least(rank, ?2), planned_at = least(planned_at, ?3) WHERE id = ?1",
            ))?
            .send([digest.0, rank, milliseconds(planned_at)])?;
            if !is_complete {
                return Ok(Gathered::Some);
            }
            self.let_go(digest, now)?;
        } else if let Some(only) = goes.filter(|_| begun.is_none()) {
            self.prepare("UPDATE deliveries SET state = 'pending' WHERE id = ?1 AND state = 'held'")?
                .send_unless(GATHERED, [only.0])?;
        } else if let Some(digest) = goes {
            self.let_go(digest, now)?;
        } else {
            return Ok(Gathered::Nothing);
        }
        if let Some(until) = gather::next_window(reader.cause, window, now) {
            self.open_window(reader.person.as_deref(), &reader.destination, until)?;
        }
        Ok(Gathered::Message)
    }

    fn let_go(&self, digest: DeliveryId, now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE deliveries SET state = 'pending', held_for = NULL, next_at = ?2 WHERE id = ?1")?
            .execute(params![digest.0, milliseconds(now)])?;
        Ok(())
    }

    fn begin_digest(
        &self,
        reader: &Waiting,
        (rank, planned_at): (i64, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<Option<DeliveryId>> {
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
            .execute(params![digest.0, gather::making(reader.cause), milliseconds(now), rank])?;
        Ok(Some(digest))
    }
}

/// The reader of a row; none if it is held for a reason that is not known.
fn reader(row: &Row<'_>) -> rusqlite::Result<Option<Waiting>> {
    let held_for: String = row.get(0)?;
    let Some(cause) = gather::cause_of(&held_for) else { return Ok(None) };
    Ok(Some(Waiting { cause, person: row.get(1)?, destination: row.get(2)? }))
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
