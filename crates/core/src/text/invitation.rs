//! Invitations to calls and sessions (B2): a mail with an iCalendar object (RFC 5545, RFC 5546) that calendars take over, move and
//! take away by themselves.

use chrono::TimeDelta;
use icalendar::{Calendar, Component as _, Event, EventLike as _, EventStatus, Property};
use minijinja::{Value, context};

use super::format;
use super::further::Further;
use super::reader::Reader;
use super::render::Attachment;
use crate::both;
use crate::outbox::facts::Invitation;

/// How long an appointment is taken to last.
const LENGTH: TimeDelta = TimeDelta::minutes(30);

/// What it is called in a calendar.
fn title(invitation: &Invitation, reader: &Reader<'_>) -> String {
    let about = about(invitation);
    reader.language.of(if about.is_empty() {
        let request = invitation.request;
        both!("Appointment {request}", "Cita {request}")
    } else {
        both!("Appointment · {about}", "Cita · {about}")
    })
}

/// The client, and what it is about.
fn about(invitation: &Invitation) -> String {
    let words = [invitation.client.as_deref(), invitation.subject.as_deref()];
    let words: Vec<_> = words.into_iter().flatten().map(|word| format::one_line(word, 80)).collect();
    words.join(": ")
}

/// Those who take part and get no mail of plazo's: whoever is not of the house.
fn strangers(invitation: &Invitation) -> Vec<String> {
    let strangers = invitation.attendees.iter().filter(|attendee| attendee.name == attendee.email);
    strangers.map(|attendee| format::one_line(&attendee.email, 80)).collect()
}

/// What its templates see.
pub(super) fn shown(invitation: &Invitation, reader: &Reader<'_>) -> Value {
    let (zone, language) = (reader.zone, reader.language);
    let is_open = !invitation.cancelled;
    let page = |page: Further| (reader.further)(&page).filter(|_| is_open);
    context! {
        title => title(invitation, reader),
        when => format::dated(invitation.starts_at, zone, language),
        zone => super::zone::city(zone, language).unwrap_or_else(|| zone.name().to_owned()),
        request => invitation.request.to_string(),
        about => Some(about(invitation)).filter(|about| !about.is_empty()),
        owner => invitation.owner.as_deref().map(|owner| format::one_line(owner, 80)),
        names => invitation.attendees.iter().map(|attendee| format::one_line(&attendee.name, 80)).collect::<Vec<_>>().join(", "),
        strangers => strangers(invitation).join(", "),
        cancelled => invitation.cancelled,
        moved => 0 < invitation.sequence && is_open,
        held => page(Further::Held(invitation.request)),
        reschedule => page(Further::Reschedule(invitation.request)),
        show => (reader.links)(invitation.request).map(|links| links.show),
    }
}

/// The calendar object that goes with the mail: calendars take it over, move it and take it away by themselves.
pub(super) fn attachment(invitation: &Invitation, reader: &Reader<'_>) -> Attachment {
    let method = if invitation.cancelled { "CANCEL" } else { "REQUEST" };
    Attachment {
        name: "plazo.ics".to_owned(),
        media_type: format!("text/calendar; method={method}; charset=utf-8"),
        bytes: calendar(invitation, reader, method).into_bytes(),
    }
}

fn calendar(invitation: &Invitation, reader: &Reader<'_>, method: &str) -> String {
    let request = invitation.request;
    let mut description = reader.language.of(both!("Request {request} of plazo", "Solicitud {request} de plazo"));
    if let Some(links) = (reader.links)(request) {
        description = format!("{description}\n{}", links.show);
    }
    let mut event = Event::new();
    event
        .uid(&invitation.uid)
        .timestamp(invitation.decided_at)
        .summary(&title(invitation, reader))
        .description(&description)
        .starts(invitation.starts_at)
        .ends(invitation.starts_at + LENGTH)
        .sequence(invitation.sequence)
        .status(if invitation.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    for attendee in invitation.attendees.iter().filter(|attendee| is_address(&attendee.email)) {
        let mut property = Property::new("ATTENDEE", format!("mailto:{}", attendee.email));
        property.add_parameter("CN", &quoted(&attendee.name));
        property.add_parameter("ROLE", "REQ-PARTICIPANT");
        event.append_multi_property(property);
    }
    let first = invitation.attendees.iter().find(|attendee| is_address(&attendee.email));
    // Calendars show buttons to answer with where the mail comes from the organizer, or in the organizer's name (RFC 5545 §3.2.18).
    let sender = invitation.sender.as_deref().filter(|sender| is_address(sender));
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

/// Whether it is an address and nothing else: a line break in one would begin a line of its own in the calendar.
fn is_address(text: &str) -> bool {
    let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !";:,<>\"\\".contains(letter);
    text.len() <= 254 && text.contains('@') && text.chars().all(is_plain)
}

/// A parameter's value in quotes, which cannot hold one (RFC 5545 §3.2).
fn quoted(text: &str) -> String {
    format!("\"{}\"", format::one_line(text, 80).replace('"', "'"))
}
