//! What a telephone is told: a text of one segment, and what a voice reads aloud. Nothing that a client wrote is in either.

pub mod gsm;
pub mod short;
pub mod spoken;

use super::Both;
use super::reader::Reader;
use crate::outbox::Content;
use gsm::Alphabet;

/// A content as a text message. `line` is its subject, for what is no single alert; `base` is plazo's public address.
pub fn text(content: &Content, line: &str, base: Option<&str>, reader: &Reader<'_>, wanted: Alphabet) -> String {
    let base = base.map(|base| base.trim_end_matches('/'));
    match content {
        Content::Alert(facts) => {
            let page = base.map(|base| format!("{base}/r/{}", facts.request));
            short::alert(facts, reader, page.as_deref(), wanted)
        }
        _ => short::line(line, base, wanted),
    }
}

/// A content read aloud, with the keys that can be pressed.
pub fn call(content: &Content, line: &str, reader: &Reader<'_>) -> String {
    let language = reader.language;
    let (said, is_alert) = match content {
        Content::Alert(facts) => (spoken::alert(facts, reader), true),
        _ => (spoken::line(line, language), false),
    };
    format!("{said} {}", spoken::keys(is_alert, language))
}

/// What messages of a month cost, in words: `12 messages, 14 segments or minutes, 0.63 USD`. The currency is empty where nobody said a price.
pub fn spent((messages, units, micros): (i64, i64, i64), currency: &str) -> Both {
    let messages =
        Both { en: ["message", "messages"], es: ["aviso", "avisos"] }.counted(usize::try_from(messages).unwrap_or(0));
    let amount = if currency.is_empty() { String::new() } else { format!(", {:.2} {currency}", micros as f64 / 1e6) };
    Both {
        en: format!("{}, {units} segments or minutes{amount}", messages.en),
        es: format!("{}, {units} segmentos o minutos{amount}", messages.es),
    }
}
