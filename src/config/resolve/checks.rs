//! `[check]`: the rules that judge what is done, and what each compares with.

use std::sync::Arc;

use super::ladders::Ladders;
use crate::both;
use crate::config::mistake::{Mistakes, quoted};
use crate::config::raw::{self, At, OneOrMany, Raw};
use crate::engine::check::{Association, Check, CheckKind, Checks, LogField, Phrases};
use crate::engine::directory::{Role, Tell};
use crate::engine::escalation::{Escalation, Offset, Step};
use crate::engine::policy::Matcher;
use crate::text::Both;

/// Requests that a call deals with at most (D8), and when the line is busy.
/// How often a request may be parked, where the file does not say.
const MOST_WAITS: u32 = 3;
const AT_MOST: (u32, u32) = (10, 3);

pub(super) fn resolve(raw: &Raw, ladders: &Ladders, mistakes: &mut Mistakes) -> Checks {
    let mut checks = Checks { at_most: AT_MOST, ..Checks::default() };
    for (name, check) in &raw.check {
        let Some(kind) = CheckKind::ALL.into_iter().find(|kind| kind.as_str() == name.as_str()) else {
            let what = Both { en: "unknown check", es: "no hay un control llamado así" };
            mistakes.unknown(name.span(), what, name, CheckKind::ALL.map(CheckKind::as_str));
            continue;
        };
        refuse_foreign_keys(kind, check, mistakes);
        settings(kind, check, name, &mut checks, mistakes);
        let matcher = check.matcher.as_ref().map(|matcher| super::policies::resolve_match(matcher, raw, mistakes));
        let escalation = match &check.escalation {
            Some(ladder) => ladder_of(ladder, ladders, mistakes),
            None => Some(usual_ladder()),
        };
        let rule = check.rule.as_ref().map_or_else(|| kind.rule().to_owned(), |rule| rule.to_string());
        let escalation = escalation.unwrap_or_else(usual_ladder);
        checks.on.insert(kind, Check { rule, matcher: matcher.unwrap_or_else(Matcher::default), escalation });
    }
    checks
}

/// Owner and lead are told.
fn usual_ladder() -> Arc<Escalation> {
    let tell = vec![Tell::Role(Role::Owner), Tell::Role(Role::Lead)];
    Arc::new(Escalation {
        name: String::new(),
        steps: vec![Step { at: Offset::Due, tell, claims: false, deeds: Vec::new() }],
    })
}

/// A ladder whose steps stand where a violation can tell them: when it is found, or after.
fn ladder_of(name: &At<String>, ladders: &Ladders, mistakes: &mut Mistakes) -> Option<Arc<Escalation>> {
    let Some(ladder) = ladders.get(name.as_str()) else {
        let what = Both { en: "unknown escalation", es: "escalamiento desconocido" };
        mistakes.unknown(name.span(), what, name, ladders.keys().map(String::as_str));
        return None;
    };
    let early = ladder.steps.iter().find(|step| !matches!(step.at, Offset::Start | Offset::Due | Offset::After(_)));
    if let Some(step) = early {
        let at = step.at;
        mistakes.error(
            name.span(),
            both!("its step `{at}` has no instant here", "su paso `{at}` no tiene momento aquí"),
            both!(
                "a violation is told when it is found (\"due\") or after (\"+1h\"): use a ladder of such steps",
                "un incumplimiento se avisa al encontrarse (\"due\") o después (\"+1h\"): use un escalamiento con esos pasos"
            ),
        );
        return None;
    }
    Some(Arc::clone(ladder))
}

/// The keys that a check has besides `rule`, `match` and `escalation`.
const fn keys_of(kind: CheckKind) -> &'static [&'static str] {
    match kind {
        CheckKind::SameThread => &["required"],
        CheckKind::Official => &["channels"],
        CheckKind::Log => &["requires"],
        CheckKind::Associated => &["requires", "ticket_in"],
        CheckKind::Calls => &["at_most", "when_busy"],
        CheckKind::Parking => &["at_most"],
        CheckKind::Comment | CheckKind::Outside => &["tags"],
        CheckKind::Closing | CheckKind::ComesBack => &["phrases"],
        CheckKind::Wording => &["phrases", "unless_tags"],
        CheckKind::Authorised
        | CheckKind::Automatic
        | CheckKind::Empty
        | CheckKind::Copy
        | CheckKind::Replica
        | CheckKind::Blocked
        | CheckKind::Duplicates
        | CheckKind::Repeated
        | CheckKind::Queues
        | CheckKind::Number => &[],
    }
}

fn refuse_foreign_keys(kind: CheckKind, check: &raw::Check, mistakes: &mut Mistakes) {
    let place = |words: &Option<OneOrMany<At<String>>>| words.as_ref().map(|words| words.span.clone());
    let written = [
        ("required", check.required.as_ref().map(At::span)),
        ("channels", place(&check.channels)),
        ("requires", place(&check.requires)),
        ("ticket_in", place(&check.ticket_in)),
        ("at_most", check.at_most.as_ref().map(At::span)),
        ("when_busy", check.when_busy.as_ref().map(At::span)),
        ("tags", place(&check.tags)),
        ("phrases", place(&check.phrases)),
        ("unless_tags", place(&check.unless_tags)),
    ];
    let (own, name) = (keys_of(kind), kind.as_str());
    for (key, span) in written {
        let Some(span) = span.filter(|_| !own.contains(&key)) else { continue };
        let usual = ["rule", "match", "escalation"];
        let known = usual.iter().chain(own).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        mistakes.error(
            span,
            both!("the check `{name}` knows no `{key}`", "el control `{name}` no tiene `{key}`"),
            both!("it has {known}", "tiene {known}"),
        );
    }
}

fn settings(kind: CheckKind, check: &At<raw::Check>, name: &At<String>, checks: &mut Checks, mistakes: &mut Mistakes) {
    let words = |list: &Option<OneOrMany<At<String>>>, mistakes: &mut Mistakes| -> Vec<String> {
        super::items(list.as_ref(), mistakes).iter().map(|word| word.to_string()).collect()
    };
    let need = |key: &str, is_written: bool, example: &str, mistakes: &mut Mistakes| {
        if !is_written {
            mistakes.missing(&check.span(), name.span(), key, example);
        }
    };
    match kind {
        CheckKind::SameThread => checks.thread_required = check.required.as_deref().copied().unwrap_or(false),
        CheckKind::Official => {
            need("channels", check.channels.is_some(), "[\"whatsapp\", \"email\"]", mistakes);
            checks.channels = words(&check.channels, mistakes);
        }
        CheckKind::Log => {
            checks.log_requires = match &check.requires {
                Some(_) => known(check.requires.as_ref(), &LogField::ALL, LogField::as_str, mistakes),
                None => LogField::ALL.to_vec(),
            };
        }
        CheckKind::Associated => {
            checks.requires = match &check.requires {
                Some(_) => known(check.requires.as_ref(), &Association::ALL, Association::as_str, mistakes),
                None => vec![Association::Contact, Association::Customer],
            };
            checks.ticket_in = words(&check.ticket_in, mistakes);
        }
        CheckKind::Calls => {
            let at_most = check.at_most.as_deref().copied().unwrap_or(AT_MOST.0);
            checks.at_most = (at_most, check.when_busy.as_deref().copied().unwrap_or(AT_MOST.1.min(at_most)));
        }
        CheckKind::Parking => checks.most_waits = check.at_most.as_deref().copied().unwrap_or(MOST_WAITS),
        CheckKind::Comment => {
            need("tags", check.tags.is_some(), "[\"fuera-de-lo-comun\"]", mistakes);
            checks.comment_tags = words(&check.tags, mistakes);
        }
        CheckKind::Outside => {
            need("tags", check.tags.is_some(), "[\"fuera-del-crm\"]", mistakes);
            checks.outside_tags = words(&check.tags, mistakes);
        }
        CheckKind::Closing => checks.confirms = phrases(check.phrases.as_ref(), mistakes),
        CheckKind::ComesBack => {
            need("phrases", check.phrases.is_some(), "['le confirmo (mañana|luego)']", mistakes);
            checks.comes_back = phrases(check.phrases.as_ref(), mistakes);
        }
        CheckKind::Wording => {
            need("phrases", check.phrases.is_some(), "['24 a 72 horas']", mistakes);
            checks.forbids = phrases(check.phrases.as_ref(), mistakes);
            checks.unless_tags = words(&check.unless_tags, mistakes);
        }
        CheckKind::Authorised
        | CheckKind::Automatic
        | CheckKind::Empty
        | CheckKind::Copy
        | CheckKind::Replica
        | CheckKind::Blocked
        | CheckKind::Duplicates
        | CheckKind::Repeated
        | CheckKind::Queues
        | CheckKind::Number => {}
    }
}

fn known<T: Copy>(
    words: Option<&OneOrMany<At<String>>>,
    all: &[T],
    name: fn(T) -> &'static str,
    mistakes: &mut Mistakes,
) -> Vec<T> {
    let mut found = Vec::new();
    for word in super::items(words, mistakes) {
        match all.iter().copied().find(|one| name(*one) == word.as_str()) {
            Some(one) => found.push(one),
            None => {
                let what = Both { en: "unknown word", es: "palabra desconocida" };
                mistakes.unknown(word.span(), what, word, all.iter().map(|one| name(*one)));
            }
        }
    }
    found
}

fn phrases(words: Option<&OneOrMany<At<String>>>, mistakes: &mut Mistakes) -> Phrases {
    let items = super::items(words, mistakes);
    let good: Vec<&str> = items
        .iter()
        .filter(|pattern| super::is_expression(pattern, mistakes))
        .map(|pattern| pattern.as_str())
        .collect();
    // Each was compiled just above; only its folding could make one too large.
    Phrases::new(good.iter().copied()).unwrap_or_else(|error| {
        if let Some(first) = items.first() {
            let text = quoted(&error.to_string());
            mistakes.error(
                first.span(),
                both!("these patterns are too large together: {text}", "estos patrones son demasiado grandes: {text}"),
                both!("write fewer, or shorter ones", "escriba menos, o más cortos"),
            );
        }
        Phrases::default()
    })
}
