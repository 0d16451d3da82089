//! Finds what may be a secret in the text of a file, also in one that is not TOML: a forgotten quote must not print a password. Where the text
//! is shown, marks stand in the place of secrets, and are known again in what comes back.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A key whose value is a secret, up to its value. References (`{ env = … }`) and the names of files stay readable.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "password|passwd|secret|token|url|clave|contrase[nñ]a|secreto";
    // An address that is public is none.
    Regex::new(&format!(r#"(?i)(public_)?(?:{words})["']?[ \t]*=[ \t=]*(?:\[[ \t\r\n]*)?"#)).ok()
});

/// What stands in a secret's place, before its number.
pub const MARK: &str = "•••";

/// The text of a file with a numbered mark in the place of each secret.
pub fn concealed(text: &str) -> String {
    let secrets = numbered(text);
    let mut shown = text.to_owned();
    for (number, secret) in secrets.into_iter().enumerate().rev() {
        shown.replace_range(secret, &format!("{MARK}{}", number + 1));
    }
    shown
}

/// A changed text with the secrets of `file` in the place of its marks, in whatever order those stand now.
///
/// # Errors
///
/// A mark for which the file has no secret, or that stands where none is expected: what it stands for would be shown there.
pub fn revealed(changed: &str, file: &str) -> Result<String, String> {
    let known = numbered(file);
    let mut parts = changed.split(MARK);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    let mut places = Vec::new();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let mark = format!("{MARK}{number}");
        let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let secret = place.and_then(|place| known.get(place).cloned()).and_then(|secret| file.get(secret));
        let Some(secret) = secret else { return Err(mark) };
        let start = whole.len();
        whole.push_str(secret);
        places.push((start..whole.len(), mark));
        whole.push_str(rest);
    }
    let hidden = secrets(&whole);
    let is_hidden = |place: &Range<usize>| hidden.iter().any(|own| own.start <= place.start && place.end <= own.end);
    match places.into_iter().find(|(place, _)| !is_hidden(place)) {
        Some((_, mark)) => Err(mark),
        None => Ok(whole),
    }
}

fn numbered(text: &str) -> Vec<Range<usize>> {
    secrets(text).into_iter().filter(|secret| !secret.is_empty()).collect()
}

/// The values of keys that name secrets, without their quotes.
pub(super) fn secrets(source: &str) -> Vec<Range<usize>> {
    let Some(key) = KEY.as_ref() else { return Vec::new() };
    let mut secrets: Vec<Range<usize>> = Vec::new();
    for found in key.captures_iter(source).filter(|found| found.get(1).is_none()) {
        let Some(found) = found.get(0) else { continue };
        // An address has words and signs of equality of its own: what lies in a secret is part of it.
        if secrets.last().is_none_or(|last| last.end <= found.start()) {
            secrets.extend(values(source, found.end(), found.as_str().contains('[')));
        }
    }
    secrets
}

/// The value that begins at `start`, or all of the list that does.
fn values(source: &str, start: usize, is_list: bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = value(source, start).into_iter().collect();
    while is_list && let Some(last) = found.last() {
        // After the quotes and a comma, on the same line or a later one.
        let rest = source.get(last.end..).unwrap_or_default();
        let gap = rest.len() - rest.trim_start_matches(['"', '\'', ',', ' ', '\t', '\r', '\n']).len();
        let quote = rest[..gap].rfind(['"', '\'']).filter(|_| rest[..gap].contains(','));
        let Some(quote) = quote.filter(|quote| rest[..*quote].contains(',')) else { break };
        let Some(next) = value(source, last.end + quote) else { break };
        found.push(next);
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[a]\nurl = \"https://uno\"\n[http]\npublic_url = \"https://plazo\"\n[b]\npassword = 'dos'\n";

    #[test]
    fn marks_stand_for_secrets_and_are_known_again_wherever_they_are_moved() {
        let shown = concealed(FILE);
        assert_eq!(shown, "[a]\nurl = \"•••1\"\n[http]\npublic_url = \"https://plazo\"\n[b]\npassword = '•••2'\n");
        assert_eq!(revealed(&shown, FILE).as_deref(), Ok(FILE));
        let moved = "[b]\npassword = '•••2'\n[a]\nurl = \"•••1/x\"\n";
        assert_eq!(revealed(moved, FILE).as_deref(), Ok("[b]\npassword = 'dos'\n[a]\nurl = \"https://uno/x\"\n"));
    }

    /// Where it would be read, it is not put.
    #[test]
    fn a_mark_stands_only_where_a_secret_does() {
        for changed in ["timezone = \"•••1\"", "# •••1\nurl = \"•••1\"", "name = \"•••2\"\npassword = \"•••2\""]
        {
            assert!(revealed(changed, FILE).is_err(), "{changed}");
        }
    }

    #[test]
    fn every_secret_of_a_list_is_one() {
        let list = "secret = [\"uno\", 'dos',\n  \"tres\"]\nname = \"cuatro\"\n";
        assert_eq!(concealed(list), "secret = [\"•••1\", '•••2',\n  \"•••3\"]\nname = \"cuatro\"\n");
    }

    #[test]
    fn an_address_with_secrets_in_it_is_one_secret() {
        for address in
            ["https://x/y?key=a&token=b", "http://x/y?secret=1", "https://x?token=", "https://x?url=https://y?token=z"]
        {
            let file = format!("[a]\nurl = \"{address}\"\nprivate = true\n[b]\ntoken = 'dos'\n");
            let shown = concealed(&file);
            assert_eq!(shown, "[a]\nurl = \"•••1\"\nprivate = true\n[b]\ntoken = '•••2'\n");
            assert_eq!(revealed(&shown, &file).as_deref(), Ok(file.as_str()));
        }
    }

    #[test]
    fn a_mark_of_no_secret_is_no_secret() {
        for mark in ["•••3", "•••0", "•••", "•••99999999999999999999"] {
            assert_eq!(revealed(&format!("url = \"{mark}\""), FILE), Err(mark.to_owned()));
        }
    }
}
