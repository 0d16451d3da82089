//! Invitations to calls and sessions (B2): a mail with an iCalendar object (RFC 5545, RFC 5546) that calendars take over, move and
//! take away by themselves.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, EventStatus, Property};
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::alert::{Attachment, Reader};
use super::format;
use super::further::Further;
use crate::both;
use crate::engine::request_id::RequestId;

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
    /// The address that the mail comes from, in whose name the calendar is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

impl Invitation {
    /// What it is called in a calendar.
    fn title(&self, reader: &Reader<'_>) -> String {
        let about = self.about();
        reader.language.of(if about.is_empty() {
            let request = self.request;
            both!("Appointment {request}", "Cita {request}")
        } else {
            both!("Appointment · {about}", "Cita · {about}")
        })
    }

    /// The client, and what it is about.
    fn about(&self) -> String {
        let words = [self.client.as_deref(), self.subject.as_deref()];
        let words: Vec<_> = words.into_iter().flatten().map(|word| format::one_line(word, 80)).collect();
        words.join(": ")
    }

    /// Those who take part and get no mail of plazo's: whoever is not of the house.
    fn strangers(&self) -> Vec<String> {
        let strangers = self.attendees.iter().filter(|attendee| attendee.name == attendee.email);
        strangers.map(|attendee| format::one_line(&attendee.email, 80)).collect()
    }

    /// What its templates see.
    pub(super) fn shown(&self, reader: &Reader<'_>) -> Value {
        let (zone, language) = (reader.zone, reader.language);
        let is_open = !self.cancelled;
        let page = |page: Further| (reader.further)(&page).filter(|_| is_open);
        context! {
            title => self.title(reader),
            when => format::dated(self.starts_at, zone, language),
            zone => super::zone::city(zone, language).unwrap_or_else(|| zone.name().to_owned()),
            request => self.request.to_string(),
            about => Some(self.about()).filter(|about| !about.is_empty()),
            owner => self.owner.as_deref().map(|owner| format::one_line(owner, 80)),
            names => self.attendees.iter().map(|attendee| format::one_line(&attendee.name, 80)).collect::<Vec<_>>().join(", "),
            strangers => self.strangers().join(", "),
            cancelled => self.cancelled,
            moved => 0 < self.sequence && is_open,
            held => page(Further::Held(self.request)),
            reschedule => page(Further::Reschedule(self.request)),
            show => (reader.links)(self.request).map(|links| links.show),
        }
    }

    /// The calendar object that goes with the mail: calendars take it over, move it and take it away by themselves.
    pub(super) fn attachment(&self, reader: &Reader<'_>) -> Attachment {
        let method = if self.cancelled { "CANCEL" } else { "REQUEST" };
        Attachment {
            name: "plazo.ics".to_owned(),
            media_type: format!("text/calendar; method={method}; charset=utf-8"),
            bytes: self.calendar(reader, method).into_bytes(),
        }
    }

    fn calendar(&self, reader: &Reader<'_>, method: &str) -> String {
        let request = self.request;
        let mut description = reader.language.of(both!("Request {request} of plazo", "Solicitud {request} de plazo"));
        if let Some(links) = (reader.links)(request) {
            description = format!("{description}\n{}", links.show);
        }
        let mut event = Event::new();
        event
            .uid(&self.uid)
            .timestamp(self.decided_at)
            .summary(&self.title(reader))
            .description(&description)
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
        let first = self.attendees.iter().find(|attendee| is_address(&attendee.email));
        // Calendars show buttons to answer with where the mail comes from the organizer, or in the organizer's name (RFC 5545 §3.2.18).
        let sender = self.sender.as_deref().filter(|sender| is_address(sender));
        if let Some(address) = sender.or(first.map(|first| first.email.as_str())) {
            let name = first.map_or("plazo", |first| first.name.as_str());
            let mut organizer = Property::new("ORGANIZER", format!("mailto:{address}"));
            organizer.add_parameter("CN", &quoted(name));
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
