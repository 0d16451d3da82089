//! Email by SMTP.

use lettre::Message as Mail;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};

use super::smtp::reply::Reply;
use super::smtp::{Cause, Connections, Credentials, Seal, Security, Server, SmtpError, Stage, Tls};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::secret::SecretSource;
use crate::text::alert::Attachment;

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
        let seal = || Seal::new(&settings.host).map_err(SetupError::Tls);
        let security = match settings.tls {
            Tls::None => Security::None,
            Tls::StartTls => Security::StartTls(seal()?),
            Tls::Implicit => Security::Implicit(seal()?),
        };
        let credentials = match (&settings.user, &settings.password) {
            (Some(user), Some(password)) => Some(Credentials { user: user.clone(), password: password.read()? }),
            _ => None,
        };
        let (host, port) = (settings.host.clone(), settings.port);
        let connections = Connections::new(Server { host, port, security, credentials });
        Ok(Self { connections, from: mailbox(&settings.from)? })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<Receipt, DeliveryError> {
        let mail = compose(message, &self.from)?;
        let reply = self.connections.send(&mail).await.map_err(|error| classify(&error))?;
        Ok(Receipt::of(reply.to_string()))
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

/// Text and HTML, and files beside both. An invitation is a third form of the same words as well: calendars show their buttons for that one
/// (RFC 6047 §2.4), while others offer the file.
fn parts(message: &Message) -> Result<MultiPart, DeliveryError> {
    let mut body = MultiPart::alternative_plain_html(message.text.clone(), message.html.clone());
    for invitation in message.attachments.iter().filter(|file| file.media_type.starts_with("text/calendar")) {
        let part = SinglePart::builder().header(media_type(invitation)?);
        body = body.singlepart(part.body(invitation.bytes.clone()));
    }
    if message.attachments.is_empty() {
        return Ok(body);
    }
    let mut mixed = MultiPart::mixed().multipart(body);
    for file in &message.attachments {
        mixed = mixed.singlepart(Part::new(file.name.clone()).body(file.bytes.clone(), media_type(file)?));
    }
    Ok(mixed)
}

fn media_type(attachment: &Attachment) -> Result<ContentType, DeliveryError> {
    let cause = || format!("`{}` is no media type", attachment.media_type);
    ContentType::parse(&attachment.media_type).map_err(|_| DeliveryError::GiveUp { cause: cause() })
}

/// Codes that hold for every message, wherever they come: the server closes (421) or wants another password or another way to
/// log in (RFC 4954 §6, RFC 5248).
const FOR_ALL: [u16; 8] = [421, 432, 454, 525, 530, 534, 535, 538];

/// What a failure means for this mail and for the others (RFC 5321 §4.2.1: the first digit decides).
fn classify(error: &SmtpError) -> DeliveryError {
    let cause = error.to_string();
    match (error.stage, &error.cause) {
        (_, Cause::NotUtf8Address) => DeliveryError::GiveUp { cause },
        (_, Cause::Refused(reply)) if FOR_ALL.contains(&reply.code) => DeliveryError::Hold { after: None, cause },
        // Said before anything of the mail was.
        (stage, _) if stage < Stage::Mail => DeliveryError::Hold { after: None, cause },
        // The sender is the same in all mails.
        (Stage::Mail, Cause::Refused(reply)) if is_permanent(reply) && !is_of_address(reply) => {
            DeliveryError::Hold { after: None, cause }
        }
        (_, Cause::Refused(reply)) if is_permanent(reply) => DeliveryError::GiveUp { cause },
        (_, Cause::Refused(_)) => DeliveryError::Retry { cause },
        (Stage::Content, _) => DeliveryError::Doubt { cause },
        // The server and plazo no longer speak of the same thing.
        (_, Cause::Foreign(_)) => DeliveryError::Hold { after: None, cause },
        (_, Cause::Broken(_) | Cause::Timeout) => DeliveryError::Retry { cause },
    }
}

fn is_permanent(reply: &Reply) -> bool {
    matches!(reply.code, 500..=599)
}

/// Whether a refusal names an address as its reason (RFC 3463 §3.2).
fn is_of_address(reply: &Reply) -> bool {
    reply.code == 552
}

#[cfg(test)]
mod tests {
    use super::{Cause, DeliveryError, Reply, SmtpError, Stage, classify};

    #[track_caller]
    fn check(stage: Stage, cause: Cause, expected: &str) {
        let error = SmtpError { stage, cause };
        let taken_for = match classify(&error) {
            DeliveryError::Retry { .. } => "retry",
            DeliveryError::Hold { after: None, .. } => "hold",
            DeliveryError::Hold { after: Some(_), .. } => "hold for",
            DeliveryError::GiveUp { .. } => "give up",
            DeliveryError::Doubt { .. } => "doubt",
        };
        assert_eq!(taken_for, expected, "{error}");
    }

    #[test]
    fn the_stage_and_the_first_digit_decide() {
        let cases = [
            (Stage::Greeting, "554 5.7.1 not from there", "hold"),
            (Stage::Hello, "421 busy", "hold"),
            (Stage::Auth, "432 5.7.0 change your password", "hold"),
            (Stage::Mail, "550 5.7.1 not that sender", "hold"),
            (Stage::Mail, "503 AUTH first", "hold"),
            (Stage::Mail, "550 5.1.8 no such sender", "hold"),
            (Stage::Mail, "501 syntax", "hold"),
            (Stage::Mail, "552 too large", "give up"),
            (Stage::Mail, "452 4.3.1 full", "retry"),
            (Stage::Recipient, "550 5.1.1 no such user", "give up"),
            (Stage::Recipient, "599", "give up"),
            (Stage::Recipient, "450 4.2.1 greylisted", "retry"),
            (Stage::Recipient, "530 5.7.0 log in first", "hold"),
            (Stage::Data, "554 no", "give up"),
            (Stage::Content, "554 5.7.1 spam", "give up"),
            (Stage::Content, "451 4.7.1 later", "retry"),
            (Stage::Content, "421 4.3.2 closing", "hold"),
        ];
        for (stage, said, expected) in cases {
            let (code, text) = said.split_at(3);
            let code = code.parse().expect("a code");
            check(stage, Cause::Refused(Reply::new(code, text.as_bytes())), expected);
        }
    }

    #[test]
    fn silence_means_doubt_only_after_the_dot() {
        for (stage, broken, foreign) in [
            (Stage::Connect, "hold", "hold"),
            (Stage::Auth, "hold", "hold"),
            (Stage::Mail, "retry", "hold"),
            (Stage::Data, "retry", "hold"),
            (Stage::Content, "doubt", "doubt"),
        ] {
            check(stage, Cause::Broken("dropped".to_owned()), broken);
            check(stage, Cause::Timeout, broken);
            check(stage, Cause::Foreign("hello".to_owned()), foreign);
        }
        check(Stage::Mail, Cause::NotUtf8Address, "give up");
    }
}
