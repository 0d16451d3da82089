//! Raw email (RFC 5322) → a message event.
//!
//! Who wrote to whom is decided in `correspondence`, whether the mailbox's own server vouches for it in `trust`, whether anybody wrote
//! it at all in `machine`, what came back in `bounce`, what was said in `text`, and by what names its conversation is known in `names`.

mod bounce;
mod charset;
mod correspondence;
mod header;
mod machine;
mod names;
mod text;
mod trust;

use std::borrow::Cow;

use chrono::{DateTime, TimeZone as _, Utc};
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use serde_json::json;

use super::bounded::cut;
use crate::both;
use crate::engine::event::{About, Author, AuthorKind, Event, EventId, Fact};
use crate::engine::proof::{Lack, Proof};
use crate::text::Both;
use bounce::bounced;
use correspondence::Correspondence;
pub use names::by_client;

/// The name under which mail comes in; duplicates are recognised within it.
pub const SOURCE: &str = "email";
/// Names, ids and subjects are cut to so many bytes.
const LONGEST_ID: usize = 512;
/// So much of a text decides whether it says something.
const LONGEST_TEXT: usize = 64 << 10;
/// People in copy that are kept.
const MOST_COPIES: usize = 200;
const DEEPEST_NESTING: usize = 50;
/// What may stand below the end of a mail's parts, in bytes.
const LONGEST_EPILOGUE: usize = 64 << 10;
/// The year 2000: no mail of which plazo hears is older.
const EARLIEST: i64 = 946_684_800;

/// A mail that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not a mail at all.
    #[error("this is no email: it has no headers")]
    NoEmail,
}

impl EmailError {
    /// What is wrong, in both languages.
    pub fn words(&self) -> Both {
        match self {
            Self::NoEmail => both!("{self}", "esto no es un correo: no tiene encabezados"),
        }
    }
}

/// What the reader of mail must know of the house, and of where the mail lies.
pub struct House<'a> {
    /// Whether the address belongs to a person or mailbox of the house.
    pub is_own: &'a dyn Fn(&str) -> bool,
    /// Servers whose word counts on who wrote a mail, by name; their lower domains too.
    pub trusts: &'a [String],
    /// Whether it lies among what the house sent.
    pub is_sent: bool,
    /// The folder in which it lies; none for a pipe.
    pub folder: Option<&'a str>,
    /// When the mailbox's own server got it, where that is known: what the headers say is the sender's.
    pub received_at: Option<DateTime<Utc>>,
    /// Now; for mail without a usable date.
    pub now: DateTime<Utc>,
}

/// Reads one mail.
///
/// # Errors
///
/// [`EmailError`] if it is no mail.
pub fn read(raw: &[u8], house: &House<'_>) -> Result<Event, EmailError> {
    let raw = whole_lines(raw);
    let raw = closed(shallow(&raw));
    let mail = MessageParser::default().parse(&*raw).ok_or(EmailError::NoEmail)?;
    if mail.headers().is_empty() {
        return Err(EmailError::NoEmail);
    }
    let who = Correspondence::of(&mail, house);
    let own_id = mail.message_id().map(names::clean_id).filter(|id| !id.is_empty());
    let own_id = own_id.unwrap_or_else(|| names::fingerprint(&mail));
    let subject = header::first(&mail, "Subject").map(|subject| cut(&header::decoded(&subject), LONGEST_ID).to_owned());
    let subject = subject.filter(|subject| !subject.trim().is_empty());
    let by_person = if who.is_own { AuthorKind::Agent } else { AuthorKind::Customer };
    let kind = machine::kind(&mail).unwrap_or(by_person);
    let bounced = bounced(&mail, house);
    let proof = match &bounced {
        Some(_) => proof_of_return(&mail, &who, house),
        None => proof(&mail, &who, house),
    };
    let threads = names::threads(&mail, &own_id);
    let loose = match (&bounced, who.client()) {
        // What came back is filed with whoever did not get it.
        (Some(bounced), _) => bounced.failed.iter().map(|address| by_client(address)).collect(),
        (None, client) => client.map(|client| names::loose_threads(client, subject.as_deref())).unwrap_or_default(),
    };
    let fact = match bounced {
        Some(bounced) => Fact::Undelivered { of: bounced.of, failed: bounced.failed },
        None => Fact::Message {
            direction: who.direction(),
            text: text::said(&mail).map(|text| cut(&text, LONGEST_TEXT).to_owned()),
        },
    };
    let refs = json!({ "mail": { "writer_by": who.known, "by_list": who.by_list, "spam": machine::is_spam(&mail) } });
    let mut copies: Vec<String> = who.copies.iter().map(|address| cut(address, LONGEST_ID).to_owned()).collect();
    copies.truncate(MOST_COPIES);
    let mut recipients = who.outside.clone();
    recipients.truncate(MOST_COPIES);
    Ok(Event {
        at: house.received_at.map_or_else(|| date_of(&mail, house.now), |at| at.min(house.now)),
        threads: threads.into_iter().chain(loose).collect(),
        id: EventId { source: SOURCE.to_owned(), id: own_id },
        author: Some(Author { name: who.writer.name, address: who.writer.address, kind }),
        about: About { channel: Some(SOURCE.to_owned()), subject, ..About::default() },
        cc: copies,
        recipients: if who.is_own { recipients } else { Vec::new() },
        attached: text::has_file(&mail) || text::passes_on(&mail),
        proof,
        gist: None,
        refs: refs.as_object().cloned().unwrap_or_default(),
        fact,
    })
}

/// How it is known that the house wrote it; a client needs to prove nothing.
fn proof(mail: &Message<'_>, who: &Correspondence, house: &House<'_>) -> Proof {
    if !who.is_own {
        return Proof::NONE;
    }
    if house.is_sent {
        return Proof::Sent { folder: house.folder.map(str::to_owned) };
    }
    if who.by_list {
        return Proof::None { lacks: Some(Lack::List) };
    }
    trust::proof(mail, who.address(), house.trusts)
}

/// A returned mail is one if its own path back is the null one, as the server wrote it down, and no server that is named says that it
/// is forged. Mail programs send none such.
fn proof_of_return(mail: &Message<'_>, who: &Correspondence, house: &House<'_>) -> Proof {
    let is_null = machine::return_path(mail).is_some_and(|path| path.is_empty());
    if !is_null || !machine::is_from_mail_system(mail) {
        return Proof::None { lacks: Some(Lack::ReturnPath) };
    }
    if trust::is_refused(mail, who.address(), house.trusts) {
        return Proof::None { lacks: Some(Lack::Refused) };
    }
    Proof::Server { name: house.trusts.first().cloned().unwrap_or_default() }
}

/// The mail without empty lines before its head, which exports have, and with ends of lines where it has only carriage returns.
fn whole_lines(raw: &[u8]) -> Cow<'_, [u8]> {
    let start = raw.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let raw = &raw[start..];
    if raw.contains(&b'\n') {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
}

/// The mail with the end of its parts, where that is missing: it was cut, or its program writes none. An open part ends with the mail.
fn closed(raw: &[u8]) -> Cow<'_, [u8]> {
    let head = MessageParser::default().parse_headers(raw);
    let kind = head.as_ref().and_then(|mail| mail.parts.first()).and_then(|root| root.content_type());
    let kind = kind.filter(|kind| kind.ctype().eq_ignore_ascii_case("multipart"));
    let boundary = kind.and_then(|kind| kind.attribute("boundary")).filter(|boundary| !boundary.is_empty());
    let Some(boundary) = boundary else { return Cow::Borrowed(raw) };
    let end = format!("--{boundary}--");
    let tail = &raw[raw.len().saturating_sub(LONGEST_EPILOGUE)..];
    if tail.windows(end.len()).any(|window| window == end.as_bytes()) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned([raw, b"\r\n", end.as_bytes(), b"\r\n"].concat())
}

/// The mail up to its fiftieth mail within a mail: nobody nests so deep but to exhaust the stack of whoever reads it.
fn shallow(raw: &[u8]) -> &[u8] {
    const NESTED: &[u8] = b"message/rfc822";
    let mut found = raw.windows(NESTED.len()).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(NESTED));
    found.nth(DEEPEST_NESTING).map_or(raw, |(place, _)| &raw[..place])
}

/// When the mail happened: as our own server noted it, which is the topmost `Received`; else as its sender says; else now. A time that
/// cannot be is none.
fn date_of(mail: &Message<'_>, now: DateTime<Utc>) -> DateTime<Utc> {
    let received = mail.received_all().next().and_then(|received| received.date());
    let instant = |date: mail_parser::DateTime| {
        Utc.timestamp_opt(date.to_timestamp(), 0).single().filter(|at| EARLIEST <= at.timestamp())
    };
    let sent = || mail.date().filter(|date| date.is_valid()).and_then(|date| instant(*date));
    let at = received.and_then(instant).or_else(sent).unwrap_or(now);
    // A sender's clock may be ahead of ours; nothing has happened yet that has not.
    at.min(now)
}
