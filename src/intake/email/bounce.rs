//! Mail of the house that came back: which one, and who did not get it. By the book (RFC 3464, RFC 6533), and in the mailers' own words.

use std::sync::LazyLock;

use mail_parser::{Message, MessageParser, MessagePart, PartType};
use regex::Regex;

use super::correspondence::mailboxes;
use super::machine::{is_of_mail_system, is_type};
use super::names::{self, clean_id};
use super::{House, header};

/// Parts that hold the mail that came back, or its head.
const RETURNED: [(&str, &[&str]); 2] =
    [("message", &["rfc822", "global", "global-headers", "rfc822-headers"]), ("text", &["rfc822-headers", "rfc822"])];
/// So much of a mailer's own words is looked through.
const LONGEST_TEXT: usize = 256 << 10;

/// A mail that never arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bounced {
    /// Its Message-ID; empty where only its readers are named.
    pub(super) of: String,
    /// Who did not get it.
    pub(super) failed: Vec<String>,
}

/// What a report or a mailer's own words say came back for good; a delay is no failure.
pub(super) fn bounced(mail: &Message<'_>, house: &House<'_>) -> Option<Bounced> {
    let statuses: Vec<String> = mail
        .parts
        .iter()
        .filter(|part| is_type(part, "message", &["delivery-status", "global-delivery-status"]))
        .map(|part| header::text(contents(mail, part)).into_owned())
        .collect();
    if statuses.is_empty() && !is_of_mail_system(mail) {
        return None;
    }
    let returned = returned_head(mail);
    let own_words = own_words(mail);
    let mut failed = statuses.iter().flat_map(|status| failed_by_status(status)).collect::<Vec<_>>();
    let tells_more = statuses.iter().any(|status| status.to_lowercase().contains("action:"));
    let has_failed = if tells_more { !failed.is_empty() } else { !tells_of_delay(mail, &own_words) };
    if !has_failed {
        return None;
    }
    let named = header::all(mail, "X-Failed-Recipients").flat_map(|value| mailboxes(&value)).map(|who| who.address);
    failed.extend(named);
    if failed.is_empty() {
        failed.extend(failed_by_status_in_words(&own_words));
    }
    if failed.is_empty() {
        failed = failed_by_words(&own_words, house);
    }
    if failed.is_empty() {
        failed = failed_by_returned(mail, house);
    }
    let mut seen = std::collections::HashSet::new();
    failed.retain(|address| seen.insert(address.clone()));
    let of = returned.and_then(|head| head.last().cloned()).or_else(|| id_in_words(&own_words));
    // A part of the wrong type, or behind a boundary that does not match.
    let of = of.or_else(|| id_in_words(&header::text(body(mail)))).unwrap_or_default();
    (!of.is_empty() || !failed.is_empty()).then_some(Bounced { of, failed })
}

/// The names of the thread of the mail that a report carries, the mail itself last.
pub(super) fn returned_head(report: &Message<'_>) -> Option<Vec<String>> {
    let names = |mail: &Message<'_>| {
        let own = mail.message_id().map(clean_id).filter(|id| !id.is_empty());
        Some(names::references(mail).into_iter().chain([own?]).collect::<Vec<_>>())
    };
    let of_part = |part: &MessagePart<'_>| {
        if let PartType::Message(mail) = &part.body
            && let Some(names) = names(mail)
        {
            return Some(names);
        }
        if !RETURNED.iter().any(|(main, subtypes)| is_type(part, main, subtypes)) {
            return None;
        }
        // A head may end with its part, without the empty line that would end it.
        let head = [contents(report, part), b"\r\n\r\n"].concat();
        let head = std::str::from_utf8(&head).map_or(head.as_slice(), |text| text.trim_start().as_bytes());
        MessageParser::default().parse(head).as_ref().and_then(names)
    };
    report.parts.iter().find_map(of_part)
}

/// A part's bytes as they stand in the mail, decoded where the parser did so.
fn contents<'m>(mail: &'m Message<'_>, part: &'m MessagePart<'_>) -> &'m [u8] {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes,
        PartType::Message(_) | PartType::Multipart(_) => {
            mail.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default()
        }
    }
}

/// Whoever failed for good, by the groups of a delivery status (RFC 3464 §2.3).
fn failed_by_status(status: &str) -> Vec<String> {
    let mut failed = Vec::new();
    for group in status.replace("\r\n", "\n").split("\n\n") {
        let field = |wanted: &str| {
            let lines = group.lines().filter_map(|line| line.split_once(':'));
            lines
                .into_iter()
                .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.trim().to_owned())
        };
        let action = field("Action").map(|action| action.to_lowercase());
        let is_final = match action.as_deref().map(|action| action.split_whitespace().next().unwrap_or_default()) {
            Some("failed" | "expired") => true,
            Some("delayed" | "delivered" | "relayed" | "expanded") => false,
            // Misspelt, or left out.
            Some(_) | None => field("Status").is_some_and(|status| status.starts_with('5')),
        };
        if !is_final {
            continue;
        }
        for name in ["Original-Recipient", "Final-Recipient"] {
            let Some(value) = field(name) else { continue };
            let address = value.rsplit_once(';').map_or(value.as_str(), |(_, address)| address);
            failed.extend(mailboxes(address).into_iter().map(|who| who.address));
        }
    }
    failed
}

/// The same fields where they stand in the mailer's own words.
fn failed_by_status_in_words(words: &str) -> Vec<String> {
    static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?im)^[\s>]*(?:final|original)-recipient:\s*(?:[\w-]+;)?\s*<?([^\s<>;]+@[^\s<>;]+)>?").ok()
    });
    let found = FIELD.as_ref().into_iter().flat_map(|field| field.captures_iter(words));
    found.filter_map(|found| Some(found.get(1)?.as_str().to_lowercase())).collect()
}

/// To whom the mail went that came back.
fn failed_by_returned(mail: &Message<'_>, house: &House<'_>) -> Vec<String> {
    let to = mail.parts.iter().find_map(|part| match &part.body {
        PartType::Message(returned) => header::first(returned, "To"),
        _ => None,
    });
    let named = to.map(|to| mailboxes(&to)).unwrap_or_default();
    let outside: Vec<_> = named.into_iter().map(|who| who.address).filter(|address| !(house.is_own)(address)).collect();
    // Of several, nobody knows which.
    if outside.len() == 1 { outside } else { Vec::new() }
}

/// Everything below the mail's own head, up to a bound.
fn body<'m>(mail: &'m Message<'_>) -> &'m [u8] {
    let start = mail.parts.first().map_or(0, |root| root.offset_body as usize);
    let end = mail.raw_message.len().min(start + LONGEST_TEXT);
    mail.raw_message.get(start..end).unwrap_or_default()
}

/// What the mailer says itself: its text parts, up to a bound.
fn own_words(mail: &Message<'_>) -> String {
    let mut words = String::new();
    for part in &mail.parts {
        if let PartType::Text(text) = &part.body
            && !is_type(part, "text", &["rfc822-headers"])
        {
            words.push_str(text);
            words.push('\n');
        }
        if let PartType::Html(html) = &part.body {
            words.push_str(&crate::intake::words::shown(html));
            words.push('\n');
        }
        if LONGEST_TEXT < words.len() {
            break;
        }
    }
    words
}

static DELAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:delayed|delay\)|warning:|will (?:continue to|keep) try|will be retried|still being retried|no action is required|not yet been delivered|temporar(?:y|ily)|demora|retrasad[oa]|se seguir[aá] intentando)",
    )
    .ok()
});
static FINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:permanent|giving up|fatal error|5\d\d[ -]|5\.\d\.\d|does not exist|unknown user|user unknown|no existe|no se pudo|undeliver|could not be delivered|failed)").ok()
});

fn tells_of_delay(mail: &Message<'_>, words: &str) -> bool {
    let subject = header::first(mail, "Subject").map(|subject| header::decoded(&subject)).unwrap_or_default();
    let says =
        |pattern: &LazyLock<Option<Regex>>, text: &str| pattern.as_ref().is_some_and(|found| found.is_match(text));
    says(&DELAY, &subject) || says(&DELAY, words) && !says(&FINAL, words)
}

/// The head of the mail that came back, in the text of the mailer that returns it.
fn id_in_words(words: &str) -> Option<String> {
    static ID: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?im)^[\s>|*]*Message-ID:\s*(?:<|&lt;)?([^\s<>&]+@[^\s<>&]+)").ok());
    let found = ID.as_ref()?.captures(words)?;
    Some(clean_id(found.get(1)?.as_str()))
}

/// Addresses outside of the house that the mailer names before it repeats the mail.
fn failed_by_words(words: &str, house: &House<'_>) -> Vec<String> {
    static COPY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?im)^.*(?:copy of (?:the|your) message|original message|message follows|below this line|message headers|mensaje original|copia del mensaje|^[\s>]*(?:received|return-path|message-id):).*$").ok()
    });
    let own = COPY.as_ref().and_then(|copy| copy.find(words)).map_or(words, |found| &words[..found.start()]);
    let lines = own.lines().filter(|line| line.contains('@'));
    let addresses = lines.flat_map(mailboxes).map(|who| who.address);
    let is_client = |address: &String| {
        let local = address.split('@').next().unwrap_or_default();
        !(house.is_own)(address) && !matches!(local, "postmaster" | "mailer-daemon" | "abuse" | "support")
    };
    addresses.filter(is_client).take(20).collect()
}
