//! What a transport must say of itself, and what it is given to do so.

use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::capabilities::Capabilities;
use super::email::MailServer;
use super::phone::PhoneTerms;
use super::probe::{ProbeError, Probed};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::net::Clients;
use crate::secret::SecretSource;
use crate::text::{Both, Language};
use crate::written::{At, SecretRef, WordOr};

/// A transport: its name, its keys and what they mean, what it can do, and what sends. The registry asks for nothing else.
pub trait Provider {
    /// The `type` in `sla.toml`.
    const WORD: &'static str;
    /// What the system can do at its best.
    const CAN: Capabilities;

    /// The keys that `[destination.NAME]` has for it, as they are written. All are optional: what must not be missing is told by
    /// [`Provider::settle`]. Keys that several transports have are described in the same words by each.
    type Config: DeserializeOwned + JsonSchema;
    /// What the keys mean.
    type Settings;

    /// Says what the keys mean, and tells `reader` what is wrong with them; none if nothing can be made of them.
    fn settle(config: &Self::Config, reader: &mut dyn ConfigReader) -> Option<Self::Settings>;

    /// Whether people have addresses of their own there, and the file gives none for the destination itself.
    fn is_for_readers_alone(_config: &Self::Config) -> bool {
        false
    }

    /// What the system can do as it is set up.
    fn can(_settings: &Self::Settings) -> Capabilities {
        Self::CAN
    }

    /// Where it leaves its messages as files, if it does.
    fn directory(_: &Self::Settings) -> Option<&std::path::Path> {
        None
    }

    /// The destination's own address there: a mailbox, a channel, a number; none where each person has one, or where it needs none.
    fn address(_settings: &Self::Settings) -> Option<&str> {
        None
    }

    /// What holds of it where it reaches telephones.
    fn phone(_settings: &Self::Settings) -> Option<&PhoneTerms> {
        None
    }

    /// Reads the secrets and makes what sends.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if a secret is missing or malformed, or the address lies inside of the house.
    fn ready(settings: &Self::Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError>;
}

/// What transports are made ready with.
#[derive(Debug, Clone, Copy)]
pub struct Equipment<'a> {
    /// For what is reached by HTTP.
    pub clients: &'a Clients,
    /// Where files go that name no directory of their own.
    pub directory: &'a Path,
}

/// What sends.
pub trait Sender: std::fmt::Debug + Send + Sync {
    /// Sends one message. `now` is the instant that the peer is told.
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a>;

    /// Looks whether a message could be sent, without one.
    fn probe(&self, now: DateTime<Utc>) -> Probing<'_>;
}

/// A message on its way. [`DeliveryError`] says whether another try may help.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Receipt, DeliveryError>> + Send + 'a>>;

/// A look on its way.
pub type Probing<'a> = Pin<Box<dyn Future<Output = Result<Probed, ProbeError>> + Send + 'a>>;

/// Reads the values of one destination's keys, each by the rule that all values of its sort have in the file, and hears what is wrong.
/// `config` is it.
pub trait ConfigReader {
    /// The destination's language.
    fn language(&self) -> Language;

    /// The mail server of the file; none if mail is written as files.
    fn mail_server(&self) -> Option<MailServer>;

    /// Hears that the value at `span`, in bytes, cannot be.
    fn error(&mut self, span: Range<usize>, cause: Both, remedy: Both);

    /// Hears that `word` is none of `known`.
    fn unknown(&mut self, span: Range<usize>, what: Both<&str>, word: &str, known: &[&str]);

    /// Hears that `key` is missing, which may be written as in `example`.
    fn missing(&mut self, key: &str, example: &str);

    /// A text that must say something.
    fn text(&mut self, written: &At<String>, example: &str) -> String;

    /// An email address; none if it is no such.
    fn mailbox(&mut self, written: &At<String>) -> Option<String>;

    /// A span that is not zero; none if it is no such.
    fn timeout(&mut self, written: &At<String>) -> Option<Duration>;

    /// A web address, or where one is kept; none if it is no such, or leads inside of the house and is not `private`.
    fn address(&mut self, written: &At<WordOr<SecretRef>>, private: bool) -> Option<SecretSource>;

    /// Where a secret is kept; none if it has no place or several.
    fn secret(&mut self, written: &At<SecretRef>) -> Option<SecretSource>;

    /// The `to` of a system where a channel, chat, number, topic or list has a name.
    fn to(&mut self, written: Option<&At<String>>) -> Option<String> {
        written.map(|to| self.text(to, "\"C0123456789\""))
    }

    /// The language of buttons that a source hears; none if they are not wanted.
    fn buttons(&mut self, written: Option<&At<bool>>) -> Option<Language> {
        written.filter(|wanted| ***wanted).map(|_| self.language())
    }

    /// A text that must be there; empty where it is not, which is told.
    fn needed_text(&mut self, key: &str, written: Option<&At<String>>, example: &str) -> String {
        match written {
            Some(written) => written.to_string(),
            None => {
                self.missing(key, example);
                String::new()
            }
        }
    }

    /// A secret that must be there; an empty one where it is not, which is told.
    fn needed_secret(&mut self, key: &str, written: Option<&At<SecretRef>>) -> SecretSource {
        let source = match written {
            Some(written) => self.secret(written),
            None => {
                self.missing(key, "{ credential = \"…\" }");
                None
            }
        };
        source.unwrap_or(SecretSource::Plain(String::new()))
    }
}
