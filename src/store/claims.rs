//! Claiming: deliveries that may go out now, leased most urgent first, each to a destination that has room for it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use super::outbox::Claimed;
use super::{Result, Store, instant, milliseconds};
use crate::engine::clock::{Clock, ClockState};
use crate::engine::effect::Why;
use crate::engine::request::RequestId;
use crate::text::alert::{AlertFacts, Content, HeldFor};

/// How many may be on their way to each destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lanes {
    /// To those that are not named.
    pub usual: usize,
    /// To those that take fewer, by name.
    pub at_once: HashMap<String, usize>,
    /// Those where each message about a request must know the first one.
    pub threaded: BTreeSet<String>,
}

/// What was leased, and who had no room for more.
#[derive(Debug, Default)]
pub struct Claims {
    /// Deliveries under lease.
    pub claimed: Vec<Claimed>,
    /// Destinations that are full.
    pub busy: Vec<String>,
}

const CLAIMABLE: &str =
    "SELECT d.id, d.fence, d.attempts, d.in_doubt, d.person, d.destination, d.planned_at, d.decided_at,
            a.request, a.content, a.why, c.clock, EXISTS (SELECT 1 FROM holds h WHERE h.destination = d.destination),
            d.route, (SELECT o.reference FROM deliveries o WHERE o.id = d.updates),
            coalesce(d.held_for NOT IN ('downtime', 'edit'), 0)
     FROM deliveries d JOIN alerts a ON a.id = d.alert
     LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
     WHERE d.state = 'pending' AND d.next_at <= ?1
       AND d.destination NOT IN (SELECT destination FROM holds WHERE ?1 < until)
       AND d.destination NOT IN (SELECT value FROM json_each(?2))
     ORDER BY d.rank, d.planned_at LIMIT ?3";

impl Store {
    /// Leases deliveries that may go out now, most urgent first. Those whose request no longer needs them are settled as
    /// `unneeded` on the way (LESSONS 30). None goes to those in `busy`, and no more to one destination than its lane has room for.
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
        lanes: &Lanes,
    ) -> Result<Claims> {
        let mut claimed: Vec<Claimed> = Vec::new();
        let mut busy = busy.to_vec();
        let leased = if lanes.at_once.is_empty() { HashMap::new() } else { self.leased_by_destination()? };
        loop {
            let wanted = limit - claimed.len();
            let rows = self.claimable(now, wanted, &busy)?;
            let (n_rows, n_busy) = (rows.len(), busy.len());
            for (mut delivery, needed) in rows {
                let same = claimed.iter().filter(|other| other.destination == delivery.destination).count();
                let most = lanes.at_once.get(&delivery.destination).map_or(lanes.usual, |most| {
                    most.saturating_sub(leased.get(&delivery.destination).copied().unwrap_or(0))
                });
                if most <= same || (delivery.is_probe && 0 < same) {
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
                self.fill_references(&mut delivery, lanes)?;
                claimed.push(delivery);
            }
            // Rows of a destination that is full may have kept others from being seen.
            if n_rows < wanted || busy.len() == n_busy || claimed.len() == limit {
                return Ok(Claims { claimed, busy });
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
                route: row.get::<_, Option<String>>(13)?.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text))?,
                first: None,
                updates: row.get(14)?,
                waited: row.get(15)?,
            };
            claimable.push((delivery, is_needed(&row.get::<_, String>(10)?, row.get(11)?, instant(row.get(7)?))?));
        }
        Ok(claimable)
    }

    /// Fills a digest with what of it is still needed, most urgent first. `false` if nothing is left.
    fn fill_digest(&self, delivery: &mut Claimed) -> Result<bool> {
        let Content::Digest { alerts, violations, cause } = &mut delivery.content else { return Ok(true) };
        // A summary tells what happened, not only what is still so.
        let tells_all = matches!(cause, HeldFor::Daily | HeldFor::Silence);
        let mut statement = self.prepare(
            "SELECT a.content, a.why, c.clock, d.decided_at FROM deliveries d JOIN alerts a ON a.id = d.alert
             LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
             WHERE d.gathered_into = ?1 ORDER BY d.rank, d.planned_at",
        )?;
        let mut rows = statement.query([delivery.id])?;
        while let Some(row) = rows.next()? {
            let why: String = row.get(1)?;
            let is_needed = (tells_all && is_of_breach(&why)) || is_needed(&why, row.get(2)?, instant(row.get(3)?))?;
            match serde_json::from_str(&row.get::<_, String>(0)?)? {
                Content::Alert(facts) if is_needed => alerts.push(*facts),
                Content::Violation(facts) => violations.push(*facts),
                _ => {}
            }
        }
        // Of one promise, only the latest news.
        let latest = |facts: &AlertFacts| {
            alerts.iter().filter(|other| other.is_of_same_promise(facts)).map(|other| other.planned_at).max()
        };
        let mut kept: Vec<AlertFacts> =
            alerts.iter().filter(|facts| latest(facts) == Some(facts.planned_at)).cloned().collect();
        let is_summary = *cause == HeldFor::Daily;
        // One alert is no list.
        match (kept.len(), violations.len()) {
            (0, 0) => return Ok(false),
            (1, 0) if !is_summary => {
                let only = kept.pop().map(|facts| Content::Alert(Box::new(facts)));
                delivery.content = only.unwrap_or_else(|| delivery.content.clone());
            }
            (0, 1) if !is_summary => {
                let only = violations.pop().map(|facts| Content::Violation(Box::new(facts)));
                delivery.content = only.unwrap_or_else(|| delivery.content.clone());
            }
            _ => *alerts = kept,
        }
        Ok(true)
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
        let pending = statement.query_row([serde_json::to_string(busy)?], |row| row.get::<_, Option<i64>>(0))?;
        Ok([pending.map(instant), self.next_release_at()?].into_iter().flatten().min())
    }

    fn leased_by_destination(&self) -> Result<HashMap<String, usize>> {
        let mut statement =
            self.prepare("SELECT destination, count(*) FROM deliveries WHERE state = 'leased' GROUP BY destination")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX))))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Adds what the peer called its first message about the request.
    fn fill_references(&self, delivery: &mut Claimed, lanes: &Lanes) -> Result<()> {
        let request = match &delivery.content {
            Content::Update { about, .. } => Some(about.request),
            _ => delivery.request,
        };
        let Some(RequestId(request)) = request.filter(|_| lanes.threaded.contains(&delivery.destination)) else {
            return Ok(());
        };
        let mut statement = self.prepare(
            "SELECT d.reference FROM alerts a JOIN deliveries d ON d.alert = a.id
             WHERE a.request = ?1 AND d.destination = ?2 AND d.person IS ?3 AND d.reference IS NOT NULL ORDER BY d.id LIMIT 1",
        )?;
        let found = statement.query_row(params![request, delivery.destination, delivery.person], |row| row.get(0));
        delivery.first = found.optional()?;
        Ok(())
    }
}

/// Whether it tells of a promise that is broken.
fn is_of_breach(why: &str) -> bool {
    why == Why::Breach.as_str() || why == Why::Escalation.as_str()
}

/// Whether the alert of a clock still tells something that is so. Lists and notices always do.
fn is_needed(why: &str, clock: Option<String>, decided_at: DateTime<Utc>) -> Result<bool> {
    let Some(clock) = clock else { return Ok(true) };
    let clock: Clock = serde_json::from_str(&clock)?;
    let told_of_breach = is_of_breach(why);
    let stands = match clock.state {
        ClockState::Breached => true,
        ClockState::Running => !told_of_breach,
        ClockState::Paused | ClockState::Met | ClockState::MetLate | ClockState::Cancelled => false,
    };
    // What was decided after somebody took it says that the time for that is over.
    let is_taken = clock.acked_at.is_some_and(|acked_at| decided_at <= acked_at);
    Ok(stands && clock.is_live() && !is_taken)
}
