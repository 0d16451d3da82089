//! What makes the figures fair, and what could make them less so: why promises broke, how long clocks stood still, and what was kept only
//! since they did.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::fold::{is_client, person, verdict};
use super::{Case, KeptWaiting, Material, ReasonCount, ReasonRow, StillTime};
use crate::engine::explain;
use crate::engine::ledger::Holder;
use crate::engine::reasons::{GivenReason, ReasonState};
use crate::engine::rulebook::Rulebook;

/// A promise that was kept is told with its waits from so long on.
const LONG_WAIT: TimeDelta = TimeDelta::days(1);
/// So many of them are told.
const MOST_KEPT: usize = 20;

/// Reasons by how often they were given, for what broke in the period.
pub(super) fn reasons(material: &Material<'_>) -> Vec<ReasonCount> {
    let mut by_key: BTreeMap<&str, ReasonCount> = BTreeMap::new();
    for case in material.cases {
        for given in case.reasons.iter().filter(|given| material.period.holds(given.breached_at)) {
            let count = by_key.entry(&given.reason).or_insert_with(|| ReasonCount {
                reason: given.reason.clone(),
                name: given.name.clone(),
                ..ReasonCount::default()
            });
            count.n += 1;
            count.n_excluded += usize::from(given.state == ReasonState::Excluded);
            count.n_awaiting += usize::from(given.state == ReasonState::AwaitsApproval);
            count.breaches.push(row(case, given, material));
        }
    }
    let mut counts: Vec<_> = by_key.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.n));
    counts
}

fn row(case: &Case, given: &GivenReason, material: &Material<'_>) -> ReasonRow {
    ReasonRow {
        request: case.history.request.id,
        promise: given.clock.kind,
        cycle: given.clock.cycle,
        at: given.breached_at,
        who: person(given.who.as_deref(), material),
        proof: given.proof.as_str().to_owned(),
        text: given.text.clone(),
        state: given.state,
        approved_by: given.approval.as_ref().and_then(|approval| person(approval.who.as_deref(), material)),
        approved_at: given.approval.as_ref().map(|approval| approval.at),
    }
}

/// Time in which clients' requests stood still, by who owned them and for whom was waited, and its share of that person's time.
pub(super) fn still(material: &Material<'_>, rulebook: &Rulebook) -> Vec<StillTime> {
    let (period, calendar) = (material.period, material.calendar);
    let mut whole: BTreeMap<Option<&str>, i64> = BTreeMap::new();
    let mut found: BTreeMap<(Option<&str>, Option<&str>), StillTime> = BTreeMap::new();
    for case in material.cases.iter().filter(|case| is_client(case)) {
        let request = &case.history.request;
        let owner = request.owner.as_deref();
        for held in case.held.iter().filter(|held| held.holder != Holder::Closed) {
            let (from, to) = (held.from.max(period.from), held.to.min(period.to));
            *whole.entry(owner).or_default() += (to - from).num_milliseconds().max(0);
        }
        let mut counted = std::collections::BTreeSet::new();
        for pause in &request.pauses {
            let to = pause.to.or(pause.until).unwrap_or(period.to).min(period.to);
            let from = pause.from.max(period.from);
            if to <= from {
                continue;
            }
            let kind = pause.on.as_deref().and_then(|on| rulebook.wait(on));
            let still = found.entry((owner, kind.map(|kind| kind.key.as_str()))).or_insert_with(|| StillTime {
                who: person(owner, material),
                on: kind.map(|kind| kind.key.clone()),
                name: kind.map(|kind| kind.name.clone()),
                ..StillTime::default()
            });
            still.n += usize::from(counted.insert(kind.map(|kind| &kind.key)));
            still.ms += (to - from).num_milliseconds();
            still.working_ms += calendar.open_between(from, to).as_milliseconds();
        }
    }
    let shared = found.into_iter().map(|((owner, _), still)| {
        let whole = whole.get(&owner).copied().unwrap_or_default().max(1);
        let share = u32::try_from(still.ms * 10_000 / whole).unwrap_or(u32::MAX).min(10_000);
        StillTime { share, ..still }
    });
    let mut rows: Vec<_> = shared.collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.ms));
    rows
}

/// Promises that were kept in the period after their clock had stood still for long, the longest first.
pub(super) fn kept_waiting(material: &Material<'_>, rulebook: &Rulebook) -> Vec<KeptWaiting> {
    let mut rows = Vec::new();
    for case in material.cases.iter().filter(|case| is_client(case)) {
        let request = &case.history.request;
        for clock in &case.clocks {
            let Some((at, true)) = verdict(clock) else { continue };
            let still = explain::stood_still(request, clock, rulebook);
            if !material.period.holds(at) || still < LONG_WAIT {
                continue;
            }
            rows.push(KeptWaiting {
                request: request.id,
                promise: clock.kind,
                at,
                who: person(request.owner.as_deref(), material),
                ms: still.num_milliseconds(),
            });
        }
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.ms), row.request));
    rows.truncate(MOST_KEPT);
    rows
}
