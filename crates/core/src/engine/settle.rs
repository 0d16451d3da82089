//! Settling: planning the live clocks at an instant, telling the steps that are owed, and choosing the next wake.

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::CalendarError;
use super::check;
use super::clock::{Cancelled, Clock, ClockState, Kind, SettledStep, StepOutcome};
use super::effect::{Alert, ClockRef, Effect, Wake, WakeReason, Why};
use super::escalation::{self, LATE_AFTER, Offset, PlannedStep};
use super::event::RequestKind;
use super::plan::{self, Circumstances, Plan};
use super::policy::{Policy, Target, TargetKind};
use super::request::{Pause, Request};
use super::rulebook::Rulebook;
use super::transition::Transition;

/// What a pause waits for in which the request was closed; no kind of wait has the name, since keys have no brackets.
pub(super) const CLOSED: &str = "[closed]";

impl<'a> Transition<'a> {
    /// Plans every live clock as of `now`. With `tell`, alerts are decided for steps that are owed. `moved_at` is the instant
    /// of whatever moved the clocks: warnings from before it that nobody planned then are skipped (LESSONS 26).
    pub(super) fn settle(&mut self, now: DateTime<Utc>, moved_at: DateTime<Utc>, tell: bool) -> Option<Wake> {
        self.end_wait(now);
        let ends = self.request.pauses.last().filter(|pause| pause.to.is_none()).and_then(|pause| pause.until);
        let mut wake = ends.map(|at| Wake { at, why: WakeReason::Warning });
        for place in 0..self.request.clocks.len() {
            if !self.request.clocks[place].is_live() {
                continue;
            }
            let Some((policy, target)) = self.promise(place) else { continue };
            let Ok(plan) = self.plan(place, target) else {
                self.cancel(place, now, Cancelled::NeverOpen);
                continue;
            };
            self.move_to(place, &plan, moved_at);
            self.breach(place, now);
            if tell {
                self.tell(place, policy, target, &plan, now);
            }
            if let Some(next) = self.next_wake(place, target, &plan) {
                wake = Some(wake.map_or(next, |wake| sooner(wake, next)));
            }
        }
        wake
    }

    /// Brings a clock's due instant up to date before a verdict.
    pub(super) fn plan_due(&mut self, place: usize) {
        if !self.is_frozen(place)
            && let Some((_, target)) = self.promise(place)
            && let Ok(plan) = self.plan(place, target)
        {
            self.request.clocks[place].due_at = plan.due_at;
        }
    }

    /// The floor of a clock, if its promise has one.
    pub(super) fn floor_at(&self, place: usize) -> Option<DateTime<Utc>> {
        let (_, target) = self.promise(place)?;
        target.floor?;
        self.plan(place, target).ok()?.floor_at
    }

    fn promise(&self, place: usize) -> Option<(&'a Policy, &'a Target)> {
        self.rulebook.target(self.request.clocks[place].kind, &self.request.facets)
    }

    fn plan(&self, place: usize, target: &'a Target) -> Result<Plan<'a>, CalendarError> {
        plan(&self.request, self.rulebook, place, target)
    }

    /// Whether the clock broke under another policy or revision than the one in force: that verdict stays (LESSONS 22).
    pub(super) fn is_frozen(&self, place: usize) -> bool {
        is_frozen(&self.request, self.rulebook, place)
    }

    /// Whether the clock broke by a hand-over alone that may still be taken back at `at`: until it settles, the breach is no verdict.
    pub(super) fn is_unsettled(&self, place: usize, at: DateTime<Utc>) -> bool {
        let clock = &self.request.clocks[place];
        clock.revision == self.rulebook.revision && clock.settles_at.is_some_and(|settles_at| at < settles_at)
    }

    /// Takes the plan over: due instant, pause, and steps that can no longer be told in time.
    fn move_to(&mut self, place: usize, plan: &Plan<'a>, moved_at: DateTime<Utc>) {
        let target = self.promise(place).map(|(_, target)| target);
        let clock = &mut self.request.clocks[place];
        let name = clock.name();
        // One that goes on since its request was opened again began before.
        let is_new = clock.due_at.is_none() && clock.state == ClockState::Running && clock.closed.is_empty();
        let moved = clock.due_at != plan.due_at;
        clock.due_at = plan.due_at;
        if self.is_handed && (is_new || moved) {
            let is_over = plan.due_at.is_some_and(|due_at| due_at <= moved_at);
            clock.settles_at = is_over.then(|| moved_at + self.rulebook.settle);
        }
        match (plan.due_at, clock.state) {
            (None, _) => {
                clock.state = ClockState::Paused;
                clock.breached_at = None;
            }
            (Some(_), ClockState::Paused) => clock.state = ClockState::Running,
            (Some(_), ClockState::Breached) if moved => {
                clock.state = ClockState::Running;
                clock.breached_at = None;
            }
            _ => {}
        }
        if is_new {
            let (started_at, policy) = (clock.started_at, clock.policy.clone());
            self.effects.push(Effect::Started { clock: name, started_at, due_at: plan.due_at, policy });
        } else if moved {
            self.effects.push(Effect::Replanned { clock: name, due_at: plan.due_at });
        }
        if !(is_new || moved) {
            return;
        }
        let planned_at = |step: Offset| plan.steps.iter().find(|planned| planned.step.at == step).map(|p| p.at);
        for step in target.into_iter().flat_map(|target| &target.escalation.steps) {
            let clock = &mut self.request.clocks[place];
            let missed = match planned_at(step.at) {
                Some(at) => at < moved_at || plan.due_at.is_some_and(|due_at| due_at <= at),
                // Without an instant it lies before the start, or behind a pause that lasts.
                None => plan.due_at.is_some(),
            };
            if step.at.is_warning() && missed && !clock.is_settled(step.at) {
                clock.settled.push(SettledStep { step: step.at, at: moved_at, outcome: StepOutcome::Skipped });
                self.effects.push(Effect::Skipped { clock: name, step: step.at });
            }
        }
    }

    fn breach(&mut self, place: usize, now: DateTime<Utc>) {
        let clock = &mut self.request.clocks[place];
        if let Some(due_at) = clock.due_at
            && clock.state == ClockState::Running
            && due_at <= now
        {
            clock.state = ClockState::Breached;
            clock.breached_at = Some(due_at);
            let name = clock.name();
            if !self.noticed.contains(&(name, due_at)) {
                self.note_breach(name, due_at);
            }
        }
    }

    /// That a promise broke; of the promise to write interactions down, it is a violation too (B1).
    pub(super) fn note_breach(&mut self, clock: ClockRef, at: DateTime<Utc>) {
        self.effects.push(Effect::Breached { clock, at });
        if clock.kind == TargetKind::Log {
            self.effects.extend(check::not_logged(&self.request, self.rulebook).map(Effect::Violation));
        }
    }

    fn tell(&mut self, place: usize, policy: &Policy, target: &Target, plan: &Plan<'_>, now: DateTime<Utc>) {
        let untold = self.untold(place, target, plan);
        let Some(owed) = escalation::owed(&untold, now) else { return };
        let steps = owed.superseded.iter().chain([&owed.told]);
        let (owner, team) = (self.request.owner.as_deref(), policy.team.as_deref());
        let steps = steps.map(|planned| planned.step);
        let recipients = escalation::told_by(steps, &self.rulebook.directory, owner, team, now);
        let late = LATE_AFTER < now - owed.told.at;
        // Put off by a snooze is not late, but the steps above count from now all the same.
        let planned_at =
            plan.steps.iter().find(|planned| planned.step.at == owed.told.step.at).map(|planned| planned.at);
        let is_put_off = planned_at.is_some_and(|planned_at| LATE_AFTER < now - planned_at);
        let step = owed.told.step.at;
        let clock = &mut self.request.clocks[place];
        let name = clock.name();
        for superseded in &owed.superseded {
            let step = superseded.step.at;
            clock.settled.push(SettledStep { step, at: now, outcome: StepOutcome::Superseded });
            self.effects.push(Effect::Superseded { clock: name, step });
        }
        clock.settled.push(SettledStep { step, at: now, outcome: StepOutcome::Told });
        if is_put_off && !step.is_warning() {
            clock.recounted_from = Some((step, now));
        }
        let next = self.untold(place, target, plan).into_iter().min_by_key(|next| next.at);
        if owed.told.step.claims {
            let (subject, rule) = (self.request.subject.clone(), target.rule.clone());
            let kind = RequestKind::Claim;
            self.effects.push(Effect::SplitOff { kind, subject, owner: None, rule, request: None });
        }
        self.effects.push(Effect::Alert(Alert {
            clock: name,
            step,
            why: Why::of_step(step),
            planned_at: owed.told.at,
            late,
            recipients,
            next: next.map(|next| (next.step.at, next.at)),
        }));
    }

    /// Steps still to be told, with their instants after snoozes and recounts; none once somebody took it.
    fn untold<'p>(&self, place: usize, target: &Target, plan: &Plan<'p>) -> Vec<PlannedStep<'p>> {
        pending(&self.request, place, self.rulebook.ack_expires, target, plan)
    }

    fn next_wake(&self, place: usize, target: &Target, plan: &Plan<'_>) -> Option<Wake> {
        let clock = &self.request.clocks[place];
        let breach = clock.due_at.filter(|_| clock.state == ClockState::Running);
        let breach = breach.map(|at| Wake { at, why: WakeReason::Breach });
        let steps = self.untold(place, target, plan).into_iter().map(|next| Wake {
            at: next.at,
            why: if next.step.at.is_warning() { WakeReason::Warning } else { WakeReason::Breach },
        });
        steps.chain(breach).reduce(sooner)
    }
}

/// The instants of the clock at `place`, as its promise and the request's circumstances have it.
pub(super) fn plan<'a>(
    request: &Request,
    rulebook: &Rulebook,
    place: usize,
    target: &'a Target,
) -> Result<Plan<'a>, CalendarError> {
    let clock = &request.clocks[place];
    let is_promised = Kind::of(clock.kind).is_some_and(|row| row.promised);
    let appointment = request.appointment.as_ref().filter(|_| clock.kind == TargetKind::Appointment);
    let circumstances = Circumstances {
        pauses: &own_pauses(request, clock, target, rulebook),
        set_by_hand: request.set_by_hand.as_ref().filter(|_| is_promised),
        promised: request.promised.as_ref().filter(|_| is_promised),
        appointment: appointment.map(|appointment| appointment.at),
        frozen_due_at: clock.due_at.filter(|_| is_frozen(request, rulebook, place)),
    };
    Plan::of(target, clock.started_at, circumstances)
}

/// The pauses that a clock obeys. Waits of an earlier cycle are that cycle's: time before a re-opening is neither work nor pause
/// (LESSONS 20).
pub(super) fn own_pauses(request: &Request, clock: &Clock, target: &Target, rulebook: &Rulebook) -> Vec<Pause> {
    let is_own = |pause: &&Pause| pause.to.is_none_or(|to| clock.started_at < to);
    let pauses = request.pauses.iter().filter(is_own);
    let waits = pauses.filter(|pause| stands_still(clock.kind, pause, target, rulebook)).cloned();
    let closed = clock.closed.iter().map(|(from, to)| Pause {
        from: *from,
        to: Some(*to),
        reason: String::new(),
        on: Some(CLOSED.to_owned()),
        until: None,
    });
    let mut pauses: Vec<_> = waits.chain(closed).collect();
    pauses.sort_by_key(|pause| pause.from);
    pauses
}

/// Whether a promise of that kind stands still in a wait: as its kind of wait says, else as is usual for the client's.
fn stands_still(kind: TargetKind, pause: &Pause, target: &Target, rulebook: &Rulebook) -> bool {
    let stops = pause.on.as_deref().and_then(|on| rulebook.wait(on)).and_then(|wait| wait.stops.as_ref());
    match stops {
        Some(stops) => stops.contains(&kind),
        None => target.pauses.unwrap_or_else(|| Kind::of(kind).is_some_and(|row| row.pauses)),
    }
}

fn is_frozen(request: &Request, rulebook: &Rulebook, place: usize) -> bool {
    let clock = &request.clocks[place];
    let policy = rulebook.target(clock.kind, &request.facets).map(|(policy, _)| policy.name.as_str());
    let is_same = policy == Some(clock.policy.as_str()) && clock.revision == rulebook.revision;
    clock.state == ClockState::Breached && !is_same
}

/// Steps of the clock at `place` still to be told, with their instants after snoozes and recounts; none while somebody has taken it, and
/// none from before plazo knew of the request.
pub(super) fn pending<'p>(
    request: &Request,
    place: usize,
    ack_expires: Option<TimeDelta>,
    target: &Target,
    plan: &Plan<'p>,
) -> Vec<PlannedStep<'p>> {
    let clock = &request.clocks[place];
    // Whoever took it has so long; then the ladder goes on where it stood.
    let not_before = match (clock.acked_at, clock.taken_until(ack_expires)) {
        (None, _) => None,
        (Some(_), None) => return Vec::new(),
        (Some(_), until) => until,
    };
    let not_before = not_before.max(request.snoozed_until).max(clock.settles_at);
    let is_untold = |planned: &&PlannedStep<'p>| !clock.is_settled(planned.step.at) && !request.is_history(planned.at);
    let untold = plan.steps.iter().filter(is_untold);
    untold
        .map(|planned| {
            let recounted = clock
                .recounted_from
                .and_then(|(earlier, told_at)| plan::recount(target, earlier, told_at, planned.step.at).ok().flatten())
                .unwrap_or(planned.at);
            let at = not_before.map_or(recounted, |until| recounted.max(until));
            PlannedStep { step: planned.step, at }
        })
        .collect()
}

/// The wake that comes first; of two at one instant, the more urgent.
fn sooner(one: Wake, other: Wake) -> Wake {
    std::cmp::min_by_key(one, other, |wake| (wake.at, wake.why))
}
