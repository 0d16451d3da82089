//! Messages as files: mail as `.eml`, everything else as `.json`. Where mail goes while no mail server is configured.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;

use super::{DeliveryError, Message, Receipt, email};
use crate::private;

const SENDER: &str = "plazo <plazo@localhost>";

/// A directory.
#[derive(Debug, Clone)]
pub struct FileTransport {
    directory: PathBuf,
}

impl FileTransport {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) async fn send(&self, message: &Message) -> Result<Receipt, DeliveryError> {
        let (ending, bytes) = match &message.to {
            Some(_) => {
                let sender: Mailbox = email::mailbox(SENDER).map_err(|error| gave_up(&error))?;
                ("eml", email::compose(message, &sender)?.formatted())
            }
            None => ("json", message.facts.to_string().into_bytes()),
        };
        // The name is the message's, so that a second try overwrites the first; in order of decision when listed.
        let name = format!("{}-{}.{ending}", message.decided_at.format("%Y%m%dT%H%M%S"), message.id);
        let path = self.directory.join(name);
        let partial = path.with_extension("partial");
        let written = async {
            let (directory, partial, path) = (self.directory.clone(), partial.clone(), path.clone());
            tokio::task::spawn_blocking(move || write(&directory, &partial, &path, &bytes)).await?
        };
        match written.await {
            Ok(()) => Ok(Receipt::of(path.display().to_string())),
            Err(error) => {
                let cause = format!("cannot write {}: {error}", path.display());
                Err(DeliveryError::Hold { after: None, cause })
            }
        }
    }
}

/// Writes the file whole or not at all, for its owner alone.
fn write(directory: &Path, partial: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    private::make_directory(directory)?;
    let mut file = private::open(partial)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    std::fs::rename(partial, path)
}

fn gave_up(error: &dyn std::fmt::Display) -> DeliveryError {
    DeliveryError::GiveUp { cause: error.to_string() }
}
