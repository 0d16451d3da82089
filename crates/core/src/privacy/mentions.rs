//! Whether a text, or the bytes of a file, speaks of somebody: by a name in any case, by a number in any of the ways in which people write it.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

use crate::engine::address;

/// Shorter words are part of too many others to be looked for in them.
pub const SHORTEST_WORD: usize = 5;
/// What people put between the digits of a number.
const BETWEEN: &str = r"[ .()/\x{a0}\x{2010}-\x{2014}-]{0,2}";
/// Room for the words of whoever has had thousands of conversations.
const MOST_BYTES: usize = 256 << 20;

/// Words that are too many to be looked for at once: those of tens of thousands of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("they are known by too many words to be looked for at once")]
pub struct TooMany;

/// Finds the words by which somebody is known.
#[derive(Debug, Clone)]
pub struct Mentions {
    /// Words of ASCII alone, which are nearly all: found in one pass, however many they are.
    plain: AhoCorasick,
    /// Numbers, and words with other letters.
    written: Option<Regex>,
    n: usize,
}

impl Mentions {
    /// Of whoever is known by these words. Those that are shorter than [`SHORTEST_WORD`] are left out.
    ///
    /// # Errors
    ///
    /// If they are too many to be looked for at once.
    pub fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, TooMany> {
        let (mut plain, mut written) = (BTreeSet::new(), BTreeSet::new());
        let mut n = 0;
        for word in words.into_iter().filter(|word| SHORTEST_WORD <= word.len()) {
            n += 1;
            let spellings = address::spellings(word);
            for digits in &spellings {
                let digits: Vec<String> = digits.chars().map(String::from).collect();
                // No part of a longer number.
                written.insert(format!("(?:^|[^0-9]){}(?:$|[^0-9])", digits.join(BETWEEN)));
            }
            if word.is_ascii() {
                // As it is, and as JSON has it.
                plain.extend([word.to_owned(), in_json(word)]);
            } else {
                written.insert(regex::escape(word));
                plain.insert(in_ascii_json(word));
            }
        }
        let plain = AhoCorasick::builder().ascii_case_insensitive(true).build(&plain);
        let written = (!written.is_empty()).then(|| {
            let pattern = written.into_iter().collect::<Vec<_>>().join("|");
            RegexBuilder::new(&pattern).case_insensitive(true).size_limit(MOST_BYTES).build()
        });
        let (plain, written) = (plain.map_err(|_| TooMany)?, written.transpose().map_err(|_| TooMany)?);
        Ok(Self { plain, written, n })
    }

    /// How many words are looked for.
    pub const fn n(&self) -> usize {
        self.n
    }

    /// Whether one of them stands there.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        0 < self.n
            && (self.plain.is_match(bytes) || self.written.as_ref().is_some_and(|written| written.is_match(bytes)))
    }

    /// In how many places of `bytes` that begin before `end` one of them stands.
    pub fn count(&self, bytes: &[u8], end: usize) -> usize {
        if self.n == 0 {
            return 0;
        }
        let plain = self.plain.find_iter(bytes).take_while(|found| found.start() < end).count();
        let written = self.written.iter().flat_map(|written| written.find_iter(bytes));
        plain + written.take_while(|found| found.start() < end).count()
    }
}

/// A word as JSON escapes it.
fn in_json(word: &str) -> String {
    let escaped = serde_json::Value::from(word).to_string();
    escaped[1..escaped.len() - 1].to_owned()
}

/// A word as JSON of ASCII alone has it: `Mu\u00f1oz`.
fn in_ascii_json(word: &str) -> String {
    let mut escaped = String::new();
    for letter in in_json(word).chars() {
        if letter.is_ascii() {
            escaped.push(letter);
        } else {
            let units =
                letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            escaped.push_str(&units);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_found_however_the_word_is_written() {
        let rows: [(&str, &[&str], &[&str]); 5] = [
            (
                "573005550101",
                &[
                    "573005550101",
                    "llámeme al 300 555 0101",
                    "+57 (300) 555-0101.",
                    "300.555.01.01",
                    "3005550101, por favor",
                    "tel 300\u{a0}555\u{2011}0101",
                ],
                &["13005550101000", "573005550102", "300 555 010"],
            ),
            ("525512345678", &["5215512345678", "55 1234 5678", "+52 1 55 1234 5678"], &["551234567"]),
            ("5511987654321", &["11 98765-4321", "551187654321", "(11) 8765-4321"], &["11 98765-432"]),
            (
                "muñoz ríos",
                &["Dice Muñoz Ríos que sí", "MUÑOZ RÍOS", "muÑoz rÍos", r#"{"de":"mu\u00f1oz r\u00edos"}"#],
                &["munoz rios", "muñoz"],
            ),
            ("rosa@andina.example", &["a Rosa@Andina.example,"], &["rosa@otra.example"]),
        ];
        for (word, found, not_found) in rows {
            let mentions = Mentions::new([word]).expect("one word");
            for text in found {
                assert!(mentions.is_in(text.as_bytes()), "{word} in {text}");
            }
            for text in not_found {
                assert!(!mentions.is_in(text.as_bytes()), "{word} in {text}");
            }
        }
    }

    #[test]
    fn what_begins_later_is_counted_with_what_comes_after() {
        let mentions = Mentions::new(["rosa@andina.example"]).expect("one word");
        let text = b"rosa@andina.example rosa@andina.example";
        assert_eq!((mentions.count(text, text.len()), mentions.count(text, 20), mentions.count(text, 0)), (2, 1, 0));
        assert!(!Mentions::new(["rosa"]).expect("none that is long enough").is_in(text));
    }
}
