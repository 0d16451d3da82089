//! Silences: what nobody wants to hear of for a while.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SilenceId;
use crate::engine::policy::Matcher;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;

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
    /// Of requests like these. A team's are those that its people own and those that its policies promise, as in the queue.
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
    pub fn holds(&self, request: &Request, person: Option<&str>, rulebook: &Rulebook) -> bool {
        let (matcher, facets) = (&self.matcher, &request.facets);
        let is_of_team = || {
            let live = request.clocks.iter().filter(|clock| clock.is_live());
            let promised = live.filter_map(|clock| rulebook.team_of(&clock.policy));
            let mut teams = facets.teams.iter().map(String::as_str).chain(promised);
            matcher.team.is_empty() || teams.any(|team| matcher.names_team(team))
        };
        self.request.is_none_or(|own| own == request.id)
            && (self.person.is_empty() || person.is_some_and(|person| self.person.iter().any(|key| key == person)))
            && matcher.matches_but_for_team(facets)
            && is_of_team()
    }
}

/// The silence that holds alerts of a request to that person back for longest, or to a destination without one; none if none does.
pub fn longest<'s>(
    silences: &'s [Silence],
    request: &Request,
    person: Option<&str>,
    rulebook: &Rulebook,
) -> Option<&'s Silence> {
    let holding = silences.iter().filter(|silence| silence.silenced.holds(request, person, rulebook));
    holding.max_by_key(|silence| silence.until)
}
