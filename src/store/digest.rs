//! What a message that was gathered tells: the most urgent of what is still needed, and how much more there is. Bounded, since it is read
//! in the one writer (LESSONS 58).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, params};

use super::{Result, Store, instant, milliseconds, motive};
use crate::engine::request_id::RequestId;
use crate::outbox::facts::{AlertFacts, ViolationFacts};
use crate::outbox::message::Leased;
use crate::outbox::needed::is_needed;
use crate::outbox::{Content, HeldFor, Motive};

/// Alerts that a message tells of one by one; mail shows fewer.
const MOST_TOLD: usize = 200;
/// Rows that are looked at in one step.
const MOST_LOOKED_AT: usize = 600;

/// How far a message was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// It may go out.
    Ready,
    /// Nothing of it is needed any more.
    Empty,
    /// Of what was looked at nothing is, and there is more: the next step looks further.
    NotYet,
}

/// A row of a message.
enum Row {
    Alert(Box<AlertFacts>),
    Violation(Box<ViolationFacts>),
    Unneeded,
}

impl Store {
    /// Fills a digest with what of it is still needed, most urgent first. `is_looking` changes nothing in the store.
    pub(super) fn fill_digest(&self, delivery: &mut Leased, is_looking: bool, now: DateTime<Utc>) -> Result<Filled> {
        let Content::Digest { cause, .. } = delivery.content else { return Ok(Filled::Ready) };
        let Some(root) = self.root_of_digest(delivery.id)? else { return Ok(Filled::Empty) };
        let rows = self.rows_of_digest(root, delivery, cause)?;
        let n_rows = self.count_gathered(root)?;
        let n_unseen = n_rows.saturating_sub(rows.len());
        let (mut alerts, mut violations) = (Vec::new(), Vec::new());
        let mut unneeded = Vec::new();
        for (id, row) in rows {
            match row {
                Row::Alert(facts) => alerts.push(*facts),
                Row::Violation(facts) => violations.push(*facts),
                Row::Unneeded => unneeded.push(id),
            }
        }
        let mut alerts = latest(alerts);
        let is_summary = cause == HeldFor::Daily;
        // One alert is no list.
        match (alerts.len(), violations.len(), n_unseen) {
            (0, 0, 0) => return Ok(Filled::Empty),
            (0, 0, _) if is_looking => return Ok(Filled::NotYet),
            (0, 0, _) => {
                self.leave_out(&unneeded, now)?;
                return Ok(Filled::NotYet);
            }
            (1, 0, 0) if !is_summary => {
                if let Some(only) = alerts.pop() {
                    delivery.content = Content::Alert(Box::new(only));
                }
            }
            (0, 1, 0) if !is_summary => {
                if let Some(only) = violations.pop() {
                    delivery.content = Content::Violation(Box::new(only));
                }
            }
            _ => {
                let n_cut = alerts.len().saturating_sub(MOST_TOLD) + violations.len().saturating_sub(MOST_TOLD);
                alerts.truncate(MOST_TOLD);
                violations.truncate(MOST_TOLD);
                delivery.content = Content::Digest { alerts, violations, cause, n_more: n_cut + n_unseen };
            }
        }
        Ok(Filled::Ready)
    }

    /// The delivery into which its rows were gathered: it itself, or the one that it was handed over from.
    fn root_of_digest(&self, delivery: i64) -> Result<Option<i64>> {
        let mut statement = self.prepare(
            "SELECT o.id FROM deliveries d JOIN deliveries o ON o.alert = d.alert
             WHERE d.id = ?1 AND EXISTS (SELECT 1 FROM deliveries g WHERE g.gathered_into = o.id) ORDER BY o.id LIMIT 1",
        )?;
        Ok(statement.query_row([delivery], |row| row.get(0)).optional()?)
    }

    fn count_gathered(&self, root: i64) -> Result<usize> {
        let mut statement = self.prepare("SELECT count(*) FROM deliveries WHERE gathered_into = ?1")?;
        Ok(statement.query_row([root], |row| row.get::<_, i64>(0)).map(|n| usize::try_from(n).unwrap_or(0))?)
    }

    /// The first rows, by rank. What is told to the same person at that destination anyway is not told twice.
    fn rows_of_digest(&self, root: i64, delivery: &Leased, cause: HeldFor) -> Result<Vec<(i64, Row)>> {
        // A summary tells what happened, not only what is still so.
        let tells_all = matches!(cause, HeldFor::Daily | HeldFor::Silence);
        let mut statement = self.prepare(
            "SELECT d.id, a.content, a.why, c.clock, d.decided_at, a.request,
                    ?1 <> ?2 AND EXISTS (SELECT 1 FROM deliveries o WHERE o.alert = d.alert AND o.person IS d.person
                        AND o.destination = ?3 AND o.id <> d.id)
             FROM deliveries d JOIN alerts a ON a.id = d.alert
             LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
             WHERE d.gathered_into = ?1 ORDER BY d.rank, d.planned_at LIMIT ?4",
        )?;
        let most = i64::try_from(MOST_LOOKED_AT).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![root, delivery.id, delivery.destination, most])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, motive) = (row.get(0)?, motive(row, 2)?);
            let request = row.get::<_, Option<i64>>(5)?.map_or(RequestId(0), RequestId);
            let clock = if row.get_ref(3)? == ValueRef::Null { None } else { self.parsed(request, "clock", row, 3) };
            let decided_at = row.get(4).and_then(instant).unwrap_or_default();
            let stands = || motive.is_none_or(|motive| is_needed(motive, clock.as_ref(), decided_at));
            let is_of_breach = motive.is_some_and(Motive::is_of_breach);
            let is_told = !row.get::<_, bool>(6)? && ((tells_all && is_of_breach) || stands());
            let content = self.parsed::<Content>(request, "alert", row, 1);
            found.push((
                id,
                match content {
                    Some(Content::Alert(facts)) if is_told => Row::Alert(facts),
                    Some(Content::Violation(facts)) if !row.get::<_, bool>(6)? => Row::Violation(facts),
                    _ => Row::Unneeded,
                },
            ));
        }
        Ok(found)
    }

    /// Takes rows out of a message that needs none of them.
    fn leave_out(&self, rows: &[i64], now: DateTime<Utc>) -> Result<()> {
        for id in rows {
            self.prepare(
                "UPDATE deliveries SET state = 'unneeded', gathered_into = NULL, finished_at = ?2 WHERE id = ?1",
            )?
            .execute(params![id, milliseconds(now)])?;
        }
        Ok(())
    }
}

/// Of one promise, only the latest news, where it stood.
fn latest(alerts: Vec<AlertFacts>) -> Vec<AlertFacts> {
    let mut latest: HashMap<_, DateTime<Utc>> = HashMap::new();
    for facts in &alerts {
        let at = latest.entry(facts.promise()).or_insert(facts.planned_at);
        *at = facts.planned_at.max(*at);
    }
    alerts.into_iter().filter(|facts| latest.get(&facts.promise()) == Some(&facts.planned_at)).collect()
}
