//! Email by SMTP.

use lettre::Message as Mail;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;

use super::smtp::{Connections, Server, SmtpError};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::secret::SecretSource;
use crate::text::alert::Attachment;

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
    mail.multipart(parts(message)?).map_err(|error| give_up(error.to_string()))
}

/// Text and HTML; images that the HTML shows go with it (RFC 2387), files beside both.
fn parts(message: &Message) -> Result<MultiPart, DeliveryError> {
    let (images, files): (Vec<_>, Vec<_>) =
        message.attachments.iter().partition(|attachment| attachment.content_id.is_some());
    let body = if images.is_empty() {
        MultiPart::alternative_plain_html(message.text.clone(), message.html.clone())
    } else {
        let mut related = MultiPart::related().singlepart(SinglePart::html(message.html.clone()));
        for image in images {
            let id = image.content_id.clone().unwrap_or_default();
            let part = Part::new_inline_with_name(id, image.name.clone());
            related = related.singlepart(part.body(image.bytes.clone(), media_type(image)?));
        }
        MultiPart::alternative().singlepart(SinglePart::plain(message.text.clone())).multipart(related)
    };
    if files.is_empty() {
        return Ok(body);
    }
    let mut mixed = MultiPart::mixed().multipart(body);
    for file in files {
        mixed = mixed.singlepart(Part::new(file.name.clone()).body(file.bytes.clone(), media_type(file)?));
    }
    Ok(mixed)
}

fn media_type(attachment: &Attachment) -> Result<ContentType, DeliveryError> {
    let cause = || format!("`{}` is no media type", attachment.media_type);
    ContentType::parse(&attachment.media_type).map_err(|_| DeliveryError::GiveUp { cause: cause() })
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
