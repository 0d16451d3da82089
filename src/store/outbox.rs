//! Alerts and their deliveries: decided, claimed under a lease, recorded with their answer.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::{Result, Store, instant, milliseconds};
use crate::engine::clock::{Clock, ClockState};
use crate::engine::effect::{ClockRef, Why};
use crate::engine::request::RequestId;
use crate::text::alert::{Content, HeldFor};

/// A decision to tell.
#[derive(Debug, Clone)]
pub struct NewAlert<'a> {
    /// The clock and the step's name; `None` for lists and notices.
    pub step: Option<(RequestId, ClockRef, &'a str)>,
    /// Why.
    pub why: &'a str,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// Now.
    pub decided_at: DateTime<Utc>,
    /// What it says.
    pub content: &'a Content,
}

/// One alert to one recipient by one destination.
#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    /// The alert.
    pub alert: i64,
    /// Key of the person, unless the destination itself is told.
    pub person: Option<&'a str>,
    /// Name of the destination.
    pub destination: &'a str,
    /// Breaches first: smaller goes first.
    pub rank: i64,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// Now.
    pub decided_at: DateTime<Utc>,
    /// What for it waits to be gathered with others; `None` goes out by itself.
    pub held: Option<HeldFor>,
}

/// A delivery under lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its number.
    pub id: i64,
    /// Must be shown to record the outcome.
    pub fence: i64,
    /// Which try this is, from 1.
    pub attempt: i64,
    /// Whether an earlier try may have arrived without our knowing.
    pub in_doubt: bool,
    /// Key of the person.
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
    /// The request, for the mail's thread.
    pub request: Option<RequestId>,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// What it says.
    pub content: Content,
    /// Whether the destination stood until now, and this one tries whether it works again.
    pub is_probe: bool,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The peer took it.
    Sent {
        /// What it said.
        answer: String,
    },
    /// Try again then.
    Later {
        /// When.
        at: DateTime<Utc>,
        /// What happened.
        cause: String,
    },
    /// Nobody took it, and nobody else is left.
    Dead {
        /// What happened.
        cause: String,
    },
    /// Another destination takes over.
    HandedOver {
        /// Its name.
        to: String,
        /// What happened.
        cause: String,
    },
}

const CLAIMABLE: &str =
    "SELECT d.id, d.fence, d.attempts, d.in_doubt, d.person, d.destination, d.planned_at, d.decided_at,
            a.request, a.content, a.why, c.clock, EXISTS (SELECT 1 FROM holds h WHERE h.destination = d.destination)
     FROM deliveries d JOIN alerts a ON a.id = d.alert
     LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
     WHERE d.state = 'pending' AND d.next_at <= ?1
       AND d.destination NOT IN (SELECT destination FROM holds WHERE ?1 < until)
       AND d.destination NOT IN (SELECT value FROM json_each(?2))
     ORDER BY d.rank, d.planned_at LIMIT ?3";

impl Store {
    /// Writes a decision; `None` if that step was told already (LESSONS 25).
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn add_alert(&self, alert: &NewAlert<'_>) -> Result<Option<i64>> {
        let clock = alert.step.map(|(_, clock, _)| clock);
        let added = self
            .prepare(
                "INSERT INTO alerts (request, kind, cycle, step, why, planned_at, decided_at, content)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                alert.step.map(|(request, _, _)| request.0),
                clock.map(|clock| clock.kind.as_str()),
                clock.map(|clock| clock.cycle),
                alert.step.map(|(_, _, step)| step),
                alert.why,
                milliseconds(alert.planned_at),
                milliseconds(alert.decided_at),
                serde_json::to_string(alert.content)?,
            ])?;
        Ok((added == 1).then(|| self.connection.last_insert_rowid()))
    }

    /// Writes a delivery.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn add_delivery(&self, delivery: &NewDelivery<'_>) -> Result<i64> {
        self.prepare(
            "INSERT INTO deliveries (alert, person, destination, state, rank, planned_at, decided_at, next_at, held_for)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
        )?
        .execute(params![
            delivery.alert,
            delivery.person,
            delivery.destination,
            if delivery.held.is_some() { "held" } else { "pending" },
            delivery.rank,
            milliseconds(delivery.planned_at),
            milliseconds(delivery.decided_at),
            delivery.held.map(HeldFor::as_str),
        ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Leases deliveries that may go out now, most urgent first. Those whose request no longer needs them are settled as
    /// `unneeded` on the way (LESSONS 30). At most `per_destination` go to one destination, and none to those in `busy`.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn claim(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: usize,
        busy: &[String],
        per_destination: usize,
    ) -> Result<Vec<Claimed>> {
        let mut claimed: Vec<Claimed> = Vec::new();
        let mut busy = busy.to_vec();
        loop {
            let wanted = limit - claimed.len();
            let rows = self.claimable(now, wanted, &busy)?;
            let (n_rows, n_busy) = (rows.len(), busy.len());
            for (mut delivery, needed) in rows {
                let same = claimed.iter().filter(|other| other.destination == delivery.destination).count();
                if per_destination <= same || (delivery.is_probe && 0 < same) {
                    if !busy.contains(&delivery.destination) {
                        busy.push(delivery.destination);
                    }
                    continue;
                }
                if !needed || !self.fill_digest(&mut delivery)? {
                    self.settle_unneeded(delivery.id, now)?;
                    continue;
                }
                self.lease(&mut delivery, lease_until)?;
                claimed.push(delivery);
            }
            // Rows of a destination that is full may have kept others from being seen.
            if n_rows < wanted || busy.len() == n_busy || claimed.len() == limit {
                return Ok(claimed);
            }
        }
    }

    fn lease(&self, delivery: &mut Claimed, until: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "UPDATE deliveries SET state = 'leased', fence = fence + 1, attempts = attempts + 1, next_at = ?2 WHERE id = ?1",
        )?
        .execute(params![delivery.id, milliseconds(until)])?;
        delivery.fence += 1;
        delivery.attempt += 1;
        Ok(())
    }

    /// Deliveries that may go out now, without leasing them: for a store that cannot be written.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn peek(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Claimed>> {
        let mut peeked = Vec::new();
        for (mut delivery, needed) in self.claimable(now, limit, &[])? {
            if needed && self.fill_digest(&mut delivery)? {
                delivery.attempt += 1;
                peeked.push(delivery);
            }
        }
        Ok(peeked)
    }

    fn claimable(&self, now: DateTime<Utc>, limit: usize, busy: &[String]) -> Result<Vec<(Claimed, bool)>> {
        let mut statement = self.prepare(CLAIMABLE)?;
        let mut rows = statement.query(params![
            milliseconds(now),
            serde_json::to_string(busy)?,
            i64::try_from(limit).unwrap_or(i64::MAX)
        ])?;
        let mut claimable = Vec::new();
        while let Some(row) = rows.next()? {
            let delivery = Claimed {
                id: row.get(0)?,
                fence: row.get(1)?,
                attempt: row.get(2)?,
                in_doubt: row.get(3)?,
                person: row.get(4)?,
                destination: row.get(5)?,
                planned_at: instant(row.get(6)?),
                decided_at: instant(row.get(7)?),
                request: row.get::<_, Option<i64>>(8)?.map(RequestId),
                content: serde_json::from_str(&row.get::<_, String>(9)?)?,
                is_probe: row.get(12)?,
            };
            claimable.push((delivery, is_needed(&row.get::<_, String>(10)?, row.get(11)?)?));
        }
        Ok(claimable)
    }

    /// Fills a digest with what of it is still needed, most urgent first. `false` if nothing is left.
    fn fill_digest(&self, delivery: &mut Claimed) -> Result<bool> {
        let Content::Digest { alerts, .. } = &mut delivery.content else { return Ok(true) };
        let mut statement = self.prepare(
            "SELECT a.content, a.why, c.clock FROM deliveries d JOIN alerts a ON a.id = d.alert
             LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
             WHERE d.gathered_into = ?1 ORDER BY d.rank, d.planned_at",
        )?;
        let mut rows = statement.query([delivery.id])?;
        while let Some(row) = rows.next()? {
            if let (Content::Alert(facts), true) =
                (serde_json::from_str(&row.get::<_, String>(0)?)?, is_needed(&row.get::<_, String>(1)?, row.get(2)?)?)
            {
                alerts.push(*facts);
            }
        }
        Ok(!alerts.is_empty())
    }

    fn settle_unneeded(&self, id: i64, now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE deliveries SET state = 'unneeded', finished_at = ?2 WHERE id = ?1")?
            .execute(params![id, milliseconds(now)])?;
        Ok(())
    }

    /// The next instant at which a waiting delivery may go out, those for destinations in `busy` aside.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn next_delivery_at(&self, busy: &[String]) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare(
            "SELECT min(max(d.next_at, coalesce(h.until, 0))) FROM deliveries d LEFT JOIN holds h ON h.destination = d.destination
             WHERE d.state = 'pending' AND d.destination NOT IN (SELECT value FROM json_each(?1))",
        )?;
        Ok(statement.query_row([serde_json::to_string(busy)?], |row| row.get::<_, Option<i64>>(0))?.map(instant))
    }

    /// Records what came of a try. Without effect if the lease has passed to another meanwhile (LESSONS 39).
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn record(&self, id: i64, fence: i64, verdict: &Verdict, now: DateTime<Utc>) -> Result<bool> {
        let (state, next_at, answer) = match verdict {
            Verdict::Sent { answer } => ("sent", None, answer.as_str()),
            Verdict::Later { at, cause } => ("pending", Some(milliseconds(*at)), cause.as_str()),
            Verdict::Dead { cause } => ("dead", None, cause.as_str()),
            Verdict::HandedOver { cause, .. } => ("handed_over", None, cause.as_str()),
        };
        let finished_at = next_at.is_none().then(|| milliseconds(now));
        let changed = self
            .prepare(
                "UPDATE deliveries SET state = ?3, next_at = coalesce(?4, next_at), finished_at = ?5, answer = ?6
                 WHERE id = ?1 AND fence = ?2 AND state = 'leased'",
            )?
            .execute(params![id, fence, state, next_at, finished_at, answer])?;
        Ok(changed == 1)
    }

    /// Records a try that was made while the store could not be written.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn record_unleased(&self, id: i64, answer: &str, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "UPDATE deliveries SET state = 'sent', attempts = attempts + 1, fence = fence + 1, finished_at = ?3, answer = ?2
             WHERE id = ?1 AND state IN ('pending', 'leased')",
        )?
        .execute(params![id, answer, milliseconds(now)])?;
        Ok(())
    }

    /// Makes a copy of a delivery for another destination. A digest takes along what it gathered. What the same person is told
    /// there anyway is not told twice.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn hand_over(&self, id: i64, destination: &str, now: DateTime<Utc>) -> Result<()> {
        let added = self
            .prepare(
                "INSERT INTO deliveries (alert, person, destination, state, rank, planned_at, decided_at, next_at)
                 SELECT alert, person, ?2, 'pending', rank, planned_at, decided_at, ?3 FROM deliveries d
                 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries o
                     WHERE o.alert = d.alert AND o.person IS d.person AND o.destination = ?2)",
            )?
            .execute(params![id, destination, milliseconds(now)])?;
        if added == 0 {
            return Ok(());
        }
        let copy = self.connection.last_insert_rowid();
        self.prepare(
            "UPDATE deliveries SET gathered_into = ?2
             WHERE gathered_into = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries o
                 WHERE o.alert = deliveries.alert AND o.person IS deliveries.person AND o.destination = ?3)",
        )?
        .execute(params![id, copy, destination])?;
        Ok(())
    }

    /// Frees all leases: those of a process that is no more. Their messages may have arrived. Returns how many.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn free_leases(&self, now: DateTime<Utc>) -> Result<usize> {
        let mut statement =
            self.prepare("UPDATE deliveries SET state = 'pending', in_doubt = 1, next_at = ?1 WHERE state = 'leased'")?;
        Ok(statement.execute([milliseconds(now)])?)
    }

    /// Makes one message a recipient of all that was held back for `cause`, and lets single ones go. Returns how many messages.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn gather(&self, cause: HeldFor, now: DateTime<Utc>) -> Result<usize> {
        let groups: Vec<(Option<String>, String, i64, i64, i64)> = self
            .prepare(
                "SELECT person, destination, count(*), min(rank), min(planned_at) FROM deliveries
                 WHERE state = 'held' AND held_for = ?1 GROUP BY person, destination",
            )?
            .query_map([cause.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
            .collect::<std::result::Result<_, _>>()?;
        for (person, destination, n_held, rank, planned_at) in &groups {
            if *n_held == 1 {
                self.prepare(
                    "UPDATE deliveries SET state = 'pending'
                     WHERE state = 'held' AND held_for = ?1 AND person IS ?2 AND destination = ?3",
                )?
                .execute(params![cause.as_str(), person, destination])?;
                continue;
            }
            let planned_at = instant(*planned_at);
            let alert = self.add_alert(&NewAlert {
                step: None,
                why: "digest",
                planned_at,
                decided_at: now,
                content: &Content::Digest { alerts: Vec::new(), cause },
            })?;
            // Without a step nothing can conflict, so there is always a row.
            let Some(alert) = alert else { continue };
            let digest = self.add_delivery(&NewDelivery {
                alert,
                person: person.as_deref(),
                destination,
                rank: *rank,
                planned_at,
                decided_at: now,
                held: None,
            })?;
            self.prepare(
                "UPDATE deliveries SET state = 'gathered', gathered_into = ?4
                 WHERE state = 'held' AND held_for = ?1 AND person IS ?2 AND destination = ?3",
            )?
            .execute(params![cause.as_str(), person, destination, digest])?;
        }
        Ok(groups.len())
    }
}

/// Whether the alert of a clock still tells something that is so. Lists and notices always do.
fn is_needed(why: &str, clock: Option<String>) -> Result<bool> {
    let Some(clock) = clock else { return Ok(true) };
    let clock: Clock = serde_json::from_str(&clock)?;
    let told_of_breach = why == Why::Breach.as_str() || why == Why::Escalation.as_str();
    let stands = match clock.state {
        ClockState::Breached => true,
        ClockState::Running => !told_of_breach,
        ClockState::Paused | ClockState::Met | ClockState::MetLate | ClockState::Cancelled => false,
    };
    Ok(stands && clock.is_live() && clock.acked_at.is_none())
}

/// The lease of a claim: long enough for the slowest transport.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);
