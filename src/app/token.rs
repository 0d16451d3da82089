//! Bearer tokens: 244 random bits, kept as a hash only, each bound to a source of its own.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::App;
use crate::config::Config;
use crate::engine::proof::Proof;
use crate::intake::email;
use crate::secret::Secret;
use crate::store::admin::TokenRow;
use crate::store::{StoreError, Writing};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Tell what happened.
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

/// Names of sources that are plazo's own: what people do by its doors, and mail.
pub const OWN_SOURCES: [&str; 5] = [super::DOOR, super::LINK_DOOR, super::OWN_SOURCE, super::REPLY_DOOR, email::SOURCE];

/// Whether no caller may name its events so: plazo does, or a source or mailbox of the file.
pub fn is_reserved(source: &str, config: &Config) -> bool {
    OWN_SOURCES.contains(&source) || config.source_names().iter().any(|name| name == source)
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

/// A known caller and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How it is known.
    pub proof: Proof,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// To what its events are bound.
    pub binding: Option<Binding>,
}

impl Grant {
    /// A program of this machine.
    pub fn of_machine(user: Option<String>, scopes: &[Scope]) -> Self {
        Self { proof: Proof::Machine { user }, scopes: scopes.to_vec(), binding: None }
    }

    /// Whether it has the scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// What the events of a token are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The source that they bear, whatever they say: nobody takes the ids of another.
    pub source: String,
    /// Types that they may have; any where it is empty.
    pub types: Vec<String>,
    /// The channel that they bear, where one is given.
    pub channel: Option<String>,
}

/// What is still let in over TCP without a token. Only ever closes further: what opened a door once may be known to others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// Everything, from this machine.
    #[default]
    Everything,
    /// What starts a clock and proves nothing: sources were set up, so that a proxy may stand before the address.
    Starts,
    /// Nothing: there is, or was, a token or a public address.
    Nothing,
}

impl Open {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Starts => "starts",
            Self::Nothing => "nothing",
        }
    }

    /// What that word means.
    pub fn from_word(word: &str) -> Self {
        match word {
            "starts" => Self::Starts,
            "nothing" => Self::Nothing,
            _ => Self::Everything,
        }
    }

    /// What a file leaves open.
    pub fn by(config: &Config) -> Self {
        if config.public_url.is_some() {
            Self::Nothing
        } else if config.sources.is_empty() {
            Self::Everything
        } else {
            Self::Starts
        }
    }
}

/// How long a look at the tokens is good for: one that is revoked works this much longer at most.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// The use of a token is written down so often at most.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Tokens by their hash, read from the store now and then so that a call need not.
#[derive(Default)]
pub(super) struct Known {
    look: ArcSwapOption<Look>,
    is_everybody: bool,
    /// When the use of each was last written down.
    noted: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Known {
    /// Lets every call in.
    pub(super) fn everybody() -> Self {
        Self { is_everybody: true, ..Self::default() }
    }
}

struct Look {
    at: Instant,
    tokens: HashMap<[u8; 32], Token>,
    open: Open,
}

struct Token {
    grant: Grant,
    expires_at: Option<DateTime<Utc>>,
}

/// What a token is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It is known.
    Granted(Grant),
    /// It was known until then.
    Expired(DateTime<Utc>),
    /// It is unknown.
    Unknown,
}

impl App {
    /// Whoever opened the store to read it, without a daemon, may read the file anyway.
    pub fn lets_everybody_in(&self) -> bool {
        self.tokens.is_everybody
    }

    /// Judges a token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the tokens cannot be read.
    pub async fn access(&self, token: &str) -> Result<Access, StoreError> {
        let look = self.look().await?;
        let hash = hash(token);
        let Some(known) = look.tokens.get(&hash) else { return Ok(Access::Unknown) };
        if let Some(expires_at) = known.expires_at.filter(|expires_at| *expires_at <= self.now()) {
            return Ok(Access::Expired(expires_at));
        }
        self.note_use(hash);
        Ok(Access::Granted(known.grant.clone()))
    }

    /// What is let in over TCP without a token.
    pub async fn open_without_token(&self) -> Result<Open, StoreError> {
        Ok(self.look().await?.open.max(Open::by(&self.config())))
    }

    /// Whether there is a token at all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the tokens cannot be read.
    pub async fn has_token(&self) -> Result<bool, StoreError> {
        Ok(!self.look().await?.tokens.is_empty())
    }

    async fn look(&self) -> Result<Arc<Look>, StoreError> {
        if let Some(look) = self.tokens.look.load_full().filter(|look| look.at.elapsed() < GOOD_FOR) {
            return Ok(look);
        }
        let (rows, open) = self.readers.read(|store| Ok((store.tokens()?, store.open_without_token()?))).await?;
        let tokens = rows.into_iter().map(|row| (row.hash, Token::of(row))).collect();
        let look = Arc::new(Look { at: Instant::now(), tokens, open: Open::from_word(&open) });
        self.tokens.look.store(Some(Arc::clone(&look)));
        Ok(look)
    }

    /// Writes down that a token was used, now and then, without anybody waiting for it.
    fn note_use(&self, hash: [u8; 32]) {
        {
            let mut noted = self.tokens.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.get(&hash).is_some_and(|at| at.elapsed() < NOTED_EVERY) {
                return;
            }
            noted.insert(hash, Instant::now());
        }
        let app = self.clone();
        tokio::spawn(async move {
            let noted = app.writer.write(move |work| work.store().note_token_use(&hash, work.now)).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "the use of a token could not be noted");
            }
        });
    }

    /// Closes what the file in force closes, for good.
    ///
    /// # Errors
    ///
    /// [`super::WriteError`] if it cannot be written down.
    pub async fn close_doors(&self) -> Result<(), super::WriteError> {
        let open = Open::by(&self.config());
        self.writer.write(move |work| close_doors(work.store(), open)).await
    }
}

/// Writes down that nothing beyond `open` is let in without a token from now on, whatever comes.
pub(super) fn close_doors(store: Writing<'_>, open: Open) -> Result<(), StoreError> {
    if Open::from_word(&store.open_without_token()?) < open {
        store.set_open_without_token(open.as_str())?;
    }
    Ok(())
}

impl Token {
    fn of(row: TokenRow) -> Self {
        let words = |list: &str| list.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let binding = Binding { source: row.source, types: words(&row.types), channel: row.channel };
        let scopes: HashSet<Scope> = row.scopes.split(',').filter_map(Scope::from_word).collect();
        Self {
            grant: Grant {
                proof: Proof::Token { name: row.name },
                scopes: scopes.into_iter().collect(),
                binding: Some(binding),
            },
            expires_at: row.expires_at,
        }
    }
}

/// What a new token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it allows.
    pub scopes: &'a [Scope],
    /// What its events are.
    pub binding: &'a Binding,
    /// Until when it works.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a token in a store, beside a running daemon or without one. From then on nothing is let in over TCP without one.
///
/// # Errors
///
/// [`StoreError`] if it cannot be written, or the name is taken.
pub fn create(store: Writing<'_>, new: &NewToken<'_>, now: DateTime<Utc>) -> Result<Secret, StoreError> {
    let token = generate();
    let join = |words: Vec<&str>| words.join(",");
    store.add_token(&TokenRow {
        name: new.name.to_owned(),
        scopes: join(new.scopes.iter().map(|scope| scope.as_str()).collect()),
        hash: hash(token.expose()),
        source: new.binding.source.clone(),
        types: join(new.binding.types.iter().map(String::as_str).collect()),
        channel: new.binding.channel.clone(),
        created_at: now,
        expires_at: new.expires_at,
        used_at: None,
    })?;
    close_doors(store, Open::Nothing)?;
    Ok(token)
}
