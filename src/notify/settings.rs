//! What `sla.toml` says of a destination, and what its system can do.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::email::EmailSettings;
use super::whatsapp::Parameter;
use crate::secret::SecretSource;
use crate::text::Language;

/// A system to which messages go. The word is the `type` in `sla.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is the transport of the same name")]
pub enum Kind {
    Email,
    Slack,
    Teams,
    GoogleChat,
    Discord,
    Mattermost,
    RocketChat,
    Telegram,
    WhatsApp,
    Ntfy,
    PagerDuty,
    Webhook,
    Glpi,
    ClickUp,
    File,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Email,
        Self::Slack,
        Self::Teams,
        Self::GoogleChat,
        Self::Discord,
        Self::Mattermost,
        Self::RocketChat,
        Self::Telegram,
        Self::WhatsApp,
        Self::Ntfy,
        Self::PagerDuty,
        Self::Webhook,
        Self::Glpi,
        Self::ClickUp,
        Self::File,
    ];

    /// The word in `sla.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::GoogleChat => "google-chat",
            Self::Discord => "discord",
            Self::Mattermost => "mattermost",
            Self::RocketChat => "rocket-chat",
            Self::Telegram => "telegram",
            Self::WhatsApp => "whatsapp",
            Self::Ntfy => "ntfy",
            Self::PagerDuty => "pagerduty",
            Self::Webhook => "webhook",
            Self::Glpi => "glpi",
            Self::ClickUp => "clickup",
            Self::File => "file",
        }
    }

    /// Whether it keeps tickets: one a request, opened by the first message about it.
    pub const fn is_ticket(self) -> bool {
        matches!(self, Self::Glpi | Self::ClickUp)
    }
}

/// Settings of a transport.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each is the transport of the same name")]
pub enum Settings {
    Email(EmailSettings),
    File { directory: Option<PathBuf> },
    Http(Box<HttpSettings>),
}

/// Settings of everything that is reached by HTTP. What a kind does not have is none.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpSettings {
    /// Which system.
    pub kind: Kind,
    /// Where the address is kept; the vendor's own where it is left out.
    pub url: Option<SecretSource>,
    /// Where the token, or PagerDuty's key, is kept.
    pub token: Option<SecretSource>,
    /// Where GLPI's token of the application is kept.
    pub app_token: Option<SecretSource>,
    /// Where the signing keys of a webhook are kept: the one in force, and the one before it.
    pub secrets: Vec<SecretSource>,
    /// Channel, chat, number, topic or list there.
    pub to: Option<String>,
    /// Of Telegram: the topic of a group.
    pub topic: Option<i64>,
    /// Of WhatsApp: id of the number that writes.
    pub sender: Option<String>,
    /// Of WhatsApp: the template, and its language.
    pub template: Option<(String, String)>,
    /// Of WhatsApp: what stands in its placeholders.
    pub parameters: Vec<Parameter>,
    /// Of a ticket: what it has besides.
    pub fields: Map<String, Value>,
    /// Language of buttons that a source hears; none without.
    pub buttons: Option<Language>,
    /// Whether the address may be a private one.
    pub private: bool,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// How fast a system takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So many at once.
    pub burst: NonZeroU32,
    /// Then one in each such time.
    pub every: Duration,
}

const fn pace(burst: u32, every_ms: u64) -> Option<Pace> {
    let burst = match NonZeroU32::new(burst) {
        Some(burst) => burst,
        None => NonZeroU32::MIN,
    };
    Some(Pace { burst, every: Duration::from_millis(every_ms) })
}

impl Settings {
    /// Which system.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Email(_) => Kind::Email,
            Self::File { .. } => Kind::File,
            Self::Http(settings) => settings.kind,
        }
    }

    fn is_bot(&self) -> bool {
        matches!(self, Self::Http(settings) if settings.token.is_some())
    }

    /// Whether its messages have buttons and no names by which a press could be matched to them.
    pub fn is_nameless_with_buttons(&self) -> bool {
        matches!(self, Self::Http(settings) if settings.buttons.is_some() && settings.kind == Kind::Slack && settings.token.is_none())
    }

    /// Whether people read it. Programs get the facts, and texts need not be rendered for them.
    pub fn is_read_by_people(&self) -> bool {
        self.kind() != Kind::Webhook
    }

    /// Whether it gets the facts of a message as a document, and not its text alone.
    pub fn takes_facts(&self) -> bool {
        matches!(self.kind(), Kind::Webhook | Kind::File)
    }

    /// Whether several messages to the same reader may be put into one. Tickets and incidents are each about one request.
    pub fn gathers(&self) -> bool {
        !matches!(self.kind(), Kind::Webhook | Kind::PagerDuty | Kind::Glpi | Kind::ClickUp | Kind::File)
    }

    /// Whether a message can be told later that it is over: edited in place, resolved, or commented on.
    pub fn updates(&self) -> bool {
        match self.kind() {
            Kind::Slack => self.is_bot(),
            Kind::Discord | Kind::Telegram | Kind::PagerDuty | Kind::Glpi | Kind::ClickUp => true,
            _ => false,
        }
    }

    /// Whether what it called the first message about a request must be known before the next one goes out, so that one goes at a time.
    pub fn keeps_threads(&self) -> bool {
        self.updates()
    }

    /// Whether each person has an address of their own there.
    pub fn has_readers(&self) -> bool {
        match self.kind() {
            Kind::Email | Kind::Telegram | Kind::WhatsApp | Kind::Ntfy => true,
            Kind::Slack => self.is_bot(),
            _ => false,
        }
    }

    /// How fast it takes messages, as its vendor says; none where only it knows.
    pub fn pace(&self) -> Option<Pace> {
        match self.kind() {
            // One a second for each channel, with a little more at once.
            Kind::Slack => pace(3, 1_000),
            Kind::Teams => pace(4, 250),
            Kind::GoogleChat => pace(1, 1_000),
            Kind::Discord => pace(5, 400),
            // One a second for each chat, twenty a minute for each group.
            Kind::Telegram => pace(5, 3_000),
            Kind::WhatsApp => pace(20, 13),
            Kind::Ntfy => pace(60, 5_000),
            Kind::ClickUp => pace(50, 600),
            Kind::PagerDuty => pace(60, 500),
            Kind::Mattermost => pace(10, 100),
            Kind::Email | Kind::RocketChat | Kind::Webhook | Kind::Glpi | Kind::File => None,
        }
    }
}
