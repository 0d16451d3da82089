//! A store is moved: from a file to a server that daemons share, or back, verified on both sides before anything of it holds.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::keys;
use super::verify::{Deviation, verify};
use crate::both;
use crate::config::Config;
use crate::store::{Store, StoreError, StorePlace};
use crate::text::Both;

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// One of the stores says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of links cannot be read or written.
    #[error("the key of links: {0}")]
    Key(#[from] std::io::Error),
    /// A daemon runs on one of them.
    #[error("a daemon runs on {0}; stop it first")]
    Runs(String),
    /// There is something already where it is to go.
    #[error("{0} holds requests already")]
    Used(String),
    /// What arrived is not what is there.
    #[error("{0} requests differ after the move; nothing was kept of it")]
    Differs(usize),
}

impl MoveError {
    /// What is told of it.
    pub fn told(&self) -> Both {
        match self {
            Self::Store(error) => error.told(),
            Self::Key(error) => both!("the key of links: {error}", "la clave de los enlaces: {error}"),
            Self::Runs(place) => {
                both!(
                    "a daemon runs on {place}; stop it first",
                    "hay un servicio en marcha sobre {place}; deténgalo primero"
                )
            }
            Self::Used(place) => both!("{place} holds requests already", "en {place} ya hay solicitudes"),
            Self::Differs(n) => both!(
                "{n} requests differ after the move; nothing was kept of it",
                "{n} solicitudes difieren tras el traslado; no se guardó nada de él"
            ),
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStep {
    /// So many rows of so many are there.
    Rows(u64, u64),
    /// So many requests of one side were derived anew.
    Verified(usize),
}

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedStore {
    /// Rows.
    pub n_rows: u64,
    /// Requests.
    pub n_requests: usize,
    /// What was amiss before, and is so there as well.
    pub n_amiss: usize,
}

/// Moves everything. `directory` is the data directory of whoever leaves a file, or goes back to one. Not where futures are run.
///
/// # Errors
///
/// [`MoveError`]; then the other store is as it was.
pub fn move_store(
    (from, to): (&StorePlace, &StorePlace),
    config: &Config,
    now: DateTime<Utc>,
    mut progress: impl FnMut(MoveStep),
) -> Result<MovedStore, MoveError> {
    let (old, new) = (from.open()?, to.open()?);
    for (store, place) in [(&old, from), (&new, to)] {
        if store.daemons()?.iter().any(|daemon| daemon.lives) {
            return Err(MoveError::Runs(place.to_string()));
        }
    }
    if !new.is_unused()? {
        return Err(MoveError::Used(to.to_string()));
    }
    let (of, key) = (old.n_rows()?, key_of(from, &old)?);
    let looked = old.look()?;
    // Before the other one's transaction is begun, which a server ends where nothing comes for a while.
    let before = verify(&looked, config, now, None, |n| progress(MoveStep::Verified(n)))?;
    let open = new.begin()?;
    let n_rows = open.writing().take_all(&looked, |n| progress(MoveStep::Rows(n, of)))?;
    if let Some(key) = key {
        put_key(to, &open, &key)?;
    }
    let after = verify(&open.writing(), config, now, None, |n| progress(MoveStep::Verified(n)))?;
    let (left, found) = (named(&before.deviations), named(&after.deviations));
    let n_differ = left.symmetric_difference(&found).count() + before.n_requests.abs_diff(after.n_requests);
    if 0 < n_differ {
        return Err(MoveError::Differs(n_differ));
    }
    open.commit()?;
    Ok(MovedStore { n_rows, n_requests: after.n_requests, n_amiss: found.len() })
}

/// What is amiss, as it is compared.
fn named(deviations: &[Deviation]) -> BTreeSet<(String, String)> {
    let one = |deviation: &Deviation| {
        (deviation.what.to_owned(), deviation.request.map(|id| id.to_string()).unwrap_or_default())
    };
    deviations.iter().map(one).collect()
}

/// The key by which links were signed until now.
fn key_of(place: &StorePlace, store: &Store) -> Result<Option<Vec<u8>>, MoveError> {
    match place.directory() {
        Some(directory) => {
            let path = directory.join(keys::FILE);
            if path.exists() { Ok(Some(std::fs::read(path)?)) } else { Ok(None) }
        }
        None => Ok(Some(store.shared_link_key(&keys::another())?.into_bytes())),
    }
}

/// Has links signed by that key where the store is from now on.
fn put_key(place: &StorePlace, open: &crate::store::WriteTx<'_>, key: &[u8]) -> Result<(), MoveError> {
    match place.directory() {
        Some(directory) => put_file(&directory.join(keys::FILE), key),
        None => Ok(open.writing().set_shared_link_key(&String::from_utf8_lossy(key))?),
    }
}

fn put_file(path: &Path, key: &[u8]) -> Result<(), MoveError> {
    use std::io::Write as _;
    let mut file = crate::private::open(path)?;
    file.set_len(0)?;
    file.write_all(key)?;
    file.sync_all()?;
    Ok(())
}
