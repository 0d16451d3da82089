//! Headers by their text. The parser knows some names and not others, and reads address lists by the book; mailers do not write them
//! so.

use std::borrow::Cow;

use mail_parser::{Message, MessageParser};

use super::charset;

/// The values of all headers of that name, unfolded, the topmost first.
pub(super) fn all<'m>(mail: &'m Message<'_>, name: &'m str) -> impl Iterator<Item = String> + 'm {
    each(mail).filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The topmost header of that name.
pub(super) fn first(mail: &Message<'_>, name: &str) -> Option<String> {
    all(mail, name).next()
}

/// Every header with its name, the topmost first.
pub(super) fn each<'m>(mail: &'m Message<'_>) -> impl Iterator<Item = (&'m str, String)> {
    mail.parts.first().into_iter().flat_map(|root| &root.headers).filter_map(|header| {
        let value = mail.raw_message.get(header.offset_start as usize..header.offset_end as usize)?;
        Some((header.name.as_str().trim(), unfolded(&text(value))))
    })
}

/// Bytes as text: UTF-8, else what mailers of old write without saying so.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(charset::decoded(bytes, None)), Cow::Borrowed)
}

fn unfolded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for line in value.lines() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line.trim());
    }
    text.trim().to_owned()
}

/// Encoded words (RFC 2047) read, by the parser's own reading of a subject, in charsets that it may know by another name.
pub(super) fn decoded(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let value = with_known_charsets(&value.replace(['\r', '\n'], " "));
    let head = format!("Subject: {value}\n\n");
    let mail = MessageParser::default().parse(head.as_bytes());
    mail.as_ref().and_then(|mail| mail.subject()).unwrap_or(&value).to_owned()
}

fn with_known_charsets(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, word)) = rest.split_once("=?") {
        text.push_str(before);
        text.push_str("=?");
        rest = word;
        if let Some((label, after)) = word.split_once('?').filter(|(label, _)| label.len() < 40) {
            text.push_str(&charset::canonical(label));
            text.push('?');
            rest = after;
        }
    }
    text + rest
}

/// Where a reader of a structured header stands: within quotes, or within comments, which may be nested (RFC 5322 §3.2).
#[derive(Debug, Default)]
pub(super) struct Place {
    in_quotes: bool,
    depth: u32,
    is_escaped: bool,
}

impl Place {
    /// Reads on by a character.
    pub(super) fn read(&mut self, c: char) {
        match c {
            _ if self.is_escaped => self.is_escaped = false,
            '\\' => self.is_escaped = true,
            '"' if !self.in_comment() => self.in_quotes = !self.in_quotes,
            '(' if !self.in_quotes => self.depth += 1,
            ')' if !self.in_quotes => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    pub(super) const fn in_comment(&self) -> bool {
        0 < self.depth
    }

    /// Neither within quotes nor in a comment.
    pub(super) const fn is_bare(&self) -> bool {
        !self.in_quotes && !self.in_comment()
    }
}

/// The text without comments in parentheses.
pub(super) fn without_comments(text: &str) -> String {
    let mut place = Place::default();
    text.chars()
        .filter(|c| {
            let was_inside = place.in_comment();
            place.read(*c);
            !was_inside && !place.in_comment()
        })
        .collect()
}
