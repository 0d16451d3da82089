//! Deliveries as people look at them: listed, counted, and put on their way again.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use super::database::{Optional as _, Row};
use super::{Result, Store, Writing, delivery_state, instant, known, milliseconds};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::DeliveryId;
use plazo_core::outbox::DeliveryState;

/// A delivery as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeliveryRow {
    /// Its number.
    pub id: DeliveryId,
    /// Where it stands.
    pub state: DeliveryState,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Why: `breach`, `warning`, …
    pub why: String,
    /// Key of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Until when it waits, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
    /// Tries so far.
    pub attempts: i64,
    /// Whether it may have arrived twice.
    pub in_doubt: bool,
    /// When it was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// What the peer said, or what happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why its destination stands, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// Why it waits to be gathered: `burst`, `quiet`, `daily`, `silence`, `downtime`, `history` or `edit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_for: Option<String>,
    /// What the peer calls the message: its thread, its ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

const DELIVERY_ROWS: &str =
    "SELECT d.id, d.state, a.request, a.why, d.person, d.destination, d.planned_at, d.decided_at, d.next_at,
            d.attempts, d.in_doubt, d.finished_at, d.answer, h.cause, h.until, d.held_for, d.reference
     FROM deliveries d JOIN alerts a ON a.id = d.alert LEFT JOIN holds h ON h.destination = d.destination";

/// A delivery of one step of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDelivery {
    /// The clock's kind.
    pub kind: String,
    /// Its cycle.
    pub cycle: u32,
    /// The step, as `sla.toml` writes it.
    pub step: String,
    /// Key of the person.
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was settled.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A delivery of anything that was told about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRow {
    /// `breach`, `warning`, …, `violation` or `update`.
    pub why: String,
    /// Word of the clock's kind, where it is about one.
    pub kind: Option<String>,
    /// Key of the person.
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was settled, else when it was decided.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Whatever was told about a request, in the order in which it was decided.
    pub fn told(&self, request: RequestId) -> Result<Vec<ToldRow>> {
        let mut statement = self.prepare(
            "SELECT a.why, a.kind, d.person, d.destination, d.state, coalesce(d.finished_at, d.decided_at)
             FROM alerts a JOIN deliveries d ON d.alert = a.id WHERE a.request = ?1 ORDER BY d.id",
        )?;
        let rows = statement.query_map([request.0], |row| {
            Ok(ToldRow {
                why: row.get(0)?,
                kind: row.get(1)?,
                person: row.get(2)?,
                destination: row.get(3)?,
                state: delivery_state(row, 4)?,
                at: instant(row.get(5)?)?,
            })
        })?;
        self.readable("delivery", rows)
    }

    /// When the last message was taken by its peer.
    pub fn last_sent_at(&self) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare("SELECT max(finished_at) FROM deliveries WHERE state = 'sent'")?;
        Ok(known(statement.query_row([], |row| row.get(0))?))
    }

    /// Every delivery of a request's steps, in the order in which they were decided.
    pub fn step_deliveries(&self, request: RequestId) -> Result<Vec<StepDelivery>> {
        let mut statement = self.prepare(
            "SELECT a.kind, a.cycle, a.step, d.person, d.destination, d.state, d.finished_at
             FROM alerts a JOIN deliveries d ON d.alert = a.id WHERE a.request = ?1 ORDER BY d.id",
        )?;
        let rows = statement.query_map([request.0], |row| {
            Ok(StepDelivery {
                kind: row.get(0)?,
                cycle: row.get(1)?,
                step: row.get(2)?,
                person: row.get(3)?,
                destination: row.get(4)?,
                state: delivery_state(row, 5)?,
                finished_at: known(row.get(6)?),
            })
        })?;
        self.readable("delivery", rows)
    }

    /// Deliveries by state, newest first; all without one.
    pub fn deliveries(&self, state: Option<DeliveryState>, limit: u32) -> Result<Vec<DeliveryRow>> {
        // The state stands in words, so that the index of those that are few is used.
        let matching = state.map_or_else(String::new, |state| format!("WHERE d.state = '{}'", state.as_str()));
        let sql = format!("{DELIVERY_ROWS} {matching} ORDER BY d.id DESC LIMIT ?1");
        let mut statement = self.prepare(&sql)?;
        let rows = statement.query_map(params![limit], delivery_row)?;
        self.readable("delivery", rows)
    }

    /// One delivery.
    pub fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRow>> {
        let sql = format!("{DELIVERY_ROWS} WHERE d.id = ?1");
        self.prepare(&sql)?.query_row([id.0], delivery_row).optional()
    }

    /// How many deliveries stand in each state, and how many may have arrived twice.
    pub fn count_deliveries(&self) -> Result<Vec<(DeliveryState, i64, i64)>> {
        let settled = self.either(
            "SELECT word AS state, n FROM counts WHERE subject = 'delivery' AND 0 < n",
            "SELECT word AS state, sum(n)::bigint AS n FROM counts WHERE subject = 'delivery' GROUP BY word",
        );
        let mut statement = self.prepare(&format!(
            "WITH counted AS (
                 {settled}
                 UNION ALL SELECT 'pending', count(*) FROM deliveries WHERE state = 'pending'
                 UNION ALL SELECT 'held', count(*) FROM deliveries WHERE state = 'held'
                 UNION ALL SELECT 'leased', count(*) FROM deliveries WHERE state = 'leased'),
             doubtful AS (SELECT state, count(*) AS n FROM deliveries WHERE in_doubt = 1 GROUP BY state)
             SELECT c.state, c.n, coalesce(d.n, 0) FROM counted c LEFT JOIN doubtful d ON d.state = c.state WHERE 0 < c.n ORDER BY 1"
        ))?;
        let rows = statement.query_map([], |row| Ok((delivery_state(row, 0)?, row.get(1)?, row.get(2)?)))?;
        self.readable("delivery", rows)
    }

    /// How many deliveries should have gone out before that instant and are neither sent nor settled.
    pub fn count_unsent(&self, decided_before: DateTime<Utc>) -> Result<i64> {
        let grace = milliseconds(decided_before);
        let mut statement = self.prepare(
            "SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending' AND decided_at < ?1)
                  + (SELECT count(*) FROM deliveries WHERE state = 'leased' AND decided_at < ?1)
                  + (SELECT count(*) FROM deliveries WHERE state = 'held' AND decided_at < ?1
                     AND (held_for IN ('downtime', 'history', 'edit') OR next_at < ?1))",
        )?;
        Ok(statement.query_row([grace], |row| row.get(0))?)
    }

    /// How late the latest single alerts were, in milliseconds: from the step's instant to the decision, from there to the try that
    /// succeeded, and from there to the peer's acceptance. What was gathered on purpose is left out.
    pub fn lateness(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<[i64; 3]>> {
        let mut statement = self.prepare(
            "SELECT d.decided_at - d.planned_at, d.sent_at - d.decided_at, d.finished_at - d.sent_at
             FROM deliveries d JOIN alerts a ON a.id = d.alert
             WHERE d.state = 'sent' AND ?1 <= d.finished_at AND d.sent_at IS NOT NULL AND (d.held_for IS NULL OR d.held_for = 'downtime')
               AND a.request IS NOT NULL
             ORDER BY d.finished_at DESC LIMIT ?2",
        )?;
        let rows = statement
            .query_map(params![milliseconds(since), limit], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// How many milliseconds single alerts that were sent between two instants were late, from the step's instant to the peer's
    /// acceptance; what was held on purpose aside.
    pub fn lateness_of(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<i64>> {
        let mut statement = self.prepare(
            "SELECT d.finished_at - d.planned_at FROM deliveries d JOIN alerts a ON a.id = d.alert
             WHERE d.state = 'sent' AND ?1 <= d.finished_at AND d.finished_at < ?2 AND a.request IS NOT NULL
               AND (d.held_for IS NULL OR d.held_for = 'downtime')",
        )?;
        let rows = statement.query_map([milliseconds(from), milliseconds(to)], |row| row.get(0))?;
        rows.collect::<std::result::Result<_, _>>()
    }
}

impl Writing<'_> {
    /// Gives up a delivery that waits or is dead. Whether there was one.
    pub fn drop_delivery(&self, id: DeliveryId, now: DateTime<Utc>) -> Result<bool> {
        let mut statement = self.prepare(
            "UPDATE deliveries SET state = 'dropped', finished_at = ?2 WHERE id = ?1 AND state IN ('pending', 'held', 'dead')",
        )?;
        Ok(statement.execute(params![id.0, milliseconds(now)])? == 1)
    }

    /// Puts a dead delivery on its way again. Whether there was one.
    pub fn retry(&self, id: DeliveryId, now: DateTime<Utc>) -> Result<bool> {
        let mut statement = self.prepare(
            "UPDATE deliveries SET next_at = ?2, decided_at = CASE WHEN state = 'dead' THEN ?2 ELSE decided_at END, state = 'pending', finished_at = NULL
             WHERE id = ?1 AND (state = 'dead' OR state = 'pending' AND ?2 < next_at)",
        )?;
        Ok(statement.execute(params![id.0, milliseconds(now)])? == 1)
    }
}

fn delivery_row(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let state = delivery_state(row, 1)?;
    let (waits, is_held) = (state == DeliveryState::Pending, state == DeliveryState::Held);
    let next_at = instant(row.get(8)?)?;
    let until = known(row.get(14)?);
    Ok(DeliveryRow {
        id: DeliveryId(row.get(0)?),
        request: row.get::<Option<i64>>(2)?.map(|id| RequestId(id).to_string()),
        why: row.get(3)?,
        person: row.get(4)?,
        destination: row.get(5)?,
        planned_at: instant(row.get(6)?)?,
        decided_at: instant(row.get(7)?)?,
        next_at: (waits || is_held).then(|| until.filter(|_| waits).map_or(next_at, |until| next_at.max(until))),
        attempts: row.get(9)?,
        in_doubt: row.get(10)?,
        finished_at: known(row.get(11)?),
        answer: row.get(12)?,
        held_by: if waits { row.get(13)? } else { None },
        held_for: if is_held { row.get(15)? } else { None },
        reference: row.get(16)?,
        state,
    })
}
