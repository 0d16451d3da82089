//! The manual pages: one a command, in both languages, with what the help has, and without mistakes of form.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use plazo::text::Language;

use crate::help::commands;
use crate::support::plazo;

fn pages(directory: &Path, language: &[&str]) -> BTreeSet<String> {
    let output = plazo()
        .arg("man")
        .arg(directory)
        .args(language)
        .env("SOURCE_DATE_EPOCH", "1764547200")
        .output()
        .expect("plazo runs");
    assert!(output.status.success(), "{output:?}");
    let names = std::fs::read_dir(directory).expect("the folder is made");
    names.map(|entry| entry.expect("a page").file_name().into_string().expect("a name")).collect()
}

/// A page as a terminal shows it, with single spaces.
fn shown(page: &Path) -> String {
    let output = Command::new("mandoc")
        .args(["-T", "utf8", "-K", "utf-8", "-O", "width=300"])
        .arg(page)
        .output()
        .expect("mandoc is missing; install it: apt-get install mandoc");
    // Bold and underlined letters are struck over.
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let plain = regex::Regex::new(".\u{8}").expect("a pattern").replace_all(&text, "").into_owned();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_has_its_page_in_both_languages_and_none_has_a_mistake() {
    let mut expected: BTreeSet<String> = commands(Language::En)
        .into_iter()
        .filter(|(_, command)| !command.is_hide_set())
        .map(|(path, _)| format!("plazo-{}.1", path.replace(' ', "-")))
        .collect();
    expected.insert("plazo.1".to_owned());
    let directory = tempfile::tempdir().expect("a directory");
    for (language, arguments) in [("en", &[][..]), ("es", &["--language", "es"][..])] {
        let folder = directory.path().join(language).join("man1");
        assert_eq!(pages(&folder, arguments), expected);
        let lint = Command::new("mandoc")
            .args(["-T", "lint", "-W", "warning", "-K", "utf-8"])
            .args(expected.iter().map(|name| folder.join(name)))
            .output()
            .expect("mandoc is missing; install it: apt-get install mandoc");
        let said = String::from_utf8_lossy(&lint.stdout);
        assert!(lint.status.success() && said.is_empty(), "{said}");
    }
}

#[test]
fn a_page_has_what_the_help_has() {
    let directory = tempfile::tempdir().expect("a directory");
    for (language, arguments) in [(Language::En, &[][..]), (Language::Es, &["--language", "es"][..])] {
        let folder = directory.path().join(language.code());
        pages(&folder, arguments);
        for (path, command) in commands(language).into_iter().filter(|(_, command)| !command.is_hide_set()) {
            let page = shown(&folder.join(format!("plazo-{}.1", path.replace(' ', "-"))));
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(page.contains(&format!("- {about}")), "{path} lacks `{about}`:\n{page}");
            // Of `--help` clap says where the longer text is.
            for argument in
                command.get_arguments().filter(|argument| !argument.is_hide_set() && argument.get_id() != "help")
            {
                let help = argument
                    .get_long_help()
                    .or_else(|| argument.get_help())
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(page.contains(&help), "{path} {} lacks `{help}`:\n{page}", argument.get_id());
                let option = argument.get_long().map(|long| format!("--{long}"));
                assert!(option.is_none_or(|option| page.contains(&option)), "{path} {}", argument.get_id());
            }
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for example in examples.lines().skip(1).map(str::trim) {
                assert!(page.contains(example), "{path} lacks `{example}`:\n{page}");
            }
        }
    }
}

#[test]
fn pages_say_exit_codes_variables_and_files_and_the_spanish_ones_have_no_english() {
    let directory = tempfile::tempdir().expect("a directory");
    pages(&directory.path().join("en"), &[]);
    let names = pages(&directory.path().join("es"), &["--language", "es"]);
    for name in &names {
        let english = shown(&directory.path().join("en").join(name));
        for words in
            ["EXIT STATUS", "ENVIRONMENT", "PLAZO_LANG", "FILES", "/etc/plazo/sla.toml", "SEE ALSO", "2025-12-01"]
        {
            assert!(english.contains(words), "{name} lacks `{words}`:\n{english}");
        }
        let spanish = shown(&directory.path().join("es").join(name));
        for words in ["NOMBRE", "SINOPSIS", "DESCRIPCIÓN", "ESTADO DE SALIDA", "ENTORNO", "ARCHIVOS", "VÉASE TAMBIÉN"]
        {
            assert!(spanish.contains(words), "{name} lacks `{words}`:\n{spanish}");
        }
        for words in
            ["OPTIONS", "SYNOPSIS", "[default", "Possible values", "May also", "EXTRA", "Usage", "User Commands"]
        {
            assert!(!spanish.contains(words), "{name} has `{words}`:\n{spanish}");
        }
    }
    let pipe = shown(&directory.path().join("es/plazo-ingest-email.1"));
    assert!(pipe.contains("75 El correo no se recibe ahora"), "{pipe}");
    let run = shown(&directory.path().join("en/plazo-run.1"));
    assert!(run.contains("PLAZO_LOG_FORMAT") && run.contains("PLAZO_LOG "), "{run}");
    let first = shown(&directory.path().join("en/plazo.1"));
    assert!(first.contains("COMMANDS Start plazo-init(1)") && !first.contains("plazo-man"), "{first}");
}
