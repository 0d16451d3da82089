//! Names of the file.

use clap_complete::engine::CompletionCandidate;

use super::{Candidates, asked, described, words};
use crate::config::{self, Config};
use crate::engine::policy::Matcher;

/// What `of` finds in the file; nothing where it cannot be used.
pub(super) fn names(of: impl FnOnce(&Config) -> Candidates) -> Candidates {
    asked().load().as_ref().map(of).unwrap_or_default()
}

pub(super) fn people(config: &Config) -> Candidates {
    let person = |(key, contact): (&String, &config::Contact)| described(key, &contact.name);
    config.contacts.iter().map(person).collect()
}

pub(super) fn people_and_destinations(config: &Config) -> Candidates {
    let mut all = people(config);
    all.extend(words(config.destinations.keys()));
    all
}

pub(super) fn teams(config: &Config) -> Candidates {
    words(config.rulebook.directory.teams().map(|team| &team.key))
}

pub(super) fn customers(config: &Config) -> Candidates {
    config.rulebook.directory.customers().map(|customer| described(&customer.key, &customer.name)).collect()
}

pub(super) fn inboxes(config: &Config) -> Candidates {
    let own = config.rulebook.inboxes.iter().map(|inbox| inbox.key.clone());
    sorted(own.chain(spoken_of(config, |matcher| &matcher.inbox)))
}

pub(super) fn channels(config: &Config) -> Candidates {
    sorted(spoken_of(config, |matcher| &matcher.channel))
}

pub(super) fn priorities(config: &Config) -> Candidates {
    let brought = config.rulebook.tag_priorities.iter().map(|(_, priority)| priority.clone());
    sorted(brought.chain(spoken_of(config, |matcher| &matcher.priority)))
}

pub(super) fn tags(config: &Config) -> Candidates {
    let bring = config.rulebook.tag_priorities.iter().map(|(tag, _)| tag.clone());
    let taken = config.rulebook.inboxes.iter().flat_map(|inbox| inbox.takes.iter().cloned());
    sorted(bring.chain(taken).chain(spoken_of(config, |matcher| &matcher.tags)))
}

pub(super) fn waits(config: &Config) -> Candidates {
    config.rulebook.waits.iter().map(|wait| described(&wait.key, &wait.name)).collect()
}

pub(super) fn reasons(config: &Config) -> Candidates {
    config.rulebook.reasons.iter().map(|reason| described(&reason.key, &reason.name)).collect()
}

/// Those of a claim, and what comes after the last.
pub(super) fn stages(config: &Config) -> Candidates {
    let stages = config.rulebook.stages.iter().map(|stage| stage.name.as_str());
    words(stages.chain(["done"]))
}

pub(super) fn calendars(config: &Config) -> Candidates {
    words(config.calendars.keys())
}

pub(super) fn reports(config: &Config) -> Candidates {
    words(config.reports.iter().map(|report| &report.name))
}

/// Of whom figures can be asked, as `person:laura`.
pub(super) fn sides(config: &Config) -> Candidates {
    let of =
        |side: &'static str, names: Candidates| names.into_iter().map(move |name| name.add_prefix(format!("{side}:")));
    let people = of("team", teams(config)).chain(of("person", people(config))).chain(of("client", customers(config)));
    people.chain(of("channel", channels(config))).chain(of("inbox", inboxes(config))).collect()
}

/// Words by which policies choose requests.
fn spoken_of<'a>(config: &'a Config, part: fn(&Matcher) -> &Vec<String>) -> impl Iterator<Item = String> + 'a {
    config.rulebook.policies.iter().flat_map(move |policy| part(&policy.matcher).iter().cloned())
}

fn sorted(names: impl Iterator<Item = String>) -> Candidates {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}
