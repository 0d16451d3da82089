//! The key that signs links and marks alerts' mail. It lies in a file of its own beside the store, so that whoever gets a backup of the
//! store forges nothing; where several daemons share a store, it lies in that, so that each takes what another signed.

use crate::outbox::DeliveryId;
use crate::store::{Store, StoreError, StorePlace};
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
    /// Its file; none where it lies in a store that others share.
    path: Option<PathBuf>,
    key: ArcSwap<Vec<u8>>,
}

impl Keys {
    /// Reads the key of a store, and makes one where there is none.
    pub(super) fn of(place: &StorePlace, store: &Store) -> Result<Self, StoreError> {
        match place.directory() {
            Some(directory) => Ok(Self::open(directory)?),
            None => {
                let key = store.shared_link_key(&another())?;
                Ok(Self { path: None, key: ArcSwap::from_pointee(key.into_bytes()) })
            }
        }
    }

    /// Reads the key of a data directory, and makes one where there is none.
    fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let key = match fs::read(&path) {
            Ok(key) if !key.is_empty() => key,
            Ok(_) => make(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
            Err(error) => return Err(error),
        };
        Ok(Self { path: Some(path), key: ArcSwap::from_pointee(key) })
    }

    /// A key for looking only: whoever reads a store without a daemon signs nothing that anybody would take.
    pub(super) fn none() -> Self {
        Self { path: None, key: ArcSwap::from_pointee(generate()) }
    }

    /// Makes another key in its file. No link and no mark of before works any more. Whether it has one: else the store is to be told of the
    /// other key first.
    pub(super) fn change(&self) -> io::Result<bool> {
        let Some(path) = &self.path else { return Ok(false) };
        self.key.store(Arc::new(make(path)?));
        Ok(true)
    }

    /// Takes over the key that the store has, if that is another one.
    pub(super) fn take_over(&self, key: String) {
        if self.key.load().as_slice() != key.as_bytes() {
            self.key.store(Arc::new(key.into_bytes()));
        }
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

/// Another key as text, for a store.
pub(super) fn another() -> String {
    String::from_utf8_lossy(&generate()).into_owned()
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
