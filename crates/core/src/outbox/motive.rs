//! Why a message goes out.

use crate::engine::effect::Why;

/// Why a message goes out: a promise, or what else there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Motive {
    /// A step of a promise's ladder.
    Promise(Why),
    /// What became of a promise of which somebody was told.
    Update,
    /// Several messages in one.
    Digest,
    /// A rule was broken.
    Violation,
    /// The morning's list (rule D1).
    List,
    /// A report (rules C9, C10, E5).
    Report,
    /// An appointment (rule B2).
    Invitation,
    /// Something about plazo itself.
    Notice,
}

impl Motive {
    /// All, those of promises by urgency.
    pub const ALL: [Self; 11] = [
        Self::Promise(Why::Breach),
        Self::Promise(Why::Escalation),
        Self::Promise(Why::Warning),
        Self::Promise(Why::Attention),
        Self::Update,
        Self::Digest,
        Self::Violation,
        Self::List,
        Self::Report,
        Self::Invitation,
        Self::Notice,
    ];

    /// The word in the store and for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promise(why) => why.as_str(),
            Self::Update => "update",
            Self::Digest => "digest",
            Self::Violation => "violation",
            Self::List => "list",
            Self::Report => "report",
            Self::Invitation => "invitation",
            Self::Notice => "notice",
        }
    }

    /// The motive that a word stands for; none if it stands for none.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|motive| motive.as_str() == word)
    }

    /// Whether it tells of a promise that is broken.
    pub const fn is_of_breach(self) -> bool {
        matches!(self, Self::Promise(Why::Breach | Why::Escalation))
    }

    /// The place of its messages among those that wait: smaller goes first.
    pub const fn rank(self) -> i64 {
        match self {
            // A message about plazo itself: without it, nobody may hear of the rest.
            Self::Notice => -1,
            Self::Promise(Why::Breach) => 0,
            Self::Promise(Why::Escalation) => 1,
            Self::Promise(Why::Warning) => 2,
            Self::Promise(Why::Attention) => 3,
            Self::Violation => 4,
            Self::Update => 5,
            // A digest has the rank of the most urgent that it tells.
            Self::Digest | Self::List | Self::Report | Self::Invitation => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_for_its_motive() {
        for motive in Motive::ALL {
            assert_eq!(Motive::of(motive.as_str()), Some(motive));
        }
        assert_eq!(Motive::of("capricho"), None);
    }

    #[test]
    fn promises_go_by_urgency_before_everything_but_what_is_about_plazo() {
        let ranks = [Motive::Notice, Motive::ALL[0], Motive::ALL[1], Motive::ALL[2], Motive::ALL[3], Motive::Violation];
        assert!(ranks.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
    }
}
