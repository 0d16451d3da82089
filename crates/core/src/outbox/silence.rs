//! Silences: what nobody wants to hear of for a while.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SilenceId;
use crate::engine::facets::Facets;
use crate::engine::policy::Matcher;
use crate::engine::request_id::RequestId;

/// Which alerts a silence holds back: those of which everything holds that it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// Of one request only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Only what goes to these people, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub person: Vec<String>,
    /// Of everything: said so that nobody silences all by leaving the rest out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Of requests like these.
    #[serde(flatten)]
    pub matcher: Matcher,
}

/// A silence that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its number.
    pub id: SilenceId,
    /// Until when.
    pub until: DateTime<Utc>,
    /// What it holds back.
    pub silenced: Silenced,
}

impl Silenced {
    /// Whether it holds back an alert of that request to that person; without one, to a destination.
    pub fn holds(&self, request: RequestId, facets: &Facets, person: Option<&str>) -> bool {
        self.request.is_none_or(|own| own == request)
            && (self.person.is_empty() || person.is_some_and(|person| self.person.iter().any(|key| key == person)))
            && self.matcher.matches(facets)
    }
}

/// The silence that holds alerts of a request to that person back for longest, or to a destination without one; none if none does.
pub fn longest<'s>(
    silences: &'s [Silence],
    request: RequestId,
    facets: &Facets,
    person: Option<&str>,
) -> Option<&'s Silence> {
    let holding = silences.iter().filter(|silence| silence.silenced.holds(request, facets, person));
    holding.max_by_key(|silence| silence.until)
}
