//! Why a message was not delivered, as its transport says it.

use chrono::TimeDelta;

/// Why a transport did not deliver. Decides alone whether the outbox tries again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryError {
    /// May pass: a timeout, a 5xx.
    Retry {
        /// What happened; never holds a secret.
        cause: String,
    },
    /// The whole destination stands: a rate limit, a wrong password, nobody listening. Nothing else is sent to it meanwhile.
    Hold {
        /// The wait that the peer asked for.
        after: Option<TimeDelta>,
        /// What happened; never holds a secret.
        cause: String,
    },
    /// The peer may have taken it: it is tried again, and says so.
    Doubt {
        /// What happened; never holds a secret.
        cause: String,
    },
    /// Nobody needs it any more: what it was to change was changed by somebody meanwhile.
    Moot {
        /// What was found.
        cause: String,
    },
    /// Will not pass: an address that does not exist, a hook that is gone.
    GiveUp {
        /// What happened; never holds a secret.
        cause: String,
    },
    /// Will not pass for this reader by this way, whatever is sent, until something changes of which the operator is told.
    NotToReader {
        /// What stands in the way.
        limit: ReaderLimit,
        /// What happened; never holds a secret.
        cause: String,
    },
}

/// Why nothing goes to one reader by one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderLimit {
    /// The reader told the vendor to stop, and is the only one who can undo that.
    OptedOut,
    /// So many went to the reader within a day that no more are sent.
    Bound,
}

impl DeliveryError {
    /// What happened.
    pub fn cause(&self) -> &str {
        match self {
            Self::Retry { cause }
            | Self::Hold { cause, .. }
            | Self::Doubt { cause }
            | Self::Moot { cause }
            | Self::GiveUp { cause }
            | Self::NotToReader { cause, .. } => cause,
        }
    }
}
