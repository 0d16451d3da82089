//! The daemons that share a PostgreSQL: who lives, by the server's clock, and who looks after which slots.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;
use serde::Serialize;

use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::effect::Wake;
use plazo_core::engine::request_id::RequestId;
use plazo_core::slots::{Slots, shift};

/// How long a daemon lives without saying so again.
pub const LIVES: TimeDelta = TimeDelta::seconds(9);
/// How long it is shown after that.
const SHOWN: TimeDelta = TimeDelta::hours(1);
/// The server's own time, in milliseconds.
pub(super) const SERVER_NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

/// What a daemon says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Its name, random for each process.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Where it is reached.
    pub url: Option<String>,
    /// By how much its clock is ahead of the server's.
    pub ahead: TimeDelta,
    /// Whether the file beside it is another than the one in force.
    pub has_other_file: bool,
    /// Whether it may look after anything.
    pub may_share: bool,
}

/// What a daemon learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The server's time.
    pub now: DateTime<Utc>,
    /// The slots that are its own.
    pub slots: Slots,
    /// When the next of the others is dead, unless it says that it lives.
    pub next_death: Option<DateTime<Utc>>,
    /// Daemons that share the slots.
    pub n_sharing: u32,
    /// The number of the file in force.
    pub revision: i64,
    /// Deliveries that somebody had who lives no more, and that are free again.
    pub n_freed: usize,
}

/// A daemon as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DaemonRow {
    /// Its name.
    pub id: String,
    /// Since when it runs.
    pub since: DateTime<Utc>,
    /// Whether it lives.
    pub lives: bool,
    /// Its version.
    pub version: String,
    /// Where it is reached.
    pub url: Option<String>,
    /// By how many milliseconds its clock is ahead of the server's.
    pub ahead_ms: i64,
    /// Whether the file beside it is another than the one in force.
    pub has_other_file: bool,
    /// How many of the 64 slots it looks after.
    pub n_slots: u32,
}

/// A daemon as the others see it.
struct Other {
    id: String,
    until: DateTime<Utc>,
    version: String,
    shares: bool,
}

impl Store {
    /// The slots of a daemon, which others may have given it a moment ago.
    pub fn slots_of(&self, id: &str) -> Result<Slots> {
        let mut statement = self.prepare("SELECT slot FROM slots WHERE owner = ?1")?;
        let rows = statement.query_map([id], |row| row.get::<u32>(0))?;
        rows.collect()
    }

    /// The server's time.
    pub fn server_now(&self) -> Result<DateTime<Utc>> {
        let mut statement = self.prepare(&format!("SELECT {SERVER_NOW}"))?;
        Ok(statement.query_row([], |row| row.get(0).and_then(instant))?)
    }

    /// The daemons that live, and those that did until lately.
    pub fn daemons(&self) -> Result<Vec<DaemonRow>> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        let mut statement = self.prepare(&format!(
            "SELECT d.id, d.since, CASE WHEN {SERVER_NOW} < d.until THEN 1 ELSE 0 END, d.version, d.url, d.ahead, d.has_other_file,
                    (SELECT count(*) FROM slots s WHERE s.owner = d.id)
             FROM daemons d ORDER BY d.since, d.id"
        ))?;
        let rows = statement.query_map([], |row| {
            Ok(DaemonRow {
                id: row.get(0)?,
                since: row.get(1).and_then(instant)?,
                lives: row.get(2)?,
                version: row.get(3)?,
                url: row.get(4)?,
                ahead_ms: row.get(5)?,
                has_other_file: row.get(6)?,
                n_slots: row.get(7)?,
            })
        })?;
        rows.collect()
    }

    /// Wakes of slots up to an instant, soonest first.
    pub fn wakes_of(&self, slots: Slots, until: DateTime<Utc>, limit: u32) -> Result<Vec<(RequestId, Wake)>> {
        let listed: Vec<u32> = slots.iter().collect();
        let mut statement = self.prepare(
            "SELECT request, at, why FROM wakes WHERE slot IN (SELECT CAST(json_array_elements_text(CAST(?1 AS json)) AS BIGINT))
             AND at <= ?2 ORDER BY at LIMIT ?3",
        )?;
        let rows = statement
            .query_map(params![serde_json::to_string(&listed)?, milliseconds(until), limit], super::requests::wake)?;
        rows.collect()
    }

    /// Whether a delivery may go out to a destination that does not stand, or is let go by its time.
    pub fn has_deliveries(&self, now: DateTime<Utc>) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT EXISTS (SELECT 1 FROM deliveries d WHERE d.state = 'pending' AND d.next_at <= ?1
                 AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.destination = d.destination AND ?1 < h.until))
             OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'held' AND held_for NOT IN ('downtime', 'history', 'edit') AND next_at <= ?1)",
        )?;
        Ok(statement.query_row([milliseconds(now)], |row| row.get(0))?)
    }

    /// Whether something waits to be gathered that fell due while nobody ran, or before anybody heard of it.
    pub fn has_late_ones(&self) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'held' AND held_for IN ('downtime', 'history'))",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// The number of the journal's last entry.
    pub fn last_entry(&self) -> Result<i64> {
        Ok(self.prepare("SELECT coalesce(max(seq), 0) FROM journal")?.query_row([], |row| row.get(0))?)
    }

    /// Entries of the journal after a number, each with its request.
    pub fn entries_after(&self, entry: i64, limit: u32) -> Result<Vec<(i64, RequestId)>> {
        let mut statement =
            self.prepare("SELECT seq, request FROM journal WHERE ?1 < seq AND 0 < request ORDER BY seq LIMIT ?2")?;
        let rows =
            statement.query_map([entry, i64::from(limit)], |row| Ok((row.get(0)?, row.get(1).map(RequestId)?)))?;
        rows.collect()
    }

    /// When the first of all wakes is.
    pub fn next_wake_at(&self) -> Result<Option<DateTime<Utc>>> {
        Ok(super::known(self.prepare("SELECT min(at) FROM wakes")?.query_row([], |row| row.get(0))?))
    }

    /// How many wakes there are, and the first.
    pub fn count_wakes(&self) -> Result<(u64, Option<DateTime<Utc>>)> {
        let mut statement = self.prepare("SELECT count(*), min(at) FROM wakes")?;
        Ok(statement.query_row([], |row| Ok((row.get::<i64>(0)?.unsigned_abs(), super::known(row.get(1)?))))?)
    }
}

impl Writing<'_> {
    /// Says that a daemon lives, takes slots that are nobody's and gives up what is more than its part. What somebody had on its way who
    /// lives no more is free again, and in doubt.
    pub fn renew(&self, beat: &Beat, now: DateTime<Utc>) -> Result<Membership> {
        let mut statement = self.prepare(&format!(
            "INSERT INTO daemons (id, until, since, version, url, ahead, has_other_file, shares)
             VALUES (?1, {SERVER_NOW} + CAST(?2 AS BIGINT), {SERVER_NOW}, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET until = excluded.until, url = excluded.url, ahead = excluded.ahead,
                 has_other_file = excluded.has_other_file, shares = excluded.shares
             RETURNING until"
        ))?;
        let lives = LIVES.num_milliseconds();
        let values = params![
            beat.id,
            lives,
            beat.version,
            beat.url,
            beat.ahead.num_milliseconds(),
            beat.has_other_file,
            beat.may_share
        ];
        let until: DateTime<Utc> = statement.query_row(values, |row| row.get(0).and_then(instant))?;
        let server_now = until - LIVES;
        let (others, dead): (Vec<_>, Vec<_>) =
            self.others(&beat.id)?.into_iter().partition(|other| server_now < other.until);
        let n_freed = if dead.is_empty() { 0 } else { self.free_leases_of_dead(now)? };
        let newest = others.iter().map(|other| ordered(&other.version)).max();
        let may_share = beat.may_share && newest.is_none_or(|newest| newest <= ordered(&beat.version));
        // Whoever is of an earlier version takes no part, nor whoever says so: their part is the others'.
        let takes_part = |other: &&Other| other.shares && ordered(&beat.version) <= ordered(&other.version);
        let n_sharing = u32::try_from(others.iter().filter(takes_part).count() + 1).unwrap_or(u32::MAX);
        let best = others.iter().map(|other| ordered(&other.version)).chain([ordered(&beat.version)]).max();
        let takes_more = |other: &&Other| other.shares && Some(ordered(&other.version)) == best;
        let takers = others.iter().filter(takes_more).map(|other| other.id.as_str());
        let slots = self.share(beat, (&others, takers.collect()), n_sharing, may_share)?;
        let gone = milliseconds(server_now - SHOWN);
        self.prepare("DELETE FROM daemons WHERE until < ?1")?.execute([gone])?;
        let revision = self.prepare("SELECT coalesce(max(id), 0) FROM revisions")?.query_row([], |row| row.get(0))?;
        let next_death = others.iter().map(|other| other.until).min();
        Ok(Membership { now: server_now, slots, next_death, n_sharing, revision, n_freed })
    }

    /// Has a wake come later at which looking failed, and counts how often it did.
    pub fn push_wake_back(&self, request: RequestId, at: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE wakes SET at = ?2, attempts = attempts + 1 WHERE request = ?1 AND at < ?2")?
            .execute([request.0, milliseconds(at)])?;
        Ok(())
    }

    /// Gives all slots of a daemon up that ends. What it still has on its way may arrive, and is free again.
    pub fn leave(&self, id: &str, now: DateTime<Utc>) -> Result<()> {
        self.free_leases_of(id, now)?;
        self.prepare("UPDATE slots SET owner = NULL, epoch = epoch + 1 WHERE owner = ?1")?.execute([id])?;
        self.prepare("DELETE FROM daemons WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    fn others(&self, id: &str) -> Result<Vec<Other>> {
        let mut statement = self.prepare("SELECT id, until, version, shares FROM daemons WHERE id <> ?1")?;
        let rows = statement.query_map([id], |row| {
            Ok(Other {
                id: row.get(0)?,
                until: row.get(1).and_then(instant)?,
                version: row.get(2)?,
                shares: row.get(3)?,
            })
        })?;
        rows.collect()
    }

    /// Takes slots, and gives what is more than a part to whoever has the fewest, each only as it was seen.
    fn share(
        &self,
        beat: &Beat,
        (others, takers): (&[Other], Vec<&str>),
        n_sharing: u32,
        may_share: bool,
    ) -> Result<Slots> {
        let mut statement = self.prepare("SELECT slot, owner, epoch FROM slots ORDER BY slot")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<u32>(0)?, row.get::<Option<String>>(1)?, row.get::<i64>(2)?)))?;
        let seen = rows.collect::<Result<Vec<_>>>()?;
        let is_own = |owner: &Option<String>| owner.as_deref() == Some(beat.id.as_str());
        let lives = |owner: &Option<String>| others.iter().any(|other| Some(other.id.as_str()) == owner.as_deref());
        let mut own: Slots = seen.iter().filter(|(_, owner, _)| is_own(owner)).map(|(slot, ..)| *slot).collect();
        let free = seen.iter().filter(|(_, owner, _)| !is_own(owner) && !lives(owner)).map(|(slot, ..)| *slot);
        let shift = shift(own, free.collect(), n_sharing, may_share);
        let mut hand = self.prepare("UPDATE slots SET owner = ?2, epoch = epoch + 1 WHERE slot = ?1 AND epoch = ?3")?;
        let n_of = |id: &str| seen.iter().filter(|(_, owner, _)| owner.as_deref() == Some(id)).count();
        let mut takers: Vec<_> = takers.into_iter().map(|id| (n_of(id), id)).collect();
        for (slot, _, epoch) in &seen {
            if shift.takes.contains(*slot) && hand.execute(params![slot, beat.id, epoch])? == 1 {
                own.insert(*slot);
            }
            if shift.gives.contains(*slot) {
                takers.sort_unstable();
                let taker = takers.first_mut();
                hand.execute(params![slot, taker.as_ref().map(|(_, id)| *id), epoch])?;
                if let Some((n, _)) = taker {
                    *n += 1;
                }
                own.remove(*slot);
            }
        }
        Ok(own)
    }
}

/// A version as it is compared; one that is not known is the oldest.
fn ordered(version: &str) -> Vec<u64> {
    let numbers = version.split(['-', '+', ' ']).next().unwrap_or_default();
    numbers.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}
