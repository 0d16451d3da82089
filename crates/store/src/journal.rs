//! The journal: every event with its outcome, append-only; and what could not be applied.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::bodies::{NAMED_BODY, nameless};
use super::database::{Database, Optional as _};
use super::{Result, Store, Writing, milliseconds};
use plazo_core::engine::effect::Effect;
use plazo_core::engine::event::{Author, Event, EventId};
use plazo_core::engine::proof::Proof;
use plazo_core::engine::request_id::RequestId;
use plazo_core::privacy::erased_id;
use plazo_core::unit::changes::{Act, JournalEntry};

/// A line of a request's history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryRow {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When plazo heard of it.
    pub received_at: DateTime<Utc>,
    /// The word of its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who did it, as the channel names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// How that is known.
    #[serde(skip_serializing_if = "Proof::is_unrecorded")]
    pub proof: Proof,
    /// Its name for ever, by which it is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it caused.
    pub effects: serde_json::Value,
}

/// An event, or the passing of time, and what it caused.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What; none where time passed, or the file of promises changed.
    pub event: Option<Event>,
    /// What it caused.
    pub effects: Vec<Effect>,
}

/// Of an event, who did it and how that is known.
#[derive(Default, Deserialize)]
struct By<'b> {
    #[serde(borrow, default)]
    author: Option<&'b RawValue>,
    #[serde(borrow, default)]
    proof: Option<&'b RawValue>,
}

impl Store {
    /// The request of an event that is known.
    pub fn known_event(&self, id: &EventId) -> Result<Option<RequestId>> {
        let mut statement =
            self.prepare("SELECT request FROM journal WHERE source = ?1 AND event IN (?2, ?3) LIMIT 1")?;
        // Also where it was erased since, and is known by the hash of its id.
        let erased = erased_id(id);
        statement.query_row([&id.source, &id.id, &erased], |row| row.get(0).map(RequestId)).optional()
    }

    /// Events of a source whose ids begin so, each with its request.
    pub fn events_named(&self, source: &str, beginnings: &[String]) -> Result<Vec<(RequestId, String)>> {
        let mut found = Vec::new();
        for beginning in beginnings {
            // Whatever begins so stands before the same with the greatest letter behind it.
            let mut statement = self.prepare(self.either(
                "SELECT request, event FROM journal WHERE source = ?1 AND ?2 <= event AND event < ?2 || char(1114111) ORDER BY seq",
                "SELECT request, event FROM journal WHERE source = ?1 AND ?2 <= event AND event < ?2 || chr(1114111) ORDER BY seq",
            ))?;
            let rows = statement.query_map([source, beginning], |row| Ok((RequestId(row.get(0)?), row.get(1)?)))?;
            found.extend(rows.collect::<std::result::Result<Vec<_>, _>>()?);
        }
        Ok(found)
    }

    /// Whether something happened to a request before `at` of which plazo heard only afterwards.
    pub fn heard_late(&self, request: RequestId, at: DateTime<Utc>) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT EXISTS (SELECT 1 FROM journal WHERE request = ?1 AND source IS NOT NULL AND at <= ?2 AND ?2 < received_at)",
        )?;
        Ok(statement.query_row(params![request.0, milliseconds(at)], |row| row.get(0))?)
    }

    /// An event that is known.
    pub fn event(&self, id: &EventId) -> Result<Option<Event>> {
        let mut statement = self.prepare(
            "SELECT request, body, source, event FROM journal
             WHERE source = ?1 AND event IN (?2, ?3) AND body IS NOT NULL LIMIT 1",
        )?;
        let mut rows = statement.query([&id.source, &id.id, &erased_id(id)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(self.event_in(RequestId(row.get(0)?), &row, 1))
    }

    /// All events of a request in the order in which they happened; of two at one instant, the one heard of first.
    pub fn events(&self, request: RequestId) -> Result<Vec<Event>> {
        let mut statement = self.prepare(&format!(
            "SELECT {NAMED_BODY} FROM journal WHERE request = ?1 AND body IS NOT NULL ORDER BY at, seq"
        ))?;
        let mut rows = statement.query([request.0])?;
        let mut events = Vec::new();
        while let Some(row) = &rows.next()? {
            events.extend(self.event_in(request, row, 0));
        }
        Ok(events)
    }

    /// The link to its conversation that a source gave last, as the source wrote it. Only the request's last events are looked at: it is asked
    /// with each alert.
    pub fn latest_link(&self, request: RequestId) -> Result<Option<String>> {
        let mut statement = self
            .prepare("SELECT body FROM journal WHERE request = ?1 AND body IS NOT NULL ORDER BY seq DESC LIMIT 50")?;
        let mut rows = statement.query([request.0])?;
        while let Some(row) = &rows.next()? {
            // As a rule there is none: JSON is read only where the word occurs, and one that cannot be read has none.
            let Ok(body) = row.get_ref(0)?.as_str() else { continue };
            if !body.contains("\"link\"") {
                continue;
            }
            let event = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
            if let Some(link) = event.pointer("/refs/link").and_then(serde_json::Value::as_str) {
                return Ok(Some(link.to_owned()));
            }
        }
        Ok(None)
    }

    /// Requests that a report of a period may concern: something happened to them since it began, or they are open still.
    pub fn concerned(&self, from: DateTime<Utc>) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare(
            "SELECT request FROM journal WHERE at >= ?1 AND body IS NOT NULL
             UNION SELECT id FROM requests WHERE phase IN ('open', 'waiting') ORDER BY 1",
        )?;
        let rows = statement.query_map([milliseconds(from)], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Events of one type between two instants, with their requests, in their order.
    pub fn events_of_type(
        &self,
        type_name: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<(RequestId, Event)>> {
        let mut statement = self.prepare(
            "SELECT request, body, source, event FROM journal WHERE type = ?1 AND ?2 <= at AND at < ?3 AND body IS NOT NULL ORDER BY at, seq",
        )?;
        let mut rows = statement.query(params![type_name, milliseconds(from), milliseconds(to)])?;
        let mut found = Vec::new();
        while let Some(row) = &rows.next()? {
            let request = RequestId(row.get(0)?);
            found.extend(self.event_in(request, row, 1).map(|event| (request, event)));
        }
        Ok(found)
    }

    /// Every event with its request and the instant at which it was heard of, in the order of arrival.
    pub fn each_event(&self, mut each: impl FnMut(RequestId, DateTime<Utc>, Event)) -> Result<()> {
        let sql = format!("SELECT request, received_at, {NAMED_BODY} FROM journal WHERE body IS NOT NULL ORDER BY seq");
        self.each_row(&sql, |row| {
            let request = RequestId(row.get(0)?);
            let heard_at = self.read_instant(request, "event", row, 1);
            if let (Some(heard_at), Some(event)) = (heard_at, self.event_in(request, row, 2)) {
                each(request, heard_at, event);
            }
            Ok(())
        })
    }

    /// A request's history, oldest first, without anybody's words.
    pub fn history(&self, request: RequestId) -> Result<Vec<HistoryRow>> {
        let mut statement = self.prepare(
            "SELECT at, received_at, type, source, effects, body, source || '/' || event
             FROM journal WHERE request = ?1 ORDER BY at, seq",
        )?;
        let mut rows = statement.query([request.0])?;
        let mut history = Vec::new();
        while let Some(row) = &rows.next()? {
            let Some(at) = self.read_instant(request, "event", row, 0) else { continue };
            let Some(received_at) = self.read_instant(request, "event", row, 1) else { continue };
            let body = row.get_ref(5)?.as_bytes_or_null().ok().flatten().unwrap_or_default();
            // What is no JSON at all has nobody in it.
            let by: By<'_> = serde_json::from_slice(body).unwrap_or_default();
            history.push(HistoryRow {
                at,
                received_at,
                type_name: row.get(2)?,
                source: row.get(3)?,
                id: row.get(6)?,
                effects: self.parsed(request, "effects", row, 4).unwrap_or_default(),
                author: by.author.and_then(|part| self.noted(request, "event", serde_json::from_str(part.get()))),
                proof: (by.proof.and_then(|part| self.noted(request, "event", serde_json::from_str(part.get()))))
                    .unwrap_or(Proof::Unrecorded),
            });
        }
        Ok(history)
    }

    /// What happened to a request, oldest first, with its events as they were told; what cannot be read is left out of its row.
    pub fn happenings(&self, request: RequestId) -> Result<Vec<Happening>> {
        let mut statement = self
            .prepare(&format!("SELECT at, effects, {NAMED_BODY} FROM journal WHERE request = ?1 ORDER BY at, seq"))?;
        let mut rows = statement.query([request.0])?;
        let mut happenings = Vec::new();
        while let Some(row) = &rows.next()? {
            let Some(at) = self.read_instant(request, "event", row, 0) else { continue };
            happenings.push(Happening {
                at,
                event: self.event_in(request, row, 2),
                effects: self.parsed(request, "effects", row, 1).unwrap_or_default(),
            });
        }
        Ok(happenings)
    }

    /// How many events were put aside since then.
    pub fn count_quarantined(&self, since: DateTime<Utc>) -> Result<i64> {
        let mut statement = self.prepare("SELECT count(*) FROM quarantine WHERE ?1 <= received_at")?;
        Ok(statement.query_row([milliseconds(since)], |row| row.get(0))?)
    }

    /// How many payloads of a source no rule could read since then.
    pub fn count_unread(&self, source: &str, since: DateTime<Utc>) -> Result<i64> {
        let mut statement = self.prepare(
            "SELECT count(*) FROM quarantine WHERE ?2 <= received_at AND source = ?1 AND event LIKE 'payload:%'",
        )?;
        Ok(statement.query_row(params![source, milliseconds(since)], |row| row.get(0))?)
    }

    /// How many payloads of a source were put aside since then because no rule knows their form.
    pub fn count_foreign(&self, source: &str, since: DateTime<Utc>) -> Result<i64> {
        let mut statement = self.prepare(
            "SELECT count(*) FROM quarantine WHERE ?2 <= received_at AND source = ?1 AND event = 'not-understood'",
        )?;
        Ok(statement.query_row(params![source, milliseconds(since)], |row| row.get(0))?)
    }
}

impl Store {
    /// Who took each of those requests last, as the event named them.
    pub fn takers(&self, requests: &[RequestId]) -> Result<HashMap<RequestId, String>> {
        if matches!(self.database, Database::Postgres(_)) {
            let mut statement = self.prepare(
                "SELECT DISTINCT ON (request) request, who FROM acts
                 WHERE request IN (SELECT value::bigint FROM json_array_elements_text(?1::json) AS value) AND act = 'ack'
                   AND who IS NOT NULL ORDER BY request, at DESC",
            )?;
            let requests = serde_json::to_string(requests)?;
            let rows = statement.query_map([requests], |row| Ok((RequestId(row.get(0)?), row.get(1)?)))?;
            return rows.collect();
        }
        let mut statement = self.prepare(
            "SELECT who FROM acts WHERE request = ?1 AND act = 'ack' AND who IS NOT NULL ORDER BY at DESC LIMIT 1",
        )?;
        let mut takers = HashMap::new();
        for id in requests {
            if let Some(who) = statement.query_row([id.0], |row| row.get(0)).optional()? {
                takers.insert(*id, who);
            }
        }
        Ok(takers)
    }
}

impl Writing<'_> {
    /// Appends an entry.
    pub fn append(&self, entry: &JournalEntry, received_at: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO journal (request, at, received_at, source, event, type, body, effects)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .send(params![
            entry.request.0,
            milliseconds(entry.at),
            milliseconds(received_at),
            entry.id.as_ref().map(|id| &id.source),
            entry.id.as_ref().map(|id| &id.id),
            entry.type_name,
            entry.body.as_deref().zip(entry.id.as_ref()).map(|(body, id)| nameless(body, id)),
            serde_json::to_string(&entry.effects)?,
        ])
    }

    /// Puts an event aside that could not be applied.
    pub fn quarantine(&self, id: &EventId, received_at: DateTime<Utc>, body: &str, cause: &str) -> Result<()> {
        self.prepare("INSERT INTO quarantine (received_at, source, event, body, cause) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![milliseconds(received_at), id.source, id.id, body, cause])?;
        Ok(())
    }

    /// Records who took or put off a request's alerts.
    pub fn record_act(&self, act: &Act) -> Result<()> {
        self.prepare(
            "INSERT INTO acts (request, act, who, at, until, source, proof) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .send(params![
            act.request.0,
            act.act,
            act.who,
            milliseconds(act.at),
            act.until.map(milliseconds),
            act.source,
            serde_json::to_string(&act.proof)?
        ])
    }
}
