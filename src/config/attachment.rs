//! Files that `sla.toml` names: read whole, bounded, and marked by their content.

use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::AttachedFile;
use crate::both;
use crate::text::Both;

/// Files larger than this are not read.
const LARGEST_FILE: u64 = 8 << 20;

/// Reads a file by its name in `folder`: its text, and its mark.
///
/// # Errors
///
/// Cause and remedy.
pub(super) fn read(folder: &Path, name: &str) -> Result<(String, AttachedFile), (Both, Both)> {
    let path = folder.join(name);
    let unreadable = |error: std::io::Error| {
        (
            both!("it cannot be read: {error}", "no se puede leer: {error}"),
            both!(
                "put it beside sla.toml, or write its whole path",
                "póngalo junto a sla.toml o escriba la ruta entera"
            ),
        )
    };
    // Asked before it is opened: opening a pipe waits for its other end.
    if !std::fs::metadata(&path).map_err(unreadable)?.is_file() {
        return Err((
            both!("it is no regular file", "no es un archivo normal"),
            both!("name a file", "indique un archivo"),
        ));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if LARGEST_FILE < bytes.len() as u64 {
        return Err((both!("it is larger than 8 MiB", "pasa de 8 MiB"), both!("split it", "divídalo")));
    }
    let digest = hex::encode(Sha256::digest(&bytes));
    let text = String::from_utf8(bytes).map_err(|_| {
        (
            both!("a character that is not UTF-8", "un carácter que no es UTF-8"),
            both!("save the file as UTF-8", "guarde el archivo como UTF-8"),
        )
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok((text, AttachedFile { name: name.to_owned(), digest }))
}
