//! What a mail's writer said: in which of its parts, and whether a file says it.

use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders as _, PartType};

use super::charset;
use crate::intake::words::{self, Images};

/// Parts that a program adds, and that say nothing for whoever wrote the mail.
const SAYS_NOTHING: &[&str] = &[
    "pkcs7-signature",
    "x-pkcs7-signature",
    "pgp-signature",
    "pgp-keys",
    "vcard",
    "x-vcard",
    "directory",
    "rfc822-headers",
    "delivery-status",
    "disposition-notification",
    "x-amp-html",
    "vnd.google.email-reaction+json",
];

/// What the writer added, in words. None where there are none and a file says it, or a picture.
pub(super) fn said(mail: &Message<'_>) -> Option<String> {
    let text = words(mail);
    (!text.is_empty() || !has_file(mail)).then_some(text)
}

/// The words of the parts that mail programs show: as plain text where it has words, else as HTML.
fn words(mail: &Message<'_>) -> String {
    let of = |parts: &[u32]| {
        let parts = parts.iter().filter_map(|id| mail.parts.get(*id as usize)).filter(|part| !is_file(part));
        let read: Vec<(String, bool)> = parts.filter_map(|part| Some((decoded(mail, part)?, is_html(part)))).collect();
        match &read[..] {
            [] => String::new(),
            [(text, true)] => words::of_html(text),
            // Mail programs split a text around its pictures: the quote at its end is cut from the whole.
            all => {
                words::of_text(&all.iter().map(|(text, is_html)| shown(text, *is_html)).collect::<Vec<_>>().join("\n"))
            }
        }
    };
    let text = of(&mail.text_body);
    let text = if text.is_empty() { of(&mail.html_body) } else { text };
    if !text.is_empty() {
        return text;
    }
    // A text of no known kind is shown as it is (RFC 2046 §4.1.4).
    let odd = mail.parts.iter().filter(|part| is_odd_text(part)).filter_map(|part| raw_text(mail, part));
    words::of_text(&odd.collect::<Vec<_>>().join("\n"))
}

/// Whether it passes another mail on, which says more than its own words.
pub(super) fn passes_on(mail: &Message<'_>) -> bool {
    let parts = mail.text_body.iter().filter_map(|id| mail.parts.get(*id as usize)).filter(|part| !is_file(part));
    let mut texts = parts.filter_map(|part| Some((decoded(mail, part)?, is_html(part))));
    texts.any(|(text, is_html)| words::passes_on(&if is_html { words::shown(&text) } else { text }))
}

fn shown(text: &str, is_html: bool) -> String {
    if is_html { words::of_html(text) } else { text.to_owned() }
}

fn is_html(part: &MessagePart<'_>) -> bool {
    matches!(part.body, PartType::Html(_))
}

/// The text of a part by its charset.
fn decoded(mail: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let (PartType::Text(as_read) | PartType::Html(as_read)) = &part.body else { return None };
    Some(raw_text(mail, part).unwrap_or_else(|| as_read.as_ref().to_owned()))
}

/// Whether it is a text of a kind that the parser does not know, or of none that is written by the book.
fn is_odd_text(part: &MessagePart<'_>) -> bool {
    let says_nothing = |subtype: &str| SAYS_NOTHING.contains(&subtype.to_ascii_lowercase().as_str());
    let is_text = part.content_type().is_none_or(|kind| {
        kind.ctype().to_ascii_lowercase().starts_with("text") && !kind.subtype().is_some_and(says_nothing)
    });
    !matches!(part.body, PartType::Multipart(_) | PartType::Message(_) | PartType::Html(_))
        && is_text
        && !is_named(part)
}

fn is_named(part: &MessagePart<'_>) -> bool {
    part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment) || part.attachment_name().is_some()
}

fn raw_text(mail: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let raw = mail.raw_message.get(part.offset_body as usize..part.offset_end as usize)?;
    let bytes = match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    };
    let declared = part.content_type().and_then(|kind| kind.attribute("charset"));
    bytes.map(|bytes| charset::decoded(&bytes, declared))
}

/// Whether something beside the words says something: a file, or a picture that the writer put into the text.
pub(super) fn has_file(mail: &Message<'_>) -> bool {
    let html = mail.html_body.iter().filter_map(|id| mail.parts.get(*id as usize)).filter(|part| is_html(part));
    let images: Vec<Images> = html.filter_map(|part| Some(words::images(&decoded(mail, part)?))).collect();
    let is_shown_by_others = |part: &MessagePart<'_>| {
        part.content_id().is_some_and(|id| {
            let is_among = |ids: &std::collections::BTreeSet<String>| ids.contains(id);
            images.iter().any(|images| is_among(&images.quoted)) && !images.iter().any(|images| is_among(&images.own))
        })
    };
    images.iter().any(|images| images.is_inline)
        || mail.parts.iter().any(|part| is_file(part) && !is_shown_by_others(part))
}

fn is_file(part: &MessagePart<'_>) -> bool {
    let kind = part.content_type().and_then(|kind| kind.subtype()).unwrap_or_default().to_ascii_lowercase();
    if SAYS_NOTHING.contains(&kind.as_str()) || is_odd_text(part) {
        return false;
    }
    match &part.body {
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) => true,
        PartType::Text(_) | PartType::Html(_) => is_named(part),
        PartType::Multipart(_) => false,
    }
}
