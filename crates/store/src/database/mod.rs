//! What the store's statements stand on: SQLite or PostgreSQL, with parameters, rows and errors of either.
//!
//! A statement that both read is one text, with `?1` for its first parameter. Where they differ, both stand beside each other in
//! [`Store::either`](super::Store). Values are rusqlite's: SQLite takes them as they are, PostgreSQL by [`postgres::values`].

mod params;
pub(crate) mod postgres;
mod row;
mod statement;

use rusqlite::Connection;

pub(crate) use params::Params;
pub(crate) use row::Row;
pub(crate) use statement::{Optional, Rows, Statement};

/// The database of a store.
#[derive(Debug)]
pub(crate) enum Database {
    /// One file, and one writer.
    Sqlite(Connection),
    /// A server that several daemons share.
    Postgres(Box<postgres::Session>),
}
