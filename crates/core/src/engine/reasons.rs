//! Why promises broke: one of the file's reasons, said afterwards, and who let the breach out of the figures for it.
//!
//! Nothing follows from a reason but what reports and explanations say, so it is no part of a request's state: it is folded from the
//! events, and undone like any of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::directory::{Directory, Recipient, Role, Tell};
use super::effect::ClockRef;
use super::event::{self, Author, BrokenPromise, Event, Fact};
use super::proof::Proof;
use super::rulebook::Rulebook;

/// A reason for which promises break, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachReason {
    /// Key in `sla.toml`.
    pub key: String,
    /// Name as people write it.
    pub name: String,
    /// Whether it takes the breach out of the figures.
    pub is_excluding: bool,
    /// Who must agree to that; nobody where it is empty.
    pub approval: Vec<Tell>,
}

/// How a breach with a reason counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonState {
    /// As any other: the reason takes nothing out.
    Counts,
    /// As any other, until somebody who may agrees.
    AwaitsApproval,
    /// Out of the figures.
    Excluded,
    /// As any other: somebody who may did not agree.
    Refused,
}

impl ReasonState {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::AwaitsApproval => "awaits_approval",
            Self::Excluded => "excluded",
            Self::Refused => "refused",
        }
    }
}

/// Who decided whether a breach is let out of the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a person's key, else the name that was given.
    pub who: Option<String>,
    /// How it is known who.
    pub proof: Proof,
}

/// Why a promise of a request broke, as somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenReason {
    /// The promise.
    pub clock: ClockRef,
    /// When it broke.
    pub breached_at: DateTime<Utc>,
    /// Key of the reason.
    pub reason: String,
    /// Its name as people write it.
    pub name: String,
    /// What there is to say to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// Who said it: a person's key, else the name that was given.
    pub who: Option<String>,
    /// How it is known who.
    pub proof: Proof,
    /// How the breach counts.
    pub state: ReasonState,
    /// Who decided that, where somebody had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// The reasons that were given on a request for what broke on it, a breach's last one each, in the order in which they were said.
/// `owner` is the request's.
pub fn of(events: &[Event], clocks: &[Clock], owner: Option<&str>, rulebook: &Rulebook) -> Vec<GivenReason> {
    let mut given: Vec<GivenReason> = Vec::new();
    if !events.iter().any(|event| matches!(event.fact, Fact::Reason { .. })) {
        return given;
    }
    for event in event::arrived(events).filter(|event| event.is_believed()) {
        match &event.fact {
            Fact::Reason { reason, of, text } => {
                let Some(reason) = rulebook.reason(reason) else { continue };
                let Some(clock) = broken(clocks, *of, event.at) else { continue };
                given.retain(|other| other.clock != clock.name());
                given.extend(given_reason(event, reason, clock, text, owner, rulebook));
            }
            Fact::Approve { of, refuse } => {
                let Some(place) = awaiting(&given, *of) else { continue };
                let may = rulebook
                    .reason(&given[place].reason)
                    .is_some_and(|reason| may_approve(reason, event, clocks, &given[place], owner, rulebook));
                if may {
                    given[place].state = if *refuse { ReasonState::Refused } else { ReasonState::Excluded };
                    given[place].approval = Some(Approval::of(event, rulebook));
                }
            }
            _ => {}
        }
    }
    given
}

/// The promise that is meant: the last one that had broken by `at`.
pub fn broken(clocks: &[Clock], of: BrokenPromise, at: DateTime<Utc>) -> Option<&Clock> {
    let is_meant = |clock: &&Clock| {
        of.promise.is_none_or(|kind| kind == clock.kind)
            && of.cycle.is_none_or(|cycle| cycle == clock.cycle)
            && clock.breached_at.is_some_and(|breached_at| breached_at <= at)
    };
    clocks.iter().filter(is_meant).max_by_key(|clock| (clock.breached_at, clock.started_at))
}

/// The reason that is meant by an approval: the oldest that waits for one, else the last that was decided, which is decided anew.
pub fn awaiting(given: &[GivenReason], of: BrokenPromise) -> Option<usize> {
    let is_meant = |place: &usize| {
        let clock = given[*place].clock;
        of.promise.is_none_or(|kind| kind == clock.kind) && of.cycle.is_none_or(|cycle| cycle == clock.cycle)
    };
    let meant = || (0..given.len()).filter(is_meant);
    meant()
        .find(|place| given[*place].state == ReasonState::AwaitsApproval)
        .or_else(|| meant().rfind(|place| given[*place].approval.is_some()))
}

/// Who may let a breach out of the figures for that reason. Nobody does so for what is charged to himself: where the owner alone could, whoever
/// stands above is asked, and the owner only where nobody does.
pub fn approvers(
    reason: &BreachReason,
    clock: &Clock,
    owner: Option<&str>,
    rulebook: &Rulebook,
    at: DateTime<Utc>,
) -> Vec<Recipient> {
    let policy = rulebook.policies.iter().find(|policy| policy.name == clock.policy);
    let team = policy.and_then(|policy| policy.team.as_deref());
    match owner {
        Some(owner) => others_than(owner, &reason.approval, team, &rulebook.directory, at),
        None => rulebook.directory.recipients(&reason.approval, None, team, at),
    }
}

/// Those who are named without the owner; where that leaves nobody, whoever stands above, and the owner only where nobody does.
fn others_than(
    owner: &str,
    approval: &[Tell],
    team: Option<&str>,
    directory: &Directory,
    at: DateTime<Utc>,
) -> Vec<Recipient> {
    let told = |tell: &[Tell]| directory.recipients(tell, Some(owner), team, at);
    let named = told(approval);
    let Some(charged) = directory.person(owner).map(|person| Recipient::Person(person.key.clone())) else {
        return named;
    };
    if !named.contains(&charged) {
        return named;
    }
    let is_other = |recipient: &Recipient| matches!(recipient, Recipient::Person(_)) && *recipient != charged;
    let without = |recipients: Vec<Recipient>| recipients.into_iter().filter(is_other).collect::<Vec<_>>();
    // Above whoever the reason names: a manager's breach is not let out by those who report to him.
    let roles = approval.iter().filter_map(|tell| if let Tell::Role(role) = tell { Some(*role) } else { None });
    let highest = roles.max().unwrap_or(Role::Owner);
    let above = Role::ALL.into_iter().filter(|role| highest < *role).map(|role| without(told(&[Tell::Role(role)])));
    std::iter::once(without(named.clone())).chain(above).find(|others| !others.is_empty()).unwrap_or(named)
}

fn given_reason(
    event: &Event,
    reason: &BreachReason,
    clock: &Clock,
    text: &str,
    owner: Option<&str>,
    rulebook: &Rulebook,
) -> Option<GivenReason> {
    let breached_at = clock.breached_at?;
    let author = Approval::of(event, rulebook);
    let is_approver = is_among(&approvers(reason, clock, owner, rulebook, event.at), event.author.as_ref(), rulebook);
    let (state, approval) = match (reason.is_excluding, reason.approval.is_empty()) {
        (false, _) => (ReasonState::Counts, None),
        (true, true) => (ReasonState::Excluded, None),
        (true, false) if is_approver => (ReasonState::Excluded, Some(author.clone())),
        (true, false) => (ReasonState::AwaitsApproval, None),
    };
    Some(GivenReason {
        clock: clock.name(),
        breached_at,
        reason: reason.key.clone(),
        name: reason.name.clone(),
        text: text.to_owned(),
        at: event.at,
        who: author.who,
        proof: author.proof,
        state,
        approval,
    })
}

fn may_approve(
    reason: &BreachReason,
    event: &Event,
    clocks: &[Clock],
    given: &GivenReason,
    owner: Option<&str>,
    rulebook: &Rulebook,
) -> bool {
    let clock = clocks.iter().find(|clock| clock.name() == given.clock);
    clock.is_some_and(|clock| {
        is_among(&approvers(reason, clock, owner, rulebook, event.at), event.author.as_ref(), rulebook)
    })
}

/// Whether the author is one of them, or stands in for one.
pub fn is_among(recipients: &[Recipient], author: Option<&Author>, rulebook: &Rulebook) -> bool {
    let person = author.and_then(|author| rulebook.directory.person_of(author));
    person.is_some_and(|person| recipients.contains(&Recipient::Person(person.key.clone())))
}

impl Approval {
    fn of(event: &Event, rulebook: &Rulebook) -> Self {
        let known = event.author.as_ref().and_then(|author| rulebook.directory.person_of(author));
        let named = event.author.as_ref().and_then(|author| author.name.clone().or_else(|| author.address.clone()));
        let who = known.map(|person| person.key.clone()).or(named);
        Self { at: event.at, who, proof: event.proof.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::directory::{Person, RoleHolder, Team};

    /// A lead, whoever stands above, and a manager.
    fn house() -> Directory {
        let person = |key: &str| Person { key: key.to_owned(), name: key.to_owned(), addresses: Vec::new() };
        let team = Team {
            key: "a".to_owned(),
            lead: Some("lea".to_owned()),
            members: vec!["mo".to_owned()],
            answers_clients: true,
        };
        let holder = |key: &str| vec![RoleHolder::Fixed(Recipient::Person(key.to_owned()))];
        let roles = BTreeMap::from([(Role::Supervisor, holder("su")), (Role::Management, holder("mo"))]);
        Directory::new(["lea", "su", "mo"].map(person).into(), vec![team], Vec::new(), roles, Vec::new(), Vec::new())
    }

    #[test]
    fn nobody_lets_out_what_is_his_own_and_nobody_below_does_it_for_him() {
        let directory = house();
        let asked = |approval: &[Tell], owner: &str| {
            let all = others_than(owner, approval, None, &directory, DateTime::UNIX_EPOCH);
            all.into_iter()
                .map(|one| if let Recipient::Person(key) = one { key } else { String::new() })
                .collect::<Vec<_>>()
        };
        assert_eq!(asked(&[Tell::Role(Role::Lead)], "lea"), ["su"], "who leads is judged from above");
        assert_eq!(asked(&[Tell::Role(Role::Lead)], "mo"), ["lea"], "as the file says");
        assert_eq!(
            asked(&[Tell::Role(Role::Management)], "mo"),
            ["mo"],
            "nobody stands above, and nobody below is asked"
        );
        assert_eq!(asked(&[Tell::Person("lea".to_owned()), Tell::Person("su".to_owned())], "lea"), ["su"]);
    }
}
