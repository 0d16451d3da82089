//! From cases to figures.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::fair;
use super::measure::{AllSpans, Span, Spans, percentile};
use super::{
    BrokenRules, By, Case, Closings, Count, Excluded, Figures, Group, HolderTime, Material, Orphan, Punctuality,
    Report, Share, Waived, WaivedRow, Worst,
};
use crate::engine::check::{self, CheckKind};
use crate::engine::clock::{Clock, ClockState};
use crate::engine::ledger::Holder;
use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;

/// So many of the longest waits are told.
const MOST_WORST: usize = 10;

/// What one group gathers.
#[derive(Debug, Default)]
struct Gathered {
    first_response: Spans,
    response: Spans,
    resolution: Spans,
    unanswered: Vec<RequestId>,
    closed_unanswered: Vec<RequestId>,
    kept: usize,
    broken: Vec<RequestId>,
    n_excluded: usize,
    early: Vec<RequestId>,
    violations: Vec<RequestId>,
}

type Groups = BTreeMap<(By, String), Gathered>;

/// A report on its way: cases are added one after the other, and each may be forgotten then.
pub struct Fold<'a> {
    material: Material<'a>,
    rulebook: &'a Rulebook,
    groups: Groups,
    spans: AllSpans,
    broken: BrokenRules,
    worst: Vec<Worst>,
    held: BTreeMap<(&'static str, Option<String>), HeldTime>,
    closed: Vec<RequestId>,
    unattended: Vec<RequestId>,
    orphans: Vec<Orphan>,
    waived: BTreeMap<Option<String>, Vec<WaivedRow>>,
    fair: fair::Fold,
    names: BTreeMap<RequestId, String>,
}

impl<'a> Fold<'a> {
    /// Begins a report.
    pub fn new(material: Material<'a>, broken: BrokenRules, rulebook: &'a Rulebook) -> Self {
        Self {
            material,
            rulebook,
            groups: Groups::from([((By::All, String::new()), Gathered::default())]),
            spans: AllSpans::default(),
            broken,
            worst: Vec::new(),
            held: BTreeMap::new(),
            closed: Vec::new(),
            unattended: Vec::new(),
            orphans: Vec::new(),
            waived: BTreeMap::new(),
            fair: fair::Fold::default(),
            names: BTreeMap::new(),
        }
    }

    /// Takes a case in: a request on which something happened in the period or that was open in it. Each is given once.
    pub fn add(&mut self, case: &Case<'_>) {
        let request = &case.history.request;
        gather(case, &self.material, &mut self.groups, &mut self.spans);
        for owner in self.broken.take(request.id) {
            violated(request.id, owner.as_deref(), Some(case), &self.material, &mut self.groups);
        }
        if let Some(name) = name_of_request(case, &self.material).filter(|_| self.material.names_requests) {
            self.names.insert(request.id, name);
        }
        if is_client(case) {
            self.worst.extend(waits(case, &self.material));
            if 64 * MOST_WORST < self.worst.len() {
                keep_worst(&mut self.worst);
            }
            hold(case, &self.material, &mut self.held);
            for closing in case.history.closings.iter().filter(|closing| self.material.period.holds(closing.at)) {
                self.closed.push(request.id);
                if closing.unattended {
                    self.unattended.push(request.id);
                }
            }
        }
        self.orphans.extend(orphan(case, self.rulebook));
        for waiver in case.history.waivers.iter().filter(|waiver| self.material.period.holds(waiver.at)) {
            let (proof, reason) = (waiver.proof.as_str().to_owned(), waiver.reason.clone());
            let row = WaivedRow { request: request.id, at: waiver.at, proof, reason };
            self.waived.entry(person(waiver.who.as_deref(), &self.material)).or_default().push(row);
        }
        self.fair.add(case, &self.material, self.rulebook);
    }

    /// The report.
    pub fn finish(mut self, name: &str) -> Report {
        let material = self.material;
        for (request, owners) in self.broken.take_rest() {
            for owner in owners {
                violated(request, owner.as_deref(), None, &material, &mut self.groups);
            }
        }
        let spans = self.spans;
        let groups = self.groups.into_iter().map(|((by, key), gathered)| Group {
            by,
            name: name_of(by, &key, &material),
            key,
            figures: gathered.figures(&spans, &material),
        });
        keep_worst(&mut self.worst);
        let (violations, wrong) = self.broken.counted();
        let closings = Closings {
            closed: Count::of(self.closed, None),
            unattended: Count::of(self.unattended, Some(material.standards.closed_unanswered)),
            wrong,
        };
        let (reasons, still, kept_waiting) = self.fair.finish();
        Report {
            name: name.to_owned(),
            period: material.period,
            calendar: material.calendar.name().to_owned(),
            standards: material.standards,
            groups: groups.collect(),
            worst: self.worst,
            holders: holders(self.held),
            violations,
            closings,
            orphans: self.orphans,
            waived: waived(self.waived),
            reasons,
            still,
            kept_waiting,
            punctuality: punctuality(material.lateness_ms),
            let_go_until: None,
            names: self.names,
        }
    }
}

/// Counts a broken rule where it belongs.
fn violated(
    request: RequestId,
    owner: Option<&str>,
    case: Option<&Case<'_>>,
    material: &Material<'_>,
    groups: &mut Groups,
) {
    for place in places(case, owner, material) {
        groups.entry(place).or_default().violations.push(request);
    }
}

/// What a request is called.
fn name_of_request(case: &Case<'_>, material: &Material<'_>) -> Option<String> {
    let request = &case.history.request;
    let client = request.facets.customer.as_ref();
    let client = client.map(|word| material.directory.customer(word).map_or(word, |client| &client.name));
    let words: Vec<_> = [client.or(request.contact.as_ref()), request.subject.as_ref()].into_iter().flatten().collect();
    let name = words.into_iter().map(String::as_str).collect::<Vec<_>>().join(" · ");
    (!name.is_empty()).then_some(name)
}

impl Gathered {
    fn figures(self, spans: &AllSpans, material: &Material<'_>) -> Figures {
        let standards = material.standards;
        let in_working_time = standards.in_working_time;
        Figures {
            first_response: self.first_response.measured(spans, standards.first_response, in_working_time),
            response: self.response.measured(spans, standards.response, in_working_time),
            resolution: self.resolution.measured(spans, standards.resolution, in_working_time),
            unanswered: Count::of(self.unanswered, Some(standards.unanswered)),
            closed_unanswered: Count::of(self.closed_unanswered, Some(standards.closed_unanswered)),
            excluded: Excluded::of(self.kept, self.broken.len(), self.n_excluded, standards.kept),
            kept: Share::of(self.kept, self.broken, standards.kept),
            early: Count::of(self.early, None),
            violations: Count::of(self.violations, None),
        }
    }
}

fn gather(case: &Case<'_>, material: &Material<'_>, groups: &mut Groups, spans: &mut AllSpans) {
    let (period, calendar) = (material.period, material.calendar);
    let request = &case.history.request;
    let id = request.id;
    let is_client = is_client(case);
    let mut note = |owner: Option<&str>, add: &mut dyn FnMut(&mut Gathered)| {
        for place in places(Some(case), owner, material) {
            add(groups.entry(place).or_default());
        }
    };
    for wait in case.history.waits.iter().filter(|_| is_client) {
        match &wait.answered {
            Some((at, by)) if period.holds(*at) => {
                let span = spans.keep(Span::of(id, wait.from, *at, calendar));
                note(by.as_deref(), &mut |gathered| {
                    gathered.response.add(span);
                    if wait.is_first {
                        gathered.first_response.add(span);
                    }
                });
            }
            None if wait.given_up_at.is_none() && request.phase.is_live() => {
                note(request.owner.as_deref(), &mut |gathered| gathered.unanswered.push(id));
            }
            _ => {}
        }
    }
    for closing in case.history.closings.iter().filter(|closing| is_client && period.holds(closing.at)) {
        if closing.unattended {
            note(closing.owner.as_deref(), &mut |gathered| gathered.closed_unanswered.push(id));
        }
    }
    for resolution in case.history.resolutions.iter().filter(|one| is_client && period.holds(one.at)) {
        let span = spans.keep(Span::of(id, resolution.from, resolution.at, calendar));
        note(resolution.owner.as_deref(), &mut |gathered| gathered.resolution.add(span));
    }
    for clock in case.clocks {
        // What a holder owes is that holder's, whoever has it now.
        let owner = match clock.kind {
            TargetKind::Attend => case.history.charged_at(clock.started_at),
            _ => request.owner.as_deref(),
        };
        match verdict(clock) {
            Some((at, true)) if period.holds(at) => note(owner, &mut |gathered| gathered.kept += 1),
            Some((at, false)) if period.holds(at) => {
                let is_excluded = case.is_excluded(clock);
                note(owner, &mut |gathered| {
                    gathered.broken.push(id);
                    gathered.n_excluded += usize::from(is_excluded);
                });
            }
            _ => {}
        }
        if clock.early && clock.stopped_at.is_some_and(|at| period.holds(at)) {
            note(owner, &mut |gathered| gathered.early.push(id));
        }
    }
}

/// When a promise came to its end, and whether it was kept. A broken one ended when it broke, however long it lasted.
pub(super) fn verdict(clock: &Clock) -> Option<(DateTime<Utc>, bool)> {
    match clock.state {
        ClockState::Met => Some((clock.stopped_at?, true)),
        ClockState::MetLate | ClockState::Breached => Some((clock.breached_at?, false)),
        ClockState::Running | ClockState::Paused | ClockState::Cancelled | ClockState::Waived => None,
    }
}

pub(super) fn is_client(case: &Case<'_>) -> bool {
    case.history.request.facets.is_for_client()
}

/// The groups to which something of a case belongs that is `owner`'s.
fn places(case: Option<&Case<'_>>, owner: Option<&str>, material: &Material<'_>) -> Vec<(By, String)> {
    let mut places = vec![(By::All, String::new())];
    if let Some(owner) = owner {
        places.push((By::Person, owner.to_owned()));
        if let Some(team) = material.directory.teams_of(owner).next() {
            places.push((By::Team, team.key.clone()));
        }
    }
    if let Some(case) = case {
        let facets = &case.history.request.facets;
        places.extend(facets.customer.clone().map(|customer| (By::Client, customer)));
        places.push((By::Channel, facets.channel.clone()));
        places.extend(facets.inbox.clone().map(|inbox| (By::Inbox, inbox)));
    }
    places
}

fn name_of(by: By, key: &str, material: &Material<'_>) -> String {
    let directory = material.directory;
    let found = match by {
        By::Person => directory.person(key).map(|person| person.name.clone()),
        By::Client => directory.customer(key).map(|client| client.name.clone()),
        By::All | By::Team | By::Channel | By::Inbox => None,
    };
    found.unwrap_or_else(|| key.to_owned())
}

pub(super) fn person(key: Option<&str>, material: &Material<'_>) -> Option<String> {
    key.map(|key| name_of(By::Person, key, material))
}

/// How long a client waited in the period, each time.
fn waits(case: &Case<'_>, material: &Material<'_>) -> Vec<Worst> {
    let (period, calendar) = (material.period, material.calendar);
    let request = &case.history.request;
    let mut all: Vec<Worst> = Vec::new();
    for wait in &case.history.waits {
        let (to, by) = match &wait.answered {
            Some((at, by)) if period.holds(*at) => (*at, by.as_deref()),
            None if wait.given_up_at.is_none() && request.phase.is_live() => (period.to, request.owner.as_deref()),
            _ => continue,
        };
        all.push(Worst {
            request: request.id,
            client: request
                .facets
                .customer
                .as_deref()
                .map(|key| name_of(By::Client, key, material))
                .or_else(|| request.contact.clone()),
            subject: request.subject.clone(),
            owner: person(by.or(wait.owner.as_deref()), material),
            from: wait.from,
            ms: (to - wait.from).num_milliseconds(),
            working_ms: calendar.open_between(wait.from, to).as_milliseconds(),
            answered: wait.answered.is_some(),
        });
    }
    all
}

fn keep_worst(all: &mut Vec<Worst>) {
    all.sort_by_key(|worst| (std::cmp::Reverse(worst.working_ms), std::cmp::Reverse(worst.ms), worst.request));
    all.truncate(MOST_WORST);
}

/// What somebody held, and how long.
#[derive(Debug, Default)]
struct HeldTime {
    n: usize,
    /// The request that was counted last: all of one come together.
    last: Option<RequestId>,
    ms: i64,
    working_ms: i64,
}

/// In whose hands a request was, and how long.
fn hold(case: &Case<'_>, material: &Material<'_>, held: &mut BTreeMap<(&'static str, Option<String>), HeldTime>) {
    let period = material.period;
    for span in &case.history.held {
        let (from, to) = (span.from.max(period.from), span.to.min(period.to));
        let key = match &span.holder {
            Holder::Nobody => ("nobody", None),
            Holder::Owner { owner, .. } => ("owner", person(Some(owner), material)),
            Holder::Client => ("client", None),
            Holder::Other { on } => ("other", Some(on.clone())),
            Holder::Closed => continue,
        };
        if from < to {
            let held = held.entry(key).or_default();
            held.n += usize::from(held.last.replace(case.history.request.id) != Some(case.history.request.id));
            held.ms += (to - from).num_milliseconds();
            held.working_ms += material.calendar.open_between(from, to).as_milliseconds();
        }
    }
}

fn holders(held: BTreeMap<(&'static str, Option<String>), HeldTime>) -> Vec<HolderTime> {
    let mut rows: Vec<_> = held
        .into_iter()
        .map(|((holder, name), held)| HolderTime {
            holder: holder.to_owned(),
            name,
            n: held.n,
            ms: held.ms,
            working_ms: held.working_ms,
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.ms));
    rows
}

/// What is not known of an open request that should be (C8).
fn orphan(case: &Case<'_>, rulebook: &Rulebook) -> Option<Orphan> {
    let request = &case.history.request;
    if !request.phase.is_live() || rulebook.checks.find(CheckKind::Associated, &request.facets).is_none() {
        return None;
    }
    let missing = check::unassociated(request, rulebook);
    (!missing.is_empty()).then_some(Orphan { request: request.id, missing })
}

fn waived(by_person: BTreeMap<Option<String>, Vec<WaivedRow>>) -> Vec<Waived> {
    let waived = by_person.into_iter().map(|(who, mut answers)| {
        answers.sort_by_key(|row| (row.at, row.request));
        Waived { who, n: answers.len(), answers }
    });
    let mut waived: Vec<_> = waived.collect();
    waived.sort_by_key(|one| std::cmp::Reverse(one.n));
    waived
}

fn punctuality(lateness_ms: &[i64]) -> Punctuality {
    Punctuality {
        n: lateness_ms.len(),
        p50_ms: percentile(lateness_ms, 50).unwrap_or(0),
        p99_ms: percentile(lateness_ms, 99).unwrap_or(0),
        max_ms: lateness_ms.iter().copied().max().unwrap_or(0),
    }
}
