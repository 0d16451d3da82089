//! Escalation: the ladder of a target, and which of its steps is owed at an instant.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::directory::{Directory, Recipient, Tell};
use super::working_time::WorkingTime;
use super::write_back::WriteBack;

/// A step told this long after its instant is *late*: it says so, and the steps after it count from then (LESSONS 29).
pub const LATE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Where a step stands on its clock, in the clock's own calendar. Also the step's name within its ladder: one that was told
/// stays told when the file is edited around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offset {
    /// At once: somebody is told that it begins (D6).
    Start,
    /// When that share of the budget has been spent, in hundredths.
    Percent(u32),
    /// So much before the due instant.
    Before(WorkingTime),
    /// At the floor: attention is due from now on (rule A3).
    Floor,
    /// At the due instant.
    Due,
    /// So much after the due instant.
    After(WorkingTime),
}

impl Offset {
    /// Whether the step comes before the promise ends.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::Start | Self::Percent(_) | Self::Before(_) | Self::Floor)
    }
}

impl fmt::Display for Offset {
    /// As `sla.toml` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => write!(f, "start"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Before(time) => write!(f, "-{}", Span(*time)),
            Self::Floor => write!(f, "floor"),
            Self::Due => write!(f, "due"),
            Self::After(time) => write!(f, "+{}", Span(*time)),
        }
    }
}

/// Working time as `sla.toml` writes it: `1h30m`.
#[derive(Debug, Clone, Copy)]
pub struct Span(pub WorkingTime);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_seconds();
        let (hours, minutes, seconds) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        if seconds > 0 || (hours == 0 && minutes == 0) {
            write!(f, "{seconds}s")?;
        }
        Ok(())
    }
}

/// One rung: when, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Offset,
    /// Whom.
    pub tell: Vec<Tell>,
    /// Whether a formal claim is opened then (D2).
    pub claims: bool,
    /// What is done where the conversation lives.
    pub deeds: Vec<WriteBack>,
}

/// Who is told at `at` by steps that are told together, without doubles; `team` is the policy's. Where nobody holds a role somebody above is
/// told, but steps that only write back tell nobody.
pub fn told_by<'a>(
    steps: impl Iterator<Item = &'a Step> + Clone,
    directory: &Directory,
    owner: Option<&str>,
    team: Option<&str>,
    at: DateTime<Utc>,
) -> Vec<Recipient> {
    let tell: Vec<_> = steps.clone().flat_map(|step| &step.tell).cloned().collect();
    if tell.is_empty() && steps.clone().any(|step| !step.deeds.is_empty()) {
        return Vec::new();
    }
    directory.recipients(&tell, owner, team, at)
}

/// A named ladder; repeats of the file are already written out as steps of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Name in `sla.toml`.
    pub name: String,
    /// Rungs, in the order of the file.
    pub steps: Vec<Step>,
}

/// A step of a ladder with the instant at which it is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedStep<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its instant.
    pub at: DateTime<Utc>,
}

/// What is owed of a ladder at an instant.
#[derive(Debug, PartialEq, Eq)]
pub struct Owed<'a> {
    /// The step that is told.
    pub told: PlannedStep<'a>,
    /// Steps whose news the told one brings along. Their people are told as well.
    pub superseded: Vec<PlannedStep<'a>>,
}

/// Picks from the untold steps the one to tell at `now`, if any is due.
///
/// A breach supersedes its warnings, and a later warning an earlier one. Of several steps at or after the breach only the
/// first is told: those above get their time counted from then (LESSONS 29).
pub fn owed<'a>(untold: &[PlannedStep<'a>], now: DateTime<Utc>) -> Option<Owed<'a>> {
    let mut due: Vec<_> = untold.iter().copied().filter(|step| step.at <= now).collect();
    due.sort_by_key(|step| step.at);
    let first_after_due = due.iter().copied().find(|step| !step.step.at.is_warning());
    let told = first_after_due.or_else(|| due.last().copied())?;
    let superseded = due.into_iter().filter(|step| step.step.at.is_warning() && step.step.at != told.step.at).collect();
    Some(Owed { told, superseded })
}
