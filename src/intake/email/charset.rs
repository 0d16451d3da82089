//! Bytes → text, by the charset that a mail declares, or by what they look like where it declares none or a wrong one.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, WINDOWS_1252, X_USER_DEFINED};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

/// The bytes as text. Of no charset, an unknown one, ASCII or a false UTF-8: UTF-8 where they are that, else windows-1252, which those
/// write that say nothing.
pub(super) fn decoded(bytes: &[u8], declared: Option<&str>) -> String {
    let label = declared.map(|label| label.trim().to_ascii_lowercase()).unwrap_or_default();
    if let Some(page) = code_page(&label) {
        return page.decode_string_lossy(bytes);
    }
    let says_nothing = matches!(label.as_str(), "us-ascii" | "ascii" | "ansi_x3.4-1968");
    let encoding = if says_nothing { None } else { encoding(&label) };
    match encoding {
        // Letters of UTF-8 under the name of another charset are what they look like: in those they are gibberish.
        Some(encoding) if encoding == WINDOWS_1252 && is_utf8_of_many(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Some(encoding) if encoding != UTF_8 => encoding.decode(bytes).0.into_owned(),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                // A letter cut off at the end does not make the rest another charset.
                Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes).into_owned(),
                Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
            }
        }
    }
}

fn is_utf8_of_many(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

fn encoding(label: &str) -> Option<&'static Encoding> {
    let known = |label: &str| {
        let found = Encoding::for_label(label.as_bytes());
        // Names for what is no charset.
        found.filter(|found| *found != REPLACEMENT && *found != X_USER_DEFINED)
    };
    known(label).or_else(|| {
        let close = label.replace(['_', ' '], "-");
        let joined = close.replace('-', "");
        let windows = number(label).map(|number| format!("windows-{number}")).unwrap_or_default();
        let latin = joined.strip_prefix("iso8859").map(|part| format!("iso-8859-{part}")).unwrap_or_default();
        [close, joined, windows, latin].iter().find_map(|label| known(label))
    })
}

/// A code page of DOS, which no browser knows.
fn code_page(label: &str) -> Option<&'static oem_cp::code_table_type::TableType> {
    if encoding(label).is_some() {
        return None;
    }
    DECODING_TABLE_CP_MAP.get(&number(label)?)
}

/// The number of a code page: of `cp850`, `cp-850`, `IBM850`, `x-cp850`, `850`.
fn number(label: &str) -> Option<u16> {
    let digits = label.trim_start_matches(|letter: char| letter.is_ascii_alphabetic() || "-_ ".contains(letter));
    let name = &label[..label.len() - digits.len()];
    let is_page = ["", "cp", "ibm", "oem", "dos", "xcp", "pc", "cspc", "windows", "win", "ms", "codepage", "ccsid"]
        .contains(&name.replace(['-', '_', ' '], "").as_str());
    digits.parse().ok().filter(|_| is_page)
}
