//! `[[policy]]`: which requests each is for, and what it promises them.

use std::collections::HashSet;

use super::calendars::Calendars;
use super::ladders::Ladders;
use super::targets;
use crate::both;
use crate::config::mistake::{Mistakes, quoted};
use crate::config::raw::{self, At, Raw};
use crate::engine::event::{Audience, RequestKind};
use crate::engine::policy::{Matcher, Policy, TargetKind};
use crate::text::Both;
use crate::text::templates::REPLIES;

pub(super) fn resolve(raw: &Raw, calendars: &Calendars, ladders: &Ladders, mistakes: &mut Mistakes) -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    let mut names = HashSet::new();
    // Those whose `match` was understood: of one that was not, nobody knows what it covers.
    let mut understood: Vec<Policy> = Vec::new();
    for policy in &raw.policy {
        let n_before = mistakes.n_found();
        let matcher = policy.matcher.as_ref().map(|matcher| resolve_match(matcher, raw, mistakes)).unwrap_or_default();
        let is_understood = n_before == mistakes.n_found()
            && !policy.matcher.as_ref().is_some_and(|matcher| mistakes.is_flawed(&matcher.span()));
        let name = name(policy, &mut names, mistakes);
        let team = policy.team.as_ref().and_then(|team| known_team(team, raw, mistakes));
        let targets = resolve_targets(policy, calendars, ladders, mistakes);
        let resolved = Policy { name, matcher, team, targets, text: text(policy, mistakes) };
        if is_understood {
            warn_of_shadows(policy, &resolved, &understood, mistakes);
            understood.push(resolved.clone());
        }
        policies.push(resolved);
    }
    policies
}

/// The template of the reply that the policy's alerts carry.
fn text(policy: &raw::Policy, mistakes: &mut Mistakes) -> Option<String> {
    let text = policy.text.as_ref()?;
    if !REPLIES.contains(&text.as_str()) {
        let what = Both { en: "no template of a reply", es: "no hay una respuesta lista llamada así" };
        mistakes.unknown(text.span(), what, text, REPLIES);
    }
    Some(text.to_string())
}

fn name<'r>(policy: &'r At<raw::Policy>, names: &mut HashSet<&'r str>, mistakes: &mut Mistakes) -> String {
    let Some(name) = &policy.name else {
        mistakes.missing(&policy.span(), policy.span(), "name", "\"whatsapp\"");
        return String::new();
    };
    if !names.insert(name.as_str()) && !name.trim().is_empty() {
        let word = quoted(name);
        mistakes.error(
            name.span(),
            both!("there are two policies named `{word}`", "hay dos políticas llamadas `{word}`"),
            both!("give this one another name", "póngale otro nombre a esta"),
        );
    }
    super::filled(name, "\"whatsapp\"", mistakes)
}

fn resolve_targets(
    policy: &At<raw::Policy>,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> Vec<(TargetKind, Option<crate::engine::policy::Target>)> {
    let fields = [
        (TargetKind::Reply, &policy.reply),
        (TargetKind::FirstReply, &policy.first_reply),
        (TargetKind::Acknowledge, &policy.acknowledge),
        (TargetKind::Deliver, &policy.deliver),
        (TargetKind::Assign, &policy.assign),
        (TargetKind::Answer, &policy.answer),
        (TargetKind::Classify, &policy.classify),
        (TargetKind::Activity, &policy.activity),
        (TargetKind::FollowUp, &policy.follow_up),
        (TargetKind::Replica, &policy.replica),
        (TargetKind::Log, &policy.log),
        (TargetKind::Appointment, &policy.appointment),
        (TargetKind::CallBack, &policy.call_back),
        (TargetKind::Window, &policy.window),
        (TargetKind::Contingency, &policy.contingency),
        (TargetKind::Attend, &policy.attend),
    ];
    let written = fields.into_iter().filter_map(|(kind, field)| Some((kind, field.as_ref()?)));
    let targets: Vec<_> =
        written.map(|(kind, target)| (kind, targets::resolve(target, kind, calendars, ladders, mistakes))).collect();
    if targets.is_empty() && !mistakes.is_flawed(&policy.span()) {
        mistakes.warning(
            policy.span(),
            both!("this policy promises nothing", "esta política no promete nada"),
            both!(
                "add a promise, such as reply = {{ within = \"20m\" }}, or remove it",
                "agregue una promesa, como reply = {{ within = \"20m\" }}, o quítela"
            ),
        );
    }
    targets
}

pub(super) fn resolve_match(matcher: &raw::Match, raw: &Raw, mistakes: &mut Mistakes) -> Matcher {
    let audience = matcher.audience.as_ref().and_then(|word| match word.as_str() {
        "client" => Some(Audience::Client),
        "internal" => Some(Audience::Internal),
        _ => {
            let what = Both { en: "unknown audience", es: "audiencia desconocida" };
            mistakes.unknown(word.span(), what, word, ["client", "internal"]);
            None
        }
    });
    let teams = super::items(matcher.team.as_ref(), mistakes);
    let kinds = super::items(matcher.kind.as_ref(), mistakes);
    let mut words = |list| super::items(list, mistakes).iter().map(|word| word.to_string()).collect::<Vec<_>>();
    Matcher {
        channel: words(matcher.channel.as_ref()),
        audience,
        inbox: words(matcher.inbox.as_ref()),
        customer: words(matcher.customer.as_ref()),
        priority: words(matcher.priority.as_ref()),
        tags: words(matcher.tags.as_ref()),
        stage: words(matcher.stage.as_ref()),
        wait: Vec::new(),
        team: teams.iter().filter_map(|team| known_team(team, raw, mistakes)).collect(),
        kind: kinds.iter().filter_map(|word| request_kind(word, mistakes)).collect(),
    }
}

fn known_team(team: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<String> {
    let known = raw.team.keys().map(|key| key.as_str());
    if known.clone().any(|known| known == team.as_str()) {
        return Some(team.to_string());
    }
    mistakes.unknown(team.span(), Both { en: "unknown team", es: "equipo desconocido" }, team, known);
    None
}

pub(super) fn request_kind(word: &At<String>, mistakes: &mut Mistakes) -> Option<RequestKind> {
    const KINDS: [RequestKind; 4] = [RequestKind::Request, RequestKind::Task, RequestKind::Claim, RequestKind::Call];
    let found = KINDS.into_iter().find(|kind| kind.as_str() == word.as_str());
    if found.is_none() {
        let what = Both { en: "unknown kind of request", es: "tipo de solicitud desconocido" };
        mistakes.unknown(word.span(), what, word, KINDS.map(RequestKind::as_str));
    }
    found
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
        let (name, other) = (quoted(&policy.name), quoted(&first.name));
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
