//! `[[policy]]` and `[escalation]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::both;
use crate::config::Destination;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, OneOrMany, Raw, WordOr};
use crate::engine::calendar::Counting;
use crate::engine::directory::{Role, Tell};
use crate::engine::escalation::{Escalation, Offset, Step};
use crate::engine::event::{Audience, RequestKind};
use crate::engine::policy::{Limit, Matcher, Policy, Target, TargetKind};
use crate::engine::working_time::WorkingTime;
use crate::span;
use crate::text::Both;

use super::calendars::{self, Calendars};

/// The most often that a step may be repeated.
const MOST_REPEATS: u32 = 100;

pub(super) fn resolve(
    raw: &Raw,
    calendars: &Calendars,
    destinations: &BTreeMap<String, Destination>,
    mistakes: &mut Mistakes,
) -> Vec<Policy> {
    let ladders = ladders(raw, destinations, mistakes);
    let mut policies: Vec<Policy> = Vec::new();
    for policy in &raw.policy {
        let resolved = resolve_policy(policy, raw, calendars, &ladders, mistakes);
        warn_of_shadows(policy, &resolved, &policies, mistakes);
        policies.push(resolved);
    }
    policies
}

type Ladders = BTreeMap<String, Arc<Escalation>>;

fn ladders(raw: &Raw, destinations: &BTreeMap<String, Destination>, mistakes: &mut Mistakes) -> Ladders {
    let ladder = |(name, steps): (&At<String>, &At<Vec<At<raw::Step>>>), mistakes: &mut Mistakes| {
        let mut resolved: Vec<Step> = Vec::new();
        for raw_step in steps.iter() {
            for step in step(raw_step, raw, destinations, mistakes) {
                if resolved.iter().any(|earlier| earlier.at == step.at) {
                    let at = step.at;
                    mistakes.error(
                        raw_step.span(),
                        both!("two steps at `{at}`", "dos pasos en `{at}`"),
                        both!("name everybody in one `tell`", "nombre a todos en un solo `tell`"),
                    );
                } else {
                    resolved.push(step);
                }
            }
        }
        (name.to_string(), Arc::new(Escalation { name: name.to_string(), steps: resolved }))
    };
    raw.escalation.iter().map(|entry| ladder(entry, mistakes)).collect()
}

/// A step of the file, its repeats written out.
fn step(
    step: &At<raw::Step>,
    raw: &Raw,
    destinations: &BTreeMap<String, Destination>,
    mistakes: &mut Mistakes,
) -> Vec<Step> {
    let Some(at_text) = &step.at else {
        super::missing(step.span(), "at", "\"due\"", mistakes);
        return Vec::new();
    };
    let Some(at) = super::read(at_text, mistakes, span::offset) else { return Vec::new() };
    let told: Vec<_> = step.tell.iter().flat_map(|tell| &tell.0).collect();
    if told.is_empty() {
        super::missing(step.span(), "tell", "[\"lead\"]", mistakes);
    }
    let tell: Vec<_> = told.into_iter().filter_map(|name| tell(name, raw, destinations, mistakes)).collect();
    let mut steps = vec![Step { at, tell: tell.clone() }];
    let Some(repeat) = &step.repeat else {
        if let Some(times) = &step.times {
            super::missing(times.span(), "repeat", "\"30m\"", mistakes);
        }
        return steps;
    };
    let Some(every) = super::read(repeat, mistakes, span::working_time) else { return steps };
    let first = match at {
        Offset::Due => WorkingTime::ZERO,
        Offset::After(time) => time,
        Offset::Percent(_) | Offset::Before(_) | Offset::Floor => {
            mistakes.error(
                repeat.span(),
                both!("only steps at or after \"due\" repeat", "solo se repiten los pasos desde \"due\" en adelante"),
                both!("remove `repeat`, or write the warnings out", "quite `repeat`, o escriba los avisos uno por uno"),
            );
            return steps;
        }
    };
    let times = step.times.as_deref().copied().unwrap_or(0);
    if !(2..=MOST_REPEATS).contains(&times) || every <= WorkingTime::ZERO {
        mistakes.error(
            step.times.as_ref().map_or_else(|| repeat.span(), At::span),
            both!("a repeated step needs its bound", "un paso que se repite necesita un límite"),
            both!(
                "write times = 3: how often in all, 2 to {MOST_REPEATS}",
                "escriba times = 3: cuántas veces en total, de 2 a {MOST_REPEATS}"
            ),
        );
        return steps;
    }
    let mut offset = first;
    for _ in 1..times {
        offset = offset + every;
        steps.push(Step { at: Offset::After(offset), tell: tell.clone() });
    }
    steps
}

fn tell(
    name: &At<String>,
    raw: &Raw,
    destinations: &BTreeMap<String, Destination>,
    mistakes: &mut Mistakes,
) -> Option<Tell> {
    let word = name.as_str();
    if let Some(role) = Role::ALL.into_iter().find(|role| role.as_str() == word) {
        let holders = raw.roles.as_ref().and_then(|roles| match role {
            Role::Supervisor => roles.supervisor.as_ref(),
            Role::BackOffice => roles.back_office.as_ref(),
            Role::Management => roles.management.as_ref(),
            Role::Owner | Role::Lead => None,
        });
        if !matches!(role, Role::Owner | Role::Lead) && holders.is_none() {
            mistakes.error(
                name.span(),
                both!("nobody holds the role `{word}`", "nadie tiene el cargo `{word}`"),
                both!("add [roles] {word} = \"…\"", "agregue [roles] {word} = \"…\""),
            );
        }
        return Some(Tell::Role(role));
    }
    if raw.person.keys().any(|key| key.as_str() == word) {
        return Some(Tell::Person(word.to_owned()));
    }
    if raw.team.keys().any(|key| key.as_str() == word) {
        return Some(Tell::Team(word.to_owned()));
    }
    if destinations.contains_key(word) {
        return Some(Tell::Destination(word.to_owned()));
    }
    let known = Role::ALL.iter().map(|role| role.as_str());
    let known = known.chain(raw.person.keys().map(|key| key.as_str()));
    let known =
        known.chain(raw.team.keys().map(|key| key.as_str())).chain(raw.destination.keys().map(|key| key.as_str()));
    let what = Both { en: "role, person, team or destination", es: "cargo, persona, equipo o destino" };
    mistakes.unknown(name.span(), what, word, known);
    None
}

fn resolve_policy(
    policy: &At<raw::Policy>,
    raw: &Raw,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> Policy {
    let name = policy.name.as_ref().map_or_else(String::new, |name| name.to_string());
    match &policy.name {
        None => super::missing(policy.span(), "name", "\"whatsapp\"", mistakes),
        Some(name) => {
            let twins = raw.policy.iter().filter_map(|other| other.name.as_ref());
            let first =
                twins.filter(|other| other.as_str() == name.as_str()).map(At::span).min_by_key(|span| span.start);
            if first != Some(name.span()) {
                let word = name.as_str();
                mistakes.error(
                    name.span(),
                    both!("there are two policies named `{word}`", "hay dos políticas llamadas `{word}`"),
                    both!("give this one another name", "póngale otro nombre a esta"),
                );
            }
        }
    }
    let team = policy.team.as_ref().and_then(|team| {
        let known = raw.team.keys().map(|key| key.as_str());
        if known.clone().any(|known| known == team.as_str()) {
            return Some(team.to_string());
        }
        mistakes.unknown(team.span(), Both { en: "team", es: "equipo" }, team, known);
        None
    });
    let fields = [
        (TargetKind::Reply, &policy.reply),
        (TargetKind::FirstReply, &policy.first_reply),
        (TargetKind::Acknowledge, &policy.acknowledge),
        (TargetKind::Deliver, &policy.deliver),
        (TargetKind::Assign, &policy.assign),
        (TargetKind::Answer, &policy.answer),
    ];
    let targets: Vec<_> = fields
        .into_iter()
        .filter_map(|(kind, field)| Some((kind, target(field.as_ref()?, calendars, ladders, mistakes))))
        .collect();
    if targets.is_empty() {
        mistakes.warning(
            policy.span(),
            both!("this policy promises nothing", "esta política no promete nada"),
            both!(
                "add a promise, such as reply = {{ within = \"20m\" }}, or remove it",
                "agregue una promesa, como reply = {{ within = \"20m\" }}, o quítela"
            ),
        );
    }
    let matcher = policy.matcher.as_ref().map(|matcher| resolve_match(matcher, raw, mistakes)).unwrap_or_default();
    Policy { name, matcher, team, targets }
}

fn resolve_match(matcher: &raw::Match, raw: &Raw, mistakes: &mut Mistakes) -> Matcher {
    let words = |list: &Option<OneOrMany<At<String>>>| {
        list.iter().flat_map(|list| &list.0).map(|word| word.to_string()).collect::<Vec<_>>()
    };
    let audience = matcher.audience.as_ref().and_then(|word| match word.as_str() {
        "client" => Some(Audience::Client),
        "internal" => Some(Audience::Internal),
        _ => {
            let what = Both { en: "audience", es: "audiencia" };
            mistakes.unknown(word.span(), what, word, ["client", "internal"]);
            None
        }
    });
    for team in matcher.team.iter().flat_map(|teams| &teams.0) {
        let known = raw.team.keys().map(|key| key.as_str());
        if !known.clone().any(|known| known == team.as_str()) {
            mistakes.unknown(team.span(), Both { en: "team", es: "equipo" }, team, known);
        }
    }
    let kinds = matcher.kind.iter().flat_map(|kinds| &kinds.0);
    Matcher {
        channel: words(&matcher.channel),
        audience,
        inbox: words(&matcher.inbox),
        team: words(&matcher.team),
        customer: words(&matcher.customer),
        priority: words(&matcher.priority),
        kind: kinds.filter_map(|word| request_kind(word, mistakes)).collect(),
        tags: words(&matcher.tags),
    }
}

pub(super) fn request_kind(word: &At<String>, mistakes: &mut Mistakes) -> Option<RequestKind> {
    const KINDS: [RequestKind; 4] = [RequestKind::Request, RequestKind::Task, RequestKind::Claim, RequestKind::Call];
    let found = KINDS.into_iter().find(|kind| kind.as_str() == word.as_str());
    if found.is_none() {
        let what = Both { en: "kind of request", es: "tipo de solicitud" };
        mistakes.unknown(word.span(), what, word, KINDS.map(RequestKind::as_str));
    }
    found
}

/// The promise; `None` is the file's `"none"`.
fn target(
    target: &At<WordOr<raw::Target>>,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> Option<Target> {
    let span = target.span();
    let target = match &**target {
        WordOr::Word(word) if word == "none" => return None,
        WordOr::Word(word) => {
            mistakes.error(
                span,
                both!("cannot read `{word}`", "no se entiende `{word}`"),
                both!(
                    "write \"none\", or a promise such as {{ within = \"20m\" }}",
                    "escriba \"none\", o una promesa como {{ within = \"20m\" }}"
                ),
            );
            return None;
        }
        WordOr::Table(target) => target,
    };
    let limit = limit(target, span.clone(), mistakes)?;
    let read = |field: &Option<At<String>>, mistakes: &mut Mistakes| {
        field.as_ref().and_then(|text| Some((super::read(text, mistakes, span::working_time)?, text.span())))
    };
    let floor = read(&target.floor, mistakes);
    let aim = read(&target.aim, mistakes);
    if let (Limit::Spend(within), Some((floor, place))) = (limit, &floor)
        && within <= *floor
    {
        mistakes.error(
            place.clone(),
            both!("the floor does not lie before the end", "el piso no está antes del límite"),
            both!("make `floor` shorter than `within`", "haga `floor` más corto que `within`"),
        );
    }
    if let (Limit::Spend(within), Some((aim, place))) = (limit, &aim)
        && within <= *aim
    {
        mistakes.error(
            place.clone(),
            both!("the aim does not lie before the end", "la meta no está antes del límite"),
            both!("make `aim` shorter than `within`", "haga `aim` más corto que `within`"),
        );
    }
    let calendar = match &target.calendar {
        Some(name) => calendars::find(calendars, name, mistakes)?,
        None => calendars.get("always").cloned()?,
    };
    let escalation = match &target.escalation {
        None => Arc::new(Escalation { name: String::new(), steps: Vec::new() }),
        Some(name) => match ladders.get(name.as_str()) {
            Some(ladder) => {
                check_ladder(ladder, limit, floor.is_some(), name, mistakes);
                Arc::clone(ladder)
            }
            None => {
                let what = Both { en: "escalation", es: "escalamiento" };
                mistakes.unknown(name.span(), what, name, ladders.keys().map(String::as_str));
                return None;
            }
        },
    };
    let rule = target.rule.as_ref().map(|rule| rule.to_string());
    Some(Target {
        limit,
        aim: aim.map(|(aim, _)| aim),
        floor: floor.map(|(floor, _)| floor),
        calendar,
        escalation,
        rule,
    })
}

fn limit(target: &raw::Target, span: std::ops::Range<usize>, mistakes: &mut Mistakes) -> Option<Limit> {
    let counting = match target.count.as_ref().map(|count| (count, count.as_str())) {
        None | Some((_, "working")) => Counting::WorkingDays,
        Some((_, "calendar")) => Counting::CalendarDays,
        Some((count, word)) => {
            let what = Both { en: "way to count", es: "manera de contar" };
            mistakes.unknown(count.span(), what, word, ["working", "calendar"]);
            return None;
        }
    };
    match (&target.within, &target.on_day) {
        (Some(within), None) => {
            let limit = super::read(within, mistakes, span::limit)?;
            if limit == Limit::Spend(WorkingTime::ZERO) {
                mistakes.error(
                    within.span(),
                    both!("a promise of no time is always broken", "una promesa sin tiempo siempre se rompe"),
                    both!("write a longer span", "escriba un plazo más largo"),
                );
            }
            Some(limit)
        }
        (None, Some(day)) if (1..=366).contains(&**day) => Some(Limit::OnDay { day: **day, counting }),
        (None, Some(day)) => {
            mistakes.error(
                day.span(),
                both!("the day must lie between 1 and 366", "el día debe estar entre 1 y 366"),
                both!("the day of opening is day 0", "el día en que se abre es el día 0"),
            );
            None
        }
        (Some(_), Some(day)) => {
            mistakes.error(
                day.span(),
                both!("`within` and `on_day` exclude each other", "`within` y `on_day` se excluyen"),
                both!("keep one of them", "deje uno de los dos"),
            );
            None
        }
        (None, None) => {
            super::missing(span, "within", "\"20m\"", mistakes);
            None
        }
    }
}

/// Finds steps that this promise can never tell.
fn check_ladder(ladder: &Escalation, limit: Limit, has_floor: bool, name: &At<String>, mistakes: &mut Mistakes) {
    for step in &ladder.steps {
        let at = step.at;
        match (at, limit) {
            (Offset::Before(before), Limit::Spend(within)) if within <= before => mistakes.error(
                name.span(),
                both!(
                    "its step `{at}` comes before the clock starts",
                    "su paso `{at}` cae antes de que arranque el reloj"
                ),
                both!(
                    "write a shorter lead, a share such as \"50%\", or use another ladder here",
                    "escriba una anticipación más corta, una parte como \"50%\", o use aquí otro escalamiento"
                ),
            ),
            (Offset::Floor, _) if !has_floor => mistakes.error(
                name.span(),
                both!("its step `floor` needs a floor", "su paso `floor` necesita un piso"),
                both!(
                    "add floor = \"15m\" here, or use another ladder",
                    "agregue aquí floor = \"15m\", o use otro escalamiento"
                ),
            ),
            _ => {}
        }
    }
}

/// Warns where earlier policies leave this one nothing to say.
fn warn_of_shadows(place: &At<raw::Policy>, policy: &Policy, earlier: &[Policy], mistakes: &mut Mistakes) {
    let shadow_of = |kind: TargetKind| {
        earlier.iter().find(|other| {
            other.matcher.covers(&policy.matcher) && other.targets.iter().any(|(named, _)| *named == kind)
        })
    };
    let shadows: Vec<_> = policy.targets.iter().filter_map(|(kind, _)| shadow_of(*kind)).collect();
    if let Some(first) = shadows.first().filter(|_| shadows.len() == policy.targets.len()) {
        let (name, other) = (&policy.name, &first.name);
        mistakes.warning(
            place.name.as_ref().map_or_else(|| place.span(), At::span),
            both!(
                "policy `{name}` never has a say: `{other}` above it always matches first",
                "la política `{name}` nunca se aplica: `{other}`, más arriba, siempre coincide antes"
            ),
            both!(
                "move it above `{other}`, or make the `match` of `{other}` narrower",
                "súbala por encima de `{other}`, o haga más estrecho el `match` de `{other}`"
            ),
        );
    }
}
