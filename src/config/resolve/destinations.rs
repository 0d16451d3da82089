//! `[smtp]` and `[destination.NAME]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw, SecretRef, WordOr};
use crate::config::{Destination, EMAIL};
use crate::notify::Settings;
use crate::notify::email::{EmailSettings, Tls};
use crate::notify::file::FileSettings;
use crate::notify::slack::SlackSettings;
use crate::notify::webhook::WebhookSettings;
use crate::secret::SecretSource;
use crate::span;
use crate::text::{Both, Language};

const KINDS: [&str; 4] = ["slack", "webhook", "email", "file"];
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) fn resolve(raw: &Raw, language: Language, mistakes: &mut Mistakes) -> BTreeMap<String, Destination> {
    let mail = raw.smtp.as_ref().map(|smtp| email(smtp, mistakes));
    let mail = mail.map_or(Settings::File(FileSettings { directory: None }), Settings::Email);
    let of_mail = raw.smtp.as_ref().and_then(|smtp| fallback(smtp.fallback.as_ref(), EMAIL, raw, mistakes));
    let email = Destination { settings: mail.clone(), address: None, language, fallback: of_mail };
    let mut destinations = BTreeMap::from([(EMAIL.to_owned(), email)]);
    for (name, destination) in &raw.destination {
        let Some(kind) = &destination.kind else {
            super::missing(name.span(), "type", "\"slack\"", mistakes);
            continue;
        };
        let settings = settings(name, destination, kind, &mail, mistakes);
        let address = destination.address.as_ref().and_then(|text| super::read(text, mistakes, super::people::address));
        if kind.as_str() == "email" && destination.address.is_none() {
            super::missing(name.span(), "address", "\"equipo@agencia.example\"", mistakes);
        }
        let language = super::language(destination.language.as_ref(), mistakes).unwrap_or(language);
        let fallback = fallback(destination.fallback.as_ref(), name, raw, mistakes);
        if let Some(settings) = settings {
            destinations.insert(name.to_string(), Destination { settings, address, language, fallback });
        }
    }
    destinations
}

fn settings(
    name: &At<String>,
    destination: &raw::Destination,
    kind: &At<String>,
    mail: &Settings,
    mistakes: &mut Mistakes,
) -> Option<Settings> {
    let timeout = destination.timeout.as_ref().and_then(|text| super::read(text, mistakes, span::duration));
    let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT).min(LONGEST_TIMEOUT);
    match kind.as_str() {
        "slack" => {
            let url = url(name, destination, mistakes)?;
            Some(Settings::Slack(SlackSettings { url, timeout }))
        }
        "webhook" => {
            let url = url(name, destination, mistakes)?;
            let secret = destination.secret.as_ref().and_then(|secret| secret_source(secret, mistakes));
            Some(Settings::Webhook(WebhookSettings { url, secret, timeout }))
        }
        "email" => Some(mail.clone()),
        "file" => {
            let directory = destination.path.as_ref().map(|path| PathBuf::from(path.as_str()));
            Some(Settings::File(FileSettings { directory }))
        }
        _ => {
            mistakes.unknown(kind.span(), Both { en: "type of destination", es: "tipo de destino" }, kind, KINDS);
            None
        }
    }
}

fn url(name: &At<String>, destination: &raw::Destination, mistakes: &mut Mistakes) -> Option<SecretSource> {
    let Some(url) = &destination.url else {
        super::missing(name.span(), "url", "{ credential = \"…\" }", mistakes);
        return None;
    };
    match &**url {
        WordOr::Word(word) if reqwest::Url::parse(word).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) => {
            Some(SecretSource::Plain(word.clone()))
        }
        WordOr::Word(_) => {
            mistakes.error(
                url.span(),
                both!("this is no web address", "esto no es una dirección web"),
                both!("write \"https://…\"", "escriba \"https://…\""),
            );
            None
        }
        WordOr::Table(reference) => source(reference, url.span(), mistakes),
    }
}

fn secret_source(reference: &At<SecretRef>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    source(reference, reference.span(), mistakes)
}

fn source(reference: &SecretRef, span: std::ops::Range<usize>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    match (&reference.credential, &reference.env, &reference.file) {
        (Some(name), None, None) => Some(SecretSource::Credential(name.to_string())),
        (None, Some(name), None) => Some(SecretSource::Env(name.to_string())),
        (None, None, Some(path)) => Some(SecretSource::File(PathBuf::from(path.as_str()))),
        _ => {
            mistakes.error(
                span,
                both!("a secret has exactly one place", "un secreto está en un solo lugar"),
                both!(
                    "write {{ credential = \"…\" }}, {{ env = \"…\" }} or {{ file = \"…\" }}",
                    "escriba {{ credential = \"…\" }}, {{ env = \"…\" }} o {{ file = \"…\" }}"
                ),
            );
            None
        }
    }
}

fn email(smtp: &At<raw::Smtp>, mistakes: &mut Mistakes) -> EmailSettings {
    if smtp.host.is_none() {
        super::missing(smtp.span(), "host", "\"mail.agencia.example\"", mistakes);
    }
    if smtp.from.is_none() {
        super::missing(smtp.span(), "from", "\"plazo <plazo@agencia.example>\"", mistakes);
    }
    let tls = match smtp.tls.as_ref().map(|tls| (tls, tls.as_str())) {
        None | Some((_, "starttls")) => Tls::StartTls,
        Some((_, "tls")) => Tls::Implicit,
        Some((_, "none")) => Tls::None,
        Some((tls, word)) => {
            mistakes.unknown(
                tls.span(),
                Both { en: "kind of TLS", es: "tipo de TLS" },
                word,
                ["starttls", "tls", "none"],
            );
            Tls::StartTls
        }
    };
    if smtp.user.is_some() != smtp.password.is_some() {
        let present = smtp.user.as_ref().map(At::span).or_else(|| smtp.password.as_ref().map(At::span));
        mistakes.error(
            present.unwrap_or_else(|| smtp.span()),
            both!("`user` and `password` go together", "`user` y `password` van juntos"),
            both!("add the other one, or leave both out", "agregue el que falta, o quite ambos"),
        );
    }
    let from = smtp.from.as_ref().and_then(|from| {
        super::read(from, mistakes, |text| {
            text.parse::<Mailbox>().map(|mailbox| mailbox.to_string()).map_err(|_| {
                both!(
                    "write a sender, such as \"plazo <plazo@agencia.example>\"",
                    "escriba un remitente, como \"plazo <plazo@agencia.example>\""
                )
            })
        })
    });
    EmailSettings {
        host: smtp.host.as_ref().map_or_else(String::new, |host| host.to_string()),
        port: smtp.port.as_deref().copied().unwrap_or_else(|| tls.default_port()),
        tls,
        user: smtp.user.as_ref().map(|user| user.to_string()),
        password: smtp.password.as_ref().and_then(|password| secret_source(password, mistakes)),
        from: from.unwrap_or_default(),
    }
}

fn fallback(name: Option<&At<String>>, of: &str, raw: &Raw, mistakes: &mut Mistakes) -> Option<String> {
    let name = name?;
    if name.as_str() == of {
        mistakes.error(
            name.span(),
            both!("`{of}` is its own fallback", "`{of}` es su propio respaldo"),
            both!("name another destination", "indique otro destino"),
        );
        return None;
    }
    let known = raw.destination.keys().map(|key| key.as_str()).chain([EMAIL]);
    if known.clone().any(|known| known == name.as_str()) {
        return Some(name.to_string());
    }
    mistakes.unknown(name.span(), Both { en: "destination", es: "destino" }, name, known);
    None
}
