//! A look at a mailbox: whether it lets plazo in, and has the folders that the file names. Nothing is read of a mail, nothing is changed.

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;

use super::{Connection, MailboxError, MailboxSettings};

/// Folders that are told where one is missed.
const MOST_TOLD: usize = 12;

/// How far a look came.
#[derive(Debug)]
pub enum MailboxFault {
    /// The server's name leads nowhere.
    Name(std::io::Error),
    /// Nobody answers, or not as a mail server does.
    Connection(MailboxError),
    /// It does not let the user in.
    Login(MailboxError),
    /// It has no such folder, or shows it to nobody.
    Folder {
        /// Which.
        name: String,
        /// What the server said.
        cause: MailboxError,
        /// Some of those that it has.
        there: Vec<String>,
    },
}

impl MailboxSettings {
    /// Connects, logs in and examines each folder that is read.
    ///
    /// # Errors
    ///
    /// [`MailboxFault`]: the first that is found.
    pub async fn probe(&self, client: &reqwest::Client, now: DateTime<Utc>) -> Result<(), MailboxFault> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        found.map(drop).map_err(MailboxFault::Name)?;
        let imap = self.connect().await.map_err(MailboxFault::Connection)?;
        let mut session = self.log_in(imap, client, now).await.map_err(MailboxFault::Login)?;
        for name in &self.folders {
            if let Err(error) = session.examine(name).await {
                let there = folders(&mut session).await;
                session.logout().await.ok();
                return Err(MailboxFault::Folder { name: name.clone(), cause: error.into(), there });
            }
        }
        // It has said all that is asked of it.
        session.logout().await.ok();
        Ok(())
    }
}

/// Names of folders, as many as are told; none where the server does not say.
async fn folders(session: &mut Connection) -> Vec<String> {
    let Ok(names) = session.list(None, Some("*")).await else { return Vec::new() };
    let names = names.filter_map(|name| std::future::ready(name.ok().map(|name| name.name().to_owned())));
    names.take(MOST_TOLD).collect().await
}
