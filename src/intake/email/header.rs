//! Headers by their text. The parser knows some names and not others, and reads address lists by the book; mailers do not write them
//! so.

use std::borrow::Cow;

use mail_parser::Message;
use mail_parser::decoders::base64::base64_decode;

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

/// Encoded words (RFC 2047) read. Neighbours of one charset are put together as bytes first: many programs break words within a letter.
pub(super) fn decoded(value: &str) -> String {
    let value = value.replace(['\r', '\n'], " ");
    let (mut text, mut rest) = (String::with_capacity(value.len()), value.as_str());
    let mut pending: Option<(String, Vec<u8>)> = None;
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let Some((charset, bytes, after)) = word(&from[2..]) else {
            flush(&mut text, &mut pending);
            text.push_str(before);
            text.push_str("=?");
            rest = &from[2..];
            continue;
        };
        // Blanks between two encoded words are none.
        if !(pending.is_some() && before.trim().is_empty()) {
            flush(&mut text, &mut pending);
            text.push_str(before);
        }
        match &mut pending {
            Some((last, joined)) if last.eq_ignore_ascii_case(charset) => joined.extend(bytes),
            _ => {
                flush(&mut text, &mut pending);
                pending = Some((charset.to_owned(), bytes));
            }
        }
        rest = after;
    }
    flush(&mut text, &mut pending);
    text + rest
}

fn flush(text: &mut String, pending: &mut Option<(String, Vec<u8>)>) {
    if let Some((charset, bytes)) = pending.take() {
        text.push_str(&charset::decoded(&bytes, Some(&charset)));
    }
}

/// The charset and the bytes of an encoded word after its `=?`, and what follows it.
fn word(text: &str) -> Option<(&str, Vec<u8>, &str)> {
    let (charset, rest) = text.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (payload, after) = rest.split_once("?=")?;
    // A language may stand after the charset (RFC 2231 §5).
    let charset = charset.split('*').next().unwrap_or(charset);
    if charset.is_empty() || 40 < charset.len() || charset.contains(char::is_whitespace) {
        return None;
    }
    let bytes = match encoding {
        "Q" | "q" => of_q(payload),
        "B" | "b" => base64_decode(payload.as_bytes())?,
        _ => return None,
    };
    Some((charset, bytes, after))
}

/// The bytes of the encoding `Q` (RFC 2047 §4.2).
fn of_q(payload: &str) -> Vec<u8> {
    let bytes = payload.as_bytes();
    let mut read = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let digits = payload.get(index + 1..index + 3).filter(|_| byte == b'=');
        match (byte, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (_, Some(value)) => {
                read.push(value);
                index += 2;
            }
            (b'_', _) => read.push(b' '),
            (byte, _) => read.push(byte),
        }
        index += 1;
    }
    read
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
