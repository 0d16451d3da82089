//! The words that a file knows: what may be named where somebody picks requests by their channel, client, team, …

use std::collections::BTreeSet;

use super::Config;
use super::mistake::{nearest, quoted, suggestion};
use crate::both;
use crate::engine::policy::Matcher;
use crate::text::Both;

/// Where the word of an option is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A person: by key, name or address.
    Person,
    /// A team.
    Team,
    /// A channel.
    Channel,
    /// A client: by key, name or address.
    Customer,
    /// An inbox.
    Inbox,
    /// A priority.
    Priority,
    /// A tag.
    Tag,
    /// A stage of a formal claim.
    Stage,
    /// A kind of waiting.
    Wait,
    /// Why promises break.
    Reason,
}

impl Config {
    /// The words of a family that the file names.
    pub fn words_of(&self, family: Family) -> BTreeSet<&str> {
        let directory = &self.rulebook.directory;
        let policies = |words: fn(&Matcher) -> &Vec<String>| {
            self.rulebook.policies.iter().flat_map(move |policy| words(&policy.matcher)).map(String::as_str)
        };
        match family {
            Family::Person => {
                directory.people().flat_map(|person| [person.key.as_str(), person.name.as_str()]).collect()
            }
            Family::Team => directory.teams().map(|team| team.key.as_str()).collect(),
            Family::Channel => {
                let sources = self.sources.values().filter_map(|source| {
                    let own = source.defaults.get("channel").and_then(serde_json::Value::as_str);
                    own.or(source.mapping.channel.as_deref())
                });
                let mail = Some("email").filter(|_| !self.mailboxes.is_empty());
                policies(|matcher| &matcher.channel).chain(sources).chain(mail).collect()
            }
            Family::Customer => {
                directory.customers().flat_map(|client| [client.key.as_str(), client.name.as_str()]).collect()
            }
            Family::Inbox => {
                let own = self.rulebook.inboxes.iter().map(|inbox| inbox.key.as_str());
                policies(|matcher| &matcher.inbox).chain(own).collect()
            }
            Family::Priority => {
                let of_tags = self.rulebook.tag_priorities.iter().map(|(_, priority)| priority.as_str());
                let of_clients = directory.customers().filter_map(|client| client.priority.as_deref());
                policies(|matcher| &matcher.priority).chain(of_tags).chain(of_clients).collect()
            }
            Family::Tag => {
                let urgent = self.rulebook.tag_priorities.iter().map(|(tag, _)| tag.as_str());
                let taken = self.rulebook.inboxes.iter().flat_map(|inbox| &inbox.takes).map(String::as_str);
                policies(|matcher| &matcher.tags).chain(urgent).chain(taken).collect()
            }
            Family::Stage => self.rulebook.stages.iter().map(|stage| stage.name.as_str()).collect(),
            Family::Reason => {
                self.rulebook.reasons.iter().flat_map(|reason| [reason.key.as_str(), reason.name.as_str()]).collect()
            }
            Family::Wait => self.rulebook.waits.iter().map(|wait| wait.key.as_str()).collect(),
        }
    }

    /// Whether the file names that word.
    pub fn knows(&self, family: Family, word: &str) -> bool {
        let directory = &self.rulebook.directory;
        match family {
            Family::Person => directory.person(word).is_some(),
            Family::Customer => directory.customer(word).is_some(),
            _ => self.words_of(family).iter().any(|known| known.eq_ignore_ascii_case(word)),
        }
    }

    /// The word of the file that was probably meant.
    pub fn meant(&self, family: Family, word: &str) -> Option<&str> {
        nearest(word, self.words_of(family))
    }

    /// That nobody knows a word, and which was probably meant.
    pub fn unknown(&self, family: Family, word: &str) -> Both {
        let word = quoted(word);
        let Both { en, es } = suggestion(&word, self.words_of(family));
        match family {
            Family::Person => both!("`{word}` is nobody in sla.toml; {en}", "`{word}` no es nadie en sla.toml; {es}"),
            Family::Team => {
                both!("there is no team `{word}` in sla.toml; {en}", "no hay un equipo `{word}` en sla.toml; {es}")
            }
            Family::Channel => both!(
                "nothing in sla.toml speaks of the channel `{word}`, and no request came by it; {en}",
                "nada en sla.toml habla del canal `{word}`, y ninguna solicitud llegó por él; {es}"
            ),
            Family::Customer => both!(
                "`{word}` is no client of sla.toml, nor of any request; {en}",
                "`{word}` no es cliente en sla.toml, ni en ninguna solicitud; {es}"
            ),
            Family::Inbox => both!(
                "there is no inbox `{word}`, neither in sla.toml nor among open requests; {en}",
                "no hay una bandeja `{word}`, ni en sla.toml ni entre las solicitudes abiertas; {es}"
            ),
            Family::Priority => both!(
                "there is no priority `{word}`, neither in sla.toml nor among open requests; {en}",
                "no hay una prioridad `{word}`, ni en sla.toml ni entre las solicitudes abiertas; {es}"
            ),
            Family::Tag => both!(
                "there is no tag `{word}`, neither in sla.toml nor among open requests; {en}",
                "no hay una etiqueta `{word}`, ni en sla.toml ni entre las solicitudes abiertas; {es}"
            ),
            Family::Stage => both!(
                "a claim has no stage `{word}` in sla.toml; {en} (`done` ends the last one)",
                "un reclamo no tiene la etapa `{word}` en sla.toml; {es} (`done` termina la última)"
            ),
            Family::Reason => both!(
                "there is no reason `{word}` under [reasons] in sla.toml; {en}",
                "no hay una razón `{word}` en [reasons] de sla.toml; {es}"
            ),
            Family::Wait => both!(
                "there is no kind of waiting `{word}` under [wait] in sla.toml; {en}",
                "no hay un tipo de espera `{word}` en [wait] de sla.toml; {es}"
            ),
        }
    }
}
