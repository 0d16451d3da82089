//! Why a message waits on purpose.

use serde::{Deserialize, Serialize};

/// Why alerts were held back, to come to each recipient as one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldFor {
    /// They fell due while plazo was not running (LESSONS 29).
    #[default]
    Downtime,
    /// They were due before plazo heard of what they are about, as when history is read in.
    History,
    /// An edit of `sla.toml` made many due at once (LESSONS 22).
    Edit,
    /// The reader was told of something else a moment ago (LESSONS 28).
    Burst,
    /// The reader does not work now, and it may wait.
    Quiet,
    /// The reader asked for one summary a day.
    Daily,
    /// Somebody asked not to hear of it for a while.
    Silence,
    /// The reader was away, and somebody else was told (LESSONS 52).
    Away,
}

impl HeldFor {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Downtime => "downtime",
            Self::History => "history",
            Self::Edit => "edit",
            Self::Burst => "burst",
            Self::Quiet => "quiet",
            Self::Daily => "daily",
            Self::Silence => "silence",
            Self::Away => "away",
        }
    }

    /// What a word in the store stands for; none if that is not known.
    pub fn of(word: &str) -> Option<Self> {
        let all = [
            Self::Downtime,
            Self::History,
            Self::Edit,
            Self::Burst,
            Self::Quiet,
            Self::Daily,
            Self::Silence,
            Self::Away,
        ];
        all.into_iter().find(|cause| cause.as_str() == word)
    }
}
