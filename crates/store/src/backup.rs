//! Copies of the store while it is written, and putting one back.
//!
//! A copy is made by `VACUUM INTO`: one look at the store as it is at that moment, written anew without what was let go of, so that it is
//! smaller than the store and holds nothing that was erased. It bears its last name only once it is whole, checked and on the disk.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::{FILE, Result, StoreError, private, schema};

/// A copy, as it was found to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// The version of its tables.
    pub tables: u32,
    /// The name of the store of which it is one.
    pub instance: String,
    /// Its length.
    pub bytes: u64,
    /// Requests in it.
    pub n_requests: u64,
    /// The last number that an entry of its journal has.
    pub n_entries: u64,
}

/// Why a copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no store of plazo, or is damaged; what SQLite found.
    #[error("{0}")]
    Damaged(String),
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Store(error.into()),
        }
    }
}

/// About how long a copy of the store will be, in bytes.
///
/// # Errors
///
/// [`StoreError`] if there is none, or it cannot be read.
pub fn expected_bytes(directory: &Path) -> Result<u64> {
    let connection = schema::open_reader(&directory.join(FILE))?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok((pages * pragma("page_size")?).unsigned_abs())
}

/// Writes a copy of the store, for its owner alone. `to` must not be there; it is whole once this returns, and gone if it fails.
///
/// # Errors
///
/// [`CopyError`].
pub fn write(directory: &Path, to: &Path) -> std::result::Result<(), CopyError> {
    // Another version's tables are no business of this one's.
    drop(schema::open_reader(&directory.join(FILE))?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(directory.join(FILE), flags).map_err(StoreError::from)?;
    // SQLite takes an empty file for one that is not there, and keeps its rights.
    drop(private::open(to)?);
    let target = to.display().to_string();
    let copied = connection.execute("VACUUM INTO ?1", [target]).map_err(CopyError::from);
    let synced = copied.and_then(|_| Ok(File::open(to)?.sync_all()?));
    if synced.is_err() {
        fs::remove_file(to).ok();
    }
    synced
}

/// Looks over a copy: whether it is whole, and of which version.
///
/// # Errors
///
/// [`CopyError::Damaged`] tells what is wrong with it; [`StoreError::Newer`] that a later version wrote it.
pub fn check(file: &Path) -> std::result::Result<Copy, CopyError> {
    let bytes = fs::metadata(file)?.len();
    // A copy has no log; a store that was put aside may have one, which is read along.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(CopyError::Damaged(found));
    }
    let has = |table: &str| {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)";
        connection.query_row(sql, [table], |row| row.get::<_, bool>(0))
    };
    if !(has("refinery_schema_history")? && has("requests")? && has("journal")?) {
        return Err(CopyError::Damaged("no store of plazo".to_owned()));
    }
    let tables: u32 =
        connection.query_row("SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))?;
    if schema::version() < tables {
        return Err(StoreError::Newer.into());
    }
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    Ok(Copy {
        tables,
        instance: connection.query_row("SELECT value FROM meta WHERE key = 'instance'", [], |row| row.get(0))?,
        bytes,
        n_requests: count("SELECT count(*) FROM requests")?,
        n_entries: count("SELECT coalesce(max(seq), 0) FROM journal")?,
    })
}

/// Puts a copy that was checked in the store's place, which nobody has open. What was there stays beside it, and its name is returned.
/// However the process ends, either the one or the other is the store.
///
/// # Errors
///
/// [`CopyError`]; the store is then what it was.
pub fn put_back(copy: &Path, directory: &Path, now: DateTime<Utc>) -> std::result::Result<Option<PathBuf>, CopyError> {
    let store = directory.join(FILE);
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", store.display()));
    let incoming = beside(".restoring");
    let mut from = File::open(copy)?;
    let mut to = private::open(&incoming)?;
    to.set_len(0)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    drop(to);
    check(&incoming)?;
    let before = if store.exists() { Some(put_aside(&store, now)?) } else { None };
    fs::rename(&incoming, &store)?;
    File::open(directory)?.sync_all()?;
    Ok(before)
}

/// Gives the store a second name, and takes its log from beside it, which would be read as the new one's.
fn put_aside(store: &Path, now: DateTime<Utc>) -> std::result::Result<PathBuf, CopyError> {
    let name = format!("{}.before-{}", store.display(), now.format("%Y%m%dT%H%M%SZ"));
    // Two of one second are two.
    let name = std::iter::once(name.clone())
        .chain((2..=u16::MAX).map(|n| format!("{name}.{n}")))
        .find(|name| !Path::new(name).exists())
        .unwrap_or(name);
    // Closed by the last who has it open, a store takes its log in. One that cannot be read keeps it beside it.
    if let Ok(connection) = Connection::open(store) {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).ok();
    }
    fs::hard_link(store, &name)?;
    for suffix in ["-wal", "-shm"] {
        let log = format!("{}{suffix}", store.display());
        if Path::new(&log).exists() {
            fs::rename(&log, format!("{name}{suffix}"))?;
        }
    }
    Ok(PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn a_copy_is_whole_closed_to_others_and_takes_the_store_s_place() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(directory.path()).expect("a store");
        let copy = directory.path().join("copy");
        write(directory.path(), &copy).expect("copied while it is open");
        assert!(!private::is_open_to_others(&copy));
        let found = check(&copy).expect("whole");
        assert_eq!(
            (found.tables, found.instance.as_str()),
            (schema::version(), store.instance().expect("a name").as_str())
        );
        let open = store.begin().expect("begun");
        open.writing().set_planned_revision(7).expect("written");
        open.commit().expect("committed");
        drop(store);
        let before = put_back(&copy, directory.path(), DateTime::UNIX_EPOCH).expect("put back").expect("one was there");
        let store = Store::open(directory.path()).expect("a store");
        assert_eq!(store.planned_revision().expect("read"), None, "what was written after the copy is gone");
        assert!(check(&before).is_ok(), "what was there is kept");
    }

    #[test]
    fn what_is_no_copy_is_told_from_one() {
        let directory = tempfile::tempdir().expect("a directory");
        drop(Store::open(directory.path()).expect("a store"));
        let copy = directory.path().join("copy");
        write(directory.path(), &copy).expect("copied");
        let whole = fs::read(&copy).expect("read");
        let wrongs: [(&str, Vec<u8>); 3] = [
            ("text", b"timezone = \"UTC\"\n".repeat(200)),
            ("cut", whole[..whole.len() / 2].to_vec()),
            ("overwritten", {
                let mut bytes = whole.clone();
                let middle = bytes.len() / 2;
                bytes[middle..middle + 8_192].fill(0x5a);
                bytes
            }),
        ];
        for (name, bytes) in wrongs {
            fs::write(&copy, bytes).expect("written");
            assert!(matches!(check(&copy), Err(CopyError::Damaged(_))), "{name}: {:?}", check(&copy));
            assert!(put_back(&copy, directory.path(), DateTime::UNIX_EPOCH).is_err(), "{name}");
            assert!(Store::open(directory.path()).is_ok(), "{name}: the store is what it was");
        }
    }
}
