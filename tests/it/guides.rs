//! The operator's guides and the examples: every piece of a file is used, every command is run, in the order of the page.

use std::fs;
use std::path::Path;

use crate::support::daemon::Daemon;

/// The fenced blocks of a page in that language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pieces of a file as one file that a daemon runs, and each command with its exit code: 0, or 1 where it found something.
fn follow(name: &str) {
    let page = page(name);
    let file = blocks(&page, "toml").concat();
    let loaded = plazo::config::read("sla.toml".as_ref(), file.clone());
    assert!(loaded.mistakes.is_empty(), "{name}: {}", loaded.explain(false));
    // Mailboxes are on other machines: their piece is read, and no daemon opens them.
    let mailbox = blocks(&page, "toml mailbox").concat();
    let loaded = plazo::config::read("sla.toml".as_ref(), format!("{file}{mailbox}"));
    assert!(!mailbox.is_empty() && loaded.mistakes.is_empty(), "{name}: {}", loaded.explain(false));
    let daemon = Daemon::start(&file);
    let commands: Vec<String> = blocks(&page, "sh").concat().lines().map(str::to_owned).collect();
    assert!(commands.len() > 25, "{name} has {} commands", commands.len());
    for command in commands {
        let arguments = command.strip_prefix("plazo ").unwrap_or_else(|| panic!("{name}: `{command}`"));
        let output = daemon.command().args(words(arguments)).output().expect("plazo runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: `{command}`: {said}");
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

#[test]
fn the_spanish_guide_works_from_top_to_bottom() {
    follow("guia.md");
}

#[test]
fn the_english_guide_works_from_top_to_bottom() {
    follow("guide.md");
}

#[test]
fn every_example_can_be_used_as_it_stands_and_has_the_rules_of_its_protocol() {
    let rules = [
        ("agencia", 'A', 11),
        ("soporte", 'B', 7),
        ("bandejas", 'C', 10),
        ("mensajeria", 'D', 11),
        ("general", 'E', 5),
    ];
    for (name, letter, n) in rules {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.toml"));
        let loaded = plazo::config::load(&path).expect("a file");
        assert!(loaded.mistakes.is_empty() && loaded.config.is_some(), "{}", loaded.explain(false));
        for n in 1..=n {
            let (rule, text) = (format!("{letter}{n}"), &loaded.source);
            let is_whole = |at: usize| !text[at + rule.len()..].starts_with(|c: char| c.is_ascii_digit());
            let span = format!("({letter}1 a ");
            let named = text.match_indices(&rule).any(|(at, _)| is_whole(at) && !text[..at].ends_with(" a "));
            assert!(named || (n == 1 && text.contains(&span)), "{name}.toml does not name {rule}");
        }
    }
}
