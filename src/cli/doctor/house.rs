//! What the looks go by: the file, the data directory and the daemon, each asked once.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::time::timeout;

use super::{PATIENCE, file};
use crate::app::time::TimeSource;
use crate::both;
use crate::cli::client::{Client, Refused};
use crate::cli::{Global, absolute, help, real_time};
use crate::config::{self, Config, LoadError, Loaded};
use crate::net::{self, Clients};
use crate::text::{Both, Language};

/// What is known of the daemon.
pub(super) enum Daemon {
    /// None runs on the data directory, nor does the service.
    None,
    /// One does, and says nothing that can be used.
    Silent(String),
    /// One does, and this user may not ask it.
    Closed,
    /// One does.
    Answers {
        /// Who it is (`/v1/about`).
        about: Value,
        /// How it does (`/v1/status`, `/v1/sources`).
        status: Value,
    },
}

/// What the looks go by.
pub(super) struct House {
    pub(super) global: Global,
    pub(super) language: Language,
    pub(super) loaded: Result<Loaded, LoadError>,
    pub(super) data: PathBuf,
    pub(super) daemon: Daemon,
    pub(super) clients: Result<Clients, String>,
    time: TimeSource,
    /// By how much the clock here is ahead of those of servers that told the time, and of which.
    ahead: Mutex<Vec<(String, TimeDelta)>>,
}

impl House {
    pub(super) async fn look(global: &Global) -> Self {
        let mut global = global.clone();
        let daemon = ask_daemon(&global).await;
        // Whoever asks after the service stands in another directory than its file.
        if let Some(theirs) = daemon.file().filter(|path| global.config == file::usual() && path.exists())
            && !global.config.exists()
        {
            global.config = theirs;
        }
        let loaded = config::load(&global.config);
        let of_daemon = || Language::from_code(daemon.about()?["language"].as_str()?);
        let language = match &loaded {
            Ok(loaded) => loaded.language,
            Err(_) => of_daemon().unwrap_or_else(help::of_the_terminal),
        };
        Self {
            data: global.data(),
            language,
            loaded,
            daemon,
            clients: net::clients().map_err(|error| error.to_string()),
            time: real_time(),
            ahead: Mutex::default(),
            global,
        }
    }

    /// What the file means; none where it cannot be used.
    pub(super) fn config(&self) -> Option<&Config> {
        self.loaded.as_ref().ok()?.config.as_ref()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.time.now()
    }

    /// The file, as commands are to name it.
    pub(super) fn file(&self) -> String {
        self.global.config.display().to_string()
    }

    /// The data directory, as people find it.
    pub(super) fn directory(&self) -> String {
        absolute(&self.data).display().to_string()
    }

    /// Hears what time it is elsewhere.
    pub(super) fn hear_time(&self, place: &str, peer_time: Option<DateTime<Utc>>) {
        let Some(at) = peer_time else { return };
        let ahead = self.now() - at;
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).push((place.to_owned(), ahead));
    }

    /// By how much the clock here is ahead of others.
    pub(super) fn ahead(&self) -> Vec<(String, TimeDelta)> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Daemon {
    pub(super) const fn about(&self) -> Option<&Value> {
        match self {
            Self::Answers { about, .. } => Some(about),
            Self::None | Self::Silent(_) | Self::Closed => None,
        }
    }

    pub(super) const fn status(&self) -> Option<&Value> {
        match self {
            Self::Answers { status, .. } => Some(status),
            Self::None | Self::Silent(_) | Self::Closed => None,
        }
    }

    pub(super) const fn runs(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Where its file lies.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.about()?["file"].as_str().map(PathBuf::from)
    }
}

/// Why no more is known where this user may not ask.
pub(super) fn closed() -> (Both, Both) {
    (
        both!("the daemon tells this user nothing", "el servicio no le dice nada a este usuario"),
        both!("sudo plazo doctor", "sudo plazo doctor"),
    )
}

async fn ask_daemon(global: &Global) -> Daemon {
    let client = match Client::of_daemon(global) {
        Ok(Some(client)) => client,
        Ok(None) => return Daemon::None,
        Err(error) => return Daemon::Silent(format!("{error:#}")),
    };
    let asked = async {
        let about = client.get("/v1/about").await?;
        let mut status = client.get("/v1/status").await?;
        let heard = client.get("/v1/sources").await?;
        if let (Some(status), Value::Object(heard)) = (status.as_object_mut(), heard) {
            status.extend(heard);
        }
        anyhow::Ok(Daemon::Answers { about, status })
    };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(daemon)) => daemon,
        Ok(Err(error)) => match error.downcast_ref::<Refused>() {
            Some(refused) if ["scope_missing", "token_needed"].contains(&refused.code.as_str()) => Daemon::Closed,
            _ => Daemon::Silent(format!("{error:#}")),
        },
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            let late = both!("no answer within {seconds} s", "sin respuesta en {seconds} s");
            Daemon::Silent(global.language().of(late))
        }
    }
}
