//! Courtesies: messages of a client that ask for nothing (LESSONS 49).
//!
//! Safe by construction: a message is one only if every word of it belongs to a phrase that asks for nothing, and everything else in it is a
//! full stop, a comma, an exclamation mark or a friendly picture. A question mark, a digit, a negation, a "pero", a word that is not known:
//! each of them asks. A forgotten client is the worse fault.

mod phrases;
mod signs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::check::phrases::unaccented;
use phrases::{ACKNOWLEDGES, ADDRESSES, CONSENTS, FAREWELLS, GREETED_THANKS, LEAVES, NAMES, THANKS};

/// Whoever writes more is telling something.
const MOST_WORDS: usize = 24;
/// No courtesy is longer than this, in bytes.
const LONGEST: usize = 400;

/// Words with which people ask, refuse or complain: in no phrase of the house's own, and nobody's name.
const ASKS: &str = "no|ni|nunca|jamas|sin|pero|aun|todavia|tampoco|nadie|nada|falta|faltan|quiero|quisiera|necesito|necesitamos|pido|pedimos|ayuda|auxilio|socorro|urgente|urgencia|cancelar|cancele|devolver|devolucion|devoluciones|reembolso|reclamo|queja|cambio|cambiar|favor|porfa|cuando|donde|cuanto|como|mas|mal|nao|nem|sem|ainda|quero|preciso|cade|not|never|but|without|need|want|help|please|refund|cancel";

fn asks(word: &str) -> bool {
    ASKS.split('|').any(|asks| asks == word)
}

/// What a courtesy says, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Courtesy {
    /// Thanks, or a farewell: it answers nothing.
    Thanks,
    /// Takes note, as "ok" and a thumb do, with or without thanks; to a question it is an answer.
    Acknowledges,
}

/// Which messages of clients ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Courtesies {
    /// None where the file leaves it off: then every message asks. Else phrases of the house's own, folded.
    own: Option<BTreeSet<String>>,
}

impl Courtesies {
    /// Those of the three languages, and messages that consist of one of these phrases.
    pub fn with(own: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let own = own.into_iter().filter_map(|phrase| signs::read(phrase.as_ref()));
        Self { own: Some(own.map(|said| said.words.join(" ")).filter(|phrase| !phrase.is_empty()).collect()) }
    }

    /// Whether any message can be one.
    pub const fn is_on(&self) -> bool {
        self.own.is_some()
    }

    /// Whether a phrase of the house's own can be taken for one: words, and nothing that asks.
    pub fn can_be(phrase: &str) -> bool {
        let said = signs::read(phrase).filter(|_| phrase.len() <= LONGEST);
        said.is_some_and(|said| !said.words.is_empty() && !said.words.iter().any(|word| asks(word)))
    }

    /// What a message says if it asks for nothing. `names` are words by which its writer and its readers are called.
    pub fn judge(&self, text: &str, names: &[&str]) -> Option<Courtesy> {
        let own = self.own.as_ref()?;
        let is_own = || {
            let said = signs::read(text).filter(|_| text.len() <= LONGEST);
            said.is_some_and(|said| own.contains(&said.words.join(" ")))
        };
        // What the house takes for one may say yes as well.
        if !own.is_empty() && is_own() { Some(Courtesy::Acknowledges) } else { of(text, names) }
    }
}

/// Any sequence of phrases, each by its sort.
static COURTESY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let core = any(&[THANKS, GREETED_THANKS, ACKNOWLEDGES, FAREWELLS]);
    let (before, after) = (any(&[CONSENTS, ADDRESSES, &[NAMES]]), any(&[CONSENTS, LEAVES, ADDRESSES, &[NAMES]]));
    sequence(&before, &core, &after)
});

/// Thanks and farewells alone, with nothing beside them that could be an answer.
static THANKS_ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let core = any(&[THANKS, GREETED_THANKS, FAREWELLS]);
    let (before, after) = (any(&[ADDRESSES, &[NAMES]]), any(&[LEAVES, ADDRESSES, &[NAMES]]));
    sequence(&before, &core, &after)
});

fn any(lists: &[&[&str]]) -> String {
    lists.concat().join("|")
}

/// Phrases in a row, of which the first that is no address is a `core` one.
fn sequence(before: &str, core: &str, after: &str) -> Option<Regex> {
    let join = "(?: (?:y|e|and|n|tambien|too|tambem) | )";
    let courtesy = format!("^(?:(?:{before}) )*(?:{core})(?:{join}(?:{core}|{after}))*$");
    regex::RegexBuilder::new(&courtesy).size_limit(64 << 20).dfa_size_limit(16 << 20).build().ok()
}

/// What a message says if it asks for nothing; none if it asks, or might. `names` are words by which its writer and its readers are called.
pub fn of(text: &str, names: &[&str]) -> Option<Courtesy> {
    if LONGEST < text.len() {
        return None;
    }
    let signs::Said { words, has_sign, nods } = signs::read(text)?;
    if words.is_empty() {
        // A thumb, a heart.
        return has_sign.then_some(Courtesy::Acknowledges);
    }
    if MOST_WORDS < words.len() {
        return None;
    }
    let plain = without_names(&words, names);
    let pattern = COURTESY.as_ref()?;
    let fits = spellings(&plain).into_iter().find(|spelling| pattern.is_match(spelling))?;
    let thanks = !nods && THANKS_ALONE.as_ref().is_some_and(|pattern| pattern.is_match(&fits));
    Some(if thanks { Courtesy::Thanks } else { Courtesy::Acknowledges })
}

/// Words without whoever is thanked or signs, at the end, by the whole name: a first name alone may be a word as well, and a shop may be called
/// "No llega".
fn without_names<'w>(words: &'w [String], names: &[&str]) -> Vec<&'w str> {
    let mut plain: Vec<&str> = words.iter().map(String::as_str).collect();
    for name in names {
        let name: Vec<String> = name.split_whitespace().map(folded).collect();
        let asks = name.iter().any(|word| asks(word));
        let ends_so = || plain.ends_with(&name.iter().map(String::as_str).collect::<Vec<_>>());
        if 1 < name.len() && !asks && name.len() < plain.len() && ends_so() {
            plain.truncate(plain.len() - name.len());
        }
    }
    plain
}

/// The words as they are, and as they would be with the letters said once that somebody draws out: graciasss, thaaanks.
fn spellings(words: &[&str]) -> Vec<String> {
    let squeezed = |most: usize| {
        let words = words.iter().map(|word| squeezed(word, most));
        words.collect::<Vec<_>>().join(" ")
    };
    let mut spellings = vec![words.join(" ")];
    for spelling in [squeezed(2), squeezed(1)] {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    spellings
}

/// A word whose letters, where one stands three times or more in a row or twice at its end, stand `most` times.
fn squeezed(word: &str, most: usize) -> String {
    let letters: Vec<char> = word.chars().collect();
    if letters.iter().all(|letter| *letter == letters[0]) {
        // Somebody laughs, or moans.
        return word.to_owned();
    }
    let mut short = String::with_capacity(word.len());
    let mut place = 0;
    while place < letters.len() {
        let run = letters[place..].iter().take_while(|letter| **letter == letters[place]).count();
        let is_drawn_out = 3 <= run || (2 <= run && place + run == letters.len());
        let n = if is_drawn_out { run.min(most) } else { run };
        short.extend(std::iter::repeat_n(letters[place], n));
        place += run;
    }
    short
}

/// In lower case, without accents.
fn folded(text: &str) -> String {
    unaccented(text).flat_map(char::to_lowercase).collect()
}
