//! What goes wrong, in words that are neither database's.

use rusqlite::ErrorCode;

use plazo_core::privacy::TooMany;
use plazo_core::text::Both;

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be used now: the disk is full, the file read-only or gone, the server away or a standby. Nothing was changed; only where a
    /// server went away in the middle of a commit, it may have been.
    #[error("the store cannot be used: {0}")]
    Unavailable(#[source] BoxedError),
    /// Another daemon changed the same in the meantime: nothing was changed, and it is to be decided again.
    #[error("another daemon changed the same: {0}")]
    Conflict(#[source] BoxedError),
    /// It holds something that this version cannot read.
    #[error("the store holds what this version cannot read: {0}")]
    Corrupt(#[source] BoxedError),
    /// A file beside it cannot be read or made.
    #[error("the data directory cannot be used: {0}")]
    Directory(#[from] std::io::Error),
    /// Its tables cannot be brought up to date.
    #[error("the store cannot be migrated: {0}")]
    Migration(#[source] BoxedError),
    /// Its tables are of an earlier version, and a reader may not bring them up to date.
    #[error(
        "an earlier version of plazo wrote the store; back it up, then start plazo run, which brings it up to date"
    )]
    Older,
    /// Its tables are of a later version.
    #[error("a later version of plazo wrote the store; use that version")]
    Newer,
    /// Anything else that the database says.
    #[error("the database: {0}")]
    Other(#[source] BoxedError),
}

/// What the database, or whatever reads and writes its rows, says.
pub type BoxedError = Box<dyn std::error::Error + Send + Sync>;

impl From<refinery::Error> for StoreError {
    fn from(error: refinery::Error) -> Self {
        Self::Migration(error.into())
    }
}

impl From<TooMany> for StoreError {
    fn from(error: TooMany) -> Self {
        Self::Other(error.into())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        if let FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) = error {
            return Self::Corrupt(error.into());
        }
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked,
            ) => Self::Unavailable(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}

impl StoreError {
    /// Whether nothing is wrong with what was asked, only with the disk.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether it goes well as soon as it is decided again.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// What is told of it to whoever asked at a terminal. What the database says has no other language than its own.
    pub fn told(&self) -> Both {
        let en = self.to_string();
        let es = match self {
            Self::Older => {
                "una versión anterior de plazo escribió los datos; haga una copia de seguridad e inicie plazo run, que los actualiza".to_owned()
            }
            Self::Newer => "una versión posterior de plazo escribió los datos; use esa versión".to_owned(),
            _ => en.clone(),
        };
        Both { en, es }
    }
}
