//! Messages that are about no promise: lists, reports, invitations, notices.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::engine::directory::Recipient;
use crate::outbox::message::{NewAlert, NewDelivery};
use crate::outbox::{Content, Motive};
use crate::text::Both;

/// Such a message to one recipient.
pub fn announcement(content: Content, recipient: &Recipient, config: &Config, now: DateTime<Utc>) -> NewAlert {
    announcement_by(content, addressed(std::slice::from_ref(recipient), config, now), now)
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

/// Persons and destinations at `now`, without doubles: a person who shares a destination with another is told there once.
pub fn addressed(recipients: &[Recipient], config: &Config, now: DateTime<Utc>) -> Vec<(Option<String>, String)> {
    let mut addressed: Vec<(Option<String>, String)> = Vec::new();
    for recipient in recipients {
        let ways = match recipient {
            Recipient::Destination(name) => vec![(None, name.clone())],
            Recipient::Person(key) => {
                let ways = config.contacts.get(key).map(|contact| contact.ways(now)).unwrap_or_default();
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
