//! `[escalation]`: who is told, and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::writing;
use crate::config::EMAIL;
use crate::config::mistake::{Mistakes, quoted};
use crate::config::raw::{self, At, Raw};
use crate::engine::directory::{Role, Tell};
use crate::engine::escalation::{Escalation, Offset, Step};
use crate::engine::working_time::WorkingTime;
use crate::engine::write_back::WriteBack;
use crate::notify::Kind;
use crate::text::Both;
use crate::{both, span};

/// The most often that a step may be repeated.
const MOST_REPEATS: u32 = 100;
/// What opens a formal claim (D2).
const CLAIM: &str = "claim";
/// Begins what opens a ticket.
const TICKET: &str = "ticket:";

/// Ladders by name. One with mistakes is there too, so that it is not unknown as well.
pub(super) type Ladders = BTreeMap<String, Arc<Escalation>>;

pub(super) fn resolve(raw: &Raw, mistakes: &mut Mistakes) -> Ladders {
    let mut ladders = Ladders::new();
    for (name, steps) in &raw.escalation {
        let steps = ladder(name, steps, raw, mistakes);
        ladders.insert(name.to_string(), Arc::new(Escalation { name: name.to_string(), steps }));
    }
    ladders
}

fn ladder(name: &At<String>, raw_steps: &At<Vec<At<raw::Step>>>, raw: &Raw, mistakes: &mut Mistakes) -> Vec<Step> {
    if raw_steps.is_empty() {
        let name = quoted(name);
        mistakes.error(
            raw_steps.span(),
            both!("`{name}` has no steps, so nobody is told", "`{name}` no tiene pasos: no se avisa a nadie"),
            both!(
                "write its steps, such as [{{ at = \"due\", tell = [\"lead\"] }}]",
                "escriba sus pasos, como [{{ at = \"due\", tell = [\"lead\"] }}]"
            ),
        );
    }
    let mut resolved: Vec<Step> = Vec::new();
    for raw_step in raw_steps.iter() {
        for step in step(raw_step, raw, mistakes) {
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
    resolved
}

/// A step of the file, its repeats written out.
fn step(step: &At<raw::Step>, raw: &Raw, mistakes: &mut Mistakes) -> Vec<Step> {
    if step.at.is_none() {
        mistakes.missing(&step.span(), step.span(), "at", "\"due\"");
    }
    if step.tell.is_none() && step.deed.is_none() {
        mistakes.missing(&step.span(), step.span(), "tell", "[\"lead\"]");
    }
    let told = super::items(step.tell.as_ref(), mistakes);
    let mut tell: Vec<_> = told.iter().filter_map(|name| tell(name, raw, mistakes)).collect();
    let (mut claims, mut deeds) = (false, Vec::new());
    for deed in super::items(step.deed.as_ref(), mistakes) {
        match deed.as_str() {
            CLAIM => claims = true,
            word if word.starts_with(TICKET) => tell.extend(ticket(deed, raw, mistakes)),
            _ => deeds.extend(writing::deed(deed, raw, mistakes)),
        }
    }
    let Some(at) = step.at.as_ref().and_then(|text| super::read(text, mistakes, span::offset)) else {
        return Vec::new();
    };
    let mut steps = vec![Step { at, tell: tell.clone(), claims, deeds: deeds.clone() }];
    // What is set is set; a note tells the news again.
    deeds.retain(|deed| *deed == WriteBack::Note);
    let mut offset = match at {
        Offset::Due => WorkingTime::ZERO,
        Offset::After(time) => time,
        Offset::Start | Offset::Percent(_) | Offset::Before(_) | Offset::Floor => {
            refuse_repeat(step, mistakes);
            return steps;
        }
    };
    if let Some((every, times)) = repeat(step, mistakes) {
        for _ in 1..times {
            offset = offset + every;
            steps.push(Step { at: Offset::After(offset), tell: tell.clone(), claims: false, deeds: deeds.clone() });
        }
    }
    steps
}

/// Warnings come once: a repeat would run into the steps after it.
fn refuse_repeat(step: &raw::Step, mistakes: &mut Mistakes) {
    let repeat = step.repeat.as_ref().map(At::span);
    if let Some(span) = repeat.or_else(|| step.times.as_ref().map(At::span)) {
        mistakes.error(
            span,
            both!("only steps at or after \"due\" repeat", "solo se repiten los pasos desde \"due\" en adelante"),
            both!("remove `repeat`, or write the warnings out", "quite `repeat`, o escriba los avisos uno por uno"),
        );
    }
}

/// How often the step is told again, and how many times in all.
fn repeat(step: &raw::Step, mistakes: &mut Mistakes) -> Option<(WorkingTime, u32)> {
    let Some(repeat) = &step.repeat else {
        if let Some(times) = &step.times {
            mistakes.missing(&times.span(), times.span(), "repeat", "\"30m\"");
        }
        return None;
    };
    let every = super::read(repeat, mistakes, |text| {
        let every = span::working_time(text)?;
        if every <= WorkingTime::ZERO {
            return Err(both!("write a span longer than nothing: \"30m\"", "escriba un plazo mayor que cero: \"30m\""));
        }
        Ok(every)
    })?;
    let times = step.times.as_deref().copied().unwrap_or(0);
    if !(2..=MOST_REPEATS).contains(&times) {
        mistakes.error(
            step.times.as_ref().map_or_else(|| repeat.span(), At::span),
            both!("a repeated step needs its bound", "un paso que se repite necesita un límite"),
            both!(
                "write times = 3: how often in all, 2 to {MOST_REPEATS}",
                "escriba times = 3: cuántas veces en total, de 2 a {MOST_REPEATS}"
            ),
        );
        return None;
    }
    Some((every, times))
}

/// The ticket that a step opens: `ticket:NAME`.
fn ticket(deed: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<Tell> {
    let name = deed.strip_prefix(TICKET)?;
    let keeps_tickets = |word: &At<String>| Kind::named(word).is_some_and(|kind| kind.can().keeps_tickets);
    let desks = raw.destination.iter().filter(|(_, one)| one.shared.kind.as_ref().is_some_and(keeps_tickets));
    let known: Vec<_> = desks.map(|(name, _)| name.as_str()).collect();
    if known.contains(&name) {
        return Some(Tell::Destination(name.to_owned()));
    }
    let what = Both { en: "no destination that keeps tickets", es: "ningún destino que lleve tiquetes" };
    mistakes.unknown(deed.span(), what, name, known);
    None
}

pub(super) fn tell(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<Tell> {
    let told = tell_by(name.as_str(), name, raw, mistakes)?;
    if let Tell::Destination(_) = told {
        super::destinations::refuse_without_address(name, raw, mistakes);
    }
    Some(told)
}

/// Whom a word names that stands in `name`, perhaps with something before it.
pub(super) fn tell_by(word: &str, name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<Tell> {
    if let Some(role) = Role::ALL.into_iter().find(|role| role.as_str() == word) {
        if !is_held(role, raw) {
            mistakes.error(
                name.span(),
                both!("nobody holds the role `{word}`", "nadie tiene el cargo `{word}`"),
                both!("add [roles] {word} = \"…\"", "agregue [roles] {word} = \"…\""),
            );
        }
        return Some(Tell::Role(role));
    }
    if raw.rota.keys().any(|key| key.as_str() == word) {
        return Some(Tell::Rota(word.to_owned()));
    }
    if raw.person.keys().any(|key| key.as_str() == word) {
        return Some(Tell::Person(word.to_owned()));
    }
    if raw.team.keys().any(|key| key.as_str() == word) {
        return Some(Tell::Team(word.to_owned()));
    }
    if word == EMAIL || raw.destination.keys().any(|key| key.as_str() == word) {
        return Some(Tell::Destination(word.to_owned()));
    }
    let roles = Role::ALL.iter().map(|role| role.as_str());
    let named = raw.person.keys().chain(raw.team.keys()).chain(raw.rota.keys()).chain(raw.destination.keys());
    let what = Both {
        en: "unknown role, person, team, rota or destination",
        es: "no es un cargo, ni una persona, un equipo, un turno o un destino",
    };
    mistakes.unknown(name.span(), what, word, roles.chain(named.map(|key| key.as_str())));
    None
}

/// Whether somebody can hold the role. Owner and lead come with the request.
fn is_held(role: Role, raw: &Raw) -> bool {
    let roles = raw.roles.as_deref();
    match role {
        Role::Owner | Role::Lead => true,
        Role::Supervisor => roles.is_some_and(|roles| roles.supervisor.is_some()),
        Role::BackOffice => roles.is_some_and(|roles| roles.back_office.is_some()),
        Role::Management => roles.is_some_and(|roles| roles.management.is_some()),
    }
}
