//! `[smtp]` and `[destination.NAME]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, OneOrMany, Raw, SecretRef, WordOr};
use crate::config::{Destination, EMAIL};
use crate::net::address;
use crate::notify::email::EmailSettings;
use crate::notify::smtp::Tls;
use crate::notify::whatsapp::Parameter;
use crate::notify::{HttpSettings, Kind, Settings};
use crate::secret::SecretSource;
use crate::span;
use crate::text::{Both, Language};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) fn resolve(raw: &Raw, language: Language, mistakes: &mut Mistakes) -> BTreeMap<String, Destination> {
    let mail = raw.smtp.as_ref().map(|smtp| email(smtp, mistakes));
    let mail = mail.map_or(Settings::File { directory: None }, Settings::Email);
    let of_mail = raw.smtp.as_ref().and_then(|smtp| smtp.fallback.as_ref());
    let of_mail = fallback(of_mail, EMAIL, raw, mistakes);
    let email = Destination { settings: mail.clone(), address: None, language, fallback: of_mail };
    let mut destinations = BTreeMap::from([(EMAIL.to_owned(), email)]);
    let reserved: Vec<_> = super::ROLES.into_iter().chain([EMAIL]).collect();
    for (name, destination) in &raw.destination {
        super::reserved(name, &reserved, mistakes);
        let Some(word) = &destination.kind else {
            mistakes.missing(&destination.span(), name.span(), "type", "\"slack\"");
            continue;
        };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == word.as_str()) else {
            let what = Both { en: "unknown type of destination", es: "tipo de destino desconocido" };
            mistakes.unknown(word.span(), what, word, Kind::ALL.map(Kind::as_str));
            continue;
        };
        refuse_foreign(destination, kind, mistakes);
        let own = super::language(destination.language.as_ref(), mistakes).unwrap_or(language);
        let address = destination.address.as_ref().and_then(|text| super::read(text, mistakes, super::people::address));
        let fallback = fallback(destination.fallback.as_ref(), name, raw, mistakes);
        let settings = match kind {
            Kind::Email => {
                if destination.address.is_none() {
                    mistakes.missing(&destination.span(), name.span(), "address", "\"equipo@agencia.example\"");
                }
                Some(mail.clone())
            }
            Kind::File => {
                Some(Settings::File { directory: destination.path.as_ref().map(|path| PathBuf::from(path.as_str())) })
            }
            _ => http(name, destination, kind, own, mistakes).map(|settings| Settings::Http(Box::new(settings))),
        };
        if let Some(settings) = settings {
            destinations.insert(name.to_string(), Destination { settings, address, language: own, fallback });
        }
    }
    refuse_circles(raw, mistakes);
    destinations
}

/// The types that have a key besides those that all have.
fn owners(key: &str) -> &'static [Kind] {
    use Kind::*;
    match key {
        "url" => &[
            Slack, Teams, GoogleChat, Discord, Mattermost, RocketChat, Telegram, WhatsApp, Ntfy, PagerDuty, Webhook,
            Glpi, ClickUp,
        ],
        "private" | "timeout" => owners("url"),
        "token" => &[Slack, Telegram, WhatsApp, Ntfy, PagerDuty, Glpi, ClickUp],
        "app_token" => &[Glpi],
        "secret" | "previous_secret" => &[Webhook],
        "to" => &[Slack, Telegram, WhatsApp, Ntfy, ClickUp],
        "topic" => &[Telegram],
        "sender" | "template" | "template_language" | "parameters" => &[WhatsApp],
        "fields" => &[Glpi, ClickUp],
        "buttons" => &[Slack, Telegram],
        "address" => &[Email],
        "path" => &[File],
        _ => &Kind::ALL,
    }
}

/// Refuses keys that only another type of destination has: somebody expects something of them.
fn refuse_foreign(destination: &raw::Destination, kind: Kind, mistakes: &mut Mistakes) {
    let present = [
        ("url", destination.url.as_ref().map(At::span)),
        ("token", destination.token.as_ref().map(At::span)),
        ("app_token", destination.app_token.as_ref().map(At::span)),
        ("secret", destination.secret.as_ref().map(At::span)),
        ("previous_secret", destination.previous_secret.as_ref().map(At::span)),
        ("to", destination.to.as_ref().map(At::span)),
        ("topic", destination.topic.as_ref().map(At::span)),
        ("sender", destination.sender.as_ref().map(At::span)),
        ("template", destination.template.as_ref().map(At::span)),
        ("template_language", destination.template_language.as_ref().map(At::span)),
        ("parameters", destination.parameters.first().map(At::span)),
        ("fields", destination.fields.as_ref().map(At::span)),
        ("buttons", destination.buttons.as_ref().map(At::span)),
        ("private", destination.private.as_ref().map(At::span)),
        ("address", destination.address.as_ref().map(At::span)),
        ("path", destination.path.as_ref().map(At::span)),
        ("timeout", destination.timeout.as_ref().map(At::span)),
    ];
    let word = kind.as_str();
    for (key, span) in present {
        let kinds = owners(key);
        let Some(span) = span.filter(|_| !kinds.contains(&kind)) else { continue };
        let of = kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join("`, `");
        mistakes.error(
            span,
            both!("a destination of type `{word}` has no `{key}`", "un destino de tipo `{word}` no lleva `{key}`"),
            both!("remove it; `{key}` belongs to type `{of}`", "quítelo; `{key}` es del tipo `{of}`"),
        );
    }
}

/// Refuses to tell a destination itself where only people have addresses there.
pub(super) fn refuse_without_address(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) {
    let Some((_, destination)) = raw.destination.iter().find(|(key, _)| key.as_str() == name.as_str()) else { return };
    let is_personal = match destination.kind.as_ref().map(|kind| kind.as_str()) {
        Some("telegram" | "whatsapp" | "ntfy") => true,
        Some("slack") => destination.token.is_some(),
        _ => false,
    };
    if is_personal && destination.to.is_none() {
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
    let others = raw.destination.iter().map(|(name, destination)| (name.as_str(), destination.fallback.as_ref()));
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

fn http(
    name: &At<String>,
    destination: &At<raw::Destination>,
    kind: Kind,
    language: Language,
    mistakes: &mut Mistakes,
) -> Option<HttpSettings> {
    let timeout = destination.timeout.as_ref().and_then(|text| super::read(text, mistakes, timeout));
    let private = destination.private.as_deref().copied().unwrap_or(false);
    let token = destination.token.as_ref().and_then(|secret| secret_source(secret, mistakes));
    let url = url(name, destination, kind, private, mistakes);
    require(name, destination, kind, mistakes);
    let parameters = destination.parameters.iter().filter_map(|word| {
        let known = Parameter::ALL.into_iter().find(|parameter| parameter.as_str() == word.as_str());
        if known.is_none() {
            let what = Both { en: "unknown parameter", es: "parámetro desconocido" };
            mistakes.unknown(word.span(), what, word, Parameter::ALL.map(Parameter::as_str));
        }
        known
    });
    let parameters: Vec<_> = parameters.collect();
    let template = destination.template.as_ref().map(|template| {
        let usual = match language {
            Language::Es => "es",
            Language::En => "en",
        };
        let language = destination.template_language.as_ref().map_or_else(|| usual.to_owned(), |code| code.to_string());
        (template.to_string(), language)
    });
    Some(HttpSettings {
        kind,
        url: url?,
        token,
        app_token: destination.app_token.as_ref().and_then(|secret| secret_source(secret, mistakes)),
        secrets: [&destination.secret, &destination.previous_secret]
            .into_iter()
            .flatten()
            .filter_map(|secret| secret_source(secret, mistakes))
            .collect(),
        to: destination.to.as_ref().map(|to| super::filled(to, "\"C0123456789\"", mistakes)),
        topic: destination.topic.as_deref().copied(),
        sender: destination.sender.as_ref().map(|sender| sender.to_string()),
        template,
        parameters: if parameters.is_empty() { vec![Parameter::Subject] } else { parameters },
        fields: destination.fields.iter().flat_map(|fields| (**fields).clone()).collect(),
        buttons: destination.buttons.as_deref().copied().unwrap_or(false).then_some(language),
        private,
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT).min(LONGEST_TIMEOUT),
    })
}

/// Tells what a type cannot do without and the file does not give.
fn require(name: &At<String>, destination: &At<raw::Destination>, kind: Kind, mistakes: &mut Mistakes) {
    let token = ("token", destination.token.is_some(), "{ credential = \"…\" }");
    let needed: &[(&str, bool, &str)] = match kind {
        Kind::Telegram | Kind::PagerDuty | Kind::Glpi => &[token],
        Kind::ClickUp => &[token, ("to", destination.to.is_some(), "\"162641062\"")],
        Kind::WhatsApp => &[
            token,
            ("sender", destination.sender.is_some(), "\"100000000000001\""),
            ("template", destination.template.is_some(), "\"plazo_alerta\""),
        ],
        _ => &[],
    };
    for (key, _, example) in needed.iter().filter(|(_, is_given, _)| !is_given) {
        mistakes.missing(&destination.span(), name.span(), key, example);
    }
    if kind == Kind::Slack && destination.token.is_some() && destination.url.is_none() && destination.to.is_none() {
        // Each person's own channel, then.
        return;
    }
    if kind == Kind::Slack
        && destination.token.is_none()
        && let Some(to) = &destination.to
    {
        mistakes.error(
            to.span(),
            both!("a webhook of Slack leads to one channel", "un webhook de Slack lleva a un solo canal"),
            both!("remove `to`, or write `token` instead of `url`", "quite `to`, o escriba `token` en vez de `url`"),
        );
    }
}

fn timeout(text: &str) -> Result<Duration, Both> {
    let timeout = span::duration(text)?;
    if timeout.is_zero() {
        return Err(both!("write at least \"1s\"; \"10s\" is usual", "escriba al menos \"1s\"; lo normal es \"10s\""));
    }
    Ok(timeout)
}

/// The address; inner none where the vendor's own will do.
fn url(
    name: &At<String>,
    destination: &At<raw::Destination>,
    kind: Kind,
    private: bool,
    mistakes: &mut Mistakes,
) -> Option<Option<SecretSource>> {
    let Some(url) = &destination.url else {
        let has_vendor = crate::notify::vendor(kind).is_some();
        if has_vendor && (kind != Kind::Slack || destination.token.is_some()) {
            return Some(None);
        }
        mistakes.missing(&destination.span(), name.span(), "url", "{ credential = \"…\" }");
        return None;
    };
    if kind == Kind::Teams
        && let WordOr::Word(word) = &**url
        && word.contains(".webhook.office.com")
    {
        mistakes.error(
            url.span(),
            both!("connectors of Office 365 are retired", "los conectores de Office 365 están retirados"),
            both!(
                "make a workflow in Teams (\"when a webhook request is received\") and write its address",
                "cree un flujo en Teams («cuando se recibe una solicitud de webhook») y escriba su dirección"
            ),
        );
        return None;
    }
    web_address(url, private, mistakes).map(Some)
}

/// A web address, or where one is kept. One that is written out must be public unless the file says otherwise.
pub(super) fn web_address(url: &At<WordOr<SecretRef>>, private: bool, mistakes: &mut Mistakes) -> Option<SecretSource> {
    let word = match &**url {
        WordOr::Word(word) => word,
        WordOr::Table(reference) => return source(reference, url.span(), mistakes),
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
    if let (Tls::None, Some(host)) = (tls, &smtp.host) {
        super::warn_of_plain(host, smtp.password.is_some(), mistakes);
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

/// The destinations that are told in order what `of` could not be.
fn fallback(names: Option<&OneOrMany<At<String>>>, of: &str, raw: &Raw, mistakes: &mut Mistakes) -> Vec<String> {
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
