//! Secrets: where they are read from, and a value that shows nowhere.
//!
//! `sla.toml` names a systemd credential, an environment variable or a file; it never holds the secret itself.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

const MASK: &str = "***";
/// Where the credentials of the running unit are, for root and the unit itself.
const OF_UNIT: &str = "/run/credentials/plazo.service";

/// A value that is masked in `Debug`, `Display` and `Serialize`, and wiped when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself, for the one place that sends or compares it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file of that name in systemd's credential directory.
    Credential(String),
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
    /// Nowhere: the value stands in the file. Only for what may be no secret, such as the address of a webhook on loopback.
    Plain(String),
}

/// A secret that cannot be read. Names the place, never the value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Not started by systemd, or without `LoadCredential=`.
    #[error(
        "credential `{0}`: $CREDENTIALS_DIRECTORY is not set; start plazo by its systemd unit with `LoadCredential={0}:…`, \
         or name a file: {{ file = \"…\" }}"
    )]
    NoCredentials(String),
    /// A file that cannot be read.
    #[error("secret file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// An unset variable.
    #[error("environment variable {0} is not set")]
    NoVariable(String),
    /// Nothing there.
    #[error("{0} is empty")]
    Empty(String),
}

impl SecretSource {
    /// Reads the secret; a line break at its end is not part of it.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the place does not exist or is empty.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let (place, value) = match self {
            Self::Credential(name) => {
                let directory = credentials().ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
                let path = directory.join(name);
                (format!("credential `{name}`"), read_file(path)?)
            }
            Self::Env(name) => (
                format!("environment variable {name}"),
                std::env::var(name).map_err(|_| SecretError::NoVariable(name.clone()))?,
            ),
            Self::File(path) => (format!("secret file {}", path.display()), read_file(path.clone())?),
            Self::Plain(value) => ("the value in sla.toml".to_owned(), value.clone()),
        };
        let value = value.trim_end_matches(['\n', '\r']);
        if value.is_empty() { Err(SecretError::Empty(place)) } else { Ok(Secret::new(value)) }
    }
}

/// Where systemd keeps the credentials: of this process; else of the running unit, beside which root looks whether all is well.
fn credentials() -> Option<PathBuf> {
    let own = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    own.or_else(|| Some(PathBuf::from(OF_UNIT)).filter(|unit| std::fs::read_dir(unit).is_ok()))
}

fn read_file(path: PathBuf) -> Result<String, SecretError> {
    std::fs::read_to_string(&path).map_err(|cause| SecretError::Unreadable { path, cause })
}
