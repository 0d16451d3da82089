//! Writing back: what a step does in the system where the conversation lives, beside or instead of telling people.

use std::fmt;

use super::directory::Tell;

/// What is done to the ticket or conversation there. Displayed as `sla.toml` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteBack {
    /// The alert as a note that no client sees.
    Note,
    /// A tag, taken off when the promise is over.
    Tag(String),
    /// It goes to whoever holds the role, is on duty, or is named: the first who is not away.
    Assign(Tell),
    /// Its priority, by the name that the file gives it.
    Priority(String),
}

impl WriteBack {
    /// Whether two set the same thing, so that the later one counts.
    const fn is_of_one_kind(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Note, Self::Note) | (Self::Assign(_), Self::Assign(_)) | (Self::Priority(_), Self::Priority(_))
        )
    }
}

/// The deeds of several steps that are done together, those of the last one last: a ticket has one owner and one priority, and one note
/// tells the news of all.
pub fn together<'a>(deeds: impl IntoIterator<Item = &'a WriteBack>) -> Vec<&'a WriteBack> {
    let mut kept: Vec<&WriteBack> = Vec::new();
    for deed in deeds {
        kept.retain(|earlier| *earlier != deed && !earlier.is_of_one_kind(deed));
        kept.push(deed);
    }
    kept
}

impl fmt::Display for WriteBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note => write!(f, "note"),
            Self::Tag(name) => write!(f, "tag:{name}"),
            Self::Assign(tell) => write!(f, "assign:{}", tell.word()),
            Self::Priority(name) => write!(f, "priority:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::directory::Role;

    #[test]
    fn of_steps_done_together_the_last_owner_and_priority_count_and_one_note_is_written() {
        let lead = WriteBack::Assign(Tell::Role(Role::Lead));
        let above = WriteBack::Assign(Tell::Role(Role::Supervisor));
        let (late, near) = (WriteBack::Tag("late".to_owned()), WriteBack::Tag("near".to_owned()));
        let all = [WriteBack::Note, near.clone(), lead, WriteBack::Note, late.clone(), near, above];
        let words: Vec<_> = together(&all).into_iter().map(ToString::to_string).collect();
        assert_eq!(words, ["note", "tag:late", "tag:near", "assign:supervisor"]);
    }
}
