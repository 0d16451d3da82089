//! One daemon a data directory; and where the running one is to be reached.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::text::Language;
use crate::{both, private};

/// Its name in the data directory.
pub const FILE: &str = "plazo.lock";

/// Held while a daemon runs; the system lets go of it however the process ends.
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a data directory.
    ///
    /// # Errors
    ///
    /// If another daemon has it, or the directory cannot be written.
    pub fn take(directory: &Path, language: Language) -> anyhow::Result<Self> {
        let path = directory.join(FILE);
        let shown = directory.display();
        let file = private::open(&path).with_context(|| {
            language.of(both!(
                "cannot write in the data directory {shown}",
                "no se puede escribir en el directorio de datos {shown}"
            ))
        })?;
        let mut locked = file.try_lock();
        if matches!(locked, Err(TryLockError::WouldBlock)) {
            // Perhaps only a command that looks whether a daemon runs.
            std::thread::sleep(Duration::from_millis(50));
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => {
                let at = address(directory).map(|address| format!(" ({address})")).unwrap_or_default();
                bail!(language.of(both!(
                    "another plazo already runs on {shown}{at}; stop it first, or name another directory with --data",
                    "ya hay otro plazo en marcha en {shown}{at}; deténgalo primero, o indique otro directorio con --data"
                )))
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| {
                let path = path.display();
                language.of(both!("cannot lock {path}", "no se puede bloquear {path}"))
            }),
        }
    }

    /// Writes down where the daemon is to be reached.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn publish(&self, address: SocketAddr) -> anyhow::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{address}")?;
        Ok(())
    }
}

/// Where the daemon of a data directory is to be reached, if one runs.
pub fn address(directory: &Path) -> Option<SocketAddr> {
    let mut file = File::open(directory.join(FILE)).ok()?;
    if file.try_lock_shared().is_ok() {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
