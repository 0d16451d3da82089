//! Email by SMTP.

use lettre::Message as Mail;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;

use super::smtp::{Connections, Server, SmtpError};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::secret::SecretSource;

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

/// Settings of the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailSettings {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub tls: Tls,
    /// User name.
    pub user: Option<String>,
    /// Where the password is kept.
    pub password: Option<SecretSource>,
    /// Sender.
    pub from: String,
}

/// A mail server.
#[derive(Clone)]
pub struct EmailTransport {
    connections: Connections,
    from: Mailbox,
}

impl std::fmt::Debug for EmailTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailTransport").field("from", &self.from).finish_non_exhaustive()
    }
}

impl EmailTransport {
    pub(super) fn new(settings: &EmailSettings) -> Result<Self, SetupError> {
        let parameters = match settings.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => Some(TlsParameters::new(settings.host.clone()).map_err(SetupError::Tls)?),
        };
        let credentials = match (&settings.user, &settings.password) {
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.read()?.expose().to_owned())),
            _ => None,
        };
        let (host, port, tls) = (settings.host.clone(), settings.port, settings.tls);
        let connections = Connections::new(Server { host, port, tls, parameters, credentials });
        Ok(Self { connections, from: mailbox(&settings.from)? })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<Receipt, DeliveryError> {
        let mail = compose(message, &self.from)?;
        let response = self.connections.send(&mail).await.map_err(|error| classify(&error))?;
        Ok(Receipt::of(format!("{} {}", response.code(), response.message().collect::<String>())))
    }
}

/// Reads a sender such as `plazo <plazo@agencia.example>`.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, SetupError> {
    text.parse().map_err(|_| {
        SetupError::Malformed(format!("`{text}` is no sender; write it as \"plazo <plazo@agencia.example>\""))
    })
}

/// Composes the mail: text and HTML, one thread a request, marked as automatic so that nobody's auto-reply answers it
/// (RFC 3834), and with the same `Message-ID` at each try.
///
/// # Errors
///
/// [`DeliveryError::GiveUp`] if the mailbox cannot be written to.
pub fn compose(message: &Message, from: &Mailbox) -> Result<Mail, DeliveryError> {
    let give_up = |cause: String| DeliveryError::GiveUp { cause };
    let (name, address) = message.to.as_ref().ok_or_else(|| give_up("no email address".to_owned()))?;
    let address = address.parse().map_err(|_| give_up(format!("`{address}` is no email address")))?;
    let domain = from.email.domain();
    let mut mail = Mail::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(name.clone()), address))
        .date(std::time::SystemTime::from(message.decided_at))
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        .subject(message.subject.clone());
    if let Some(thread) = &message.thread {
        let root = format!("<{thread}@{domain}>");
        mail = mail.in_reply_to(root.clone()).references(root);
    }
    for (header, value) in [
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("plazo <alerts.plazo.{domain}>")),
    ] {
        let name = HeaderName::new_from_ascii(header.to_owned()).map_err(|error| give_up(error.to_string()))?;
        mail = mail.raw_header(HeaderValue::new(name, value));
    }
    mail.multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
        .map_err(|error| give_up(error.to_string()))
}

fn classify(error: &SmtpError) -> DeliveryError {
    let error = match error {
        SmtpError::Connect(error) => {
            return DeliveryError::Hold { after: None, cause: format!("no connection: {error}") };
        }
        SmtpError::Timeout => return DeliveryError::Retry { cause: "no answer in time".to_owned() },
        SmtpError::Smtp(error) => error,
    };
    let cause = full_text(error);
    match error.status().map(u16::from) {
        // 530, 534, 535, 538: not let in; 454: cannot let in now (RFC 4954 §6). 421: the server closes. Each holds for every
        // message.
        Some(421 | 454 | 530 | 534 | 535 | 538) => DeliveryError::Hold { after: None, cause },
        Some(_) if error.is_permanent() => DeliveryError::GiveUp { cause },
        None if error.is_tls() || error.is_client() => DeliveryError::Hold { after: None, cause },
        // Dropped in mid-conversation: the peer may have taken it. Tried again with the same Message-ID.
        Some(_) | None => DeliveryError::Retry { cause },
    }
}

/// The error and its causes, outer first, each once.
fn full_text(error: &smtp::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
