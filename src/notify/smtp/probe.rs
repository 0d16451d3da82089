//! What a server says before any mail: for whoever sets plazo up, and wants to know while the address is still on the screen.

use std::time::Duration;

use tokio::time::Instant;

use super::error::{Cause, SmtpError, Stage};
use super::session::Session;
use super::{Credentials, Seal, Security, Server, Tls};
use crate::both;
use crate::secret::Secret;
use crate::text::Both;

/// For the whole of a try: somebody is waiting before the screen.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstWords {
    /// Its greeting, on one line.
    pub greeting: String,
    /// How the connection is protected: as was wished, or not at all where it offers no STARTTLS.
    pub tls: Tls,
    /// Whether it wants people to log in, as far as it says so.
    pub asks_log_in: bool,
}

/// Connects, hears the greeting, secures the connection where the server can, and leaves again.
///
/// # Errors
///
/// How far it came, and why no further, within 15 seconds.
pub async fn greet(host: &str, port: u16, wish: Tls) -> Result<FirstWords, Both> {
    look(host, port, wish).await.map_err(|error| told(&error))
}

async fn look(host: &str, port: u16, wish: Tls) -> Result<FirstWords, SmtpError> {
    let until = Instant::now() + PATIENCE;
    let seal = || Seal::new(host).map_err(|error| Cause::Broken(error).at(Stage::StartTls));
    let security = if wish == Tls::Implicit { Security::Implicit(seal()?) } else { Security::None };
    let (mut session, greeting) = Session::greet(host, port, &security, until).await?;
    let tls = if wish == Tls::StartTls && !session.offers("STARTTLS") { Tls::None } else { wish };
    if tls == Tls::StartTls {
        session = session.start_tls(&seal()?).await?;
    }
    let asks_log_in = session.offers("AUTH");
    session.leave();
    Ok(FirstWords { greeting: greeting.to_string(), tls, asks_log_in })
}

/// Logs in, and leaves again.
///
/// # Errors
///
/// As [`greet`]. The server's words are without the password.
pub async fn log_in(host: &str, port: u16, tls: Tls, user: &str, password: Secret) -> Result<(), Both> {
    let seal = || Seal::new(host).map_err(|error| told(&Cause::Broken(error).at(Stage::StartTls)));
    let security = match tls {
        Tls::None => Security::None,
        Tls::StartTls => Security::StartTls(seal()?),
        Tls::Implicit => Security::Implicit(seal()?),
    };
    let credentials = Some(Credentials { user: user.to_owned(), password });
    let server = Server { host: host.to_owned(), port, security, credentials };
    let session = Session::open(&server, Instant::now() + PATIENCE).await.map_err(|error| told(&error))?;
    session.leave();
    Ok(())
}

/// How far it came and why no further, for people.
fn told(error: &SmtpError) -> Both {
    let place = match error.stage {
        Stage::Name | Stage::Connect => Both { en: "no connection", es: "no hay conexión" },
        Stage::Greeting => Both { en: "its greeting", es: "su saludo" },
        Stage::Hello => Both { en: "its answer to EHLO", es: "su respuesta a EHLO" },
        Stage::Seal | Stage::StartTls => Both { en: "no protected connection", es: "no hay conexión protegida" },
        Stage::Auth => Both { en: "it does not let you in", es: "no deja entrar" },
        Stage::Mail | Stage::Recipient | Stage::Data | Stage::Content => Both { en: "mail", es: "correo" },
    };
    let cause = match &error.cause {
        Cause::Timeout => both!("no answer in time", "no respondió a tiempo"),
        Cause::Foreign(said) => {
            both!("`{said}` is no answer of a mail server", "«{said}» no es respuesta de un servidor de correo")
        }
        cause @ (Cause::Refused(_) | Cause::Broken(_) | Cause::NotUtf8Address) => cause.to_string().into(),
    };
    Both { en: format!("{}: {}", place.en, cause.en), es: format!("{}: {}", place.es, cause.es) }
}
