//! Gathering: what is held back comes to each reader as one message.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::outbox::{NewAlert, NewDelivery};
use super::{Result, Store, instant, milliseconds};
use crate::text::alert::{Content, HeldFor};

/// What is held back for one reader.
struct Group {
    cause: HeldFor,
    person: Option<String>,
    destination: String,
    n_held: i64,
    rank: i64,
    planned_at: DateTime<Utc>,
}

const GROUPS: &str = "SELECT held_for, person, destination, count(*), min(rank), min(planned_at) FROM deliveries";

impl Store {
    /// Makes one message a reader of all that was held back for `cause`, and lets single ones go. Returns how many messages.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn gather(&self, cause: HeldFor, now: DateTime<Utc>) -> Result<usize> {
        let sql = format!("{GROUPS} WHERE state = 'held' AND held_for = ?1 GROUP BY person, destination");
        let groups =
            self.prepare(&sql)?.query_map([cause.as_str()], group)?.collect::<std::result::Result<Vec<_>, _>>()?;
        for group in &groups {
            self.gather_group(group, DateTime::<Utc>::MAX_UTC, now)?;
        }
        Ok(groups.len())
    }

    /// Does the same with everything whose time has come. What came in quick succession opens the next window of its reader.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn release(&self, window: TimeDelta, now: DateTime<Utc>) -> Result<usize> {
        if self.next_release_at()?.is_none_or(|at| now < at) {
            return Ok(0);
        }
        let sql = format!(
            "{GROUPS} WHERE state = 'held' AND held_for NOT IN ('downtime', 'edit') AND next_at <= ?1
             GROUP BY held_for, person, destination"
        );
        let due =
            self.prepare(&sql)?.query_map([milliseconds(now)], group)?.collect::<std::result::Result<Vec<_>, _>>()?;
        for group in &due {
            self.gather_group(group, now, now)?;
            if group.cause == HeldFor::Burst {
                self.open_window(group.person.as_deref(), &group.destination, now + window)?;
            }
        }
        Ok(due.len())
    }

    /// When the next of what is held back may go.
    pub(super) fn next_release_at(&self) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare(
            "SELECT min(next_at) FROM deliveries WHERE state = 'held' AND held_for NOT IN ('downtime', 'edit')",
        )?;
        Ok(statement.query_row([], |row| row.get::<_, Option<i64>>(0))?.map(instant))
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
        Ok(found.map(instant))
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

    /// Lets go what a silence that ends early held back.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn release_silenced(&self, silence: i64, now: DateTime<Utc>) -> Result<usize> {
        Ok(self
            .prepare(
                "UPDATE deliveries SET next_at = ?2 WHERE state = 'held' AND held_for = 'silence'
                 AND next_at = (SELECT ends_at FROM silences WHERE id = ?1)",
            )?
            .execute(params![silence, milliseconds(now)])?)
    }

    /// One message of a group, as far as it is due by then.
    fn gather_group(&self, group: &Group, due_by: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
        let Group { cause, person, destination, n_held, rank, planned_at } = group;
        let due_by = due_by.timestamp_millis();
        if *n_held == 1 {
            self.prepare(
                "UPDATE deliveries SET state = 'pending'
                 WHERE state = 'held' AND held_for = ?1 AND person IS ?2 AND destination = ?3 AND next_at <= ?4",
            )?
            .execute(params![cause.as_str(), person, destination, due_by])?;
            return Ok(());
        }
        let alert = self.add_alert(&NewAlert {
            step: None,
            why: "digest",
            planned_at: *planned_at,
            decided_at: now,
            content: &Content::Digest { alerts: Vec::new(), violations: Vec::new(), cause: *cause },
        })?;
        // Without a step nothing can conflict, so there is always a row.
        let Some(alert) = alert else { return Ok(()) };
        let digest = self.add_delivery(&NewDelivery {
            alert,
            person: person.as_deref(),
            destination,
            rank: *rank,
            planned_at: *planned_at,
            decided_at: now,
            held: None,
            updates: None,
        })?;
        self.prepare(
            "UPDATE deliveries SET state = 'gathered', gathered_into = ?4
             WHERE state = 'held' AND held_for = ?1 AND person IS ?2 AND destination = ?3 AND next_at <= ?5",
        )?
        .execute(params![cause.as_str(), person, destination, digest, due_by])?;
        Ok(())
    }
}

fn group(row: &rusqlite::Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group {
        cause: HeldFor::of(&row.get::<_, String>(0)?),
        person: row.get(1)?,
        destination: row.get(2)?,
        n_held: row.get(3)?,
        rank: row.get(4)?,
        planned_at: instant(row.get(5)?),
    })
}
