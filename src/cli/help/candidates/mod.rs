//! What a shell offers on TAB: numbers of what is open from the daemon, names from the file, words of plazo's own. Nothing is offered where
//! none of them is at hand.

mod daemon;
mod file;

use clap::{Arg, ArgAction};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use super::language;
use crate::cli::{Global, token};
use crate::engine::check::CheckKind;
use crate::engine::policy::TargetKind;
use crate::holidays::Country;
use crate::import::exports;
use crate::intake::presets;
use crate::text::templates::Texts;

type Candidates = Vec<CompletionCandidate>;

/// Adds to an argument what it may be, by its command and its name.
pub(super) fn add(arg: Arg, path: &str) -> Arg {
    if !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) || !arg.get_possible_values().is_empty() {
        return arg;
    }
    let from: fn() -> Candidates = match (path, arg.get_id().as_str()) {
        (_, "request" | "blocker") => daemon::requests,
        ("deliveries retry" | "deliveries drop", "delivery") => daemon::deliveries,
        ("silence end", "silence") => daemon::silences,
        ("away end", "absence") => daemon::absences,
        ("sessions end", "session") => daemon::sessions,
        ("violations", "violation") => daemon::violations,
        ("log", "person") => return arg, // somebody outside
        (_, "owner" | "by" | "person" | "substitute") => || file::names(file::people),
        ("test-notify", "to") => || file::names(file::people_and_destinations),
        (_, "team") => || file::names(file::teams),
        (_, "inbox") | ("move", "to") => || file::names(file::inboxes),
        (_, "channel") => || file::names(file::channels),
        (_, "customer" | "client") => || file::names(file::customers),
        (_, "priority") | ("prioritise", "to") => || file::names(file::priorities),
        (_, "tag") | ("tag", "add" | "remove") => || file::names(file::tags),
        ("wait", "on") => || file::names(file::waits),
        ("reason", "why") => || file::names(file::reasons),
        ("reason", "promise") => || words(TargetKind::ALL.map(TargetKind::as_str)),
        ("stage", "to") => || file::names(file::stages),
        ("calendar show", "name") => || file::names(file::calendars),
        ("report", "name") => || file::names(file::reports),
        ("report", "of") => || file::names(file::sides),
        ("violations", "rule") => rules,
        ("source test", "name") => sources,
        (_, "preset") => || words(presets::names()),
        ("import", "mapping") => || words(exports::names()),
        ("texts", "name") => || words(Texts::names()),
        ("token revoke", "name") => tokens,
        ("init", "country") => || words(Country::ALL.map(Country::code)),
        ("init", "zone") => || words(chrono_tz::TZ_VARIANTS.map(|zone| zone.name())),
        _ => return arg,
    };
    arg.add(ArgValueCandidates::new(from))
}

fn words(words: impl IntoIterator<Item = impl AsRef<str>>) -> Candidates {
    words.into_iter().map(|word| CompletionCandidate::new(word.as_ref().to_owned())).collect()
}

fn described(word: impl Into<String>, name: &str) -> CompletionCandidate {
    CompletionCandidate::new(word.into()).help(Some(name.to_owned().into()))
}

/// The rules that judge events, each once.
fn rules() -> Candidates {
    let mut rules = CheckKind::ALL.map(CheckKind::rule).to_vec();
    rules.sort_unstable();
    rules.dedup();
    words(rules)
}

/// The file's own sources, and what it could begin one with.
fn sources() -> Candidates {
    let mut sources = file::names(|config| words(config.sources.keys()));
    sources.extend(words(presets::names()));
    sources
}

fn tokens() -> Candidates {
    token::names(&asked()).map(words).unwrap_or_default()
}

/// The global options of the command line that is being written.
fn asked() -> Global {
    let arguments: Vec<_> = std::env::args_os().collect();
    let text = |option: &str, variable: &str| {
        let value = language::named(&arguments, option).or_else(|| std::env::var_os(variable))?;
        value.into_string().ok()
    };
    Global {
        config: language::file(&arguments),
        data: text("--data", "PLAZO_DATA").map(Into::into),
        url: text("--url", "PLAZO_URL"),
        token: text("--token", "PLAZO_TOKEN"),
    }
}
