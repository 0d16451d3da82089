//! The search of bytes: of the store's file and its log, and of messages written as files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::retention::files;
use crate::app::App;
use crate::engine::request_id::RequestId;
use crate::privacy::{Mentions, TooMany};
use crate::store::FILE;

/// A number that is the name of a conversation stands in longer ones by chance, if it is shorter.
const SHORTEST_NUMBER: usize = 12;
/// Bytes that are searched at once.
const PIECE: usize = 1 << 20;
/// What stands at the end of a piece is searched with the next one.
const OVERLAP: usize = 4 << 10;

impl App {
    /// In how many places of the store's bytes somebody stands.
    pub(super) async fn search(&self, mentions: &Mentions) -> io::Result<usize> {
        let store = self.directory().join(FILE);
        let log = PathBuf::from(format!("{}-wal", store.display()));
        let mentions = mentions.clone();
        let searched = tokio::task::spawn_blocking(move || {
            [store, log].iter().map(|path| occurrences(path, &mentions)).sum::<io::Result<usize>>()
        });
        searched.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Names of stores that were kept beside this one when another took its place, and have somebody in them.
    pub(super) async fn kept_with(&self, mentions: &Mentions) -> io::Result<Vec<String>> {
        let (directory, mentions) = (self.directory().to_owned(), mentions.clone());
        let searched = tokio::task::spawn_blocking(move || {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(&directory)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_kept = name.starts_with(&format!("{FILE}.before-"));
                if is_kept && entry.path().is_file() && 0 < occurrences(&entry.path(), &mentions)? {
                    found.push(name);
                }
            }
            found.sort();
            Ok(found)
        });
        searched.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Whether the file in force has them in it.
    pub(super) fn names_them(&self, mentions: &Mentions) -> bool {
        let Some(path) = self.doors.file.load_full() else { return false };
        std::fs::read(&*path).is_ok_and(|text| mentions.is_in(&text))
    }
}

/// What is looked for in bytes: words, and the names of conversations.
///
/// # Errors
///
/// If they are too many to be looked for at once.
pub(super) fn sought(words: &BTreeSet<String>, threads: &[(String, String)]) -> Result<Mentions, TooMany> {
    let is_own = |name: &&String| SHORTEST_NUMBER <= name.len() || !name.bytes().all(|byte| byte.is_ascii_digit());
    let names = threads.iter().map(|(_, name)| name).filter(is_own);
    Mentions::new(words.iter().chain(names).map(String::as_str))
}

/// In how many places of a file somebody stands. None where there is no such file.
fn occurrences(path: &Path, mentions: &Mentions) -> io::Result<usize> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut piece = Vec::with_capacity(PIECE + OVERLAP);
    let mut n = 0;
    loop {
        let n_read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        let is_last = n_read < PIECE;
        let end = if is_last { piece.len() } else { piece.len() - OVERLAP };
        n += mentions.count(&piece, end);
        if is_last {
            return Ok(n);
        }
        piece.drain(..end);
    }
}

/// Deletes messages written as files that have somebody in them, or speak of one of the requests. How many were.
pub(super) fn delete_files(directory: &Path, mentions: &Mentions, requests: &[RequestId]) -> io::Result<usize> {
    let requests: BTreeSet<String> = requests.iter().map(ToString::to_string).collect();
    let mut n = 0;
    for path in files(directory) {
        let text = std::fs::read(&path)?;
        // A mail is written in forms in which its words are not to be seen.
        let shown = if path.extension().is_some_and(|ending| ending == "eml") { shown(&text) } else { String::new() };
        if mentions.is_in(&text) || mentions.is_in(shown.as_bytes()) || speaks_of(&text, &requests) {
            std::fs::remove_file(&path)?;
            n += 1;
        }
    }
    Ok(n)
}

/// What a mail shows: whom it is for, its subject and its words.
fn shown(mail: &[u8]) -> String {
    let Some(mail) = mail_parser::MessageParser::default().parse(mail) else { return String::new() };
    let mut shown: Vec<String> = mail.subject().map(str::to_owned).into_iter().collect();
    for address in [mail.to(), mail.from(), mail.cc()].into_iter().flatten().flat_map(|address| address.iter()) {
        shown.extend(address.name().map(str::to_owned));
        shown.extend(address.address().map(str::to_owned));
    }
    for part in &mail.parts {
        if let mail_parser::PartType::Text(text) | mail_parser::PartType::Html(text) = &part.body {
            shown.push(html_escape::decode_html_entities(text).into_owned());
        }
    }
    shown.join("\n")
}

/// Whether one of the requests is named: R-1 is no part of R-17.
fn speaks_of(text: &[u8], requests: &BTreeSet<String>) -> bool {
    let text = String::from_utf8_lossy(text);
    let words = text.split(|c: char| c != '-' && !c.is_ascii_alphanumeric());
    words.flat_map(|word| word.match_indices("R-").map(|(at, _)| &word[at..])).any(|word| {
        let digits = word[2..].find(|c: char| !c.is_ascii_digit()).map_or(word.len(), |end| 2 + end);
        requests.contains(&word[..digits])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_across_two_pieces_is_found_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let mentions = Mentions::new(["rosa@andina.example", "573005550101"]).expect("two");
        for at in [0, PIECE - OVERLAP - 5, PIECE - OVERLAP, PIECE - 7, PIECE, 2 * PIECE - 2 * OVERLAP + 3] {
            let path = directory.path().join("store");
            let mut bytes = vec![b'.'; 3 * PIECE + 17];
            bytes[at..at + 19].copy_from_slice(b"Rosa@andina.example");
            bytes[at + 30..at + 42].copy_from_slice(b"300 555 0101");
            std::fs::write(&path, &bytes).expect("it is written");
            assert_eq!(occurrences(&path, &mentions).expect("it is read"), 2, "at {at}");
        }
    }

    #[test]
    fn a_request_is_no_part_of_another() {
        let requests = BTreeSet::from(["R-1".to_owned(), "R-204".to_owned()]);
        for (text, expected) in [
            ("Subject: R-1 vence", true),
            ("(R-204)", true),
            ("x-R-204.", true),
            ("R-17 y R-2040", false),
            ("R-", false),
        ] {
            assert_eq!(speaks_of(text.as_bytes(), &requests), expected, "{text}");
        }
    }
}
