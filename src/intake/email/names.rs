//! By what names a mail's conversation is known: ids of messages, and looser ones for mail that bears none.

use mail_parser::{HeaderValue, Message};
use sha2::{Digest as _, Sha256};

use super::bounce::returned_head;
use super::machine::is_report;
use super::{LONGEST_ID, cut, header};
use crate::engine::event::{BY_CLIENT, BY_SUBJECT};

/// References kept: the first, which is the root, and the last.
const MOST_REFERENCES: usize = 32;

/// Names of the thread, the root first: References, In-Reply-To, and the mail itself, so that answers to it find it. A delivery
/// report belongs to the thread of the mail that it returns.
pub(super) fn threads(mail: &Message<'_>, own_id: &str) -> Vec<String> {
    let mut threads: Vec<String> = Vec::new();
    let returned = if is_report(mail) { returned_head(mail).unwrap_or_default() } else { Vec::new() };
    for id in returned.into_iter().chain(references(mail)).chain([own_id.to_owned()]) {
        if !threads.contains(&id) {
            threads.push(id);
        }
    }
    threads
}

pub(super) fn references(mail: &Message<'_>) -> Vec<String> {
    let references = ids(mail.references());
    let skipped = references.len().saturating_sub(MOST_REFERENCES);
    let kept = references.iter().take(1).chain(references.iter().skip(1 + skipped));
    kept.cloned().chain(ids(mail.in_reply_to())).collect()
}

/// Names by which a mail may be filed that bears no id of its conversation: its subject with the client's address, and the
/// client's address alone. Which requests they may find, `app` decides: never by subject for ever, and by address only an open wait.
pub(super) fn loose_threads(client: &str, subject: Option<&str>) -> Vec<String> {
    let subject = subject.map(bare_subject).filter(|subject| !subject.is_empty());
    let by_subject = subject.map(|subject| {
        let digest = hex::encode(Sha256::digest(format!("{subject}\n{client}")));
        format!("{BY_SUBJECT}{}", &digest[..32])
    });
    by_subject.into_iter().chain([by_client(client)]).collect()
}

/// The name of whatever is open with a client.
pub fn by_client(client: &str) -> String {
    format!("{BY_CLIENT}{client}")
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

pub(super) fn clean_id(id: &str) -> String {
    cut(id.trim().trim_start_matches('<').trim_end_matches('>'), LONGEST_ID).to_owned()
}

/// The name of a mail that has none. What servers add on its way is left out, so that a second reading finds the first.
pub(super) fn fingerprint(mail: &Message<'_>) -> String {
    let mut hash = Sha256::new();
    for name in ["From", "Date", "Subject"] {
        hash.update(header::first(mail, name).unwrap_or_default());
        hash.update([0]);
    }
    let text = mail.body_text(0).unwrap_or_default();
    for line in text.lines() {
        hash.update(line.trim_end());
        hash.update([0]);
    }
    format!("sha256-{}", hex::encode(hash.finalize()))
}
