//! Bearer tokens: 244 random bits, kept as a hash only.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::App;
use crate::secret::Secret;
use crate::store::{Store, StoreError};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Read requests, queue, deliveries and figures.
    Read,
    /// Act on requests and deliveries.
    Operate,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Operate];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Operate => "operate",
        }
    }

    /// The scope with that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A fresh token.
fn generate() -> Secret {
    let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|uuid| uuid.simple().to_string()).concat();
    Secret::new(format!("plz_{random}"))
}

/// What is kept of a token. Its bits are random, so a fast hash is enough; and since only hashes are looked up, the time of a
/// look-up tells nothing of a token.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What a call's token is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// No token exists: whoever reaches the loopback address is let in.
    Open,
    /// A known token with these scopes.
    Granted(Vec<Scope>),
    /// A token is needed, and none or an unknown one was shown.
    Denied,
}

/// How long a look at the tokens is good for: one that is revoked works this much longer at most.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Hashes to scopes, read from the store now and then so that a call need not.
#[derive(Default)]
pub(super) struct Known {
    look: ArcSwapOption<Look>,
    is_everybody: bool,
}

impl Known {
    /// Lets every call in.
    pub(super) fn everybody() -> Self {
        Self { is_everybody: true, ..Self::default() }
    }
}

struct Look {
    at: Instant,
    scopes: HashMap<[u8; 32], Vec<Scope>>,
}

impl App {
    /// Judges the token of a call.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the tokens cannot be read.
    pub async fn access(&self, token: Option<&str>) -> Result<Access, StoreError> {
        if self.tokens.is_everybody {
            return Ok(Access::Granted(Scope::ALL.to_vec()));
        }
        let look = match self.tokens.look.load_full().filter(|look| look.at.elapsed() < GOOD_FOR) {
            Some(look) => look,
            None => {
                let rows = self.read(Store::token_scopes).await?;
                let words = |scopes: &str| scopes.split(',').filter_map(Scope::from_word).collect();
                let scopes = rows.into_iter().map(|(hash, scopes)| (hash, words(&scopes))).collect();
                let look = Arc::new(Look { at: Instant::now(), scopes });
                self.tokens.look.store(Some(Arc::clone(&look)));
                look
            }
        };
        let scopes = token.and_then(|token| look.scopes.get(&hash(token)));
        Ok(match scopes {
            Some(scopes) => Access::Granted(scopes.clone()),
            None if look.scopes.is_empty() && self.shared.is_loopback.load(Ordering::Relaxed) => Access::Open,
            None => Access::Denied,
        })
    }
}

/// Makes a token in a store, beside a running daemon or without one.
///
/// # Errors
///
/// [`StoreError`] if it cannot be written, or the name is taken.
pub fn create(store: &Store, name: &str, scopes: &[Scope], now: DateTime<Utc>) -> Result<Secret, StoreError> {
    let token = generate();
    let scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
    store.add_token(name, &scopes, &hash(token.expose()), now)?;
    Ok(token)
}
