//! Requests, their threads, clocks and wakes.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, Rows, params};

use super::{Result, Store, instant, milliseconds};
use crate::engine::clock::Clock;
use crate::engine::effect::{Wake, WakeReason};
use crate::engine::request::{Phase, Request, RequestId};

/// Which requests a listing wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// `open` (which includes waiting), `waiting`, `closed`, `overdue`, or all.
    pub state: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// Key of the owner.
    pub owner: Option<String>,
    /// Due before that instant.
    pub due_before: Option<DateTime<Utc>>,
    /// Only those with a smaller number: where the last page ended.
    pub below: Option<i64>,
    /// Rows at most.
    pub limit: u32,
}

impl Store {
    /// The highest number given to a request so far.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn last_request(&self) -> Result<i64> {
        Ok(self.prepare("SELECT coalesce(max(id), 0) FROM requests")?.query_row([], |row| row.get(0))?)
    }

    /// One request; none where it cannot be read, which is noted.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn request(&self, id: RequestId) -> Result<Option<Request>> {
        let mut statement = self.prepare("SELECT state FROM requests WHERE id = ?1")?;
        let mut rows = statement.query([id.0])?;
        Ok(rows.next()?.and_then(|row| self.parsed(id, "request", row, 0)))
    }

    /// The request to which a conversation belongs.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn request_by_thread(&self, channel: &str, thread: &str) -> Result<Option<RequestId>> {
        let mut statement = self.prepare("SELECT request FROM threads WHERE channel = ?1 AND thread = ?2")?;
        Ok(statement.query_row([channel, thread], |row| row.get(0).map(RequestId)).optional()?)
    }

    /// Gives a request a further name; a name that is taken stays with its request.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn link_thread(&self, channel: &str, thread: &str, request: RequestId) -> Result<()> {
        self.prepare("INSERT INTO threads (channel, thread, request) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![channel, thread, request.0])?;
        Ok(())
    }

    /// Gives a name to a request that may have been another's.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn move_thread(&self, channel: &str, thread: &str, request: RequestId) -> Result<()> {
        self.prepare(
            "INSERT INTO threads (channel, thread, request) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET request = ?3",
        )?
        .execute(params![channel, thread, request.0])?;
        Ok(())
    }

    /// Writes a request with its wake.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn put_request(&self, request: &Request, wake: Option<Wake>, is_new: bool) -> Result<()> {
        let sql = if is_new {
            "INSERT INTO requests (id, phase, kind, channel, owner, customer, opened_at, due_at, state, contact)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        } else {
            "UPDATE requests SET phase = ?2, kind = ?3, channel = ?4, owner = ?5, customer = ?6, opened_at = ?7,
             due_at = ?8, state = ?9, contact = ?10 WHERE id = ?1"
        };
        self.prepare(sql)?.execute(params![
            request.id.0,
            request.phase.as_str(),
            request.facets.kind.as_str(),
            request.facets.channel,
            request.owner,
            request.facets.customer,
            milliseconds(request.opened_at),
            request.due_at().map(milliseconds),
            serde_json::to_string(request)?,
            request.contact_word(),
        ])?;
        match wake {
            Some(wake) => {
                self.prepare("INSERT OR REPLACE INTO wakes (request, at, why) VALUES (?1, ?2, ?3)")?
                    .execute(params![request.id.0, milliseconds(wake.at), code(wake.why)])?;
            }
            None if is_new => {}
            None => {
                self.prepare("DELETE FROM wakes WHERE request = ?1")?.execute([request.id.0])?;
            }
        }
        Ok(())
    }

    /// Writes clocks of a request.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn put_clocks(&self, request: RequestId, clocks: &[Clock]) -> Result<()> {
        let mut statement = self.prepare(
            "INSERT OR REPLACE INTO clocks (request, kind, cycle, state, policy, revision, started_at, due_at, breached_at,
             stopped_at, clock) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for clock in clocks {
            statement.execute(params![
                request.0,
                clock.kind.as_str(),
                clock.cycle,
                clock.state.as_str(),
                clock.policy,
                clock.revision,
                milliseconds(clock.started_at),
                clock.due_at.map(milliseconds),
                clock.breached_at.map(milliseconds),
                clock.stopped_at.map(milliseconds),
                serde_json::to_string(clock)?,
            ])?;
        }
        Ok(())
    }

    /// Every clock that a request ever had, by kind and cycle.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn clocks(&self, request: RequestId) -> Result<Vec<Clock>> {
        let mut statement = self.prepare("SELECT clock FROM clocks WHERE request = ?1")?;
        let mut rows = statement.query([request.0])?;
        let mut clocks = Vec::new();
        while let Some(row) = rows.next()? {
            clocks.extend(self.parsed(request, "clock", row, 0));
        }
        Ok(clocks)
    }

    /// Takes the clocks of a request away, to be written anew.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn remove_clocks(&self, request: RequestId) -> Result<()> {
        self.prepare("DELETE FROM clocks WHERE request = ?1")?.execute([request.0])?;
        Ok(())
    }

    /// Requests by filter, newest first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn list(&self, filter: &Filter, now: DateTime<Utc>) -> Result<Vec<Request>> {
        let mut statement = self.prepare(
            "SELECT id, state FROM requests
             WHERE (?1 IS NULL OR (?1 = 'open' AND phase IN ('open', 'waiting')) OR phase = ?1
                    OR (?1 = 'overdue' AND phase IN ('open', 'waiting') AND due_at <= ?2))
               AND (?3 IS NULL OR channel = ?3) AND (?4 IS NULL OR owner = ?4)
               AND (?5 IS NULL OR due_at < ?5) AND (?6 IS NULL OR id < ?6)
             ORDER BY id DESC",
        )?;
        let rows = statement.query(params![
            filter.state,
            milliseconds(now),
            filter.channel,
            filter.owner,
            filter.due_before.map(milliseconds),
            filter.below,
        ])?;
        self.read_requests(rows, filter.limit as usize)
    }

    /// Open requests of a kind that have an owner, oldest first: what the daily list is made of (rule D1).
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn open_with_owner(&self, kind: &str) -> Result<Vec<Request>> {
        let mut statement = self.prepare(
            "SELECT id, state FROM requests WHERE phase IN ('open', 'waiting') AND kind = ?1 AND owner IS NOT NULL
             ORDER BY opened_at, id",
        )?;
        self.read_requests(statement.query([kind])?, usize::MAX)
    }

    /// Numbers of requests that may still move, for planning them anew.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn live_requests(&self) -> Result<Vec<RequestId>> {
        let live = [Phase::Open.as_str(), Phase::Waiting.as_str()];
        let mut statement = self.prepare("SELECT id FROM requests WHERE phase IN (?1, ?2)")?;
        let rows = statement.query_map(live, |row| row.get(0).map(RequestId))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Requests that may still move, what is due first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn live_by_due(&self, limit: usize) -> Result<Vec<Request>> {
        let mut statement =
            self.prepare("SELECT id, state FROM requests WHERE phase IN (?1, ?2) ORDER BY due_at IS NULL, due_at, id")?;
        let (open, waiting) = (Phase::Open.as_str(), Phase::Waiting.as_str());
        self.read_requests(statement.query([open, waiting])?, limit)
    }

    /// At most so many of the rows' requests, each after its number; those that cannot be read are left out.
    fn read_requests(&self, mut rows: Rows<'_>, most: usize) -> Result<Vec<Request>> {
        let mut requests = Vec::new();
        while requests.len() < most
            && let Some(row) = rows.next()?
        {
            requests.extend(self.parsed(RequestId(row.get(0)?), "request", row, 1));
        }
        Ok(requests)
    }

    /// Calls `each` with every wake; what the queue is rebuilt from.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn each_wake(&self, mut each: impl FnMut(RequestId, Wake)) -> Result<()> {
        let mut statement = self.prepare("SELECT request, at, why FROM wakes")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, wake) = wake(row)?;
            each(id, wake);
        }
        Ok(())
    }

    /// The next wakes, soonest first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn next_wakes(&self, limit: u32) -> Result<Vec<(RequestId, Wake)>> {
        let mut statement = self.prepare("SELECT request, at, why FROM wakes ORDER BY at, why LIMIT ?1")?;
        let rows = statement.query_map([limit], wake)?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// How many requests stand in each phase.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn count_by_phase(&self) -> Result<Vec<(String, i64)>> {
        let mut statement = self.prepare("SELECT phase, count(*) FROM requests GROUP BY phase")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }
}

fn wake(row: &Row<'_>) -> rusqlite::Result<(RequestId, Wake)> {
    let why = if row.get::<_, i64>(2)? == code(WakeReason::Breach) { WakeReason::Breach } else { WakeReason::Warning };
    Ok((RequestId(row.get(0)?), Wake { at: instant(row.get(1)?), why }))
}

const fn code(why: WakeReason) -> i64 {
    match why {
        WakeReason::Breach => 0,
        WakeReason::Warning => 1,
    }
}
