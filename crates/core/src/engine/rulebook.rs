//! The rulebook: everything by which events are judged, as one revision of `sla.toml` says it.

use chrono::TimeDelta;

use super::check::checks::Checks;
use super::check::reply::Wording;
use super::courtesy::Courtesies;
use super::directory::{Directory, Tell};
use super::facets::Facets;
use super::policy::{Policy, Target, TargetKind};
use super::reasons::BreachReason;

/// Everything by which events are judged: one revision of `sla.toml`, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Rulebook {
    /// Number of the revision; verdicts keep the one that gave them.
    pub revision: i64,
    /// Policies in the order of the file.
    pub policies: Vec<Policy>,
    /// People, teams, roles, clients.
    pub directory: Directory,
    /// What counts as saying something.
    pub wording: Wording,
    /// What asks for nothing.
    pub courtesies: Courtesies,
    /// How long taking a request keeps its ladders still; for ever where it is left out.
    pub ack_expires: Option<TimeDelta>,
    /// Rules that judge an event.
    pub checks: Checks,
    /// Inboxes, where the file names them.
    pub inboxes: Vec<Inbox>,
    /// Stages of a formal claim, in their order; their promises are policies like any other (D4).
    pub stages: Vec<Stage>,
    /// Kinds of waiting.
    pub waits: Vec<WaitKind>,
    /// Why promises break.
    pub reasons: Vec<BreachReason>,
    /// How long after a change of owner, inbox, tag or priority what it broke is told of.
    pub settle: TimeDelta,
    /// Tags that bring a priority (B3, B6).
    pub tag_priorities: Vec<(String, String)>,
}

/// An inbox of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbox {
    /// Key in `sla.toml`.
    pub key: String,
    /// Whether requests come in here to be put elsewhere (C1).
    pub entry: bool,
    /// Tags of what belongs here; empty takes anything (D10).
    pub takes: Vec<String>,
}

/// A kind of waiting (LESSONS 50). What may at most be waited is a policy like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitKind {
    /// Key in `sla.toml`.
    pub key: String,
    /// Name as people write it.
    pub name: String,
    /// The promises that stand still; as for the client where it is left out.
    pub stops: Option<Vec<TargetKind>>,
}

/// A stage through which a formal claim goes (D4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Who owns a claim in it.
    pub owner: Option<Tell>,
    /// Whether the claim's number has to be known before it is left.
    pub needs_number: bool,
}

/// The stage after the last.
pub const DONE: &str = "done";

impl Rulebook {
    /// The inbox of that name.
    pub fn inbox(&self, name: &str) -> Option<&Inbox> {
        self.inboxes.iter().find(|inbox| inbox.key.eq_ignore_ascii_case(name))
    }

    /// The stage of that name, and the one after it.
    pub fn stage(&self, name: &str) -> Option<(&Stage, Option<&Stage>)> {
        let place = self.stages.iter().position(|stage| stage.name.eq_ignore_ascii_case(name))?;
        Some((&self.stages[place], self.stages.get(place + 1)))
    }

    /// The kind of waiting of that key or name.
    pub fn wait(&self, word: &str) -> Option<&WaitKind> {
        let is_it = |known: &str| known.to_lowercase() == word.trim().to_lowercase();
        self.waits.iter().find(|wait| is_it(&wait.key)).or_else(|| self.waits.iter().find(|wait| is_it(&wait.name)))
    }

    /// The reason of that key or name.
    pub fn reason(&self, word: &str) -> Option<&BreachReason> {
        let is_it = |known: &str| known.to_lowercase() == word.to_lowercase();
        self.reasons.iter().find(|reason| is_it(&reason.key) || is_it(&reason.name))
    }

    /// The kind of waiting that is for the client, where the file names it: `client` or `cliente`.
    pub fn clients_wait(&self) -> Option<&WaitKind> {
        self.wait("client").or_else(|| self.wait("cliente"))
    }

    /// The team that the policy of that name is about.
    pub fn team_of(&self, policy: &str) -> Option<&str> {
        self.policies.iter().find(|candidate| candidate.name == policy)?.team.as_deref()
    }

    /// The promise of that kind that the policy of that name makes.
    pub fn target_of(&self, policy: &str, kind: TargetKind) -> Option<&Target> {
        let policy = self.policies.iter().find(|candidate| candidate.name == policy)?;
        policy.targets.iter().find(|(named, _)| *named == kind)?.1.as_ref()
    }

    /// The promise of that kind for a request with these facets: the first policy that matches and names the kind wins,
    /// whatever it says (LESSONS 21).
    pub fn target(&self, kind: TargetKind, facets: &Facets) -> Option<(&Policy, &Target)> {
        let (policy, target) = self
            .policies
            .iter()
            .filter(|policy| policy.targets.iter().any(|(named, _)| *named == kind))
            .find(|policy| policy.matcher.matches(facets))
            .and_then(|policy| policy.targets.iter().find(|(named, _)| *named == kind).map(|(_, t)| (policy, t)))?;
        Some((policy, target.as_ref()?))
    }
}
