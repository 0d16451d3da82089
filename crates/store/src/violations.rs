//! Violations: rules that were broken, until somebody answers for them.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::database::{Database, Row, Rows};
use super::{Result, Store, Writing, known, milliseconds};
use plazo_core::engine::check::Violation;
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::ViolationId;
use plazo_core::unit::changes::{Climbed, NewViolation, TakenBack};

/// A violation on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViolationRow {
    /// Its number.
    pub id: ViolationId,
    /// The request.
    pub request: RequestId,
    /// When the rule was broken.
    pub at: DateTime<Utc>,
    /// Who owned the request then.
    pub owner: Option<String>,
    /// What was broken, and the evidence.
    pub violation: Violation,
    /// How many steps of its ladder were told.
    pub n_told: usize,
    /// What somebody said to it, who, and when.
    pub excuse: Option<(String, Option<String>, DateTime<Utc>)>,
}

/// Which violations a listing wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViolationFilter {
    /// Of that rule.
    pub rule: Option<String>,
    /// Of that request.
    pub request: Option<RequestId>,
    /// Only those to which nobody has said anything.
    pub open: bool,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Rows at most, the latest.
    pub limit: u32,
}

const COLUMNS: &str =
    "id, request, at, owner, CASE WHEN v = 1 THEN violation END, n_told, excuse, excused_by, excused_at";

impl Store {
    /// Violations whose ladder goes on by `now`.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite, or if a row cannot be read.
    pub fn violations_due(&self, now: DateTime<Utc>) -> Result<Vec<ViolationRow>> {
        let sql = format!("SELECT {COLUMNS} FROM violations WHERE next_at <= ?1 AND taken_back_at IS NULL ORDER BY id");
        let mut statement = self.prepare(&sql)?;
        read_all(self, statement.query([milliseconds(now)])?)
    }

    /// One violation.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite, or if the row cannot be read.
    pub fn violation(&self, id: ViolationId) -> Result<Option<ViolationRow>> {
        let sql = format!("SELECT {COLUMNS} FROM violations WHERE id = ?1");
        Ok(read_all(self, self.prepare(&sql)?.query([id.0])?)?.pop())
    }

    /// Violations, the latest first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite, or if a row cannot be read.
    pub fn violations(&self, filter: &ViolationFilter) -> Result<Vec<ViolationRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM violations
             WHERE (rule = ?1 OR ?1 IS NULL) AND (request = ?2 OR ?2 IS NULL) AND (?3 = 0 OR excuse IS NULL)
               AND (at >= ?4 OR ?4 IS NULL) AND taken_back_at IS NULL ORDER BY at DESC, id DESC LIMIT ?5"
        );
        let mut statement = self.prepare(&sql)?;
        let (request, since) = (filter.request.map(|request| request.0), filter.since.map(milliseconds));
        read_all(self, statement.query(params![filter.rule, request, filter.open, since, filter.limit])?)
    }

    /// Each violation of a period, half-open, the latest first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite, if a row cannot be read, or from `each`.
    pub fn each_violation(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        mut each: impl FnMut(ViolationRow) -> Result<()>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT {COLUMNS} FROM violations WHERE ?1 <= at AND at < ?2 AND taken_back_at IS NULL
             ORDER BY at DESC, id DESC"
        );
        let mut statement = self.prepare(&sql)?;
        let mut rows = statement.query([milliseconds(from), milliseconds(to)])?;
        while let Some(row) = &rows.next()? {
            if let Some(row) = read(self, row)? {
                each(row)?;
            }
        }
        Ok(())
    }

    /// The requests that wait for `blocker`.
    pub fn blocked_by(&self, blocker: RequestId) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare("SELECT blocked FROM blocks WHERE blocker = ?1")?;
        let rows = statement.query_map([blocker.0], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Open requests of whoever is known by one of these words, the latest first.
    pub fn open_of_contact(&self, words: &[String]) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare(&format!(
            "SELECT id FROM requests WHERE contact IN {} AND contact IS NOT NULL
             AND phase IN ('open', 'waiting') ORDER BY id DESC",
            self.listed()
        ))?;
        let rows = statement.query_map([serde_json::to_string(words)?], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Open requests of whoever is known by that word that began since then in a channel, the latest first.
    pub fn opened_by_contact(&self, word: &str, channel: &str, since: DateTime<Utc>) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare(
            "SELECT id FROM requests WHERE contact = ?1 AND phase IN ('open', 'waiting') AND channel = ?2 AND ?3 <= opened_at
             ORDER BY id DESC LIMIT 100",
        )?;
        let rows = statement.query_map(params![word, channel, milliseconds(since)], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }

    /// Open requests of a client in a channel, the latest first.
    pub fn open_of_customer(&self, customer: &str, channel: &str) -> Result<Vec<RequestId>> {
        let mut statement = self.prepare(
            "SELECT id FROM requests WHERE customer = ?1 AND channel = ?2 AND phase IN ('open', 'waiting') ORDER BY id DESC",
        )?;
        let rows = statement.query_map([customer, channel], |row| row.get(0).map(RequestId))?;
        rows.collect::<std::result::Result<_, _>>()
    }
}

impl Writing<'_> {
    /// Records a violation, and returns its number.
    pub fn add_violation(&self, new: &NewViolation, noticed_at: DateTime<Utc>) -> Result<ViolationId> {
        let NewViolation { request, at, owner, violation } = new;
        let id = self
            .prepare_insert(
                "INSERT INTO violations (request, at, noticed_at, rule, kind, who, owner, violation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .insert_new(params![
                request.0,
                milliseconds(*at),
                milliseconds(noticed_at),
                violation.rule,
                violation.check.as_str(),
                violation.who,
                owner,
                serde_json::to_string(violation)?,
            ])?;
        Ok(ViolationId(id))
    }

    /// Takes back what an act broke that was taken back itself: the same rules at the same instant, as its entry in the journal has them.
    pub fn withdraw_violations(&self, taken_back: &TakenBack) -> Result<()> {
        if matches!(self.database, Database::Postgres(_)) {
            return self.withdraw_each_violation(taken_back);
        }
        let TakenBack { request, of, at } = taken_back;
        self.prepare(
            "UPDATE violations SET taken_back_at = ?4, next_at = NULL
             WHERE request = ?1 AND taken_back_at IS NULL AND EXISTS (
                 SELECT 1 FROM journal j, json_each(j.effects) e
                 WHERE j.source = ?2 AND j.event = ?3 AND j.request = ?1 AND j.at = violations.at
                   AND e.value ->> '$.effect' = 'violation' AND e.value ->> '$.check' = kind AND e.value ->> '$.rule' = rule)",
        )?
        .execute(params![request.0, of.source, of.id, milliseconds(*at)])?;
        Ok(())
    }

    /// The same, looked at here.
    fn withdraw_each_violation(&self, TakenBack { request, of, at }: &TakenBack) -> Result<()> {
        let mut statement =
            self.prepare("SELECT at, effects FROM journal WHERE source = ?1 AND event = ?2 AND request = ?3")?;
        let mut rows = statement.query(params![of.source, of.id, request.0])?;
        while let Some(row) = &rows.next()? {
            let Some(effects) = self.parsed::<Vec<serde_json::Value>>(*request, "effects", row, 1) else { continue };
            for effect in effects.iter().filter(|effect| effect["effect"] == "violation") {
                let (Some(check), Some(rule)) = (effect["check"].as_str(), effect["rule"].as_str()) else { continue };
                self.prepare(
                    "UPDATE violations SET taken_back_at = ?5, next_at = NULL
                     WHERE request = ?1 AND at = ?2 AND kind = ?3 AND rule = ?4 AND taken_back_at IS NULL",
                )?
                .send(params![request.0, row.get::<i64>(0)?, check, rule, milliseconds(*at)])?;
            }
        }
        Ok(())
    }

    /// Notes that so many steps of its ladder were told, and when the next one is.
    pub fn told_violation(&self, climbed: &Climbed) -> Result<()> {
        let Climbed { id, n_told, next_at } = *climbed;
        let n_told = i64::try_from(n_told).unwrap_or(i64::MAX);
        self.prepare("UPDATE violations SET n_told = ?2, next_at = ?3 WHERE id = ?1")?.send(params![
            id.0,
            n_told,
            next_at.map(milliseconds)
        ])
    }

    /// Writes down what somebody says to a violation; its ladder ends. Whether there was one.
    pub fn excuse_violation(
        &self,
        id: ViolationId,
        excuse: &str,
        who: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let n_changed = self
            .prepare(
                "UPDATE violations SET excuse = ?2, excused_by = ?3, excused_at = ?4, next_at = NULL WHERE id = ?1",
            )?
            .execute(params![id.0, excuse, who, milliseconds(now)])?;
        Ok(n_changed == 1)
    }

    /// Notes that a request waits for another to be done.
    pub fn add_block(&self, blocker: RequestId, blocked: RequestId) -> Result<()> {
        self.prepare("INSERT INTO blocks (blocker, blocked) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute([blocker.0, blocked.0])?;
        Ok(())
    }

    /// Takes them off the list.
    pub fn remove_blocks(&self, blocker: RequestId) -> Result<()> {
        self.prepare("DELETE FROM blocks WHERE blocker = ?1")?.execute([blocker.0])?;
        Ok(())
    }
}

/// Reads a row.
fn read(store: &Store, row: &Row<'_>) -> Result<Option<ViolationRow>> {
    let request = RequestId(row.get(1)?);
    let Some(violation) = store.parsed(request, "violation", row, 4) else { return Ok(None) };
    let Some(at) = store.read_instant(request, "violation", row, 2) else { return Ok(None) };
    let excused_at = known(row.get(8)?);
    let excuse = row.get::<Option<String>>(6)?.zip(excused_at);
    let excused_by = row.get(7)?;
    Ok(Some(ViolationRow {
        id: ViolationId(row.get(0)?),
        request,
        at,
        owner: row.get(3)?,
        violation,
        n_told: usize::try_from(row.get::<i64>(5)?).unwrap_or(0),
        excuse: excuse.map(|(excuse, at)| (excuse, excused_by, at)),
    }))
}

/// Reads all rows.
fn read_all(store: &Store, mut rows: Rows<'_>) -> Result<Vec<ViolationRow>> {
    let mut found = Vec::new();
    while let Some(row) = &rows.next()? {
        found.extend(read(store, row)?);
    }
    Ok(found)
}
