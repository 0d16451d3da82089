//! Foreign text made safe to show: for a terminal, a log, a subject, a calendar, a chat, a page.
//!
//! Names and words of clients are whatever they wrote. Control characters steer terminals and forge lines, bidirectional ones turn texts
//! around (Unicode TR 36), zero-width ones hide; each is made visible or left out here, and nowhere else.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation as _;

/// What a character becomes.
enum Fate {
    Kept,
    Shown(char),
    Dropped,
}

fn fate(letter: char) -> Fate {
    match letter {
        '\n' | '\t' => Fate::Kept,
        // Each control character of ASCII has a picture.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(letter)).map_or(Fate::Dropped, Fate::Shown),
        '\x7f' => Fate::Shown('\u{2421}'),
        '\u{80}'..='\u{9f}' | '\u{fff9}'..='\u{fffb}' => Fate::Shown('\u{fffd}'),
        // Marks of direction, closed or not.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Fate::Dropped,
        // What is not seen. The joiners between letters stay: scripts and emoji need them.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e007f}' => Fate::Dropped,
        _ => Fate::Kept,
    }
}

/// Whether a character neither steers nor hides.
#[must_use]
pub fn is_printable(letter: char) -> bool {
    matches!(fate(letter), Fate::Kept)
}

/// The text without anything that steers or hides; line breaks and tabs are kept.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    // Most text is plain, and is told quickly.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().filter_map(|letter| match fate(letter) {
        Fate::Kept => Some(letter),
        Fate::Shown(mark) => Some(mark),
        Fate::Dropped => None,
    });
    Cow::Owned(shown.collect())
}

/// The same on one line.
#[must_use]
pub fn printable_line(text: &str) -> String {
    printable(&text.replace(['\n', '\t'], " ")).into_owned()
}

/// The mark that [`unlinked`] puts in; foreign ones are dropped before.
const UNSEEN: char = '\u{200b}';

/// The text printable, with the marks of [`unlinked`] in it.
#[must_use]
pub fn printable_marked(text: &str) -> String {
    text.split(UNSEEN).map(printable).collect::<Vec<_>>().join(&UNSEEN.to_string())
}

/// Every string of a JSON value made printable and put on one line, names of members too: a table has no place for more.
#[must_use]
pub fn printable_json(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(printable_line(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(printable_json).collect()),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (printable(&name).into_owned(), printable_json(value))).collect(),
        ),
        value => value,
    }
}

/// An address of a page as programs recognise one in a text.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?P<scheme>[a-z][a-z0-9+.\-]*:)(?P<slashes>//)|(?P<before>^|[^\w@.\-])(?P<host>(?:[\w\-]+\.)+)(?P<tld>\p{L}{2,24})\b").ok()
});

/// Foreign words of which no reader's program makes a link: an unseen mark stands where it would recognise an address. Addresses of mail
/// stay as they are.
#[must_use]
pub fn unlinked(text: &str) -> Cow<'_, str> {
    let Some(address) = ADDRESS.as_ref() else { return Cow::Borrowed(text) };
    address.replace_all(text, |found: &regex::Captures<'_>| match found.name("scheme") {
        Some(scheme) => format!("{}{UNSEEN}//", scheme.as_str()),
        None => format!("{}{}{UNSEEN}{}", &found["before"], &found["host"], &found["tld"]),
    })
}

/// How many letters a text has, as readers see them.
#[must_use]
pub fn n_letters(text: &str) -> usize {
    text.graphemes(true).count()
}

/// The text's first letters, as readers see them: accents, flags and families of emoji stay whole.
#[must_use]
pub fn first_letters(text: &str, most: usize) -> &str {
    text.grapheme_indices(true).nth(most).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_or_hides_is_shown_or_left_out() {
        let cases = [
            ("Rosa Díaz", "Rosa Díaz"),
            ("a\nb\tc", "a\nb\tc"),
            ("\u{1b}]0;X\u{7}", "␛]0;X␇"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("a\r\nb\u{b}\u{7f}", "a␍\nb␋␡"),
            ("\u{202e}gpj.\u{2066}x", "gpj.x"),
            ("a\u{200b}b\u{feff}c\u{ad}d\u{e0041}", "abcd"),
            ("👩\u{200d}👧 می\u{200c}خواهم", "👩\u{200d}👧 می\u{200c}خواهم"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_foreign_is_recognised_as_an_address() {
        let cases = [
            ("vea https://malo.example/x", "vea https:\u{200b}//malo.example/x"),
            ("www.malo.example", "www.malo.\u{200b}example"),
            ("rosa@cliente.example", "rosa@cliente.example"),
            ("S.A.S. 1.5 kg", "S.A.S. 1.5 kg"),
        ];
        for (text, expected) in cases {
            assert_eq!(unlinked(text), expected);
        }
    }

    #[test]
    fn letters_are_cut_whole() {
        assert_eq!(first_letters("e\u{301}e\u{301}", 1), "e\u{301}");
        assert_eq!(first_letters("🇨🇴🇲🇽", 1), "🇨🇴");
        assert_eq!(first_letters("👩‍👧x", 1), "👩‍👧");
        assert_eq!(n_letters("e\u{301}🇨🇴"), 2);
    }
}
