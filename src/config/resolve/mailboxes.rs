//! `[mailbox.NAME]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::calendars::Calendars;
use super::destinations::secret_source;
use super::sources;
use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::intake::mailbox::{Login, MailboxSettings, OAuthSettings, Security};
use crate::text::Both;

pub(super) fn resolve(raw: &Raw, calendars: &Calendars, mistakes: &mut Mistakes) -> BTreeMap<String, MailboxSettings> {
    let mut mailboxes = BTreeMap::new();
    for (name, mailbox) in &raw.mailbox {
        sources::check_name(name, mistakes);
        if raw.source.keys().any(|source| source.as_str() == name.as_str()) {
            mistakes.error(
                name.span(),
                both!("a source has this name already", "ya hay una fuente con este nombre"),
                both!("choose another name", "elija otro nombre"),
            );
        }
        if let Some(settings) = settings(name, mailbox, calendars, mistakes) {
            warn_of_belief(&settings, name, mistakes);
            mailboxes.insert(name.to_string(), settings);
        }
    }
    mailboxes
}

fn settings(
    name: &At<String>,
    mailbox: &At<raw::Mailbox>,
    calendars: &Calendars,
    mistakes: &mut Mistakes,
) -> Option<MailboxSettings> {
    let span = mailbox.span();
    if mailbox.host.is_none() {
        mistakes.missing(&span, name.span(), "host", "\"imap.agencia.example\"");
    }
    if mailbox.user.is_none() {
        mistakes.missing(&span, name.span(), "user", "\"soporte@agencia.example\"");
    }
    let security = match mailbox.tls.as_ref().map(|tls| (tls, tls.as_str())) {
        None | Some((_, "tls")) => Security::Tls,
        Some((_, "starttls")) => Security::StartTls,
        Some((_, "none")) => Security::None,
        Some((tls, word)) => {
            let what = Both { en: "unknown kind of TLS", es: "tipo de TLS desconocido" };
            mistakes.unknown(tls.span(), what, word, ["tls", "starttls", "none"]);
            Security::Tls
        }
    };
    let login = login(name, mailbox, mistakes);
    if let (Security::None, Some(host)) = (security, &mailbox.host) {
        super::warn_of_plain(host, true, mistakes);
    }
    let folders: Vec<_> =
        super::items(mailbox.folders.as_ref(), mistakes).iter().map(|item| item.to_string()).collect();
    let user = mailbox.user.as_ref().map(|user| super::filled(user, "\"soporte@agencia.example\"", mistakes));
    let (host, user) = (mailbox.host.as_ref(), user?);
    let own = mailbox.addresses.iter().map(|address| address.to_lowercase());
    Some(MailboxSettings {
        name: name.to_string(),
        host: super::filled(host?, "\"imap.agencia.example\"", mistakes),
        port: mailbox.port.as_deref().copied().unwrap_or_else(|| security.default_port()),
        security,
        ca: mailbox.ca.as_ref().map(|path| PathBuf::from(path.as_str())),
        // The user name is an address where it looks like one.
        own: own.chain(user.contains('@').then(|| user.to_lowercase())).collect(),
        user,
        login: login?,
        folders: if folders.is_empty() { vec!["INBOX".to_owned()] } else { folders },
        trusts: server_names(mailbox.trusts.as_ref(), mistakes),
        sent: super::items(mailbox.sent.as_ref(), mistakes).iter().map(|item| item.to_string()).collect(),
        inbox: mailbox.inbox.as_ref().map(|inbox| inbox.to_string()),
        tags: mailbox.tags.iter().map(|tag| tag.to_string()).collect(),
        silence: sources::silence(mailbox.silent_after.as_ref(), mailbox.calendar.as_ref(), calendars, mistakes),
    })
}

/// Mail of the house that nothing vouches for stops no clock; a file by which no answer by mail can count says so.
fn warn_of_belief(mailbox: &MailboxSettings, name: &At<String>, mistakes: &mut Mistakes) {
    if !mailbox.trusts.is_empty() || mailbox.reads_sent() {
        return;
    }
    let shown = &mailbox.name;
    mistakes.warning(
        name.span(),
        both!(
            "nothing vouches for mail of the house in [mailbox.{shown}]: no answer that is read there stops a clock",
            "nada responde por el correo de la casa en [mailbox.{shown}]: ninguna respuesta que se lea allí detiene un reloj"
        ),
        both!(
            "add the folder of what was sent, folders = [\"INBOX\", \"Sent\"], or name the server that receives your mail, trusts = \"mx.google.com\" (docs/guide.md)",
            "añada la carpeta de enviados, folders = [\"INBOX\", \"Sent\"], o indique el servidor que recibe su correo, trusts = \"mx.google.com\" (docs/guia.md)"
        ),
    );
}

/// Names of mail servers, in lower case: not addresses, nor what stands for any.
fn server_names(words: Option<&raw::Words>, mistakes: &mut Mistakes) -> Vec<String> {
    let mut names = Vec::new();
    for item in super::items(words, mistakes) {
        let name = item.trim().trim_end_matches('.').to_lowercase();
        let is_name =
            name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if !is_name {
            let shown = item.to_string();
            mistakes.error(
                item.span(),
                both!("`{shown}` is no name of a mail server", "`{shown}` no es el nombre de un servidor de correo"),
                both!(
                    "write it as it stands in the header Authentication-Results of received mail, such as \"mx.google.com\"",
                    "escríbalo como aparece en la cabecera Authentication-Results del correo recibido, por ejemplo \"mx.google.com\""
                ),
            );
            continue;
        }
        names.push(name);
    }
    names
}

fn login(name: &At<String>, mailbox: &At<raw::Mailbox>, mistakes: &mut Mistakes) -> Option<Login> {
    match (&mailbox.password, &mailbox.oauth) {
        (Some(password), None) => secret_source(password, mistakes).map(Login::Password),
        (None, Some(oauth)) => {
            let place = oauth.span();
            for (key, is_there) in [("token_url", oauth.token_url.is_some()), ("client_id", oauth.client_id.is_some())]
            {
                if !is_there {
                    let example = if key == "token_url" { "\"https://…\"" } else { "{ credential = \"…\" }" };
                    mistakes.missing(&place, place.clone(), key, example);
                }
            }
            let mut secret = |secret: &Option<At<raw::SecretRef>>| {
                secret.as_ref().and_then(|secret| secret_source(secret, mistakes))
            };
            let (client_id, client_secret) = (secret(&oauth.client_id), secret(&oauth.client_secret));
            let refresh_token = secret(&oauth.refresh_token);
            let token_url = oauth.token_url.as_ref().and_then(|url| super::read(url, mistakes, sources::address))?;
            let scope = oauth.scope.as_ref().map(|scope| scope.to_string()).unwrap_or_default();
            let client_id = client_id?;
            Some(Login::OAuth(OAuthSettings { token_url, client_id, client_secret, refresh_token, scope }))
        }
        (Some(_), Some(oauth)) => {
            mistakes.error(
                oauth.span(),
                both!("`password` and `oauth` exclude each other", "`password` y `oauth` se excluyen"),
                both!("keep one of them", "deje solo uno"),
            );
            None
        }
        (None, None) => {
            mistakes.missing(&mailbox.span(), name.span(), "password", "{ credential = \"…\" }");
            None
        }
    }
}
