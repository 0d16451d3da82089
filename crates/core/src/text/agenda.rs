//! A person's calendar to subscribe to (RFC 5545): what falls due, when they are on duty, when they are away.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, Property};

use super::{Language, format, vocabulary};
use crate::both;
use crate::engine::effect::ClockRef;
use crate::engine::request_id::RequestId;

/// How long something that falls due is shown; it ends when it is due.
const SHOWN_FOR: TimeDelta = TimeDelta::minutes(15);
/// How often whoever subscribes is asked to look again; most calendars look when they like.
const LOOK_AGAIN: &str = "PT15M";

/// What falls due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The request.
    pub request: RequestId,
    /// The promise.
    pub clock: ClockRef,
    /// When.
    pub due_at: DateTime<Utc>,
    /// The client; empty where nobody knows.
    pub client: String,
    /// What it is about.
    pub subject: Option<String>,
    /// The page of the request.
    pub link: Option<String>,
}

/// Somebody's turn, or absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupied {
    /// Of a turn, the rota; of an absence, the name of whoever stands in.
    pub name: Option<String>,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// All that a person's calendar has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonalCalendar {
    /// The person's name.
    pub person: String,
    /// What falls due of what the person owns.
    pub deadlines: Vec<Deadline>,
    /// When the person is on duty.
    pub turns: Vec<Occupied>,
    /// When the person is away.
    pub absences: Vec<Occupied>,
}

/// The calendar as text. What was in it before and is not any more, a calendar that subscribes takes away by itself.
pub fn ics(agenda: &PersonalCalendar, now: DateTime<Utc>, language: Language) -> String {
    let name = format::one_line(&agenda.person, 60);
    let mut calendar = Calendar::new();
    calendar
        .name(&format!("plazo · {name}"))
        .append_property(Property::new("REFRESH-INTERVAL", LOOK_AGAIN).add_parameter("VALUE", "DURATION").done())
        .append_property(Property::new("X-PUBLISHED-TTL", LOOK_AGAIN));
    for deadline in &agenda.deadlines {
        let Deadline { request, clock, due_at, client, subject, link } = deadline;
        let subject = subject.as_deref().map(|subject| format::one_line(subject, 80));
        let words: Vec<String> =
            [Some(client.clone()).filter(|client| !client.is_empty()), subject].into_iter().flatten().collect();
        let (task, words) = (vocabulary::task(clock.kind, language), words.join(": "));
        let title =
            if words.is_empty() { format!("{request} · {task}") } else { format!("{request} · {task} · {words}") };
        let uid = format!("{request}-{}-{}@plazo", clock.kind.as_str(), clock.cycle);
        let mut event = event(&uid, &title, *due_at - SHOWN_FOR, *due_at, now);
        if let Some(link) = link {
            event.url(link);
        }
        calendar.push(event.done());
    }
    for turn in &agenda.turns {
        let rota = turn.name.clone().unwrap_or_default();
        let title = language.of(both!("On duty: {rota}", "De turno: {rota}"));
        let uid = format!("turn-{rota}-{}@plazo", turn.from.timestamp());
        calendar.push(event(&uid, &title, turn.from, turn.until, now).done());
    }
    for absence in &agenda.absences {
        let title = language.of(match &absence.name {
            Some(other) => both!("Away; {other} stands in", "Ausente; en su lugar, {other}"),
            None => both!("Away", "Ausente"),
        });
        let uid = format!("away-{}-{}@plazo", absence.from.timestamp(), absence.until.timestamp());
        calendar.push(event(&uid, &title, absence.from, absence.until, now).done());
    }
    calendar.done().to_string()
}

fn event(uid: &str, title: &str, from: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>) -> Event {
    let mut event = Event::new();
    // Of all that plazo knows of a person's time, none keeps them from other appointments.
    let transparent = Property::new("TRANSP", "TRANSPARENT");
    event.uid(uid).timestamp(now).summary(title).starts(from).ends(until).append_property(transparent);
    event
}
