//! Messages as files: mail as `.eml`, everything else as `.json`. Where mail goes while no mail server is configured.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use nix::unistd::{AccessFlags, access};
use schemars::JsonSchema;
use serde::Deserialize;

use super::capabilities::Capabilities;
use super::probe::{ProbeError, ProbeFault, Probed};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::{DeliveryError, Message, Receipt, SetupError, mail};
use crate::written::At;
use crate::{both, private};

const SENDER: &str = "plazo <plazo@localhost>";

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// Of a file destination: the directory.
    pub path: Option<At<String>>,
}

/// Where files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory; the one for all files where it is left out.
    pub directory: Option<PathBuf>,
}

/// A directory.
#[derive(Debug, Clone)]
pub struct FileTransport {
    directory: PathBuf,
}

impl Provider for FileTransport {
    const WORD: &'static str = "file";
    const CAN: Capabilities = Capabilities { takes_facts: true, gathers: false, ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, _: &mut dyn ConfigReader) -> Option<Settings> {
        Some(Settings { directory: config.path.as_ref().map(|path| PathBuf::from(path.as_str())) })
    }

    fn directory(settings: &Settings) -> Option<&Path> {
        settings.directory.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let directory = settings.directory.clone().unwrap_or_else(|| equipment.directory.to_owned());
        Ok(Arc::new(Self::new(directory)))
    }
}

impl Sender for FileTransport {
    fn send<'a>(&'a self, message: &'a Message, _: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.put(message))
    }

    fn probe(&self, _: DateTime<Utc>) -> Probing<'_> {
        Box::pin(std::future::ready(self.look()))
    }
}

impl FileTransport {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Whether the directory can be written, or made where it is not there yet.
    fn look(&self) -> Result<Probed, ProbeError> {
        let place = self.directory.display().to_string();
        let there = self.directory.ancestors().find(|above| above.exists());
        let there = there.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match access(there, AccessFlags::W_OK | AccessFlags::X_OK) {
            Ok(()) => Ok(Probed {
                told: both!("files are written into {place}", "se escriben archivos en {place}"),
                peer_time: None,
            }),
            Err(cause) => {
                let (fault, cause) = (ProbeFault::Directory, cause.desc().to_owned());
                Err(ProbeError { fault, place, cause, peer_time: None })
            }
        }
    }

    async fn put(&self, message: &Message) -> Result<Receipt, DeliveryError> {
        let (ending, bytes) = match &message.to {
            Some(_) => {
                let sender: Mailbox = mail::mailbox(SENDER).map_err(|error| gave_up(&error))?;
                ("eml", mail::compose(message, &sender)?.formatted())
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
