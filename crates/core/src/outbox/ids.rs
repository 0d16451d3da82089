//! Numbers of what is kept: one of a kind stands for no other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Numbers that the store gives.
macro_rules! store_ids {
    ($(#[doc = $doc:literal] $name:ident;)+) => {
        $(
            #[doc = $doc]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub i64);

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }
        )+
    };
}

store_ids! {
    /// A delivery: one alert to one reader by one destination.
    DeliveryId;
    /// A broken rule on record.
    ViolationId;
    /// A silence.
    SilenceId;
}
