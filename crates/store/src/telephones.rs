//! Messages to telephones: what became of them after they were taken, how many went to whom, what they cost, and who wants none.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use super::database::Optional as _;
use super::{Result, Store, Writing, delivery_state, known, milliseconds};
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::{Cost, DeliveryId, DeliveryState};

/// What a destination cost in one month and currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostRow {
    /// Its name.
    pub destination: String,
    /// `2026-03`, in UTC.
    pub month: String,
    /// Three letters; empty where nobody said a price.
    pub currency: String,
    /// Messages.
    pub messages: i64,
    /// Segments of texts, minutes of calls.
    pub units: i64,
    /// Millionths of the currency.
    pub micros: i64,
}

/// A message as far as its vendor tells of it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledRow {
    /// Where it stands.
    pub state: DeliveryState,
    /// What its vendor calls it.
    pub reference: Option<String>,
    /// What was said of it last.
    pub answer: Option<String>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Key of the person.
    pub person: Option<String>,
    /// Its destination.
    pub destination: String,
    /// Ways still to be tried after its destination; none are the destination's own.
    pub route: Vec<String>,
}

impl Store {
    /// How many messages have gone out to a person by a destination since then, or are going out before `delivery`.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn count_told(
        &self,
        (person, destination): (&str, &str),
        since: DateTime<Utc>,
        delivery: DeliveryId,
    ) -> Result<u32> {
        let mut statement = self.prepare(
            "SELECT (SELECT count(*) FROM telephoned WHERE person = ?1 AND destination = ?2 AND ?3 <= at)
                  + (SELECT count(*) FROM deliveries WHERE state = 'leased' AND person = ?1 AND destination = ?2
                     AND updates IS NULL AND id < ?4)",
        )?;
        Ok(statement.query_row(params![person, destination, milliseconds(since), delivery.0], |row| row.get(0))?)
    }

    /// Whether a person wants nothing by a destination.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn has_opted_out(&self, person: &str, destination: &str) -> Result<bool> {
        let mut statement =
            self.prepare("SELECT EXISTS (SELECT 1 FROM opted_out WHERE destination = ?2 AND person = ?1)")?;
        Ok(statement.query_row(params![person, destination], |row| row.get(0))?)
    }

    /// When the last message about a request was decided that a person got by a destination; none if there was none.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn told_at(&self, request: RequestId, person: &str, destination: &str) -> Result<Option<DateTime<Utc>>> {
        let mut statement = self.prepare(
            "SELECT max(d.decided_at) FROM alerts a JOIN deliveries d ON d.alert = a.id
             WHERE a.request = ?1 AND d.person = ?2 AND d.destination = ?3 AND (d.sent_at IS NOT NULL
                 OR EXISTS (SELECT 1 FROM deliveries o WHERE o.id = d.gathered_into AND o.sent_at IS NOT NULL))",
        )?;
        Ok(statement.query_row(params![request.0, person, destination], |row| Ok(known(row.get(0)?)))?)
    }

    /// A message as far as its vendor tells of it afterwards.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn called(&self, delivery: DeliveryId) -> Result<Option<CalledRow>> {
        let mut statement = self.prepare(
            "SELECT state, reference, answer, person, destination, route, decided_at FROM deliveries WHERE id = ?1",
        )?;
        let row = statement.query_row([delivery.0], |row| {
            let route: Option<String> = row.get(5)?;
            Ok(CalledRow {
                state: delivery_state(row, 0)?,
                reference: row.get(1)?,
                answer: row.get(2)?,
                decided_at: known(row.get(6)?).unwrap_or_default(),
                person: row.get(3)?,
                destination: row.get(4)?,
                // One that cannot be read is gone, as if there were no other way.
                route: route.and_then(|route| serde_json::from_str(&route).ok()).unwrap_or_default(),
            })
        });
        row.optional()
    }

    /// What destinations cost, the newest month first.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn costs(&self) -> Result<Vec<CostRow>> {
        let mut statement = self.prepare(
            "SELECT destination, month, currency, n_messages, n_units, micros FROM costs
             ORDER BY month DESC, destination, currency",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(CostRow {
                destination: row.get(0)?,
                month: row.get(1)?,
                currency: row.get(2)?,
                messages: row.get(3)?,
                units: row.get(4)?,
                micros: row.get(5)?,
            })
        })?;
        rows.collect::<std::result::Result<_, _>>()
    }
}

impl Writing<'_> {
    /// Notes what was said last of a message that was taken. Whether it is such a one, and something else was said before.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn note_answer(&self, delivery: DeliveryId, answer: &str) -> Result<bool> {
        let changed = self
            .prepare(
                "UPDATE deliveries SET answer = ?2 WHERE id = ?1 AND state = 'sent' AND answer IS DISTINCT FROM ?2",
            )?
            .execute(params![delivery.0, answer])?;
        Ok(changed == 1)
    }

    /// Settles a message anew that was taken and did not arrive: told by another way, or by none. Whether it was a taken one.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn settle_not_received(
        &self,
        delivery: DeliveryId,
        is_handed_over: bool,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let state = if is_handed_over { DeliveryState::HandedOver } else { DeliveryState::Dead };
        let changed = self
            .prepare(
                "UPDATE deliveries SET state = ?2, answer = ?3, finished_at = ?4 WHERE id = ?1 AND state = 'sent'",
            )?
            .execute(params![delivery.0, state.as_str(), cause, milliseconds(now)])?;
        Ok(changed == 1)
    }

    /// Notes that a message went to a person's telephone, and lets go what was noted before `since`.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn note_telephoned(
        &self,
        delivery: DeliveryId,
        (person, destination): (&str, &str),
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.prepare("DELETE FROM telephoned WHERE at < ?1")?.execute([milliseconds(since)])?;
        self.prepare(
            "INSERT INTO telephoned (delivery, destination, person, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (delivery) DO UPDATE SET destination = excluded.destination, person = excluded.person, at = excluded.at",
        )?
        .execute(params![delivery.0, destination, person, milliseconds(now)])?;
        Ok(())
    }

    /// Counts what a message cost, or a further part of it.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn add_cost(&self, destination: &str, n_messages: u32, cost: &Cost, now: DateTime<Utc>) -> Result<()> {
        let (micros, currency) = cost.price.as_ref().map_or((0, ""), |price| (price.micros, price.currency.as_str()));
        self.prepare(
            "INSERT INTO costs (destination, month, currency, n_messages, n_units, micros) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (destination, month, currency) DO UPDATE SET n_messages = costs.n_messages + excluded.n_messages,
                 n_units = costs.n_units + excluded.n_units, micros = costs.micros + excluded.micros",
        )?
        .execute(params![destination, now.format("%Y-%m").to_string(), currency, n_messages, cost.units, micros])?;
        Ok(())
    }

    /// Notes that a person wants nothing by a destination. Whether that is new.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn opt_out(&self, person: &str, destination: &str, now: DateTime<Utc>) -> Result<bool> {
        let added = self
            .prepare("INSERT INTO opted_out (destination, person, at) VALUES (?2, ?1, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![person, destination, milliseconds(now)])?;
        Ok(added == 1)
    }

    /// Notes that a person wants messages again by a destination. Whether they wanted none.
    ///
    /// # Errors
    ///
    /// `StoreError` from SQLite.
    pub fn opt_in(&self, person: &str, destination: &str) -> Result<bool> {
        let gone = self
            .prepare("DELETE FROM opted_out WHERE destination = ?2 AND person = ?1")?
            .execute(params![person, destination])?;
        Ok(gone == 1)
    }
}
