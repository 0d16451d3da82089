//! `[smtp]` and `[destination.NAME]`. What the keys of a type mean is said by its transport.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use schemars::SchemaGenerator;

use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, OneOrMany, Raw, SecretRef, WordOr};
use crate::config::{Destination, EMAIL};
use crate::net::address;
use crate::notify::email::{self, MailServer};
use crate::notify::smtp::Tls;
use crate::notify::{Kind, Settings, provider};
use crate::secret::SecretSource;
use crate::text::{Both, Language};
use crate::{both, span};

pub(super) fn resolve(raw: &Raw, language: Language, mistakes: &mut Mistakes) -> BTreeMap<String, Destination> {
    let server = raw.smtp.as_ref().map(|smtp| mail_server(smtp, mistakes));
    let of_mail = raw.smtp.as_ref().and_then(|smtp| smtp.fallback.as_ref());
    let of_mail = fallback(of_mail, EMAIL, raw, mistakes);
    let mail = Settings::Email(Box::new(email::Settings { server: server.clone(), address: None }));
    let mail = Destination { settings: mail, language, fallback: of_mail };
    let mut destinations = BTreeMap::from([(EMAIL.to_owned(), mail)]);
    let reserved: Vec<_> = super::ROLES.into_iter().chain([EMAIL]).collect();
    let known = own_keys();
    for (name, destination) in &raw.destination {
        super::reserved(name, &reserved, mistakes);
        let Some(word) = &destination.shared.kind else {
            mistakes.missing(&destination.span(), name.span(), "type", "\"slack\"");
            continue;
        };
        let Some(kind) = Kind::named(word) else {
            let what = Both { en: "unknown type of destination", es: "tipo de destino desconocido" };
            mistakes.unknown(word.span(), what, word, Kind::ALL.iter().map(|kind| kind.as_str()));
            continue;
        };
        refuse_foreign(destination, kind, &known, mistakes);
        let own = super::language(destination.shared.language.as_ref(), mistakes).unwrap_or(language);
        let fallback = fallback(destination.shared.fallback.as_ref(), name, raw, mistakes);
        let (table, name_at) = (destination.span(), name.span());
        let mut reader = ConfigReader { language: own, server: server.as_ref(), table, name_at, mistakes };
        if let Some(settings) = destination.own.as_ref().and_then(|own| own.settle(&mut reader)) {
            destinations.insert(name.to_string(), Destination { settings, language: own, fallback });
        }
    }
    refuse_circles(raw, mistakes);
    destinations
}

/// The keys that each type has besides those that all have.
fn own_keys() -> BTreeMap<Kind, BTreeSet<String>> {
    let mut generator = SchemaGenerator::default();
    let keys = |kind: &Kind| (*kind, kind.keys(&mut generator).into_iter().map(|(key, _)| key).collect());
    Kind::ALL.iter().map(keys).collect()
}

/// Refuses keys that only another type of destination has: somebody expects something of them.
fn refuse_foreign(
    destination: &raw::Destination,
    kind: Kind,
    known: &BTreeMap<Kind, BTreeSet<String>>,
    mistakes: &mut Mistakes,
) {
    let word = kind.as_str();
    let has = |kind: &Kind, key: &str| known.get(kind).is_some_and(|keys| keys.contains(key));
    for (key, span) in destination.own_keys.iter().filter(|(key, _)| !has(&kind, key)) {
        let owners = Kind::ALL.iter().filter(|owner| has(owner, key));
        let of = owners.map(|owner| owner.as_str()).collect::<Vec<_>>().join("`, `");
        mistakes.error(
            span.clone(),
            both!("a destination of type `{word}` has no `{key}`", "un destino de tipo `{word}` no lleva `{key}`"),
            both!("remove it; `{key}` belongs to type `{of}`", "quítelo; `{key}` es del tipo `{of}`"),
        );
    }
}

/// Reads the values of one destination, and notes what is wrong with them.
struct ConfigReader<'a> {
    language: Language,
    server: Option<&'a MailServer>,
    /// Where the destination's table stands, and its name.
    table: Range<usize>,
    name_at: Range<usize>,
    mistakes: &'a mut Mistakes,
}

impl provider::ConfigReader for ConfigReader<'_> {
    fn language(&self) -> Language {
        self.language
    }

    fn mail_server(&self) -> Option<MailServer> {
        self.server.cloned()
    }

    fn error(&mut self, span: Range<usize>, cause: Both, remedy: Both) {
        self.mistakes.error(span, cause, remedy);
    }

    fn unknown(&mut self, span: Range<usize>, what: Both<&str>, word: &str, known: &[&str]) {
        self.mistakes.unknown(span, what, word, known.iter().copied());
    }

    fn missing(&mut self, key: &str, example: &str) {
        self.mistakes.missing(&self.table, self.name_at.clone(), key, example);
    }

    fn text(&mut self, written: &At<String>, example: &str) -> String {
        super::filled(written, example, self.mistakes)
    }

    fn mailbox(&mut self, written: &At<String>) -> Option<String> {
        super::read(written, self.mistakes, super::people::address)
    }

    fn timeout(&mut self, written: &At<String>) -> Option<Duration> {
        super::read(written, self.mistakes, timeout)
    }

    fn address(&mut self, written: &At<WordOr<SecretRef>>, private: bool) -> Option<SecretSource> {
        web_address(written, private, self.mistakes)
    }

    fn secret(&mut self, written: &At<SecretRef>) -> Option<SecretSource> {
        secret_source(written, self.mistakes)
    }
}

/// Refuses to tell a destination itself where only people have addresses there.
pub(super) fn refuse_without_address(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) {
    let Some((_, destination)) = raw.destination.iter().find(|(key, _)| key.as_str() == name.as_str()) else { return };
    if destination.own.as_ref().is_some_and(crate::notify::Config::is_for_readers_alone) {
        let word = name.as_str();
        mistakes.error(
            name.span(),
            both!("`{word}` has no address of its own", "`{word}` no tiene dirección propia"),
            both!(
                "add `to` to the destination, or tell people whose `notify` names it",
                "agregue `to` al destino, o avise a personas cuyo `notify` lo nombre"
            ),
        );
    }
}

/// Refuses fallbacks that come back to where they began: an alert would go round for ever.
fn refuse_circles(raw: &Raw, mistakes: &mut Mistakes) {
    let of_mail = raw.smtp.as_ref().and_then(|smtp| smtp.fallback.as_ref());
    let others =
        raw.destination.iter().map(|(name, destination)| (name.as_str(), destination.shared.fallback.as_ref()));
    // Those of one list are tried in turn; what comes after the last is the last one's own.
    let fallbacks: BTreeMap<&str, &At<String>> =
        others.chain([(EMAIL, of_mail)]).filter_map(|(name, fallback)| Some((name, fallback?.items.last()?))).collect();
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

fn timeout(text: &str) -> Result<Duration, Both> {
    let timeout = span::duration(text)?;
    if timeout.is_zero() {
        return Err(both!("write at least \"1s\"; \"10s\" is usual", "escriba al menos \"1s\"; lo normal es \"10s\""));
    }
    Ok(timeout)
}

/// A web address, or where one is kept. One that is written out must be public unless the file says otherwise.
pub(super) fn web_address(url: &At<WordOr<SecretRef>>, private: bool, mistakes: &mut Mistakes) -> Option<SecretSource> {
    let word = match &**url {
        WordOr::Word(word) => word,
        WordOr::Table(reference) => return secret_or(reference, url.span(), mistakes),
    };
    let parsed = reqwest::Url::parse(word).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        mistakes.error(
            url.span(),
            both!("this is no web address", "esto no es una dirección web"),
            both!(
                "write \"https://…\", or where it is kept, such as {{ credential = \"…\" }}",
                "escriba \"https://…\", o dónde se guarda, como {{ credential = \"…\" }}"
            ),
        );
        return None;
    };
    if !private && address::is_private_host(&parsed) {
        mistakes.error(
            url.span(),
            both!("this address lies inside of the house", "esta dirección está dentro de la casa"),
            both!("if that is meant, add private = true", "si es lo que se quiere, agregue private = true"),
        );
        return None;
    }
    Some(SecretSource::Plain(word.clone()))
}

pub(super) fn secret_source(reference: &At<SecretRef>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    secret_or(reference, reference.span(), mistakes)
}

/// Where a secret is kept, of a reference that stands there.
pub(super) fn secret_or(
    reference: &SecretRef,
    span: std::ops::Range<usize>,
    mistakes: &mut Mistakes,
) -> Option<SecretSource> {
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

fn mail_server(smtp: &At<raw::Smtp>, mistakes: &mut Mistakes) -> MailServer {
    if smtp.host.is_none() {
        mistakes.missing(&smtp.span(), smtp.span(), "host", "\"mail.agencia.example\"");
    }
    if smtp.from.is_none() {
        mistakes.missing(&smtp.span(), smtp.span(), "from", "\"plazo <plazo@agencia.example>\"");
    }
    let tls = tls(smtp.tls.as_ref(), mistakes);
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
    if let (Tls::None, Some(host)) = (tls, &smtp.host) {
        super::warn_of_plain(host, smtp.password.is_some(), mistakes);
    }
    MailServer {
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

/// How the connection to the mail server is protected.
fn tls(word: Option<&At<String>>, mistakes: &mut Mistakes) -> Tls {
    match word.map(|tls| (tls, tls.as_str())) {
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
    }
}

/// The destinations that are told in order what `of` could not be.
pub(super) fn fallback(
    names: Option<&OneOrMany<At<String>>>,
    of: &str,
    raw: &Raw,
    mistakes: &mut Mistakes,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in super::items(names, mistakes) {
        if name.as_str() == of {
            mistakes.error(
                name.span(),
                both!("`{of}` is its own fallback", "`{of}` es su propio respaldo"),
                both!("name another destination", "indique otro destino"),
            );
            continue;
        }
        let known = raw.destination.keys().map(|key| key.as_str()).chain([EMAIL]);
        if !known.clone().any(|known| known == name.as_str()) {
            let what = Both { en: "unknown destination", es: "destino desconocido" };
            mistakes.unknown(name.span(), what, name, known);
            continue;
        }
        if !found.contains(name) {
            found.push(name.to_string());
        }
    }
    found
}
