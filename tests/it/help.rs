//! `--help` and mistakes in the command line: for everybody in their language, with examples that work.

use std::process::Command;

use plazo::cli::help::{self, GROUPS};
use plazo::text::Language;

/// What clap says in English by itself, or from the derive.
const ENGLISH: [&str; 9] =
    ["Usage", "Options", "Arguments:", "Commands", "[default", "[env", "[possible", "Print ", "such as "];

/// Every command with its path, the nested ones too; `help` itself is clap's.
pub fn commands(language: Language) -> Vec<(String, clap::Command)> {
    fn walk(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let path = format!("{path} {}", below.get_name()).trim().to_owned();
            found.push((path.clone(), below.clone()));
            walk(below, &path, found);
        }
    }
    let mut found = Vec::new();
    walk(&help::command(language), "", &mut found);
    found
}

#[test]
fn every_command_stands_in_one_group() {
    let shown = commands(Language::En).into_iter().filter(|(_, command)| !command.is_hide_set());
    let top: Vec<String> = shown.map(|(path, _)| path).filter(|path| !path.contains(' ')).collect();
    let grouped: Vec<&str> = GROUPS.iter().flat_map(|group| group.commands).copied().collect();
    for command in &top {
        let n = grouped.iter().filter(|name| *name == command).count();
        assert_eq!(n, 1, "`{command}` stands in {n} groups; see src/cli/help/mod.rs");
    }
    for name in &grouped {
        assert!(top.iter().any(|command| command == name), "there is no `{name}`");
    }
}

#[test]
fn every_text_is_there_in_spanish() {
    let mut missing = Vec::new();
    let text = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string).unwrap_or_default();
    for ((path, english), (_, spanish)) in commands(Language::En).iter().zip(&commands(Language::Es)) {
        if text(english.get_about()) == text(spanish.get_about()) {
            missing.push(format!("{path}: {}", text(english.get_about())));
        }
        for (one, other) in english.get_arguments().zip(spanish.get_arguments()) {
            assert_eq!(one.get_id(), other.get_id(), "{path}");
            let (en, es) = (text(one.get_help()), text(other.get_help()));
            if en.is_empty() || es.starts_with(&en) {
                missing.push(format!("{path} {}: {en}", one.get_id()));
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "not in src/cli/help/spanish.rs:\n{}", missing.join("\n"));
}

#[test]
fn no_page_mixes_the_languages() {
    let mut pages = vec![(String::new(), help::command(Language::Es))];
    pages.extend(commands(Language::Es));
    for (path, mut command) in pages {
        for page in [command.render_help().to_string(), command.render_long_help().to_string()] {
            for word in ENGLISH {
                assert!(!page.contains(word), "plazo {path} --help has `{word}`:\n{page}");
            }
        }
    }
}

#[test]
fn what_every_command_takes_stands_last_and_together() {
    for (path, mut command) in commands(Language::En) {
        let page = command.render_help().to_string();
        let global = page.split("Global options:").nth(1).unwrap_or_else(|| panic!("{path}: {page}"));
        let own = page.split("Global options:").next().unwrap_or_default();
        for option in ["--config", "--data", "--url", "--token", "--help"] {
            assert!(global.contains(option) && !own.contains(&format!("      {option}")), "{path}: {option}\n{page}");
        }
    }
}

#[test]
fn every_command_has_two_examples_which_parse() {
    for (language, title) in [(Language::En, "Examples:"), (Language::Es, "Ejemplos:")] {
        for (path, command) in commands(language) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<_> = after.lines().skip(1).map(str::trim).collect();
            assert!(after.contains(title) && examples.len() == 2, "plazo {path}: {after}");
            for example in examples {
                let words = words(
                    example
                        .split([' '])
                        .take_while(|word| *word != "<" && *word != ">")
                        .collect::<Vec<_>>()
                        .join(" ")
                        .as_str(),
                );
                assert!(words.first().is_some_and(|word| word == "plazo"), "{example}");
                let parsed = help::command(language).try_get_matches_from(words);
                assert!(parsed.is_ok(), "plazo {path}: `{example}`: {}", parsed.unwrap_err());
            }
        }
    }
}

/// A command line's words; what stands in double quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The command in a folder of its own, with these variables of the locale and no others.
pub fn at_a_terminal(folder: &std::path::Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plazo"));
    for name in ["PLAZO_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "PLAZO_CONFIG"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).current_dir(folder);
    command
}

#[test]
fn help_is_in_the_language_of_the_locale_and_else_of_the_file() {
    type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, bool);
    let rows: &[Row<'_>] = &[
        (&[("LANG", "es_CO.UTF-8")], None, true),
        (&[("LANG", "en_US.UTF-8")], None, false),
        (&[("LANG", "en_US.UTF-8")], Some("es"), false),
        (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "es_ES.UTF-8")], None, true),
        (&[("LANG", "es_CO.UTF-8"), ("PLAZO_LANG", "en")], Some("es"), false),
        (&[("LC_ALL", "C.UTF-8")], Some("es"), true),
        (&[("LANG", "POSIX")], Some("es"), true),
        (&[], Some("es"), true),
        (&[], Some("en"), false),
        (&[], None, false),
    ];
    for (variables, file, is_spanish) in rows {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(language) = file {
            // One that cannot be used says its language all the same.
            std::fs::write(folder.path().join("sla.toml"), format!("language = \"{language}\"\n[oops\n"))
                .expect("written");
        }
        let output = at_a_terminal(folder.path(), variables).arg("--help").output().expect("plazo runs");
        let page = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(page.contains("Empezar:"), *is_spanish, "{variables:?} {file:?}: {page}");
        assert_eq!(page.contains("Start:"), !is_spanish, "{variables:?} {file:?}: {page}");
    }
}

#[test]
fn mistakes_in_the_command_line_are_told_in_spanish() {
    let rows: &[(&[&str], &[&str])] = &[
        (&["lst"], &["no hay una orden «lst»", "¿quiso decir", "«list»"]),
        (&["list", "--stat", "open"], &["aquí no existe «--stat»", "«--state»"]),
        (
            &["list", "--state", "abierta"],
            &["«abierta» no sirve para --state <ESTADO>", "open, waiting, overdue, closed, all"],
        ),
        (&["list", "--limit", "x"], &["«x» no sirve para --limit"]),
        (&["show"], &["falta <SOLICITUD>", "Uso: plazo show"]),
        (&["snooze"], &["faltan"]),
        (&["report", "--json", "--csv"], &["no va junto con"]),
        (
            &["token", "create", "--name", "x", "--scope", "root"],
            &["«root» no es un alcance; hay ingest, read y operate"],
        ),
        (&["list", "--owner"], &["falta el valor de --owner <RESPONSABLE>"]),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, expected) in rows {
        let output =
            at_a_terminal(folder.path(), &[("LANG", "es_CO.UTF-8")]).args(*arguments).output().expect("plazo runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for words in *expected {
            assert!(said.contains(words), "{arguments:?} lacks `{words}`: {said}");
        }
        for word in ["error: invalid", "unexpected", "required", "For more information"] {
            assert!(!said.contains(word), "{arguments:?}: {said}");
        }
    }
}
