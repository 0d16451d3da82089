//! Where a store is: one file of a data directory, or a server.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{FILE, PostgresUrl, Result, Store};

/// Where a store is.
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// In a file of this data directory, for one daemon.
    Directory(PathBuf),
    /// On a PostgreSQL, for all that are told the same.
    Server(Box<PostgresUrl>),
}

impl StorePlace {
    /// Opens it for writing, making or migrating it where needed. A server is not to be asked where futures are run.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) if it cannot be opened, written or brought up to date.
    pub fn open(&self) -> Result<Store> {
        match self {
            Self::Directory(directory) => Store::open(directory),
            Self::Server(url) => Store::connect(url),
        }
    }

    /// Opens it for reading.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) if there is none, it cannot be read, or another version's tables are in it.
    pub fn open_reader(&self) -> Result<Store> {
        match self {
            Self::Directory(directory) => Store::open_reader(directory),
            Self::Server(url) => Store::connect_reader(url),
        }
    }

    /// Opens it beside its writer, for work on how it lies there.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) if there is none, or it cannot be written.
    pub fn open_beside(&self) -> Result<Store> {
        match self {
            Self::Directory(directory) => Store::open_beside(directory),
            Self::Server(url) => Store::connect_reader(url),
        }
    }

    /// Whether there may be one already; of a server only asking it tells.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::Directory(directory) => directory.join(FILE).exists(),
            Self::Server(_) => true,
        }
    }

    /// The directory of its file; none of a server.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::Server(_) => None,
        }
    }

    /// Whether others may write it, too.
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Server(_))
    }
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "{}", directory.display()),
            Self::Server(url) => write!(f, "{url}"),
        }
    }
}
