//! House rules: who may import whom, what the core must not know, what is promised in more than one place.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust file below `directory`, with its path from the root.
fn sources(directory: &str) -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                found.push(entry);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join(directory), &mut paths);
    paths.sort();
    let relative = |path: &Path| path.strip_prefix(root()).expect("below the root").display().to_string();
    paths.iter().map(|path| (relative(path), fs::read_to_string(path).expect("text"))).collect()
}

/// The crates, those that others stand on first, with the folders of their code.
const CRATES: [(&str, &str); 3] =
    [("plazo_core", "crates/core/src"), ("plazo_store", "crates/store/src"), ("plazo", "src")];

/// Every Rust file of the product.
fn product() -> Vec<(String, String)> {
    CRATES.iter().flat_map(|(_, folder)| sources(folder)).collect()
}

/// The modules in the order of a crate's `lib.rs`, which is the rule.
fn layers(folder: &str) -> Vec<String> {
    let lib = read(&format!("{folder}/lib.rs"));
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

#[test]
fn nothing_imports_from_a_line_below_its_own() {
    let mut wrong = Vec::new();
    // The store is one room: its files are beside each other.
    for folder in ["crates/core/src", "src"] {
        let layers = layers(folder);
        assert!(5 < layers.len(), "{folder}: {layers:?}");
        wrong.extend(looking_down(folder, &layers));
    }
    assert!(wrong.is_empty(), "these look down:\n{}", wrong.join("\n"));
}

/// Lines of a crate that import from a module that stands below their own.
fn looking_down(folder: &str, layers: &[String]) -> Vec<String> {
    let rank = |module: &str| layers.iter().position(|layer| layer == module);
    let mut wrong = Vec::new();
    for (path, text) in sources(folder) {
        let module =
            path.trim_start_matches(folder).trim_start_matches('/').split(['/', '.']).next().unwrap_or_default();
        let Some(own) = rank(module) else { continue };
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for place in line.match_indices("crate::").map(|(place, found)| place + found.len()) {
                let imported =
                    line[place..].split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or_default();
                if rank(imported).is_some_and(|imported| own < imported) {
                    wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    wrong
}

#[test]
fn the_core_knows_no_io_no_clock_and_no_chance() {
    const FORBIDDEN: [&str; 16] = [
        "tokio",
        "rusqlite",
        "axum",
        "reqwest",
        "lettre",
        "tracing",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "uuid",
        "println!",
        "Utc::now",
        "SystemTime",
        "Instant::now",
        "async ",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources("crates/core/src").into_iter().chain(sources("src/desk")) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_store_speaks_sql() {
    for (path, text) in product() {
        if !path.starts_with("crates/store/") {
            assert!(!text.contains("rusqlite"), "{path} knows SQLite");
        }
    }
}

#[test]
fn the_time_is_read_in_one_place() {
    let readers: Vec<_> =
        product().into_iter().filter(|(_, text)| text.contains("Utc::now")).map(|(path, _)| path).collect();
    assert_eq!(readers, ["src/cli/mod.rs"]);
}

#[test]
fn every_rule_id_of_the_shipped_file_is_a_written_rule() {
    let protocols = read("docs/protocols.md");
    let shipped = read("sla.toml");
    let named: BTreeSet<_> = shipped
        .split("rule = \"")
        .chain(shipped.split("rule     = \""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for rule in named.into_iter().filter(|rule| rule.len() <= 3) {
        assert!(protocols.contains(&format!("| {rule} |")), "{rule} of sla.toml is no written rule");
    }
}

#[test]
fn the_readme_s_commands_and_the_unit_s_flags_exist() {
    let readme = read("README.md");
    assert!(readme.contains("cargo run --release -- demo") && readme.contains("tests/run"));
    let help = help(&[]);
    let commands: BTreeSet<_> = help
        .lines()
        .take_while(|line| !line.starts_with("Global options:"))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let documents = [
        "README.md",
        "LEEME.md",
        "docs/install.md",
        "docs/instalar.md",
        "docs/operating.md",
        "docs/operar.md",
        "docs/events.md",
        "docs/sla-toml.md",
        "docs/sla-toml.es.md",
        "systemd/plazo.service",
    ];
    for (document, text) in documents.map(|document| (document, read(document))) {
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("plazo ") || line.contains("/plazo ")) {
            let words: Vec<_> = line.split("plazo ").nth(1).unwrap_or_default().split_whitespace().collect();
            let Some(command) = words.iter().find(|word| commands.contains(**word)) else { continue };
            let known = format!("{help}{}", help_of(command));
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap_or_default().trim_end_matches([',', '.', ')', '`', '"']);
                assert!(known.contains(flag), "{document}: `{line}`: plazo {command} has no {flag}");
            }
        }
    }
}

fn help_of(command: &str) -> String {
    let own = help(&[command]);
    // Subcommands of a subcommand have flags of their own.
    ["create", "list", "revoke", "retry", "show", "eval"]
        .iter()
        .fold(own, |text, nested| text + &help(&[command, nested]))
}

fn help(words: &[&str]) -> String {
    let output = crate::support::plazo().args(words).arg("--help").output().expect("plazo runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_unit_is_hardened() {
    let unit = root().join("systemd/plazo.service");
    let output = std::process::Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&unit)
        .output()
        .expect("systemd-analyze is missing; install it: apt-get install systemd");
    let text = String::from_utf8_lossy(&output.stdout);
    let verdict = text
        .lines()
        .find(|line| line.contains("Overall exposure level"))
        .unwrap_or_else(|| panic!("no verdict: {text}"));
    let level: f64 = verdict
        .split(':')
        .next_back()
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .expect("a level");
    assert!(level <= 2.0, "{verdict}");
    let text = read("systemd/plazo.service");
    for line in [
        "Type=notify-reload",
        "DynamicUser=yes",
        "StateDirectory=plazo",
        "WatchdogSec=",
        "LoadCredential=",
        "MemoryHigh=",
        "MemoryMax=",
        "TasksMax=",
        "LimitCORE=0",
        "IPAddressDeny=169.254.169.254",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is not in the unit");
    }
}

#[test]
fn files_have_one_reason_to_change() {
    let mut lengths: Vec<_> = product().iter().map(|(_, text)| text.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < 200, "the median file has {median} lines");
    for (path, text) in product() {
        for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "TODO", ".unwrap()"] {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn what_packages_are_made_of_is_there_and_the_pages_name_this_version() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().expect("assets");
    let sources = assets.iter().map(|asset| asset[0].as_str().expect("a source"));
    // What lies in `target` is made by packaging/build.
    for source in sources.filter(|source| !source.starts_with("target/")) {
        let (folder, ending) = source.split_once('*').unwrap_or((source, ""));
        let is_there = match ending {
            "" => root().join(source).is_file(),
            ending => fs::read_dir(root().join(folder))
                .expect("a folder")
                .any(|entry| entry.expect("an entry").file_name().to_string_lossy().ends_with(ending)),
        };
        assert!(is_there, "{source} of [package.metadata.deb] is not there");
    }
    let image = concat!("image=localhost/plazo:", env!("CARGO_PKG_VERSION"));
    for page in ["docs/install.md", "docs/instalar.md"] {
        assert!(read(page).lines().any(|line| line == image), "{page} shows another version than {image}");
    }
}
