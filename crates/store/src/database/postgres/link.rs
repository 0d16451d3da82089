//! One connection, and what is prepared on it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};

use super::values::Outgoing;

/// A statement that can be run.
#[derive(Clone)]
pub(crate) enum Prepared {
    /// The server knows it by name.
    Named(tokio_postgres::Statement),
    /// It goes along each time, with the types of its values.
    Nameless(Arc<str>),
}

/// What was sent and has not been answered: how many rows it changed.
pub(super) type Sent = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;

/// A connection that stands.
#[derive(Clone)]
pub(super) struct Link {
    client: Arc<Client>,
    prepared: HashMap<Box<str>, Prepared>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self { client: Arc::new(client), prepared: HashMap::new() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(super) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    /// A statement that was prepared before.
    pub(super) fn known(&self, sql: &str) -> Option<Prepared> {
        self.prepared.get(sql).cloned()
    }

    /// Keeps one.
    pub(super) fn keep(&mut self, sql: &str, prepared: Prepared) {
        self.prepared.insert(sql.into(), prepared);
    }

    /// Keeps none any more.
    pub(super) fn forget(&mut self) {
        self.prepared.clear();
    }
}

/// Asks for rows.
pub(super) async fn query(client: &Client, prepared: &Prepared, values: &[Outgoing<'_>]) -> Result<Vec<Row>, Error> {
    match prepared {
        Prepared::Named(statement) => client.query(statement, &plain(values)).await,
        Prepared::Nameless(sql) => client.query_typed(sql, &typed(values)).await,
    }
}

/// Has rows changed: how many were.
pub(super) async fn execute(client: &Client, prepared: &Prepared, values: &[Outgoing<'_>]) -> Result<u64, Error> {
    match prepared {
        Prepared::Named(statement) => client.execute(statement, &plain(values)).await,
        Prepared::Nameless(sql) => client.execute_typed(sql, &typed(values)).await,
    }
}

/// The same, to be sent now and answered later.
pub(super) fn send(client: Arc<Client>, prepared: Prepared, values: Vec<Outgoing<'static>>) -> Sent {
    Box::pin(async move { execute(&client, &prepared, &values).await })
}

fn plain<'v>(values: &'v [Outgoing<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

fn typed<'v>(values: &'v [Outgoing<'_>]) -> Vec<(&'v (dyn ToSql + Sync), Type)> {
    values.iter().map(|value| (value as _, value.sql_type())).collect()
}

/// SQL as PostgreSQL numbers its parameters: `$1` for `?1`.
pub(super) fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len());
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let is_parameter = c == '?' && rest.peek().is_some_and(char::is_ascii_digit);
        numbered.push(if is_parameter { '$' } else { c });
    }
    numbered
}
