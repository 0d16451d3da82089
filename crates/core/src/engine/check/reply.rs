//! Does an answer count? Rules A7 (who may answer), E2 (an automatic one is none), D3 (a dot is none).

use regex::RegexSet;

use super::checks::{CheckKind, Checks, Violation};
use super::finding::Finding;
use super::phrases::normalised;
use crate::engine::address::ERASED;
use crate::engine::event::{Audience, Author, AuthorKind, Utterance};
use crate::engine::facets::Facets;
use crate::engine::rulebook::Rulebook;

/// What counts as saying something. A text without a letter or digit never does.
#[derive(Debug, Clone, Default)]
pub struct Wording {
    says_nothing: RegexSet,
}

impl Wording {
    /// Texts that match one of these, spaces around them aside, say nothing.
    pub const fn new(says_nothing: RegexSet) -> Self {
        Self { says_nothing }
    }

    /// Whether `text` says something.
    pub fn says_something(&self, text: &str) -> bool {
        let text = text.trim();
        text.chars().any(char::is_alphanumeric)
            && !self.says_nothing.is_match(text)
            && (self.says_nothing.is_empty() || !self.says_nothing.is_match(&normalised(text)))
    }
}

impl PartialEq for Wording {
    fn eq(&self, other: &Self) -> bool {
        self.says_nothing.patterns() == other.says_nothing.patterns()
    }
}

/// What an outgoing message is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It stops the clock.
    Counts,
    /// Written by a program, or in somebody's absence (E2).
    Automatic,
    /// Empty, a dot, only signs (D3).
    SaysNothing,
    /// Written by somebody whose team does not answer clients, or whom the file does not know (A7).
    NotAuthorised,
}

impl Answer {
    /// What it breaks, if it does not count. It is a violation also where the file does not speak of it; nobody is told then.
    pub fn violation(self, author: Option<&Author>, facets: &Facets, checks: &Checks) -> Option<Violation> {
        let (check, finding) = match self {
            Self::Counts => return None,
            Self::Automatic => (CheckKind::Automatic, Finding::Automatic),
            Self::SaysNothing => (CheckKind::Empty, Finding::SaysNothing),
            Self::NotAuthorised => (CheckKind::Authorised, Finding::NotAuthorised),
        };
        let who = author.and_then(|author| author.name.clone().or_else(|| author.address.clone()));
        let rule = checks.find(check, facets).map_or_else(|| check.rule().to_owned(), |check| check.rule.clone());
        Some(Violation { check, rule, who, finding })
    }
}

/// Judges a message that could be an answer.
///
/// An author without name and address is the channel's own account, shared by several people: it was let in by whoever
/// connected the channel, and counts.
pub fn judge_answer(author: Option<&Author>, said: Utterance<'_>, audience: Audience, rulebook: &Rulebook) -> Answer {
    let directory = &rulebook.directory;
    if author.is_some_and(|author| matches!(author.kind, AuthorKind::Bot | AuthorKind::Auto | AuthorKind::System)) {
        return Answer::Automatic;
    }
    if said.says_nothing(rulebook) {
        return Answer::SaysNothing;
    }
    let named = author.filter(|author| author.name.is_some() || author.address.is_some());
    match named {
        Some(author) if audience == Audience::Client && !directory.anybody_answers_clients() => {
            let person = directory.person_of(author);
            // Whoever of the house is forgotten has answered all the same: that was judged while the name was known.
            let words = [&author.name, &author.address].into_iter().flatten();
            let is_erased = author.kind == AuthorKind::Agent && words.into_iter().any(|word| word.starts_with(ERASED));
            if is_erased || person.is_some_and(|person| directory.may_answer_clients(&person.key)) {
                Answer::Counts
            } else {
                Answer::NotAuthorised
            }
        }
        _ => Answer::Counts,
    }
}
