//! What came of one try to deliver.

use chrono::{DateTime, Utc};

use super::DeliveryState;

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The peer took it.
    Sent {
        /// What it said.
        answer: String,
        /// What it calls the message.
        reference: Option<String>,
        /// When the try began.
        began_at: DateTime<Utc>,
    },
    /// Try again then.
    Later {
        /// When.
        at: DateTime<Utc>,
        /// What happened.
        cause: String,
        /// Whether the peer may have taken it.
        in_doubt: bool,
    },
    /// Nobody took it, and nobody else is left.
    Dead {
        /// What happened.
        cause: String,
    },
    /// Nobody needs it any more.
    Unneeded {
        /// What was found.
        cause: String,
    },
    /// Another destination takes over.
    HandedOver {
        /// Its name.
        to: String,
        /// Those after it.
        route: Vec<String>,
        /// What happened.
        cause: String,
    },
}

impl Attempt {
    /// The state in which it leaves its delivery.
    pub const fn state(&self) -> DeliveryState {
        match self {
            Self::Sent { .. } => DeliveryState::Sent,
            Self::Later { .. } => DeliveryState::Pending,
            Self::Unneeded { .. } => DeliveryState::Unneeded,
            Self::Dead { .. } => DeliveryState::Dead,
            Self::HandedOver { .. } => DeliveryState::HandedOver,
        }
    }
}
