//! The key that signs links and marks alerts' mail. It lies in a file of its own beside the store, so that whoever gets a backup of the
//! store forges nothing.

use crate::outbox::DeliveryId;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Its name in the data directory.
pub(super) const FILE: &str = "links.key";
/// Characters of a mark in a Message-ID: 96 bits.
const MARK: usize = 24;

/// The key in force.
pub(super) struct Keys {
    path: PathBuf,
    key: ArcSwap<Vec<u8>>,
}

impl Keys {
    /// Reads the key of a data directory, and makes one where there is none.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let key = match fs::read(&path) {
            Ok(key) if !key.is_empty() => key,
            Ok(_) => make(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
            Err(error) => return Err(error),
        };
        Ok(Self { path, key: ArcSwap::from_pointee(key) })
    }

    /// A key for looking only: whoever reads a store without a daemon signs nothing that anybody would take.
    pub(super) fn none() -> Self {
        Self { path: PathBuf::new(), key: ArcSwap::from_pointee(generate()) }
    }

    /// Makes another key. No link and no mark of before works any more.
    pub(super) fn change(&self) -> io::Result<()> {
        self.key.store(Arc::new(make(&self.path)?));
        Ok(())
    }

    /// The key's seal on something, told apart by its purpose.
    pub(super) fn seal(&self, purpose: &str, body: &[u8]) -> Hmac<Sha256> {
        let key = self.key.load();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key).unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(purpose.as_bytes());
        mac.update(b"\n");
        mac.update(body);
        mac
    }

    /// What only the reader of a delivery's mail knows.
    pub(super) fn mark(&self, delivery: DeliveryId, person: &str) -> String {
        let seal = self.seal("plazo mail 1", format!("{delivery}\n{person}").as_bytes());
        hex::encode(seal.finalize().into_bytes())[..MARK].to_owned()
    }
}

/// 244 random bits.
fn generate() -> Vec<u8> {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()).into_bytes()
}

/// Writes a new key whole or not at all, readable by its owner alone.
fn make(path: &Path) -> io::Result<Vec<u8>> {
    let key = generate();
    let draft = path.with_extension("new");
    fs::remove_file(&draft).ok();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(key)
}
