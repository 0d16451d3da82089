//! Courtesies: messages of a client that ask for nothing (LESSONS 49).
//!
//! Safe by construction: a message is one only if every word of it belongs to a phrase that asks for nothing, and everything else in it is a
//! full stop, a comma, an exclamation mark or a friendly picture. A question mark, a digit, a negation, a "pero", a word that is not known:
//! each of them asks. A forgotten client is the worse fault.

mod letter;
mod phrases;
mod signs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::check::folded;
use phrases::{
    ACKNOWLEDGES, ADDRESSES, ALL_OF_IT, ANOTHER_WORD, ANSWERS_THANKS, CONSENTS, FAREWELLS, GREETED_THANKS,
    INTERJECTIONS, LEAVES, MAY_ANSWER, NAMES, SLIPPED, THANKS,
};

/// Whoever writes more is telling something.
const MOST_WORDS: usize = 24;
/// No courtesy is longer than this, in bytes.
const LONGEST: usize = 400;

/// Words with which people ask, refuse or complain: in no phrase of the house's own, and nobody's name.
const ASKS: &str = "no|ni|nunca|jamas|sin|pero|aun|todavia|tampoco|nadie|nada|falta|faltan|quiero|quisiera|necesito|necesitamos|pido|pedimos|ayuda|auxilio|socorro|urgente|urgencia|cancelar|cancele|devolver|devolucion|devoluciones|reembolso|reclamo|queja|cambio|cambiar|favor|porfa|cuando|donde|cuanto|como|mas|mal|nao|nem|sem|ainda|quero|preciso|cade|not|never|but|without|need|want|help|please|refund|cancel";

fn asks(word: &str) -> bool {
    ASKS.split('|').any(|asks| asks == word)
}

fn may_answer(word: &str) -> bool {
    MAY_ANSWER.split('|').any(|answers| answers == word)
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
    /// What the house's people are called, folded: whole names, and given names.
    people: BTreeSet<String>,
}

impl Courtesies {
    /// Those of the three languages, and messages that consist of one of these phrases.
    pub fn with(own: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let own = own.into_iter().filter_map(|phrase| signs::read(phrase.as_ref()));
        let own = own.map(|said| said.words.join(" ")).filter(|phrase| !phrase.is_empty());
        Self { own: Some(own.collect()), people: BTreeSet::new() }
    }

    /// The same, of a house whose people are called so: they are thanked by name.
    #[must_use]
    pub fn among<'n>(mut self, people: impl IntoIterator<Item = &'n str>) -> Self {
        for name in people {
            let words: Vec<String> = name.split_whitespace().map(folded).filter(|word| 2 < word.len()).collect();
            if words.iter().any(|word| asks(word)) {
                continue;
            }
            self.people.extend(words.first().cloned());
            self.people.insert(words.join(" "));
        }
        self.people.remove("");
        self
    }

    /// Whether any message can be one.
    pub const fn is_on(&self) -> bool {
        self.own.is_some()
    }

    /// The house's own phrases, folded.
    pub fn own(&self) -> impl Iterator<Item = &str> {
        self.own.iter().flatten().map(String::as_str)
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
        if !own.is_empty() && is_own() { Some(Courtesy::Acknowledges) } else { of(text, names, &self.people) }
    }
}

/// Any sequence of phrases, each by its sort.
static COURTESY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let core = any(&[THANKS, GREETED_THANKS, ACKNOWLEDGES, FAREWELLS]);
    let before = any(&[CONSENTS, ADDRESSES, ALL_OF_IT, &[NAMES]]);
    let after = any(&[CONSENTS, LEAVES, ADDRESSES, ALL_OF_IT, &[NAMES]]);
    sequence(&before, &core, &after)
});

/// Thanks and farewells alone, with nothing beside them that could be an answer.
static THANKS_ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let core = any(&[THANKS, GREETED_THANKS, FAREWELLS]);
    let (before, after) = (any(&[ADDRESSES, INTERJECTIONS, &[NAMES]]), any(&[LEAVES, ADDRESSES, &[NAMES]]));
    sequence(&before, &core, &after)
});

/// What answers thanks, alone or with a name.
static REPLIES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("^(?:{ANSWERS_THANKS})(?: (?:{}))*$", any(&[ADDRESSES, &[NAMES]]))).ok());

fn any(lists: &[&[&str]]) -> String {
    lists.concat().join("|")
}

/// Phrases in a row, of which the first that is no address is a `core` one.
fn sequence(before: &str, core: &str, after: &str) -> Option<Regex> {
    let join = "(?: (?:y|e|and|n|tambien|too|tambem) | )";
    let courtesy = format!("^(?:(?:{before}) )*(?:{core})(?:{join}(?:{core}|{after}))*$");
    regex::RegexBuilder::new(&courtesy).size_limit(64 << 20).dfa_size_limit(16 << 20).build().ok()
}

/// What a message says if it asks for nothing; none if it asks, or might. `names` are those of its writer and its reader, `people` what the
/// house's people are called.
fn of(text: &str, names: &[&str], people: &BTreeSet<String>) -> Option<Courtesy> {
    if LONGEST < text.len() {
        return None;
    }
    let signs::Said { words, has_sign, nods } = signs::read(letter::text_of(text, names))?;
    if words.is_empty() {
        // A thumb, a heart.
        return has_sign.then_some(Courtesy::Acknowledges);
    }
    if MOST_WORDS < words.len() {
        return None;
    }
    let (courtesy, thanks) = (COURTESY.as_ref()?, THANKS_ALONE.as_ref()?);
    let plain = without_names(&words, names);
    let plain = without_people(&plain, people);
    let plain = with_surnames(&plain);
    let (laughs, sober): (Vec<&str>, Vec<&str>) = plain.iter().partition(|word| is_laugh(word));
    let spellings = spellings(&sober);
    if !nods && spellings.iter().any(|spelling| thanks.is_match(spelling)) {
        let answers = |spelling: &String| spelling.split(' ').any(may_answer);
        return Some(if spellings.iter().any(answers) { Courtesy::Acknowledges } else { Courtesy::Thanks });
    }
    if REPLIES.as_ref().is_some_and(|pattern| spellings.iter().any(|spelling| pattern.is_match(spelling))) {
        return Some(Courtesy::Acknowledges);
    }
    // Who laughs at an "ok" may mean the contrary.
    let takes_note = laughs.is_empty() && spellings.iter().any(|spelling| courtesy.is_match(spelling));
    let nods_thanks = nods && spellings.iter().any(|spelling| thanks.is_match(spelling));
    (takes_note || nods_thanks).then_some(Courtesy::Acknowledges)
}

/// Words with a surname behind a title in a form that every title may be followed by, and what people shorten written out.
fn with_surnames<'w>(words: &[&'w str]) -> Vec<&'w str> {
    const TITLES: &str = "sr|sra|srta|senor|senora|senorita|don|dona|dr|dra|lic|ing|inge|profe|seu|mr|mrs|ms|miss";
    let is_title = |word: &str| TITLES.split('|').any(|title| title == word);
    let mut written = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let follows_title = place.checked_sub(1).is_some_and(|before| is_title(words[before]));
        let is_surname = |word: &str| !asks(word) && 3 < word.len() && !is_courteous(word);
        written.push(match *word {
            "q" => "que",
            "pa" => "para",
            "tmb" | "tbn" => "tambien",
            word if follows_title && is_surname(word) => "SURNAME",
            word => word,
        });
    }
    written
}

/// Whether a word by itself is a courtesy: no surname.
fn is_courteous(word: &str) -> bool {
    COURTESY.as_ref().is_some_and(|pattern| pattern.is_match(word))
}

/// Whether a word is a laugh: jajaja, kkkk, rsrs.
fn is_laugh(word: &str) -> bool {
    if word == "lol" {
        return true;
    }
    const SYLLABLES: [&str; 6] = ["ja", "je", "ji", "ha", "he", "rs"];
    let repeats = |syllable: &str| {
        let rest = word.trim_start_matches(syllable);
        2 * syllable.len() <= word.len() - rest.len() && (rest.is_empty() || syllable.starts_with(rest))
    };
    SYLLABLES.into_iter().any(repeats) || 3 <= word.len() && word.bytes().all(|byte| byte == b'k')
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

/// Words in which whoever of the house is named, behind the first word, bears a name that everybody knows.
fn without_people<'w>(words: &[&'w str], people: &BTreeSet<String>) -> Vec<&'w str> {
    const LONGEST_NAME: usize = 4;
    const SOMEBODY: &str = "maria";
    let mut plain = Vec::with_capacity(words.len());
    let mut place = 0;
    while place < words.len() {
        let is_named = |n: &usize| people.contains(&words[place..place + n].join(" "));
        let longest = LONGEST_NAME.min(words.len() - place);
        let named = if place == 0 || people.is_empty() { None } else { (1..=longest).rev().find(is_named) };
        plain.push(if named.is_some() { SOMEBODY } else { words[place] });
        place += named.unwrap_or(1);
    }
    plain
}

/// The words as they are; as they would be with the letters said once that somebody draws out: graciasss, thaaanks; and without a slip.
fn spellings(words: &[&str]) -> Vec<String> {
    let respelt = |change: &dyn Fn(&str) -> String| {
        let words = words.iter().map(|word| change(word));
        words.collect::<Vec<_>>().join(" ")
    };
    let mut spellings = vec![words.join(" ")];
    for spelling in [
        respelt(&|word| squeezed(word, 2)),
        respelt(&|word| squeezed(word, 1)),
        respelt(&|word| without_slip(&squeezed(word, 1)).to_owned()),
    ] {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    spellings
}

/// The courtesy from which a long word differs by one slip: a letter too many, too few, another one, or two that changed places.
fn without_slip(word: &str) -> &str {
    let is_slip = |known: &&str| {
        let is_other = known.starts_with(word) || ANOTHER_WORD.contains(&word);
        !is_other && known.as_bytes().first() == word.as_bytes().first() && strsim::osa_distance(known, word) == 1
    };
    if word.len() < 5 { word } else { SLIPPED.iter().copied().find(is_slip).unwrap_or(word) }
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
