//! What is forgotten of somebody who asks for it: where they are found, what is rewritten, and what says that it was done.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::params;
use rusqlite::types::Value;
use serde::Serialize;
use serde_json::Value as Json;

use super::{Result, Store, Writing, instant, milliseconds};
use plazo_core::engine::request_id::RequestId;

/// That somebody was forgotten in it: nothing of it can be derived anew.
const FORGOTTEN: i64 = 8;

/// That somebody was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who asked plazo for it.
    pub who: Option<String>,
    /// `client`, `person` or `request`.
    pub kind: String,
    /// What was done, as JSON.
    pub receipt: Json,
}

impl Store {
    /// Requests between two numbers of the journal that have an entry with somebody in it, and the number after the last.
    pub fn entries_with(
        &self,
        is_in: impl Fn(&[u8]) -> bool,
        from: i64,
        n: i64,
    ) -> Result<(BTreeSet<RequestId>, Option<i64>)> {
        let mut statement = self.prepare(
            "SELECT request, concat_ws(' ', body, event, effects) FROM journal WHERE ?1 <= seq AND seq < ?2",
        )?;
        let mut rows = statement.query([from, from + n])?;
        let mut found = BTreeSet::new();
        while let Some(row) = &rows.next()? {
            if is_in(row.get_ref(1)?.as_bytes().unwrap_or_default()) {
                found.insert(RequestId(row.get(0)?));
            }
        }
        let last: i64 = self.prepare("SELECT coalesce(max(seq), 0) FROM journal")?.query_row([], |row| row.get(0))?;
        Ok((found, Some(from + n).filter(|next| *next <= last)))
    }

    /// Requests of a client: by its key or name, by the word of its contact, or by the name of its conversation.
    pub fn requests_of(&self, words: &BTreeSet<String>) -> Result<BTreeSet<RequestId>> {
        let (words, listed) = (serde_json::to_string(words)?, self.listed());
        let is_customer = self.either(
            "customer COLLATE NOCASE IN (SELECT value FROM json_each(?1))",
            "lower(customer) IN (SELECT lower(value COLLATE \"C\") FROM json_array_elements_text(?1::json) AS value)",
        );
        let mut found = BTreeSet::new();
        for sql in [
            format!("SELECT id FROM requests WHERE {is_customer} AND customer IS NOT NULL"),
            format!("SELECT id FROM requests WHERE contact IN {listed} AND contact IS NOT NULL"),
            format!("SELECT request FROM threads WHERE thread IN {listed}"),
        ] {
            let mut statement = self.prepare(&sql)?;
            let rows = statement.query_map([&words], |row| row.get(0).map(RequestId))?;
            found.extend(rows.collect::<std::result::Result<Vec<_>, _>>()?);
        }
        Ok(found)
    }

    /// Requests of which what is known has somebody in it, or whose contact or conversation ends with these digits.
    pub fn requests_like(
        &self,
        is_in: impl Fn(&[u8]) -> bool,
        digits: &BTreeSet<String>,
    ) -> Result<BTreeSet<RequestId>> {
        let mut found = BTreeSet::new();
        self.each_row("SELECT id, state FROM requests", |row| {
            if is_in(row.get_ref(1)?.as_bytes().unwrap_or_default()) {
                found.insert(RequestId(row.get(0)?));
            }
            Ok(())
        })?;
        for digits in digits {
            for sql in [
                "SELECT id FROM requests WHERE contact IS NOT NULL AND contact LIKE '%' || ?1",
                "SELECT request FROM threads WHERE thread LIKE '%' || ?1",
            ] {
                let mut statement = self.prepare(sql)?;
                let rows = statement.query_map([digits], |row| row.get(0).map(RequestId))?;
                found.extend(rows.collect::<std::result::Result<Vec<_>, _>>()?);
            }
        }
        Ok(found)
    }

    /// Who was forgotten, the latest first.
    pub fn erasures(&self) -> Result<Vec<Erasure>> {
        let mut statement =
            self.prepare("SELECT id, at, who, kind, receipt FROM erasures ORDER BY id DESC LIMIT 1000")?;
        let rows = statement.query_map([], |row| {
            let receipt = row.get_ref(4)?.as_str()?;
            Ok(Erasure {
                id: row.get(0)?,
                at: instant(row.get(1)?)?,
                who: row.get(2)?,
                kind: row.get(3)?,
                receipt: serde_json::from_str(receipt).unwrap_or_default(),
            })
        })?;
        self.readable("erasure", rows)
    }

    /// The requests of whoever was being forgotten, and those that mention them; none where nothing was begun, or it has come to its end.
    pub fn begun_erasure(&self, subject: &[u8]) -> Result<Option<[Vec<RequestId>; 2]>> {
        let mut statement = self.prepare("SELECT requests, mentioned_in FROM begun_erasures WHERE subject = ?1")?;
        let mut rows = statement.query([subject])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let ids = |column: usize| -> Result<_> { Ok(serde_json::from_str(&row.get::<String>(column)?)?) };
        Ok(Some([ids(0)?, ids(1)?]))
    }

    /// Requests that their source wants erased, each with the source.
    pub fn wanted_erasures(&self) -> Result<Vec<(RequestId, String)>> {
        let mut statement = self.prepare("SELECT request, source FROM wanted_erasures ORDER BY at, request")?;
        let rows = statement.query_map([], |row| Ok((RequestId(row.get(0)?), row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }
}

impl Writing<'_> {
    /// Notes that somebody was forgotten in a request.
    pub fn note_forgotten(&self, request: RequestId) -> Result<()> {
        self.prepare("UPDATE requests SET let_go = let_go | ?2 WHERE id = ?1")?.execute([request.0, FORGOTTEN])?;
        Ok(())
    }

    /// Takes away what was put aside and has somebody in it, or belongs to one of these conversations. How many were.
    pub fn remove_put_aside_with(&self, is_in: impl Fn(&[u8]) -> bool, threads: &[(String, String)]) -> Result<usize> {
        let mut n = 0;
        for (table, key, text) in [
            ("quarantine", "seq", "body || ' ' || event"),
            ("parked", "source, event, channel, thread", "body || ' ' || event || ' ' || thread"),
            ("fetches", "source, name, id", "path || ' ' || asked || ' ' || id"),
        ] {
            let mut statement = self.prepare(&format!("SELECT {text}, {key} FROM {table}"))?;
            let mut rows = statement.query([])?;
            let mut theirs = Vec::new();
            while let Some(row) = &rows.next()? {
                if is_in(row.get_ref(0)?.as_bytes().unwrap_or_default()) {
                    let key = (1..row.n_columns()).map(|column| row.get::<Value>(column));
                    theirs.push(key.collect::<rusqlite::Result<Vec<_>>>()?);
                }
            }
            let places: Vec<_> = (1..=key.split(',').count()).map(|place| format!("?{place}")).collect();
            let places = places.join(", ");
            let mut statement = self.prepare(&format!("DELETE FROM {table} WHERE ({key}) = ({places})"))?;
            for key in theirs {
                n += statement.execute_with(&key)?;
            }
        }
        for (channel, thread) in threads {
            n += self.prepare("DELETE FROM parked WHERE channel = ?1 AND thread = ?2")?.execute([channel, thread])?;
        }
        Ok(n)
    }

    /// Rewrites a request's violations by `forget`, which says whether it changed one: then who did it goes, too, and what was said to it.
    pub fn rewrite_violations(&self, request: RequestId, forget: impl FnMut(&mut Json) -> bool) -> Result<()> {
        for (id, violation) in self.rewritten_violations(request, forget)? {
            self.prepare("UPDATE violations SET violation = ?2, excuse = CASE WHEN excuse IS NOT NULL THEN '' END, who = NULL WHERE id = ?1")?
                .execute(params![id, violation])?;
        }
        Ok(())
    }

    /// Rewrites a request's violations by `let_go`, which says whether it changed one. Who did it stays, and that something was said to it.
    pub fn let_words_of_violations_go(&self, request: RequestId, let_go: impl FnMut(&mut Json) -> bool) -> Result<()> {
        for (id, violation) in self.rewritten_violations(request, let_go)? {
            self.prepare("UPDATE violations SET violation = ?2 WHERE id = ?1")?.execute(params![id, violation])?;
        }
        self.prepare("UPDATE violations SET excuse = '' WHERE request = ?1 AND excuse IS NOT NULL")?
            .execute([request.0])?;
        Ok(())
    }

    fn rewritten_violations(
        &self,
        request: RequestId,
        mut rewrite: impl FnMut(&mut Json) -> bool,
    ) -> Result<Vec<(i64, String)>> {
        let mut statement = self.prepare("SELECT id, violation FROM violations WHERE request = ?1")?;
        let rows = statement.query_map([request.0], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
        let rows = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        let rewritten = rows.into_iter().filter_map(|(id, text)| {
            let mut violation = serde_json::from_str::<Json>(&text).ok()?;
            rewrite(&mut violation).then(|| (id, violation.to_string()))
        });
        Ok(rewritten.collect())
    }

    /// Replaces the key of a person of the house wherever a column names them.
    pub fn rename_person(&self, key: &str, name: &str) -> Result<usize> {
        let mut n = 0;
        for sql in [
            "UPDATE requests SET owner = ?2 WHERE owner = ?1",
            "UPDATE deliveries SET person = ?2 WHERE person = ?1",
            "UPDATE acts SET who = ?2 WHERE who = ?1",
            "UPDATE violations SET who = ?2 WHERE who = ?1",
            "UPDATE violations SET owner = ?2 WHERE owner = ?1",
            "UPDATE violations SET excused_by = ?2 WHERE excused_by = ?1",
            "UPDATE silences SET who = ?2 WHERE who = ?1",
            "UPDATE absences SET person = ?2 WHERE person = ?1",
            "UPDATE absences SET substitute = ?2 WHERE substitute = ?1",
            "UPDATE absences SET who = ?2 WHERE who = ?1",
            "UPDATE revisions SET who = ?2 WHERE who = ?1",
            "DELETE FROM windows WHERE person = ?1 AND CAST(?2 AS TEXT) IS NOT NULL",
            "DELETE FROM sessions WHERE person = ?1 AND CAST(?2 AS TEXT) IS NOT NULL",
            "DELETE FROM link_revocations WHERE person = ?1 AND CAST(?2 AS TEXT) IS NOT NULL",
            "DELETE FROM opted_out WHERE person = ?1 AND CAST(?2 AS TEXT) IS NOT NULL",
            "DELETE FROM telephoned WHERE person = ?1 AND CAST(?2 AS TEXT) IS NOT NULL",
        ] {
            n += self.prepare(sql)?.execute([key, name])?;
        }
        Ok(n)
    }

    /// Replaces words in the texts of revisions of the file that are over: what is in force is the operator's to change.
    pub fn rewrite_revisions(&self, mut forget: impl FnMut(&str) -> Option<String>) -> Result<usize> {
        let mut statement =
            self.prepare("SELECT id, source FROM revisions WHERE id < (SELECT max(id) FROM revisions)")?;
        let rows = statement.query_map([], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
        let mut n = 0;
        for (id, source) in rows.collect::<std::result::Result<Vec<_>, _>>()? {
            if let Some(rewritten) = forget(&source) {
                n += self.prepare("UPDATE revisions SET source = ?2 WHERE id = ?1")?.execute(params![id, rewritten])?;
            }
        }
        Ok(n)
    }

    /// Rewrites the reports that are kept by `forget`, which says whether it changed one.
    pub fn rewrite_past_reports(&self, mut forget: impl FnMut(&mut Json) -> bool) -> Result<()> {
        let mut statement = self.prepare("SELECT report, name, from_at, to_at FROM past_reports")?;
        let mut rows = statement.query([])?;
        let mut rewritten = Vec::new();
        while let Some(row) = &rows.next()? {
            let text = row.get_ref(0)?;
            let Ok(mut report) = serde_json::from_str::<Json>(text.as_str().unwrap_or_default()) else { continue };
            if forget(&mut report) {
                let key: (String, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
                rewritten.push((key, report.to_string()));
            }
        }
        let sql = "UPDATE past_reports SET report = ?4 WHERE name = ?1 AND from_at = ?2 AND to_at = ?3";
        let mut statement = self.prepare(sql)?;
        for ((name, from, to), report) in rewritten {
            statement.execute(params![name, from, to, report])?;
        }
        Ok(())
    }

    /// Rewrites what operators wrote beside: names of files that were read in, why and by whom something is held, and by whom somebody was
    /// forgotten.
    pub fn rewrite_notes(&self, forget: impl Fn(&str) -> Option<String>) -> Result<()> {
        for (table, key, column) in [
            ("imports", "id", "file"),
            ("legal_holds", "request", "why"),
            ("legal_holds", "request", "who"),
            ("erasures", "id", "who"),
        ] {
            let mut statement =
                self.prepare(&format!("SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL"))?;
            let rows = statement.query_map([], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
            for row in rows.collect::<std::result::Result<Vec<_>, _>>()? {
                if let Some(rewritten) = forget(&row.1) {
                    self.prepare(&format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1"))?
                        .execute(params![row.0, rewritten])?;
                }
            }
        }
        Ok(())
    }

    /// Notes whose requests are being forgotten.
    pub fn begin_erasure(
        &self,
        subject: &[u8],
        requests: &[RequestId],
        mentioned_in: &[RequestId],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let [requests, mentioned_in] = [requests, mentioned_in].map(serde_json::to_string);
        self.prepare(
            "INSERT INTO begun_erasures (subject, at, requests, mentioned_in) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (subject) DO UPDATE SET at = excluded.at, requests = excluded.requests,
                 mentioned_in = excluded.mentioned_in",
        )?
        .execute(params![subject, milliseconds(now), requests?, mentioned_in?])?;
        Ok(())
    }

    /// That is done.
    pub fn end_erasure(&self, subject: &[u8]) -> Result<()> {
        self.prepare("DELETE FROM begun_erasures WHERE subject = ?1")?.execute([subject])?;
        Ok(())
    }

    /// Writes down that somebody was forgotten, and returns its number.
    pub fn add_erasure(
        &self,
        kind: &str,
        subject: &[u8],
        who: Option<&str>,
        receipt: &Json,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        let sql = "INSERT INTO erasures (at, who, kind, subject, receipt) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.prepare_insert(sql)?.insert_new(params![milliseconds(now), who, kind, subject, receipt.to_string()])
    }

    /// Notes that a source wants a request erased.
    pub fn want_erasure(&self, request: RequestId, source: &str, now: DateTime<Utc>) -> Result<()> {
        self.prepare("INSERT INTO wanted_erasures (request, source, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![request.0, source, milliseconds(now)])?;
        Ok(())
    }

    /// That is done.
    pub fn settle_erasure(&self, request: RequestId) -> Result<()> {
        self.prepare("DELETE FROM wanted_erasures WHERE request = ?1")?.execute([request.0])?;
        Ok(())
    }
}
