//! What taking a file would do to the open requests, computed without writing anything (LESSONS 22).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::absence;
use crate::config::{self, Config};
use crate::desk;
use crate::engine::clock::Clock;
use crate::engine::directory::Recipient;
use crate::engine::effect::{Effect, Why};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::store::{Store, StoreError};
use crate::unit::known::{Kept, Known, RequestOf};
use crate::unit::{Batching, Decided, Ended, Input, Output};

/// What a file would change at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EditPlan {
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

/// Computes what taking `config`, whose text is `source`, at `now` would do to the store in `directory`.
///
/// # Errors
///
/// [`StoreError`] if there is no store, or it cannot be read.
pub fn plan(directory: &Path, config: &Config, source: &str, now: DateTime<Utc>) -> Result<EditPlan, StoreError> {
    of(&config::store::place(config.store.as_ref(), directory)?.open_reader()?, config, source, now)
}

/// The same with a store that is open.
///
/// # Errors
///
/// [`StoreError`] if it cannot be read.
pub fn of(store: &Store, config: &Config, source: &str, now: DateTime<Utc>) -> Result<EditPlan, StoreError> {
    let text = config.revision_text(source);
    let revision = match store.last_revision()? {
        Some((revision, last)) if last == text => revision,
        Some((revision, _)) => revision + 1,
        None => 1,
    };
    let mut config = config.clone();
    config.rulebook.revision = revision;
    absence::tell_of_store(&mut config, store, now)?;
    let mut plan = EditPlan::default();
    for id in store.live_requests()? {
        if let Some(request) = store.request(id)? {
            plan.add(&Arc::new(request), &config, now);
        }
    }
    plan.moved.sort_by_key(|moved| moved.to);
    plan.alerts.sort_by_key(|alert| (alert.why, alert.request));
    Ok(plan)
}

/// Whether planning `live` by `config` at `now` would alert more than `most` requests at once.
///
/// # Errors
///
/// [`StoreError`] if one cannot be read.
pub(super) fn alerts_more_than(
    most: usize,
    live: &[RequestId],
    store: &Store,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut n_alerted = 0;
    for &id in live {
        let Some(request) = store.request(id)? else { continue };
        let Planned { told, .. } = planned(&Arc::new(request), config, now);
        n_alerted += usize::from(told.iter().any(|effect| matches!(effect, Effect::Alert(_))));
        if most < n_alerted {
            return Ok(true);
        }
    }
    Ok(false)
}

impl EditPlan {
    fn add(&mut self, before: &Arc<Request>, config: &Config, now: DateTime<Utc>) {
        let planned = planned(before, config, now);
        self.n_requests += 1;
        self.n_clocks += before.clocks.iter().filter(|clock| clock.is_live()).count();
        for clock in planned.request.clocks.iter().filter(|clock| clock.is_live()) {
            self.compare(before, clock);
        }
        for effect in planned.moved.iter().chain(&planned.told) {
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

/// A request as it would be planned anew.
struct Planned {
    request: Arc<Request>,
    /// What that causes.
    moved: Vec<Effect>,
    /// What is told at once then.
    told: Vec<Effect>,
}

/// Decides a request's plan as the daemon would, and what it would tell at once.
fn planned(before: &Arc<Request>, config: &Config, now: DateTime<Utc>) -> Planned {
    let id = before.id;
    let mut known = Known::default();
    known.learn(RequestOf { id }, Kept::Here(Arc::clone(before)));
    let mut pass = |input: Input| match desk::decide(&known, &input, config, now) {
        Decided::Done(changes, Output::Moved(effects)) => {
            known.take(&changes);
            effects
        }
        // It asks for nothing but the request, and that is known.
        Decided::Done(..) | Decided::Need(_) => Vec::new(),
    };
    let moved = pass(Input::Replan { request: id, tell: None });
    let told = pass(Input::Tick { request: id, hold: Batching::Nothing });
    let request = known.request(id).ok().flatten().map_or_else(|| Arc::clone(before), Arc::clone);
    Planned { request, moved, told }
}

fn name(recipient: &Recipient, config: &Config) -> String {
    match recipient {
        Recipient::Destination(name) => name.clone(),
        Recipient::Person(key) => config.name_of(key).to_owned(),
    }
}
