//! Where a conversation failed, and how. What that means for the mail is decided in `notify::email`.

use std::fmt;

use super::reply::Reply;

/// How far a conversation came, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::notify) enum Stage {
    /// The server's name, where that is asked for by itself.
    Name,
    /// A connection.
    Connect,
    /// TLS where it comes first.
    Seal,
    /// The server's first words.
    Greeting,
    /// EHLO, else HELO.
    Hello,
    /// STARTTLS, and TLS after it.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Recipient,
    /// DATA, and the content up to its final dot: nothing has been taken yet.
    Data,
    /// The final dot and its answer: the server may have taken the mail, whatever we hear.
    Content,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name | Self::Connect | Self::Seal => "no connection",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::Content => "after the content",
        })
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(in crate::notify) enum Cause {
    /// A code of 4yz or 5yz.
    #[error("{0}")]
    Refused(Reply),
    /// No answer, or one that does not stand there.
    #[error("`{0}` is no answer to it")]
    Foreign(String),
    /// The conversation cannot go on: dropped, without TLS, without a way to log in.
    #[error("{0}")]
    Broken(String),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The server takes no address with letters beyond ASCII (RFC 6531).
    #[error("the address is not in ASCII, and the server offers no SMTPUTF8")]
    NotUtf8Address,
}

impl Cause {
    /// What an answer is that was not hoped for.
    pub(super) fn of(reply: Reply) -> Self {
        if matches!(reply.code, 400..=599) { Self::Refused(reply) } else { Self::Foreign(reply.to_string()) }
    }

    pub(super) fn at(self, stage: Stage) -> SmtpError {
        SmtpError { stage, cause: self }
    }
}

/// The answer, if it is one of success (2yz).
pub(super) fn positive(reply: Reply) -> Result<Reply, Cause> {
    if matches!(reply.code, 200..=299) { Ok(reply) } else { Err(Cause::of(reply)) }
}

/// Why a mail did not go through.
#[derive(Debug, thiserror::Error)]
#[error("{stage}: {cause}")]
pub(in crate::notify) struct SmtpError {
    pub(in crate::notify) stage: Stage,
    pub(in crate::notify) cause: Cause,
}

impl SmtpError {
    /// Whether the connection ended before the mail began: nothing was sent, and another connection may do.
    pub(super) fn is_of_connection(&self) -> bool {
        let is_over = match &self.cause {
            Cause::Broken(_) => true,
            Cause::Refused(reply) => reply.code == 421,
            Cause::Foreign(_) | Cause::Timeout | Cause::NotUtf8Address => false,
        };
        is_over && self.stage == Stage::Mail
    }

    /// The same without a secret: some servers repeat what they did not understand.
    pub(super) fn without(mut self, secret: &str) -> Self {
        match &mut self.cause {
            Cause::Refused(reply) => reply.text = reply.text.replace(secret, "***"),
            Cause::Foreign(said) => *said = said.replace(secret, "***"),
            Cause::Broken(_) | Cause::Timeout | Cause::NotUtf8Address => {}
        }
        self
    }
}
