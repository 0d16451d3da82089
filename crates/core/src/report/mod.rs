//! PURE. Reports: figures of a period beside their standard and the period before, each with the requests behind it
//! (rules A3, C8–C10, D1, E5).
//!
//! A figure counts what *ended* in the period: an answer, a resolution, a verdict; what is still unanswered is counted at its end.
//! Conversations with clients alone are measured; early answers among colleagues (A3) are counted beside them.

mod broken;
mod fair;
mod fold;
mod measure;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::calendar::Calendar;
use crate::engine::check::{Association, Violation};
use crate::engine::clock::Clock;
use crate::engine::directory::Directory;
use crate::engine::history::History;
use crate::engine::policy::TargetKind;
use crate::engine::reasons::{GivenReason, ReasonState};
use crate::engine::request_id::RequestId;

pub use broken::BrokenRules;
pub use fold::Fold;
pub use measure::{Count, Excluded, Measure, Share, percentile};

/// What the team means to reach (C10). Spans are compared with means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standards {
    /// From the first message of a client to its answer, in milliseconds.
    #[serde(with = "milliseconds")]
    pub first_response: TimeDelta,
    /// From any message to its answer, in milliseconds.
    #[serde(with = "milliseconds")]
    pub response: TimeDelta,
    /// From opening to delivery, in milliseconds.
    #[serde(with = "milliseconds")]
    pub resolution: TimeDelta,
    /// Conversations without answer at the end.
    pub unanswered: u32,
    /// Conversations that were closed without answer.
    pub closed_unanswered: u32,
    /// Promises kept, in percent.
    pub kept: u32,
    /// Whether spans are compared in working time; else in elapsed time.
    pub in_working_time: bool,
}

impl Default for Standards {
    fn default() -> Self {
        Self {
            first_response: TimeDelta::hours(1),
            response: TimeDelta::hours(4),
            resolution: TimeDelta::hours(48),
            unanswered: 0,
            closed_unanswered: 0,
            kept: 95,
            in_working_time: true,
        }
    }
}

/// A request with all that is known of it up to the end of the period.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// What happened to it.
    pub history: History,
    /// Every clock that ran on it.
    pub clocks: &'a [Clock],
    /// Why those broke that did, as far as somebody said so.
    pub reasons: Vec<GivenReason>,
}

impl Case<'_> {
    /// Whether a clock's breach was let out of the figures.
    fn is_excluded(&self, clock: &Clock) -> bool {
        let is_out = |given: &GivenReason| given.clock == clock.name() && given.state == ReasonState::Excluded;
        self.reasons.iter().any(is_out)
    }
}

/// A broken rule, as far as a report counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub id: i64,
    /// The request.
    pub request: RequestId,
    /// What was broken.
    pub violation: Violation,
    /// Whoever owned the request.
    pub owner: Option<String>,
    /// What was said to it.
    pub excuse: Option<String>,
}

/// A period, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant after it.
    pub to: DateTime<Utc>,
}

impl Period {
    /// Whether `at` lies in it.
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }
}

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The period.
    pub period: Period,
    /// In whose hours working time is counted.
    pub calendar: &'a Calendar,
    /// What is to be reached.
    pub standards: Standards,
    /// Who belongs to which team.
    pub directory: &'a Directory,
    /// How many milliseconds late plazo's own alerts were, in any order.
    pub lateness_ms: &'a [i64],
    /// Whether the requests behind the figures are named.
    pub names_requests: bool,
}

/// Along what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Everything.
    All,
    /// By team.
    Team,
    /// By person.
    Person,
    /// By client.
    Client,
    /// By channel.
    Channel,
    /// By inbox.
    Inbox,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::All, Self::Team, Self::Person, Self::Client, Self::Channel, Self::Inbox];

    /// The word in JSON and in commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Team => "team",
            Self::Person => "person",
            Self::Client => "client",
            Self::Channel => "channel",
            Self::Inbox => "inbox",
        }
    }
}

/// The figures of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// From a client's first message to its answer.
    pub first_response: Measure,
    /// From any message to its answer.
    pub response: Measure,
    /// From opening to delivery, or to the closing of what was answered.
    pub resolution: Measure,
    /// Conversations whose client waits at the end.
    pub unanswered: Count,
    /// Conversations that were closed over a waiting client's head.
    pub closed_unanswered: Count,
    /// Promises.
    pub kept: Share,
    /// Those of them whose breach was let out of the figures for its reason; none where there is no such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Excluded>,
    /// Answers among colleagues before the floor (A3).
    pub early: Count,
    /// Broken rules.
    pub violations: Count,
}

/// A group and its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Along what.
    pub by: By,
    /// Its key: a person's, a team's, a client's, a channel, an inbox; empty for all.
    pub key: String,
    /// Its name as people write it.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// One of the longest waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worst {
    /// The request.
    pub request: RequestId,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Name of whoever answered, or owned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Since when the client waited.
    pub from: DateTime<Utc>,
    /// How long, in milliseconds of elapsed time.
    pub ms: i64,
    /// How long, in milliseconds of working time.
    pub working_ms: i64,
    /// Whether it was answered.
    pub answered: bool,
}

/// Time in somebody's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderTime {
    /// `nobody`, `owner`, `client` or `closed`.
    pub holder: String,
    /// The owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many requests.
    pub n: usize,
    /// Elapsed time in milliseconds.
    pub ms: i64,
    /// Working time in milliseconds.
    pub working_ms: i64,
}

/// Broken rules of one id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// How often.
    pub n: usize,
    /// How often in the period before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<usize>,
    /// How many of them were explained.
    pub n_excused: usize,
    /// Each of them; the latest ten thousand where there are more.
    pub broken: Vec<BrokenRow>,
}

/// A broken rule in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenRow {
    /// Its number.
    pub id: i64,
    /// The request.
    pub request: RequestId,
    /// Name of whoever did it, or owned the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What was broken.
    pub violation: Violation,
    /// What was said to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excuse: Option<String>,
}

/// The weekly review of closings (C9).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closings {
    /// Conversations that were closed.
    pub closed: Count,
    /// Those over a waiting client's head.
    pub unattended: Count,
    /// Those that broke a rule of closing (C4, C5, C6).
    pub wrong: Count,
}

/// An open request of which something is not known that should be (C8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// The request.
    pub request: RequestId,
    /// What is not known.
    pub missing: Vec<Association>,
}

/// Answers that one person said were not needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    /// Name of whoever said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// How often.
    pub n: usize,
    /// Each of them.
    pub answers: Vec<WaivedRow>,
}

/// An answer that was not needed, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedRow {
    /// The request.
    pub request: RequestId,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// How it is known who said so: a word of the table in docs/proofs.md.
    pub proof: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A reason for which promises broke.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// Its key in `sla.toml`.
    pub reason: String,
    /// Its name.
    pub name: String,
    /// How often it was given.
    pub n: usize,
    /// How many breaches it took out of the figures.
    pub n_excluded: usize,
    /// How many it would, if somebody who may agreed.
    pub n_awaiting: usize,
    /// Each of them.
    pub breaches: Vec<ReasonRow>,
}

/// A broken promise and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonRow {
    /// The request.
    pub request: RequestId,
    /// The kind of promise.
    pub promise: TargetKind,
    /// First, second, … of its kind on the request.
    pub cycle: u32,
    /// When it broke.
    pub at: DateTime<Utc>,
    /// Name of whoever gave the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// How it is known who: a word of the table in docs/proofs.md.
    pub proof: String,
    /// What was said to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// How it counts.
    pub state: ReasonState,
    /// Name of whoever let it out of the figures, or did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<DateTime<Utc>>,
}

/// Time in which requests of one person stood still, for one kind of wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillTime {
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// For whom was waited: a key of `[wait]`; the client where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The name of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many requests.
    pub n: usize,
    /// Elapsed time in milliseconds.
    pub ms: i64,
    /// Working time in milliseconds.
    pub working_ms: i64,
    /// Its part of the time of all requests of that person, in hundredths of a percent.
    pub share: u32,
}

/// A promise that was kept after its clock had stood still for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWaiting {
    /// The request.
    pub request: RequestId,
    /// The kind of promise.
    pub promise: TargetKind,
    /// When it was kept.
    pub at: DateTime<Utc>,
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// How long it had stood still, in milliseconds of elapsed time.
    pub ms: i64,
}

/// How punctual plazo itself was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Punctuality {
    /// Alerts that were sent.
    pub n: usize,
    /// How late half of them were at most, in milliseconds from the step's instant to the peer's acceptance.
    pub p50_ms: i64,
    /// 99 of 100.
    pub p99_ms: i64,
    /// The latest.
    pub max_ms: i64,
}

/// A whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its name in `sla.toml`, or that of the period.
    pub name: String,
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// The calendar in which working time is counted.
    pub calendar: String,
    /// What is to be reached.
    pub standards: Standards,
    /// Figures, of everything first.
    pub groups: Vec<Group>,
    /// The longest waits that ended in the period or last.
    pub worst: Vec<Worst>,
    /// Who held what how long.
    pub holders: Vec<HolderTime>,
    /// Broken rules.
    pub violations: Vec<RuleCount>,
    /// Closings.
    pub closings: Closings,
    /// Open requests of which something is not known.
    pub orphans: Vec<Orphan>,
    /// Answers that were said not to be needed, by who said so most.
    #[serde(default)]
    pub waived: Vec<Waived>,
    /// Why promises broke, what was given most first.
    #[serde(default)]
    pub reasons: Vec<ReasonCount>,
    /// How long requests stood still, by person and kind of wait, the longest first.
    #[serde(default)]
    pub still: Vec<StillTime>,
    /// What was kept after long waits, the longest first.
    #[serde(default)]
    pub kept_waiting: Vec<KeptWaiting>,
    /// How late plazo's own alerts were.
    pub punctuality: Punctuality,
    /// Of requests that ended before then, entries have been let go, so that the figures of this period lack them; none where it has all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub let_go_until: Option<DateTime<Utc>>,
    /// What the requests are called that stand behind the figures: the client, and what it is about. For pages alone.
    #[serde(skip)]
    pub names: BTreeMap<RequestId, String>,
}

impl Report {
    /// The figures of everything.
    pub fn all(&self) -> Option<&Figures> {
        self.groups.iter().find(|group| group.by == By::All).map(|group| &group.figures)
    }

    /// Lets go what people wrote, and what the conversations behind the figures are called.
    pub fn let_words_go(&mut self) {
        for worst in &mut self.worst {
            (worst.client, worst.subject) = (None, None);
        }
        self.waived.iter_mut().flat_map(|one| &mut one.answers).for_each(|row| row.reason.clear());
        self.reasons.iter_mut().flat_map(|one| &mut one.breaches).for_each(|row| row.text.clear());
        for broken in self.violations.iter_mut().flat_map(|rule| &mut rule.broken) {
            broken.violation.finding.let_words_go();
            broken.excuse = broken.excuse.take().map(|_| String::new());
        }
    }

    /// Puts the figures of the period before beside these.
    pub fn compare(&mut self, before: &Self) {
        let none = Figures::default();
        for group in &mut self.groups {
            let same = |other: &&Group| other.by == group.by && other.key == group.key;
            let old = before.groups.iter().find(same).map_or(&none, |group| &group.figures);
            let (new, in_working) = (&mut group.figures, self.standards.in_working_time);
            new.first_response.before_ms = old.first_response.compared(in_working);
            new.response.before_ms = old.response.compared(in_working);
            new.resolution.before_ms = old.resolution.compared(in_working);
            new.unanswered.before = Some(old.unanswered.n);
            new.closed_unanswered.before = Some(old.closed_unanswered.n);
            new.kept.before = old.kept.percent;
            new.early.before = Some(old.early.n);
            new.violations.before = Some(old.violations.n);
        }
        for rule in &mut self.violations {
            let old = before.violations.iter().find(|other| other.rule == rule.rule);
            rule.before = Some(old.map_or(0, |old| old.n));
        }
        self.closings.closed.before = Some(before.closings.closed.n);
        self.closings.unattended.before = Some(before.closings.unattended.n);
        self.closings.wrong.before = Some(before.closings.wrong.n);
    }
}

/// Spans as whole milliseconds.
mod milliseconds {
    use chrono::TimeDelta;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(span.num_milliseconds())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeDelta, D::Error> {
        i64::deserialize(deserializer).map(TimeDelta::milliseconds)
    }
}
