//! What makes the figures fair, and what could make them less so: why promises broke, how long clocks stood still, and what was kept only
//! since they did.

use std::collections::{BTreeMap, BTreeSet};

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

/// What is gathered for that, case by case.
#[derive(Debug, Default)]
pub(super) struct Fold {
    reasons: BTreeMap<String, ReasonCount>,
    /// Time of all requests of a person.
    whole: BTreeMap<Option<String>, i64>,
    /// Time that stood still, by person and kind of wait.
    still: BTreeMap<(Option<String>, Option<String>), StillTime>,
    kept: Vec<KeptWaiting>,
}

impl Fold {
    pub(super) fn add(&mut self, case: &Case<'_>, material: &Material<'_>, rulebook: &Rulebook) {
        for given in case.reasons.iter().filter(|given| material.period.holds(given.breached_at)) {
            let count = self.reasons.entry(given.reason.clone()).or_insert_with(|| ReasonCount {
                reason: given.reason.clone(),
                name: given.name.clone(),
                ..ReasonCount::default()
            });
            count.n += 1;
            count.n_excluded += usize::from(given.state == ReasonState::Excluded);
            count.n_awaiting += usize::from(given.state == ReasonState::AwaitsApproval);
            count.breaches.push(row(case, given, material));
        }
        if is_client(case) {
            self.add_still(case, material, rulebook);
            self.kept.extend(kept_waiting(case, material, rulebook));
            if 64 * MOST_KEPT < self.kept.len() {
                keep_longest(&mut self.kept);
            }
        }
    }

    /// Reasons by how often they were given; time in which clients' requests stood still, by whom the time is counted to and for whom was waited, and its
    /// share of that person's time; and promises that were kept after their clock had stood still for long, the longest first.
    pub(super) fn finish(mut self) -> (Vec<ReasonCount>, Vec<StillTime>, Vec<KeptWaiting>) {
        let mut counts: Vec<_> = self.reasons.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.n));
        let whole = self.whole;
        let shared = self.still.into_iter().map(|((owner, _), still)| {
            let whole = whole.get(&owner).copied().unwrap_or_default().max(1);
            let share = u32::try_from(still.ms * 10_000 / whole).unwrap_or(u32::MAX).min(10_000);
            StillTime { share, ..still }
        });
        let mut rows: Vec<_> = shared.collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.ms));
        keep_longest(&mut self.kept);
        (counts, rows, self.kept)
    }

    fn add_still(&mut self, case: &Case<'_>, material: &Material<'_>, rulebook: &Rulebook) {
        let (period, calendar) = (material.period, material.calendar);
        let request = &case.history.request;
        for held in case.history.held.iter().filter(|held| held.holder != Holder::Closed) {
            for (whom, from, to) in case.history.charged_between(held.from.max(period.from), held.to.min(period.to)) {
                *self.whole.entry(whom.map(str::to_owned)).or_default() += (to - from).num_milliseconds();
            }
        }
        let mut counted = BTreeSet::new();
        for pause in &request.pauses {
            let to = pause.to.or(pause.until).unwrap_or(period.to).min(period.to);
            let from = pause.from.max(period.from);
            let kind = pause.on.as_deref().and_then(|on| rulebook.wait(on));
            for (whom, from, to) in case.history.charged_between(from, to) {
                let key = (whom.map(str::to_owned), kind.map(|kind| kind.key.clone()));
                let still = self.still.entry(key).or_insert_with(|| StillTime {
                    who: person(whom, material),
                    on: kind.map(|kind| kind.key.clone()),
                    name: kind.map(|kind| kind.name.clone()),
                    ..StillTime::default()
                });
                still.n += usize::from(counted.insert((whom, kind.map(|kind| &kind.key))));
                still.ms += (to - from).num_milliseconds();
                still.working_ms += calendar.open_between(from, to).as_milliseconds();
            }
        }
    }
}

fn row(case: &Case<'_>, given: &GivenReason, material: &Material<'_>) -> ReasonRow {
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

/// Promises of a case that were kept in the period after their clock had stood still for long.
fn kept_waiting(case: &Case<'_>, material: &Material<'_>, rulebook: &Rulebook) -> Vec<KeptWaiting> {
    let request = &case.history.request;
    // Without a pause nothing stood still.
    let clocks = case.clocks.iter().filter(|clock| !(request.pauses.is_empty() && clock.closed.is_empty()));
    let kept = clocks.filter_map(|clock| {
        let (at, true) = verdict(clock)? else { return None };
        let still = explain::stood_still(request, clock, rulebook);
        (material.period.holds(at) && LONG_WAIT <= still).then(|| KeptWaiting {
            request: request.id,
            promise: clock.kind,
            at,
            who: person(request.owner.as_deref(), material),
            ms: still.num_milliseconds(),
        })
    });
    kept.collect()
}

fn keep_longest(rows: &mut Vec<KeptWaiting>) {
    rows.sort_by_key(|row| (std::cmp::Reverse(row.ms), row.request));
    rows.truncate(MOST_KEPT);
}
