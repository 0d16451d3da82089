//! Where a conversation is: the link that its source gave, under a name of ours.

use super::Language;
use crate::both;
use crate::outbox::facts::Place;

/// Hosts by which systems are known, with the names that people give them. A name ends the host, at a dot.
const SYSTEMS: [(&str, &str); 20] = [
    ("slack.com", "Slack"),
    ("wa.me", "WhatsApp"),
    ("whatsapp.com", "WhatsApp"),
    ("t.me", "Telegram"),
    ("zendesk.com", "Zendesk"),
    ("clickup.com", "ClickUp"),
    ("hubspot.com", "HubSpot"),
    ("freshdesk.com", "Freshdesk"),
    ("intercom.com", "Intercom"),
    ("front.com", "Front"),
    ("frontapp.com", "Front"),
    ("outlook.office.com", "Outlook"),
    ("outlook.office365.com", "Outlook"),
    ("outlook.live.com", "Outlook"),
    ("mail.google.com", "Gmail"),
    ("teams.microsoft.com", "Teams"),
    ("facebook.com", "Facebook"),
    ("instagram.com", "Instagram"),
    ("atlassian.net", "Jira"),
    ("chatwoot.com", "Chatwoot"),
];

/// The place at an address whose host is `host`. A host that is not known gives no name: it may say anything.
pub fn of(host: &str, url: String) -> Place {
    let is_of = |system: &str| host.strip_suffix(system).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let system = SYSTEMS.iter().find(|(end, _)| is_of(end)).map(|(_, name)| (*name).to_owned());
    Place { url, system }
}

/// The words on the button that leads there: `Abrir en Slack`.
pub fn label(place: &Place, language: Language) -> String {
    // Kept with the alert, and so not to be trusted more than the address.
    match place.system.as_ref().and_then(|name| SYSTEMS.iter().find(|(_, known)| known == name)) {
        Some((_, name)) => language.of(both!("Open in {name}", "Abrir en {name}")),
        None => language.of(both!("Open the conversation", "Abrir la conversación")),
    }
}
