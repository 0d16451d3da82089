//! What was said, as far as clocks depend on it: the words themselves, or what was found in them before they were let go.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Event, Fact};
use crate::engine::check::{self, Appeal, Part};
use crate::engine::courtesy::Courtesy;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

/// What is kept of a text whose words are not: its length, a hash, and what the checks found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gist {
    /// Its letters.
    pub letters: usize,
    /// The first half of its SHA-256, in hexadecimal: whether two were the same.
    pub digest: String,
    /// Whether it asks, or wants something of whoever reads it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_question: bool,
    /// Whether it asks for something to be sent or done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    needs_something: bool,
    /// Whether it says nothing (D3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    says_nothing: bool,
    /// Whether it confirms that something is solved (B5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    confirms: bool,
    /// Whether it says that somebody will come back to it (C7).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    returns: bool,
    /// What it says, if it asks for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    courtesy: Option<Courtesy>,
    /// By what it is known again (D11).
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<u64>,
    /// The parts of a note (C5).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    /// Whether the event had a subject.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_subject: bool,
}

impl Gist {
    /// By what a text is known again, whose words are not kept.
    pub fn digest_of(text: &str) -> String {
        hex(&Sha256::digest(text.as_bytes())[..16])
    }

    fn of(text: &str, names: &[&str], rulebook: &Rulebook) -> Self {
        let said = Utterance::Words(text);
        let wanted = said.wanted();
        Self {
            letters: text.chars().count(),
            digest: Self::digest_of(text),
            has_question: wanted.inquires,
            needs_something: wanted.may_need,
            says_nothing: said.says_nothing(rulebook),
            confirms: said.confirms(rulebook),
            returns: said.returns(rulebook),
            courtesy: said.courtesy(names, rulebook),
            fingerprint: said.fingerprint(),
            parts: said.parts(),
            has_subject: false,
        }
    }
}

/// A subject without "Re:", a ticket's number in brackets, and its way of writing.
fn bare_subject(subject: &str) -> String {
    static LEAD: std::sync::LazyLock<Option<regex::Regex>> = std::sync::LazyLock::new(|| {
        regex::Regex::new(r"^(?:\s*(?:(?:re|rv|fw|fwd|res|enc|rif|r|aw|sv|antw|resp|respuesta|reenviado)\s*(?:\[\d+\])?\s*:|\[[^\]]*\]))+").ok()
    });
    let folded = check::normalised(subject);
    let bare = LEAD
        .as_ref()
        .map_or(folded.as_str(), |lead| lead.find(&folded).map_or(&folded, |found| &folded[found.end()..]));
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What somebody said.
#[derive(Debug, Clone, Copy)]
pub enum Utterance<'a> {
    /// These words.
    Words(&'a str),
    /// Words that were let go.
    Gist(&'a Gist),
    /// Something without words: a picture, a voice.
    Wordless,
}

impl Utterance<'_> {
    /// What it wants of whoever reads it, where the house says it; what has no words may want anything.
    pub fn wanted(&self) -> Appeal {
        match self {
            Self::Words(text) => check::wanted(text),
            Self::Gist(gist) => Appeal { inquires: gist.has_question, may_need: gist.needs_something },
            Self::Wordless => Appeal { inquires: true, may_need: true },
        }
    }

    /// Whether it is a dot, or a sign (D3). What has no words does say something.
    pub fn says_nothing(&self, rulebook: &Rulebook) -> bool {
        match self {
            Self::Words(text) => !rulebook.wording.says_something(text),
            Self::Gist(gist) => gist.says_nothing,
            Self::Wordless => false,
        }
    }

    /// Whether it confirms that something is solved (B5).
    pub fn confirms(&self, rulebook: &Rulebook) -> bool {
        match self {
            Self::Words(text) => rulebook.checks.confirms.find(text).is_some(),
            Self::Gist(gist) => gist.confirms,
            Self::Wordless => false,
        }
    }

    /// Whether it says that somebody will come back to it (C7).
    pub fn returns(&self, rulebook: &Rulebook) -> bool {
        match self {
            Self::Words(text) => rulebook.checks.comes_back.find(text).is_some(),
            Self::Gist(gist) => gist.returns,
            Self::Wordless => false,
        }
    }

    /// What it says, if it asks for nothing (LESSONS 49). `names` are words by which its writer and its readers are called.
    pub fn courtesy(&self, names: &[&str], rulebook: &Rulebook) -> Option<Courtesy> {
        match self {
            Self::Words(text) => rulebook.courtesies.judge(text, names),
            Self::Gist(gist) => gist.courtesy.filter(|_| rulebook.courtesies.is_on()),
            Self::Wordless => None,
        }
    }

    /// A number by which it is known again, however it is written (D11).
    pub fn fingerprint(&self) -> Option<u64> {
        match self {
            Self::Words(text) => check::fingerprint(text),
            Self::Gist(gist) => gist.fingerprint,
            Self::Wordless => None,
        }
    }

    /// The parts of a note (C5).
    pub fn parts(&self) -> Vec<Part> {
        match self {
            Self::Words(text) => check::parts(text),
            Self::Gist(gist) => gist.parts.clone(),
            Self::Wordless => Vec::new(),
        }
    }

    /// Whether it has a letter or a digit.
    pub fn has_letters(&self) -> bool {
        match self {
            Self::Words(text) => text.chars().any(char::is_alphanumeric),
            Self::Gist(gist) => 0 < gist.letters && !gist.says_nothing,
            Self::Wordless => false,
        }
    }
}

impl Event {
    /// What its author said: the text of a message or a note, or what is kept of it.
    pub fn said(&self) -> Utterance<'_> {
        match (&self.fact, &self.gist) {
            (Fact::Message { text: Some(text), .. }, _) => Utterance::Words(text),
            (Fact::Message { text: None, .. }, Some(gist)) => Utterance::Gist(gist),
            (Fact::Comment { text }, Some(gist)) if text.is_empty() => Utterance::Gist(gist),
            (Fact::Comment { text }, _) => Utterance::Words(text),
            _ => Utterance::Wordless,
        }
    }

    /// Whether what the house delivered asks for something.
    pub fn delivers_with_question(&self) -> bool {
        match &self.fact {
            Fact::Deliver { text } if !text.trim().is_empty() => check::wanted(text).inquires,
            Fact::Deliver { .. } => self.gist.as_ref().is_some_and(|gist| gist.has_question),
            _ => false,
        }
    }

    /// Whether it bears another subject than its conversation has, the words of answering and passing on apart.
    pub fn renames(&self, known: Option<&str>) -> bool {
        let own = self.about.subject.as_deref().map(bare_subject).filter(|own| !own.is_empty());
        own.is_some_and(|own| known.is_some_and(|known| bare_subject(known) != own))
    }

    /// Whether it has a subject, or had one before its words were let go.
    pub fn has_subject(&self) -> bool {
        self.about.subject.is_some() || self.gist.as_ref().is_some_and(|gist| gist.has_subject)
    }

    /// Lets its words go: what people wrote, and what a source told besides. Instants, types, authors and what the checks found stay, so that
    /// verdicts and figures do.
    pub fn let_words_go(&mut self, request: &Request, rulebook: &Rulebook) {
        if let Utterance::Words(text) = self.said() {
            let author = self.author.as_ref().and_then(|author| author.name.as_deref());
            let owner = request.owner.as_deref().and_then(|key| rulebook.directory.person(key));
            let names: Vec<&str> = author.into_iter().chain(owner.map(|person| person.name.as_str())).collect();
            let gist = Gist::of(text, &names, rulebook);
            // What is said by a subject of its own asks, whatever stands below it.
            let courtesy = gist.courtesy.filter(|_| !self.renames(request.subject.as_deref()));
            self.gist = Some(Gist { courtesy, ..gist });
        }
        if self.delivers_with_question() {
            self.gist.get_or_insert_default().has_question = true;
        }
        if self.about.subject.take().is_some() {
            self.gist.get_or_insert_default().has_subject = true;
        }
        self.refs.clear();
        match &mut self.fact {
            Fact::Message { text, .. } => *text = None,
            Fact::Comment { text } | Fact::Deliver { text } | Fact::Reason { text, .. } => text.clear(),
            Fact::Wait { reason, .. }
            | Fact::Close { reason, .. }
            | Fact::Escalate { reason }
            | Fact::Waive { reason, .. } => reason.clear(),
            Fact::Log(interaction) => {
                for words in [
                    &mut interaction.person,
                    &mut interaction.reason,
                    &mut interaction.inputs,
                    &mut interaction.pending,
                    &mut interaction.solution,
                ] {
                    // That something was written down stays.
                    if words.chars().any(char::is_alphanumeric) {
                        "x".clone_into(words);
                    }
                }
            }
            Fact::Split { parts } => parts.iter_mut().for_each(String::clear),
            _ => {}
        }
    }
}
