//! What taking a file would do to the open requests, computed without writing anything (LESSONS 22).

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::config::Config;
use crate::engine::clock::{Cancelled, Clock};
use crate::engine::directory::Recipient;
use crate::engine::effect::{Effect, Why};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;
use crate::engine::{self, Input};
use crate::store::{Store, StoreError};

/// What a file would change at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Open requests that were looked at.
    pub n_requests: usize,
    /// Their clocks that run.
    pub n_clocks: usize,
    /// Clocks that are due at another instant.
    pub moved: Vec<Moved>,
    /// Clocks that begin, because the file promises what none did.
    pub started: Vec<Moved>,
    /// Clocks that end without a verdict.
    pub cancelled: Vec<Ended>,
    /// Alerts that would go out at once.
    pub alerts: Vec<AtOnce>,
    /// How many of them each person or destination gets.
    pub told: BTreeMap<String, usize>,
}

/// A clock with another due instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The request.
    pub request: RequestId,
    /// The kind of promise.
    pub kind: TargetKind,
    /// When it was due; none if it did not run, or stood still.
    pub from: Option<DateTime<Utc>>,
    /// When it would be; none while it stands still.
    pub to: Option<DateTime<Utc>>,
}

/// A clock that ends without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The request.
    pub request: RequestId,
    /// The kind of promise.
    pub kind: TargetKind,
    /// Why.
    pub why: Cancelled,
}

/// An alert that would go out at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AtOnce {
    /// The request.
    pub request: RequestId,
    /// The kind of promise.
    pub kind: TargetKind,
    /// Why.
    pub why: Why,
    /// Names of those who would be told.
    pub to: Vec<String>,
}

impl Ended {
    /// The clock that an effect of planning ended, if it did.
    pub(super) fn of(request: RequestId, effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Cancelled { clock, why } => Some(Self { request, kind: clock.kind, why: *why }),
            _ => None,
        }
    }
}

/// Computes what taking `config`, whose text is `source`, at `now` would do to the store in `directory`.
///
/// # Errors
///
/// [`StoreError`] if there is no store, or it cannot be read.
pub fn plan(directory: &Path, config: &Config, source: &str, now: DateTime<Utc>) -> Result<Plan, StoreError> {
    let store = Store::open_reader(directory)?;
    let text = config.revision_text(source);
    let revision = match store.last_revision()? {
        Some((revision, last)) if last == text => revision,
        Some((revision, _)) => revision + 1,
        None => 1,
    };
    let rulebook = Rulebook { revision, ..config.rulebook.clone() };
    let mut plan = Plan::default();
    for id in store.live_requests()? {
        if let Some(request) = store.request(id)? {
            plan.add(&request, &rulebook, config, now);
        }
    }
    plan.moved.sort_by_key(|moved| moved.to);
    plan.alerts.sort_by_key(|alert| (alert.why, alert.request));
    Ok(plan)
}

/// Whether planning `live` by `rulebook` at `now` would alert more than `most` requests at once.
///
/// # Errors
///
/// [`StoreError`] if one cannot be read.
pub(super) fn alerts_more_than(
    most: usize,
    live: &[RequestId],
    store: &Store,
    rulebook: &Rulebook,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut n_alerted = 0;
    for &id in live {
        let Some(request) = store.request(id)? else { continue };
        let planned = engine::advance(&request, rulebook, Input::Replan, now);
        let ticked = engine::advance(&planned.request, rulebook, Input::Tick, now);
        n_alerted += usize::from(ticked.effects.iter().any(|effect| matches!(effect, Effect::Alert(_))));
        if most < n_alerted {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Plan {
    fn add(&mut self, before: &Request, rulebook: &Rulebook, config: &Config, now: DateTime<Utc>) {
        let planned = engine::advance(before, rulebook, Input::Replan, now);
        let ticked = engine::advance(&planned.request, rulebook, Input::Tick, now);
        self.n_requests += 1;
        self.n_clocks += before.clocks.iter().filter(|clock| clock.is_live()).count();
        for clock in planned.request.clocks.iter().filter(|clock| clock.is_live()) {
            self.compare(before, clock);
        }
        for effect in planned.effects.iter().chain(&ticked.effects) {
            match effect {
                Effect::Cancelled { clock, why } => {
                    self.cancelled.push(Ended { request: before.id, kind: clock.kind, why: *why });
                }
                Effect::Alert(alert) => {
                    let to: Vec<_> = alert.recipients.iter().map(|recipient| name(recipient, config)).collect();
                    for name in &to {
                        *self.told.entry(name.clone()).or_default() += 1;
                    }
                    self.alerts.push(AtOnce { request: before.id, kind: alert.clock.kind, why: alert.why, to });
                }
                _ => {}
            }
        }
    }

    fn compare(&mut self, before: &Request, clock: &Clock) {
        let old = before.clocks.iter().find(|old| old.name() == clock.name());
        let from = old.and_then(|old| old.due_at);
        let moved = Moved { request: before.id, kind: clock.kind, from, to: clock.due_at };
        match old {
            None => self.started.push(moved),
            Some(_) if from != clock.due_at => self.moved.push(moved),
            Some(_) => {}
        }
    }
}

fn name(recipient: &Recipient, config: &Config) -> String {
    match recipient {
        Recipient::Destination(name) => name.clone(),
        Recipient::Person(key) => config.contacts.get(key).map_or_else(|| key.clone(), |contact| contact.name.clone()),
    }
}
