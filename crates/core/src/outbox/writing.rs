//! What is written back to where a conversation lives: a message whose reader is a ticket. Its way is named after the source.

use serde::{Deserialize, Serialize};

use super::DeliveryId;
use super::facts::AlertFacts;
use crate::engine::effect::ClockRef;
use crate::engine::request_id::RequestId;

/// Begins the name of the way to what lies behind a source, as the file's own key does.
const BEFORE_SOURCE: &str = "source.";

/// The cycle of what is of no promise: clocks are counted from 1.
pub const BY_HAND: u32 = 0;

/// The way to the tickets of a source.
pub fn way_to(source: &str) -> String {
    format!("{BEFORE_SOURCE}{source}")
}

/// The source whose tickets a way leads to; none where it leads to people or programs.
pub fn source_of(way: &str) -> Option<&str> {
    way.strip_prefix(BEFORE_SOURCE)
}

/// What is to be done there, frozen with the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum WriteDeed {
    /// The alert, as a note that no client sees.
    Note,
    /// A tag is put there.
    Tag {
        /// Its name.
        name: String,
    },
    /// A tag that plazo put there goes.
    Untag {
        /// Its name.
        name: String,
    },
    /// Somebody gets it.
    Assign {
        /// Key of the person; none where nobody holds the role.
        person: Option<String>,
    },
    /// Its priority changes.
    Priority {
        /// By the file's name for it.
        name: String,
    },
}

impl WriteDeed {
    /// The word before the colon of `do`, or `untag`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Tag { .. } => "tag",
            Self::Untag { .. } => "untag",
            Self::Assign { .. } => "assign",
            Self::Priority { .. } => "priority",
        }
    }

    /// Whether doing it twice leaves two.
    pub const fn doubles(&self) -> bool {
        matches!(self, Self::Note)
    }
}

/// Something to be written back, frozen with the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteFacts {
    /// What.
    #[serde(flatten)]
    pub deed: WriteDeed,
    /// Through which source the conversation came.
    pub source: String,
    /// The names by which that source knows it, those of its last event first.
    pub threads: Vec<String>,
    /// Of a tag: whether the request bore it already, so that it is not plazo's to take off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub had: bool,
    /// Whose the request was, as its source named them: whoever has it otherwise by then got it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Of a note: what somebody wants to have written, in the place of the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The promise that it is about.
    pub about: AlertFacts,
}

impl WriteFacts {
    /// The promise that it is about; none where somebody asked for it by hand.
    pub fn clock(&self) -> Option<ClockRef> {
        let AlertFacts { target, cycle, .. } = self.about;
        (BY_HAND < cycle).then_some(ClockRef { kind: target, cycle })
    }
}

/// Whether two names are one tag's: systems keep case or not, and some have no blanks.
pub fn is_same_tag(one: &str, other: &str) -> bool {
    let folded = |name: &str| name.trim().to_lowercase().replace(' ', "_");
    folded(one) == folded(other)
}

/// The mark of one deed, by which a note is known again: `[plazo R-17/a42]`.
pub fn mark(request: RequestId, delivery: DeliveryId) -> String {
    format!("[plazo {}]", deed_name(request, delivery))
}

/// The same without words around it: `R-17/a42`.
pub fn deed_name(request: RequestId, delivery: DeliveryId) -> String {
    format!("{request}/a{delivery}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_back_to_its_source_and_a_mark_is_one_deed_s() {
        assert_eq!(source_of(&way_to("chatwoot")), Some("chatwoot"));
        assert_eq!(source_of("slack"), None);
        assert_eq!(mark(RequestId(17), DeliveryId(42)), "[plazo R-17/a42]");
        assert!(is_same_tag("SLA vencido", "sla_vencido") && is_same_tag("ÉNFASIS", "énfasis"));
        assert!(!is_same_tag("sla", "sla2"));
        // One mark is no beginning of another.
        assert!(!mark(RequestId(17), DeliveryId(421)).contains(&mark(RequestId(17), DeliveryId(42))));
    }
}
