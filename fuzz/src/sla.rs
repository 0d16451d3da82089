//! `sla.toml`, which is read while it is being written.

use std::path::Path;

use plazo::config::mistake::{self, MOST_TOLD};
use plazo::config::{self, Loaded};

pub fn hold(data: &[u8]) {
    // What is not UTF-8 is refused before it is read.
    let Ok(source) = std::str::from_utf8(data) else { return };
    let loaded = read(source);
    // A meaning or at least one error, never both.
    assert_eq!(loaded.config.is_some(), loaded.n_errors == 0, "{}", loaded.explain(false));
    assert!(loaded.mistakes.len() <= MOST_TOLD + 1);
    assert_eq!(loaded.explain(false).is_empty(), loaded.mistakes.is_empty());
    let rows = mistake::rows(&loaded.mistakes, &loaded.source, loaded.language);
    assert_eq!(rows.len(), loaded.mistakes.len());
    let n_lines = loaded.source.matches('\n').count() + 1;
    assert!(rows.iter().all(|row| (1..=n_lines).contains(&row.line)));
    let again = read(source);
    assert_eq!(again.mistakes, loaded.mistakes);
    assert_eq!(again.config, loaded.config);
}

/// Resolved where there is nothing: files that it names are not found.
fn read(source: &str) -> Loaded {
    config::read(Path::new("/nonexistent/sla.toml"), source.to_owned())
}
