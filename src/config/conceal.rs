//! Finds what may be a secret in the text of a file, also in one that is not TOML: a forgotten quote must not print a password.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A key whose value is a secret, up to its value. References (`{ env = … }`) and the names of files stay readable.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "password|passwd|secret|token|url|clave|contrase[nñ]a|secreto";
    Regex::new(&format!(r#"(?i)(?:{words})["']?[ \t]*=[ \t=]*(?:\[[ \t\r\n]*)?"#)).ok()
});

/// The values of keys that name secrets, without their quotes.
pub(super) fn secrets(source: &str) -> Vec<Range<usize>> {
    let Some(key) = KEY.as_ref() else { return Vec::new() };
    key.find_iter(source).filter_map(|found| value(source, found.end())).collect()
}

/// The value that begins at `start`; `None` for a table.
fn value(source: &str, start: usize) -> Option<Range<usize>> {
    let rest = &source[start..];
    if rest.starts_with('{') {
        return None;
    }
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inner) = rest.strip_prefix(quotes) {
            let length = inner.find(quotes).unwrap_or(inner.len());
            return Some(start + 3..start + 3 + length);
        }
    }
    let line = rest.lines().next().unwrap_or_default();
    let quote = line.chars().next().filter(|first| matches!(first, '"' | '\''));
    let Some(quote) = quote else {
        return Some(start..start + line.len());
    };
    let mut is_escaped = false;
    let closing = line.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == quote && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped && quote == '"';
        closes
    });
    // Without a closing quote the rest of the line may belong to the secret.
    Some(start + 1..start + closing.map_or(line.len(), |(at, _)| at))
}
