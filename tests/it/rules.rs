//! The written rules, each where it is kept: its line in the shipped file, its code, its kept and its broken case. The table in
//! `docs/protocols.md` is made here, and `UPDATE_EXPECT=1` rewrites it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const HEADING: &str = "## Where each rule is kept";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Rust files below a directory, with their text, by path from the root.
fn sources(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(directory)];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(&next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((name, read(&path)));
            }
        }
    }
    found.sort();
    found
}

/// Ids of the rules, in the order of the document.
fn rules(protocols: &str) -> Vec<String> {
    let first_cell = |line: &str| line.strip_prefix("| ")?.split(" |").next().map(str::to_owned);
    let is_rule = |id: &String| {
        id.starts_with(['A', 'B', 'C', 'D', 'E']) && id.len() > 1 && id[1..].chars().all(|c| c.is_ascii_digit())
    };
    protocols.split(HEADING).next().unwrap_or_default().lines().filter_map(first_cell).filter(is_rule).collect()
}

/// Whether `text` names the rule as a word of its own, or as the end of a span such as `A6–A10`.
fn names(text: &str, rule: &str) -> bool {
    text.match_indices(rule).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + rule.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric()) && !after.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

/// The line of the shipped file that keeps the rule: one that says so in `rule`, else the first that names it.
fn line_of(shipped: &str, rule: &str) -> Option<usize> {
    let says = |line: &str| {
        line.split("rule").skip(1).any(|rest| {
            rest.trim_start()
                .strip_prefix('=')
                .is_some_and(|rest| rest.trim_start().starts_with(&format!("\"{rule}\"")))
        })
    };
    let lines: Vec<&str> = shipped.lines().collect();
    lines.iter().position(|line| says(line)).or_else(|| lines.iter().position(|line| names(line, rule))).map(|n| n + 1)
}

/// A test, the rules that it shows, and in which case.
struct Shown {
    name: String,
    ids: BTreeSet<String>,
    kept: bool,
    broken: bool,
}

/// Names of tests, and for which rules each shows which case: `c9_c10_e5_kept_…`, `a11_kept_…_and_broken_…`.
fn tests(all: &[(String, String)]) -> Vec<Shown> {
    let mut found = Vec::new();
    for (_, text) in all {
        for name in text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next()) {
            let words: Vec<&str> = name.split('_').collect();
            let is_id = |word: &&&str| {
                word.starts_with(['a', 'b', 'c', 'd', 'e'])
                    && word.len() > 1
                    && word[1..].chars().all(|c| c.is_ascii_digit())
            };
            let ids: BTreeSet<_> = words.iter().filter(is_id).map(|word| word.to_uppercase()).collect();
            let (kept, broken) = (words.contains(&"kept"), words.contains(&"broken"));
            if !ids.is_empty() && words.first().is_some_and(|first| is_id(&first)) && (kept || broken) {
                found.push(Shown { name: name.to_owned(), ids, kept, broken });
            }
        }
    }
    found
}

/// A row, or what it lacks.
fn row(rule: &str, shipped: &str, code: &[(String, String)], tests: &[Shown]) -> Result<String, String> {
    let line = line_of(shipped, rule).ok_or_else(|| format!("{rule} is not in sla.toml"))?;
    let files: Vec<_> = code
        .iter()
        .filter(|(_, text)| names(text.split("#[cfg(test)]").next().unwrap_or_default(), rule))
        .map(|(name, _)| name.rsplit_once("src/").map_or(&**name, |(_, within)| within).to_owned())
        .collect();
    if files.is_empty() {
        return Err(format!("no code names {rule}"));
    }
    // The core first, then what tells of it.
    let order = ["engine/check/", "engine/", "report/", "desk/", "app/", "text/", "config/"];
    let rank = |file: &String| order.iter().position(|start| file.starts_with(start)).unwrap_or(order.len());
    let mut files = files;
    files.sort_by_key(|file| (rank(file), file.clone()));
    let code = files.iter().take(3).map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
    let case = |word: &str, shows: &dyn Fn(&Shown) -> bool| {
        let timeline = format!("tests/data/scenarios/{rule}-{word}.txt");
        if root().join(&timeline).exists() {
            return Some(format!("`{rule}-{word}.txt`"));
        }
        let test = tests.iter().find(|test| test.ids.contains(rule) && shows(test))?;
        let name: String = test.name.chars().take(48).collect();
        Some(format!("`{name}{}`", if name.len() < test.name.len() { "…" } else { "" }))
    };
    let kept = case("kept", &|test| test.kept).ok_or_else(|| format!("nothing shows {rule} kept"))?;
    let broken = case("broken", &|test| test.broken).ok_or_else(|| format!("nothing shows {rule} broken"))?;
    Ok(format!("| {rule} | [{line}](../sla.toml#L{line}) | {code} | {kept} | {broken} |"))
}

#[test]
fn every_written_rule_has_its_line_its_code_and_both_its_cases_and_the_table_says_where() {
    let path = root().join("docs/protocols.md");
    let protocols = read(&path);
    let (shipped, code) = (
        read(&root().join("sla.toml")),
        [sources("crates/core/src"), sources("crates/store/src"), sources("src")].concat(),
    );
    let all: Vec<_> = code.iter().cloned().chain(sources("tests")).collect();
    let tests = tests(&all);
    let rules = rules(&protocols);
    assert_eq!(rules.len(), 44, "{rules:?}");
    let rows: Vec<_> = rules.iter().map(|rule| row(rule, &shipped, &code, &tests)).collect();
    let lacks: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err().cloned()).collect();
    assert!(lacks.is_empty(), "{}", lacks.join("\n"));
    let mut table = format!(
        "{HEADING}\n\nMade by `tests/it/rules.rs`; `UPDATE_EXPECT=1 cargo nextest run rules` writes it anew. Timelines are in `tests/data/scenarios`.\n\n\
         | rule | line of `sla.toml` | code | kept | broken |\n| --- | --- | --- | --- | --- |\n"
    );
    for row in rows.into_iter().flatten() {
        table += &row;
        table.push('\n');
    }
    let before = protocols.split(HEADING).next().unwrap_or_default().trim_end();
    let expected = format!("{before}\n\n{table}");
    if protocols != expected && std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(&path, expected).expect("a file that can be written");
    }
    assert!(protocols == expected, "the table is out of date: UPDATE_EXPECT=1 cargo nextest run rules");
}
