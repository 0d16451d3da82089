//! The pages that people read: what stands in two languages says the same in both, and every link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of the fenced blocks of a page, with the fence's kind, without what stands behind `#`.
fn fenced(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_inside = !is_inside;
            lines.push(line.to_owned());
        } else if is_inside {
            lines.push(line.split(" #").next().unwrap_or_default().trim_end().to_owned());
        }
    }
    lines
}

/// The lines of a page outside of its fenced blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    page.lines().filter(move |line| {
        is_inside ^= line.starts_with("```");
        !is_inside && !line.starts_with("```")
    })
}

/// What the first cells of a page's tables name as code, row by row; headings stand between.
fn keys(page: &str) -> Vec<Vec<String>> {
    let named = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = prose(page).filter_map(|line| match line.strip_prefix("| ") {
        Some(row) if row.starts_with('`') => Some(named(row.split(" | ").next().unwrap_or_default())),
        Some(_) => None,
        None => line
            .starts_with('#')
            .then(|| vec![format!("a heading of level {}", line.len() - line.trim_start_matches('#').len())]),
    });
    rows.collect()
}

/// The fenced blocks of a page, line by line, without what stands behind `#`. Those without a kind show what plazo prints, in its reader's
/// language, and are left out.
fn blocks(page: &str) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        if !block.starts_with('\n') {
            let lines = block.lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end().to_owned());
            blocks.push(lines.collect());
        }
    }
    blocks
}

/// How many numbered steps stand below each heading.
fn steps(page: &str) -> Vec<usize> {
    let mut steps = vec![0];
    for line in prose(page) {
        if line.starts_with('#') {
            steps.push(0);
        } else if line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok()) {
            *steps.last_mut().expect("one is there from the beginning") += 1;
        }
    }
    steps
}

#[test]
fn the_first_page_and_the_installation_have_the_same_blocks_in_both_languages() {
    let pairs =
        [("README.md", "LEEME.md"), ("docs/install.md", "docs/instalar.md"), ("docs/operating.md", "docs/operar.md")];
    for (english, spanish) in pairs {
        let (ours, theirs) = (fenced(&page(english)), fenced(&page(spanish)));
        for (english_line, spanish_line) in ours.iter().zip(&theirs) {
            let is_translated =
                ["SMTP password:", "NAME", "language = "].iter().any(|words| english_line.contains(words));
            assert!(
                is_translated || english_line == spanish_line,
                "{english}: `{english_line}`\n{spanish}: `{spanish_line}`"
            );
        }
        assert_eq!(ours.len(), theirs.len(), "{english} and {spanish}");
    }
}

#[test]
fn references_have_the_same_headings_and_keys_in_both_languages() {
    let pairs = [
        ("docs/sla-toml.md", "docs/sla-toml.es.md"),
        ("docs/sources.md", "docs/fuentes.md"),
        ("docs/proofs.md", "docs/comprobaciones.md"),
        ("docs/mappings.md", "docs/correspondencias.md"),
        ("docs/holidays.md", "docs/festivos.md"),
    ];
    for (english, spanish) in pairs {
        let (ours, theirs) = (keys(&page(english)), keys(&page(spanish)));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{english} and {spanish}");
        }
        assert_eq!(ours.len(), theirs.len(), "{english} and {spanish}");
    }
}

#[test]
fn what_to_write_and_the_steps_of_each_source_are_the_same_in_both_languages() {
    // What stands for a word of the reader's is in his language.
    const PLACEHOLDERS: [(&str, &str); 4] = [
        ("SU-HOST", "YOUR-HOST"),
        ("SU-CUENTA", "YOUR-ACCOUNT"),
        ("SU-SITIO", "YOUR-SITE"),
        ("EL-SECRETO", "THE-SECRET"),
    ];
    let pairs = [("docs/sources.md", "docs/fuentes.md"), ("docs/mappings.md", "docs/correspondencias.md")];
    for (english, spanish) in pairs {
        let ours = page(english);
        let theirs = PLACEHOLDERS.iter().fold(page(spanish), |text, (theirs, ours)| text.replace(theirs, ours));
        assert_eq!(blocks(&ours), blocks(&theirs), "{english} and {spanish}");
        assert_eq!(steps(&ours), steps(&theirs), "{english} and {spanish}");
    }
}

#[test]
fn every_written_rule_has_its_sentence_in_both_languages() {
    let rules = |path: &str| -> Vec<String> {
        let page = page(path);
        let rules = page.split("## Where each rule is kept").next().unwrap_or_default().to_owned();
        let is_rule = |cell: &str| cell.starts_with(['A', 'B', 'C', 'D', 'E']) && cell[1..].parse::<u8>().is_ok();
        let first = |line: &str| line.strip_prefix("| ").and_then(|row| row.split(" | ").next()).map(str::to_owned);
        rules.lines().filter_map(first).filter(|cell| cell.len() > 1 && is_rule(cell)).collect()
    };
    assert_eq!(rules("docs/protocols.md"), rules("docs/protocolos.md"));
    assert_eq!(rules("docs/protocolos.md").len(), 44);
}

#[test]
fn every_link_between_pages_leads_to_a_page_and_a_heading() {
    let mut pages = pages_of("");
    pages.extend(pages_of("docs"));
    let mut broken = Vec::new();
    for path in &pages {
        let text = fs::read_to_string(path).expect("a page");
        for target in prose(&text).flat_map(|line| line.split("](").skip(1)) {
            let target = target.split(')').next().unwrap_or_default();
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            let led_to = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            let is_there =
                led_to.exists() && (heading.is_empty() || is_no_page(&led_to) || headings(&led_to).contains(heading));
            if !is_there {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The pages of a folder.
fn pages_of(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// Whoever looks for a page finds it by the index, in Spanish where there is one in Spanish.
#[test]
fn the_index_leads_to_every_page_and_has_the_same_parts_in_both_languages() {
    let led_to = |index: &str| -> Vec<Vec<String>> {
        let text = page(index);
        let parts = text.split("\n## ").map(|part| {
            let targets = part.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
            targets.map(str::to_owned).collect()
        });
        parts.collect()
    };
    let (english, spanish) = (led_to("docs/README.md"), led_to("docs/LEEME.md"));
    let lengths = |parts: &[Vec<String>]| parts.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(&english), lengths(&spanish));
    for path in pages_of("docs") {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_listed = english.iter().chain(&spanish).flatten().any(|target| *target == name);
        assert!(is_listed, "no index of docs/ leads to {name}: add it to docs/README.md and docs/LEEME.md");
    }
}

fn is_no_page(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != "md")
}

/// The names under which headings are linked to: small letters, digits, `-` and `_`; spaces become `-`.
fn headings(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).expect("a page");
    let slug = |heading: &str| {
        let kept = heading.trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect::<String>()
    };
    prose(&text).filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#'))).collect()
}
