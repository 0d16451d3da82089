//! Alerts and their deliveries: decided, leased, recorded with their answer.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Result, Store, Writing, delivery_state, known, milliseconds, standing};
use plazo_core::engine::effect::ClockRef;
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::message::{NewAlert, NewDelivery};
use plazo_core::outbox::needed::ClockNow;
use plazo_core::outbox::retry::LOOKED_FOR_AFTER;
use plazo_core::outbox::written::WrittenDeed;
use plazo_core::outbox::{Attempt, Content, DeliveryId, DeliveryState};
use plazo_core::unit::known::ToldMessage;

impl Store {
    /// What peers called the messages about a clock, so that they can be told that it is over: the delivery, its reader, its
    /// destination. Of several with one name, such as the steps told to one ticket, the first. What may be written in a help desk without
    /// plazo's knowing is told as well.
    pub fn told_of(&self, request: RequestId, clock: ClockRef) -> Result<Vec<ToldMessage>> {
        // The reader of a group is that of its first row, which SQLite takes by itself.
        let mut statement = self.prepare(self.either(
            "SELECT min(d.id), d.person, d.destination FROM alerts a JOIN deliveries d ON d.alert = a.id
             WHERE a.request = ?1 AND a.kind = ?2 AND a.cycle = ?3
             AND (d.state = 'sent' AND d.reference IS NOT NULL
                  OR d.state IN ('dead', 'unneeded') AND d.in_doubt = 1 AND d.destination LIKE 'source.%')
             GROUP BY d.destination, coalesce(d.reference, d.id) ORDER BY 1",
            "SELECT id, person, destination FROM (
                 SELECT DISTINCT ON (d.destination, d.reference, CASE WHEN d.reference IS NULL THEN d.id END) d.id, d.person, d.destination
                 FROM alerts a JOIN deliveries d ON d.alert = a.id
                 WHERE a.request = ?1 AND a.kind = ?2 AND a.cycle = ?3
                 AND (d.state = 'sent' AND d.reference IS NOT NULL
                      OR d.state IN ('dead', 'unneeded') AND d.in_doubt = 1 AND d.destination LIKE 'source.%')
                 ORDER BY d.destination, d.reference, CASE WHEN d.reference IS NULL THEN d.id END, d.id) AS first
             ORDER BY id",
        ))?;
        let rows = statement.query_map(params![request.0, clock.kind.as_str(), clock.cycle], |row| {
            Ok((DeliveryId(row.get(0)?), row.get(1)?, row.get(2)?))
        })?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// What destinations called their messages about a request, once each.
    pub fn references(&self, request: RequestId) -> Result<Vec<(String, String)>> {
        let mut statement = self.prepare(
            "SELECT d.destination, d.reference FROM alerts a JOIN deliveries d ON d.alert = a.id
             WHERE a.request = ?1 AND d.reference IS NOT NULL GROUP BY d.destination, d.reference ORDER BY min(d.id)",
        )?;
        let rows = statement.query_map([request.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Whether one of these destinations was told of a request.
    pub fn was_told_by(&self, request: RequestId, destinations: &[&str]) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT EXISTS (SELECT 1 FROM alerts a JOIN deliveries d ON d.alert = a.id
             WHERE a.request = ?1 AND d.destination = ?2 AND d.state = 'sent')",
        )?;
        for destination in destinations {
            if statement.query_row(params![request.0, destination], |row| row.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What was written back about a request by that way, newest first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn written(&self, request: RequestId, destination: &str) -> Result<Vec<WrittenDeed>> {
        let mut statement = self.prepare(
            "SELECT CASE WHEN a.v = 1 THEN a.content END, d.state, d.finished_at, d.reference, d.id, d.in_doubt FROM alerts a
             JOIN deliveries d ON d.alert = a.id WHERE a.request = ?1 AND d.destination = ?2 ORDER BY d.id DESC LIMIT 200",
        )?;
        let mut rows = statement.query(params![request.0, destination])?;
        let mut written = Vec::new();
        while let Some(row) = &rows.next()? {
            if let Some(Content::Write(facts)) = self.parsed(request, "alert", row, 0) {
                let (state, finished_at) = (delivery_state(row, 1)?, known(row.get(2)?));
                written.push(WrittenDeed {
                    delivery: DeliveryId(row.get(4)?),
                    facts: *facts,
                    state,
                    in_doubt: row.get(5)?,
                    finished_at,
                    reference: row.get(3)?,
                });
            }
        }
        Ok(written)
    }

    /// What a delivery says.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite, or if it cannot be read.
    pub fn content_of(&self, delivery: DeliveryId) -> Result<Option<Content>> {
        let mut statement = self.prepare(
            "SELECT CASE WHEN a.v = 1 THEN a.content END FROM deliveries d JOIN alerts a ON a.id = d.alert WHERE d.id = ?1",
        )?;
        let mut rows = statement.query([delivery.0])?;
        Ok(rows.next()?.and_then(|row| self.parsed(RequestId(0), "alert", &row, 0)))
    }

    /// The clock of which a delivery tells, as it is now.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite, or if it cannot be read.
    pub fn clock_of(&self, delivery: DeliveryId) -> Result<Option<ClockNow>> {
        let mut statement = self.prepare(
            "SELECT c.state, c.stopped_at, c.acked_at FROM deliveries d JOIN alerts a ON a.id = d.alert
             JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle WHERE d.id = ?1",
        )?;
        let mut rows = statement.query([delivery.0])?;
        rows.next()?.map_or(Ok(None), |row| Ok(standing(&row, 0)?))
    }
}

impl Writing<'_> {
    /// Writes a decision; `None` if that step was told already (LESSONS 25).
    pub fn add_alert(&self, alert: &NewAlert) -> Result<Option<i64>> {
        let step = alert.step.as_ref();
        self.prepare_insert(
            "INSERT INTO alerts (request, kind, cycle, step, why, planned_at, decided_at, v, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) ON CONFLICT DO NOTHING",
        )?
        .insert(params![
            step.map(|step| step.request.0),
            step.map(|step| step.clock.kind.as_str()),
            step.map(|step| step.clock.cycle),
            step.map(|step| &step.step),
            alert.motive.as_str(),
            milliseconds(alert.planned_at),
            milliseconds(alert.decided_at),
            serde_json::to_string(&alert.content)?,
        ])
    }

    /// Writes a delivery of an alert.
    pub fn add_delivery(&self, id: i64, alert: &NewAlert, delivery: &NewDelivery) -> Result<DeliveryId> {
        let mut statement = self.prepare_insert(
            "INSERT INTO deliveries (alert, person, destination, state, rank, planned_at, decided_at, next_at, held_for, silence, updates)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        let added = statement.insert_new(params![
            id,
            delivery.person,
            delivery.destination,
            if delivery.held.is_some() { DeliveryState::Held } else { DeliveryState::Pending }.as_str(),
            alert.rank(),
            milliseconds(alert.planned_at),
            milliseconds(alert.decided_at),
            milliseconds(delivery.held.map_or(alert.decided_at, |(_, until)| until)),
            delivery.held.map(|(cause, _)| cause.as_str()),
            delivery.silence.map(|silence| silence.0),
            delivery.updates.map(|updates| updates.0),
        ]);
        added.map(DeliveryId)
    }

    /// Records what came of a try. Without effect if the lease has passed to another meanwhile (LESSONS 39).
    pub fn record(&self, id: DeliveryId, fence: i64, attempt: &Attempt, now: DateTime<Utc>) -> Result<bool> {
        let (next_at, answer) = match attempt {
            Attempt::Sent { answer, .. } => (None, answer.as_str()),
            Attempt::Later { at, cause, .. } => (Some(milliseconds(*at)), cause.as_str()),
            Attempt::Unneeded { cause } | Attempt::Dead { cause } | Attempt::HandedOver { cause, .. } => {
                (None, cause.as_str())
            }
        };
        let finished_at = next_at.is_none().then(|| milliseconds(now));
        let (reference, began_at) = match attempt {
            Attempt::Sent { reference, began_at, .. } => (reference.as_deref(), Some(milliseconds(*began_at))),
            _ => (None, None),
        };
        let in_doubt = matches!(attempt, Attempt::Later { in_doubt: true, .. });
        let changed = self
            .prepare(
                "UPDATE deliveries SET state = ?3, next_at = coalesce(?4, next_at), finished_at = ?5, answer = ?6,
                        reference = ?7, sent_at = ?8, in_doubt = CASE WHEN ?9 = 1 THEN 1 ELSE in_doubt END
                 WHERE id = ?1 AND fence = ?2 AND state = 'leased'",
            )?
            .execute(params![
                id.0,
                fence,
                attempt.state().as_str(),
                next_at,
                finished_at,
                answer,
                reference,
                began_at,
                in_doubt
            ])?;
        Ok(changed == 1)
    }

    /// Records a try that was made while the store could not be written.
    pub fn record_unleased(&self, id: DeliveryId, answer: &str, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "UPDATE deliveries SET state = 'sent', attempts = attempts + 1, fence = fence + 1, finished_at = ?3, answer = ?2
             WHERE id = ?1 AND state IN ('pending', 'leased')",
        )?
        .execute(params![id.0, answer, milliseconds(now)])?;
        Ok(())
    }

    /// Makes a copy of a delivery for another destination. A digest tells what was gathered into the one from which it is handed over. What the same person is told
    /// there anyway is not told twice.
    pub fn hand_over(&self, id: DeliveryId, destination: &str, route: &[String], now: DateTime<Utc>) -> Result<()> {
        let route = if route.is_empty() { None } else { Some(serde_json::to_string(route)?) };
        self.prepare(
            "INSERT INTO deliveries (alert, person, destination, state, rank, planned_at, decided_at, next_at, route)
                 SELECT alert, person, CAST(?2 AS TEXT), 'pending', rank, planned_at, decided_at, CAST(?3 AS BIGINT), CAST(?4 AS TEXT)
                 FROM deliveries d
                 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries o
                     WHERE o.alert = d.alert AND o.person IS NOT DISTINCT FROM d.person AND o.destination = ?2)",
        )?
        .execute(params![id.0, destination, milliseconds(now), route])?;
        Ok(())
    }

    /// Frees all leases: those of a process that is no more. Their messages may have arrived; a help desk may still be making what it was
    /// asked for. Where several share the store, those stay of whoever lives. Returns how many.
    pub fn free_leases(&self, now: DateTime<Utc>) -> Result<usize> {
        if self.is_shared() { self.free_leases_of_dead(now) } else { self.free_leases_where("TRUE", now) }
    }

    /// The same of the daemons that live no more, by the server's clock.
    pub(super) fn free_leases_of_dead(&self, now: DateTime<Utc>) -> Result<usize> {
        let is_dead = "NOT EXISTS (SELECT 1 FROM daemons WHERE daemons.id = deliveries.leased_by
                AND CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) < daemons.until)";
        self.free_leases_where(is_dead, now)
    }

    /// The same of one daemon.
    pub(super) fn free_leases_of(&self, daemon: &str, now: DateTime<Utc>) -> Result<usize> {
        let mut statement = self.prepare(
            "UPDATE deliveries SET state = 'pending', in_doubt = 1,
                 next_at = CASE WHEN destination LIKE 'source.%' THEN CAST(?2 AS BIGINT) ELSE CAST(?1 AS BIGINT) END
             WHERE state = 'leased' AND leased_by = ?3",
        )?;
        statement.execute(params![milliseconds(now), milliseconds(now + LOOKED_FOR_AFTER), daemon])
    }

    fn free_leases_where(&self, whose: &str, now: DateTime<Utc>) -> Result<usize> {
        let mut statement = self.prepare(&format!(
            "UPDATE deliveries SET state = 'pending', in_doubt = 1,
                 next_at = CASE WHEN destination LIKE 'source.%' THEN CAST(?2 AS BIGINT) ELSE CAST(?1 AS BIGINT) END
             WHERE state = 'leased' AND {whose}"
        ))?;
        statement.execute([milliseconds(now), milliseconds(now + LOOKED_FOR_AFTER)])
    }
}
