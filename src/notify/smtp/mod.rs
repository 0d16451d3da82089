//! The client of a mail server: connections, kept for the next message.
//!
//! lettre composes the mail; the conversation is our own, since lettre's refuses answers that RFC 5321 §4.2 obliges clients to
//! take and does not tell how far it came (`docs/decisions.md`).

mod error;
mod offers;
pub mod probe;
pub mod reply;
mod session;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::Message;
use lettre::address::Envelope;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::secret::Secret;
pub(super) use error::{Cause, SmtpError, Stage};
use reply::Reply;
use session::{Session, stuffed};
pub(super) use wire::Seal;

/// Connections at a time; mail servers take kindly to no more.
const MOST_CONNECTIONS: usize = 16;
/// A connection that was idle for longer is asked whether it still stands.
const FRESH: Duration = Duration::from_secs(2);
/// A connection that was idle for longer is not used again; servers close them about then.
const STALE: Duration = Duration::from_secs(60);
/// For all that comes before the final dot, the wait for a free connection included. With what the answer after the dot may
/// take (3 minutes), it ends before the delivery's lease of 5 minutes does.
const BEFORE_DOT: Duration = Duration::from_secs(90);

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all; for a server on the same machine.
    None,
    /// Upgraded after the greeting; refused without.
    StartTls,
    /// From the first byte.
    Implicit,
}

impl Tls {
    /// The port of RFC 8314 for it.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Implicit => 465,
        }
    }
}

/// The same with what it takes.
pub(super) enum Security {
    /// Not at all.
    None,
    /// Upgraded after the greeting; refused without.
    StartTls(Seal),
    /// From the first byte.
    Implicit(Seal),
}

/// Who logs in.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Secret,
}

/// A mail server, and how to be let in.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
}

/// Connections to one server.
#[derive(Clone)]
pub(super) struct Connections {
    server: Arc<Server>,
    room: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<(Session, Instant)>>>,
}

impl Connections {
    pub(super) fn new(server: Server) -> Self {
        Self { server: Arc::new(server), room: Arc::new(Semaphore::new(MOST_CONNECTIONS)), idle: Arc::default() }
    }

    /// Sends one mail, on a kept connection if there is one, and returns the answer after the final dot.
    pub(super) async fn send(&self, mail: &Message) -> Result<Reply, SmtpError> {
        let until = Instant::now() + BEFORE_DOT;
        // Never closed, so there is always a permit in the end.
        let room = timeout_at(until, self.room.acquire()).await;
        let _room = room.map_err(|_| Cause::Timeout.at(Stage::Connect))?;
        let content = stuffed(&mail.formatted());
        if let Some(session) = self.kept(until).await {
            match self.converse(session, mail.envelope(), &content).await {
                // Nothing was sent yet, and a fresh connection may do.
                Err(error) if error.is_of_connection() => {}
                result => return result,
            }
        }
        let session = Session::open(&self.server, until).await?;
        self.converse(session, mail.envelope(), &content).await
    }

    /// Opens a conversation as for a mail, and takes leave.
    pub(super) async fn probe(&self) -> Result<(), SmtpError> {
        let found = lookup_host((self.server.host.as_str(), self.server.port)).await;
        found.map(drop).map_err(|error| Cause::Broken(error.to_string()).at(Stage::Name))?;
        let session = Session::open(&self.server, Instant::now() + BEFORE_DOT).await?;
        session.leave();
        Ok(())
    }

    /// The server's name and port.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    /// Who logs in.
    pub(super) fn user(&self) -> Option<&str> {
        self.server.credentials.as_ref().map(|credentials| credentials.user.as_str())
    }

    async fn converse(&self, mut session: Session, envelope: &Envelope, content: &[u8]) -> Result<Reply, SmtpError> {
        let result = session.send(envelope, content).await;
        match &result {
            Ok(_) | Err(SmtpError { cause: Cause::NotUtf8Address, .. }) => self.idle().push((session, Instant::now())),
            Err(_) => session.leave(),
        }
        result
    }

    /// The connection that was used last, if it still stands. The others have waited longer: where it does not, neither do they.
    async fn kept(&self, until: Instant) -> Option<Session> {
        let (mut session, since) = self.idle().pop()?;
        session.renew(until);
        let idle = since.elapsed();
        if idle < STALE && session.is_quiet() && (idle < FRESH || session.stands().await) {
            return Some(session);
        }
        session.leave();
        let older = std::mem::take(&mut *self.idle());
        older.into_iter().for_each(|(session, _)| session.leave());
        None
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Session, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
