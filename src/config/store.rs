//! Where what plazo knows is kept: a file of the data directory, or a PostgreSQL that several daemons share.

use std::path::Path;

use crate::secret::{Secret, SecretSource};
use crate::store::{PostgresUrl, StoreError, StorePlace};

/// A PostgreSQL in the place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStore {
    /// Its URL, or where that is kept.
    pub url: SecretSource,
    /// The user's password, where the URL has none.
    pub password: Option<SecretSource>,
    /// Whether the file beside this daemon is the one for all.
    pub is_file_here: bool,
}

impl SharedStore {
    /// Its URL with its password, as it is kept now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if a secret cannot be read, or what was read is no such URL. It repeats neither.
    pub fn url(&self) -> Result<PostgresUrl, StoreError> {
        let of = |key: &str, cause: &dyn std::fmt::Display| {
            StoreError::Unavailable(format!("[store] {key} of sla.toml: {cause}").into())
        };
        let read = |key: &str, source: &SecretSource| source.read().map_err(|error| of(key, &error));
        let text: Secret = read("url", &self.url)?;
        let url: PostgresUrl = text.expose().parse().map_err(|error| of("url", &error))?;
        let Some(password) = &self.password else { return Ok(url) };
        Ok(url.with_password(read("password", password)?.expose()))
    }
}

/// Where the store is of a daemon with that data directory.
///
/// # Errors
///
/// As [`SharedStore::url`].
pub fn place(shared: Option<&SharedStore>, directory: &Path) -> Result<StorePlace, StoreError> {
    match shared {
        None => Ok(StorePlace::Directory(directory.to_owned())),
        Some(shared) => Ok(StorePlace::Server(Box::new(shared.url()?))),
    }
}
