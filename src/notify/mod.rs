//! Transports: a message in, a receipt or a reason out. A file per transport, with its keys in `sla.toml` and what they mean, what it
//! can do and how it sends; `registry` lists them, and nothing else names them one by one.
//!
//! Whether and when to try again is not decided here (see `daemon::outbox`); a transport only says whether it would help.

pub mod capabilities;
mod card;
pub mod clickup;
pub mod discord;
pub mod email;
pub mod endpoint;
pub mod facts;
pub mod file;
pub mod glpi;
pub mod google_chat;
pub mod hook;
pub mod http;
pub mod infobip_sms;
pub mod jsm_ops;
mod mail;
pub mod matrix;
pub mod mattermost;
pub mod ntfy;
pub mod pagerduty;
pub mod phone;
pub mod probe;
pub mod provider;
pub mod pushover;
mod registry;
pub mod rocket_chat;
pub mod slack;
pub mod smtp;
pub mod teams;
pub mod telegram;
mod transport;
pub mod twilio;
pub mod twilio_call;
pub mod twilio_sms;
pub mod twiml;
pub mod webhook;
pub mod whatsapp;
pub mod zulip;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::engine::request_id::RequestId;
pub use crate::outbox::{Cost, DeliveryError};
use crate::text::Language;
pub use crate::text::links::{BUTTONS, Button};
use crate::text::printable::printable_marked;
use crate::text::render::Attachment;

pub use registry::{Config, Kind, Settings};
pub use transport::{SetupError, Transport};

/// One message to one mailbox, hook or directory.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The same at each try: `Message-ID` and `webhook-id` are made from it.
    pub id: String,
    /// The request that it is about, if it is about one.
    pub request: Option<RequestId>,
    /// The request's own thread, if the message is about one request.
    pub thread: Option<String>,
    /// Name and address of the mailbox, number or chat, where the transport needs one.
    pub to: Option<(String, String)>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// The reader's language.
    pub language: Language,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The same in parts, for cards.
    pub card: Card,
    /// What goes with a mail.
    pub attachments: Vec<Attachment>,
    /// The facts, for programs: `{"type", "timestamp", "data"}`.
    pub facts: Value,
    /// What the peer called the first message there about the same request: its thread, its ticket.
    pub first: Option<String>,
    /// What the peer called the message that this one replaces.
    pub updates: Option<String>,
    /// What a telephone needs besides; none for what goes to none.
    pub phone: Option<phone::ForPhone>,
}

/// A message in parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Card {
    /// How bad it is.
    pub tone: Tone,
    /// What is to be done, where the message is a single alert.
    pub title: Option<String>,
    /// What a chat shows below the title, a line each; none where that is the text.
    pub lines: Vec<String>,
    /// Names and values, the most telling first; none where the message is no single alert.
    pub fields: Vec<(String, String)>,
    /// What to do, and why.
    pub notes: Vec<String>,
    /// What the reader can press, what is most probably wanted first.
    pub buttons: Vec<Button>,
    /// What is wanted more rarely, below them.
    pub also: Vec<Button>,
    /// The page that shows what the message is about.
    pub show: Option<String>,
    /// The one of the buttons that leads to the conversation itself, in another system.
    pub place: Option<Button>,
    /// Whether the promise is over, so that there is nothing left to do.
    pub is_over: bool,
    /// Who took it or ended it, where the message tells of that.
    pub who: Option<String>,
    /// Names the promise: the same in all messages about it.
    pub key: Option<String>,
    /// When the promise ends.
    pub due_at: Option<DateTime<Utc>>,
    /// Single words, for templates that are not ours.
    pub facts: CardFacts,
}

impl Card {
    /// Every page that the message leads to, as a chat shows them: what is most probably wanted first.
    pub fn links(&self) -> impl Iterator<Item = &Button> {
        self.buttons.iter().chain(&self.also)
    }

    /// The same with all foreign words printable.
    #[must_use]
    pub fn printable(self) -> Self {
        let line = |text: String| printable_marked(&text.replace(['\n', '\t'], " "));
        let CardFacts { client, time, channel, owner, request } = self.facts;
        Self {
            title: self.title.map(line),
            lines: self.lines.into_iter().map(|text| printable_marked(&text)).collect(),
            fields: self.fields.into_iter().map(|(name, value)| (line(name), line(value))).collect(),
            notes: self.notes.into_iter().map(|note| printable_marked(&note)).collect(),
            who: self.who.map(line),
            facts: CardFacts { client: line(client), time, channel: line(channel), owner: line(owner), request },
            ..self
        }
    }
}

impl Message {
    /// What stands above the lines of a chat: what is to be done, else the subject.
    pub fn heading(&self) -> &str {
        self.card.title.as_deref().unwrap_or(&self.subject)
    }

    /// What a chat shows below: a few lines, else the text.
    pub fn body(&self) -> String {
        if self.card.lines.is_empty() { self.text.clone() } else { self.card.lines.join("\n") }
    }

    /// What fits a locked screen: below the subject, which says where it stands, what is to be done and by whom.
    pub fn brief(&self) -> String {
        match (&self.card.title, &*self.card.lines) {
            (Some(title), [line, todo, ..]) => format!("{title}\n{line}\n{todo}"),
            _ => self.body(),
        }
    }
}

/// Single words about an alert; empty where there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is what its name says")]
pub struct CardFacts {
    pub client: String,
    pub time: String,
    pub channel: String,
    pub owner: String,
    pub request: String,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// A promise is broken.
    Breach,
    /// One will be.
    Warning,
    /// It is over.
    Done,
    /// No promise of its own.
    #[default]
    Neutral,
}

/// A message was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the peer said.
    pub answer: String,
    /// What the peer calls the message, where it tells.
    pub reference: Option<String>,
    /// What it cost, as far as that is known by now; none of what costs nothing by itself.
    pub cost: Option<Cost>,
}

impl Receipt {
    /// A receipt of a peer that gives messages no name.
    pub const fn of(answer: String) -> Self {
        Self { answer, reference: None, cost: None }
    }
}
