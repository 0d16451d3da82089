//! Policies: which promises hold for a request, and what each of them says.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, Counting};
use super::escalation::{Escalation, Span};
use super::event::{Audience, RequestKind};
use super::facets::Facets;
use super::working_time::WorkingTime;

/// The kinds of promise. A mark starts and stops the clock of each (`marks`); how it behaves besides is a row in `clock::KINDS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Every client message is answered (A1).
    Reply,
    /// The first client message is answered (E1, C10).
    FirstReply,
    /// Every client email is acknowledged by a person (A2).
    Acknowledge,
    /// What was asked for is delivered (A4, A5).
    Deliver,
    /// The request has an owner (C2).
    Assign,
    /// A task gets an answer that says something (D2, D3).
    Answer,
    /// What came in by the entry inbox is put where it belongs (C1).
    Classify,
    /// Something happens on an open request (B7, C3).
    Activity,
    /// The client is asked how it goes, again and again (B5).
    FollowUp,
    /// What was written by WhatsApp is sent by email too (A6).
    Replica,
    /// An interaction with the client is written down (B1).
    Log,
    /// A call or session that was agreed on takes place (B2).
    Appointment,
    /// A client whose call broke off is called (D9).
    CallBack,
    /// A formal claim leaves the stage in which it is (D4).
    Hop,
    /// WhatsApp still lets the house write freely: 24 hours from the client's last message.
    Window,
    /// What went badly is made good (E4, D6).
    Contingency,
    /// Whoever was handed it acts, or hands it on (LESSONS 51).
    Attend,
    /// What the team waits for comes; it runs while the team waits (LESSONS 50).
    Waiting,
}

impl TargetKind {
    /// All kinds, in the order in which people read them.
    pub const ALL: [Self; 18] = [
        Self::Reply,
        Self::FirstReply,
        Self::Acknowledge,
        Self::Deliver,
        Self::Assign,
        Self::Answer,
        Self::Classify,
        Self::Activity,
        Self::FollowUp,
        Self::Replica,
        Self::Log,
        Self::Appointment,
        Self::CallBack,
        Self::Hop,
        Self::Window,
        Self::Contingency,
        Self::Attend,
        Self::Waiting,
    ];

    /// The word in `sla.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::FirstReply => "first_reply",
            Self::Acknowledge => "acknowledge",
            Self::Deliver => "deliver",
            Self::Assign => "assign",
            Self::Answer => "answer",
            Self::Classify => "classify",
            Self::Activity => "activity",
            Self::FollowUp => "follow_up",
            Self::Replica => "replica",
            Self::Log => "log",
            Self::Appointment => "appointment",
            Self::CallBack => "call_back",
            Self::Hop => "hop",
            Self::Window => "window",
            Self::Contingency => "contingency",
            Self::Attend => "attend",
            Self::Waiting => "waiting",
        }
    }

    /// The kind with the word `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Begins the name of a policy that a kind of waiting makes.
pub const WAIT_POLICY: &str = "wait: ";

/// How long a promise runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Until that much working time is spent.
    Spend(WorkingTime),
    /// Until the same time of day, that many days later.
    Days {
        /// How many.
        days: u32,
        /// Which days count.
        counting: Counting,
    },
    /// Until the opening of that day, the day of the start being day 0 (D2).
    OnDay {
        /// The day's number.
        day: u32,
        /// Which days count.
        counting: Counting,
    },
}

impl fmt::Display for Limit {
    /// As `sla.toml` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spend(budget) => write!(f, "{}", Span(*budget)),
            Self::Days { days, counting: Counting::WorkingDays } => write!(f, "{days} working days"),
            Self::Days { days, counting: Counting::CalendarDays } => write!(f, "{days} days"),
            Self::OnDay { day, counting: Counting::WorkingDays } => write!(f, "on_day {day}"),
            Self::OnDay { day, counting: Counting::CalendarDays } => write!(f, "on_day {day}, calendar"),
        }
    }
}

/// One promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// How long.
    pub limit: Limit,
    /// Soft limit: the ladder's first warning goes out then (A2).
    pub aim: Option<WorkingTime>,
    /// Nothing alerts before this much has been spent (A3).
    pub floor: Option<WorkingTime>,
    /// Whose hours are spent.
    pub calendar: Arc<Calendar>,
    /// Who is told, and when.
    pub escalation: Arc<Escalation>,
    /// The id of the written rule that this promise keeps.
    pub rule: Option<String>,
    /// Since when its time counts.
    pub from: From,
    /// Whether it stands still while the team waits for the client; as is usual for its kind where it is left out.
    pub pauses: Option<bool>,
    /// What opening the request again does to its count.
    pub reopen: Reopen,
}

/// What closing a request and opening it again does to the count of a promise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reopen {
    /// It begins anew; what was kept or broken before stays so (LESSONS 20).
    #[default]
    New,
    /// It goes on where it stood when the request was closed: the closing did not end it.
    GoesOn,
}

impl Reopen {
    /// The kinds of promise that opening a request again brings back.
    pub const KINDS: [TargetKind; 2] = [TargetKind::Deliver, TargetKind::Answer];
}

/// Since when the time of a promise counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum From {
    /// Since it has been owed.
    #[default]
    Start,
    /// Since its policy has held for the request, if that is later: whoever gets a request late is not to blame for the time before.
    Match,
}

/// All promises for one kind of request.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Name in `sla.toml`.
    pub name: String,
    /// Which requests.
    pub matcher: Matcher,
    /// Whose lead is told where a request has no owner.
    pub team: Option<String>,
    /// The promises; `None` is the file's `"none"`: no promise, and no later policy is asked (LESSONS 21).
    pub targets: Vec<(TargetKind, Option<Target>)>,
    /// Name of the template of the reply that its alerts carry, instead of the usual one (B6, E4).
    pub text: Option<String>,
}

/// What a policy asks of a request. An empty list asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "each is the key of the same name in `match`")]
pub struct Matcher {
    pub channel: Vec<String>,
    pub audience: Option<Audience>,
    pub inbox: Vec<String>,
    pub team: Vec<String>,
    pub customer: Vec<String>,
    pub priority: Vec<String>,
    pub kind: Vec<RequestKind>,
    pub tags: Vec<String>,
    pub stage: Vec<String>,
    /// For what kind of wait; the file's own policies ask nothing of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wait: Vec<String>,
}

impl Matcher {
    /// Whether the policy holds for a request with these facets.
    pub fn matches(&self, facets: &Facets) -> bool {
        self.matches_but_for_team(facets)
            && (self.team.is_empty() || facets.teams.iter().any(|team| self.names_team(team)))
    }

    /// Whether that team is among those that it names.
    pub fn names_team(&self, team: &str) -> bool {
        self.team.iter().any(|named| named.eq_ignore_ascii_case(team))
    }

    /// Whether all holds that it says, whosever team it is.
    pub fn matches_but_for_team(&self, facets: &Facets) -> bool {
        let among = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|item| item.eq_ignore_ascii_case(value)))
        };
        let any_of =
            |list: &[String], values: &[String]| list.is_empty() || values.iter().any(|value| among(list, Some(value)));
        among(&self.channel, Some(&facets.channel))
            && self.audience.is_none_or(|audience| facets.for_whom() == audience)
            && among(&self.inbox, facets.inbox.as_deref())
            && among(&self.customer, facets.customer.as_deref())
            && among(&self.priority, facets.priority.as_deref())
            && (self.kind.is_empty() || self.kind.contains(&facets.kind))
            && any_of(&self.tags, &facets.tags)
            && among(&self.stage, facets.stage.as_deref())
            && among(&self.wait, facets.wait.as_deref())
    }

    /// Whether every request that `other` matches is matched by `self` too, so that `other` never gets a say after it.
    pub fn covers(&self, other: &Self) -> bool {
        fn wider<T: PartialEq>(mine: &[T], theirs: &[T]) -> bool {
            mine.is_empty() || (!theirs.is_empty() && theirs.iter().all(|value| mine.contains(value)))
        }
        wider(&self.channel, &other.channel)
            && (self.audience.is_none() || self.audience == other.audience)
            && wider(&self.inbox, &other.inbox)
            && wider(&self.team, &other.team)
            && wider(&self.customer, &other.customer)
            && wider(&self.priority, &other.priority)
            && wider(&self.kind, &other.kind)
            && wider(&self.tags, &other.tags)
            && wider(&self.stage, &other.stage)
            && wider(&self.wait, &other.wait)
    }
}
