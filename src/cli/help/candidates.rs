//! What a shell offers on TAB: numbers of requests from the daemon, names from the file. Nothing is offered where neither is at hand.

use std::time::Duration;

use clap::{Arg, ArgAction};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use super::language;
use crate::cli::client::Client;
use crate::cli::{Global, runtime};
use crate::config::{self, Config};
use crate::intake::presets;

/// Who presses TAB does not wait longer.
const PATIENCE: Duration = Duration::from_millis(800);

/// Adds to an argument what it may be, by its command and its name.
pub(super) fn add(arg: Arg, path: &str) -> Arg {
    if !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) || !arg.get_possible_values().is_empty() {
        return arg;
    }
    let from: fn() -> Vec<CompletionCandidate> = match (path, arg.get_id().as_str()) {
        (_, "request" | "blocker") => requests,
        (_, "owner" | "by" | "person") | ("test-notify", "to") => || from_file(people),
        (_, "channel") => || from_file(channels),
        (_, "customer") => || from_file(customers),
        ("calendar show", "name") => {
            || from_file(|config| config.calendars.keys().map(CompletionCandidate::new).collect())
        }
        ("report", "name") => {
            || from_file(|config| config.reports.iter().map(|report| CompletionCandidate::new(&report.name)).collect())
        }
        (_, "preset") | ("source test", "name") => || presets::names().map(CompletionCandidate::new).collect(),
        _ => return arg,
    };
    arg.add(ArgValueCandidates::new(from))
}

fn people(config: &Config) -> Vec<CompletionCandidate> {
    let person = |(key, contact): (&String, &config::Contact)| described(key, &contact.name);
    config.contacts.iter().map(person).collect()
}

fn customers(config: &Config) -> Vec<CompletionCandidate> {
    config.rulebook.directory.customers().map(|customer| described(&customer.key, &customer.name)).collect()
}

/// The channels of which a policy speaks.
fn channels(config: &Config) -> Vec<CompletionCandidate> {
    let mut channels: Vec<_> =
        config.rulebook.policies.iter().flat_map(|policy| policy.matcher.channel.iter().cloned()).collect();
    channels.sort_unstable();
    channels.dedup();
    channels.into_iter().map(CompletionCandidate::new).collect()
}

fn described(word: &str, name: &str) -> CompletionCandidate {
    CompletionCandidate::new(word).help(Some(name.to_owned().into()))
}

fn from_file(names: impl FnOnce(&Config) -> Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
    asked().load().as_ref().map(names).unwrap_or_default()
}

/// Open requests, each with what it is about.
fn requests() -> Vec<CompletionCandidate> {
    let page = runtime().ok().and_then(|runtime| {
        runtime.block_on(async {
            let client = Client::reading(&asked()).ok()?;
            tokio::time::timeout(PATIENCE, client.get("/v1/requests?state=open&limit=100")).await.ok()?.ok()
        })
    });
    let requests = page.as_ref().and_then(|page| page["requests"].as_array()).into_iter().flatten();
    requests
        .filter_map(|request| {
            let subject = request["subject"].as_str().unwrap_or_default();
            Some(described(request["id"].as_str()?, subject))
        })
        .collect()
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
