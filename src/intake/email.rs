//! Raw email (RFC 5322) → a message event.
//!
//! The thread is known by Message-ID, In-Reply-To and References; automatic answers (RFC 3834 and vendors' markers) become an
//! author of kind `auto`, which neither asks nor answers. Whoever is of the house is told by address.

use chrono::{DateTime, TimeZone, Utc};
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use sha2::{Digest, Sha256};

use crate::engine::event::{About, Author, AuthorKind, Direction, Event, EventId, Fact};

/// The name under which mail comes in; duplicates are recognised within it.
pub const SOURCE: &str = "email";
/// Begins the name of a thread that is known by subject and client only.
pub const BY_SUBJECT: &str = "subject:";
/// Begins the name of a thread that is known by its client only.
pub const BY_CLIENT: &str = "client:";
/// References kept: the first, which is the root, and the last.
const MOST_REFERENCES: usize = 32;
/// Names, ids and subjects are cut to so many bytes.
const LONGEST_ID: usize = 512;
/// So much of a text decides whether it says something.
const LONGEST_TEXT: usize = 64 << 10;
/// People in copy that are kept.
const MOST_COPIES: usize = 200;
const DEEPEST_NESTING: usize = 50;

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
    let mail = MessageParser::default().parse(shallow(raw)).ok_or(EmailError::NoEmail)?;
    if mail.headers().is_empty() {
        return Err(EmailError::NoEmail);
    }
    let (writer, own) = writer(&mail, house).ok_or(EmailError::NoSender)?;
    let mut copies: Vec<String> = Vec::new();
    for list in [mail.to(), mail.cc()].into_iter().flatten() {
        copies.extend(
            list.iter().filter_map(|address| address.address()).map(|address| cut(&address.to_lowercase(), LONGEST_ID)),
        );
    }
    let reaches_client = copies.iter().any(|address| !(house.is_own)(address));
    copies.truncate(MOST_COPIES);
    let direction = match (own, reaches_client) {
        (false, _) => Direction::In,
        (true, true) => Direction::Out,
        (true, false) => Direction::Internal,
    };
    let own_id = mail.message_id().map(clean_id).unwrap_or_else(|| fingerprint(&mail));
    let text = mail.body_text(0).map(|text| cut(&without_quotes(&text), LONGEST_TEXT));
    let subject = mail.subject().map(|subject| cut(subject, LONGEST_ID)).filter(|subject| !subject.trim().is_empty());
    let kind = kind_of(&mail, own);
    let client = if own { copies.iter().find(|address| !(house.is_own)(address)) } else { Some(&writer.address) };
    let loose = client.map(|client| loose_threads(client, subject.as_deref())).unwrap_or_default();
    let about = About { channel: Some(SOURCE.to_owned()), subject, ..About::default() };
    let fact = match bounced(&mail) {
        Some(of) => Fact::Undelivered { of },
        None => Fact::Message { direction, text },
    };
    Ok(Event {
        at: house.received_at.map_or_else(|| date_of(&mail, house.now), |at| at.min(house.now)),
        threads: threads(&mail, &own_id).into_iter().chain(loose).collect(),
        id: EventId { source: SOURCE.to_owned(), id: own_id },
        author: Some(Author { name: writer.name, address: Some(writer.address), kind }),
        about,
        cc: copies,
        refs: serde_json::Map::new(),
        fact,
    })
}

/// The mail up to its fiftieth mail within a mail: nobody nests so deep but to exhaust the stack of whoever reads it.
fn shallow(raw: &[u8]) -> &[u8] {
    const NESTED: &[u8] = b"message/rfc822";
    let mut found = raw.windows(NESTED.len()).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(NESTED));
    found.nth(DEEPEST_NESTING).map_or(raw, |(place, _)| &raw[..place])
}

/// Who wrote it, and whether that is somebody of the house.
fn writer(mail: &Message<'_>, house: &House<'_>) -> Option<(Correspondent, bool)> {
    let from = first(mail.from()).or_else(|| first(mail.sender()))?;
    // "On behalf of": the person is in Sender, the shared mailbox in From.
    let writer = first(mail.sender()).filter(|sender| (house.is_own)(&sender.address)).unwrap_or(from);
    // A form's mail names the client in Reply-To, whether the form is the client's or the house's own.
    let client = first(mail.reply_to()).filter(|reply_to| !(house.is_own)(&reply_to.address));
    let own = (house.is_own)(&writer.address);
    match client {
        Some(client) if !own || mail.in_reply_to().is_empty() => Some((client, false)),
        _ => Some((writer, own)),
    }
}

struct Correspondent {
    name: Option<String>,
    address: String,
}

fn first(list: Option<&Address<'_>>) -> Option<Correspondent> {
    let entry = list?.first()?;
    let address = entry.address()?.trim().to_lowercase();
    let name = entry.name().map(|name| cut(name.trim(), LONGEST_ID)).filter(|name| !name.is_empty());
    (!address.is_empty()).then_some(Correspondent { name, address: cut(&address, LONGEST_ID) })
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
    let is_calendar_answer = |part: &MessagePart<'_>| {
        part.content_type().is_some_and(|content| {
            content.ctype() == "text"
                && content.subtype() == Some("calendar")
                && content.attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("reply"))
        })
    };
    let is_multipart_report = mail
        .root_part()
        .content_type()
        .is_some_and(|content| content.ctype() == "multipart" && content.subtype() == Some("report"));
    is_multipart_report || mail.parts.iter().any(is_calendar_answer)
}

/// RFC 3834 `Auto-Submitted`, and the markers that vendors use instead of it or beside it.
fn is_automatic(mail: &Message<'_>) -> bool {
    // By their text: the parser knows some of these names and not others.
    let header = |name: &str| {
        let found = mail.headers_raw().find(|(found, _)| found.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_lowercase())
    };
    let submitted = header("Auto-Submitted").is_some_and(|value| {
        let word = value.split([';', '(', ' ']).next().unwrap_or_default();
        !word.is_empty() && word != "no"
    });
    let precedence = header("Precedence").is_some_and(|value| matches!(value.as_str(), "bulk" | "junk" | "auto_reply"));
    let vendors = ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Mail-Autoreply"];
    submitted
        || precedence
        || vendors.into_iter().any(|name| header(name).is_some_and(|value| value != "no"))
        || header("X-MS-Exchange-Inbox-Rules-Loop").is_some()
        || header("X-Failed-Recipients").is_some()
        || header("Return-Path").is_some_and(|path| path == "<>")
}

/// Names of the thread, the root first: References, In-Reply-To, and the mail itself, so that answers to it find it. A delivery
/// report belongs to the thread of the mail that it returns.
fn threads(mail: &Message<'_>, own_id: &str) -> Vec<String> {
    let mut threads: Vec<String> = Vec::new();
    let returned = if is_report(mail) { returned_threads(mail) } else { Vec::new() };
    for id in returned.into_iter().chain(references(mail)).chain([own_id.to_owned()]) {
        if !threads.contains(&id) {
            threads.push(id);
        }
    }
    threads
}

fn references(mail: &Message<'_>) -> Vec<String> {
    let references = ids(mail.references());
    let skipped = references.len().saturating_sub(MOST_REFERENCES);
    let kept = references.iter().take(1).chain(references.iter().skip(1 + skipped));
    kept.cloned().chain(ids(mail.in_reply_to())).collect()
}

/// The thread of the mail, or of its headers, that a report carries (RFC 3462).
fn returned_threads(report: &Message<'_>) -> Vec<String> {
    let names =
        |mail: &Message<'_>| references(mail).into_iter().chain(mail.message_id().map(clean_id)).collect::<Vec<_>>();
    let of_part = |part: &MessagePart<'_>| match &part.body {
        PartType::Message(mail) => Some(names(mail)),
        PartType::Text(text) => {
            let content = part.content_type()?;
            let is_headers = content.subtype().is_some_and(|subtype| subtype == "rfc822-headers");
            is_headers.then(|| MessageParser::default().parse(text.as_bytes()).map(|mail| names(&mail)))?
        }
        _ => None,
    };
    report.parts.iter().find_map(of_part).unwrap_or_default()
}

/// The Message-ID of the mail that a delivery report says never arrived (RFC 3464 §2.3.3); a delay is no failure.
fn bounced(report: &Message<'_>) -> Option<String> {
    let is_status = |part: &&MessagePart<'_>| {
        part.content_type()
            .is_some_and(|content| content.ctype() == "message" && content.subtype() == Some("delivery-status"))
    };
    let status = report.parts.iter().find(is_status)?;
    let text = String::from_utf8_lossy(status.contents()).to_lowercase();
    let failed = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| name.trim() == "action" && value.trim() == "failed");
    // The thread of a returned mail ends with the mail itself.
    if failed { returned_threads(report).pop() } else { None }
}

/// Names by which a mail may be filed that bears no id of its conversation: its subject with the client's address, and the
/// client's address alone. Which requests they may find, `app` decides: never by subject for ever, and by address only an open wait.
fn loose_threads(client: &str, subject: Option<&str>) -> Vec<String> {
    let subject = subject.map(bare_subject).filter(|subject| !subject.is_empty());
    let by_subject = subject.map(|subject| {
        let digest = hex::encode(Sha256::digest(format!("{subject}\n{client}")));
        format!("{BY_SUBJECT}{}", &digest[..32])
    });
    by_subject.into_iter().chain([format!("{BY_CLIENT}{client}")]).collect()
}

/// The subject without prefixes of answers and forwards, in lower case and with single spaces.
fn bare_subject(subject: &str) -> String {
    const PREFIXES: [&str; 10] =
        ["re", "rv", "rta", "fw", "fwd", "aw", "res", "enc", "respuesta automática", "reenviado"];
    let mut rest = subject.trim();
    while let Some((prefix, after)) = rest.split_once(':') {
        let word = prefix.trim().to_lowercase();
        let word = word.split('[').next().unwrap_or_default().trim();
        if !PREFIXES.contains(&word) {
            break;
        }
        rest = after.trim();
    }
    rest.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ids(header: &HeaderValue<'_>) -> Vec<String> {
    match header {
        HeaderValue::Text(id) => vec![clean_id(id)],
        HeaderValue::TextList(ids) => ids.iter().map(|id| clean_id(id)).collect(),
        _ => Vec::new(),
    }
}

fn clean_id(id: &str) -> String {
    cut(id.trim().trim_start_matches('<').trim_end_matches('>'), LONGEST_ID)
}

/// The text cut to so many bytes, between characters.
fn cut(text: &str, longest: usize) -> String {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// The name of a mail that has none. What servers add on its way is left out, so that a second reading finds the first.
fn fingerprint(mail: &Message<'_>) -> String {
    let mut hash = Sha256::new();
    for header in ["From", "Date", "Subject"] {
        let value = mail.headers_raw().find(|(name, _)| name.trim().eq_ignore_ascii_case(header));
        hash.update(value.map(|(_, value)| value.trim()).unwrap_or_default());
        hash.update([0]);
    }
    let text = mail.body_text(0).unwrap_or_default();
    for line in text.lines() {
        hash.update(line.trim_end());
        hash.update([0]);
    }
    format!("sha256-{}", hex::encode(hash.finalize()))
}

/// When the mail happened: as our own server noted it, which is the topmost `Received`; else as its sender says; else now.
fn date_of(mail: &Message<'_>, now: DateTime<Utc>) -> DateTime<Utc> {
    let received = mail.received_all().next().and_then(|received| received.date());
    let instant = |date: mail_parser::DateTime| Utc.timestamp_opt(date.to_timestamp(), 0).single();
    let sent = || mail.date().filter(|date| date.is_valid()).and_then(|date| instant(*date));
    let at = received.and_then(instant).or_else(sent).unwrap_or(now);
    // A sender's clock may be ahead of ours; nothing has happened yet that has not.
    at.min(now)
}

/// What the writer added. Quoted lines are left out with the line that introduces them; a quote without marks, as Outlook makes
/// it, goes on to the end.
fn without_quotes(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        if introduces_quote(trimmed) {
            while lines.next_if(|next| next.trim().is_empty()).is_some() {}
            if lines.peek().is_none_or(|next| !next.trim_start().starts_with('>')) {
                break;
            }
        } else if !trimmed.starts_with('>') {
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
