//! Connections to a mail server, kept for the next message.
//!
//! lettre speaks the protocol; its own pool leaves Nagle's algorithm on, which costs each mail a delayed acknowledgement of 40 ms
//! (`docs/decisions.md`), so the sockets are opened here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use lettre::{Message, transport::smtp};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::email::Tls;

/// Connections at a time; mail servers take kindly to no more.
const MOST_CONNECTIONS: usize = 16;
/// A connection that was idle for longer is asked whether it still stands.
const FRESH: Duration = Duration::from_secs(2);
/// A connection that was idle for longer is not used again; servers close them about then.
const STALE: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a mail did not go through.
#[derive(Debug)]
pub(super) enum SmtpError {
    /// No connection came about.
    Connect(std::io::Error),
    /// The server, or the conversation with it, failed.
    Smtp(smtp::Error),
    /// No answer in time.
    Timeout,
}

impl From<smtp::Error> for SmtpError {
    fn from(error: smtp::Error) -> Self {
        Self::Smtp(error)
    }
}

/// A mail server, and how to be let in.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) parameters: Option<TlsParameters>,
    pub(super) credentials: Option<Credentials>,
}

/// Connections to one server.
#[derive(Clone)]
pub(super) struct Connections {
    server: Arc<Server>,
    room: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<(AsyncSmtpConnection, Instant)>>>,
}

impl Connections {
    pub(super) fn new(server: Server) -> Self {
        Self { server: Arc::new(server), room: Arc::new(Semaphore::new(MOST_CONNECTIONS)), idle: Arc::default() }
    }

    /// Sends one mail, on a kept connection if there is one.
    pub(super) async fn send(&self, mail: &Message) -> Result<Response, SmtpError> {
        // Never closed, so there is always a permit in the end.
        let _room = self.room.acquire().await;
        let conversation = async {
            let mut connection = match self.kept().await {
                Some(connection) => connection,
                None => self.open().await?,
            };
            let result = connection.send(mail.envelope(), &mail.formatted()).await;
            if !connection.has_broken() {
                self.keep(connection);
            }
            Ok(result?)
        };
        tokio::time::timeout(TIMEOUT, conversation).await.unwrap_or(Err(SmtpError::Timeout))
    }

    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let idle = since.elapsed();
            if idle < FRESH || (idle < STALE && connection.test_connected().await) {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((connection, Instant::now()));
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let Server { host, port, tls, parameters, credentials } = &*self.server;
        let hello = ClientId::default();
        let mut connection = if *tls == Tls::Implicit {
            let address = (host.as_str(), *port);
            AsyncSmtpConnection::connect_tokio1(address, Some(TIMEOUT), &hello, parameters.clone(), None).await?
        } else {
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(SmtpError::Connect)?;
            stream.set_nodelay(true).map_err(SmtpError::Connect)?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await?
        };
        if let (Tls::StartTls, Some(parameters)) = (tls, parameters) {
            connection.starttls(parameters.clone(), &hello).await?;
        }
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}
