//! Phrases: patterns that are found however somebody writes them (D7): case, accents, spacing and slips such as `24 A 72 hrs`
//! or a letter O for a zero make no difference. Matching is linear in the length of the text.

use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Patterns that are sought in normalised text.
#[derive(Debug, Clone, Default)]
pub struct Phrases {
    patterns: Vec<Regex>,
}

impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        self.patterns.iter().map(Regex::as_str).eq(other.patterns.iter().map(Regex::as_str))
    }
}

impl Phrases {
    /// Phrases from regular expressions; accents in them make no difference.
    ///
    /// # Errors
    ///
    /// `regex::Error` for the first that is none.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, regex::Error> {
        let patterns = patterns.into_iter().map(|pattern| {
            let folded: String = unaccented(pattern).collect();
            regex::RegexBuilder::new(&folded).case_insensitive(true).build()
        });
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()? })
    }

    /// The words of `text`, normalised, that the first fitting pattern finds.
    pub fn find(&self, text: &str) -> Option<String> {
        if self.patterns.is_empty() {
            return None;
        }
        let text = normalised(text);
        self.patterns.iter().find_map(|pattern| pattern.find(&text)).map(|found| found.as_str().to_owned())
    }
}

/// In lower case, without accents.
pub fn folded(text: &str) -> String {
    unaccented(text).flat_map(char::to_lowercase).collect()
}

fn unaccented(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkd().filter(|c| !is_combining_mark(*c))
}

/// The text in lower case, without accents, with single spaces, and with digits where a reader of images takes them for letters.
pub fn normalised(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in unaccented(text).flat_map(char::to_lowercase) {
        if !c.is_whitespace() && !c.is_control() {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    mend_digits(plain.trim_end())
}

/// `2O` is 20 and `l2` is 12: a lone o, l or i beside a digit is one.
fn mend_digits(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |place: Option<usize>| place.and_then(|place| letters.get(place)).is_some_and(char::is_ascii_digit);
    let is_letter =
        |place: Option<usize>| place.and_then(|place| letters.get(place)).is_some_and(|c| c.is_alphabetic());
    letters
        .iter()
        .enumerate()
        .map(|(place, c)| {
            let (before, after) = (place.checked_sub(1), Some(place + 1));
            let is_slip = (is_digit(before) && !is_letter(after)) || (is_digit(after) && !is_letter(before));
            match c {
                'o' if is_slip => '0',
                'l' | 'i' if is_slip => '1',
                c => *c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d7_kept_whatever_case_accents_spacing_and_slips() {
        let phrases = Phrases::new([r"\b24\s*(a|-)\s*72\s*(h|hs|hrs|horas)\b"]).unwrap_or_default();
        for text in
            ["24 A 72 hrs", "24 a 72 horas", "en 24  a\n72 HORAS hábiles", "24-72h", "24 á 72 horas", "24 a 72 Hrs."]
        {
            assert!(phrases.find(text).is_some(), "{text}");
        }
        for text in ["lo antes posible", "124 a 72 horas", "24 a 72 horarios"] {
            assert_eq!(phrases.find(text), None, "{text}");
        }
    }

    #[test]
    fn normalised_mends_what_a_reader_of_images_mistakes() {
        assert_eq!(normalised("  2O  días y l2 HÓRAS, ola"), "20 dias y 12 horas, ola");
    }
}
