//! Destinations that stand: until when, why, and what waits for them.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::DeliveryId;
use plazo_core::outbox::hold::Hold;

impl Store {
    /// How a destination stands; none if it does not.
    pub fn hold_of(&self, destination: &str) -> Result<Option<Hold>> {
        let mut statement = self.prepare("SELECT until, failures FROM holds WHERE destination = ?1")?;
        let mut rows = statement.query([destination])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        // At an instant that cannot be read nobody waits for it (LESSONS 59).
        let until = self.read_instant(RequestId(0), "hold", &row, 0).unwrap_or_default();
        Ok(Some(Hold { until, failures: row.get(1)? }))
    }

    /// Deliveries that wait for a standing destination since before that instant and may go another way, with the ways that are still to be
    /// tried after it; no more than a step moves. A link for one reader goes to nobody else, and what is set in a help desk is nothing that another
    /// way could tell.
    pub fn waiting_for(
        &self,
        destination: &str,
        has_fallback: bool,
        decided_before: DateTime<Utc>,
    ) -> Result<Vec<(DeliveryId, Vec<String>)>> {
        let is_bound_to_it = self.either(
            "json_valid(content) AND (content ->> '$.type' = 'link' OR content ->> '$.type' = 'write' AND content ->> '$.do' <> 'note')",
            // As `Content` is written: its type first, then what is done.
            "strpos(content, '{\"type\":\"link\"') = 1
             OR strpos(content, '{\"type\":\"write\"') = 1 AND strpos(content, '{\"type\":\"write\",\"do\":\"note\"') = 0",
        );
        let mut statement = self.prepare(&format!(
            "SELECT id, route FROM deliveries WHERE state = 'pending' AND updates IS NULL AND destination = ?1 AND decided_at <= ?2
             AND (?3 = 1 OR route IS NOT NULL) AND (0 < attempts OR EXISTS (SELECT 1 FROM holds WHERE destination = ?1))
             AND NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.id = deliveries.alert AND ({is_bound_to_it}))
             LIMIT 200"
        ))?;
        let mut rows = statement.query(params![destination, milliseconds(decided_before), has_fallback])?;
        let mut waiting = Vec::new();
        while let Some(row) = &rows.next()? {
            let route: Option<String> = row.get(1)?;
            // One that cannot be read is gone, as if there were no other way.
            let ways = route.and_then(|route| serde_json::from_str(&route).ok()).unwrap_or_default();
            waiting.push((DeliveryId(row.get(0)?), ways));
        }
        Ok(waiting)
    }

    /// Destinations that stand, with until when and why.
    pub fn holds(&self) -> Result<Vec<(String, DateTime<Utc>, String)>> {
        let mut statement = self.prepare("SELECT destination, until, cause FROM holds ORDER BY destination")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, instant(row.get(1)?)?, row.get(2)?)))?;
        self.readable("hold", rows)
    }
}

impl Writing<'_> {
    /// Keeps a destination standing.
    pub fn set_hold(&self, destination: &str, hold: Hold, cause: &str) -> Result<()> {
        self.prepare(
            "INSERT INTO holds (destination, until, failures, cause) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (destination) DO UPDATE SET until = ?2, failures = ?3, cause = ?4",
        )?
        .execute(params![destination, milliseconds(hold.until), hold.failures, cause])?;
        Ok(())
    }

    /// Settles a delivery that another destination takes over without a further try.
    pub fn settle_handed_over(&self, id: DeliveryId, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "UPDATE deliveries SET state = 'handed_over', finished_at = ?2 WHERE id = ?1 AND state = 'pending'",
        )?
        .send_unless(Some("another daemon handed over the same"), params![id.0, milliseconds(now)])
    }

    /// Lets a destination go on.
    pub fn lift_hold(&self, destination: &str) -> Result<()> {
        self.prepare("DELETE FROM holds WHERE destination = ?1")?.execute([destination])?;
        Ok(())
    }

    /// The wall clock was set back: what waits waits as long as it would have.
    pub fn move_waits(&self, back: TimeDelta, now: DateTime<Utc>) -> Result<()> {
        let (back, now) = (back.num_milliseconds(), milliseconds(now));
        let later = self.either("max", "greatest");
        self.prepare(&format!(
            "UPDATE deliveries SET next_at = {later}(next_at - ?1, ?2) WHERE state = 'pending' AND ?2 < next_at"
        ))?
        .execute([back, now])?;
        self.prepare(&format!("UPDATE holds SET until = {later}(until - ?1, ?2) WHERE ?2 < until"))?
            .execute([back, now])?;
        Ok(())
    }
}
