//! Who wrote, and what of it is not proven: what events say of their authors, over many of them.
//!
//! SQLite looks into them itself. PostgreSQL's parser of JSON fails on what a stranger may write, so that they are looked at here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Deserialize;

use super::database::{Database, Row};
use super::{Result, Store, instant, milliseconds};
use plazo_core::engine::request_id::RequestId;

/// Somebody who wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorRow {
    /// Address, number or user id.
    pub address: String,
    /// `agent` or `customer`.
    pub kind: String,
    /// Name as the channel shows it.
    pub name: Option<String>,
    /// Where the last one was written.
    pub channel: String,
    /// How many events.
    pub n_events: u32,
    /// The last one's instant.
    pub last_at: DateTime<Utc>,
    /// The last one's request.
    pub request: RequestId,
}

/// What is looked at of an event.
#[derive(Deserialize)]
struct Written {
    author: Option<Author>,
    #[serde(default)]
    channel: Option<String>,
    proof: Option<Lacking>,
}

#[derive(Deserialize)]
struct Author {
    address: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Lacking {
    lacks: Option<String>,
}

impl Store {
    /// People who wrote since then, by address, with what was taken of them; those who wrote most first.
    pub fn authors(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<AuthorRow>> {
        if matches!(self.database, Database::Postgres(_)) {
            return self.counted_authors(since, limit);
        }
        let mut statement = self.prepare(
            "WITH written AS (
                 SELECT body ->> '$.author.address' AS address, body ->> '$.author.kind' AS kind, body ->> '$.author.name' AS name,
                        coalesce(body ->> '$.channel', '') AS channel, at, seq, request
                 FROM (SELECT CASE WHEN json_valid(body) THEN body END AS body, at, seq, request FROM journal
                       WHERE ?1 <= at AND body IS NOT NULL)
                 WHERE body IS NOT NULL AND address IS NOT NULL AND kind IN ('agent', 'customer')),
             ordered AS (
                 SELECT *, row_number() OVER newest AS age, count(*) OVER whose AS n_events,
                        first_value(name) OVER (PARTITION BY address, kind ORDER BY name IS NULL, at DESC, seq DESC) AS last_name
                 FROM written WINDOW whose AS (PARTITION BY address, kind), newest AS (whose ORDER BY at DESC, seq DESC))
             SELECT address, kind, last_name, channel, n_events, at, request FROM ordered
             WHERE age = 1 ORDER BY n_events DESC, address LIMIT ?2",
        )?;
        let rows = statement.query_map(params![milliseconds(since), limit], |row| {
            Ok(AuthorRow {
                address: row.get(0)?,
                kind: row.get(1)?,
                name: row.get(2)?,
                channel: row.get(3)?,
                n_events: row.get(4)?,
                last_at: instant(row.get(5)?)?,
                request: RequestId(row.get(6)?),
            })
        })?;
        self.readable("event", rows)
    }

    /// Mails since then that bear an address of the house and no proof, by what they lack.
    pub fn count_unproven_mail(&self, since: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
        if matches!(self.database, Database::Postgres(_)) {
            return self.counted_unproven_mail(since);
        }
        let mut statement = self.prepare(
            "SELECT json_extract(body, '$.proof.lacks') AS lacks, count(*)
             FROM (SELECT CASE WHEN json_valid(body) THEN body END AS body FROM journal
                   WHERE source = 'email' AND type = 'message' AND ?1 <= at AND body IS NOT NULL)
             WHERE lacks IS NOT NULL GROUP BY 1 ORDER BY 2 DESC",
        )?;
        let rows = statement.query_map([milliseconds(since)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// [`Store::authors`], counted here.
    fn counted_authors(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<AuthorRow>> {
        let mut statement = self.prepare(
            "SELECT body, at, request FROM journal WHERE ?1 <= at AND body IS NOT NULL ORDER BY at DESC, seq DESC",
        )?;
        let mut rows = statement.query([milliseconds(since)])?;
        let mut authors: HashMap<(String, String), AuthorRow> = HashMap::new();
        while let Some(row) = &rows.next()? {
            let Some(Written { author: Some(author), channel, .. }) = written(row) else { continue };
            let Author { address: Some(address), kind: Some(kind), name } = author else { continue };
            if kind != "agent" && kind != "customer" {
                continue;
            }
            // The latest comes first, and says all but a name that it does not have.
            let last_at = instant(row.get(1)?)?;
            let request = RequestId(row.get(2)?);
            let known = authors.entry((address.clone(), kind.clone())).or_insert_with(|| AuthorRow {
                address,
                kind,
                name: None,
                channel: channel.unwrap_or_default(),
                n_events: 0,
                last_at,
                request,
            });
            known.n_events += 1;
            known.name = known.name.take().or(name);
        }
        let mut authors: Vec<_> = authors.into_values().collect();
        authors.sort_by(|one, other| {
            other
                .n_events
                .cmp(&one.n_events)
                .then_with(|| one.address.cmp(&other.address))
                .then_with(|| one.kind.cmp(&other.kind))
        });
        authors.truncate(limit as usize);
        Ok(authors)
    }

    /// [`Store::count_unproven_mail`], counted here.
    fn counted_unproven_mail(&self, since: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
        let mut statement = self.prepare(
            "SELECT body FROM journal WHERE source = 'email' AND type = 'message' AND ?1 <= at AND strpos(body, '\"lacks\"') > 0",
        )?;
        let mut rows = statement.query([milliseconds(since)])?;
        let mut counted: HashMap<String, i64> = HashMap::new();
        while let Some(row) = &rows.next()? {
            if let Some(lacks) = written(row).and_then(|written| written.proof?.lacks) {
                *counted.entry(lacks).or_default() += 1;
            }
        }
        let mut counted: Vec<_> = counted.into_iter().collect();
        counted.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        Ok(counted)
    }
}

/// The event of a row's first column; none where it cannot be read.
fn written(row: &Row<'_>) -> Option<Written> {
    serde_json::from_slice(row.get_ref(0).ok()?.as_bytes().ok()?).ok()
}
