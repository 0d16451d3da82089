//! What is kept for how long, and what is let go: words, entries, messages, whole requests. Who is forgotten is `erasing.rs`.
//!
//! Everything is done in small steps, so that no alert waits. What is let go is overwritten (`PRAGMA secure_delete`), also in the log once it
//! has been taken in ([`Store::compact_log`]).

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use super::bodies::nameless;
use super::database::{Database, Optional as _};
use super::stored::{self, SHAPE};
use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::event::Event;
use plazo_core::engine::request::Request;
use plazo_core::engine::request_id::RequestId;

/// What may be let go of a request that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retained {
    /// What people wrote.
    Words,
    /// What happened to it, entry by entry.
    Journal,
    /// What was told of it.
    Messages,
    /// All of it.
    Whole,
}

impl Retained {
    /// As `requests.let_go` has it, in bits; all that is gone with it is in it.
    const fn bits(self) -> i64 {
        match self {
            Self::Words => 1,
            Self::Journal => 3,
            Self::Messages => 4,
            Self::Whole => 16,
        }
    }
}

/// Bits of `requests.let_go`, all together.
const ALL_BITS: i64 = 16;
/// Under which it is noted, beside the schedules, before when requests ended of which entries were let go.
const FIGURES_LET_GO: &str = "retention.figures";

/// An event where it stands in the journal.
#[derive(Debug, Clone)]
pub struct JournalRow {
    /// Its place.
    pub seq: i64,
    /// Its request.
    pub request: RequestId,
    /// The event; none where time passed, or its words cannot be read.
    pub event: Option<Event>,
    /// What it caused, as JSON.
    pub effects: String,
}

/// A request of which nothing is let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegalHold {
    /// The request.
    pub request: RequestId,
    /// Who said so.
    pub who: Option<String>,
    /// Why.
    pub why: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Something told that may speak of somebody.
#[derive(Debug, Clone)]
pub struct ToldContent {
    /// The alert's number.
    pub id: i64,
    /// The request, of a step.
    pub request: Option<i64>,
    /// What it says, as JSON.
    pub content: String,
}

impl Store {
    /// Requests that ended before `ended_before` and of which that is still kept, those that ended first at the top. What is held by law is
    /// left out.
    pub fn to_let_go(&self, part: Retained, ended_before: DateTime<Utc>, limit: u32) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare(
            "SELECT id FROM requests WHERE phase IN ('closed', 'merged') AND let_go = ?1 AND ended_at <= ?2
             AND NOT EXISTS (SELECT 1 FROM legal_holds WHERE request = id) ORDER BY ended_at LIMIT ?3",
        )?;
        let mut found = Vec::new();
        for kept in (0..ALL_BITS).filter(|bits| bits & part.bits() != part.bits()) {
            let room = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            if room == 0 {
                break;
            }
            let rows = statement
                .query_map(params![kept, milliseconds(ended_before), room], |row| row.get(0).map(RequestId))?;
            found.extend(rows.collect::<std::result::Result<Vec<_>, _>>()?);
        }
        Ok(found)
    }

    /// What has been let go of a request, in bits.
    pub fn let_go_of(&self, request: RequestId) -> Result<i64> {
        let mut statement = self.prepare("SELECT let_go FROM requests WHERE id = ?1")?;
        Ok(statement.query_row([request.0], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// A request's entries, in their order.
    pub fn entries(&self, request: RequestId) -> Result<Vec<JournalRow>> {
        let mut statement =
            self.prepare("SELECT seq, effects, body, source, event FROM journal WHERE request = ?1 ORDER BY at, seq")?;
        let mut rows = statement.query([request.0])?;
        let mut entries = Vec::new();
        while let Some(row) = &rows.next()? {
            let event = self.event_in(request, row, 2);
            entries.push(JournalRow { seq: row.get(0)?, request, event, effects: row.get(1)? });
        }
        Ok(entries)
    }

    /// What was told between two numbers, and the number after the last.
    pub fn told_contents(&self, from: i64, n: i64) -> Result<(Vec<ToldContent>, Option<i64>)> {
        let mut statement =
            self.prepare("SELECT id, request, content FROM alerts WHERE ?1 <= id AND id < ?2 ORDER BY id")?;
        let rows = statement.query_map([from, from + n], |row| {
            Ok(ToldContent { id: row.get(0)?, request: row.get(1)?, content: row.get(2)? })
        })?;
        let found = self.readable("alert", rows)?;
        let last: i64 = self.prepare("SELECT coalesce(max(id), 0) FROM alerts")?.query_row([], |row| row.get(0))?;
        Ok((found, Some(from + n).filter(|next| *next <= last)))
    }

    /// What was told of a request's promises.
    pub fn told_of_request(&self, request: RequestId) -> Result<Vec<ToldContent>> {
        let mut statement = self.prepare("SELECT id, request, content FROM alerts WHERE request = ?1 ORDER BY id")?;
        let rows = statement.query_map([request.0], |row| {
            Ok(ToldContent { id: row.get(0)?, request: row.get(1)?, content: row.get(2)? })
        })?;
        self.readable("alert", rows)
    }

    /// The names of a request's conversations, each with its channel.
    pub fn threads_of(&self, request: RequestId) -> Result<Vec<(String, String)>> {
        let mut statement = self.prepare("SELECT channel, thread FROM threads WHERE request = ?1")?;
        let rows = statement.query_map([request.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Requests that are held by law.
    pub fn legal_holds(&self) -> Result<Vec<LegalHold>> {
        let mut statement = self.prepare("SELECT request, who, why, at FROM legal_holds ORDER BY request")?;
        let rows = statement.query_map([], |row| {
            Ok(LegalHold {
                request: RequestId(row.get(0)?),
                who: row.get(1)?,
                why: row.get(2)?,
                at: instant(row.get(3)?)?,
            })
        })?;
        self.readable("legal hold", rows)
    }

    /// A report of a period that is not kept any more, as it was.
    pub fn past_report(&self, name: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Option<String>> {
        let mut statement =
            self.prepare("SELECT report FROM past_reports WHERE name = ?1 AND from_at = ?2 AND to_at = ?3")?;
        statement.query_row(params![name, milliseconds(from), milliseconds(to)], |row| row.get(0)).optional()
    }

    /// Before when requests ended of which entries were let go; none where nothing was.
    pub fn figures_let_go_until(&self) -> Result<Option<DateTime<Utc>>> {
        self.last_run(FIGURES_LET_GO)
    }

    /// When the first thing happened of which an entry is kept.
    pub fn first_event_at(&self) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare("SELECT min(at) FROM journal WHERE body IS NOT NULL")?;
        let at: Option<i64> = statement.query_row([], |row| row.get(0))?;
        Ok(super::known(at))
    }

    /// Takes the log into the file and cuts it to nothing, so that nothing of before is left in it. Whether nobody was in the way.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] from SQLite.
    pub fn compact_log(&self) -> Result<bool> {
        // What a server keeps of its log is its operator's.
        let Database::Sqlite(connection) = &self.database else { return Ok(true) };
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }

    /// Writes the file anew without what was let go before it was overwritten: a store of an earlier version may hold such.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] from SQLite, as where the disk has no room for a second one.
    pub fn rewrite(&self) -> Result<()> {
        self.execute("VACUUM")
    }
}

impl Writing<'_> {
    /// Writes an entry's event and effects anew.
    pub fn put_entry(&self, entry: &JournalRow) -> Result<()> {
        let (id, body) = match &entry.event {
            Some(event) => {
                let body = serde_json::to_string(event)?;
                (Some(event.id.id.as_str()), Some(nameless(&body, &event.id).into_owned()))
            }
            None => (None, None),
        };
        self.prepare(
            "UPDATE journal SET event = coalesce(?2, event), body = coalesce(?3, body), effects = ?4 WHERE seq = ?1",
        )?
        .execute(params![entry.seq, id, body, entry.effects])?;
        Ok(())
    }

    /// Writes what is known of a request anew, without touching its clocks, wakes or conversations.
    pub fn put_state(&self, request: &Request) -> Result<()> {
        let (state, contact) = (stored::write_request(request)?, request.contact_word());
        let (owner, customer) = (&request.owner, &request.facets.customer);
        if !self.is_shared() {
            self.prepare(
                "UPDATE requests SET owner = ?2, customer = ?3, contact = ?4, state = ?5, v = ?6 WHERE id = ?1",
            )?
            .execute(params![request.id.0, owner, customer, contact, state, SHAPE])?;
            return Ok(());
        }
        // Not over what another daemon has heard since it was read.
        let version = self.seen().and_then(|mut seen| seen.moves(request.id));
        self.prepare(
            "UPDATE requests SET owner = ?2, customer = ?3, contact = ?4, state = ?5, v = ?6, version = version + 1
             WHERE id = ?1 AND (?7::bigint IS NULL OR version = ?7)",
        )?
        .send_unless(
            version.map(|_| "a request moved in the meantime"),
            params![request.id.0, owner, customer, contact, state, SHAPE, version],
        )
    }

    /// Notes what was let go of a request.
    pub fn note_let_go(&self, request: RequestId, part: Retained) -> Result<()> {
        self.prepare("UPDATE requests SET let_go = let_go | ?2 WHERE id = ?1")?.execute([request.0, part.bits()])?;
        Ok(())
    }

    /// Notes that entries of requests were let go that ended before then.
    pub fn note_figures_let_go(&self, ended_before: DateTime<Utc>) -> Result<()> {
        if self.last_run(FIGURES_LET_GO)?.is_none_or(|until| until < ended_before) {
            self.set_last_run(FIGURES_LET_GO, ended_before)?;
        }
        Ok(())
    }

    /// Takes a request's entries away. Its clocks and what is known of it stay.
    pub fn remove_journal(&self, request: RequestId) -> Result<()> {
        self.prepare("DELETE FROM journal WHERE request = ?1")?.execute([request.0])?;
        Ok(())
    }

    /// Takes away what was told of a request, where all of it is settled.
    pub fn remove_messages(&self, request: RequestId) -> Result<()> {
        let settled = "SELECT id FROM alerts WHERE request = ?1 AND NOT EXISTS
            (SELECT 1 FROM deliveries d WHERE d.alert = alerts.id AND d.state IN ('pending', 'held', 'leased'))";
        self.prepare(&format!("DELETE FROM deliveries WHERE alert IN ({settled})"))?.execute([request.0])?;
        self.prepare(
            "DELETE FROM alerts WHERE request = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.alert = alerts.id)",
        )?
        .execute([request.0])?;
        Ok(())
    }

    /// Takes away messages about no promise, such as summaries and reports, decided before then and settled; at most so many. How many were.
    pub fn remove_other_messages(&self, decided_before: DateTime<Utc>, limit: u32) -> Result<usize> {
        let mut statement = self.prepare(
            "SELECT id FROM alerts WHERE request IS NULL AND decided_at < ?1 AND NOT EXISTS
                 (SELECT 1 FROM deliveries d WHERE d.alert = alerts.id AND d.state IN ('pending', 'held', 'leased'))
             AND NOT EXISTS (SELECT 1 FROM deliveries d JOIN deliveries g ON g.gathered_into = d.id WHERE d.alert = alerts.id)
             ORDER BY id LIMIT ?2",
        )?;
        let rows = statement.query_map(params![milliseconds(decided_before), limit], |row| row.get::<i64>(0))?;
        let ids = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        for id in &ids {
            self.prepare("DELETE FROM deliveries WHERE alert = ?1")?.execute([id])?;
            self.prepare("DELETE FROM alerts WHERE id = ?1")?.execute([id])?;
        }
        Ok(ids.len())
    }

    /// Takes a request away, and everything that belongs to it.
    pub fn remove_request(&self, request: RequestId) -> Result<()> {
        self.remove_messages(request)?;
        for sql in [
            "DELETE FROM journal WHERE request = ?1",
            "DELETE FROM clocks WHERE request = ?1",
            "DELETE FROM threads WHERE request = ?1",
            "DELETE FROM acts WHERE request = ?1",
            "DELETE FROM violations WHERE request = ?1",
            "DELETE FROM blocks WHERE blocker = ?1",
            "DELETE FROM wakes WHERE request = ?1",
            "DELETE FROM requests WHERE id = ?1",
        ] {
            self.prepare(sql)?.execute([request.0])?;
        }
        Ok(())
    }

    /// Takes the names of a request's conversations away: what is said there next begins another one.
    pub fn remove_threads(&self, request: RequestId) -> Result<()> {
        self.prepare("DELETE FROM threads WHERE request = ?1")?.execute([request.0])?;
        Ok(())
    }

    /// Takes away what was put aside before then, with its words; at most so many. How many were.
    pub fn remove_put_aside(&self, received_before: DateTime<Utc>, limit: u32) -> Result<usize> {
        let mut n = 0;
        for sql in [
            "DELETE FROM quarantine WHERE seq IN (SELECT seq FROM quarantine WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
            "DELETE FROM parked WHERE (channel, thread, source, event) IN
                 (SELECT channel, thread, source, event FROM parked WHERE received_at < ?1 LIMIT ?2)",
        ] {
            n += self.prepare(sql)?.execute(params![milliseconds(received_before), limit])?;
        }
        Ok(n)
    }

    /// Writes what a message says anew.
    pub fn put_content(&self, id: i64, content: &str) -> Result<()> {
        self.prepare("UPDATE alerts SET content = ?2 WHERE id = ?1")?.execute(params![id, content])?;
        Ok(())
    }

    /// What peers answered to messages about a request may name whoever it is about.
    pub fn forget_answers(&self, request: RequestId) -> Result<()> {
        self.prepare("UPDATE deliveries SET answer = NULL WHERE answer IS NOT NULL AND alert IN (SELECT id FROM alerts WHERE request = ?1)")?
            .execute([request.0])?;
        Ok(())
    }

    /// Holds a request by law.
    pub fn hold_request(&self, hold: &LegalHold) -> Result<()> {
        self.prepare(
            "INSERT INTO legal_holds (request, who, why, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (request) DO UPDATE SET who = excluded.who, why = excluded.why, at = excluded.at",
        )?
        .execute(params![hold.request.0, hold.who, hold.why, milliseconds(hold.at)])?;
        Ok(())
    }

    /// Ends that. Whether it was held.
    pub fn release_request(&self, request: RequestId) -> Result<bool> {
        Ok(self.prepare("DELETE FROM legal_holds WHERE request = ?1")?.execute([request.0])? == 1)
    }

    /// Keeps a report of a period as it is.
    pub fn keep_report(
        &self,
        name: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        report: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.prepare(
            "INSERT INTO past_reports (name, from_at, to_at, made_at, report) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![name, milliseconds(from), milliseconds(to), milliseconds(now), report])?;
        Ok(())
    }
}
