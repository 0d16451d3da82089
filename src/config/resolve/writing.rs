//! Writing back: what `do` asks for where the conversation lives, whether any source of the file can, and that it makes no loop.

use std::collections::BTreeMap;

use super::ladders::Ladders;
use super::{destinations, ladders};
use crate::both;
use crate::config::mistake::{Mistakes, quoted};
use crate::config::raw::{self, At, Raw};
use crate::engine::check::Check;
use crate::engine::directory::{Directory, Tell};
use crate::engine::escalation::Escalation;
use crate::engine::policy::{Matcher, Policy, TargetKind};
use crate::engine::write_back::WriteBack;
use crate::intake::mapping::write::as_word;
use crate::intake::source::{SourceSettings, WriteSettings};
use crate::outbox::writing::is_same_tag;

/// The deed that a word of `do` names; none, and a mistake, where it names none.
pub(super) fn deed(word: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<WriteBack> {
    let named = word.split_once(':').map(|(what, name)| (what, name.trim())).filter(|(_, name)| !name.is_empty());
    match (word.as_str(), named) {
        ("note", _) => Some(WriteBack::Note),
        (_, Some(("tag", name))) => Some(WriteBack::Tag(name.to_owned())),
        (_, Some(("priority", name))) => Some(WriteBack::Priority(name.to_owned())),
        (_, Some(("assign", name))) => match ladders::tell_by(name, word, raw, mistakes)? {
            Tell::Destination(name) => {
                mistakes.error(
                    word.span(),
                    both!(
                        "`{name}` is no person, who could own a ticket",
                        "`{name}` no es una persona que pueda ser responsable"
                    ),
                    both!(
                        "name a role, a rota, a team or a person, such as \"assign:lead\"",
                        "nombre un cargo, un turno, un equipo o una persona, como \"assign:lead\""
                    ),
                );
                None
            }
            tell => Some(WriteBack::Assign(tell)),
        },
        _ => {
            let deed_name = quoted(word);
            mistakes.error(
                word.span(),
                both!("nobody knows how to do `{deed_name}`", "no se sabe hacer `{deed_name}`"),
                both!(
                    "write \"claim\", \"ticket:NAME\" with a destination of type \"glpi\" or \"clickup\", \"note\", \"tag:NAME\", \"assign:ROLE\" or \"priority:NAME\"",
                    "escriba \"claim\", \"ticket:NOMBRE\" con un destino de tipo \"glpi\" o \"clickup\", \"note\", \"tag:NOMBRE\", \"assign:CARGO\" o \"priority:NOMBRE\""
                ),
            );
            None
        }
    }
}

/// What `[source.NAME]` says of writing back.
pub(super) fn settings(source: &raw::Source, raw: &Raw, mistakes: &mut Mistakes) -> WriteSettings {
    let account = super::items(source.write_as.as_ref(), mistakes).iter().map(|word| word.to_string()).collect();
    let fallback = destinations::fallback(source.write_fallback.as_ref(), "", raw, mistakes);
    WriteSettings { account, fallback }
}

/// What the parts of a file say together.
pub(super) struct Whole<'a> {
    pub(super) raw: &'a Raw,
    pub(super) sources: &'a BTreeMap<String, SourceSettings>,
    pub(super) ladders: &'a Ladders,
    pub(super) policies: &'a [Policy],
    pub(super) checks: &'a [&'a Check],
    pub(super) directory: &'a Directory,
}

/// Refuses what could not be written, or would go round.
pub(super) fn check(whole: &Whole<'_>, mistakes: &mut Mistakes) {
    refuse_borrowed_accounts(whole, mistakes);
    for (name, ladder) in whole.ladders {
        let deeds = ladder.steps.iter().flat_map(|step| &step.deeds);
        let mut seen: Vec<&WriteBack> = Vec::new();
        for deed in deeds {
            if !seen.contains(&deed) {
                seen.push(deed);
                refuse_impossible(name, deed, whole, mistakes);
            }
        }
        if !seen.is_empty() {
            refuse_foreign_ladder(name, ladder, whole, mistakes);
        }
    }
    refuse_loops(whole, mistakes);
}

/// An account of plazo's own is nobody else's: what it does would look like that person's work.
fn refuse_borrowed_accounts(whole: &Whole<'_>, mistakes: &mut Mistakes) {
    for source in whole.raw.source.values() {
        for word in source.write_as.iter().flat_map(|words| &words.items) {
            let Some(person) = whole.directory.person(word) else { continue };
            let name = quoted(&person.name);
            mistakes.error(
                word.span(),
                both!("this account is {name}'s", "esta cuenta es de {name}"),
                both!(
                    "make an account for plazo alone there: what it writes by a person's would count as that person's work",
                    "cree allá una cuenta solo para plazo: lo que escriba con la de una persona contaría como trabajo de ella"
                ),
            );
        }
    }
}

/// Refuses a deed that no source of the file could do.
fn refuse_impossible(ladder: &str, deed: &WriteBack, whole: &Whole<'_>, mistakes: &mut Mistakes) {
    let word = word_of(deed);
    let Some(place) = place_of(ladder, deed, whole.raw) else { return };
    let writers: Vec<_> = whole.sources.values().filter(|source| source.writes().is_some()).collect();
    if writers.is_empty() {
        let half = whole.sources.values().find_map(|source| Some((source, source.lacks_to_write()?)));
        let remedy = match half {
            Some((source, key)) => {
                let name = &source.name;
                both!("add `{key}` to [source.{name}]", "agregue `{key}` a [source.{name}]")
            }
            None => both!(
                "add a source whose preset has [write], such as chatwoot, with its `token`; docs/sources.md says which",
                "agregue una fuente que traiga [write], como chatwoot, con su `token`; docs/fuentes.md dice cuáles"
            ),
        };
        mistakes.error(
            place,
            both!(
                "no source of this file can be written back to",
                "en ninguna fuente de este archivo se puede escribir"
            ),
            remedy,
        );
        return;
    }
    if !writers.iter().any(|source| source.writes().is_some_and(|write| write.can(word))) {
        let names = writers.iter().map(|source| source.mapping.title.as_str()).collect::<Vec<_>>().join(", ");
        mistakes.error(
            place,
            both!("{names} knows no `{word}`", "{names} no tiene `{word}`"),
            both!("write another deed, or none", "escriba otra acción, o ninguna"),
        );
        return;
    }
    let knows = |source: &&SourceSettings, name: &str| {
        source.writes().is_some_and(|write| write.can(word) && write.knows_priority(name, &source.set))
    };
    if let WriteBack::Priority(name) = deed
        && !writers.iter().any(|source| knows(source, name))
    {
        let name = quoted(name);
        mistakes.error(
            place,
            both!("no source knows the priority `{name}`", "ninguna fuente conoce la prioridad `{name}`"),
            both!(
                "write one that it knows, or say what it is called there: set = {{ priorities = {{ {name} = \"…\" }} }}",
                "escriba una que conozca, o diga cómo se llama allá: set = {{ priorities = {{ {name} = \"…\" }} }}"
            ),
        );
    }
}

/// Refuses deeds where requests come by sources that cannot be written to, and where a ladder is about a broken rule.
fn refuse_foreign_ladder(name: &str, ladder: &Escalation, whole: &Whole<'_>, mistakes: &mut Mistakes) {
    let Some(place) = ladder.steps.iter().flat_map(|step| &step.deeds).find_map(|deed| place_of(name, deed, whole.raw))
    else {
        return;
    };
    if whole.checks.iter().any(|check| check.escalation.name == name) {
        mistakes.error(
            place,
            both!("a broken rule is not written back", "un incumplimiento de una regla no se escribe allá"),
            both!("give [check] a ladder without it", "dele a [check] una escalera sin eso"),
        );
        return;
    }
    for policy in whole.policies.iter().filter(|policy| !policy.matcher.channel.is_empty()) {
        if !policy.targets.iter().any(|(_, target)| target.as_ref().is_some_and(|own| own.escalation.name == name)) {
            continue;
        }
        let feeds = |source: &&SourceSettings| {
            source
                .own_channel()
                .is_some_and(|own| policy.matcher.channel.iter().any(|channel| channel.eq_ignore_ascii_case(own)))
        };
        let feeders: Vec<_> = whole.sources.values().filter(feeds).collect();
        let can_any = whole.sources.values().any(|source| source.writes().is_some() && source.own_channel().is_none());
        if let Some(first) = feeders.first()
            && !can_any
            && feeders.iter().all(|source| source.writes().is_none())
        {
            let (source, policy) = (&first.name, quoted(&policy.name));
            mistakes.error(
                place.clone(),
                both!(
                    "requests of policy `{policy}` come by [source.{source}], which cannot be written back to",
                    "las solicitudes de la política `{policy}` llegan por [source.{source}], en la que no se puede escribir"
                ),
                both!(
                    "give that policy a ladder without it, or give the source what its preset needs to write",
                    "dele a esa política una escalera sin eso, o a la fuente lo que necesita para escribir"
                ),
            );
            return;
        }
    }
}

/// Refuses a step that sets what a policy matches, where that policy's own steps set something: the request would get a new clock by it, and
/// so on.
fn refuse_loops(whole: &Whole<'_>, mistakes: &mut Mistakes) {
    let mut told: Vec<(&str, &WriteBack)> = Vec::new();
    for policy in whole.policies {
        for deed in setting(policy) {
            let goes_on = |other: &&Policy| is_matched(deed.1, other, whole) && setting(other).next().is_some();
            let Some(other) = whole.policies.iter().find(goes_on).filter(|_| !told.contains(&deed)) else {
                continue;
            };
            told.push(deed);
            let Some(place) = place_of(deed.0, deed.1, whole.raw) else { continue };
            let (what, name) = (deed.1.to_string(), quoted(&other.name));
            mistakes.error(
                place,
                both!(
                    "`{what}` sets what policy `{name}` matches, whose own steps set something: they would go round",
                    "`{what}` cambia lo que pide la política `{name}`, cuyos pasos también cambian algo: darían vueltas"
                ),
                both!(
                    "set something that no `match` asks for, such as a tag of plazo's own",
                    "cambie algo que ningún `match` pida, como una etiqueta propia de plazo"
                ),
            );
        }
    }
}

/// The ladders of a policy with what their steps set.
fn setting(policy: &Policy) -> impl Iterator<Item = (&str, &WriteBack)> {
    let ladders = policy.targets.iter().filter_map(|(_, target)| target.as_ref()).map(|target| &target.escalation);
    let deeds = ladders
        .flat_map(|ladder| ladder.steps.iter().flat_map(|step| &step.deeds).map(|deed| (ladder.name.as_str(), deed)));
    deeds.filter(|(_, deed)| !matches!(deed, WriteBack::Note))
}

/// Whether what a deed sets decides whether that policy holds, or gives one of its promises a new beginning.
fn is_matched(deed: &WriteBack, policy: &Policy, whole: &Whole<'_>) -> bool {
    let Matcher { tags, priority, team, .. } = &policy.matcher;
    let has = |list: &[String], word: &str| list.iter().any(|item| item.to_lowercase() == word.to_lowercase());
    // Systems have their own words for what the file names.
    let sets = |name: &str| {
        let mut writers = whole.sources.values().filter_map(|source| Some((source.writes()?, &source.set)));
        has(priority, name) || writers.any(|(write, set)| has(priority, &as_word(&write.priority(name, set))))
    };
    match deed {
        WriteBack::Note => false,
        WriteBack::Tag(name) => {
            let own = whole.raw.tag.iter().find(|(key, _)| is_same_tag(key, name));
            let brings = own.and_then(|(_, tag)| tag.priority.as_ref());
            tags.iter().any(|tag| is_same_tag(tag, name)) || brings.is_some_and(|brings| has(priority, brings))
        }
        WriteBack::Priority(name) => sets(name),
        WriteBack::Assign(_) => {
            let hands_on = |(kind, target): &(TargetKind, Option<_>)| *kind == TargetKind::Attend && target.is_some();
            !team.is_empty() || policy.targets.iter().any(hands_on)
        }
    }
}

/// The word by which a mapping lists the deed.
const fn word_of(deed: &WriteBack) -> &'static str {
    match deed {
        WriteBack::Note => "note",
        WriteBack::Tag(_) => "tag",
        WriteBack::Assign(_) => "assign",
        WriteBack::Priority(_) => "priority",
    }
}

/// Where a ladder asks for a deed.
fn place_of(ladder: &str, deed: &WriteBack, raw: &Raw) -> Option<std::ops::Range<usize>> {
    let (_, steps) = raw.escalation.iter().find(|(name, _)| name.as_str() == ladder)?;
    let mut words = steps.iter().filter_map(|step| step.deed.as_ref()).flat_map(|words| &words.items);
    // What is wrong with a word was told where it was read.
    let is_it = |word: &&At<String>| self::deed(word, raw, &mut Mistakes::default()).as_ref() == Some(deed);
    words.find(is_it).map(|word| word.span())
}
