//! Telephones: to whom a message may go, and what is told of it afterwards. A vendor's news name the message by a token that plazo
//! signed for it; what a key does is done with the proof of a link, once, and only while the call is about something that is still owed.

mod limits;
mod record;
mod token;

use chrono::{DateTime, Utc};

use super::links::has_part;
use super::{App, Applied, Incoming, LINK_DOOR, REPLY_DOOR, WriteError};
use crate::engine::event::{About, Author, AuthorKind, Event, EventId, Fact};
use crate::engine::proof::Proof;
use crate::engine::request_id::RequestId;
use crate::intake::reply::{Wish, wish};
use crate::notify::phone::digits;
use crate::outbox::needed::ClockNow;
use crate::outbox::{Content, ReaderLimit};
use crate::store::deliveries::DeliveryRow;
use crate::text::phone::spoken::{CallWord, PUT_OFF};
use crate::text::reader::Reader;
use crate::text::render::render;
use crate::text::{Language, phone};

pub use record::HEARD;

/// Numbers shorter than this are nobody's own.
const SHORTEST_NUMBER: usize = 7;
/// By what Twilio delivers nothing more to a number, and delivers again (twilio.com/docs/messaging/tutorials/advanced-opt-out).
const STOP: [&str; 6] = ["stop", "stopall", "unsubscribe", "cancel", "end", "quit"];
const START: [&str; 3] = ["start", "unstop", "yes"];
/// An alert is read again so often at most.
const MOST_REPEATS: u8 = 3;

/// What a call goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallReply {
    /// A last word.
    Say(CallWord),
    /// The alert again.
    Again(String),
    /// Nothing.
    HangUp,
}

impl App {
    /// What a key does that was pressed in a call; `n_repeats` says how often it was read again. Also in which language it goes on.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it could not be written down.
    pub async fn call_pressed(
        &self,
        row: &DeliveryRow,
        key: &str,
        n_repeats: u8,
    ) -> Result<(CallReply, Language), WriteError> {
        let config = self.config();
        let contact = row.person.as_ref().and_then(|person| config.contacts.get(person));
        let language = contact.map_or(config.language, |contact| contact.language);
        if key.is_empty() {
            return Ok((CallReply::HangUp, language));
        }
        self.outbox.heard(row.id).await?;
        let id = row.id;
        let known = self.readers.read(move |store| Ok((store.content_of(id)?, store.clock_of(id)?)));
        let Ok((Some(content), clock)) = known.await else { return Ok((CallReply::Say(CallWord::Refused), language)) };
        let alert = match &content {
            Content::Alert(facts) => Some(facts.request),
            _ => None,
        };
        if alert.is_some() && clock.is_some_and(|clock: ClockNow| clock.stopped_at.is_some()) {
            return Ok((CallReply::Say(CallWord::Over), language));
        }
        let reply = match (key, alert) {
            ("2", _) if n_repeats < MOST_REPEATS => {
                let reader = Reader::plain(config.zone, language, self.now());
                let line =
                    if alert.is_some() { String::new() } else { render(&content, &config.texts, &reader).subject };
                CallReply::Again(phone::call(&content, &line, &reader))
            }
            ("1", None) => CallReply::Say(CallWord::Heard),
            ("1", Some(request)) => CallReply::Say(self.by_key(row, request, None).await?),
            ("3", Some(request)) => CallReply::Say(self.by_key(row, request, Some(self.now() + PUT_OFF)).await?),
            _ => CallReply::HangUp,
        };
        Ok((reply, language))
    }

    /// Takes a request, or puts it off until then, as the link of its alert would.
    async fn by_key(
        &self,
        row: &DeliveryRow,
        request: RequestId,
        until: Option<DateTime<Utc>>,
    ) -> Result<CallWord, WriteError> {
        let (config, now) = (self.config(), self.now());
        let Some(person) = row.person.clone() else { return Ok(CallWord::Refused) };
        let Ok(Some(found)) = self.views.request(request).await else { return Ok(CallWord::Refused) };
        if !found.phase.is_live() {
            return Ok(CallWord::Over);
        }
        let whose = person.clone();
        let revoked = self.readers.read(move |store| store.links_revoked_before(Some(&whose))).await.ok().flatten();
        if revoked.is_some_and(|before| row.decided_at <= before) || !has_part(&config, &found, &person, now) {
            return Ok(CallWord::Refused);
        }
        let facts = match until {
            Some(until) => vec![("snooze", Fact::Snooze { until })],
            None => {
                // Where nobody answers for it, whoever takes it does.
                let own = found.owner.is_none().then(|| ("own", Fact::Own { owner: Some(person.clone()) }));
                own.into_iter().chain([("ack", Fact::Ack { until: None })]).collect()
            }
        };
        let proof = Proof::Link { alert_at: row.decided_at };
        for (word, fact) in facts {
            // Once a call: whoever sends the same again does nothing new.
            let id = EventId { source: LINK_DOOR.to_owned(), id: format!("call:{}:{word}", row.id) };
            if !self.act_by_phone(&person, request, (id, fact, proof.clone())).await? {
                return Ok(CallWord::Refused);
            }
        }
        Ok(if until.is_some() { CallWord::PutOff } else { CallWord::Taken })
    }

    /// Does what a text asks for that came from a person's own number: `Tomo R-17`. Whatever else it says does nothing. The number can be
    /// forged, so that what was done is confirmed to the person, as for answers by mail.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it could not be written down.
    pub async fn text_received(
        &self,
        destination: &str,
        from: &str,
        (id, text): (&str, &str),
    ) -> Result<(), WriteError> {
        let (config, now) = (self.config(), self.now());
        let is_theirs = |number: &String| SHORTEST_NUMBER <= digits(number).len() && digits(number) == digits(from);
        let mut people = config.contacts.iter().filter(|(_, own)| own.reach.get(destination).is_some_and(is_theirs));
        // Of two with one number, nobody knows who wrote.
        let (Some((person, _)), None) = (people.next(), people.next()) else {
            tracing::info!(destination, "a text came from a number that is nobody's own");
            return Ok(());
        };
        let word = text.trim().to_lowercase();
        if START.contains(&word.as_str()) {
            return self.outbox.opted_in(person.clone(), destination.to_owned()).await;
        }
        if STOP.contains(&word.as_str()) {
            let limit = ReaderLimit::OptedOut;
            return self.outbox.tell_of_limit(person.clone(), destination.to_owned(), limit).await;
        }
        let Some((request, words)) = named_request(text) else { return Ok(()) };
        let (whose, by) = (person.clone(), destination.to_owned());
        let told_at = self.readers.read(move |store| store.told_at(request, &whose, &by)).await;
        let (Some(wish), Ok(Some(alert_at))) = (wish(&words), told_at) else { return Ok(()) };
        let found = self.views.request(request).await.ok().flatten();
        if !found.is_some_and(|found| has_part(&config, &found, person, now)) {
            return Ok(());
        }
        let fact = match wish {
            Wish::Take => Fact::Ack { until: None },
            Wish::Snooze(span) => Fact::Snooze { until: now + span },
            Wish::Waive => Fact::Waive { reason: String::new(), seen: None },
        };
        let id = EventId { source: REPLY_DOOR.to_owned(), id: format!("sms:{id}") };
        self.act_by_phone(person, request, (id, fact, Proof::Reply { alert_at })).await.map(|_| ())
    }

    /// Whether an act was taken, now or before.
    async fn act_by_phone(
        &self,
        person: &str,
        request: RequestId,
        (id, fact, proof): (EventId, Fact, Proof),
    ) -> Result<bool, WriteError> {
        let name = self.config().contacts.get(person).map(|contact| contact.name.clone());
        let author = Author { name, address: Some(person.to_owned()), kind: AuthorKind::Agent };
        let event = Event {
            id,
            at: self.now(),
            threads: Vec::new(),
            author: Some(author),
            about: About::default(),
            cc: Vec::new(),
            recipients: Vec::new(),
            attached: false,
            proof,
            gist: None,
            refs: serde_json::Map::new(),
            fact,
        };
        let Ok(incoming) = Incoming::new(event, Some(request)) else { return Ok(false) };
        let applied = self.desk.submit(vec![incoming]).await?;
        Ok(applied.iter().all(|applied| matches!(applied, Applied::Accepted { .. } | Applied::Duplicate { .. })))
    }
}

/// The one request that a text names, and the text without it: `Tomo R-17`.
fn named_request(text: &str) -> Option<(RequestId, String)> {
    let is_name = |word: &&str| {
        let word = word.trim_end_matches(|letter: char| letter.is_ascii_punctuation());
        let number = word.strip_prefix("R-").or_else(|| word.strip_prefix("r-"));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit()))
    };
    let (names, words): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| is_name(word));
    let [name] = names[..] else { return None };
    let name = name.trim_end_matches(|letter: char| letter.is_ascii_punctuation()).to_uppercase();
    Some((name.parse().ok()?, words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_one_request_or_none() {
        for (text, request, words) in
            [("Tomo R-17", 17, "Tomo"), ("r-17 tomo", 17, "tomo"), ("Posponer R-17. 30 min", 17, "Posponer 30 min")]
        {
            assert_eq!(named_request(text), Some((RequestId(request), words.to_owned())), "{text}");
        }
        for text in ["Tomo", "Tomo R-17 y R-18", "Tomo R-", "Tomo R-1x", ""] {
            assert_eq!(named_request(text), None, "{text}");
        }
    }
}
