//! Opening the file, and its tables' history.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Result, StoreError};
use crate::private;

mod embedded {
    refinery::embed_migrations!("src/migrations");
}

/// Statements kept prepared a connection: more than the store has, some 150. With fewer, those that take turns push each other out, and each
/// is parsed anew.
const STATEMENTS: usize = 256;

pub(super) fn open(path: &Path) -> Result<Connection> {
    // SQLite makes its log and index with the rights of this file.
    private::open(path)?;
    for beside in ["-wal", "-shm"] {
        let name = format!("{}{beside}", path.display());
        if Path::new(&name).exists() {
            private::open(Path::new(&name))?;
        }
    }
    let mut connection = Connection::open(path)?;
    prepare_once(&connection)?;
    // The log is moved into the file beside the writer (`checkpoint.rs`), so that no alert waits for it; the writer does so only where
    // that has fallen far behind. Then little is left to move, and the log begins anew; cutting its file would take tens of
    // milliseconds, so that only one that has grown out of all measure is cut.
    // What is deleted is overwritten: somebody may have asked for it.
    // FULL: with NORMAL a committed write can be lost on power failure (LESSONS 39).
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA busy_timeout = 5000;
         PRAGMA wal_autocheckpoint = 16000;
         PRAGMA journal_size_limit = 268435456;
         PRAGMA secure_delete = ON;
         PRAGMA cache_size = -16000;",
    )?;
    // In one transaction: else a kill between a migration and the note that it was made leaves tables that nothing can bring up to date.
    embedded::migrations::runner().set_grouped(true).run(&mut connection)?;
    connection.execute(
        "INSERT OR IGNORE INTO meta (key, value) VALUES ('instance', ?1)",
        [uuid::Uuid::new_v4().simple().to_string()],
    )?;
    Ok(connection)
}

/// Has each statement parsed once. Without the planner's guarantee of stability, SQLite parses a statement anew at each call whose values it
/// has compared with the condition of a partial index: a fifth of what an event costs.
fn prepare_once(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Tables of this version with nothing in them.
pub(super) fn in_memory() -> Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    embedded::migrations::runner().set_grouped(true).run(&mut connection)?;
    Ok(connection)
}

/// The version of this program's tables.
pub(super) fn version() -> u32 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(|migration| migration.version().unsigned_abs()).max().unwrap_or_default()
}

/// Opens a connection that only moves what is committed from the log into the file.
pub(super) fn open_checkpointer(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -1000; PRAGMA busy_timeout = 2000; PRAGMA secure_delete = ON;",
    )?;
    Ok(connection)
}

/// Opens a connection that only reads, of a store whose tables are those of this version: it may not bring them up to date.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare_once(&connection)?;
    connection.execute_batch("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4000; PRAGMA query_only = ON;")?;
    let runner = embedded::migrations::runner();
    let own = runner.get_migrations().iter().map(refinery::Migration::version).max();
    let applied = runner.get_last_applied_migration(&mut connection)?.map(|migration| migration.version());
    match applied.cmp(&own) {
        Ordering::Less => Err(StoreError::Older),
        Ordering::Equal => Ok(connection),
        Ordering::Greater => Err(StoreError::Newer),
    }
}
