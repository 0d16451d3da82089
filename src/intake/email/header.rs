//! Headers by their text. The parser knows some names and not others, and reads address lists by the book; mailers do not write them
//! so.

use std::borrow::Cow;

use mail_parser::{Message, MessageParser};

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
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
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

/// Encoded words (RFC 2047) read, by the parser's own reading of a subject.
pub(super) fn decoded(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let head = format!("Subject: {}\n\n", value.replace(['\r', '\n'], " "));
    let mail = MessageParser::default().parse(head.as_bytes());
    mail.as_ref().and_then(|mail| mail.subject()).unwrap_or(value).to_owned()
}

/// The text without comments in parentheses (RFC 5322 §3.2.2), which may be nested.
pub(super) fn without_comments(text: &str) -> String {
    let (mut depth, mut in_quotes, mut is_escaped) = (0_u32, false, false);
    text.chars()
        .filter(|c| {
            let is_inside = 0 < depth;
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' if depth == 0 => in_quotes = !in_quotes,
                '(' if !in_quotes => depth += 1,
                ')' if !in_quotes => depth = depth.saturating_sub(1),
                _ => {}
            }
            !is_inside && depth == 0
        })
        .collect()
}
