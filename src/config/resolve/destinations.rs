//! `[smtp]` and `[destination.NAME]`.

use std::collections::{BTreeMap, BTreeSet};
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
    let reserved: Vec<_> = super::ROLES.into_iter().chain([EMAIL]).collect();
    for (name, destination) in &raw.destination {
        super::reserved(name, &reserved, mistakes);
        let Some(kind) = &destination.kind else {
            mistakes.missing(&destination.span(), name.span(), "type", "\"slack\"");
            continue;
        };
        refuse_foreign(destination, kind, mistakes);
        let own = super::language(destination.language.as_ref(), mistakes).unwrap_or(language);
        let settings = settings(name, destination, kind, own, &mail, mistakes);
        let address = destination.address.as_ref().and_then(|text| super::read(text, mistakes, super::people::address));
        if kind.as_str() == "email" && destination.address.is_none() {
            mistakes.missing(&destination.span(), name.span(), "address", "\"equipo@agencia.example\"");
        }
        let fallback = fallback(destination.fallback.as_ref(), name, raw, mistakes);
        if let Some(settings) = settings {
            destinations.insert(name.to_string(), Destination { settings, address, language: own, fallback });
        }
    }
    refuse_circles(raw, mistakes);
    destinations
}

/// Refuses keys that only another type of destination has: somebody expects something of them.
fn refuse_foreign(destination: &raw::Destination, kind: &At<String>, mistakes: &mut Mistakes) {
    let present = [
        ("url", destination.url.as_ref().map(At::span), &["slack", "webhook"][..]),
        ("secret", destination.secret.as_ref().map(At::span), &["webhook"]),
        ("address", destination.address.as_ref().map(At::span), &["email"]),
        ("path", destination.path.as_ref().map(At::span), &["file"]),
        ("buttons", destination.buttons.as_ref().map(At::span), &["slack"]),
        ("timeout", destination.timeout.as_ref().map(At::span), &["slack", "webhook"]),
    ];
    let word = kind.as_str();
    for (key, span, kinds) in present {
        let Some(span) = span.filter(|_| KINDS.contains(&word) && !kinds.contains(&word)) else { continue };
        let of = kinds.join("`, `");
        mistakes.error(
            span,
            both!("a destination of type `{word}` has no `{key}`", "un destino de tipo `{word}` no lleva `{key}`"),
            both!("remove it; `{key}` belongs to type `{of}`", "quítelo; `{key}` es del tipo `{of}`"),
        );
    }
}

/// Refuses fallbacks that come back to where they began: an alert would go round for ever.
fn refuse_circles(raw: &Raw, mistakes: &mut Mistakes) {
    let of_mail = raw.smtp.as_ref().and_then(|smtp| smtp.fallback.as_ref());
    let others = raw.destination.iter().map(|(name, destination)| (name.as_str(), destination.fallback.as_ref()));
    let fallbacks: BTreeMap<&str, &At<String>> =
        others.chain([(EMAIL, of_mail)]).filter_map(|(name, fallback)| Some((name, fallback?))).collect();
    let mut seen = BTreeSet::new();
    for start in fallbacks.keys() {
        let mut chain = vec![*start];
        while let Some(next) = chain.last().and_then(|last| fallbacks.get(last)) {
            if let Some(first) = chain.iter().position(|name| *name == next.as_str()) {
                let circle = &chain[first..];
                if 1 < circle.len() && !circle.iter().any(|name| seen.contains(name)) {
                    let round = [circle, &circle[..1]].concat().join("` → `");
                    mistakes.error(
                        next.span(),
                        both!("the fallbacks go in a circle: `{round}`", "los respaldos dan vueltas: `{round}`"),
                        both!("let one of them have no fallback", "deje uno de ellos sin respaldo"),
                    );
                }
                break;
            }
            if seen.contains(next.as_str()) {
                break;
            }
            chain.push(next.as_str());
        }
        seen.extend(chain);
    }
}

fn settings(
    name: &At<String>,
    destination: &At<raw::Destination>,
    kind: &At<String>,
    language: Language,
    mail: &Settings,
    mistakes: &mut Mistakes,
) -> Option<Settings> {
    let timeout = destination.timeout.as_ref().and_then(|text| super::read(text, mistakes, timeout));
    let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT).min(LONGEST_TIMEOUT);
    match kind.as_str() {
        "slack" => {
            let url = url(name, destination, mistakes)?;
            let buttons = destination.buttons.as_deref().copied().unwrap_or(false).then_some(language);
            Some(Settings::Slack(SlackSettings { url, timeout, buttons }))
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
            mistakes.unknown(
                kind.span(),
                Both { en: "unknown type of destination", es: "tipo de destino desconocido" },
                kind,
                KINDS,
            );
            None
        }
    }
}

fn timeout(text: &str) -> Result<Duration, Both> {
    let timeout = span::duration(text)?;
    if timeout.is_zero() {
        return Err(both!("write at least \"1s\"; \"10s\" is usual", "escriba al menos \"1s\"; lo normal es \"10s\""));
    }
    Ok(timeout)
}

fn url(name: &At<String>, destination: &At<raw::Destination>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    let Some(url) = &destination.url else {
        mistakes.missing(&destination.span(), name.span(), "url", "{ credential = \"…\" }");
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
                both!(
                    "write \"https://…\", or where it is kept, such as {{ credential = \"…\" }}",
                    "escriba \"https://…\", o dónde se guarda, como {{ credential = \"…\" }}"
                ),
            );
            None
        }
        WordOr::Table(reference) => source(reference, url.span(), mistakes),
    }
}

pub(super) fn secret_source(reference: &At<SecretRef>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    source(reference, reference.span(), mistakes)
}

fn source(reference: &SecretRef, span: std::ops::Range<usize>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    match (&reference.credential, &reference.env, &reference.file) {
        (Some(name), None, None) => Some(SecretSource::Credential(super::filled(name, "\"smtp-password\"", mistakes))),
        (None, Some(name), None) => Some(SecretSource::Env(super::filled(name, "\"SMTP_PASSWORD\"", mistakes))),
        (None, None, Some(path)) => {
            let path = super::filled(path, "\"/etc/plazo/smtp-password\"", mistakes);
            Some(SecretSource::File(PathBuf::from(path)))
        }
        // A misspelt key is told already.
        _ if mistakes.is_flawed(&span) => None,
        _ => {
            mistakes.error(
                span,
                both!("a secret has exactly one place", "un secreto se guarda en un solo lugar"),
                both!(
                    "write one of {{ credential = \"…\" }}, {{ env = \"…\" }} and {{ file = \"…\" }}",
                    "escriba solo uno: {{ credential = \"…\" }}, {{ env = \"…\" }} o {{ file = \"…\" }}"
                ),
            );
            None
        }
    }
}

fn email(smtp: &At<raw::Smtp>, mistakes: &mut Mistakes) -> EmailSettings {
    if smtp.host.is_none() {
        mistakes.missing(&smtp.span(), smtp.span(), "host", "\"mail.agencia.example\"");
    }
    if smtp.from.is_none() {
        mistakes.missing(&smtp.span(), smtp.span(), "from", "\"plazo <plazo@agencia.example>\"");
    }
    let tls = match smtp.tls.as_ref().map(|tls| (tls, tls.as_str())) {
        None | Some((_, "starttls")) => Tls::StartTls,
        Some((_, "tls")) => Tls::Implicit,
        Some((_, "none")) => Tls::None,
        Some((tls, word)) => {
            mistakes.unknown(
                tls.span(),
                Both { en: "unknown kind of TLS", es: "tipo de TLS desconocido" },
                word,
                ["starttls", "tls", "none"],
            );
            Tls::StartTls
        }
    };
    if smtp.user.is_some() != smtp.password.is_some() && !mistakes.is_told(&smtp.span()) {
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
    if let Some(zero) = smtp.port.as_ref().filter(|port| ***port == 0) {
        mistakes.error(
            zero.span(),
            both!("there is no port 0", "no existe el puerto 0"),
            both!(
                "write 587 with starttls, 465 with tls, 25 without",
                "escriba 587 con starttls, 465 con tls, 25 sin cifrar"
            ),
        );
    }
    EmailSettings {
        host: smtp
            .host
            .as_ref()
            .map(|host| super::filled(host, "\"mail.agencia.example\"", mistakes))
            .unwrap_or_default(),
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
    mistakes.unknown(name.span(), Both { en: "unknown destination", es: "destino desconocido" }, name, known);
    None
}
