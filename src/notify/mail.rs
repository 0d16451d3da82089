//! A message as a mail (RFC 5322), whichever way it goes out.

use lettre::Message as Mail;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};

use super::{DeliveryError, Message, SetupError};
use crate::text::render::Attachment;

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
/// [`DeliveryError::GiveUp`] if there is no mailbox, or it cannot be written to.
pub(super) fn compose(message: &Message, from: &Mailbox) -> Result<Mail, DeliveryError> {
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
