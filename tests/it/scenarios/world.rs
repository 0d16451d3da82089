//! Playing: the daemon's part, and how it is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;

use super::script::{DAYS, FIRST_MONDAY, Script, What};
use chrono::{DateTime, Datelike, MappedLocalTime, TimeZone, Timelike, Utc};
use plazo::engine::check::Finding;
use plazo::engine::clock::{Cancelled, Clock, ClockState};
use plazo::engine::directory::Recipient;
use plazo::engine::effect::{Alert, ClockRef, Effect, Ignored, Outcome};
use plazo::engine::event::Event;
use plazo::engine::policy::TargetKind;
use plazo::engine::request::Request;
use plazo::engine::request_id::RequestId;
use plazo::engine::rulebook::Rulebook;
use plazo::engine::{self, Input};
use plazo::store::stored;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A request, and what the store would keep of it.
struct Case {
    request: Request,
    /// As the journal keeps them, by instant; of several at one instant, as they arrived.
    events: Vec<(DateTime<Utc>, String)>,
    clocks: BTreeMap<(TargetKind, u32), Clock>,
    wake_at: Option<DateTime<Utc>>,
}

/// The daemon's part: hears events, looks when the engine wants to be asked, and writes down what follows.
pub(super) struct World<'a> {
    script: &'a Script,
    rulebook: &'a Rulebook,
    /// What the next `reload` takes.
    rulebooks: std::slice::Iter<'a, Rulebook>,
    now: DateTime<Utc>,
    cases: BTreeMap<RequestId, Case>,
    told: Vec<String>,
}

/// More lines than any timeline has: the engine asks to be woken for ever.
const TOO_MUCH: usize = 1_000;

impl<'a> World<'a> {
    pub(super) fn play(script: &'a Script) -> String {
        let mut rulebooks = script.rulebooks.iter();
        let rulebook = rulebooks.next().expect("a configuration");
        let now = DateTime::<Utc>::MIN_UTC;
        let mut world = Self { script, rulebook, rulebooks, now, cases: BTreeMap::new(), told: Vec::new() };
        for turn in &script.turns {
            world.pass(Bound::Excluded(turn.heard_at));
            assert!(world.now <= turn.heard_at, "events stand in the order in which they are heard");
            world.now = turn.heard_at;
            match &turn.what {
                What::Event(id, event) => world.hear(*id, event),
                What::Tick => world.look_at_all(Input::Tick),
                What::Reload => {
                    world.rulebook = world.rulebooks.next().expect("a further configuration in fences");
                    world.look_at_all(Input::Replan);
                }
            }
        }
        world.pass(script.until.map_or(Bound::Unbounded, Bound::Included));
        world.told.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Lets time go by up to `end`.
    fn pass(&mut self, end: Bound<DateTime<Utc>>) {
        while let Some((at, id)) = self.next_look() {
            let before_end = match end {
                Bound::Excluded(end) => at < end,
                Bound::Included(end) => at <= end,
                Bound::Unbounded => true,
            };
            if !before_end {
                break;
            }
            self.now = at;
            self.look(id, Input::Tick);
        }
    }

    fn look_at_all(&mut self, input: Input<'_>) {
        for id in self.cases.keys().copied().collect::<Vec<_>>() {
            self.look(id, input);
        }
    }

    fn next_look(&self) -> Option<(DateTime<Utc>, RequestId)> {
        let awake = |at: DateTime<Utc>| {
            let down = self.script.down.iter().find(|(from, to)| *from <= at && at < *to);
            down.map_or(at, |(_, to)| *to)
        };
        let wakes = self.cases.iter().filter_map(|(id, case)| Some((awake(case.wake_at?.max(self.now)), *id)));
        wakes.min()
    }

    fn look(&mut self, id: RequestId, input: Input<'_>) {
        let case = &self.cases[&id];
        let outcome = engine::advance(&case.request, self.rulebook, input, self.now);
        let spins = matches!(input, Input::Tick)
            && outcome.effects.is_empty()
            && outcome.wake.is_some_and(|wake| wake.at <= self.now);
        assert!(!spins, "{id} wants to be woken at {} again, and does nothing", self.wall(self.now));
        self.keep(id, outcome);
    }

    /// As the desk does.
    fn hear(&mut self, id: RequestId, event: &Event) {
        let unopened =
            || Case { request: Request::unopened(id), events: Vec::new(), clocks: BTreeMap::new(), wake_at: None };
        let case = self.cases.entry(id).or_insert_with(unopened);
        let place = case.events.partition_point(|(at, _)| *at <= event.at);
        case.events.insert(place, (event.at, written(event)));
        if engine::is_in_order(&case.request, event) {
            let outcome = engine::advance(&case.request, self.rulebook, Input::Event(event), self.now);
            return self.keep(id, outcome);
        }
        let old = std::mem::take(&mut case.clocks);
        let told: Vec<_> = old.values().cloned().collect();
        let events: Vec<_> = case.events.iter().map(|(_, event)| read_back(event)).collect();
        let mut outcome = engine::reorder(&case.request, &told, &events, event, self.rulebook, self.now);
        // Said of clocks derived anew; `rewritten` tells those that came out otherwise.
        outcome.effects.retain(|effect| !matches!(effect, Effect::Started { .. } | Effect::Replanned { .. }));
        self.keep(id, outcome);
        self.tell_rewritten(id, &old);
    }

    fn keep(&mut self, id: RequestId, outcome: Outcome) {
        for effect in &outcome.effects {
            self.tell(id, effect);
        }
        assert!(self.told.len() < TOO_MUCH, "there is no end to it:\n{}", self.told.join("\n"));
        let case = self.cases.get_mut(&id).expect("a request that was heard of");
        case.request = stored_request(&outcome.request);
        case.clocks.extend(outcome.clocks.iter().map(|clock| ((clock.kind, clock.cycle), stored_clock(clock))));
        case.wake_at = outcome.wake.map(|wake| wake.at);
    }

    fn tell_rewritten(&mut self, id: RequestId, old: &BTreeMap<(TargetKind, u32), Clock>) {
        let new = &self.cases[&id].clocks;
        let names: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        let standing = |clock: Option<&Clock>| clock.map_or_else(|| "none".to_owned(), |clock| self.standing(clock));
        let lines: Vec<_> = names
            .into_iter()
            .map(|name| (name, standing(old.get(&name)), standing(new.get(&name))))
            .filter(|(_, old, new)| old != new)
            .map(|((kind, cycle), old, new)| (ClockRef { kind, cycle }, old, new))
            .filter(|(clock, ..)| self.shows(*clock))
            .collect();
        for (clock, old, new) in lines {
            self.say(id, self.now, &format!("rewritten {}: {old} -> {new}", Name(clock)));
        }
    }

    // Writing.

    fn tell(&mut self, id: RequestId, effect: &Effect) {
        let now = self.now;
        let (at, clock, words) = match effect {
            Effect::Opened => (now, None, "opened".to_owned()),
            Effect::Started { clock, started_at, due_at, .. } => {
                (*started_at, Some(*clock), format!("started {} {}", Name(*clock), self.due(*due_at)))
            }
            Effect::Replanned { clock, due_at: None } => (now, Some(*clock), format!("paused {}", Name(*clock))),
            Effect::Replanned { clock, due_at } => {
                (now, Some(*clock), format!("replanned {} {}", Name(*clock), self.due(*due_at)))
            }
            Effect::Met { clock, at } => (*at, Some(*clock), format!("met {}", Name(*clock))),
            Effect::MetLate { clock, at, due_at } => {
                (*at, Some(*clock), format!("met_late {} ({})", Name(*clock), self.due(*due_at)))
            }
            Effect::Early { clock, at } => (*at, Some(*clock), format!("early {}", Name(*clock))),
            Effect::Breached { clock, at } => (*at, Some(*clock), format!("breached {}", Name(*clock))),
            Effect::Cancelled { clock, why } => {
                (now, Some(*clock), format!("cancelled {} ({})", Name(*clock), cancelled(*why)))
            }
            Effect::Skipped { clock, step } => (now, Some(*clock), format!("skipped {} {step}", Name(*clock))),
            Effect::Superseded { clock, step } => (now, Some(*clock), format!("superseded {} {step}", Name(*clock))),
            Effect::Alert(alert) => (now, Some(alert.clock), self.alert(alert)),
            Effect::Violation(violation) => {
                let who = violation.who.as_ref().map_or_else(String::new, |who| format!(" by \"{who}\""));
                (now, None, format!("violation {}{who}{}", violation.rule, evidence(&violation.finding)))
            }
            Effect::SplitOff { kind, subject, owner, rule, .. } => {
                let subject = subject.as_ref().map_or_else(String::new, |subject| format!(" \"{subject}\""));
                let owner = owner.as_ref().map_or_else(String::new, |owner| format!(" of {owner}"));
                let rule = rule.as_ref().map_or_else(String::new, |rule| format!(" ({rule})"));
                (now, None, format!("split off {}{subject}{owner}{rule}", kind.as_str()))
            }
            Effect::Resumed { at } => (*at, None, "resumed".to_owned()),
            Effect::Reordered => (now, None, "reordered".to_owned()),
            Effect::Ignored { why } => (now, None, format!("ignored ({})", ignored(*why))),
        };
        if clock.is_none_or(|clock| self.shows(clock)) {
            self.say(id, at, &words);
        }
    }

    fn say(&mut self, id: RequestId, at: DateTime<Utc>, words: &str) {
        let several = self.script.turns.iter().any(|turn| matches!(turn.what, What::Event(other, _) if other.0 != 1));
        let number = if several { format!("#{} ", id.0) } else { String::new() };
        let seen = if at == self.now { String::new() } else { format!(" (seen {})", self.wall(self.now)) };
        self.told.push(format!("{} {number}{words}{seen}", self.wall(at)));
    }

    fn shows(&self, clock: ClockRef) -> bool {
        self.script.shown.is_empty() || self.script.shown.contains(&clock.kind)
    }

    fn alert(&self, alert: &Alert) -> String {
        let names = alert.recipients.iter().map(|recipient| match recipient {
            Recipient::Person(name) | Recipient::Destination(name) => name.as_str(),
        });
        let (clock, why, step) = (Name(alert.clock), alert.why.as_str(), alert.step);
        let late = if alert.late { format!(" (late, planned {})", self.wall(alert.planned_at)) } else { String::new() };
        format!("alert {clock} {why} {step} -> {}{late}", names.collect::<Vec<_>>().join(", "))
    }

    /// How a clock stands, verdict and all.
    fn standing(&self, clock: &Clock) -> String {
        let at = |at: Option<DateTime<Utc>>| at.map_or_else(|| "never".to_owned(), |at| self.wall(at));
        let ended = clock.cancelled_because.map_or_else(String::new, |why| format!(" ({})", cancelled(why)));
        let early = if clock.early { ", early" } else { "" };
        match clock.state {
            ClockState::Running => self.due(clock.due_at),
            ClockState::Paused => "paused".to_owned(),
            ClockState::Breached => format!("breached {}{ended}", at(clock.breached_at)),
            ClockState::Met => format!("met {}{early}", at(clock.stopped_at)),
            ClockState::MetLate => format!("met_late {} ({})", at(clock.stopped_at), self.due(clock.due_at)),
            ClockState::Cancelled => format!("cancelled{ended}"),
            ClockState::Waived => format!("waived{ended}"),
        }
    }

    fn due(&self, due_at: Option<DateTime<Utc>>) -> String {
        due_at.map_or_else(|| "paused".to_owned(), |due_at| format!("due {}", self.wall(due_at)))
    }

    fn wall(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.script.zone);
        let week = (local.date_naive() - FIRST_MONDAY).num_days().div_euclid(7);
        let day = DAYS[local.weekday().num_days_from_monday() as usize];
        let day = match week {
            0 => day.to_owned(),
            1..=3 => format!("{day}+{week}"),
            _ => local.date_naive().to_string(),
        };
        let time = match (local.second(), local.nanosecond()) {
            (0, 0) => local.format("%H:%M"),
            (_, 0) => local.format("%H:%M:%S"),
            _ => local.format("%H:%M:%S%.3f"),
        };
        let twice =
            matches!(self.script.zone.from_local_datetime(&local.naive_local()), MappedLocalTime::Ambiguous(..));
        let offset = if twice { local.format("%:z").to_string() } else { String::new() };
        format!("{day} {time}{offset}")
    }
}

/// A request as the store gives it back.
fn stored_request(request: &Request) -> Request {
    let json = stored::write_request(request).expect("JSON");
    serde_json::from_str::<stored::ReadRequest>(&json).expect("a request").0
}

/// A clock as the store gives it back.
fn stored_clock(clock: &Clock) -> Clock {
    let json = stored::write_clock(clock).expect("JSON");
    serde_json::from_str::<stored::ReadClock>(&json).expect("a clock").0
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("a value that can be stored")
}

fn read_back<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("the store cannot read back what it wrote: {error}: {text}"))
}

/// A clock by its kind; by its cycle too, from the second on.
struct Name(ClockRef);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.cycle {
            1 => write!(f, "{}", self.0.kind.as_str()),
            cycle => write!(f, "{}/{cycle}", self.0.kind.as_str()),
        }
    }
}

/// What was found, where there is more to it than the rule: the fields of its stored form.
fn evidence(finding: &Finding) -> String {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::to_value(finding) else { return String::new() };
    let kind = fields.remove("finding").unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default().to_owned();
    if ["not_authorised", "automatic", "says_nothing"].contains(&kind.as_str()) {
        return String::new();
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!(": {kind}{}", fields.concat())
}

const fn cancelled(why: Cancelled) -> &'static str {
    match why {
        Cancelled::Closed => "closed",
        Cancelled::Merged => "merged",
        Cancelled::NoPolicy => "no_policy",
        Cancelled::NotOwed => "not_owed",
        Cancelled::NeverOpen => "never_open",
        Cancelled::Waived => "waived",
    }
}

const fn ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::Duplicate => "duplicate",
        Ignored::AlreadySo => "already_so",
        Ignored::Merged => "merged",
        Ignored::NotOwed => "not_owed",
        Ignored::Unproven => "unproven",
        Ignored::Elsewhere => "elsewhere",
        Ignored::ThirdParty => "third_party",
        Ignored::AsksNothing => "asks_nothing",
        Ignored::UnknownReason => "unknown_reason",
        Ignored::NothingToUndo => "nothing_to_undo",
    }
}
