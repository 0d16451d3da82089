//! What `docs/ARCHITECTURE.md` says is so: its files exist, its words are types, and no type has the name of another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files whose types bear the names of what they are another form of.
const FORMS: [&str; 4] =
    ["src/config/raw.rs", "src/config/destination.rs", "src/intake/mapping/file.rs", "src/http/pages/page.rs"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> String {
    fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the document")
}

/// What stands under a heading, up to the next one.
fn under(document: &str, heading: &str) -> String {
    let (_, rest) = document.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`"));
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Files in which public types are defined, by the types' names.
fn types() -> BTreeMap<String, BTreeSet<String>> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in ["crates/core/src", "crates/store/src", "src"] {
        walk(&root().join(folder), &mut files);
    }
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        let file = file.strip_prefix(root()).expect("below the root").display().to_string();
        if FORMS.contains(&file.as_str()) {
            continue;
        }
        for line in text.split("#[cfg(test)]").next().unwrap_or_default().lines() {
            let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
            let Some(rest) = kinds.iter().find_map(|kind| line.trim_start().strip_prefix(kind)) else { continue };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            // The body of a macro names no type.
            if !name.is_empty() {
                types.entry(name).or_default().insert(file.clone());
            }
        }
    }
    types
}

#[test]
fn every_file_that_the_document_names_is_there_and_each_way_goes_from_end_to_end() {
    let document = document();
    for path in quoted(&document).into_iter().filter(|path| path.starts_with("src/") || path.starts_with("crates/")) {
        assert!(root().join(path).exists(), "{path} of docs/ARCHITECTURE.md is not there");
    }
    let ways = [
        ("The way of an event", "src/http/events.rs", "src/desk/follow.rs"),
        ("The way of a tick", "src/app/queue.rs", "crates/store/src/save.rs"),
        ("The way of an alert", "crates/core/src/outbox/message.rs", "src/app/outbox.rs"),
    ];
    for (heading, first, last) in ways {
        let way = under(&document, heading);
        let steps: Vec<_> = way.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
        let files: Vec<_> = steps.iter().filter_map(|step| quoted(step).first().copied()).collect();
        assert_eq!(files.len(), steps.len(), "each step of `{heading}` begins with its file");
        assert_eq!((files.first(), files.last()), (Some(&first), Some(&last)), "{heading}");
    }
}

#[test]
fn each_word_is_a_type_and_no_type_has_the_name_of_another() {
    let (document, types) = (document(), types());
    let words = under(&document, "Words");
    let (words, twofold) = words.split_once("Names that stand for two things").expect("two tables");
    let rows: Vec<_> = words.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(20 <= rows.len(), "{rows:?}");
    for row in rows {
        let name = row.split('|').nth(2).map(|cell| cell.trim().trim_matches('`')).unwrap_or_default();
        assert!(types.contains_key(name), "there is no type {name}: {row}");
    }
    let listed: BTreeSet<&str> = twofold
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| quoted(line.split('|').nth(1).unwrap_or_default()))
        .collect();
    for (name, files) in &types {
        let is_listed = listed.contains(name.as_str());
        assert!(files.len() < 2 || is_listed, "{name} is defined in {files:?}: give each its own word, or list it");
        assert!(!is_listed || 1 < files.len(), "{name} is listed in docs/ARCHITECTURE.md and stands for one thing");
    }
}
