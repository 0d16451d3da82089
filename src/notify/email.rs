//! Email by SMTP, or as files where the file names no server.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use schemars::JsonSchema;
use serde::Deserialize;

use super::capabilities::{Capabilities, Readers};
use super::file::FileTransport;
use super::probe::{ProbeError, ProbeFault, Probed};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::smtp::reply::Reply;
use super::smtp::{Cause, Connections, Credentials, Seal, Security, Server, SmtpError, Stage, Tls};
use super::{DeliveryError, Message, Receipt, SetupError, mail};
use crate::both;
use crate::secret::SecretSource;
use crate::written::At;

/// The keys of its `[destination.NAME]`. The mail server is the file's, and has a section of its own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// Of an email destination: the address.
    pub address: Option<At<String>>,
}

/// How mail goes out, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// By which server; mail is written as files where there is none.
    pub server: Option<MailServer>,
    /// To which mailbox; each person's own where there is none.
    pub address: Option<String>,
}

/// The mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub tls: Tls,
    /// User name.
    pub user: Option<String>,
    /// Where the password is kept.
    pub password: Option<SecretSource>,
    /// Sender.
    pub from: String,
}

/// A mail server.
#[derive(Clone)]
pub struct EmailTransport {
    connections: Connections,
    from: Mailbox,
}

impl std::fmt::Debug for EmailTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailTransport").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Provider for EmailTransport {
    const WORD: &'static str = "email";
    const CAN: Capabilities = Capabilities { is_answered: true, readers: Readers::ByMail, ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let address = config.address.as_ref().and_then(|address| reader.mailbox(address));
        if config.address.is_none() {
            reader.missing("address", "\"equipo@agencia.example\"");
        }
        Some(Settings { server: reader.mail_server(), address })
    }

    fn can(settings: &Settings) -> Capabilities {
        // What has no mailbox is written as facts, where there is no server to refuse it.
        Capabilities { takes_facts: settings.server.is_none(), ..Self::CAN }
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.address.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        Ok(match &settings.server {
            Some(server) => Arc::new(Self::new(server)?),
            None => Arc::new(FileTransport::new(equipment.directory.to_owned())),
        })
    }
}

impl Sender for EmailTransport {
    fn send<'a>(&'a self, message: &'a Message, _: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.submit(message))
    }

    fn probe(&self, _: DateTime<Utc>) -> Probing<'_> {
        Box::pin(self.look())
    }
}

impl EmailTransport {
    fn new(server: &MailServer) -> Result<Self, SetupError> {
        let seal = || Seal::new(&server.host).map_err(SetupError::Tls);
        let security = match server.tls {
            Tls::None => Security::None,
            Tls::StartTls => Security::StartTls(seal()?),
            Tls::Implicit => Security::Implicit(seal()?),
        };
        let credentials = match (&server.user, &server.password) {
            (Some(user), Some(password)) => Some(Credentials { user: user.clone(), password: password.read()? }),
            _ => None,
        };
        let (host, port) = (server.host.clone(), server.port);
        let connections = Connections::new(Server { host, port, security, credentials });
        Ok(Self { connections, from: mail::mailbox(&server.from)? })
    }

    /// Connects, greets, secures and logs in, as for a mail.
    async fn look(&self) -> Result<Probed, ProbeError> {
        let place = self.connections.place();
        match self.connections.probe().await {
            Ok(()) => {
                let told = match self.connections.user() {
                    Some(user) => both!("{place} lets {user} in", "{place} deja entrar a {user}"),
                    None => both!("{place} answers; nobody logs in there", "{place} responde; ahí nadie inicia sesión"),
                };
                Ok(Probed { told, peer_time: None })
            }
            Err(error) => Err(ProbeError { fault: fault_of(&error), place, cause: error.to_string(), peer_time: None }),
        }
    }

    async fn submit(&self, message: &Message) -> Result<Receipt, DeliveryError> {
        let mail = mail::compose(message, &self.from)?;
        let reply = self.connections.send(&mail).await.map_err(|error| classify(&error))?;
        Ok(Receipt::of(reply.to_string()))
    }
}

/// How far a conversation without a mail came.
const fn fault_of(error: &SmtpError) -> ProbeFault {
    match (error.stage, &error.cause) {
        (Stage::Name, _) => ProbeFault::Name,
        (Stage::Seal | Stage::StartTls, _) => ProbeFault::Tls,
        (Stage::Auth, Cause::Refused(_) | Cause::Broken(_)) => ProbeFault::Login,
        (_, Cause::Foreign(_)) => ProbeFault::Foreign,
        _ => ProbeFault::Connection,
    }
}

/// Sends one message by a mail server, past the outbox: whether the server takes what plazo writes, before a daemon runs.
///
/// # Errors
///
/// What the server, or the way to it, says.
pub async fn try_out(server: &MailServer, message: &Message) -> Result<(), String> {
    let transport = EmailTransport::new(server).map_err(|error| error.to_string())?;
    let mail = mail::compose(message, &transport.from).map_err(|error| error.cause().to_owned())?;
    transport.connections.send(&mail).await.map(drop).map_err(|error| error.to_string())
}

/// Codes that hold for every message, wherever they come: the server closes (421) or wants another password or another way to
/// log in (RFC 4954 §6, RFC 5248).
const FOR_ALL: [u16; 8] = [421, 432, 454, 525, 530, 534, 535, 538];

/// What a failure means for this mail and for the others (RFC 5321 §4.2.1: the first digit decides).
fn classify(error: &SmtpError) -> DeliveryError {
    let cause = error.to_string();
    match (error.stage, &error.cause) {
        (_, Cause::NotUtf8Address) => DeliveryError::GiveUp { cause },
        (_, Cause::Refused(reply)) if FOR_ALL.contains(&reply.code) => DeliveryError::Hold { after: None, cause },
        // Said before anything of the mail was.
        (stage, _) if stage < Stage::Mail => DeliveryError::Hold { after: None, cause },
        // The sender is the same in all mails.
        (Stage::Mail, Cause::Refused(reply)) if is_permanent(reply) && !is_of_address(reply) => {
            DeliveryError::Hold { after: None, cause }
        }
        (_, Cause::Refused(reply)) if is_permanent(reply) => DeliveryError::GiveUp { cause },
        (_, Cause::Refused(_)) => DeliveryError::Retry { cause },
        (Stage::Content, _) => DeliveryError::Doubt { cause },
        // The server and plazo no longer speak of the same thing.
        (_, Cause::Foreign(_)) => DeliveryError::Hold { after: None, cause },
        (_, Cause::Broken(_) | Cause::Timeout) => DeliveryError::Retry { cause },
    }
}

fn is_permanent(reply: &Reply) -> bool {
    matches!(reply.code, 500..=599)
}

/// Whether a refusal names an address as its reason (RFC 3463 §3.2).
fn is_of_address(reply: &Reply) -> bool {
    reply.code == 552
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stage: Stage, cause: Cause, expected: &str) {
        let error = SmtpError { stage, cause };
        let taken_for = match classify(&error) {
            DeliveryError::Retry { .. } => "retry",
            DeliveryError::Hold { after: None, .. } => "hold",
            DeliveryError::Hold { after: Some(_), .. } => "hold for",
            DeliveryError::Moot { .. } => "moot",
            DeliveryError::NotToReader { .. } => "not to reader",
            DeliveryError::GiveUp { .. } => "give up",
            DeliveryError::Doubt { .. } => "doubt",
        };
        assert_eq!(taken_for, expected, "{error}");
    }

    #[test]
    fn mail_is_mail_also_where_it_is_written_as_files() {
        let can = EmailTransport::can(&Settings { server: None, address: None });
        assert_eq!(can, Capabilities { takes_facts: true, ..EmailTransport::CAN });
    }

    #[test]
    fn the_stage_and_the_first_digit_decide() {
        let cases = [
            (Stage::Greeting, "554 5.7.1 not from there", "hold"),
            (Stage::Hello, "421 busy", "hold"),
            (Stage::Auth, "432 5.7.0 change your password", "hold"),
            (Stage::Mail, "550 5.7.1 not that sender", "hold"),
            (Stage::Mail, "503 AUTH first", "hold"),
            (Stage::Mail, "550 5.1.8 no such sender", "hold"),
            (Stage::Mail, "501 syntax", "hold"),
            (Stage::Mail, "552 too large", "give up"),
            (Stage::Mail, "452 4.3.1 full", "retry"),
            (Stage::Recipient, "550 5.1.1 no such user", "give up"),
            (Stage::Recipient, "599", "give up"),
            (Stage::Recipient, "450 4.2.1 greylisted", "retry"),
            (Stage::Recipient, "530 5.7.0 log in first", "hold"),
            (Stage::Data, "554 no", "give up"),
            (Stage::Content, "554 5.7.1 spam", "give up"),
            (Stage::Content, "451 4.7.1 later", "retry"),
            (Stage::Content, "421 4.3.2 closing", "hold"),
        ];
        for (stage, said, expected) in cases {
            let (code, text) = said.split_at(3);
            let code = code.parse().expect("a code");
            check(stage, Cause::Refused(Reply::new(code, text.as_bytes())), expected);
        }
    }

    #[test]
    fn silence_means_doubt_only_after_the_dot() {
        for (stage, broken, foreign) in [
            (Stage::Connect, "hold", "hold"),
            (Stage::Auth, "hold", "hold"),
            (Stage::Mail, "retry", "hold"),
            (Stage::Data, "retry", "hold"),
            (Stage::Content, "doubt", "doubt"),
        ] {
            check(stage, Cause::Broken("dropped".to_owned()), broken);
            check(stage, Cause::Timeout, broken);
            check(stage, Cause::Foreign("hello".to_owned()), foreign);
        }
        check(Stage::Mail, Cause::NotUtf8Address, "give up");
    }
}
