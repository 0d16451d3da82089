//! Raw email (RFC 5322) → a message event.
//!
//! The thread is known by Message-ID, In-Reply-To and References; automatic answers (RFC 3834 and vendors' markers) become an
//! author of kind `auto`, which neither asks nor answers. Whoever is of the house is told by address.

use chrono::{DateTime, TimeZone, Utc};
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MimeHeaders as _};
use sha2::{Digest, Sha256};

use crate::engine::event::{About, Author, AuthorKind, Direction, Event, EventId, Fact};

/// The name under which mail comes in; duplicates are recognised within it.
pub const SOURCE: &str = "email";
/// References kept: the first, which is the root, and the last.
const MOST_REFERENCES: usize = 32;
const LONGEST_ID: usize = 512;

/// A mail that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not a mail at all.
    #[error("this is no email: it has no headers")]
    NoEmail,
    /// Nobody wrote it.
    #[error("this email has no `From` address")]
    NoSender,
}

/// What the reader of mail must know of the house.
pub struct House<'a> {
    /// Whether the address belongs to a person or mailbox of the house.
    pub is_own: &'a dyn Fn(&str) -> bool,
    /// Now; for mail without a usable date.
    pub now: DateTime<Utc>,
}

/// Reads one mail.
///
/// # Errors
///
/// [`EmailError`] if it is no mail.
pub fn read(raw: &[u8], house: &House<'_>) -> Result<Event, EmailError> {
    let mail = MessageParser::default().parse(raw).ok_or(EmailError::NoEmail)?;
    if mail.headers().is_empty() {
        return Err(EmailError::NoEmail);
    }
    let from = first(mail.from()).or_else(|| first(mail.sender())).ok_or(EmailError::NoSender)?;
    // "On behalf of": the person is in Sender, the shared mailbox in From.
    let writer = first(mail.sender()).filter(|sender| (house.is_own)(&sender.address)).unwrap_or(from);
    let own = (house.is_own)(&writer.address);
    let kind = kind_of(&mail, own);
    // A form's mail names the client in Reply-To.
    let writer = if own { writer } else { first(mail.reply_to()).unwrap_or(writer) };
    let mut copies: Vec<String> = Vec::new();
    for list in [mail.to(), mail.cc()].into_iter().flatten() {
        copies.extend(list.iter().filter_map(|address| address.address()).map(str::to_lowercase));
    }
    let reaches_client = copies.iter().any(|address| !(house.is_own)(address));
    let direction = match (own, reaches_client) {
        (false, _) => Direction::In,
        (true, true) => Direction::Out,
        (true, false) => Direction::Internal,
    };
    let own_id = mail.message_id().map(clean_id).unwrap_or_else(|| fingerprint(raw));
    let text = mail.body_text(0).map(|text| without_quotes(&text));
    let subject = mail.subject().map(str::to_owned).filter(|subject| !subject.trim().is_empty());
    let about = About { channel: Some(SOURCE.to_owned()), subject, ..About::default() };
    Ok(Event {
        at: date_of(&mail, house.now),
        threads: threads(&mail, &own_id),
        id: EventId { source: SOURCE.to_owned(), id: own_id },
        author: Some(Author { name: writer.name, address: Some(writer.address), kind }),
        about,
        cc: copies,
        refs: serde_json::Map::new(),
        fact: Fact::Message { direction, text },
    })
}

struct Correspondent {
    name: Option<String>,
    address: String,
}

fn first(list: Option<&Address<'_>>) -> Option<Correspondent> {
    let entry = list?.first()?;
    let address = entry.address()?.trim().to_lowercase();
    let name = entry.name().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    (!address.is_empty()).then_some(Correspondent { name, address })
}

/// Person, automatic answer, or the mail system itself.
fn kind_of(mail: &Message<'_>, own: bool) -> AuthorKind {
    if is_report(mail) {
        AuthorKind::System
    } else if is_automatic(mail) {
        AuthorKind::Auto
    } else if own {
        AuthorKind::Agent
    } else {
        AuthorKind::Customer
    }
}

/// Delivery reports, read receipts and calendar answers: nobody wrote them (RFC 3464, RFC 8098, RFC 5546).
fn is_report(mail: &Message<'_>) -> bool {
    let Some(content) = mail.root_part().content_type() else { return false };
    match (content.ctype(), content.subtype().unwrap_or_default()) {
        ("multipart", "report") => true,
        ("text", "calendar") => content.attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("reply")),
        _ => false,
    }
}

/// RFC 3834 `Auto-Submitted`, and the markers that vendors use instead of it or beside it.
fn is_automatic(mail: &Message<'_>) -> bool {
    let header =
        |name: &'static str| mail.header_raw(HeaderName::Other(name.into())).map(|value| value.trim().to_lowercase());
    let says = |name: &'static str, words: &[&str]| {
        header(name).is_some_and(|value| words.iter().any(|word| value.starts_with(word)))
    };
    let submitted = header("Auto-Submitted").is_some_and(|value| {
        let word = value.split([';', '(', ' ']).next().unwrap_or_default();
        !word.is_empty() && word != "no"
    });
    submitted
        || says("Precedence", &["bulk", "list", "junk", "auto_reply"])
        || ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Mail-Autoreply"]
            .into_iter()
            .any(|name| header(name).is_some_and(|value| value != "no"))
        || header("X-MS-Exchange-Inbox-Rules-Loop").is_some()
        || says("X-Failed-Recipients", &[""])
        || mail.header(HeaderName::ListUnsubscribe).is_some() && mail.header(HeaderName::ListId).is_some()
        || mail.header_raw(HeaderName::ReturnPath).is_some_and(|path| path.trim() == "<>")
}

/// Names of the thread, the root first: References, In-Reply-To, and the mail itself, so that answers to it find it.
fn threads(mail: &Message<'_>, own_id: &str) -> Vec<String> {
    let references = ids(mail.references());
    let skipped = references.len().saturating_sub(MOST_REFERENCES);
    let kept = references.iter().take(1).chain(references.iter().skip(1 + skipped));
    let mut threads: Vec<String> = Vec::new();
    for id in kept.cloned().chain(ids(mail.in_reply_to())).chain([own_id.to_owned()]) {
        if !threads.contains(&id) {
            threads.push(id);
        }
    }
    threads
}

fn ids(header: &HeaderValue<'_>) -> Vec<String> {
    match header {
        HeaderValue::Text(id) => vec![clean_id(id)],
        HeaderValue::TextList(ids) => ids.iter().map(|id| clean_id(id)).collect(),
        _ => Vec::new(),
    }
}

fn clean_id(id: &str) -> String {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    id.chars().take(LONGEST_ID).collect()
}

/// The name of a mail that has none: the same bytes read twice are the same mail.
fn fingerprint(raw: &[u8]) -> String {
    format!("sha256-{}", hex::encode(Sha256::digest(raw)))
}

/// When the mail happened: as the receiving server noted it, else as its sender says, else now.
fn date_of(mail: &Message<'_>, now: DateTime<Utc>) -> DateTime<Utc> {
    let received = mail.received().and_then(|received| received.date());
    let instant = |date: mail_parser::DateTime| Utc.timestamp_opt(date.to_timestamp(), 0).single();
    let sent = || mail.date().filter(|date| date.is_valid()).and_then(|date| instant(*date));
    let at = received.and_then(instant).or_else(sent).unwrap_or(now);
    // A sender's clock may be ahead of ours; nothing has happened yet that has not.
    at.min(now)
}

/// What the writer added: quoted lines and everything from the line that introduces them on are left out.
fn without_quotes(text: &str) -> String {
    let mut kept = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        if introduces_quote(trimmed) {
            break;
        }
        if !trimmed.starts_with('>') {
            kept.push(line);
        }
    }
    kept.join("\n").trim().to_owned()
}

fn introduces_quote(line: &str) -> bool {
    let line = line.to_lowercase();
    line.starts_with("-----original message")
        || line.starts_with("-----mensaje original")
        || (line.starts_with("el ") || line.starts_with("on "))
            && (line.contains("escribió:") || line.contains("wrote:"))
        || (line.starts_with("de: ") || line.starts_with("from: ")) && line.contains('@')
}
