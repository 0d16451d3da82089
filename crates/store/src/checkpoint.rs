//! Moving the log into the file, beside the writer.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::Path;

use rusqlite::Connection;

use super::{FILE, Result, schema};

/// A connection that does nothing else.
pub struct Checkpointer {
    connection: Connection,
    /// The same file, so that what was moved reaches the disk at once. SQLite leaves that to whoever moves the log's last page, which
    /// under load is the writer, in the middle of a commit. Never closed before the process ends: with any handle of a file, a process
    /// gives up the locks that SQLite holds on it (fcntl, `F_SETLK`).
    file: ManuallyDrop<File>,
}

impl Checkpointer {
    /// Opens the store of a data directory.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] if there is none, or it cannot be written.
    pub fn open(directory: &Path) -> Result<Self> {
        let path = directory.join(FILE);
        let connection = schema::open_checkpointer(&path)?;
        Ok(Self { connection, file: ManuallyDrop::new(File::open(&path)?) })
    }

    /// Moves what is committed, without keeping anybody waiting. Returns how many pages the log holds.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] from SQLite or the disk; the log is the longer then, and nothing is lost.
    pub fn run(&self) -> Result<i64> {
        let (n_pages, n_moved): (i64, i64) =
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))?;
        if n_moved < n_pages {
            self.file.sync_data()?;
        }
        Ok(n_pages)
    }
}
