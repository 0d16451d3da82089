//! How long a text message is for the networks: GSM-7 where all its letters are in it, else UCS-2 (3GPP TS 23.038), and how a text is
//! brought into the former.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The letters of GSM-7 besides ASCII's, a unit each.
const BESIDES_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// What stands in its extension: two units each.
const EXTENSION: &str = "^{}\\[~]|€";
/// Letters of ASCII that it lacks.
const LACKING: &str = "`";

/// The alphabet in which the networks carry a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Seven bits a letter.
    Gsm7,
    /// Sixteen bits: one letter that the other lacks is enough.
    Ucs2,
}

impl Alphabet {
    /// Units of a message that is not longer than one segment.
    pub const fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units of each segment of a longer one.
    const fn joined(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }
}

/// How long a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextSize {
    /// The alphabet that carries it.
    pub alphabet: Alphabet,
    /// In units of that alphabet.
    pub units: usize,
    /// Segments, each of which is paid for; 1 for an empty text.
    pub segments: usize,
}

impl TextSize {
    /// Whether it is one segment.
    pub const fn is_single(&self) -> bool {
        self.units <= self.alphabet.alone()
    }
}

/// How long a text is as it stands.
pub fn size(text: &str) -> TextSize {
    let septets = text.chars().try_fold(0, |sum, letter| Some(sum + units(letter)?));
    let (alphabet, units) = match septets {
        Some(units) => (Alphabet::Gsm7, units),
        None => (Alphabet::Ucs2, text.encode_utf16().count()),
    };
    let segments = if units <= alphabet.alone() { 1 } else { units.div_ceil(alphabet.joined()) };
    TextSize { alphabet, units, segments }
}

/// The text in GSM-7 as far as that goes: `ó` becomes `o`, `…` three dots, while `é ñ ü ¿ ¡` cost nothing and stay. What is no letter
/// and has no likeness is left out; letters of other scripts stay, and make the whole UCS-2.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Put together first: a letter and its accent may be two.
    for letter in text.nfc() {
        if units(letter).is_some() {
            folded.push(letter);
            continue;
        }
        if let Some(likeness) = likeness(letter) {
            folded.push_str(likeness);
            continue;
        }
        let plain: String = [letter].into_iter().nfkd().filter(|part| !is_combining_mark(*part)).collect();
        if !plain.is_empty() && plain.chars().all(|part| units(part).is_some()) {
            folded.push_str(&plain);
        } else if letter.is_alphanumeric() {
            folded.push(letter);
        }
    }
    folded
}

/// What a letter costs in GSM-7; none where it is not in it.
fn units(letter: char) -> Option<usize> {
    if EXTENSION.contains(letter) {
        return Some(2);
    }
    let is_ascii = matches!(letter, '\n' | '\r' | ' '..='~') && !LACKING.contains(letter);
    (is_ascii || BESIDES_ASCII.contains(letter)).then_some(1)
}

/// What typography is written by.
const fn likeness(letter: char) -> Option<&'static str> {
    Some(match letter {
        '“' | '”' | '„' | '«' | '»' => "\"",
        '‘' | '’' | '‚' | '`' | '´' => "'",
        '–' | '—' | '‒' | '―' | '−' | '‐' | '‑' | '•' | '·' => "-",
        '…' => "...",
        '\t' => " ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_and_its_accent_are_one_whether_they_are_written_so_or_not() {
        assert_eq!(folded("Go\u{301}mez n\u{303}andu\u{301} Pe\u{301}rez"), "Gomez ñandu Pérez");
    }

    #[test]
    fn what_has_no_likeness_is_left_out_and_other_scripts_stay() {
        assert_eq!(folded("Ana 🌸 João\u{a0}Conceição 3.º"), "Ana  Joao Conceicao 3.o");
        assert_eq!(folded("Олег"), "Олег");
        assert_eq!(size("Олег").alphabet, Alphabet::Ucs2);
    }

    #[test]
    fn segments_are_counted_as_the_networks_do() {
        for (text, units, segments) in [
            ("", 0, 1),
            (&*"a".repeat(160), 160, 1),
            (&*"a".repeat(161), 161, 2),
            (&*"€".repeat(80), 160, 1),
            (&*"a".repeat(307), 307, 3),
            (&*"ó".repeat(70), 70, 1),
            (&*"ó".repeat(71), 71, 2),
            (&*"🌸".repeat(35), 70, 1),
        ] {
            let size = size(text);
            assert_eq!((size.units, size.segments), (units, segments), "{text}");
            assert_eq!(size.is_single(), segments == 1);
        }
    }
}
