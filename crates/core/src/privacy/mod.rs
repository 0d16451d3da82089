//! PURE. What becomes of what is kept when somebody is to be forgotten: names, addresses and words go, instants and types stay, so that verdicts
//! and figures do. Who was one remains one, under a name that says nothing.

mod mentions;

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::engine::address;
use crate::engine::directory::Directory;
use crate::engine::event::{AuthorKind, Event, EventId, Fact};
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

pub use mentions::{Mentions, SHORTEST_WORD, TooMany};

/// Begins whatever stands in the place of what was erased.
pub use crate::engine::address::ERASED;
/// Begins the ids of events of which it is only known whether they were heard of.
pub const ERASED_ID: &str = "erased:";
/// Members of what is told that say who a client is, or what was written.
const PERSONAL: [&str; 14] = [
    "subject",
    "customer",
    "contact",
    "contact_by",
    "client",
    "place",
    "words",
    "text",
    "reply_text",
    "participants",
    "attendees",
    "parts",
    "number",
    "ticket",
];

/// Why the house waited.
const REASON: &str = "reason";

/// Members of what is told that hold what people wrote.
const WORDS: [&str; 5] = ["subject", "words", "text", "reply_text", "place"];

/// Lets what people wrote go from what was told, as JSON. Whether anything changed.
pub fn let_words_go(value: &mut Value) -> bool {
    match value {
        // Of each, whatever became of the one before it.
        Value::Array(items) => 0 < items.iter_mut().map(let_words_go).filter(|changed| *changed).count(),
        Value::Object(fields) => {
            let mut changed = false;
            let is_pause = is_pause(fields);
            for (name, field) in fields.iter_mut() {
                let is_words = WORDS.contains(&name.as_str()) || (is_pause && name == REASON);
                if is_words && !field.is_null() {
                    *field = if field.is_string() { Value::from("") } else { Value::Null };
                    changed = true;
                } else {
                    changed |= let_words_go(field);
                }
            }
            changed
        }
        _ => false,
    }
}

/// Whether what was told is a pause in the derivation of a deadline: why the house waited is in its own words.
fn is_pause(fields: &serde_json::Map<String, Value>) -> bool {
    fields.get("because").is_some_and(|because| because == "pause")
}

/// The form of what a source sent, without what it says: of each text of a JSON document its length, in letters; of anything else its length
/// in bytes.
pub fn form_of(payload: &str) -> String {
    fn bare(value: &mut Value) {
        match value {
            Value::String(text) => *text = format!("({} letters)", text.chars().count()),
            Value::Number(_) => *value = Value::from(0),
            Value::Array(items) => items.iter_mut().for_each(bare),
            Value::Object(fields) => fields.values_mut().for_each(bare),
            Value::Bool(_) | Value::Null => {}
        }
    }
    match serde_json::from_str::<Value>(payload) {
        Ok(mut value) => {
            bare(&mut value);
            value.to_string()
        }
        Err(_) => format!("({} bytes)", payload.len()),
    }
}

/// The id under which an erased event is known, so that a source that tells it again is told that it was heard of.
pub fn erased_id(id: &EventId) -> String {
    if id.id.starts_with(ERASED_ID) {
        // Of one that was erased before, with somebody else.
        return id.id.clone();
    }
    let digest = Sha256::digest(format!("{}\n{}", id.source, id.id).as_bytes());
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{ERASED_ID}{hex}")
}

/// Forgets somebody.
pub struct Eraser<'a> {
    /// By which the person or client is known: addresses, numbers, names, keys; in their canonical form.
    words: BTreeSet<String>,
    mentions: Mentions,
    /// What stands for a word from now on: the same for the same word, and nothing to be read from it.
    seal: &'a dyn Fn(&str) -> String,
}

impl<'a> Eraser<'a> {
    /// Of whoever is known by these words.
    ///
    /// # Errors
    ///
    /// If they are too many to be looked for at once.
    pub fn new(words: impl IntoIterator<Item = String>, seal: &'a dyn Fn(&str) -> String) -> Result<Self, TooMany> {
        let words = words.into_iter().map(|word| address::canonical(&word).into_owned());
        let words: BTreeSet<_> = words.filter(|word| !word.is_empty()).collect();
        let mentions = Mentions::new(words.iter().map(String::as_str))?;
        Ok(Self { words, mentions, seal })
    }

    /// The words, in their canonical form.
    pub const fn words(&self) -> &BTreeSet<String> {
        &self.words
    }

    /// Whether a word is one by which they are known.
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains(address::canonical(word).as_ref())
    }

    /// Whether a text has such a word in it.
    pub fn occurs_in(&self, text: &str) -> bool {
        self.mentions.is_in(text.as_bytes()) || self.knows(text)
    }

    /// Whether bytes have such a word in them.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.mentions.is_in(bytes)
    }

    /// What stands for a word from now on. An address stays one, of the same company as before or of the same public provider, since that
    /// decides whether a message reached the client.
    pub fn pseudonym(&self, word: &str) -> String {
        if word.starts_with(ERASED) {
            return word.to_owned();
        }
        let canonical = address::canonical(word);
        let sealed = (self.seal)(&canonical);
        match canonical.rsplit_once('@') {
            None => format!("{ERASED}{sealed}"),
            Some((_, domain)) => match address::company_domain(&canonical) {
                Some(company) => format!("{ERASED}{sealed}@{}.invalid", (self.seal)(company)),
                None => format!("{ERASED}{sealed}@{domain}"),
            },
        }
    }

    fn replace(&self, word: &mut String) {
        *word = self.pseudonym(word);
    }

    fn replace_known(&self, word: &mut String) {
        if self.occurs_in(word) {
            self.replace(word);
        }
    }

    /// Forgets them in an event. With `whole`, its request is theirs, and of it nothing is kept but what happened when.
    pub fn event(&self, event: &mut Event, request: &Request, rulebook: &Rulebook, whole: bool) {
        if !whole && !self.is_in_event(event) {
            return;
        }
        let directory = &rulebook.directory;
        event.let_words_go(request, rulebook);
        event.id = EventId { source: event.id.source.clone(), id: erased_id(&event.id) };
        event.threads.iter_mut().for_each(|thread| self.replace_if(thread, whole));
        if let Some(author) = &mut event.author {
            let is_client = whole && author.kind == AuthorKind::Customer;
            if is_client || author.name.as_deref().is_some_and(|name| self.knows(name)) {
                author.name = None;
            }
            if let Some(address) = &mut author.address {
                self.replace_if(address, is_client);
            }
            if is_client && author.address.is_none() {
                // Else nobody could tell whether two messages are one person's.
                author.address = Some(format!("{ERASED}{}", (self.seal)("nobody")));
            }
        }
        let about = &mut event.about;
        for word in [&mut about.customer, &mut about.contact, &mut about.ticket] {
            if whole || word.as_deref().is_some_and(|word| self.occurs_in(word)) {
                *word = None;
            }
        }
        about.tags.iter_mut().for_each(|tag| self.replace_known(tag));
        for address in event.cc.iter_mut().chain(&mut event.recipients) {
            self.replace_if(address, whole && directory.person(address).is_none());
        }
        match &mut event.fact {
            Fact::Undo { of } => {
                if let Some((source, id)) = of.split_once('/') {
                    let id = EventId { source: source.to_owned(), id: id.to_owned() };
                    *of = EventId { id: erased_id(&id), ..id }.to_string();
                }
            }
            Fact::Undelivered { of, failed } => {
                let id = EventId { source: event.id.source.clone(), id: std::mem::take(of) };
                *of = erased_id(&id);
                failed.iter_mut().for_each(|address| self.replace_if(address, whole));
            }
            Fact::Schedule { participants, .. } => {
                for address in participants {
                    self.replace_if(address, whole && directory.person(address).is_none());
                }
            }
            Fact::Own { owner: Some(owner) } | Fact::Open { owner: Some(owner), .. } => self.replace_known(owner),
            Fact::Stage { number, .. } if whole => *number = None,
            _ => {}
        }
    }

    fn replace_if(&self, word: &mut String, always: bool) {
        if always { self.replace(word) } else { self.replace_known(word) }
    }

    /// Whether an event speaks of them anywhere.
    fn is_in_event(&self, event: &Event) -> bool {
        serde_json::to_value(event).is_ok_and(|value| self.is_in_json(&value))
    }

    fn is_in_json(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.occurs_in(text),
            Value::Array(items) => items.iter().any(|item| self.is_in_json(item)),
            Value::Object(fields) => fields.values().any(|field| self.is_in_json(field)),
            _ => false,
        }
    }

    /// Forgets them in what is known of a request.
    pub fn request(&self, request: &mut Request, directory: &Directory, whole: bool) {
        let theirs = |word: &Option<String>| whole || word.as_deref().is_some_and(|word| self.occurs_in(word));
        for word in [&mut request.contact, &mut request.subject, &mut request.ticket, &mut request.facets.customer] {
            if theirs(word) {
                *word = None;
            }
        }
        request.facets.tags.iter_mut().for_each(|tag| self.replace_known(tag));
        if whole {
            request.number = None;
            request.said.clear();
            request.awaited.clear();
        }
        if let Some(owner) = &mut request.owner {
            self.replace_known(owner);
        }
        if let Some(requester) = &mut request.requester {
            let is_client = whole && requester.kind == AuthorKind::Customer;
            if is_client || requester.name.as_deref().is_some_and(|name| self.knows(name)) {
                requester.name = None;
            }
            if let Some(address) = &mut requester.address {
                self.replace_if(address, is_client);
            } else if is_client {
                requester.address = Some(format!("{ERASED}{}", (self.seal)("nobody")));
            }
        }
        for word in request.thread.iter_mut().chain(&mut request.clients).chain(&mut request.third_parties) {
            self.replace_if(word, whole);
        }
        for pause in &mut request.pauses {
            if whole || self.occurs_in(&pause.reason) {
                pause.reason.clear();
            }
        }
        for address in request.appointment.iter_mut().flat_map(|appointment| &mut appointment.participants) {
            self.replace_if(address, whole && directory.person(address).is_none());
        }
    }

    /// Forgets them in what was told, as JSON: whatever speaks of one of their requests loses what says whose it is and what was written;
    /// elsewhere only their own words are replaced. Whether anything changed.
    pub fn json(&self, value: &mut Value, requests: &BTreeSet<i64>, whole: bool) -> bool {
        match value {
            Value::String(text) if self.occurs_in(text) => {
                self.replace(text);
                true
            }
            Value::Array(items) => {
                0 < items.iter_mut().map(|item| self.json(item, requests, whole)).filter(|changed| *changed).count()
            }
            Value::Object(fields) => {
                let is_theirs = whole
                    || fields.get("request").and_then(Value::as_i64).is_some_and(|request| requests.contains(&request));
                let mut changed = false;
                let is_pause = is_pause(fields);
                for (name, field) in fields.iter_mut() {
                    let is_personal = PERSONAL.contains(&name.as_str()) || (is_pause && name == REASON);
                    if is_theirs && is_personal && !matches!(field, Value::Null | Value::Number(_)) {
                        // The shape stays, so that what reads it finds what it expects.
                        *field = match field {
                            Value::String(_) => Value::from(""),
                            Value::Array(_) => Value::Array(Vec::new()),
                            _ => Value::Null,
                        };
                        changed = true;
                    } else {
                        changed |= self.json(field, requests, is_theirs);
                    }
                }
                changed
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seal(word: &str) -> String {
        format!("{:x}", word.len())
    }

    #[test]
    fn who_is_forgotten_keeps_an_address_that_says_nothing_and_lies_where_it_lay() {
        let eraser =
            Eraser::new(["Rosa@Andina.example".to_owned(), "+57 300 555 0101".to_owned()], &seal).expect("two");
        assert!(eraser.knows("rosa@andina.example") && eraser.knows("573005550101"));
        assert!(eraser.occurs_in("escriba a ROSA@andina.example, por favor") && !eraser.occurs_in("andina"));
        let (mail, public) = (eraser.pseudonym("rosa@andina.example"), eraser.pseudonym("rosa@gmail.com"));
        assert_eq!(address::company_domain(&mail), address::company_domain(&eraser.pseudonym("otra@andina.example")));
        assert_eq!((address::company_domain(&public), public.ends_with("@gmail.com")), (None, true));
        assert_eq!(eraser.pseudonym(&mail), mail, "it is erased once");
    }

    #[test]
    fn the_form_of_a_payload_says_nothing_of_what_is_in_it() {
        let payload = r#"{"id": 77, "from": {"name": "Rosa"}, "parts": ["¿Cuándo?", true, null]}"#;
        let form = json!({"id": 0, "from": {"name": "(4 letters)"}, "parts": ["(8 letters)", true, null]});
        assert_eq!(form_of(payload), form.to_string());
        assert_eq!(form_of("{Rosa"), "(5 bytes)");
    }

    #[test]
    fn of_a_summary_only_what_is_theirs_goes() {
        let eraser = Eraser::new(["Rosa Díaz".to_owned()], &seal).expect("one");
        let mut told = json!({"alerts": [
            {"request": 1, "customer": "Andina", "subject": "Factura", "channel": "email"},
            {"request": 2, "customer": "Sol", "subject": "Logo", "owner": "Rosa Díaz"},
        ]});
        assert!(eraser.json(&mut told, &BTreeSet::from([1]), false));
        let expected = json!({"alerts": [
            {"request": 1, "customer": "", "subject": "", "channel": "email"},
            {"request": 2, "customer": "Sol", "subject": "Logo", "owner": format!("erased-{}", seal("rosa díaz"))},
        ]});
        assert_eq!(told, expected);
    }
}
