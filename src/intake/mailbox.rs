//! A mailbox read by IMAP (RFC 3501), with IDLE (RFC 2177) where the server has it. Folders are only examined: nothing there is
//! changed.

pub mod probe;

use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use async_imap::types::{NameAttribute, UnsolicitedResponse};
use async_imap::{Authenticator, Client, Session};
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::api;
use super::source::AllowedSilence;
use crate::intake::tls;
use crate::secret::{SecretError, SecretSource};

/// Of each mail so much is read: its head, and more text than decides whether it says something.
const LARGEST_MAIL: u32 = 1 << 20;
/// Mails read and written at a time.
const BATCH: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(60);
/// Servers end an IDLE after half an hour (RFC 2177).
const IDLE_FOR: Duration = Duration::from_secs(25 * 60);
/// How often a server without IDLE is asked.
const POLL_EVERY: Duration = Duration::from_secs(30);

/// What `sla.toml` says of a mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct MailboxSettings {
    /// Its name.
    pub name: String,
    /// Its server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Certificates that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
    /// User name.
    pub user: String,
    /// How the user proves itself.
    pub login: Login,
    /// Folders to read.
    pub folders: Vec<String>,
    /// Addresses and `@domains` of the house, in lower case.
    pub own: Vec<String>,
    /// Servers whose word counts on who wrote a mail, in lower case.
    pub trusts: Vec<String>,
    /// Folders of what was sent, besides those that the server marks.
    pub sent: Vec<String>,
    /// Inbox of its requests.
    pub inbox: Option<String>,
    /// Tags of its requests.
    pub tags: Vec<String>,
    /// When its silence is told.
    pub silence: AllowedSilence,
}

/// How a connection is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`.
    StartTls,
    /// Not at all; on loopback or a network of one's own.
    None,
}

impl Security {
    /// The usual port.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Tls => 993,
            Self::StartTls | Self::None => 143,
        }
    }
}

/// How a user proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// By a password.
    Password(SecretSource),
    /// By a token (XOAUTH2).
    OAuth(OAuthSettings),
}

/// Where a token is had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthSettings {
    /// Where.
    pub token_url: String,
    /// The client's id.
    pub client_id: SecretSource,
    /// The client's secret.
    pub client_secret: Option<SecretSource>,
    /// A refresh token; without one the client asks for itself.
    pub refresh_token: Option<SecretSource>,
    /// For what.
    pub scope: String,
}

/// Why a mailbox cannot be read now. Never holds a secret or a word of a mail.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Nobody listens, or the connection was lost.
    #[error("{0}")]
    Connection(#[from] std::io::Error),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server said no.
    #[error("the mail server says: {0}")]
    Refused(String),
    /// No token was given.
    #[error("no token for the mailbox: {0}")]
    Token(#[from] api::ApiError),
    /// The server does not answer.
    #[error("the mail server does not answer")]
    Timeout,
    /// Less was given than asked for.
    #[error("the mail server left out mail {0}")]
    LeftOut(u32),
    /// What was read could not be written.
    #[error("what was read could not be written: {0}")]
    Unwritten(String),
}

impl From<async_imap::error::Error> for MailboxError {
    fn from(error: async_imap::error::Error) -> Self {
        match error {
            // Its text may hold what was received, which is a client's.
            async_imap::error::Error::Io(error) if error.get_ref().is_some() => {
                Self::Refused("something that cannot be understood".to_owned())
            }
            async_imap::error::Error::Io(error) => Self::Connection(error),
            async_imap::error::Error::ConnectionLost => {
                Self::Connection(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
            }
            async_imap::error::Error::No(text) | async_imap::error::Error::Bad(text) => Self::Refused(text),
            _ => Self::Refused("something that cannot be understood".to_owned()),
        }
    }
}

/// How far a folder has been read. A UID is only good under its validity (RFC 3501 §2.3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The folder's UIDVALIDITY.
    pub validity: u32,
    /// The last UID that was read.
    pub uid: u32,
    /// When it was.
    pub at: DateTime<Utc>,
}

/// A mail as it lies in a folder.
#[derive(Debug)]
pub struct Mail {
    /// Its UID.
    pub uid: u32,
    /// When the server got it.
    pub received_at: Option<DateTime<Utc>>,
    /// Its bytes, cut to a bound.
    pub raw: Vec<u8>,
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug> Wire for T {}

type Connection = Session<Box<dyn Wire>>;

/// A folder under a connection of its own.
pub struct Folder {
    /// Its name.
    pub name: String,
    /// Whether it holds what the house sent: the file says so, the server does (RFC 6154), or its name.
    pub is_sent: bool,
    session: Option<Connection>,
    has_idle: bool,
    validity: u32,
    next_uid: u32,
}

impl MailboxSettings {
    /// Whether an address is the house's own by this mailbox.
    pub fn is_own(&self, address: &str) -> bool {
        self.own.iter().any(|own| own == address || own.starts_with('@') && address.ends_with(own.as_str()))
    }

    /// Whether a folder of what was sent is among those read, as far as names tell.
    pub fn reads_sent(&self) -> bool {
        self.folders.iter().any(|folder| self.sent.contains(folder) || is_sent_by_name(folder))
    }

    /// Connects, logs in and examines a folder.
    ///
    /// # Errors
    ///
    /// [`MailboxError`].
    pub async fn open(
        &self,
        folder: &str,
        client: &reqwest::Client,
        now: DateTime<Utc>,
    ) -> Result<Folder, MailboxError> {
        tokio::time::timeout(TIMEOUT, self.open_now(folder, client, now)).await.map_err(|_| MailboxError::Timeout)?
    }

    async fn open_now(
        &self,
        folder: &str,
        client: &reqwest::Client,
        now: DateTime<Utc>,
    ) -> Result<Folder, MailboxError> {
        let imap = self.connect().await?;
        let mut session = self.log_in(imap, client, now).await?;
        let has_idle = session.capabilities().await?.has_str("IDLE");
        let is_sent = self.sent.iter().any(|sent| sent == folder)
            || is_sent_by_name(folder)
            || is_marked_sent(&mut session, folder).await;
        let examined = session.examine(folder).await?;
        Ok(Folder {
            name: folder.to_owned(),
            is_sent,
            session: Some(session),
            has_idle,
            validity: examined.uid_validity.unwrap_or(0),
            next_uid: examined.uid_next.unwrap_or(1),
        })
    }

    async fn log_in(
        &self,
        imap: Client<Box<dyn Wire>>,
        client: &reqwest::Client,
        now: DateTime<Utc>,
    ) -> Result<Connection, MailboxError> {
        Ok(match &self.login {
            Login::Password(password) => {
                let password = password.read()?;
                imap.login(&self.user, password.expose()).await.map_err(|(error, _)| error)?
            }
            Login::OAuth(oauth) => {
                let token = oauth.token(client, now).await?;
                let xoauth2 = XOAuth2(Some(format!("user={}\x01auth=Bearer {}\x01\x01", self.user, token.expose())));
                imap.authenticate("XOAUTH2", xoauth2).await.map_err(|(error, _)| error)?
            }
        })
    }

    async fn connect(&self) -> Result<Client<Box<dyn Wire>>, MailboxError> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let lost = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        if self.security == Security::Tls {
            let mut client: Client<Box<dyn Wire>> = Client::new(Box::new(self.secure(tcp).await?));
            client.read_response().await?.ok_or_else(lost)?;
            return Ok(client);
        }
        let mut client = Client::new(tcp);
        client.read_response().await?.ok_or_else(lost)?;
        if self.security == Security::None {
            return Ok(Client::new(Box::new(client.into_inner())));
        }
        client.run_command_and_check_ok("STARTTLS", None).await?;
        Ok(Client::new(Box::new(self.secure(client.into_inner()).await?)))
    }

    async fn secure(&self, tcp: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, MailboxError> {
        let failed = |error: &dyn std::fmt::Display| MailboxError::Tls(error.to_string());
        let config = tls::client_config(self.ca.as_deref()).map_err(MailboxError::Tls)?;
        let name = ServerName::try_from(self.host.clone()).map_err(|error| failed(&error))?;
        TlsConnector::from(config).connect(name, tcp).await.map_err(|error| failed(&error))
    }
}

/// Last parts of the names that mail programs give to the folder of what was sent.
const SENT: [&str; 14] = [
    "sent",
    "sent items",
    "sent mail",
    "sent messages",
    "enviados",
    "enviadas",
    "elementos enviados",
    "mensajes enviados",
    "correo enviado",
    "correos enviados",
    "itens enviados",
    "e-mails enviados",
    "mensagens enviadas",
    "gesendet",
];

fn is_sent_by_name(folder: &str) -> bool {
    let last = folder.rsplit(['/', '.']).next().unwrap_or_default().to_lowercase();
    SENT.contains(&last.as_str())
}

/// Whether the server marks the folder as the one of what was sent. A server that does not say, says no.
async fn is_marked_sent(session: &mut Connection, folder: &str) -> bool {
    if folder.contains(['\r', '\n', '\0']) {
        return false;
    }
    let pattern = format!("\"{}\"", folder.replace('\\', "\\\\").replace('"', "\\\""));
    let Ok(mut names) = session.list(None, Some(&pattern)).await else { return false };
    let mut is_sent = false;
    while let Some(name) = names.next().await {
        is_sent |= name.is_ok_and(|name| name.name() == folder && name.attributes().contains(&NameAttribute::Sent));
    }
    is_sent
}

struct XOAuth2(Option<String>);

impl Authenticator for XOAuth2 {
    type Response = String;

    /// The first answer is the token; a server that refuses it says why and wants an empty one.
    fn process(&mut self, _: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

impl OAuthSettings {
    async fn token(&self, client: &reqwest::Client, now: DateTime<Utc>) -> Result<crate::secret::Secret, MailboxError> {
        let client_id = self.client_id.read()?;
        let secret = self.client_secret.as_ref().map(SecretSource::read).transpose()?;
        let refresh = self.refresh_token.as_ref().map(SecretSource::read).transpose()?;
        let mut form = vec![("client_id", client_id.expose().to_owned())];
        form.push(("grant_type", if refresh.is_some() { "refresh_token" } else { "client_credentials" }.to_owned()));
        form.extend(secret.map(|secret| ("client_secret", secret.expose().to_owned())));
        form.extend(refresh.map(|token| ("refresh_token", token.expose().to_owned())));
        if !self.scope.is_empty() {
            form.push(("scope", self.scope.clone()));
        }
        Ok(api::token(client.post(&self.token_url), &form, now).await?.0)
    }
}

impl Folder {
    /// Where reading begins: behind everything that lies there now.
    pub const fn end(&self, now: DateTime<Utc>) -> Position {
        Position { validity: self.validity, uid: self.next_uid.saturating_sub(1), at: now }
    }

    /// UIDs of what has not been read, oldest first. Under another validity no UID means what it did: then all since the day
    /// before the last reading.
    ///
    /// # Errors
    ///
    /// [`MailboxError`].
    pub async fn unread(&mut self, last: &Position) -> Result<Vec<u32>, MailboxError> {
        let query = if last.validity == self.validity {
            format!("UID {}:*", last.uid.saturating_add(1))
        } else {
            let since = last.at - chrono::TimeDelta::days(1);
            format!("SINCE {}", since.format("%d-%b-%Y"))
        };
        let is_same = last.validity == self.validity;
        let found = timed(self.session()?.uid_search(&query)).await?;
        // `n:*` always gives the last mail, also one that was read (RFC 3501 §6.4.8).
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| !is_same || last.uid < *uid).collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// Reads mails, at most a batch.
    ///
    /// # Errors
    ///
    /// [`MailboxError`].
    pub async fn read(&mut self, uids: &[u32]) -> Result<Vec<Mail>, MailboxError> {
        let set = uids.iter().take(BATCH).map(u32::to_string).collect::<Vec<_>>().join(",");
        let query = format!("(UID INTERNALDATE BODY.PEEK[]<0.{LARGEST_MAIL}>)");
        let session = self.session()?;
        let mut mails = timed(async {
            let mut mails = Vec::new();
            let mut answers = session.uid_fetch(&set, &query).await?;
            while let Some(answer) = answers.next().await {
                let answer = answer?;
                if let (Some(uid), Some(raw)) = (answer.uid, answer.body()) {
                    let received_at = answer.internal_date().map(|at| at.to_utc());
                    mails.push(Mail { uid, received_at, raw: raw.to_vec() });
                }
            }
            Ok(mails)
        })
        .await?;
        mails.sort_by_key(|mail| mail.uid);
        // A server in trouble answers a part only. What was deleted meanwhile is not found the next time.
        match uids.iter().take(BATCH).find(|uid| !mails.iter().any(|mail| mail.uid == **uid)) {
            Some(missing) => Err(MailboxError::LeftOut(*missing)),
            None => Ok(mails),
        }
    }

    /// The position behind a UID.
    pub const fn behind(&self, uid: u32, now: DateTime<Utc>) -> Position {
        Position { validity: self.validity, uid, at: now }
    }

    /// How many mails are read at a time.
    pub const fn batch(&self) -> usize {
        BATCH
    }

    /// Waits until something may have changed, or `stop`.
    ///
    /// # Errors
    ///
    /// [`MailboxError`] if the connection is gone.
    pub async fn changed(&mut self, stop: &CancellationToken) -> Result<(), MailboxError> {
        if !self.has_idle {
            tokio::select! {
                () = tokio::time::sleep(POLL_EVERY) => {}
                () = stop.cancelled() => return Ok(()),
            }
            return timed(self.session()?.noop()).await;
        }
        let session = self.session.take().ok_or(MailboxError::Timeout)?;
        let told = session.unsolicited_responses.clone();
        let mut idle = session.idle();
        timed(idle.init()).await?;
        // What came in while the folder was read is told only once.
        let mut news = std::iter::from_fn(|| told.try_recv().ok());
        if news.any(|answer| matches!(answer, UnsolicitedResponse::Exists(_))) {
            self.session = Some(timed(idle.done()).await?);
            return Ok(());
        }
        let (waiting, interrupt) = idle.wait_with_timeout(IDLE_FOR);
        let waited = tokio::select! {
            waited = waiting => Some(waited),
            () = stop.cancelled() => None,
        };
        drop(interrupt);
        match waited {
            None => return Ok(()),
            Some(Ok(IdleResponse::NewData(_) | IdleResponse::Timeout | IdleResponse::ManualInterrupt)) => {}
            Some(Err(error)) => return Err(error.into()),
        }
        self.session = Some(timed(idle.done()).await?);
        Ok(())
    }

    fn session(&mut self) -> Result<&mut Connection, MailboxError> {
        self.session.as_mut().ok_or(MailboxError::Timeout)
    }
}

async fn timed<T>(work: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, MailboxError> {
    Ok(tokio::time::timeout(TIMEOUT, work).await.map_err(|_| MailboxError::Timeout)??)
}
