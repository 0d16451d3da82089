//! Who reads a message, and what there is for them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Language;
use super::further::Further;
use super::links::Links;
use super::task::ReaderPart;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::AlertFacts;

/// Who reads, and what there is for them.
pub struct Reader<'a> {
    /// The zone in which instants are shown.
    pub zone: Tz,
    /// The language.
    pub language: Language,
    /// Now.
    pub now: DateTime<Utc>,
    /// Whether the message may be a second copy.
    pub doubt: bool,
    /// Whether an answer to the mail acts.
    pub by_reply: bool,
    /// Key of the person who reads; none where several read the same message.
    pub person: Option<&'a str>,
    /// Pages on which the reader can act on a request.
    pub links: &'a dyn Fn(RequestId) -> Option<Links>,
    /// The page with everything that is open.
    pub list: Option<String>,
    /// Pages behind messages that are not alerts.
    pub further: &'a dyn Fn(&Further) -> Option<String>,
}

impl<'a> Reader<'a> {
    /// A reader with nothing but a language.
    pub fn plain(zone: Tz, language: Language, now: DateTime<Utc>) -> Self {
        fn none(_: RequestId) -> Option<Links> {
            None
        }
        Self {
            zone,
            language,
            now,
            doubt: false,
            by_reply: false,
            person: None,
            links: &none,
            list: None,
            further: &|_| None,
        }
    }

    /// The reader's part in what an alert is about.
    pub fn part(&self, facts: &AlertFacts) -> ReaderPart {
        match (self.person, &facts.owner_key) {
            (None, _) => ReaderPart::Everybody,
            (Some(reader), Some(owner)) if reader == owner => ReaderPart::Owner,
            (Some(_), _) => ReaderPart::Other,
        }
    }
}
