//! Requests, their threads, clocks and wakes.

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{ToSql, params};

use super::database::{Database, Optional as _, Row, Rows};
use super::stored::{self, ReadClock, ReadClocks, ReadRequest, SHAPE};
use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::clock::Clock;
use plazo_core::engine::effect::{Wake, WakeReason};
use plazo_core::engine::request::Request;
use plazo_core::engine::request_id::RequestId;
use plazo_core::unit::changes::ThreadName;

/// What is a team's: what its people own, and what its policies promise.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TeamFilter {
    /// Keys of its people.
    pub people: Vec<String>,
    /// Names of its policies.
    pub policies: Vec<String>,
}

/// Which requests a listing wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// `open` (which includes waiting), `waiting`, `closed`, `overdue`, or all.
    pub state: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// Key of the owner.
    pub owner: Option<String>,
    /// A team's.
    pub team: Option<TeamFilter>,
    /// Key or name of the client.
    pub customer: Option<String>,
    /// Due before that instant.
    pub due_before: Option<DateTime<Utc>>,
    /// Only those with a smaller number: where the last page ended.
    pub below: Option<i64>,
    /// Rows at most.
    pub limit: u32,
}

impl RequestFilter {
    /// Whether it wants what has ended, or everything, and nothing narrows that: most of all there are.
    fn is_of_the_past(&self) -> bool {
        let state = self.state.as_deref();
        let nothing_else = Self { state: self.state.clone(), limit: self.limit, ..Self::default() };
        matches!(state, None | Some("closed")) && *self == nothing_else
    }

    fn team_as_json(&self) -> Result<Option<String>> {
        Ok(self.team.as_ref().map(serde_json::to_string).transpose()?)
    }
}

/// Where a page of requests by due instant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueCursor {
    /// When its last one was due.
    pub due_at: Option<DateTime<Utc>>,
    /// Its number.
    pub id: i64,
}

/// What a filter means, with the numbers of its values. The state stands in it in words, so that what lives is found by its index, however
/// much is finished.
fn matching(store: &Store, filter: &RequestFilter) -> String {
    let state = match filter.state.as_deref() {
        None => "TRUE",
        Some("open") => "phase IN ('open', 'waiting')",
        Some("overdue") => "phase IN ('open', 'waiting') AND due_at <= ?2",
        Some("waiting") => "phase IN ('open', 'waiting') AND phase = ?1",
        Some(_) => "phase = ?1",
    };
    let customer = match filter.customer {
        None => "CAST(?7 AS TEXT) IS NULL",
        Some(_) => store.either(
            "customer = ?7 COLLATE NOCASE AND customer = ?7",
            "lower(customer) = lower(?7 COLLATE \"C\") AND customer = ?7",
        ),
    };
    let of = |list: &str| match store.database {
        Database::Sqlite(_) => format!("(SELECT value FROM json_each(?6, '$.{list}'))"),
        Database::Postgres(_) => format!("(SELECT json_array_elements_text(?6::json -> '{list}'))"),
    };
    let (people, policies) = (of("people"), of("policies"));
    // PostgreSQL wants to know of what type each of its values is, those that nothing asks for among them.
    let typed = store.either("", "(?1::text IS NULL OR TRUE) AND (?2::bigint IS NULL OR TRUE) AND ");
    format!(
        "{typed}{state} AND (channel = ?3 OR ?3 IS NULL) AND (owner = ?4 OR ?4 IS NULL) AND (due_at < ?5 OR ?5 IS NULL)
         AND (CAST(?6 AS TEXT) IS NULL OR owner IN {people}
              OR EXISTS (SELECT 1 FROM clocks c WHERE c.request = requests.id AND c.stopped_at IS NULL
                         AND c.state IN ('running', 'paused', 'breached') AND c.policy IN {policies}))
         AND {customer}"
    )
}
/// Stands for no due instant: after all others.
const NEVER: i64 = i64::MAX;

impl Store {
    /// The highest number given to a request so far.
    pub fn last_request(&self) -> Result<i64> {
        Ok(self.prepare("SELECT coalesce(max(id), 0) FROM requests")?.query_row([], |row| row.get(0))?)
    }

    /// Takes so many numbers for requests that nobody else gets: the last one before them, and the last of them. None where nobody else writes.
    ///
    /// Outside of a transaction they are taken at once; within one, others wait for its end.
    pub fn take_numbers(&self, n: i64) -> Result<Option<(i64, i64)>> {
        if !self.is_shared() {
            return Ok(None);
        }
        // What was moved here from elsewhere has numbers that nobody took.
        let mut statement = self.prepare(
            "UPDATE request_numbers SET next = greatest(next, (SELECT coalesce(max(id), 0) + 1 FROM requests)) + CAST(?1 AS BIGINT)
             RETURNING next",
        )?;
        let next: i64 = statement.query_row([n], |row| row.get(0))?;
        Ok(Some((next - 1 - n, next - 1)))
    }

    /// One request; none where it cannot be read, which is noted.
    pub fn request(&self, id: RequestId) -> Result<Option<Request>> {
        let mut statement = self.prepare(self.either(
            "SELECT v, state FROM requests WHERE id = ?1",
            "SELECT v, state, version FROM requests WHERE id = ?1",
        ))?;
        let mut rows = statement.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        if let Some(mut seen) = self.seen() {
            seen.request(id, row.get(2)?);
        }
        Ok(self.read_request(id, &row, 0))
    }

    /// The request to which a conversation belongs.
    pub fn request_by_thread(&self, channel: &str, thread: &str) -> Result<Option<RequestId>> {
        let mut statement = self.prepare("SELECT request FROM threads WHERE channel = ?1 AND thread = ?2")?;
        let found = statement.query_row([channel, thread], |row| row.get(0).map(RequestId)).optional()?;
        if let Some(mut seen) = self.seen().filter(|_| found.is_none()) {
            seen.nobody_has(channel, thread);
        }
        Ok(found)
    }

    /// Every clock that a request ever had, by kind and cycle.
    pub fn clocks(&self, request: RequestId) -> Result<Vec<Clock>> {
        let mut statement =
            self.prepare("SELECT kind, cycle, v, clock FROM clocks WHERE request = ?1 ORDER BY kind, cycle")?;
        let mut rows = statement.query([request.0])?;
        let (mut clocks, mut state) = (Vec::new(), None);
        while let Some(row) = &rows.next()? {
            clocks.extend(self.clock_in(request, row, &mut state)?);
        }
        Ok(clocks)
    }

    /// The clock of a row of kind, cycle, shape and clock; where that is not written twice, out of the request's `state`, which is read once.
    pub(super) fn clock_in(
        &self,
        request: RequestId,
        row: &Row<'_>,
        state: &mut Option<Vec<Clock>>,
    ) -> Result<Option<Clock>> {
        if row.get_ref(3)? != ValueRef::Null {
            return Ok(self.read_clock(request, row, 2));
        }
        let own = match state {
            Some(own) => own,
            None => state.insert(self.clocks_in_state(request)?),
        };
        let (kind, cycle) = (row.get_ref(0)?.as_str().unwrap_or_default(), row.get::<u32>(1)?);
        let place = own.iter().position(|clock| clock.kind.as_str() == kind && clock.cycle == cycle);
        Ok(place.map(|place| own.swap_remove(place)))
    }

    fn clocks_in_state(&self, id: RequestId) -> Result<Vec<Clock>> {
        let mut statement = self.prepare("SELECT v, state FROM requests WHERE id = ?1")?;
        let mut rows = statement.query([id.0])?;
        let Some(row) = &rows.next()? else { return Ok(Vec::new()) };
        let read = self.of_known_shape(id, "request", row, 0).and_then(|()| self.parsed(id, "request", row, 1));
        Ok(read.map(|ReadClocks { clocks }| clocks).unwrap_or_default())
    }

    /// A request of two columns, its shape and its state; none, and noted, if it cannot be read.
    pub(super) fn read_request(&self, id: RequestId, row: &Row<'_>, column: usize) -> Option<Request> {
        self.of_known_shape(id, "request", row, column)?;
        self.parsed::<ReadRequest>(id, "request", row, column + 1).map(|ReadRequest(request)| request)
    }

    /// The same of a clock.
    fn read_clock(&self, request: RequestId, row: &Row<'_>, column: usize) -> Option<Clock> {
        self.of_known_shape(request, "clock", row, column)?;
        self.parsed::<ReadClock>(request, "clock", row, column + 1).map(|ReadClock(clock)| clock)
    }

    /// Requests by filter, newest first.
    pub fn list(&self, filter: &RequestFilter, now: DateTime<Utc>) -> Result<Vec<Request>> {
        let matching = matching(self, filter);
        // A server sends all that it finds. Of SQLite's rows only those are taken that are shown, which does without what cannot be read.
        let most = self.either("", "LIMIT ?9");
        let sql = format!(
            "SELECT id, v, state FROM requests WHERE {matching} AND (id < ?8 OR ?8 IS NULL) ORDER BY id DESC {most}"
        );
        let mut statement = self.prepare(&sql)?;
        let (now, due_before, team) = (milliseconds(now), filter.due_before.map(milliseconds), filter.team_as_json()?);
        let mut values: Vec<&dyn ToSql> = vec![&filter.state, &now, &filter.channel, &filter.owner, &due_before, &team];
        values.extend::<[&dyn ToSql; 2]>([&filter.customer, &filter.below]);
        if !most.is_empty() {
            values.push(&filter.limit);
        }
        self.read_requests(statement.query(values.as_slice())?, filter.limit as usize)
    }

    /// Requests by filter, what is due first at the top, what is never due at the end; after the last one of a page, if one is given.
    /// With them, how many there are from there on.
    pub fn list_by_due(
        &self,
        filter: &RequestFilter,
        after: Option<DueCursor>,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Request>, usize)> {
        if after.is_none() && filter.is_of_the_past() {
            return self.list_past(filter);
        }
        let matching = matching(self, filter);
        let sql = format!(
            "SELECT id FROM requests WHERE {matching} AND ((coalesce(due_at, {NEVER}), id) > (?8, ?9) OR ?8 IS NULL)
             ORDER BY coalesce(due_at, {NEVER}), id"
        );
        // Numbers alone are sorted: what the requests hold is read of those that are shown.
        let mut statement = self.prepare(&sql)?;
        let ids = statement.query_map(
            params![
                filter.state,
                milliseconds(now),
                filter.channel,
                filter.owner,
                filter.due_before.map(milliseconds),
                filter.team_as_json()?,
                filter.customer,
                after.map(|after| after.due_at.map_or(NEVER, milliseconds)),
                after.map(|after| after.id),
            ],
            |row| row.get::<i64>(0),
        )?;
        let ids: Vec<i64> = ids.collect::<std::result::Result<_, _>>()?;
        let mut requests = Vec::new();
        for id in &ids {
            if filter.limit as usize <= requests.len() {
                break;
            }
            requests.extend(self.request(RequestId(*id))?);
        }
        Ok((requests, ids.len()))
    }

    /// The first page of everything, or of what is closed, without sorting all of it: what lives by its index, then what is never due by its number.
    fn list_past(&self, filter: &RequestFilter) -> Result<(Vec<Request>, usize)> {
        let is_all = filter.state.is_none();
        let sql = if is_all {
            self.either(
                "SELECT id FROM (SELECT id FROM requests WHERE phase IN ('open', 'waiting') AND due_at IS NOT NULL ORDER BY due_at, id LIMIT ?1)
                 UNION ALL SELECT id FROM (SELECT id FROM requests WHERE due_at IS NULL ORDER BY id LIMIT ?1)",
                "SELECT id FROM (
                     (SELECT id, due_at FROM requests WHERE phase IN ('open', 'waiting') AND due_at IS NOT NULL ORDER BY due_at, id LIMIT ?1)
                     UNION ALL (SELECT id, due_at FROM requests WHERE due_at IS NULL ORDER BY id LIMIT ?1)) AS page
                 ORDER BY due_at NULLS LAST, id",
            )
        } else {
            "SELECT id FROM requests WHERE phase = 'closed' ORDER BY id LIMIT ?1"
        };
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map([filter.limit], |row| row.get::<i64>(0))?;
        let mut requests = Vec::new();
        for id in rows.collect::<std::result::Result<Vec<_>, _>>()?.into_iter().take(filter.limit as usize) {
            requests.extend(self.request(RequestId(id))?);
        }
        let phases = self.count_by_phase()?;
        let counted = phases.iter().filter(|(phase, _)| is_all || phase == "closed").map(|(_, n)| n.unsigned_abs());
        Ok((requests, usize::try_from(counted.sum::<u64>()).unwrap_or(usize::MAX)))
    }

    /// Open requests of a kind that have an owner, oldest first: what the daily list is made of (rule D1).
    pub fn open_with_owner(&self, kind: &str) -> Result<Vec<Request>> {
        let mut statement = self.prepare(
            "SELECT id, v, state FROM requests WHERE phase IN ('open', 'waiting') AND kind = ?1 AND owner IS NOT NULL
             ORDER BY opened_at, id",
        )?;
        self.read_requests(statement.query([kind])?, usize::MAX)
    }

    /// Numbers of requests that may still move, for planning them anew.
    pub fn live_requests(&self) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare("SELECT id FROM requests WHERE phase IN ('open', 'waiting') ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Whether any request, however old, came by that channel.
    pub fn had_channel(&self, channel: &str) -> Result<bool> {
        let mut statement = self.prepare(self.either(
            "SELECT EXISTS (SELECT 1 FROM counts WHERE subject = 'channel' AND word = ?1 COLLATE NOCASE AND 0 < n)",
            "SELECT EXISTS (SELECT 1 FROM counts WHERE subject = 'channel' AND lower(word) = lower(?1 COLLATE \"C\")
                            GROUP BY word HAVING 0 < sum(n))",
        ))?;
        Ok(statement.query_row([channel], |row| row.get(0))?)
    }

    /// Whether any request, however old, is of that client.
    pub fn had_customer(&self, customer: &str) -> Result<bool> {
        let mut statement = self.prepare(self.either(
            "SELECT EXISTS (SELECT 1 FROM requests WHERE customer = ?1 COLLATE NOCASE AND customer IS NOT NULL)",
            "SELECT EXISTS (SELECT 1 FROM requests WHERE lower(customer) = lower(?1 COLLATE \"C\") AND customer IS NOT NULL)",
        ))?;
        Ok(statement.query_row([customer], |row| row.get(0))?)
    }

    /// Requests that may still move, what is due first.
    pub fn live_by_due(&self, limit: usize) -> Result<Vec<Request>> {
        if matches!(self.database, Database::Postgres(_)) {
            let mut statement = self.prepare(
                "SELECT id, v, state FROM requests WHERE phase IN ('open', 'waiting') ORDER BY due_at NULLS LAST, id LIMIT ?1",
            )?;
            return self.read_requests(statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?, limit);
        }
        // By the index twice: what has no due instant comes last.
        let mut statement = self.prepare(
            "SELECT id, v, state FROM (SELECT id, v, state FROM requests WHERE phase IN ('open', 'waiting') AND due_at IS NOT NULL
                 ORDER BY due_at, id)
             UNION ALL SELECT id, v, state FROM (SELECT id, v, state FROM requests WHERE phase IN ('open', 'waiting') AND due_at IS NULL
                 ORDER BY id)",
        )?;
        self.read_requests(statement.query([])?, limit)
    }

    /// Each live request; those that cannot be read are left out.
    pub fn each_live(&self, mut take: impl FnMut(&Request)) -> Result<()> {
        self.each_row("SELECT id, v, state FROM requests WHERE phase IN ('open', 'waiting')", |row| {
            if let Some(request) = self.read_request(RequestId(row.get(0)?), row, 1) {
                take(&request);
            }
            Ok(())
        })
    }

    /// At most so many of the rows' requests, each after its number; those that cannot be read are left out.
    fn read_requests(&self, mut rows: Rows<'_>, most: usize) -> Result<Vec<Request>> {
        let mut requests = Vec::new();
        while requests.len() < most
            && let Some(row) = rows.next()?
        {
            requests.extend(self.read_request(RequestId(row.get(0)?), &row, 1));
        }
        Ok(requests)
    }

    /// Calls `each` with every wake; what the queue is rebuilt from.
    pub fn each_wake(&self, mut each: impl FnMut(RequestId, Wake)) -> Result<()> {
        self.each_row("SELECT request, at, why FROM wakes", |row| {
            let (id, wake) = wake(row)?;
            each(id, wake);
            Ok(())
        })
    }

    /// The next wakes, soonest first.
    pub fn next_wakes(&self, limit: u32) -> Result<Vec<(RequestId, Wake)>> {
        let mut statement = self.prepare("SELECT request, at, why FROM wakes ORDER BY at, why LIMIT ?1")?;
        let rows = statement.query_map([limit], wake)?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// How many live requests have a promise that is overdue.
    pub fn count_overdue(&self, now: DateTime<Utc>) -> Result<i64> {
        let mut statement =
            self.prepare("SELECT count(*) FROM requests WHERE phase IN ('open', 'waiting') AND due_at <= ?1")?;
        Ok(statement.query_row([milliseconds(now)], |row| row.get(0))?)
    }

    /// When the next promise of an open request is due that is not broken yet.
    pub fn next_due_at(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let mut statement =
            self.prepare("SELECT min(due_at) FROM requests WHERE phase IN ('open', 'waiting') AND ?1 < due_at")?;
        let at: Option<i64> = statement.query_row([milliseconds(now)], |row| row.get(0))?;
        Ok(at.map(instant).transpose()?)
    }

    /// How many requests stand in each phase.
    pub fn count_by_phase(&self) -> Result<Vec<(String, i64)>> {
        let mut statement = self.prepare(self.either(
            "SELECT word, n FROM counts WHERE subject = 'phase' AND 0 < n",
            "SELECT word, sum(n)::bigint FROM counts WHERE subject = 'phase' GROUP BY word HAVING 0 < sum(n) ORDER BY word",
        ))?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }
}

impl Writing<'_> {
    /// Gives a request a further name.
    pub fn name_thread(&self, name: &ThreadName) -> Result<()> {
        let sql = if name.moves {
            "INSERT INTO threads (channel, thread, request) VALUES (?1, ?2, ?3)
             ON CONFLICT (channel, thread) DO UPDATE SET request = excluded.request"
        } else {
            "INSERT INTO threads (channel, thread, request) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
        };
        let was_nobodys = self.seen().is_some_and(|mut seen| seen.takes(&name.channel, &name.thread));
        let values = params![name.channel, name.thread, name.request.0];
        self.prepare(sql)?.send_unless(was_nobodys.then_some("a conversation has another request by now"), values)
    }

    /// Writes a request with its wake. Where it was read in the same transaction of PostgreSQL, it must be what it was then.
    pub fn put_request(&self, request: &Request, wake: Option<Wake>, is_new: bool) -> Result<()> {
        let version =
            self.seen().and_then(|mut seen| if is_new { seen.begins(request.id) } else { seen.moves(request.id) });
        let sql = if is_new {
            "INSERT INTO requests (id, phase, kind, channel, owner, customer, opened_at, due_at, state, contact, v, ended_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        } else {
            self.either(
                "UPDATE requests SET phase = ?2, kind = ?3, channel = ?4, owner = ?5, customer = ?6, opened_at = ?7,
                 due_at = ?8, state = ?9, contact = ?10, v = ?11, ended_at = ?12, let_go = 0 WHERE id = ?1",
                "UPDATE requests SET phase = ?2, kind = ?3, channel = ?4, owner = ?5, customer = ?6, opened_at = ?7,
                 due_at = ?8, state = ?9, contact = ?10, v = ?11, ended_at = ?12, let_go = 0, version = version + 1
                 WHERE id = ?1 AND (?13::bigint IS NULL OR version = ?13)",
            )
        };
        let (facets, state) = (&request.facets, stored::write_request(request)?);
        let (opened_at, due_at) = (milliseconds(request.opened_at), request.due_at().map(milliseconds));
        let (ended_at, contact) = (request.ended_at().map(milliseconds), request.contact_word());
        let (phase, kind) = (request.phase.as_str(), facets.kind.as_str());
        let mut values: Vec<&dyn ToSql> = vec![&request.id.0, &phase, &kind, &facets.channel, &request.owner];
        values.extend::<[&dyn ToSql; 7]>([&facets.customer, &opened_at, &due_at, &state, &contact, &SHAPE, &ended_at]);
        if !is_new && matches!(self.database, Database::Postgres(_)) {
            values.push(&version);
        }
        let changed = version.map(|_| "a request moved in the meantime");
        self.prepare(sql)?.send_unless(changed, values.as_slice())?;
        match wake {
            Some(wake) => self
                .prepare(self.either(
                    "INSERT OR REPLACE INTO wakes (request, at, why) VALUES (?1, ?2, ?3)",
                    "INSERT INTO wakes (request, at, why) VALUES (?1, ?2, ?3)
                     ON CONFLICT (request) DO UPDATE SET at = excluded.at, why = excluded.why, attempts = 0",
                ))?
                .send(params![request.id.0, milliseconds(wake.at), code(wake.why)]),
            None if is_new => Ok(()),
            None => self.prepare("DELETE FROM wakes WHERE request = ?1")?.send([request.id.0]),
        }
    }

    /// Writes clocks of a request. One that its state has is whole there, and is not written a second time; one whose place the next of its
    /// kind took is written whole here.
    pub fn put_clocks(&self, request: &Request, clocks: &[Clock]) -> Result<()> {
        let mut statement = self.prepare(self.either(
            "INSERT OR REPLACE INTO clocks (request, kind, cycle, state, policy, revision, started_at, due_at, breached_at,
             stopped_at, acked_at, v, clock) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            "INSERT INTO clocks (request, kind, cycle, state, policy, revision, started_at, due_at, breached_at,
             stopped_at, acked_at, v, clock) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (request, kind, cycle) DO UPDATE SET state = excluded.state, policy = excluded.policy,
                 revision = excluded.revision, started_at = excluded.started_at, due_at = excluded.due_at,
                 breached_at = excluded.breached_at, stopped_at = excluded.stopped_at, acked_at = excluded.acked_at,
                 v = excluded.v, clock = excluded.clock",
        ))?;
        for clock in clocks {
            let is_in_state = request.clocks.iter().any(|own| own.name() == clock.name());
            statement.send(params![
                request.id.0,
                clock.kind.as_str(),
                clock.cycle,
                clock.state.as_str(),
                clock.policy,
                clock.revision,
                milliseconds(clock.started_at),
                clock.due_at.map(milliseconds),
                clock.breached_at.map(milliseconds),
                clock.stopped_at.map(milliseconds),
                clock.acked_at.map(milliseconds),
                SHAPE,
                if is_in_state { None } else { Some(stored::write_clock(clock)?) },
            ])?;
        }
        Ok(())
    }

    /// Takes the clocks of a request away, to be written anew.
    pub fn remove_clocks(&self, request: RequestId) -> Result<()> {
        self.prepare("DELETE FROM clocks WHERE request = ?1")?.send([request.0])
    }
}

pub(super) fn wake(row: &Row<'_>) -> rusqlite::Result<(RequestId, Wake)> {
    let why = if row.get::<i64>(2)? == code(WakeReason::Breach) { WakeReason::Breach } else { WakeReason::Warning };
    // At an instant that cannot be read it is looked at now: nobody waits for nothing.
    let at = instant(row.get(1)?).unwrap_or(DateTime::UNIX_EPOCH);
    Ok((RequestId(row.get(0)?), Wake { at, why }))
}

const fn code(why: WakeReason) -> i64 {
    match why {
        WakeReason::Breach => 0,
        WakeReason::Warning => 1,
    }
}
