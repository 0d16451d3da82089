//! Sources: what is known of each, how far it was read, what is still to be asked for, what came too early.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::database::{Database, Optional as _};
use super::{Result, Store, Writing, instant, known, milliseconds};
use plazo_core::engine::event::{Event, EventId};
use plazo_core::engine::request_id::RequestId;

/// What is known of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRow {
    /// When it last said something.
    pub heard_at: Option<DateTime<Utc>>,
    /// When the latest thing happened of which it told.
    pub event_at: Option<DateTime<Utc>>,
    /// When it last failed.
    pub failed_at: Option<DateTime<Utc>>,
    /// How.
    pub cause: Option<String>,
    /// When its silence was told; none once it has spoken since.
    pub silence_told_at: Option<DateTime<Utc>>,
}

/// Something to be asked of a source's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRow {
    /// The source.
    pub source: String,
    /// The fetch's name in the mapping.
    pub name: String,
    /// Its own name.
    pub id: String,
    /// Path or address.
    pub path: String,
    /// What led to it, as JSON.
    pub asked: String,
    /// Tries so far.
    pub attempts: u32,
}

impl Store {
    /// What is known of a source.
    pub fn source(&self, name: &str) -> Result<Option<SourceRow>> {
        let mut statement =
            self.prepare("SELECT heard_at, event_at, failed_at, cause, silence_told_at FROM sources WHERE name = ?1")?;
        let row = statement.query_row([name], |row| {
            let at = |place| row.get(place).map(known);
            Ok(SourceRow {
                heard_at: at(0)?,
                event_at: at(1)?,
                failed_at: at(2)?,
                cause: row.get(3)?,
                silence_told_at: at(4)?,
            })
        });
        row.optional()
    }

    /// Instants at which a source spoke, oldest first, as far back as the latest rows of the journal go.
    pub fn source_instants(&self, name: &str) -> Result<Vec<DateTime<Utc>>> {
        let mut statement = self.prepare(
            "SELECT received_at FROM journal WHERE source = ?1 AND (SELECT max(seq) FROM journal) - 50000 < seq ORDER BY seq",
        )?;
        let rows = statement.query_map([name], |row| row.get(0).and_then(instant))?;
        self.readable("event", rows)
    }

    /// How far something was read.
    pub fn cursor(&self, source: &str, name: &str) -> Result<Option<String>> {
        let mut statement = self.prepare("SELECT value FROM cursors WHERE source = ?1 AND name = ?2")?;
        statement.query_row([source, name], |row| row.get(0)).optional()
    }

    /// What of a source may be asked for now, the oldest first.
    pub fn due_fetches(&self, source: &str, now: DateTime<Utc>, limit: u32) -> Result<Vec<FetchRow>> {
        let mut statement = self.prepare(
            "SELECT name, id, path, asked, attempts FROM fetches WHERE source = ?1 AND next_at <= ?2
             ORDER BY wanted_at LIMIT ?3",
        )?;
        let rows = statement.query_map(params![source, milliseconds(now), limit], |row| {
            Ok(FetchRow {
                source: source.to_owned(),
                name: row.get(0)?,
                id: row.get(1)?,
                path: row.get(2)?,
                asked: row.get(3)?,
                attempts: row.get(4)?,
            })
        })?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// How much of a source is still to be asked for, and since when the oldest.
    pub fn fetch_backlog(&self, source: &str) -> Result<(u32, Option<DateTime<Utc>>)> {
        let mut statement =
            self.prepare("SELECT count(*), min(wanted_at) FROM fetches WHERE source = ?1 AND next_at IS NOT NULL")?;
        Ok(statement.query_row([source], |row| Ok((row.get(0)?, known(row.get(1)?))))?)
    }

    /// Whether anything is kept until its conversation begins.
    pub fn any_parked(&self) -> Result<bool> {
        Ok(self.prepare("SELECT EXISTS (SELECT 1 FROM parked)")?.query_row([], |row| row.get(0))?)
    }

    /// Conversations for which something is kept although they have begun: another daemon opened one while this was put aside. Each with its
    /// channel and its request.
    pub fn parked_late(&self) -> Result<Vec<(String, String, RequestId)>> {
        let mut statement = self.prepare(
            "SELECT DISTINCT p.channel, p.thread, t.request FROM parked p JOIN threads t ON t.channel = p.channel AND t.thread = p.thread LIMIT 100",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2).map(RequestId)?)))?;
        rows.collect()
    }

    /// The events that are kept until one of these conversations begins, in the order in which they happened.
    pub fn parked(&self, channel: &str, threads: &[String]) -> Result<Vec<Event>> {
        let mut events: Vec<Event> = Vec::new();
        for thread in threads {
            let mut statement = self.prepare("SELECT body FROM parked WHERE channel = ?1 AND thread = ?2")?;
            let mut rows = statement.query([channel, thread.as_str()])?;
            while let Some(row) = &rows.next()? {
                let event: Option<Event> = self.parsed(RequestId(0), "parked", row, 0);
                events.extend(event.filter(|event| !events.iter().any(|known| known.id == event.id)));
            }
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }
}

impl Writing<'_> {
    /// Notes that a source has spoken; `event_at` is the latest instant of what it said.
    pub fn source_heard(&self, name: &str, now: DateTime<Utc>, event_at: Option<DateTime<Utc>>) -> Result<()> {
        let later = self.either("max", "greatest");
        self.prepare(&format!(
            "INSERT INTO sources (name, heard_at, event_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET heard_at = excluded.heard_at,
                 event_at = {later}(coalesce(sources.event_at, 0), coalesce(excluded.event_at, sources.event_at, 0)),
                 failed_at = NULL, cause = NULL, silence_told_at = NULL"
        ))?
        .execute(params![name, milliseconds(now), event_at.map(milliseconds)])?;
        Ok(())
    }

    /// Notes that a source could be asked and had no news.
    pub fn source_answered(&self, name: &str) -> Result<()> {
        self.prepare("UPDATE sources SET failed_at = NULL, cause = NULL WHERE name = ?1 AND failed_at IS NOT NULL")?
            .execute([name])?;
        Ok(())
    }

    /// Notes that a source failed. Whether it had not been failing before.
    pub fn source_failed(&self, name: &str, now: DateTime<Utc>, cause: &str) -> Result<bool> {
        let was_failing = self.source(name)?.is_some_and(|row| row.failed_at.is_some());
        self.prepare(
            "INSERT INTO sources (name, failed_at, cause) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET failed_at = coalesce(sources.failed_at, excluded.failed_at), cause = excluded.cause",
        )?
        .execute(params![name, milliseconds(now), cause])?;
        Ok(!was_failing)
    }

    /// Notes that the silence of a source was told.
    pub fn silence_told(&self, name: &str, now: DateTime<Utc>) -> Result<()> {
        self.prepare("UPDATE sources SET silence_told_at = ?2 WHERE name = ?1")?
            .execute(params![name, milliseconds(now)])?;
        Ok(())
    }

    /// Remembers how far something was read.
    pub fn set_cursor(&self, source: &str, name: &str, value: &str, now: DateTime<Utc>) -> Result<()> {
        self.prepare(
            "INSERT INTO cursors (source, name, value, moved_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source, name) DO UPDATE SET value = excluded.value, moved_at = excluded.moved_at",
        )?
        .execute(params![source, name, value, milliseconds(now)])?;
        Ok(())
    }

    /// Makes the subscriptions of a source due to be renewed.
    pub fn renew_subscriptions(&self, source: &str) -> Result<()> {
        if matches!(self.database, Database::Postgres(_)) {
            return self.renew_each_subscription(source);
        }
        self.prepare(
            "UPDATE cursors SET value = json_remove(value, '$.renew_at')
             WHERE source = ?1 AND name >= 'subscription ' AND name < 'subscription!'",
        )?
        .execute([source])?;
        Ok(())
    }

    /// The same, looked at here.
    fn renew_each_subscription(&self, source: &str) -> Result<()> {
        let mut statement = self.prepare(
            "SELECT name, value FROM cursors WHERE source = ?1 AND name >= 'subscription ' AND name < 'subscription!'",
        )?;
        let rows = statement.query_map([source], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)))?;
        for (name, value) in rows.collect::<Result<Vec<_>>>()? {
            let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&value) else { continue };
            if value.as_object_mut().and_then(|value| value.remove("renew_at")).is_some() {
                self.prepare("UPDATE cursors SET value = ?3 WHERE source = ?1 AND name = ?2")?.execute(params![
                    source,
                    name,
                    value.to_string()
                ])?;
            }
        }
        Ok(())
    }

    /// Wants something to be asked for, unless it was before.
    pub fn want_fetch(
        &self,
        source: &str,
        (name, id): (&str, &str),
        path: &str,
        asked: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let added = self
            .prepare(
                "INSERT INTO fetches (source, name, id, path, asked, wanted_at, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![source, name, id, path, asked, milliseconds(now)])?;
        Ok(added == 1)
    }

    /// Settles something that was asked for: done or given up (`None`), or again then.
    pub fn settle_fetch(&self, fetch: &FetchRow, again_at: Option<DateTime<Utc>>, cause: Option<&str>) -> Result<()> {
        self.prepare(
            "UPDATE fetches SET next_at = ?4, attempts = attempts + 1, cause = ?5 WHERE source = ?1 AND name = ?2 AND id = ?3",
        )?
        .execute(params![fetch.source, fetch.name, fetch.id, again_at.map(milliseconds), cause])?;
        Ok(())
    }

    /// Notes that the operator is told of something; `false` if he was before.
    pub fn add_alarm(&self, source: &str, id: &str, now: DateTime<Utc>) -> Result<bool> {
        let added = self
            .prepare("INSERT INTO alarms (source, id, told_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![source, id, milliseconds(now)])?;
        Ok(added == 1)
    }

    /// Keeps an event of a conversation of which nothing is known yet.
    pub fn park(&self, event: &Event, body: &str, now: DateTime<Utc>) -> Result<()> {
        let channel = event.about.channel.as_deref().unwrap_or_default();
        let EventId { source, id } = &event.id;
        for thread in &event.threads {
            self.prepare(
                "INSERT INTO parked (source, event, channel, thread, body, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![source, id, channel, thread, body, milliseconds(now)])?;
        }
        Ok(())
    }

    /// Keeps nothing any more for these conversations.
    pub fn unpark(&self, channel: &str, threads: &[String]) -> Result<()> {
        for thread in threads {
            self.prepare("DELETE FROM parked WHERE channel = ?1 AND thread = ?2")?
                .execute([channel, thread.as_str()])?;
        }
        Ok(())
    }

    /// Forgets what was kept or done before then, so that the file does not grow for ever.
    pub fn forget_sources_before(&self, parked: DateTime<Utc>, done: DateTime<Utc>) -> Result<usize> {
        let n_parked = self.prepare("DELETE FROM parked WHERE received_at < ?1")?.execute([milliseconds(parked)])?;
        let n_done = self
            .prepare("DELETE FROM fetches WHERE next_at IS NULL AND wanted_at < ?1")?
            .execute([milliseconds(done)])?;
        let n_told = self.prepare("DELETE FROM alarms WHERE told_at < ?1")?.execute([milliseconds(done)])?;
        let n_aside = self.prepare("DELETE FROM quarantine WHERE received_at < ?1")?.execute([milliseconds(done)])?;
        Ok(n_parked + n_done + n_told + n_aside)
    }
}
