//! In which language a person at a terminal reads: the file's where there is one, else the locale's.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config;
use crate::text::Language;

/// Where a person, or their session, says it; the first that says anything counts.
const VARIABLES: [&str; 4] = ["PLAZO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];

/// The language of the terminal's locale; English where that is not Spanish.
pub(in crate::cli) fn of_the_terminal() -> Language {
    of_the_locale().unwrap_or(Language::En)
}

/// The same for the command that is being run.
pub(in crate::cli) fn of_this_command() -> Language {
    of_help(&std::env::args_os().collect::<Vec<_>>())
}

/// The language of help and of mistakes in the command line: the locale's, and where that says nothing, the file's.
pub(super) fn of_help(arguments: &[OsString]) -> Language {
    of_the_locale().or_else(|| config::language_of(&file(arguments))).unwrap_or(Language::En)
}

/// None where the locale is that of machines, or none is set.
fn of_the_locale() -> Option<Language> {
    let locale = VARIABLES.iter().filter_map(|name| std::env::var(name).ok()).find(|locale| !locale.is_empty())?;
    let is_of_machines = ["C", "POSIX"].contains(&locale.split('.').next().unwrap_or_default());
    (!is_of_machines).then(|| if locale.starts_with("es") { Language::Es } else { Language::En })
}

/// The file that the command line names, read before the command line is understood.
pub(super) fn file(arguments: &[OsString]) -> PathBuf {
    named(arguments, "--config")
        .or_else(|| std::env::var_os("PLAZO_CONFIG"))
        .map_or_else(|| PathBuf::from("sla.toml"), PathBuf::from)
}

/// What a command line gives for an option, as `--name value` or `--name=value`.
pub(super) fn named(arguments: &[OsString], option: &str) -> Option<OsString> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == option {
            return words.next().cloned();
        }
        let value = word.to_str().and_then(|word| word.strip_prefix(option)).and_then(|rest| rest.strip_prefix('='));
        if let Some(value) = value {
            return Some(value.into());
        }
    }
    None
}
