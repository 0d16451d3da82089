//! The rows of messages that were gathered.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::database::Optional as _;
use super::{Result, Store, Writing, instant, milliseconds, motive, standing};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::Content;
use plazo_core::outbox::DeliveryId;
use plazo_core::outbox::digest::{self, Composed, GatheredRow, MOST_LOOKED_AT};
use plazo_core::outbox::message::Leased;

impl Store {
    /// What a delivery says, with everything that was gathered into it. `None` if it is no such message.
    pub(super) fn composed(&self, delivery: &Leased) -> Result<Option<Composed>> {
        let Content::Digest { cause, .. } = delivery.content else { return Ok(None) };
        let Some(root) = self.root_of_digest(delivery.id)? else { return Ok(Some(Composed::Empty)) };
        let rows = self.rows_of_digest(root, delivery)?;
        let n_rows = self.count_gathered(root)?;
        Ok(Some(digest::compose(rows, n_rows, cause)))
    }

    /// The delivery into which its rows were gathered: it itself, or the one that it was handed over from.
    fn root_of_digest(&self, delivery: DeliveryId) -> Result<Option<i64>> {
        let mut statement = self.prepare(
            "SELECT o.id FROM deliveries d JOIN deliveries o ON o.alert = d.alert
             WHERE d.id = ?1 AND EXISTS (SELECT 1 FROM deliveries g WHERE g.gathered_into = o.id) ORDER BY o.id LIMIT 1",
        )?;
        statement.query_row([delivery.0], |row| row.get(0)).optional()
    }

    fn count_gathered(&self, root: i64) -> Result<usize> {
        let mut statement = self.prepare("SELECT count(*) FROM deliveries WHERE gathered_into = ?1")?;
        Ok(statement.query_row([root], |row| row.get::<i64>(0)).map(|n| usize::try_from(n).unwrap_or(0))?)
    }

    /// The first rows, by rank, each with whether the same person is told of it at that destination anyway.
    fn rows_of_digest(&self, root: i64, delivery: &Leased) -> Result<Vec<GatheredRow>> {
        let mut statement = self.prepare(
            "SELECT d.id, CASE WHEN a.v = 1 THEN a.content END, a.why, d.decided_at, a.request,
                    CAST(?1 AS BIGINT) <> CAST(?2 AS BIGINT) AND EXISTS (
                        SELECT 1 FROM deliveries o WHERE o.alert = d.alert AND o.person IS NOT DISTINCT FROM d.person
                        AND o.destination = ?3 AND o.id <> d.id),
                    c.state, c.stopped_at, c.acked_at
             FROM deliveries d JOIN alerts a ON a.id = d.alert
             LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
             WHERE d.gathered_into = ?1 ORDER BY d.rank, d.planned_at LIMIT ?4",
        )?;
        let most = i64::try_from(MOST_LOOKED_AT).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![root, delivery.id.0, delivery.destination, most])?;
        let mut found = Vec::new();
        while let Some(row) = &rows.next()? {
            let request = row.get::<Option<i64>>(4)?.map_or(RequestId(0), RequestId);
            found.push(GatheredRow {
                id: DeliveryId(row.get(0)?),
                content: self.parsed(request, "alert", row, 1),
                motive: motive(row, 2)?,
                clock: standing(row, 6)?,
                decided_at: row.get(3).and_then(instant).unwrap_or_default(),
                is_told_anyway: row.get(5)?,
            });
        }
        Ok(found)
    }
}

impl Writing<'_> {
    /// Takes rows out of a message that needs none of them.
    pub(super) fn leave_out(&self, rows: &[DeliveryId], now: DateTime<Utc>) -> Result<()> {
        for id in rows {
            self.prepare(
                "UPDATE deliveries SET state = 'unneeded', gathered_into = NULL, finished_at = ?2 WHERE id = ?1",
            )?
            .execute(params![id.0, milliseconds(now)])?;
        }
        Ok(())
    }
}
