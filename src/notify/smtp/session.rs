//! One conversation with a mail server (RFC 5321), from the connection to the answer after the final dot.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::address::Envelope;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{Cause, SmtpError, Stage, positive};
use super::offers::Offers;
use super::reply::Reply;
use super::wire::{Seal, Wire};
use super::{Credentials, Security, Server};

const CONNECT: Duration = Duration::from_secs(10);
/// For one command and its answer.
const ANSWER: Duration = Duration::from_secs(30);
/// For writing the content.
const CONTENT: Duration = Duration::from_secs(60);
/// For the answer after the final dot. RFC 5321 §4.5.3.2.6 asks for 10 minutes; a delivery is leased for 5, of which all that
/// comes before has its own.
const AFTER_DOT: Duration = Duration::from_secs(180);

/// A conversation in which a mail may begin.
pub(super) struct Session {
    wire: Wire,
    offers: Offers,
    /// When all that comes before the final dot must be done.
    until: Instant,
}

impl Session {
    /// Connects, greets, secures and logs in.
    pub(super) async fn open(server: &Server, until: Instant) -> Result<Self, SmtpError> {
        let (mut session, _) = Self::greet(&server.host, server.port, &server.security, until).await?;
        if let Security::StartTls(seal) = &server.security {
            session = session.start_tls(seal).await?;
        }
        if let Some(credentials) = &server.credentials
            && let Err(error) = session.log_in(credentials).await
        {
            session.leave();
            return Err(error);
        }
        Ok(session)
    }

    /// Connects, under TLS where that comes first, hears the greeting and greets. What the server said first comes along.
    pub(super) async fn greet(
        host: &str,
        port: u16,
        security: &Security,
        until: Instant,
    ) -> Result<(Self, Reply), SmtpError> {
        let connected = within(until, CONNECT, Wire::connect(host, port)).await;
        let mut wire = connected.map_err(|cause| cause.at(Stage::Connect))?;
        if let Security::Implicit(seal) = security {
            wire = within(until, ANSWER, wire.secure(seal)).await.map_err(|cause| cause.at(Stage::Seal))?;
        }
        let greeting = within(until, ANSWER, wire.answer()).await.and_then(positive);
        let greeting = greeting.map_err(|cause| cause.at(Stage::Greeting))?;
        let mut session = Self { wire, offers: Offers::default(), until };
        session.hello().await?;
        Ok((session, greeting))
    }

    /// Whether the server says that it can do that.
    pub(super) fn offers(&self, keyword: &str) -> bool {
        self.offers.has(keyword)
    }

    /// Gives a kept conversation the time for another mail.
    pub(super) const fn renew(&mut self, until: Instant) {
        self.until = until;
    }

    /// Whether nothing has come since the last answer, neither words nor the end.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.wire.expect_silence().is_ok()
    }

    /// Asks whether the server is still there.
    pub(super) async fn stands(&mut self) -> bool {
        self.command(Stage::Mail, "NOOP").await.is_ok()
    }

    /// Takes leave without waiting.
    pub(super) fn leave(self) {
        self.wire.leave();
    }

    /// Sends one mail. `content` is what [`stuffed`] gives.
    pub(super) async fn send(&mut self, envelope: &Envelope, content: &[u8]) -> Result<Reply, SmtpError> {
        let sender = envelope.from().map_or("", text);
        let parameters = self.parameters(envelope, content)?;
        self.command(Stage::Mail, &format!("MAIL FROM:<{sender}>{parameters}")).await?;
        for recipient in envelope.to() {
            self.command(Stage::Recipient, &format!("RCPT TO:<{recipient}>")).await?;
        }
        let reply = self.ask(Stage::Data, "DATA").await?;
        if reply.code != 354 {
            return Err(Cause::of(reply).at(Stage::Data));
        }
        let (until, wire) = (self.until, &mut self.wire);
        within(until, CONTENT, wire.say(content)).await.map_err(|cause| cause.at(Stage::Data))?;
        // A server that wants no more may say so before the end.
        wire.expect_silence().map_err(|cause| cause.at(Stage::Data))?;
        let ended = async {
            wire.say(b".\r\n").await?;
            wire.answer().await
        };
        let answered = timeout(AFTER_DOT, ended).await.unwrap_or(Err(Cause::Timeout));
        answered.and_then(positive).map_err(|cause| cause.at(Stage::Content))
    }

    /// What `MAIL` must say about the mail, as far as the server knows it (RFC 6152, RFC 6531).
    fn parameters(&self, envelope: &Envelope, content: &[u8]) -> Result<String, SmtpError> {
        let mut parameters = String::new();
        if !content.is_ascii() && self.offers.has("8BITMIME") {
            parameters.push_str(" BODY=8BITMIME");
        }
        if !envelope.from().into_iter().chain(envelope.to()).all(|address| text(address).is_ascii()) {
            if !self.offers.has("SMTPUTF8") {
                return Err(Cause::NotUtf8Address.at(Stage::Mail));
            }
            parameters.push_str(" SMTPUTF8");
        }
        Ok(parameters)
    }

    async fn hello(&mut self) -> Result<(), SmtpError> {
        let name = own_name();
        let reply = self.ask(Stage::Hello, &format!("EHLO {name}")).await?;
        self.offers = if matches!(reply.code, 500..=599) {
            // A server from before EHLO (RFC 5321 §3.2). It offers nothing.
            self.command(Stage::Hello, &format!("HELO {name}")).await?;
            Offers::default()
        } else {
            Offers::of(&positive(reply).map_err(|cause| cause.at(Stage::Hello))?)
        };
        Ok(())
    }

    /// Goes on under TLS.
    pub(super) async fn start_tls(mut self, seal: &Seal) -> Result<Self, SmtpError> {
        if !self.offers.has("STARTTLS") {
            return Err(Cause::Broken("the server does not offer it".to_owned()).at(Stage::StartTls));
        }
        self.command(Stage::StartTls, "STARTTLS").await?;
        let secured = within(self.until, ANSWER, self.wire.secure(seal)).await;
        let wire = secured.map_err(|cause| cause.at(Stage::StartTls))?;
        let mut session = Self { wire, offers: Offers::default(), until: self.until };
        // What was offered without TLS counts no more (RFC 3207 §4.2).
        session.hello().await?;
        Ok(session)
    }

    /// Logs in by PLAIN (RFC 4616), else by LOGIN, whatever its prompts say.
    async fn log_in(&mut self, credentials: &Credentials) -> Result<(), SmtpError> {
        let (user, password) = (&credentials.user, credentials.password.expose());
        let (words, secret) = if self.offers.has_mechanism("PLAIN") {
            let secret = STANDARD.encode(format!("\0{user}\0{password}"));
            // A server that overlooks the initial response asks for it.
            (vec![format!("AUTH PLAIN {secret}"), secret.clone()], secret)
        } else if self.offers.has_mechanism("LOGIN") {
            let secret = STANDARD.encode(password);
            (vec!["AUTH LOGIN".to_owned(), STANDARD.encode(user), secret.clone()], secret)
        } else {
            return Err(Cause::Broken("the server offers neither PLAIN nor LOGIN".to_owned()).at(Stage::Auth));
        };
        let said = self.say_in_turn(&words).await;
        said.map_err(|error| error.without(&secret).without(password))
    }

    /// Says a word at each 334 (RFC 4954 §4).
    async fn say_in_turn(&mut self, words: &[String]) -> Result<(), SmtpError> {
        let mut asked = String::new();
        for word in words {
            let reply = self.ask(Stage::Auth, word).await?;
            if reply.code != 334 {
                return positive(reply).map(drop).map_err(|cause| cause.at(Stage::Auth));
            }
            asked = reply.to_string();
        }
        Err(Cause::Foreign(asked).at(Stage::Auth))
    }

    /// Says a command that must be answered by success.
    async fn command(&mut self, stage: Stage, command: &str) -> Result<Reply, SmtpError> {
        positive(self.ask(stage, command).await?).map_err(|cause| cause.at(stage))
    }

    async fn ask(&mut self, stage: Stage, command: &str) -> Result<Reply, SmtpError> {
        let (until, wire) = (self.until, &mut self.wire);
        let exchange = async {
            wire.expect_silence()?;
            wire.say(format!("{command}\r\n").as_bytes()).await?;
            wire.answer().await
        };
        within(until, ANSWER, exchange).await.map_err(|cause| cause.at(stage))
    }
}

async fn within<T>(until: Instant, most: Duration, work: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
    timeout_at(until.min(Instant::now() + most), work).await.unwrap_or(Err(Cause::Timeout))
}

/// The content as it is said, without its final dot: a line that begins with a dot gets another one (RFC 5321 §4.5.2).
pub(super) fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(mail.len() + 64);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !mail.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed
}

fn text(address: &Address) -> &str {
    address.as_ref()
}

/// The name that the machine goes by, else an address (RFC 5321 §4.1.3): servers refuse names that can be none.
fn own_name() -> String {
    let is_usable = |name: &String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(is_usable).unwrap_or_else(|| "[127.0.0.1]".to_owned())
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn no_line_of_the_content_can_be_taken_for_its_end() {
        for (mail, expected) in [
            ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n"),
            ("..a\r\n", "...a\r\n"),
            ("a\n.\nb", "a\n..\nb\r\n"),
            ("a.\r\n", "a.\r\n"),
        ] {
            assert_eq!(stuffed(mail.as_bytes()), expected.as_bytes(), "{mail:?}");
        }
    }
}
