//! The states of a delivery: one alert to one reader by one destination.

use serde::{Deserialize, Serialize};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It may go out, at once or from an instant on.
    Pending,
    /// It waits on purpose: for others, for its reader's hours, for a silence to end, for plazo to have caught up.
    Held,
    /// It is on its way; whoever has the lease says what came of it.
    Leased,
    /// Its peer took it.
    Sent,
    /// When it could have gone out, what it tells was over.
    Unneeded,
    /// It is told by a message that tells several.
    Gathered,
    /// Another destination took over; the delivery there is another one.
    HandedOver,
    /// Nobody took it, and no other way is left.
    Dead,
    /// Somebody gave it up.
    Dropped,
}

impl DeliveryState {
    /// All, in the order in which a delivery may come to them.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Held,
        Self::Leased,
        Self::Sent,
        Self::Unneeded,
        Self::Gathered,
        Self::HandedOver,
        Self::Dead,
        Self::Dropped,
    ];

    /// The word in the store and for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Leased => "leased",
            Self::Sent => "sent",
            Self::Unneeded => "unneeded",
            Self::Gathered => "gathered",
            Self::HandedOver => "handed_over",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }

    /// The state that a word stands for; none if it stands for none.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_for_its_state_in_the_store_and_for_programs() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::of(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).ok(), Some(state.as_str().into()));
        }
        assert_eq!(DeliveryState::of("siesta"), None);
    }
}
