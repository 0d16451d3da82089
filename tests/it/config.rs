//! `sla.toml`: the shipped file, each mistake with its exact message, and texts that nobody meant to write.
//!
//! `UPDATE_EXPECT=1` rewrites the messages in `tests/data/config/bad`.

use std::path::{Path, PathBuf};

use plazo::config::mistake::{self, Severity};
use plazo::config::{self, LoadError, Loaded};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{data, plazo};

/// The same as in `config`: files larger than this are not read.
const LARGEST_FILE: usize = 1 << 20;
/// More mistakes than these for one forgotten character hide the one that counts.
const MOST_FOR_ONE_CHARACTER: usize = 25;

// Mistakes, word for word.

#[test]
fn each_mistake_has_exactly_its_message() {
    let mut failures = Vec::new();
    for name in bad_files() {
        let place = bad().join(format!("{name}.expected"));
        let found = check(&bad(), &[&format!("{name}.toml")]);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&place, &found.text).unwrap();
        }
        let expected = std::fs::read_to_string(&place).unwrap_or_default();
        if found.text != expected {
            failures.push(format!("{name}:\n{}", difference(&expected, &found.text)));
        }
        let is_bad =
            |line: &str| line.starts_with("error: ") || line.contains("promises nothing: there is no [[policy]]");
        let is_bad = |line: &str| is_bad(line) || line.starts_with("No promete nada:");
        let code = if expected.lines().any(is_bad) { 1 } else { 0 };
        if found.code != Some(code) {
            failures.push(format!("{name}: exit code {:?} instead of {code}\n", found.code));
        }
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn json_gives_place_text_cause_and_remedy() {
    let found = check(&bad(), &["--json", "utf-8-en.toml"]);
    let report: Value = serde_json::from_str(&found.text).unwrap();
    // Columns count characters: each of `í`, `ñ`, `🚀` and `本` is one.
    let expected = json!({
        "valid": false,
        "mistakes": [
            {
                "severity": "error", "line": 5, "column": 45, "text": "\"añá 🚀 agencia\"",
                "cause": "cannot read `añá 🚀 agencia`",
                "remedy": "write an email address, such as \"ana@agencia.example\"",
            },
            {
                "severity": "error", "line": 8, "column": 38, "text": "\"日本\"",
                "cause": "unknown person `日本`",
                "remedy": "known: `ana`",
            },
        ],
        "meaning": [],
    });
    assert_eq!(report, expected);
    assert_eq!(found.code, Some(1));
}

#[test]
fn json_and_text_tell_the_same_places() {
    for name in bad_files() {
        let file = format!("{name}.toml");
        let source = std::fs::read_to_string(bad().join(&file)).unwrap();
        let printed = check(&bad(), &[&file]);
        let rows = rows(&check(&bad(), &[&file, "--json"]));
        let places: Vec<_> = rows.iter().map(|row| format!("--> {file}:{}:{}", row["line"], row["column"])).collect();
        let arrows: Vec<_> = printed.text.lines().map(str::trim).filter(|line| line.starts_with("--> ")).collect();
        assert_eq!(places, arrows, "{name}");
        for row in &rows {
            let text = row["text"].as_str().unwrap();
            let rest = at(&source, row["line"].as_u64().unwrap(), row["column"].as_u64().unwrap());
            let is_same = |(told, there): (char, char)| told == there || told == '*';
            let stands_there =
                rest.chars().count() >= text.chars().count() && text.chars().zip(rest.chars()).all(is_same);
            assert!(stands_there, "{name}: {text:?} does not stand at the place that is told: {row}");
            assert_ne!(row["cause"], "", "{name}");
            assert_ne!(row["remedy"], "", "{name}");
        }
    }
}

/// Readers are no programmers: no Rust type in either language, and in Spanish no English but the file's own words.
#[test]
fn messages_are_in_the_language_of_the_file() {
    const RUST: [&str; 6] = ["u16", "u32", "struct", "SecretRef", "enum", "Option"];
    const ENGLISH: [&str; 7] = ["expected", "invalid", "missing", "unclosed", "unexpected", "duplicate", "must"];
    let mut failures = String::new();
    for name in bad_files() {
        let file = format!("{name}.toml");
        let is_english = std::fs::read_to_string(bad().join(&file)).unwrap().contains("language = \"en\"");
        for row in rows(&check(&bad(), &[&file, "--json"])) {
            for message in [&row["cause"], &row["remedy"]] {
                let message = message.as_str().unwrap();
                let words = without_quotations(message);
                let words: Vec<_> = words.split(|c: char| !c.is_alphanumeric()).collect();
                let is_wrong = |word: &&str| RUST.contains(word) || (!is_english && ENGLISH.contains(word));
                if let Some(word) = words.iter().find(|word| is_wrong(word)) {
                    failures.push_str(&format!("{name}: {word:?} in {message:?}\n"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// A broken file is also logged and mailed to the operator; a secret that stands in it goes neither way.
#[test]
fn a_secret_written_in_the_file_is_not_shown() {
    for arguments in [&["secret-in-the-file.toml"][..], &["secret-in-the-file.toml", "--json"]] {
        let found = check(&data("config"), arguments);
        assert_eq!(found.code, Some(1));
        for secret in ["hunter2", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(!found.text.contains(secret), "{secret} is shown:\n{}", found.text);
        }
    }
}

/// Also where the key is misspelt, or the file is not TOML for want of a quote.
#[test]
fn a_secret_beside_a_mistake_is_not_shown() {
    for name in ["secret-misspelt", "secret-without-quote"] {
        let file = format!("{name}.toml");
        for arguments in [&[file.as_str()][..], &[file.as_str(), "--json"]] {
            let found = check(&bad(), arguments);
            assert_eq!(found.code, Some(1));
            assert!(!found.text.contains("no-se-debe-ver"), "{name}:\n{}", found.text);
        }
    }
}

// The shipped file and its schema.

#[test]
fn the_shipped_file_has_no_mistakes() {
    let loaded = config::load(&root("sla.toml")).unwrap();
    assert!(loaded.mistakes.is_empty(), "{}", loaded.explain(false));
    assert!(loaded.config.is_some());
    assert_eq!(check(&root(""), &["sla.toml"]).code, Some(0));
}

#[test]
fn the_shipped_file_points_at_the_schema_that_plazo_prints() {
    let shipped = shipped();
    let schema =
        shipped.lines().next().and_then(|line| line.strip_prefix("#:schema ")).expect("a first line for editors");
    let committed = std::fs::read_to_string(root(schema)).unwrap();
    let printed = plazo().arg("schema").output().unwrap();
    assert!(printed.status.success());
    assert!(printed.stdout == committed.as_bytes(), "run: plazo schema > sla.schema.json");
}

// Files that cannot be read.

#[test]
fn what_cannot_be_read_exits_with_2_and_names_the_file() {
    let directory = TempDir::new().unwrap();
    std::fs::create_dir(directory.path().join("directory.toml")).unwrap();
    // As an old Windows editor saves it: `ñ` is one byte.
    std::fs::write(directory.path().join("latin-1.toml"), b"language = \"es\"\n[person.a]\nname = \"Mu\xF1oz\"\n")
        .unwrap();
    for file in ["missing.toml", "directory.toml", "latin-1.toml"] {
        let found = check(directory.path(), &[file]);
        assert_eq!(found.code, Some(2), "{file}");
        assert_eq!(found.text, "", "{file}");
        assert!(found.trouble.contains(file) && !found.trouble.contains("panicked"), "{file}: {}", found.trouble);
    }
    let latin = check(directory.path(), &["latin-1.toml"]).trouble;
    assert!(latin.contains("latin-1.toml:3:11") && latin.contains("as UTF-8"), "{latin}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let loaded = read("\u{feff}language = 1\ntimezone = \"UTC\"\n");
    let rows = mistake::rows(&loaded.mistakes, &loaded.source, loaded.language);
    assert_eq!((rows[0].line, rows[0].column), (1, 12));
}

#[test]
fn a_file_over_1_mib_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("large.toml");
    std::fs::write(&path, "#".repeat(LARGEST_FILE)).unwrap();
    assert!(config::load(&path).is_ok());

    std::fs::write(&path, "#".repeat(LARGEST_FILE + 1)).unwrap();
    assert!(matches!(config::load(&path), Err(LoadError::TooLarge { .. })));
    let found = check(directory.path(), &["large.toml"]);
    assert_eq!(found.code, Some(2));
    assert!(found.trouble.contains("large.toml") && found.trouble.contains("1 MiB"), "{}", found.trouble);
}

// Texts that nobody meant to write.

#[test]
fn deep_nesting_is_an_error_like_any_other() {
    const DEPTH: usize = 100_000;
    let texts = [
        ("arrays", format!("x = {}{}", "[".repeat(DEPTH), "]".repeat(DEPTH))),
        ("open arrays", format!("x = {}", "[".repeat(DEPTH))),
        (
            "arrays where dates are expected",
            format!("[calendar.a]\nclosed = {}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        ),
        ("tables", format!("x = {}1{}", "{a=".repeat(DEPTH), "}".repeat(DEPTH))),
        ("dotted keys", format!("x{} = 1", ".a".repeat(DEPTH))),
        ("dotted header", format!("[x{}]", ".a".repeat(DEPTH))),
    ];
    let directory = TempDir::new().unwrap();
    for (what, text) in texts {
        std::fs::write(directory.path().join("deep.toml"), format!("timezone = \"UTC\"\n{text}\n")).unwrap();
        let found = check(directory.path(), &["deep.toml"]);
        assert_eq!(found.code, Some(1), "{what}: {}", found.trouble);
        assert!(found.text.contains("error: "), "{what}");
    }
}

#[test]
fn beyond_100_mistakes_the_rest_of_the_file_still_counts() {
    let unknown: String = (1..=120).map(|n| format!("key{n} = 1\n")).collect();
    let loaded = read(&format!("language = \"en\"\ntimezone = \"America/Bogota\"\n{unknown}"));
    assert_eq!(loaded.language.code(), "en");
    assert!(!loaded.explain(false).contains("no `timezone`"), "told as missing, yet it is there");
}

#[test]
fn of_very_many_mistakes_the_rest_is_counted() {
    let unknown: String = (1..=120).map(|n| format!("key{n} = 1\n")).collect();
    let loaded = read(&format!("language = \"en\"\ntimezone = \"America/Bogota\"\n{unknown}"));
    assert_eq!((loaded.n_errors, loaded.n_warnings), (120, 0));
    assert_eq!(loaded.mistakes.len(), mistake::MOST_TOLD + 1);
    assert!(loaded.explain(false).contains("20 more mistakes"));
}

#[test]
fn nonsense_is_told_within_bounds() {
    let loaded = read(&"= = \"\n".repeat(1_000));
    assert!(loaded.config.is_none());
    let n_mistakes = loaded.mistakes.len();
    assert!(n_mistakes <= 200, "{n_mistakes} mistakes; each is rendered with a look at the whole file");
}

/// Up to the forgotten character the file is right, so nothing is told of the lines before it.
#[test]
fn one_forgotten_character_is_told_at_its_place() {
    let shipped = shipped();
    let in_comment = |at: usize| shipped[..at].rsplit('\n').next().is_some_and(|line| line.contains('#'));
    let marks = shipped.char_indices().filter(|(at, mark)| "\"[]{},=".contains(*mark) && !in_comment(*at));
    let mut failures = String::new();
    for (at, mark) in marks.step_by(5) {
        let line = shipped[..at].matches('\n').count() + 1;
        let loaded = read(&format!("{}{}", &shipped[..at], &shipped[at + 1..]));
        let rows = mistake::rows(&loaded.mistakes, &loaded.source, loaded.language);
        if let Some(early) = rows.iter().find(|row| row.line < line) {
            let (place, cause) = (early.line, &early.cause);
            failures.push_str(&format!("without `{mark}` of line {line}: line {place} is blamed: {cause}\n"));
        }
        if MOST_FOR_ONE_CHARACTER < rows.len() {
            failures.push_str(&format!("without `{mark}` of line {line}: {} mistakes\n", rows.len()));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn a_file_cut_anywhere_is_judged() {
    for name in ["many", "utf-8", "syntax-quotes", "windows"] {
        let source = std::fs::read(bad().join(format!("{name}.toml"))).unwrap();
        for end in 0..=source.len() {
            assert_judged(&String::from_utf8_lossy(&source[..end]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutilated_file_is_judged(changes in prop::collection::vec(change(), 1..8)) {
        let mutilated = changes.iter().fold(shipped(), |text, change| change.apply(&text));
        assert_judged(&mutilated);
    }
}

/// A change that an editor, a full disk or a merge may make to a file.
#[derive(Debug, Clone)]
enum Change {
    CutAfterByte(Index),
    Delete(Index, usize),
    Insert(Index, char),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let significant = prop::sample::select("\"'[]{}=.,#\n\r\t\\\0-0aeñ🚀\u{200d}\u{feff}".chars().collect::<Vec<_>>());
    let character = prop_oneof![4 => significant, 1 => any::<char>()];
    prop_oneof![
        1 => any::<Index>().prop_map(Change::CutAfterByte),
        4 => (any::<Index>(), 1..40_usize).prop_map(|(at, n)| Change::Delete(at, n)),
        4 => (any::<Index>(), character).prop_map(|(at, c)| Change::Insert(at, c)),
        1 => (any::<Index>(), 1..200_usize).prop_map(|(at, n)| Change::Repeat(at, n)),
    ]
}

impl Change {
    fn apply(&self, text: &str) -> String {
        let characters: Vec<_> = text.chars().collect();
        let split = |at: &Index| characters.split_at(at.index(characters.len() + 1));
        let joined = |parts: &[&[char]]| parts.concat().into_iter().collect();
        match self {
            Self::CutAfterByte(at) => {
                String::from_utf8_lossy(&text.as_bytes()[..at.index(text.len() + 1)]).into_owned()
            }
            Self::Delete(at, n) => {
                let (before, after) = split(at);
                joined(&[before, &after[(*n).min(after.len())..]])
            }
            Self::Insert(at, character) => {
                let (before, after) = split(at);
                joined(&[before, &[*character], after])
            }
            Self::Repeat(at, n) => {
                let (before, after) = split(at);
                joined(&[before, &after[..(*n).min(after.len())], after])
            }
        }
    }
}

/// The text gives a configuration or at least one error, never both and never a panic, and can be explained.
#[track_caller]
fn assert_judged(source: &str) {
    let loaded = read(source);
    let has_error = loaded.mistakes.iter().any(|mistake| mistake.severity == Severity::Error);
    assert_ne!(loaded.config.is_some(), has_error, "{}", loaded.explain(false));
    assert_eq!(loaded.explain(false).is_empty(), loaded.mistakes.is_empty());
    assert_eq!(mistake::rows(&loaded.mistakes, source, loaded.language).len(), loaded.mistakes.len());
}

fn read(source: &str) -> Loaded {
    config::read(Path::new("sla.toml"), source.to_owned())
}

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn shipped() -> String {
    std::fs::read_to_string(root("sla.toml")).unwrap()
}

fn bad() -> PathBuf {
    data("config/bad")
}

/// Names of the bad files, sorted. Each message has its file.
fn bad_files() -> Vec<String> {
    let names_of = |extension: &str| {
        let paths = std::fs::read_dir(bad()).unwrap().map(|entry| entry.unwrap().path());
        let named = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
        let mut names: Vec<_> = named.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let names = names_of("toml");
    let orphans: Vec<_> = names_of("expected").into_iter().filter(|name| !names.contains(name)).collect();
    assert!(!names.is_empty() && orphans.is_empty(), "messages without a file: {orphans:?}");
    names
}

/// What a run of `plazo check` came to.
struct Checked {
    /// Standard output, as a pipe sees it.
    text: String,
    /// Standard error.
    trouble: String,
    code: Option<i32>,
}

fn check(directory: &Path, arguments: &[&str]) -> Checked {
    let mut command = plazo();
    command.arg("check").args(arguments).current_dir(directory).env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
    let output = command.output().unwrap();
    Checked {
        text: timeless(&String::from_utf8(output.stdout).unwrap()),
        trouble: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

/// What `plazo check` says on every day: without the next closed days, and without who is on duty.
fn timeless(text: &str) -> String {
    let mut is_left_out = false;
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        let is_on_duty = line.starts_with("  On duty by") || line.starts_with("  De turno en");
        is_left_out = match line.strip_prefix(' ') {
            None => line.starts_with("[calendar"),
            Some(_) => is_left_out,
        };
        if !is_left_out && !is_on_duty {
            kept += line;
        }
    }
    kept
}

fn rows(json: &Checked) -> Vec<Value> {
    let report: Value = serde_json::from_str(&json.text).unwrap();
    report["mistakes"].as_array().unwrap().clone()
}

/// What stands from that line and column on, both counted from 1, the column in characters.
fn at(source: &str, line: u64, column: u64) -> String {
    let lines = source.split_inclusive('\n').skip(usize::try_from(line).unwrap() - 1);
    lines.flat_map(str::chars).skip(usize::try_from(column).unwrap() - 1).collect()
}

/// The message without what stands in backquotes or quotes.
fn without_quotations(message: &str) -> String {
    let outside_of = |quote: char, text: &str| text.split(quote).step_by(2).collect::<Vec<_>>().join(" ");
    outside_of('"', &outside_of('`', message))
}

/// The lines that differ, with what stands around them cut away.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let n_same = expected.iter().zip(&found).take_while(|(one, other)| one == other).count();
    let (expected, found) = (&expected[n_same..], &found[n_same..]);
    let n_tail = expected.iter().rev().zip(found.iter().rev()).take_while(|(one, other)| one == other).count();
    let marked = |mark: &str, lines: &[&str]| {
        lines[..lines.len() - n_tail].iter().map(|line| format!("  {mark} {line}\n")).collect::<String>()
    };
    format!("  from line {}\n{}{}", n_same + 1, marked("-", expected), marked("+", found))
}
