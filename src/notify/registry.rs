//! The transports there are. To add one, write its file and a line below.

use std::sync::Arc;

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::SetupError;
use super::capabilities::Capabilities;
use super::provider::{ConfigReader, Equipment, Provider, Sender};

/// Makes of a list `Name: Provider` all that is chosen by the `type` of a destination.
macro_rules! transports {
    ($($kind:ident: $provider:ty,)*) => {
        /// A system to which messages go. The word is the `type` in `sla.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each is the transport of the same name")]
        pub enum Kind {
            $($kind,)*
        }

        /// The keys of a destination that its type alone has, as they are written.
        #[derive(Debug, Clone)]
        #[allow(missing_docs, reason = "each is the transport of the same name")]
        pub enum Config {
            $($kind(Box<<$provider as Provider>::Config>),)*
        }

        /// Settings of a transport.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "each is the transport of the same name")]
        pub enum Settings {
            $($kind(Box<<$provider as Provider>::Settings>),)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in `sla.toml`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => <$provider as Provider>::WORD,)*
                }
            }

            /// What such a system can do at its best.
            pub const fn can(self) -> Capabilities {
                match self {
                    $(Self::$kind => <$provider as Provider>::CAN,)*
                }
            }

            /// Its own keys, each with its schema.
            pub fn keys(self, generator: &mut SchemaGenerator) -> Map<String, Value> {
                let schema = match self {
                    $(Self::$kind => <<$provider as Provider>::Config as JsonSchema>::json_schema(generator),)*
                };
                schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
            }
        }

        impl Config {
            /// Reads the keys that a type has of a table that may have others.
            ///
            /// # Errors
            ///
            /// If the value of one is of a wrong type.
            pub fn read<'de, D: Deserializer<'de>>(kind: Kind, table: D) -> Result<Self, D::Error> {
                match kind {
                    $(Kind::$kind => Deserialize::deserialize(table).map(Self::$kind),)*
                }
            }

            /// What the keys mean; see [`Provider::settle`].
            pub fn settle(&self, reader: &mut dyn ConfigReader) -> Option<Settings> {
                match self {
                    $(Self::$kind(config) => {
                        <$provider>::settle(config, reader).map(|settings| Settings::$kind(Box::new(settings)))
                    })*
                }
            }

            /// Whether people have addresses of their own there, and the file gives none for the destination itself.
            pub fn is_for_readers_alone(&self) -> bool {
                match self {
                    $(Self::$kind(config) => <$provider>::is_for_readers_alone(config),)*
                }
            }
        }

        impl Settings {
            /// Which system.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// What the system can do as it is set up.
            pub fn can(&self) -> Capabilities {
                match self {
                    $(Self::$kind(settings) => <$provider>::can(settings),)*
                }
            }

            /// Where it leaves its messages as files, if it does.
            pub fn directory(&self) -> Option<&std::path::Path> {
                match self {
                    $(Self::$kind(settings) => <$provider>::directory(settings),)*
                }
            }

            /// The destination's own address there; see [`Provider::address`].
            pub fn address(&self) -> Option<&str> {
                match self {
                    $(Self::$kind(settings) => <$provider>::address(settings),)*
                }
            }

            /// Reads the secrets and makes what sends.
            pub(super) fn ready(&self, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
                match self {
                    $(Self::$kind(settings) => <$provider>::ready(settings, equipment),)*
                }
            }
        }
    };
}

// In the order in which remedies name them.
transports! {
    Email: super::email::EmailTransport,
    Slack: super::slack::Slack,
    Teams: super::teams::Teams,
    GoogleChat: super::google_chat::GoogleChat,
    Discord: super::discord::Discord,
    Mattermost: super::mattermost::Mattermost,
    RocketChat: super::rocket_chat::RocketChat,
    Matrix: super::matrix::Matrix,
    Zulip: super::zulip::Zulip,
    Telegram: super::telegram::Telegram,
    WhatsApp: super::whatsapp::WhatsApp,
    Ntfy: super::ntfy::Ntfy,
    Pushover: super::pushover::Pushover,
    PagerDuty: super::pagerduty::PagerDuty,
    JsmOps: super::jsm_ops::JsmOps,
    Webhook: super::webhook::WebhookTransport,
    Glpi: super::glpi::Glpi,
    ClickUp: super::clickup::ClickUp,
    File: super::file::FileTransport,
}

impl Kind {
    /// The system of that name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_several_have_is_the_same_in_each() {
        let mut generator = SchemaGenerator::default();
        let mut known = Map::new();
        for kind in Kind::ALL {
            for (key, schema) in kind.keys(&mut generator) {
                let first = known.entry(key.clone()).or_insert_with(|| schema.clone());
                assert_eq!(*first, schema, "`{key}` of {}", kind.as_str());
            }
        }
    }
}
