//! What PostgreSQL says, as the store's errors.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::StoreError;

/// What two daemons may both write, and only one of them may have written: the other decides again.
const CONTESTED: [&str; 4] = ["journal_by_event", "requests_pkey", "threads_pkey", "alerts_once"];

/// What an error of the server means.
pub(super) fn store_error(error: &Error) -> StoreError {
    let Some(said) = error.as_db_error() else {
        // The connection, or a value that is not what was asked for.
        let cause = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        let is_value = cause.starts_with("error deserializing") || cause.starts_with("error serializing");
        return if is_value { StoreError::Other(cause.into()) } else { StoreError::Unavailable(cause.into()) };
    };
    // Details repeat values, which are clients' words.
    let cause = format!("{} (SQLSTATE {})", said.message(), said.code().code()).into();
    match said.code().code() {
        // Serialisation, deadlock, a lock that was waited for too long.
        "40001" | "40P01" | "55P03" => StoreError::Conflict(cause),
        "23505" if is_contested(said) => StoreError::Conflict(cause),
        "XX001" | "XX002" => StoreError::Corrupt(cause),
        // Cancelled by a time limit; a standby, which takes no writes; no such database, no such user.
        "57014" | "25006" | "25P03" | "3D000" => StoreError::Unavailable(cause),
        code if ["08", "28", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unavailable(cause)
        }
        _ => StoreError::Other(cause),
    }
}

fn is_contested(said: &DbError) -> bool {
    said.constraint().is_some_and(|constraint| CONTESTED.contains(&constraint))
}

/// Whether what was prepared is not there any more: a pooler gave another connection, or the tables changed.
pub(super) fn is_stale(error: &Error) -> bool {
    error.code().is_some_and(|code| ["26000", "0A000"].contains(&code.code()))
}
