//! Mail, as a mailbox or a pipe gives it.

use plazo::engine::event::{Event, Fact};
use plazo::engine::proof::Proof;
use plazo::intake::email::{self, House};

use super::{now, written};

/// As `intake::email` has them.
const LONGEST_TEXT: usize = 64 << 10;
const LONGEST_SUBJECT: usize = 512;
const MOST_COPIES: usize = 200;

/// Servers of the houses of which there are samples.
const SERVERS: [&str; 7] = [
    "mail.agencia.example",
    "messagingengine.com",
    "mx.agencia.example",
    "mx.google.com",
    "mx.zohomail.com",
    "outlook.com",
    "srv12.hosting.example",
];

pub fn hold(data: &[u8]) {
    // Whom a mail speaks for is no word of its own.
    if let Some(event) = read(data, &[], false) {
        hold_of(&event);
        let is_returned = matches!(event.fact, Fact::Undelivered { .. });
        assert!(is_returned || matches!(event.proof, Proof::None { .. }), "{:?}", event.proof);
    }
    if let Some(event) = read(data, &SERVERS, false) {
        hold_of(&event);
        assert!(matches!(event.proof, Proof::None { .. } | Proof::Server { .. }), "{:?}", event.proof);
    }
    if let Some(event) = read(data, &SERVERS, true) {
        hold_of(&event);
    }
}

fn read(data: &[u8], trusts: &[&str], is_sent: bool) -> Option<Event> {
    let is_own = |address: &str| address.ends_with("@agencia.example") || address.ends_with("@empresa.example");
    let trusts: Vec<String> = trusts.iter().map(|server| (*server).to_owned()).collect();
    let folder = is_sent.then_some("Sent");
    let house = House { is_own: &is_own, trusts: &trusts, is_sent, folder, received_at: None, now: now() };
    let event = email::read(data, &house);
    assert_eq!(email::read(data, &house), event);
    event.ok()
}

fn hold_of(event: &Event) {
    assert_eq!(event.id.source, email::SOURCE);
    assert!(!event.id.id.trim().is_empty());
    assert!(event.at <= now(), "{}", event.at);
    assert!(event.threads.contains(&event.id.id));
    assert!(event.threads.iter().all(|thread| !thread.trim().is_empty()), "{:?}", event.threads);
    assert!(event.cc.len() <= MOST_COPIES && event.recipients.len() <= MOST_COPIES);
    assert!(event.about.subject.as_ref().is_none_or(|subject| subject.len() <= LONGEST_SUBJECT));
    if let Fact::Message { text: Some(text), .. } = &event.fact {
        assert!(text.len() <= LONGEST_TEXT);
        // An answer to an alert is read in turn.
        super::reply::hold(text.as_bytes());
    }
    written::in_the_journal(event);
    written::in_its_form(event);
}
