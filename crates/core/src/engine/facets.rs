//! Facets: what of a request policies and checks look at.

use serde::{Deserialize, Serialize};

use super::event::{Audience, RequestKind};

/// What of a request decides which policies match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the field of the same name of the event JSON")]
pub struct Facets {
    pub channel: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    #[serde(default)]
    pub kind: RequestKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Of a formal claim: the stage in which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// While the team waits: the kind of wait, a key of `[wait]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// The owner's teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
}

impl Facets {
    /// For whom it is done; for a client where nobody says otherwise.
    pub fn for_whom(&self) -> Audience {
        self.audience.unwrap_or(Audience::Client)
    }

    /// Whether it lies elsewhere than before, or is of another urgency, or has other tags.
    pub fn is_elsewhere(&self, before: &Self) -> bool {
        self.inbox != before.inbox || self.priority != before.priority || self.tags != before.tags
    }

    /// Whether it is for a client.
    pub fn is_for_client(&self) -> bool {
        self.for_whom() == Audience::Client
    }
}
