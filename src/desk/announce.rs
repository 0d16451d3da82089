//! Messages that are about no promise: lists, reports, invitations, notices.

use chrono::{DateTime, Utc};

use crate::both;
use crate::config::{Config, Contact, EMAIL};
use crate::engine::absence::Absence;
use crate::engine::directory::Recipient;
use crate::engine::escalation::Offset;
use crate::outbox::message::{NewAlert, NewDelivery};
use crate::outbox::{Content, Motive};
use crate::text::{Both, format};

/// Such a message to one recipient.
pub fn announcement(content: Content, recipient: &Recipient, config: &Config, now: DateTime<Utc>) -> NewAlert {
    announcement_by(content, addressed_quietly(std::slice::from_ref(recipient), config, now), now)
}

/// As [`addressed`], but by no telephone where there is another way: what is no promise rings nobody up, and is not paid for.
pub(super) fn addressed_quietly(
    recipients: &[Recipient],
    config: &Config,
    now: DateTime<Utc>,
) -> Vec<(Option<String>, String)> {
    let is_phone = |name: &str| config.destinations.get(name).is_some_and(|own| own.settings.can().is_phone);
    let ways = addressed(recipients, config, now);
    let mut quiet: Vec<(Option<String>, String)> = Vec::new();
    for (person, name) in &ways {
        let way = if is_phone(name) { quiet_way(person.as_deref(), config, is_phone) } else { None };
        let way = way.unwrap_or_else(|| name.clone());
        if !quiet.contains(&(person.clone(), way.clone())) {
            quiet.push((person.clone(), way));
        }
    }
    quiet
}

/// Another way to a person than a telephone: the first that the file names, else mail; none where there is none.
pub(super) fn quiet_way(person: Option<&str>, config: &Config, is_phone: impl Fn(&str) -> bool) -> Option<String> {
    let contact = config.contacts.get(person?)?;
    let named = contact.notify.iter().map(|way| way.by.as_str()).find(|way| !is_phone(way));
    named.or_else(|| contact.email.as_ref().map(|_| EMAIL)).map(str::to_owned)
}

/// Such a message to those people, or to nobody in particular, by those destinations.
pub fn announcement_by(content: Content, ways: Vec<(Option<String>, String)>, now: DateTime<Utc>) -> NewAlert {
    let motive = match &content {
        Content::List { .. } => Motive::List,
        Content::Report(_) => Motive::Report,
        Content::Invitation(_) => Motive::Invitation,
        Content::Alert(_)
        | Content::Update { .. }
        | Content::Violation(_)
        | Content::Digest { .. }
        | Content::Test(_)
        | Content::Link { .. }
        | Content::Approval(_)
        | Content::Write(_)
        | Content::Notice { .. } => Motive::Notice,
    };
    let delivery = |(person, destination)| NewDelivery { person, destination, ..NewDelivery::default() };
    let deliveries = ways.into_iter().map(delivery).collect();
    NewAlert { step: None, motive, planned_at: now, decided_at: now, content, deliveries }
}

/// A notice to the operator, in the operator's language; none where the file names nobody: then only the log has it.
pub fn operator_notice(subject: &Both, text: &Both, config: &Config, now: DateTime<Utc>) -> Option<NewAlert> {
    let operator = config.operator.as_ref()?;
    let language = config.language_of(operator);
    let (subject, text) = (language.of(subject.clone()), config.with_status_page(language.of(text.clone())));
    Some(announcement(Content::Notice { subject, text }, operator, config, now))
}

/// What tells somebody that he stands in for a person who is away, in his language; none where nobody does, or it is over.
pub fn stand_in_notice(absence: &Absence, by: Option<&str>, config: &Config, now: DateTime<Utc>) -> Option<NewAlert> {
    let directory = &config.rulebook.directory;
    let stands_in = directory.stand_in(&absence.person, absence.from.max(now)).filter(|key| *key != absence.person)?;
    if absence.until <= now {
        return None;
    }
    let reader = Recipient::Person(stands_in.to_owned());
    let language = config.language_of(&reader);
    let name = directory.name_of(&absence.person);
    let [from, until] = [absence.from, absence.until].map(|at| format::instant(at, config.zone, language));
    let said = by.map(|by| directory.name_of(by));
    let said = said.map(|by| language.of(both!(" {by} said so.", " Lo dijo {by}."))).unwrap_or_default();
    let key = &absence.person;
    let subject = language.of(both!("you stand in for {name} until {until}", "usted reemplaza a {name} hasta {until}"));
    let text = language.of(both!(
        "From {from} until {until} you are told what {name} would be told.{said} {name} remains the owner; what is open: plazo list --owner {key}.",
        "Desde {from} hasta {until} se le avisa a usted lo que se le avisaría a {name}.{said} {name} sigue siendo responsable; lo que está abierto: plazo list --owner {key}."
    ));
    Some(announcement(Content::Notice { subject, text }, &reader, config, now))
}

/// Persons and destinations at `now`, without doubles: a person who shares a destination with another is told there once.
pub fn addressed(recipients: &[Recipient], config: &Config, now: DateTime<Utc>) -> Vec<(Option<String>, String)> {
    addressed_by(recipients, config, |contact| contact.ways(now))
}

/// The same of those who are told a step of a ladder.
pub fn addressed_at_step(
    recipients: &[Recipient],
    step: Offset,
    config: &Config,
    now: DateTime<Utc>,
) -> Vec<(Option<String>, String)> {
    addressed_by(recipients, config, |contact| contact.ways_of_step(step, now))
}

fn addressed_by<'a>(
    recipients: &[Recipient],
    config: &'a Config,
    ways: impl Fn(&'a Contact) -> Vec<&'a str>,
) -> Vec<(Option<String>, String)> {
    let mut addressed: Vec<(Option<String>, String)> = Vec::new();
    for recipient in recipients {
        let ways = match recipient {
            Recipient::Destination(name) => vec![(None, name.clone())],
            Recipient::Person(key) => {
                let ways = config.contacts.get(key).map(&ways).unwrap_or_default();
                ways.into_iter().map(|name| (Some(key.clone()), name.to_owned())).collect()
            }
        };
        for way in ways {
            if !addressed.contains(&way) {
                addressed.push(way);
            }
        }
    }
    addressed
}
