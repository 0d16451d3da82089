//! `[claim]`: the stages of a formal claim, each with an owner and a promise (D4).

use super::calendars::Calendars;
use super::ladders::{self, Ladders};
use super::targets;
use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::engine::event::RequestKind;
use crate::engine::policy::{Matcher, Policy, Target, TargetKind};
use crate::engine::rulebook::{DONE, Stage};
use crate::text::Both;

/// The word for a stage that gives the claim its number.
const NUMBER: &str = "number";

/// The stages, and the policies that promise when each is left.
pub(super) fn resolve(
    raw: &Raw,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> (Vec<Stage>, Vec<Policy>) {
    let mut stages: Vec<Stage> = Vec::new();
    let mut policies = Vec::new();
    for stage in raw.claim.iter().flat_map(|claim| &claim.stages) {
        let Some(name) = &stage.name else {
            mistakes.missing(&stage.span(), stage.span(), "name", "\"back office\"");
            continue;
        };
        super::reserved(name, &[DONE], mistakes);
        let name_text = super::filled(name, "\"back office\"", mistakes);
        if stages.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&name_text)) {
            mistakes.error(
                name.span(),
                both!("there are two stages named `{name_text}`", "hay dos etapas llamadas `{name_text}`"),
                both!("give this one another name", "póngale otro nombre a esta"),
            );
        }
        let owner = stage.owner.as_ref().and_then(|owner| ladders::tell(owner, raw, mistakes));
        let target = promise(stage, calendars, ladders, mistakes);
        policies.push(Policy {
            name: format!("claim: {name_text}"),
            matcher: Matcher { kind: vec![RequestKind::Claim], stage: vec![name_text.clone()], ..Matcher::default() },
            team: None,
            targets: vec![(TargetKind::Hop, target)],
            text: None,
        });
        stages.push(Stage { name: name_text, owner, needs_number: needs_number(stage, mistakes) });
    }
    (stages, policies)
}

fn promise(
    stage: &At<raw::Stage>,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> Option<Target> {
    let target = raw::Target {
        within: stage.within.clone(),
        calendar: stage.calendar.clone(),
        escalation: stage.escalation.clone(),
        rule: stage.rule.clone(),
        ..raw::Target::default()
    };
    let target = targets::resolve_table(&target, &stage.span(), (calendars, ladders), true, mistakes)?;
    let rule = target.rule.clone().or_else(|| Some("D4".to_owned()));
    Some(Target { rule, ..target })
}

fn needs_number(stage: &raw::Stage, mistakes: &mut Mistakes) -> bool {
    let Some(needs) = &stage.needs else { return false };
    if needs.as_str() != NUMBER {
        let what = Both { en: "unknown need", es: "requisito desconocido" };
        mistakes.unknown(needs.span(), what, needs, [NUMBER]);
    }
    true
}
