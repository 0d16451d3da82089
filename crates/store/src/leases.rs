//! Leasing: deliveries that may go out now, most urgent first, each to a destination that has room for it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::params;
use rusqlite::types::ValueRef;

use super::database::{Optional as _, Row};
use super::{Result, Store, Writing, instant, known, milliseconds, motive, standing};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::DeliveryId;
use plazo_core::outbox::digest::Composed;
use plazo_core::outbox::message::Leased;
use plazo_core::outbox::select::{Candidate, Choice, Round};
use plazo_core::outbox::writing::source_of;
use plazo_core::outbox::{Content, Lanes};
use plazo_core::slots::Slots;
use plazo_core::text::vocabulary::UNREADABLE;

/// What was leased, and who had no room for more.
#[derive(Debug, Default)]
pub struct Leases {
    /// Deliveries under lease.
    pub leased: Vec<Leased>,
    /// Destinations that are full.
    pub busy: Vec<String>,
    /// Of what is written into tickets: what nobody needs any more, and may be there all the same.
    pub doubtful: Vec<DeliveryId>,
}

/// Why a delivery that was to go out, or to be let go, stands otherwise than it was read.
const TAKEN: Option<&str> = Some("a delivery went out by another daemon");

/// What of the deliveries one of several daemons leases: those to destinations that are its own, and what it decided itself, where nobody
/// paces it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeasePart {
    /// Its name.
    pub daemon: String,
    /// The slots that are its own.
    pub slots: Slots,
    /// What it decided just now.
    pub decided: Vec<DeliveryId>,
}

/// Rows that may go out, and those that cannot be read.
#[derive(Default)]
struct Found {
    ready: Vec<Candidate>,
    unreadable: Vec<DeliveryId>,
}

/// Destinations for which something waits: one step through the index for each, however much that is (LESSONS 58).
const WAITING: &str = "WITH RECURSIVE waiting (destination) AS (
         SELECT min(destination) FROM deliveries WHERE state = 'pending'
         UNION ALL
         SELECT (SELECT min(d.destination) FROM deliveries d WHERE d.state = 'pending' AND waiting.destination < d.destination)
         FROM waiting WHERE waiting.destination IS NOT NULL)
     SELECT w.destination, h.until FROM waiting w LEFT JOIN holds h ON h.destination = w.destination
     WHERE w.destination IS NOT NULL AND w.destination NOT IN ";

/// What of one destination may go, most urgent first.
const OF_DESTINATION: &str = "SELECT rank, planned_at, id FROM deliveries
     WHERE state = 'pending' AND destination = ?1 AND next_at <= ?2 ORDER BY rank, planned_at LIMIT ?3";

/// The same of what is written into tickets: into each in the order in which it was decided.
const OF_TICKETS: &str = "SELECT d.rank, d.planned_at, d.id FROM deliveries d
     WHERE d.state = 'pending' AND d.destination = ?1 AND d.next_at <= ?2 AND NOT EXISTS (
         SELECT 1 FROM alerts own JOIN alerts a ON a.request = own.request JOIN deliveries e ON e.alert = a.id
         WHERE own.id = d.alert AND e.destination = d.destination AND e.id < d.id AND e.state IN ('pending', 'leased'))
     ORDER BY d.rank, d.planned_at LIMIT ?3";

/// When the next of one destination may go; into each ticket the first one.
const NEXT_OF_DESTINATION: &str = "SELECT min(next_at) FROM deliveries WHERE state = 'pending' AND destination = ?1";
const NEXT_OF_TICKETS: &str = "SELECT min(d.next_at) FROM deliveries d
     WHERE d.state = 'pending' AND d.destination = ?1 AND NOT EXISTS (
         SELECT 1 FROM alerts own JOIN alerts a ON a.request = own.request JOIN deliveries e ON e.alert = a.id
         WHERE own.id = d.alert AND e.destination = d.destination AND e.id < d.id AND e.state IN ('pending', 'leased'))";

/// What of a delivery is looked at before it goes, with whether a later deed for the same ticket makes an owner or a priority needless.
macro_rules! ready {
    ($is_superseded:literal) => {
        concat!(
            "SELECT d.id, d.fence, d.attempts, d.in_doubt, d.person, d.destination, d.planned_at, d.decided_at,
            a.request, CASE WHEN a.v = 1 THEN a.content END, a.why, EXISTS (SELECT 1 FROM holds h WHERE h.destination = d.destination),
            d.route, (SELECT o.reference FROM deliveries o WHERE o.id = d.updates),
            CASE WHEN d.held_for NOT IN ('downtime', 'history', 'edit') THEN 1 ELSE 0 END, c.state, c.stopped_at, c.acked_at,
            d.destination LIKE 'source.%' AND ",
            $is_superseded,
            "
     FROM deliveries d JOIN alerts a ON a.id = d.alert
     LEFT JOIN clocks c ON c.request = a.request AND c.kind = a.kind AND c.cycle = a.cycle
     WHERE d.id = ?1"
        )
    };
}

const READY: &str = ready!(
    "iif(json_valid(a.content), a.content ->> '$.do', '') IN ('assign', 'priority') AND EXISTS (
                SELECT 1 FROM alerts b JOIN deliveries e ON e.alert = b.id
                WHERE b.request = a.request AND e.destination = d.destination AND d.id < e.id
                AND e.state IN ('pending', 'leased', 'sent')
                AND iif(json_valid(b.content), b.content ->> '$.do', '') = a.content ->> '$.do')"
);

/// The same for PostgreSQL, which looks into no JSON: a text begins with what is done.
const READY_SHARED: &str = ready!(
    "EXISTS (
                SELECT 1 FROM alerts b JOIN deliveries e ON e.alert = b.id
                JOIN (VALUES ('{\"type\":\"write\",\"do\":\"assign\"'), ('{\"type\":\"write\",\"do\":\"priority\"')) AS deed (begins)
                    ON strpos(a.content, deed.begins) = 1 AND strpos(b.content, deed.begins) = 1
                WHERE b.request = a.request AND e.destination = d.destination AND d.id < e.id
                AND e.state IN ('pending', 'leased', 'sent'))"
);

impl Store {
    /// Deliveries that may go out now, without leasing them: for a store that cannot be written.
    /// None goes to those in `busy`.
    pub fn peek(&self, now: DateTime<Utc>, limit: usize, busy: &[String]) -> Result<Vec<Leased>> {
        let mut peeked = Vec::new();
        for candidate in self.ready(now, limit, busy, None)?.ready {
            let is_needed = candidate.is_needed();
            let mut delivery = candidate.delivery;
            match self.composed(&delivery)? {
                _ if !is_needed => continue,
                None => {}
                Some(Composed::Says(content)) => delivery.content = content,
                Some(Composed::Empty | Composed::NotYet(_)) => continue,
            }
            delivery.attempt += 1;
            peeked.push(delivery);
        }
        Ok(peeked)
    }

    fn ready(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        busy: &[String],
        part: Option<(&LeasePart, &Lanes)>,
    ) -> Result<Found> {
        let mut urgent = Vec::new();
        for (destination, held_until) in self.waiting(busy)? {
            let others = part.filter(|(part, _)| !part.slots.has_name(&destination));
            match others {
                None if held_until.is_none_or(|until| until <= now) => {
                    urgent.extend(self.urgent_of(&destination, limit, now)?);
                }
                // Where another daemon paces, or tries whether it goes again, all wait for that one.
                Some((part, lanes)) if held_until.is_none() && !lanes.at_once.contains_key(&destination) => {
                    urgent.extend(self.decided_for(&destination, part, now)?);
                }
                _ => {}
            }
        }
        urgent.sort_unstable();
        urgent.truncate(limit);
        let mut statement = self.prepare(self.either(READY, READY_SHARED))?;
        let mut found = Found::default();
        for (_, _, id) in urgent {
            let mut rows = statement.query([id])?;
            while let Some(row) = &rows.next()? {
                self.take_in(row, &mut found)?;
            }
        }
        Ok(found)
    }

    /// Destinations for which something waits, and until when each stands still; those in `busy` aside.
    fn waiting(&self, busy: &[String]) -> Result<Vec<(String, Option<DateTime<Utc>>)>> {
        let mut statement = self.prepare(&format!("{WAITING} {}", self.listed()))?;
        let rows = statement.query_map([serde_json::to_string(busy)?], |row| Ok((row.get(0)?, known(row.get(1)?))))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Rank, planned instant and id of what may go to a destination.
    fn urgent_of(&self, destination: &str, limit: usize, now: DateTime<Utc>) -> Result<Vec<(i64, i64, i64)>> {
        let is_of_tickets = source_of(destination).is_some();
        let mut statement = self.prepare(if is_of_tickets { OF_TICKETS } else { OF_DESTINATION })?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![destination, milliseconds(now), limit], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// The same of what was just decided here, and was not tried before.
    fn decided_for(&self, destination: &str, part: &LeasePart, now: DateTime<Utc>) -> Result<Vec<(i64, i64, i64)>> {
        if source_of(destination).is_some() || part.decided.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = self.prepare(
            "SELECT rank, planned_at, id FROM deliveries
             WHERE id = ?1 AND state = 'pending' AND destination = ?2 AND next_at <= ?3 AND attempts = 0 AND updates IS NULL",
        )?;
        let mut found = Vec::new();
        for id in &part.decided {
            let rows = statement
                .query_map(params![id.0, destination, milliseconds(now)], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<Result<Vec<_>>>()?;
            found.extend(rows);
        }
        Ok(found)
    }

    /// Takes in a row of [`READY`].
    fn take_in(&self, row: &Row<'_>, found: &mut Found) -> Result<()> {
        let (id, request) = (DeliveryId(row.get(0)?), row.get::<Option<i64>>(8)?.map(RequestId));
        let of = request.unwrap_or(RequestId(0));
        let instants = instant(row.get(6)?).and_then(|planned_at| Ok((planned_at, instant(row.get(7)?)?)));
        let (Some(content), Ok((planned_at, decided_at))) = (self.parsed(of, "alert", row, 9), instants) else {
            found.unreadable.push(id);
            return Ok(());
        };
        let delivery = Leased {
            id,
            fence: row.get(1)?,
            attempt: row.get(2)?,
            in_doubt: row.get(3)?,
            person: row.get(4)?,
            destination: row.get(5)?,
            planned_at,
            decided_at,
            request,
            content,
            is_probe: row.get(11)?,
            route: if row.get_ref(12)? == ValueRef::Null { None } else { self.parsed(of, "route", row, 12) }
                .unwrap_or_default(),
            first: None,
            updates: row.get(13)?,
            waited: row.get(14)?,
        };
        let (motive, clock, is_superseded) = (motive(row, 10)?, standing(row, 15)?, row.get(18)?);
        found.ready.push(Candidate { delivery, motive, clock, is_superseded });
        Ok(())
    }

    /// The next instant to look for a delivery that may go out, those for destinations in `busy` aside. Asked for when none may now:
    /// then what waits for a destination that does not stand still is what is tried again, which is little.
    ///
    /// Where several daemons share the work, `slots` are this one's: what waits for another's destinations is not its business.
    pub fn next_delivery_at(
        &self,
        busy: &[String],
        slots: Option<Slots>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut next = self.next_release_at()?;
        let mut plain = self.prepare(NEXT_OF_DESTINATION)?;
        let mut of_tickets = self.prepare(NEXT_OF_TICKETS)?;
        let is_own = |destination: &str| slots.is_none_or(|slots| slots.has_name(destination));
        for (destination, held_until) in self.waiting(busy)?.into_iter().filter(|(destination, _)| is_own(destination))
        {
            let at = match held_until.filter(|until| now < *until) {
                Some(until) => Some(until),
                None => {
                    let statement = if source_of(&destination).is_some() { &mut of_tickets } else { &mut plain };
                    known(statement.query_row([destination], |row| row.get(0))?)
                }
            };
            next = [next, at].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// Deliveries that are on their way now, each with the how manieth try it is.
    pub fn on_their_way(&self) -> Result<BTreeSet<(DeliveryId, i64)>> {
        let mut statement = self.prepare("SELECT id, fence FROM deliveries WHERE state = 'leased'")?;
        let rows = statement.query_map([], |row| Ok((DeliveryId(row.get(0)?), row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    fn leased_by_destination(&self) -> Result<HashMap<String, usize>> {
        let mut statement =
            self.prepare("SELECT destination, count(*) FROM deliveries WHERE state = 'leased' GROUP BY destination")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, usize::try_from(row.get::<i64>(1)?).unwrap_or(usize::MAX))))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Adds what the peer called its first message about the request.
    fn fill_references(&self, delivery: &mut Leased, lanes: &Lanes) -> Result<()> {
        let request = match &delivery.content {
            Content::Update { about, .. } => Some(about.request),
            _ => delivery.request,
        };
        let Some(RequestId(request)) = request.filter(|_| lanes.threaded.contains(&delivery.destination)) else {
            return Ok(());
        };
        let mut statement = self.prepare(
            "SELECT d.reference FROM alerts a JOIN deliveries d ON d.alert = a.id
             WHERE a.request = ?1 AND d.destination = ?2 AND d.person IS NOT DISTINCT FROM ?3 AND d.reference IS NOT NULL ORDER BY d.id LIMIT 1",
        )?;
        let found = statement.query_row(params![request, delivery.destination, delivery.person], |row| row.get(0));
        delivery.first = found.optional()?;
        Ok(())
    }
}

impl Writing<'_> {
    /// Leases deliveries that may go out now, most urgent first. Those whose request no longer needs them are settled as
    /// `unneeded` on the way (LESSONS 30). None goes to those in `busy`, and no more to one destination than its lane has room for.
    pub fn lease(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: usize,
        busy: &[String],
        lanes: &Lanes,
    ) -> Result<Leases> {
        self.lease_part(now, lease_until, limit, busy, lanes, None)
    }

    /// The same of one of several daemons: no more than is its part.
    pub fn lease_part(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: usize,
        busy: &[String],
        lanes: &Lanes,
        part: Option<&LeasePart>,
    ) -> Result<Leases> {
        let (mut leased, mut doubtful): (Vec<Leased>, _) = (Vec::new(), Vec::new());
        let on_way = if lanes.at_once.is_empty() { HashMap::new() } else { self.leased_by_destination()? };
        let mut round = Round::new(lanes, on_way, busy);
        loop {
            let wanted = limit - leased.len();
            let rows = self.ready(now, wanted, round.busy(), part.map(|part| (part, lanes)))?;
            let (n_rows, n_busy) = (rows.ready.len() + rows.unreadable.len(), round.busy().len());
            for id in rows.unreadable {
                self.settle_unreadable(id, now)?;
            }
            for candidate in rows.ready {
                let chosen = round.choose(&candidate);
                let mut delivery = candidate.delivery;
                let filled = if chosen == Choice::Goes { self.fill(&mut delivery, now)? } else { chosen };
                if filled == Choice::Goes {
                    self.mark_leased(&mut delivery, lease_until, part.map(|part| part.daemon.as_str()))?;
                    self.fill_references(&mut delivery, lanes)?;
                    leased.push(delivery);
                    continue;
                }
                if chosen == Choice::Goes {
                    round.give_back(&delivery.destination);
                }
                if filled == Choice::Unneeded {
                    self.settle_unneeded(delivery.id, now)?;
                    let may_be_written = delivery.in_doubt && source_of(&delivery.destination).is_some();
                    doubtful.extend(may_be_written.then_some(delivery.id));
                }
            }
            // Rows of a destination that is full may have kept others from being seen.
            if n_rows < wanted || round.busy().len() == n_busy || leased.len() == limit {
                return Ok(Leases { leased, busy: round.into_busy(), doubtful });
            }
        }
    }

    /// Fills a message that was gathered with what of it is still needed.
    fn fill(&self, delivery: &mut Leased, now: DateTime<Utc>) -> Result<Choice> {
        Ok(match self.composed(delivery)? {
            None => Choice::Goes,
            Some(Composed::Says(content)) => {
                delivery.content = content;
                Choice::Goes
            }
            Some(Composed::Empty) => Choice::Unneeded,
            Some(Composed::NotYet(unneeded)) => {
                self.leave_out(&unneeded, now)?;
                Choice::Later
            }
        })
    }

    fn mark_leased(&self, delivery: &mut Leased, until: DateTime<Utc>, daemon: Option<&str>) -> Result<()> {
        let (id, until) = (delivery.id.0, milliseconds(until));
        if self.is_shared() {
            self.prepare(
                "UPDATE deliveries SET state = 'leased', fence = fence + 1, attempts = attempts + 1, next_at = ?2, leased_by = ?3
                 WHERE id = ?1 AND state = 'pending'",
            )?
            .send_unless(TAKEN, params![id, until, daemon])?;
        } else {
            self.prepare(
                "UPDATE deliveries SET state = 'leased', fence = fence + 1, attempts = attempts + 1, next_at = ?2
                 WHERE id = ?1 AND state = 'pending'",
            )?
            .send_unless(TAKEN, params![id, until])?;
        }
        delivery.fence += 1;
        delivery.attempt += 1;
        Ok(())
    }

    /// An alert of which nothing can be said is dead, and shown as that.
    fn settle_unreadable(&self, id: DeliveryId, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "UPDATE deliveries SET state = 'dead', finished_at = ?2, answer = ?3 WHERE id = ?1 AND state = 'pending'",
        )?
        .send_unless(TAKEN, params![id.0, milliseconds(now), UNREADABLE])
    }

    fn settle_unneeded(&self, id: DeliveryId, now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE deliveries SET state = 'unneeded', finished_at = ?2 WHERE id = ?1 AND state = 'pending'")?
            .send_unless(TAKEN, params![id.0, milliseconds(now)])
    }
}
