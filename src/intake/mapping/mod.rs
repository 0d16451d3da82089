//! Mappings: how what a source sends becomes events, as data (docs/mappings.md).
//!
//! `file` is the TOML as written, `compile` turns it into a [`Mapping`] or says what is wrong with it, `run` applies it to a
//! payload. Nothing here knows HTTP or the store.

pub mod budget;
mod compile;
pub mod expression;
mod file;
mod functions;
mod run;
pub mod write;

use std::collections::BTreeMap;
use std::time::Duration;

use expression::Expression;
use serde_json::{Map, Value};

use super::signature::Scheme;
use crate::engine::check::folded;
use crate::text::Both;

pub use compile::MappingError;
pub use run::{AlarmRaised, FetchWanted, MappingFault, Produced};

/// Where the payloads of a mapping come from that are not fetched or polled.
pub const HOOK: &str = "hook";

/// A mapping ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Name for people.
    pub title: String,
    /// Channel of its events where nothing says another.
    pub channel: Option<String>,
    /// What its operator should know.
    pub notes: Option<Both>,
    /// Keys of `[source.NAME]` that it cannot do without.
    pub needs: Vec<String>,
    /// How bodies are read.
    pub body: BodyForm,
    /// Media types that are taken; any where empty.
    pub content_types: Vec<String>,
    /// What the source gets back.
    pub answer: HandshakeAnswer,
    /// How it proves that it is the source.
    pub signature: Option<Scheme>,
    /// Handshakes.
    pub challenges: Vec<Challenge>,
    /// What the columns of a file may be called, without case and accents, and what the rules call each.
    columns: BTreeMap<String, String>,
    events: Vec<EventRule>,
    ignores: Vec<IgnoreRule>,
    alarms: Vec<AlarmRule>,
    replies: Vec<EventRule>,
    /// A connection that plazo opens, by which the source calls without a public address.
    pub socket: Option<Socket>,
    /// What must exist over there so that calls come.
    pub subscriptions: Vec<Subscription>,
    fetches: Vec<FetchRule>,
    /// The API behind it.
    pub api: Option<Api>,
    /// What is asked for at intervals.
    pub polls: Vec<Poll>,
    /// How plazo writes back into the system behind it, where it can.
    pub write: Option<write::WriteMapping>,
}

/// How bodies are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyForm {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Either; a form's field of that name is JSON.
    FormWithJson(String),
}

/// What the source gets back after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
    /// Its media type.
    pub content_type: String,
}

/// A handshake.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// `GET` or `POST`.
    pub method: String,
    /// Whether a call is one.
    pub when: Expression,
    /// How the caller proves itself.
    pub proof: MappedProof,
    /// What it gets back, as plain text.
    pub answer: Expression,
}

/// How the caller of a handshake proves itself.
#[derive(Debug, Clone, PartialEq)]
pub enum MappedProof {
    /// The expression gives the `verify` secret.
    Token(Expression),
    /// By the ordinary signature.
    Signed,
    /// As GLPI asks: only a challenge that the secret signed is answered.
    Crc,
    /// Not at all; what is answered helps nobody.
    None,
}

/// The API behind a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Where it is, where sla.toml says nothing else.
    pub base: Option<String>,
    /// How plazo proves itself there.
    pub auth: Auth,
}

/// How plazo proves itself to an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: …`, the token as it is.
    Token,
    /// OAuth 2 client credentials (RFC 6749 §4.4).
    OAuth2 {
        /// Where tokens are had.
        token_url: String,
        /// For what.
        scope: String,
        /// Whether the client's id and secret go into a header (RFC 6749 §2.3.1) rather than the body.
        in_header: bool,
    },
    /// GLPI's legacy sessions.
    Glpi,
    /// A header of any name, in whose value `{token}` stands for the token.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Basic (RFC 7617): in what goes before its encoding, `{token}` stands for the token.
    Basic {
        /// User and password.
        value: String,
    },
    /// OAuth 2 by a user's name and password (RFC 6749 §4.3), which are the token, with a colon between.
    Password {
        /// Where tokens are had.
        token_url: String,
        /// For what.
        scope: String,
    },
}

/// A connection that plazo opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Socket {
    /// The path below the API's base that is asked for an address.
    pub open: String,
    /// What differs between systems.
    pub kind: SocketKind,
}

/// What differs between sockets.
#[derive(Debug, Clone, PartialEq)]
pub enum SocketKind {
    /// Slack's: asked for with `app_token`, and each message is acknowledged.
    Slack,
    /// A channel to which topics are added, as Genesys Cloud has it: asked for with the API's credentials, nothing is acknowledged.
    Channel(Box<Channel>),
}

/// A channel to which topics are added.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// The socket's address, from the answer.
    pub address: Expression,
    /// How topics are asked for.
    pub subscribe: Call,
    /// Whether a message says that another socket is to be opened soon.
    pub closing: Option<Expression>,
}

impl Socket {
    /// The key of `[source.NAME]` without which it is not opened.
    pub const fn key(&self) -> &'static str {
        match self.kind {
            SocketKind::Slack => "app_token",
            SocketKind::Channel(_) => "client_id",
        }
    }
}

/// A call of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Path below the API's base.
    pub path: Expression,
    /// What is sent, as JSON.
    pub body: Expression,
}

/// Something that must exist over there so that calls come, and ends unless it is renewed.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    selection: Selection,
    /// Its name.
    pub name: String,
    /// Its name for ever: another gives another subscription.
    pub id: Expression,
    /// How it is made, by `POST`.
    pub create: Call,
    /// How it is renewed, by `PATCH`.
    pub renew: Call,
    /// What is remembered of the answer.
    pub held: Expression,
    /// Until when it lives, from the answer.
    pub until: Expression,
    /// Whether a call says that it must be renewed or made again at once.
    again: Option<Expression>,
}

/// Something asked for at intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// Its name; rules say `on = "…"`.
    pub name: String,
    /// How often.
    pub every: Duration,
    /// Path below the API's base, or a whole address.
    pub path: Expression,
    /// What is sent by `POST`, as JSON; without it, it is a `GET`. A text that is `{token}` stands for the token.
    pub body: Option<Expression>,
    /// Headers besides those of the authentication; one that gives no string is left out.
    pub headers: Vec<(String, Expression)>,
    /// What went wrong, where an answer under 2xx says that something did; null where nothing did.
    pub failed: Option<Expression>,
    /// What is remembered for the next time.
    pub cursor: Option<Expression>,
    /// The next page.
    pub next: Option<Expression>,
}

/// Which elements of a payload a rule looks at.
#[derive(Debug, Clone, PartialEq)]
struct Selection {
    on: String,
    each: Vec<(String, Expression)>,
    when: Option<Expression>,
}

/// A rule that gives events.
#[derive(Debug, Clone, PartialEq)]
struct EventRule {
    name: String,
    selection: Selection,
    kind: String,
    fields: Vec<(String, Field)>,
}

/// What a field of an event is made of.
#[derive(Debug, Clone, PartialEq)]
enum Field {
    Value(Expression),
    Table(Vec<(String, Expression)>),
}

#[derive(Debug, Clone, PartialEq)]
struct IgnoreRule {
    selection: Selection,
    why: Both,
}

#[derive(Debug, Clone, PartialEq)]
struct AlarmRule {
    selection: Selection,
    id: Expression,
    text: Both,
}

#[derive(Debug, Clone, PartialEq)]
struct FetchRule {
    name: String,
    selection: Selection,
    id: Expression,
    path: Expression,
}

/// A column's name as it is compared: without case, accents and blanks around it.
fn plain_name(name: &str) -> String {
    folded(name.trim())
}

impl Mapping {
    /// Whether it makes anything of calls, rather than of an API alone.
    pub fn hears_calls(&self) -> bool {
        let mut selections = (self.events.iter().map(|rule| &rule.selection))
            .chain(self.fetches.iter().map(|rule| &rule.selection))
            .chain(self.alarms.iter().map(|rule| &rule.selection));
        selections.any(|selection| selection.on == HOOK) || !self.challenges.is_empty()
    }

    /// Whether a rule gives events without a channel, which are put aside.
    pub fn lacks_channel(&self) -> bool {
        let has = |rule: &EventRule| rule.fields.iter().any(|(field, _)| field == "channel");
        self.channel.is_none() && !self.events.iter().all(has)
    }

    /// The channel of all its events, where no rule names another.
    pub fn only_channel(&self) -> Option<&str> {
        let names = |rule: &EventRule| rule.fields.iter().any(|(field, _)| field == "channel");
        self.channel.as_deref().filter(|_| !self.events.iter().any(names))
    }

    /// A record of a file with its columns named as the rules know them. One that came under both names keeps what stands under the known one.
    pub fn with_known_columns(&self, record: Value) -> Value {
        let Value::Object(fields) = record else { return record };
        if self.columns.is_empty() {
            return Value::Object(fields);
        }
        let (known, others): (Vec<_>, Vec<_>) = fields
            .into_iter()
            .map(|(name, field)| (self.known_column(&name), name, field))
            .partition(|(known, name, _)| known.is_none_or(|known| known == name));
        let mut fields: Map<String, Value> = known.into_iter().map(|(_, name, field)| (name, field)).collect();
        for (known, name, field) in others {
            fields.entry(known.unwrap_or(&name)).or_insert(field);
        }
        Value::Object(fields)
    }

    fn known_column(&self, name: &str) -> Option<&String> {
        self.columns.get(&plain_name(name))
    }

    /// Compiles a mapping's text.
    ///
    /// # Errors
    ///
    /// [`MappingError`] names the rule and the field.
    pub fn compile(text: &str) -> Result<Self, MappingError> {
        compile::compile(text)
    }

    /// Names of what it fetches and polls.
    pub fn inner_sources(&self) -> impl Iterator<Item = &str> {
        self.fetches.iter().map(|fetch| fetch.name.as_str()).chain(self.polls.iter().map(|poll| poll.name.as_str()))
    }
}
