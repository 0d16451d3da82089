//! Invitations to calls and sessions (B2): a mail with an iCalendar object (RFC 5545, RFC 5546) that calendars take over, move and
//! take away by themselves.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, EventStatus, Property};
use serde::{Deserialize, Serialize};

use super::alert::{Attachment, Reader, Rendered, preformatted};
use super::format;
use crate::both;
use crate::engine::request::RequestId;

/// How long an appointment is taken to last.
const LENGTH: TimeDelta = TimeDelta::minutes(30);

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Name.
    pub name: String,
    /// Email address.
    pub email: String,
}

/// What an invitation says, frozen when it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The request.
    pub request: RequestId,
    /// The same for every invitation to the same appointment.
    pub uid: String,
    /// How often it was agreed on anew; a calendar takes the highest.
    pub sequence: u32,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it was agreed on.
    pub decided_at: DateTime<Utc>,
    /// Whether it is called off.
    pub cancelled: bool,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Everybody who takes part.
    pub attendees: Vec<Attendee>,
}

impl Invitation {
    /// What it is called in a calendar.
    fn title(&self, reader: &Reader<'_>) -> String {
        let words = [self.client.as_deref(), self.subject.as_deref()];
        let about: Vec<_> = words.into_iter().flatten().map(|word| format::one_line(word, 80)).collect();
        let (request, about) = (self.request, about.join(": "));
        let about = if about.is_empty() { String::new() } else { format!(" · {about}") };
        reader.language.of(both!("Appointment {request}{about}", "Cita {request}{about}"))
    }

    /// The mail, with its calendar object.
    pub(super) fn render(&self, reader: &Reader<'_>) -> Rendered {
        let (zone, language) = (reader.zone, reader.language);
        let (title, when) = (self.title(reader), format::instant(self.starts_at, zone, language));
        let subject = if self.cancelled {
            language.of(both!("Called off: {title}, {when}", "Cancelada: {title}, {when}"))
        } else if 0 < self.sequence {
            language.of(both!("Moved: {title}, {when}", "Nueva hora: {title}, {when}"))
        } else {
            format!("{title}, {when}")
        };
        let mut lines = vec![subject.clone(), String::new()];
        if let Some(owner) = &self.owner {
            lines.push(language.of(both!("Owner: {owner}", "Responsable: {owner}")));
        }
        let names: Vec<_> = self.attendees.iter().map(|attendee| format::one_line(&attendee.name, 80)).collect();
        let names = names.join(", ");
        lines.push(language.of(both!("Taking part: {names}", "Participan: {names}")));
        let request = self.request;
        if !self.cancelled {
            lines.push(language.of(both!(
                "When it took place: plazo held {request}. To move it: plazo schedule {request} --due …",
                "Cuando se haya hecho: plazo held {request}. Para moverla: plazo schedule {request} --due …"
            )));
        }
        let text = lines.join("\n");
        let method = if self.cancelled { "CANCEL" } else { "REQUEST" };
        let attachment = Attachment {
            name: "plazo.ics".to_owned(),
            media_type: format!("text/calendar; method={method}; charset=utf-8"),
            content_id: None,
            bytes: self.calendar(&title, method).into_bytes(),
        };
        Rendered {
            subject: format::one_line(&subject, 160),
            html: preformatted(&text),
            text,
            attachments: vec![attachment],
        }
    }

    fn calendar(&self, title: &str, method: &str) -> String {
        let mut event = Event::new();
        event
            .uid(&self.uid)
            .timestamp(self.decided_at)
            .summary(title)
            .starts(self.starts_at)
            .ends(self.starts_at + LENGTH)
            .sequence(self.sequence)
            .status(if self.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
        for attendee in self.attendees.iter().filter(|attendee| is_address(&attendee.email)) {
            let mut property = Property::new("ATTENDEE", format!("mailto:{}", attendee.email));
            property.add_parameter("CN", &quoted(&attendee.name));
            property.add_parameter("ROLE", "REQ-PARTICIPANT");
            event.append_multi_property(property);
        }
        if let Some(first) = self.attendees.iter().find(|attendee| is_address(&attendee.email)) {
            let mut organizer = Property::new("ORGANIZER", format!("mailto:{}", first.email));
            organizer.add_parameter("CN", &quoted(&first.name));
            event.append_property(organizer);
        }
        let mut calendar = Calendar::new();
        calendar.append_property(Property::new("METHOD", method));
        calendar.push(event.done());
        calendar.to_string()
    }
}

/// Whether it is an address and nothing else: a line break in one would begin a line of its own in the calendar.
fn is_address(text: &str) -> bool {
    let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !";:,<>\"\\".contains(letter);
    text.len() <= 254 && text.contains('@') && text.chars().all(is_plain)
}

/// A parameter's value in quotes, which cannot hold one (RFC 5545 §3.2).
fn quoted(text: &str) -> String {
    format!("\"{}\"", format::one_line(text, 80).replace('"', "'"))
}
