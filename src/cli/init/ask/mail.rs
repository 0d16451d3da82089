//! The mail server: tried as soon as its address is typed, and again with whoever logs in.

use std::path::PathBuf;

use super::Asking;
use crate::both;
use crate::cli::init::fill::{MailServer, Somebody};
use crate::cli::init::{PASSWORD, Typed, server_of, tls_of, word_of};
use crate::cli::output::{DIM, GREEN, RED, YELLOW};
use crate::notify::smtp::Tls;
use crate::notify::smtp::probe::{self, FirstWords};
use crate::secret::{Secret, SecretSource};
use crate::text::Both;

/// What the command line says of it.
pub(super) struct Given {
    pub(super) server: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) from: Option<String>,
}

/// The server by which alerts go, once it has answered; none where mails are to be written as files.
pub(super) async fn ask(
    asking: &Asking,
    given: Given,
    operator: &Somebody,
    typed: &mut Vec<Typed>,
) -> anyhow::Result<Option<MailServer>> {
    let Some((host, port, words)) = server(asking, given.server.as_deref()).await? else { return Ok(None) };
    let from = given.from.unwrap_or_else(|| format!("plazo <{}>", operator.email));
    let mut mail = MailServer { host, port, tls: word_of(words.tls), user: None, password: None, from };
    let mut user = given.user;
    if user.is_none() && !words.asks_log_in {
        return Ok(Some(mail));
    }
    loop {
        let who = match user.take() {
            Some(user) => Some(user),
            None => asking.text(both!("Who logs in there (empty: nobody)", "Quién entra ahí (vacío: nadie)"))?,
        };
        let Some(who) = who else { return Ok(Some(mail)) };
        let password = match &given.password_file {
            Some(file) => SecretSource::File(file.clone()).read()?,
            None => Secret::new(asking.password(both!(
                "Its password (kept in {PASSWORD}, for you alone)",
                "Su clave (queda en {PASSWORD}, solo para usted)"
            ))?),
        };
        asking.say(DIM, both!("trying …", "probando …"))?;
        match probe::log_in(&mail.host, mail.port, words.tls, &who, password.clone()).await {
            Ok(()) => {
                asking.say(GREEN, both!("  ✓ {who} is let in", "  ✓ {who} puede entrar"))?;
                mail.user = Some(who);
                mail.password =
                    Some(given.password_file.map_or(PASSWORD.to_owned(), |file| file.display().to_string()));
                if mail.password.as_deref() == Some(PASSWORD) {
                    typed.push(Typed { file: PASSWORD, secret: password });
                }
                return Ok(Some(mail));
            }
            Err(Both { en, es }) if given.password_file.is_some() => {
                anyhow::bail!(
                    asking
                        .of(both!("{who}: {en}; see --smtp-password-file", "{who}: {es}; revise --smtp-password-file"))
                )
            }
            Err(Both { en, es }) => asking.say(RED, both!("  ✗ {who}: {en}", "  ✗ {who}: {es}"))?,
        }
    }
}

/// The first server that answers, with what it said.
async fn server(asking: &Asking, given: Option<&str>) -> anyhow::Result<Option<(String, u16, FirstWords)>> {
    let mut named = given.map(|server| server_of(server, asking.language)).transpose()?;
    loop {
        let server = match named.take() {
            Some(server) => Some(server),
            None => asking.server()?,
        };
        let Some((host, port)) = server else { return Ok(None) };
        asking.say(DIM, both!("trying {host}:{port} …", "probando {host}:{port} …"))?;
        match probe::greet(&host, port, tls_of(&host, port)).await {
            Ok(words) => {
                tell(asking, &words)?;
                return Ok(Some((host, port, words)));
            }
            Err(Both { en, es }) => asking.say(
                RED,
                both!(
                    "  ✗ {host}:{port}: {en}\n    another one, or none for now: [smtp] can be written into the file later",
                    "  ✗ {host}:{port}: {es}\n    escriba otro, o ninguno por ahora: [smtp] se puede escribir después en el archivo"
                ),
            )?,
        }
    }
}

fn tell(asking: &Asking, words: &FirstWords) -> anyhow::Result<()> {
    let greeting = crate::text::printable::printable_line(&words.greeting);
    let protection = match words.tls {
        Tls::None => Both { en: "without TLS", es: "sin TLS" },
        Tls::StartTls => Both { en: "STARTTLS ✓", es: "STARTTLS ✓" },
        Tls::Implicit => Both { en: "TLS ✓", es: "TLS ✓" },
    };
    let log_in = if words.asks_log_in {
        Both { en: "people log in", es: "pide usuario y clave" }
    } else {
        Both { en: "nobody logs in", es: "no pide clave" }
    };
    asking.say(
        if words.tls == Tls::None { YELLOW } else { GREEN },
        Both {
            en: format!("  {greeting} · {} · {}", protection.en, log_in.en),
            es: format!("  {greeting} · {} · {}", protection.es, log_in.es),
        },
    )
}
