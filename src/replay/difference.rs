//! What two replays of the same events have not in common.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::Run;
use super::entry::{Entry, What};
use crate::engine::clock::{Clock, ClockState};
use crate::engine::directory::Recipient;
use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;

/// The span that is looked at, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub to: DateTime<Utc>,
}

impl Window {
    /// Whether the instant lies in it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }
}

/// What changes from one run to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Policies whose breaches change.
    pub policies: Vec<PolicyChange>,
    /// Everybody who is told in either.
    pub people: Vec<PersonChange>,
    /// Requests of which a promise comes out otherwise.
    pub requests: Vec<RequestChange>,
    /// Requests whose verdicts stay, but not their alerts.
    pub only_alerts: Vec<String>,
}

/// Breaches of one policy. A clock that breaks in both counts as neither gained nor lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PolicyChange {
    /// Its name.
    pub policy: String,
    /// Breaches that only the new file has.
    pub gained: usize,
    /// Breaches that only the old file has.
    pub lost: usize,
    /// All of the old file's.
    pub before: usize,
    /// All of the new file's.
    pub after: usize,
}

/// How much one person, or destination, is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonChange {
    /// Who.
    pub recipient: Recipient,
    /// By the old file.
    pub before: Load,
    /// By the new one.
    pub after: Load,
}

/// Alerts to one recipient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Load {
    /// All of them.
    pub n_alerts: usize,
    /// The mean over all hours of the span.
    pub per_hour: f64,
    /// The most in one hour of the clock.
    pub most_in_an_hour: usize,
    /// The beginning of that hour, the first of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busiest_hour_at: Option<DateTime<Utc>>,
}

/// A request that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestChange {
    /// Its number, `R-17`.
    pub request: String,
    /// Its clocks that do.
    pub clocks: Vec<ClockChange>,
}

/// A clock that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockChange {
    /// Its kind.
    pub promise: TargetKind,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// By the old file; none if that promises nothing.
    pub before: Option<Standing>,
    /// By the new one.
    pub after: Option<Standing>,
}

/// How a clock stands in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its state.
    pub state: ClockState,
    /// The policy that promised.
    pub policy: String,
    /// When the promise ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// When it was kept or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
}

impl Standing {
    fn of(clock: &Clock) -> Self {
        Self { state: clock.state, policy: clock.policy.clone(), due_at: clock.due_at, stopped_at: clock.stopped_at }
    }
}

/// A wait, whatever its number: cycles are counted by promises that were made, and those differ.
type Wait = (RequestId, DateTime<Utc>, TargetKind);

impl Difference {
    /// What changes from `before` to `after` within `window`.
    pub fn new(before: &Run, after: &Run, window: Window) -> Self {
        let (mut old, mut new) = (waits(before), waits(after));
        let in_window = |clock: Option<&&Clock>| clock.is_some_and(|clock| window.contains(decided_at(clock)));
        let all = old.keys().chain(new.keys());
        let shown: BTreeSet<Wait> =
            all.filter(|wait| in_window(old.get(wait)) || in_window(new.get(wait))).copied().collect();
        old.retain(|wait, _| shown.contains(wait));
        new.retain(|wait, _| shown.contains(wait));
        let requests = changed(&old, &new);
        let is_changed: BTreeSet<_> = requests.iter().map(|change| change.request.as_str()).collect();
        let (old_alerts, new_alerts) = (alerts(before, window), alerts(after, window));
        let ids: BTreeSet<_> = old_alerts.keys().chain(new_alerts.keys()).copied().collect();
        let only_alerts = ids
            .into_iter()
            .filter(|id| old_alerts.get(id) != new_alerts.get(id))
            .map(|id| id.to_string())
            .filter(|id| !is_changed.contains(id.as_str()))
            .collect();
        Self { policies: policies(&old, &new), people: people(before, after, window), requests, only_alerts }
    }
}

/// The instant of a clock's verdict; its start where there is none yet.
fn decided_at(clock: &Clock) -> DateTime<Utc> {
    clock.breached_at.or(clock.stopped_at).unwrap_or(clock.started_at)
}

fn waits(run: &Run) -> BTreeMap<Wait, &Clock> {
    run.clocks.iter().map(|(id, clock)| ((*id, clock.started_at, clock.kind), clock)).collect()
}

fn policies(old: &BTreeMap<Wait, &Clock>, new: &BTreeMap<Wait, &Clock>) -> Vec<PolicyChange> {
    fn row<'r>(rows: &'r mut BTreeMap<String, PolicyChange>, policy: &str) -> &'r mut PolicyChange {
        let fresh = || PolicyChange { policy: policy.to_owned(), ..PolicyChange::default() };
        rows.entry(policy.to_owned()).or_insert_with(fresh)
    }
    let breaks =
        |waits: &BTreeMap<Wait, &Clock>, wait: &Wait| waits.get(wait).is_some_and(|clock| clock.breached_at.is_some());
    let mut rows = BTreeMap::new();
    for (wait, clock) in old.iter().filter(|(_, clock)| clock.breached_at.is_some()) {
        let row = row(&mut rows, &clock.policy);
        row.before += 1;
        row.lost += usize::from(!breaks(new, wait));
    }
    for (wait, clock) in new.iter().filter(|(_, clock)| clock.breached_at.is_some()) {
        let row = row(&mut rows, &clock.policy);
        row.after += 1;
        row.gained += usize::from(!breaks(old, wait));
    }
    rows.into_values().collect()
}

/// Requests in order, with their clocks whose state is another. A due instant that moves, and changes no verdict, is no change.
fn changed(old: &BTreeMap<Wait, &Clock>, new: &BTreeMap<Wait, &Clock>) -> Vec<RequestChange> {
    let waits: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<RequestChange> = Vec::new();
    for wait in waits {
        let (before, after) = (old.get(wait), new.get(wait));
        if before.map(|clock| clock.state) == after.map(|clock| clock.state) {
            continue;
        }
        let (id, started_at, promise) = *wait;
        let (before, after) = (before.map(|clock| Standing::of(clock)), after.map(|clock| Standing::of(clock)));
        let change = ClockChange { promise, started_at, before, after };
        let request = id.to_string();
        match changes.last_mut().filter(|last| last.request == request) {
            Some(last) => last.clocks.push(change),
            None => changes.push(RequestChange { request, clocks: vec![change] }),
        }
    }
    changes
}

/// The alerts of each request, without the names of policies and cycles.
/// When, about which promise, and what.
type Told<'r> = (DateTime<Utc>, Option<TargetKind>, &'r What);

fn alerts(run: &Run, window: Window) -> BTreeMap<RequestId, Vec<Told<'_>>> {
    let mut alerts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in told(run, window) {
        alerts.entry(entry.request).or_default().push((entry.at, entry.promise, &entry.what));
    }
    alerts
}

fn told(run: &Run, window: Window) -> impl Iterator<Item = &Entry> {
    let is_alert = |entry: &&Entry| matches!(entry.what, What::Alert { .. });
    run.entries.iter().filter(is_alert).filter(move |entry| window.contains(entry.at))
}

fn people(before: &Run, after: &Run, window: Window) -> Vec<PersonChange> {
    let (old, new) = (loads(before, window), loads(after, window));
    let all: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let load = |loads: &BTreeMap<_, _>, who| loads.get(who).copied().unwrap_or_default();
    let rows = all.into_iter();
    rows.map(|who| PersonChange { recipient: who.clone(), before: load(&old, who), after: load(&new, who) }).collect()
}

fn loads(run: &Run, window: Window) -> BTreeMap<Recipient, Load> {
    const HOUR: i64 = 3_600;
    let mut hours: BTreeMap<Recipient, BTreeMap<i64, usize>> = BTreeMap::new();
    for entry in told(run, window) {
        let What::Alert { recipients, .. } = &entry.what else { continue };
        for recipient in recipients {
            let of_one = hours.entry(recipient.clone()).or_default();
            *of_one.entry(entry.at.timestamp().div_euclid(HOUR)).or_default() += 1;
        }
    }
    let n_hours = (window.to - window.from).max(TimeDelta::hours(1)).as_seconds_f64() / 3_600.0;
    let load = |hours: BTreeMap<i64, usize>| {
        let n_alerts: usize = hours.values().sum();
        // Of hours with as many, the first.
        let busiest = hours.iter().rev().max_by_key(|(_, n)| **n).map(|(hour, n)| (*hour, *n));
        #[allow(clippy::cast_precision_loss, reason = "nobody is told that often")]
        let per_hour = n_alerts as f64 / n_hours;
        Load {
            n_alerts,
            per_hour,
            most_in_an_hour: busiest.map_or(0, |(_, n)| n),
            busiest_hour_at: busiest.and_then(|(hour, _)| DateTime::from_timestamp(hour * HOUR, 0)),
        }
    };
    hours.into_iter().map(|(recipient, hours)| (recipient, load(hours))).collect()
}
