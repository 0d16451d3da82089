//! Transports: a message in, a receipt or a reason out. A file per transport, which owns its settings.
//!
//! Whether and when to try again is not decided here (see `daemon::outbox`); a transport only says whether it would help.

pub mod email;
pub mod file;
pub mod http;
pub mod slack;
mod smtp;
pub mod webhook;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::engine::request::RequestId;
use crate::secret::SecretError;

/// One message to one mailbox, hook or directory.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The same at each try: `Message-ID` and `webhook-id` are made from it.
    pub id: String,
    /// The request that it is about, if it is about one.
    pub request: Option<RequestId>,
    /// The request's own thread, if the message is about one request.
    pub thread: Option<String>,
    /// Name and address of the mailbox, where the transport needs one.
    pub to: Option<(String, String)>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The facts, for programs: `{"type", "timestamp", "data"}`.
    pub facts: Value,
}

/// A message was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the peer said.
    pub answer: String,
}

/// Why a transport did not deliver. Decides alone whether the outbox tries again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryError {
    /// May pass: a timeout, a 5xx.
    Retry {
        /// What happened; never holds a secret.
        cause: String,
    },
    /// The whole destination stands: a rate limit, a wrong password, nobody listening. Nothing else is sent to it meanwhile.
    Hold {
        /// The wait that the peer asked for.
        after: Option<TimeDelta>,
        /// What happened; never holds a secret.
        cause: String,
    },
    /// Will not pass: an address that does not exist, a hook that is gone.
    GiveUp {
        /// What happened; never holds a secret.
        cause: String,
    },
}

impl DeliveryError {
    /// What happened.
    pub fn cause(&self) -> &str {
        match self {
            Self::Retry { cause } | Self::Hold { cause, .. } | Self::GiveUp { cause } => cause,
        }
    }
}

/// Settings of a transport.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the transport of the same name")]
pub enum Settings {
    Email(email::EmailSettings),
    Slack(slack::SlackSettings),
    Webhook(webhook::WebhookSettings),
    File(file::FileSettings),
}

/// A transport ready to send.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each is the transport of the same name")]
pub enum Transport {
    Email(email::EmailTransport),
    Slack(slack::SlackTransport),
    Webhook(webhook::WebhookTransport),
    File(file::FileTransport),
}

/// A transport that cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// TLS cannot be set up.
    #[error("TLS for the mail server: {0}")]
    Tls(lettre::transport::smtp::Error),
    /// A key or address is malformed. Does not say what it is.
    #[error("{0}")]
    Malformed(String),
}

impl Transport {
    /// Reads the secrets and prepares connections. `directory` is where files go that name no directory of their own.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if a secret is missing or malformed.
    pub fn new(settings: &Settings, client: &reqwest::Client, directory: &Path) -> Result<Self, SetupError> {
        Ok(match settings {
            Settings::Email(settings) => Self::Email(email::EmailTransport::new(settings)?),
            Settings::Slack(settings) => Self::Slack(slack::SlackTransport::new(settings, client)?),
            Settings::Webhook(settings) => Self::Webhook(webhook::WebhookTransport::new(settings, client)?),
            Settings::File(settings) => Self::File(file::FileTransport::new(settings, directory)),
        })
    }

    /// Whether the message is read by people. Programs get its facts, and its texts need not be rendered.
    pub const fn is_read_by_people(&self) -> bool {
        !matches!(self, Self::Webhook(_))
    }

    /// Sends one message. `now` is the instant that the peer is told.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] says whether another try may help.
    pub async fn send(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        match self {
            Self::Email(transport) => transport.send(message).await,
            Self::Slack(transport) => transport.send(message, now).await,
            Self::Webhook(transport) => transport.send(message, now).await,
            Self::File(transport) => transport.send(message).await,
        }
    }
}
