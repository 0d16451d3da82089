//! `[wait]`: kinds of waiting, which promises stand still in each, and what may at most be waited (LESSONS 50).

use super::calendars::Calendars;
use super::ladders::Ladders;
use super::targets;
use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::engine::policy::{Matcher, Policy, TargetKind, WAIT_POLICY};
use crate::engine::rulebook::WaitKind;
use crate::text::Both;

/// The kinds of waiting, and the policies that promise when each ends.
pub(super) fn resolve(
    raw: &Raw,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> (Vec<WaitKind>, Vec<Policy>) {
    let (mut waits, mut policies) = (Vec::new(), Vec::new());
    for (key, wait) in &raw.wait {
        let name = wait.name.as_ref().map_or_else(|| key.to_string(), |name| name.to_string());
        if let Some(WaitKind { key: other, .. }) = waits.iter().find(|other: &&WaitKind| other.name == name) {
            mistakes.error(
                wait.name.as_ref().map_or_else(|| key.span(), At::span),
                both!("`{other}` is called so as well", "`{other}` se llama igual"),
                both!("give each kind of waiting a name of its own", "dé a cada tipo de espera un nombre propio"),
            );
        }
        let stops = wait.stops.as_ref().map(|stops| stops.iter().filter_map(|word| stopped(word, mistakes)).collect());
        if let Some(target) = at_most(wait, key, calendars, ladders, mistakes) {
            policies.push(Policy {
                name: format!("{WAIT_POLICY}{name}"),
                matcher: Matcher { wait: vec![key.to_string()], ..Matcher::default() },
                team: None,
                targets: vec![(TargetKind::Waiting, Some(target))],
                text: None,
            });
        }
        waits.push(WaitKind { key: key.to_string(), name, stops });
    }
    (waits, policies)
}

/// A promise that stands still.
fn stopped(word: &At<String>, mistakes: &mut Mistakes) -> Option<TargetKind> {
    let kinds = || TargetKind::ALL.into_iter().filter(|kind| *kind != TargetKind::Waiting);
    let found = kinds().find(|kind| kind.as_str() == word.as_str());
    if found.is_none() {
        let what = Both { en: "unknown promise", es: "promesa desconocida" };
        mistakes.unknown(word.span(), what, word, kinds().map(TargetKind::as_str));
    }
    found
}

fn at_most(
    wait: &At<raw::Wait>,
    key: &At<String>,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> Option<crate::engine::policy::Target> {
    if wait.at_most.is_none() {
        if let Some(stray) = wait.escalation.as_ref().or(wait.calendar.as_ref()) {
            mistakes.error(
                stray.span(),
                both!("nothing says how long may be waited", "nada dice cuánto se puede esperar"),
                both!("add at_most = \"3 working days\"", "agregue at_most = \"3 working days\""),
            );
        } else {
            mistakes.warning(
                key.span(),
                both!("a wait of this kind may last for ever", "una espera de este tipo puede durar para siempre"),
                both!(
                    "add at_most = \"3 working days\" and escalation = \"…\"",
                    "agregue at_most = \"3 working days\" y escalation = \"…\""
                ),
            );
        }
        return None;
    }
    let target = raw::Target {
        within: wait.at_most.clone(),
        calendar: wait.calendar.clone(),
        escalation: wait.escalation.clone(),
        rule: wait.rule.clone(),
        ..raw::Target::default()
    };
    targets::resolve_table(&target, &wait.span(), (calendars, ladders), true, mistakes)
}
