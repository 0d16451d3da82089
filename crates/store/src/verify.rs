//! What must hold between the tables, and what can be rebuilt where it does not.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde_json::Value;

use super::database::{Database, Optional as _};
use super::stored::{self, SHAPE};
use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::effect::Wake;
use plazo_core::engine::request::Request;
use plazo_core::engine::request_id::RequestId;

/// Something between the tables that should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loose {
    /// A wake of a request that is not there, or has ended.
    Wake,
    /// A name of a conversation that leads nowhere.
    Thread,
    /// A clock of a request that is not there.
    Clock,
    /// A clock whose columns say otherwise than what is written of it.
    ClockColumns,
    /// A broken rule of a request that is not there.
    Violation,
    /// Something that happened to a request that is not there.
    Happening,
    /// A message about a request that is not there.
    Message,
    /// That somebody took or put off a request that is not there.
    Act,
    /// That a request waits for one that is not there, or the other way round.
    Block,
    /// A delivery of a message that is not there.
    Delivery,
    /// A delivery that went out with one that is not there.
    Gathered,
    /// A count that is not what is there.
    Count,
}

impl Loose {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Wake,
        Self::Thread,
        Self::Clock,
        Self::ClockColumns,
        Self::Violation,
        Self::Happening,
        Self::Message,
        Self::Act,
        Self::Block,
        Self::Delivery,
        Self::Gathered,
        Self::Count,
    ];

    /// Where they are found: the request, or 0, and in what words they are named.
    const fn found_by(self) -> &'static str {
        match self {
            Self::Wake => {
                "SELECT w.request, '' FROM wakes w LEFT JOIN requests r ON r.id = w.request
                 WHERE r.id IS NULL OR r.phase NOT IN ('open', 'waiting')"
            }
            Self::Thread => {
                "SELECT t.request, t.channel FROM threads t LEFT JOIN requests r ON r.id = t.request WHERE r.id IS NULL"
            }
            Self::Clock => {
                "SELECT c.request, c.kind FROM clocks c LEFT JOIN requests r ON r.id = c.request WHERE r.id IS NULL"
            }
            Self::ClockColumns => {
                "SELECT request, kind FROM clocks WHERE clock IS NOT NULL
                 AND (clock ->> '$.state' IS NOT state OR clock ->> '$.kind' IS NOT kind OR clock ->> '$.cycle' IS NOT cycle)"
            }
            Self::Violation => {
                "SELECT v.request, v.rule FROM violations v LEFT JOIN requests r ON r.id = v.request WHERE r.id IS NULL"
            }
            Self::Happening => {
                "SELECT j.request, j.type FROM journal j LEFT JOIN requests r ON r.id = j.request WHERE r.id IS NULL AND 0 < j.request"
            }
            Self::Message => {
                "SELECT a.request, a.why FROM alerts a LEFT JOIN requests r ON r.id = a.request
                 WHERE a.request IS NOT NULL AND r.id IS NULL"
            }
            Self::Act => {
                "SELECT a.request, a.act FROM acts a LEFT JOIN requests r ON r.id = a.request WHERE r.id IS NULL"
            }
            Self::Block => {
                "SELECT b.blocked, 'R-' || b.blocker FROM blocks b LEFT JOIN requests r ON r.id = b.blocked
                 LEFT JOIN requests o ON o.id = b.blocker WHERE r.id IS NULL OR o.id IS NULL"
            }
            Self::Delivery => {
                "SELECT 0, CAST(d.id AS TEXT) FROM deliveries d LEFT JOIN alerts a ON a.id = d.alert WHERE a.id IS NULL"
            }
            Self::Gathered => {
                "SELECT 0, CAST(d.id AS TEXT) FROM deliveries d LEFT JOIN deliveries g ON g.id = d.gathered_into
                 WHERE d.gathered_into IS NOT NULL AND g.id IS NULL"
            }
            Self::Count => {
                "WITH is_so AS (
                     SELECT 'phase' AS subject, phase AS word, count(*) AS n FROM requests GROUP BY phase
                     UNION ALL SELECT 'channel', channel, count(*) FROM requests GROUP BY channel
                     UNION ALL SELECT 'delivery', state, count(*) FROM deliveries
                         WHERE state NOT IN ('pending', 'held', 'leased') GROUP BY state)
                 SELECT 0, s.subject || ' ' || s.word FROM is_so s LEFT JOIN counts c USING (subject, word) WHERE c.n IS DISTINCT FROM s.n
                 UNION ALL SELECT 0, c.subject || ' ' || c.word FROM counts c LEFT JOIN is_so s USING (subject, word)
                     WHERE s.n IS NULL AND c.n <> 0"
            }
        }
    }

    /// What sets it right; none where nothing can.
    const fn mended_by(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Wake => Some(&[
                "DELETE FROM wakes WHERE request NOT IN (SELECT id FROM requests WHERE phase IN ('open', 'waiting'))",
            ]),
            Self::Thread => Some(&["DELETE FROM threads WHERE request NOT IN (SELECT id FROM requests)"]),
            Self::Clock => Some(&["DELETE FROM clocks WHERE request NOT IN (SELECT id FROM requests)"]),
            Self::Count => Some(&[
                "DELETE FROM counts",
                "INSERT INTO counts (subject, word, n) SELECT 'phase', phase, count(*) FROM requests GROUP BY phase",
                "INSERT INTO counts (subject, word, n) SELECT 'channel', channel, count(*) FROM requests GROUP BY channel",
                "INSERT INTO counts (subject, word, n) SELECT 'delivery', state, count(*) FROM deliveries
                     WHERE state NOT IN ('pending', 'held', 'leased') GROUP BY state",
            ]),
            Self::Act => Some(&["DELETE FROM acts WHERE request NOT IN (SELECT id FROM requests)"]),
            Self::Block => Some(&[
                "DELETE FROM blocks WHERE blocked NOT IN (SELECT id FROM requests) OR blocker NOT IN (SELECT id FROM requests)",
            ]),
            Self::ClockColumns
            | Self::Violation
            | Self::Happening
            | Self::Message
            | Self::Delivery
            | Self::Gathered => None,
        }
    }
}

impl Store {
    /// What SQLite finds wrong with the file; nothing where all is well.
    pub fn damages(&self, most: u32) -> Result<Vec<String>> {
        // A server looks after its own pages.
        let Database::Sqlite(_) = self.database else { return Ok(Vec::new()) };
        let mut statement = self.prepare(&format!("PRAGMA integrity_check({most})"))?;
        let rows = statement.query_map([], |row| row.get::<String>(0))?;
        let found = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(found.into_iter().filter(|found| found != "ok").collect())
    }

    /// What is loose of one kind: the request, or 0, and its name.
    pub fn loose(&self, loose: Loose) -> Result<Vec<(RequestId, String)>> {
        let is_shared = matches!(self.database, Database::Postgres(_));
        if is_shared && loose == Loose::ClockColumns {
            return self.loose_clocks();
        }
        // Its counts are sums.
        let sums =
            "WITH counts AS (SELECT subject, word, sum(n)::bigint AS n FROM counts GROUP BY subject, word), is_so";
        let sql =
            if is_shared { loose.found_by().replacen("WITH is_so", sums, 1) } else { loose.found_by().to_owned() };
        let mut statement = self.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok((RequestId(row.get(0)?), row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// [`Loose::ClockColumns`], looked at here: PostgreSQL does not look into JSON.
    fn loose_clocks(&self) -> Result<Vec<(RequestId, String)>> {
        let mut found = Vec::new();
        self.each_row("SELECT request, kind, state, cycle, clock FROM clocks WHERE clock IS NOT NULL", |row| {
            let (kind, state, cycle) = (row.get::<String>(1)?, row.get::<String>(2)?, row.get::<i64>(3)?);
            let clock: Value =
                serde_json::from_slice(row.get_ref(4)?.as_bytes().unwrap_or_default()).unwrap_or_default();
            if clock["state"] != state.as_str() || clock["kind"] != kind.as_str() || clock["cycle"] != cycle {
                found.push((RequestId(row.get(0)?), kind));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Numbers of requests above one, at most so many.
    pub fn requests_after(&self, id: RequestId, limit: u32) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare("SELECT id FROM requests WHERE ?1 < id ORDER BY id LIMIT ?2")?;
        let rows = statement.query_map(params![id.0, limit], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// When a request wants to be looked at, by the table.
    pub fn wake_of(&self, id: RequestId) -> Result<Option<i64>> {
        let mut statement = self.prepare("SELECT at FROM wakes WHERE request = ?1")?;
        statement.query_row([id.0], |row| row.get(0)).optional()
    }

    /// Whether the columns by which a request is listed say what its state says.
    pub fn columns_agree(&self, request: &Request) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT phase = ?2 AND kind = ?3 AND channel = ?4 AND owner IS NOT DISTINCT FROM ?5 AND customer IS NOT DISTINCT FROM ?6 AND contact IS NOT DISTINCT FROM ?7
                 AND opened_at = ?8 AND due_at IS NOT DISTINCT FROM ?9 AND ended_at IS NOT DISTINCT FROM ?10 FROM requests WHERE id = ?1",
        )?;
        Ok(statement.query_row(
            params![
                request.id.0,
                request.phase.as_str(),
                request.facets.kind.as_str(),
                request.facets.channel,
                request.owner,
                request.facets.customer,
                request.contact_word(),
                milliseconds(request.opened_at),
                request.due_at().map(milliseconds),
                request.ended_at().map(milliseconds),
            ],
            |row| row.get(0),
        )?)
    }

    /// Whether each of a request's clocks has its row, as its state has it.
    pub fn clocks_agree(&self, request: &Request) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT EXISTS (SELECT 1 FROM clocks WHERE request = ?1 AND kind = ?2 AND cycle = ?3 AND state = ?4 AND due_at IS NOT DISTINCT FROM ?5
                 AND breached_at IS NOT DISTINCT FROM ?6 AND stopped_at IS NOT DISTINCT FROM ?7)",
        )?;
        for clock in &request.clocks {
            let is_there: bool = statement.query_row(
                params![
                    request.id.0,
                    clock.kind.as_str(),
                    clock.cycle,
                    clock.state.as_str(),
                    clock.due_at.map(milliseconds),
                    clock.breached_at.map(milliseconds),
                    clock.stopped_at.map(milliseconds),
                ],
                |row| row.get(0),
            )?;
            if !is_there {
                return Ok(false);
            }
        }
        Ok(self.surplus_clocks(request)?.is_empty())
    }

    /// Rows of clocks that are whole in their request's state, where it has none such.
    fn surplus_clocks(&self, request: &Request) -> Result<Vec<(String, u32)>> {
        let mut statement = self.prepare("SELECT kind, cycle FROM clocks WHERE request = ?1 AND clock IS NULL")?;
        let rows = statement.query_map([request.id.0], |row| Ok((row.get::<String>(0)?, row.get(1)?)))?;
        let rows = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        let has = |(kind, cycle): &(String, u32)| {
            request.clocks.iter().any(|clock| clock.kind.as_str() == kind && clock.cycle == *cycle)
        };
        Ok(rows.into_iter().filter(|row| !has(row)).collect())
    }

    /// How many events of a request are kept, whether or not they can be read.
    pub fn n_events(&self, request: RequestId) -> Result<usize> {
        let mut statement = self.prepare("SELECT count(*) FROM journal WHERE request = ?1 AND body IS NOT NULL")?;
        let n: u32 = statement.query_row([request.0], |row| row.get(0))?;
        Ok(n as usize)
    }

    /// When plazo last noted anything of a request: the machine's clock may have been set back since.
    pub fn last_noted(&self, request: RequestId) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare("SELECT max(received_at) FROM journal WHERE request = ?1")?;
        let last: Option<i64> = statement.query_row([request.0], |row| row.get(0))?;
        Ok(last.map(instant).transpose()?)
    }
}

impl Writing<'_> {
    /// Sets right what is loose of one kind. Whether that can be done.
    pub fn mend_loose(&self, loose: Loose) -> Result<bool> {
        let Some(statements) = loose.mended_by() else { return Ok(false) };
        for sql in statements {
            self.prepare(sql)?.execute([])?;
        }
        Ok(true)
    }

    /// Writes the columns, the clocks and the wake of a request anew, as its state has them.
    pub fn mend_request(&self, request: &Request, wake: Option<Wake>) -> Result<()> {
        let kept: i64 =
            self.prepare("SELECT let_go FROM requests WHERE id = ?1")?.query_row([request.id.0], |row| row.get(0))?;
        self.put_request(request, wake, false)?;
        self.put_clocks(request, &request.clocks)?;
        for (kind, cycle) in self.surplus_clocks(request)? {
            self.prepare("DELETE FROM clocks WHERE request = ?1 AND kind = ?2 AND cycle = ?3")?.execute(params![
                request.id.0,
                kind,
                cycle
            ])?;
        }
        self.prepare("UPDATE requests SET let_go = ?2, v = ?3, state = ?4 WHERE id = ?1")?.execute(params![
            request.id.0,
            kept,
            SHAPE,
            stored::write_request(request)?
        ])?;
        Ok(())
    }
}
