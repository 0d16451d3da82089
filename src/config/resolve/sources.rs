//! `[source.NAME]`.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::calendars::{self, Calendars};
use super::destinations::secret_source;
use super::writing;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::config::{AttachedFile, attachment};
use crate::engine::calendar::ALWAYS;
use crate::intake::mapping::Mapping;
use crate::intake::presets;
use crate::intake::source::{AllowedSilence, ApiSettings, SourceSettings};
use crate::net::address::is_private_host;
use crate::text::Both;
use crate::{both, span};

const DEFAULT_RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(499);

type Sources = BTreeMap<String, SourceSettings>;

pub(super) fn resolve(
    raw: &Raw,
    calendars: &Calendars,
    folder: &Path,
    attachments: &mut Vec<AttachedFile>,
    mistakes: &mut Mistakes,
) -> Sources {
    let mut sources = BTreeMap::new();
    for (name, source) in &raw.source {
        check_name(name, mistakes);
        let Some(mapping) = mapping(name, source, folder, attachments, mistakes) else { continue };
        require(name, source, &mapping, mistakes);
        let rate = source.rate.as_ref().and_then(|rate| {
            if **rate == 0 {
                mistakes.error(
                    rate.span(),
                    both!("with 0 nothing would be let in", "con 0 no entraría nada"),
                    both!("write at least 1; 500 is the default", "escriba al menos 1; lo normal es 500"),
                );
            }
            NonZeroU32::new(**rate)
        });
        let settings = SourceSettings {
            name: name.to_string(),
            ids_of: ids_of(name, source, raw, mistakes),
            secrets: [&source.secret, &source.previous_secret]
                .into_iter()
                .flatten()
                .filter_map(|secret| secret_source(secret, mistakes))
                .collect(),
            verify: source.verify.as_ref().and_then(|secret| secret_source(secret, mistakes)),
            unsigned: source.unsigned.as_deref().copied().unwrap_or(false),
            public_url: source.public_url.as_ref().and_then(|url| super::read(url, mistakes, address)),
            set: set(source),
            defaults: defaults(source, mistakes),
            rate: rate.unwrap_or(DEFAULT_RATE),
            silence: silence(source.silent_after.as_ref(), source.calendar.as_ref(), calendars, mistakes),
            api: api(source, mistakes),
            private: source.private.as_deref().copied().unwrap_or(false),
            write: writing::settings(source, raw, mistakes),
            mapping: Arc::new(mapping),
        };
        sources.insert(name.to_string(), settings);
    }
    sources
}

/// Whose ids its events have: its own, or those of another source that tells the same.
fn ids_of(name: &At<String>, source: &raw::Source, raw: &Raw, mistakes: &mut Mistakes) -> String {
    let Some(same_as) = &source.same_as else { return name.to_string() };
    let (other, span) = (same_as.as_str(), same_as.span());
    match raw.source.iter().find(|(known, _)| known.as_str() == other).map(|(_, source)| source) {
        Some(_) if other == name.as_str() => mistakes.error(
            span,
            both!("this is the source itself", "es la misma fuente"),
            both!(
                "name the other source that tells the same, or leave it out",
                "ponga la otra fuente que cuenta lo mismo, o quítelo"
            ),
        ),
        Some(named) => {
            if let Some(further) = named.same_as.as_deref() {
                mistakes.error(
                    span,
                    both!(
                        "`{other}` goes by the ids of `{further}` itself",
                        "`{other}` va a su vez por los ids de `{further}`"
                    ),
                    both!("write \"{further}\" here as well", "escriba también aquí \"{further}\""),
                );
            }
        }
        None => {
            let what = Both { en: "unknown source", es: "no hay una fuente con el nombre" };
            mistakes.unknown(span, what, other, raw.source.keys().map(|known| known.as_str()));
        }
    }
    other.to_string()
}

fn set(source: &raw::Source) -> Value {
    Value::Object(source.set.clone().into_iter().collect())
}

/// The name is the end of the hook's address.
pub(super) fn check_name(name: &At<String>, mistakes: &mut Mistakes) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        mistakes.error(
            name.span(),
            both!("this name cannot stand in a web address", "este nombre no puede estar en una dirección web"),
            both!("use small letters, digits, - and _", "use minúsculas sin tilde, cifras, - y _"),
        );
    }
    let taken = ["http", "cli", "email", "action", "link"];
    super::reserved(name, &taken, mistakes);
}

fn mapping(
    name: &At<String>,
    source: &At<raw::Source>,
    folder: &Path,
    attachments: &mut Vec<AttachedFile>,
    mistakes: &mut Mistakes,
) -> Option<Mapping> {
    match (&source.preset, &source.mapping) {
        (Some(preset), None) => {
            let Some(text) = presets::text(preset) else {
                let what = Both { en: "unknown preset", es: "no hay una fuente preparada con el nombre" };
                mistakes.unknown(preset.span(), what, preset, presets::names());
                return None;
            };
            // Every preset compiles; a test holds that.
            Mapping::compile(text).ok()
        }
        (None, Some(file)) => {
            let (text, attached) = match attachment::read(folder, file) {
                Ok(read) => read,
                Err((cause, remedy)) => {
                    mistakes.error(file.span(), cause, remedy);
                    return None;
                }
            };
            attachments.push(attached);
            Mapping::compile(&text)
                .map_err(|error| {
                    let (place, problem) = (&error.place, &error.problem);
                    mistakes.error(
                        file.span(),
                        both!("{place} of this mapping: {problem}", "{place} de esta correspondencia: {problem}"),
                        both!(
                            "mend it there; docs/mappings.md tells what a mapping may say",
                            "corríjalo allí; docs/correspondencias.md dice qué puede llevar"
                        ),
                    );
                })
                .ok()
        }
        (Some(_), Some(both_given)) => {
            mistakes.error(
                both_given.span(),
                both!("`preset` and `mapping` exclude each other", "`preset` y `mapping` se excluyen"),
                both!("keep one of them", "deje solo uno"),
            );
            None
        }
        (None, None) => {
            mistakes.missing(&source.span(), name.span(), "preset", "\"whatsapp-cloud\"");
            None
        }
    }
}

/// Tells what the mapping cannot do without and the file does not give.
fn require(name: &At<String>, source: &At<raw::Source>, mapping: &Mapping, mistakes: &mut Mistakes) {
    let unsigned = source.unsigned.as_deref().copied().unwrap_or(false);
    if unsigned && mapping.signature.as_ref().is_some_and(|scheme| !scheme.optional) {
        let span = source.unsigned.as_ref().map_or_else(|| source.span(), At::span);
        mistakes.error(
            span,
            both!("this system always signs", "este sistema siempre firma"),
            both!("remove `unsigned` and give its secret", "quite `unsigned` e indique su secreto"),
        );
    }
    if mapping.signature.is_none() && mapping.hears_calls() && !unsigned {
        mistakes.error(
            name.span(),
            both!(
                "its mapping has no [signature]: anybody could call it",
                "su correspondencia no tiene [signature]: cualquiera podría llamarla"
            ),
            both!(
                "add [signature] to the mapping, or write `unsigned = true` where nobody else reaches the hook",
                "agregue [signature] a la correspondencia, o escriba `unsigned = true` si nadie más llega a esa dirección"
            ),
        );
    }
    if mapping.lacks_channel() && source.channel.is_none() {
        mistakes.missing(&source.span(), name.span(), "channel", "\"crm\"");
    }
    let signs =
        mapping.signature.is_some().then_some("secret").filter(|key| !mapping.needs.iter().any(|need| need == key));
    let is_given = |key: &str| match key.split_once('.') {
        Some(("set", member)) => source.set.contains_key(member),
        _ => match key {
            // A socket that plazo opens itself needs no signature.
            "secret" => {
                let opened = mapping.socket.as_ref().map(|socket| match socket.key() {
                    "app_token" => source.app_token.is_some(),
                    _ => source.client_id.is_some(),
                });
                source.secret.is_some() || unsigned || opened == Some(true)
            }
            "verify" => source.verify.is_some(),
            "public_url" => source.public_url.is_some(),
            "api" => source.api.is_some(),
            "token" => source.token.is_some(),
            "app_token" => source.app_token.is_some(),
            "client_id" => source.client_id.is_some(),
            "client_secret" => source.client_secret.is_some(),
            _ => true,
        },
    };
    let calls_back = mapping.subscribes(&set(source)).then_some("public_url");
    for key in mapping.needs.iter().map(String::as_str).chain(signs).chain(calls_back).filter(|key| !is_given(key)) {
        let example = match key {
            "public_url" => "\"https://plazo.agencia.example/hooks/…\"",
            "api" => "\"https://…\"",
            key if key.starts_with("set.") => "\"…\"",
            _ => "{ credential = \"…\" }",
        };
        mistakes.missing(&source.span(), name.span(), key, example);
    }
}

pub(super) fn address(text: &str) -> Result<String, Both> {
    let is_web = reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_web {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(both!("write a web address, such as \"https://…\"", "escriba una dirección web, como \"https://…\""))
}

/// What its events say where they say nothing.
fn defaults(source: &raw::Source, mistakes: &mut Mistakes) -> Map<String, Value> {
    let mut defaults = Map::new();
    let words = [
        ("channel", &source.channel),
        ("inbox", &source.inbox),
        ("customer", &source.customer),
        ("audience", &source.audience),
        ("kind", &source.kind),
    ];
    for (key, word) in words {
        let Some(word) = word else { continue };
        let choices: &[&str] = match key {
            "audience" => &["client", "internal"],
            "kind" => &["request", "task", "claim", "call"],
            _ => &[],
        };
        if !choices.is_empty() && !choices.contains(&word.as_str()) {
            let what = Both { en: "unknown value", es: "valor desconocido" };
            mistakes.unknown(word.span(), what, word, choices.iter().copied());
            continue;
        }
        defaults.insert(key.to_owned(), super::filled(word, "\"…\"", mistakes).into());
    }
    if !source.tags.is_empty() {
        let tags = source.tags.iter().map(|tag| Value::String(tag.to_string()));
        defaults.insert("tags".to_owned(), tags.collect());
    }
    defaults
}

/// When the silence of a source or mailbox is told.
pub(super) fn silence(
    after: Option<&At<String>>,
    calendar: Option<&At<String>>,
    calendars: &Calendars,
    mistakes: &mut Mistakes,
) -> AllowedSilence {
    let calendar = calendar.and_then(|name| calendars::find(calendars, name, mistakes));
    let calendar = calendar.or_else(|| calendars.get(ALWAYS).cloned());
    let Some(calendar) = calendar else { return AllowedSilence::Never };
    match after.map(|text| (text, text.as_str())) {
        None | Some((_, "unusual")) => AllowedSilence::Unusual(calendar),
        Some((_, "never")) => AllowedSilence::Never,
        Some((text, _)) => match super::read(text, mistakes, span::duration) {
            Some(after) => AllowedSilence::After(after, calendar),
            None => AllowedSilence::Never,
        },
    }
}

fn api(source: &raw::Source, mistakes: &mut Mistakes) -> ApiSettings {
    let base = source.api.as_ref().and_then(|url| super::read(url, mistakes, address));
    let private = source.private.as_deref().copied().unwrap_or(false);
    if let Some(url) = &source.api
        && !private
        && base.as_deref().and_then(|base| reqwest::Url::parse(base).ok()).is_some_and(|url| is_private_host(&url))
    {
        mistakes.error(
            url.span(),
            both!("this address lies inside of the house", "esta dirección está dentro de la casa"),
            both!("if that is meant, add private = true", "si es lo que se quiere, agregue private = true"),
        );
    }
    let given = [
        ("token", &source.token),
        ("app_token", &source.app_token),
        ("client_id", &source.client_id),
        ("client_secret", &source.client_secret),
    ];
    let secrets = given
        .into_iter()
        .filter_map(|(key, secret)| Some((key.to_owned(), secret_source(secret.as_ref()?, mistakes)?)));
    ApiSettings { base, secrets: secrets.collect() }
}
