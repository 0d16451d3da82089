//! The store of plazo: one SQLite file, or a PostgreSQL that several daemons share; and the only SQL. A file per subject.
//!
//! One [`Store`] of a process writes, in its own thread (`app::writer`); others opened by [`Store::open_reader`] or
//! [`Store::connect_reader`] read beside it. Every method fails with what the database says, as a [`StoreError`]; where one can fail
//! otherwise it says so.
#![warn(missing_docs, unreachable_pub)]

pub mod absences;
pub mod admin;
pub mod authors;
pub mod backup;
mod bodies;
pub mod checkpoint;
pub mod daemons;
mod database;
pub mod leases;
pub mod deliveries;
mod digest;
pub mod disk;
mod error;
pub mod erasing;
pub mod gather;
mod holds;
pub mod imports;
mod integrity;
pub mod journal;
pub mod keeping;
mod load;
pub mod material;
pub mod moving;
pub mod objects;
pub mod outbox;
mod place;
pub mod private;
pub mod sessions;
pub mod silences;
pub mod requests;
mod save;
mod schema;
pub mod stored;
pub mod sources;
pub mod telephones;
mod unreadable;
pub mod verify;
pub mod violations;

use std::cell::RefMut;
use std::ops::Deref;
use std::path::Path;

use chrono::{DateTime, TimeZone, Utc};
use rusqlite::Connection;
use rusqlite::types::FromSqlError;

use database::postgres::{Begin, Seen, Session};
pub use database::postgres::{PostgresUrl, UrlError};
use database::{Database, Row, Statement};
pub use error::{BoxedError, StoreError};
pub use place::StorePlace;
use plazo_core::engine::clock::ClockState;
use plazo_core::outbox::needed::ClockNow;
use plazo_core::outbox::{DeliveryState, Motive};
pub use unreadable::{Fault, Unreadable};

/// Name of the file in the data directory.
pub const FILE: &str = "plazo.sqlite3";

/// A connection to the store.
#[derive(Debug)]
pub struct Store {
    database: Database,
    unreadable: Unreadable,
}

type Result<T> = std::result::Result<T, StoreError>;

/// An open transaction. Dropped without a commit, it is rolled back.
#[derive(Debug)]
#[must_use]
pub struct WriteTx<'s> {
    store: &'s Store,
}

impl<'s> WriteTx<'s> {
    /// What may be written while it is open.
    pub const fn writing(&self) -> Writing<'s> {
        Writing { store: self.store }
    }

    /// Makes the transaction durable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] from the database; nothing of the transaction is kept then.
    pub fn commit(self) -> Result<()> {
        match &self.store.database {
            Database::Sqlite(_) => self.store.execute("COMMIT"),
            Database::Postgres(session) => session.commit(),
        }
    }
}

/// A store within an open transaction: everything that changes it wants one.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'s> {
    store: &'s Store,
}

impl Deref for Writing<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store
    }
}

/// A look at the store as it is at one moment, however many statements it takes.
#[derive(Debug)]
#[must_use]
pub struct ReadTx<'s> {
    store: &'s Store,
}

impl Deref for ReadTx<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store
    }
}

impl Drop for ReadTx<'_> {
    fn drop(&mut self) {
        // Nothing was changed; a connection that fails here fails its next statement too.
        match &self.store.database {
            Database::Sqlite(_) => drop(self.store.execute("COMMIT")),
            Database::Postgres(session) => session.roll_back(),
        }
    }
}

impl Drop for WriteTx<'_> {
    fn drop(&mut self) {
        // Committed, or undone by SQLite itself, as on a full disk: nothing is open. Nothing is left to do if even this fails: the database
        // drops the transaction with the connection.
        match &self.store.database {
            Database::Sqlite(connection) if connection.is_autocommit() => {}
            Database::Sqlite(_) => drop(self.store.execute("ROLLBACK")),
            Database::Postgres(session) if !session.is_open() => {}
            Database::Postgres(session) => session.roll_back(),
        }
    }
}

impl Store {
    /// Opens the store of a data directory for writing, making or migrating it where needed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file cannot be opened, written or brought up to date.
    pub fn open(directory: &Path) -> Result<Self> {
        schema::open(&directory.join(FILE)).map(Self::of)
    }

    /// Opens the store of a data directory for reading, beside a writer or without one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if there is none, it cannot be read, or another version's tables are in it.
    pub fn open_reader(directory: &Path) -> Result<Self> {
        schema::open_reader(&directory.join(FILE)).map(Self::of)
    }

    /// Opens the store of a data directory beside its writer, for work on the file itself.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if there is none, or it cannot be written.
    pub fn open_beside(directory: &Path) -> Result<Self> {
        schema::open_checkpointer(&directory.join(FILE)).map(Self::of)
    }

    /// Connects to a PostgreSQL for writing, making or migrating its tables where needed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be reached, written or brought up to date.
    pub fn connect(url: &PostgresUrl) -> Result<Self> {
        Session::open(url).map(Self::shared)
    }

    /// Connects to a PostgreSQL for reading.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be reached, or another version's tables are in it.
    pub fn connect_reader(url: &PostgresUrl) -> Result<Self> {
        Session::open_reader(url).map(Self::shared)
    }

    fn of(connection: Connection) -> Self {
        Self { database: Database::Sqlite(connection), unreadable: Unreadable::default() }
    }

    fn shared(session: Session) -> Self {
        Self { database: Database::Postgres(Box::new(session)), unreadable: Unreadable::default() }
    }

    /// Begins the transaction to which everything belongs until it is committed, or dropped: then nothing of it stays.
    pub fn begin(&self) -> Result<WriteTx<'_>> {
        match &self.database {
            Database::Sqlite(_) => self.execute("BEGIN IMMEDIATE")?,
            Database::Postgres(session) => session.begin(Begin::Writing)?,
        }
        Ok(WriteTx { store: self })
    }

    /// Begins a look that sees the store as it is now, whatever is written meanwhile.
    pub fn look(&self) -> Result<ReadTx<'_>> {
        match &self.database {
            Database::Sqlite(_) => self.execute("BEGIN DEFERRED")?,
            Database::Postgres(session) => session.begin(Begin::Looking)?,
        }
        Ok(ReadTx { store: self })
    }

    /// Whether other processes may write it at the same time.
    pub const fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Rows changed since the store was opened.
    pub fn total_changes(&self) -> u64 {
        match &self.database {
            Database::Sqlite(connection) => connection.total_changes(),
            Database::Postgres(session) => session.n_changed(),
        }
    }

    fn execute(&self, sql: &str) -> Result<()> {
        match &self.database {
            Database::Sqlite(connection) => Ok(connection.prepare_cached(sql)?.raw_execute().map(|_| ())?),
            Database::Postgres(session) => session.batch(sql),
        }
    }

    /// Whichever of two texts the database reads. PostgreSQL takes a parameter for what it is where it first stands, so that `?1 IS NULL` comes
    /// after what it is compared with, or has a `CAST`.
    const fn either<'q>(&self, sqlite: &'q str, postgres: &'q str) -> &'q str {
        match self.database {
            Database::Sqlite(_) => sqlite,
            Database::Postgres(_) => postgres,
        }
    }

    /// The words of the list `?1`, which comes as JSON.
    const fn listed(&self) -> &'static str {
        self.either("(SELECT value FROM json_each(?1))", "(SELECT json_array_elements_text(?1::json))")
    }

    /// What the open transaction of a PostgreSQL has seen of others; none where nobody else writes.
    fn seen(&self) -> Option<RefMut<'_, Seen>> {
        match &self.database {
            Database::Sqlite(_) => None,
            Database::Postgres(session) => session.seen(),
        }
    }

    fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        match &self.database {
            Database::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Database::Postgres(session) => Ok(Statement::Postgres(session, session.prepare(sql)?)),
        }
    }

    /// A statement that inserts one row, whose number is wanted: that of the column `id`.
    fn prepare_insert(&self, sql: &str) -> Result<Statement<'_>> {
        match &self.database {
            Database::Sqlite(_) => self.prepare(sql),
            Database::Postgres(_) => self.prepare(&format!("{sql} RETURNING id")),
        }
    }

    /// Each row of a statement without values, as it comes: there may be more than fit in memory.
    fn each_row(&self, sql: &str, mut each: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        match &self.database {
            Database::Sqlite(_) => {
                let mut statement = self.prepare(sql)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    each(&row)?;
                }
                Ok(())
            }
            Database::Postgres(session) => session.each_row(sql, &mut |row| each(&Row::Postgres(row))),
        }
    }
}

/// Where a delivery stands.
fn delivery_state(row: &Row<'_>, column: usize) -> rusqlite::Result<DeliveryState> {
    let word = row.get_ref(column)?.as_str()?;
    DeliveryState::of(word).ok_or_else(|| FromSqlError::InvalidType.into())
}

/// Why a message goes out; none where that is a word that this version does not know: then it goes.
fn motive(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Motive>> {
    Ok(row.get_ref(column)?.as_str().ok().and_then(Motive::of))
}

/// How a clock stands, by its state, its end and when it was taken; none where there is no clock, or a state that this version does not know.
fn standing(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<ClockNow>> {
    let Some(state) = row.get_ref(column)?.as_str().ok().and_then(ClockState::of) else { return Ok(None) };
    let (stopped_at, acked_at) = (known(row.get(column + 1)?), known(row.get(column + 2)?));
    Ok(Some(ClockNow { state, stopped_at, acked_at }))
}

/// An instant as the tables hold it.
const fn milliseconds(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// An instant from the tables; an error where it lies beyond the years that there are, which plazo never wrote.
fn instant(milliseconds: i64) -> rusqlite::Result<DateTime<Utc>> {
    let at = Utc.timestamp_millis_opt(milliseconds).single();
    at.ok_or(rusqlite::Error::IntegralValueOutOfRange(0, milliseconds))
}

/// An instant that may be missing, such as that until which something waits. One that cannot be read is missing: nobody waits for it
/// (LESSONS 59).
fn known(milliseconds: Option<i64>) -> Option<DateTime<Utc>> {
    milliseconds.and_then(|at| instant(at).ok())
}
