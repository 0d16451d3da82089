//! `[store]`.

use super::destinations::{secret_or, secret_source};
use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{At, Raw, SecretRef, WordOr};
use crate::config::store::SharedStore;
use crate::secret::SecretSource;
use crate::store::{PostgresUrl, UrlError};
use crate::text::Both;

const EXAMPLE: &str = "\"postgres://plazo@db.example.net/plazo\"";

pub(super) fn resolve(raw: &Raw, mistakes: &mut Mistakes) -> Option<SharedStore> {
    let store = raw.store.as_ref()?;
    let Some(url) = &store.url else {
        mistakes.missing(&store.span(), store.span(), "url", EXAMPLE);
        return None;
    };
    let password = store.password.as_ref().and_then(|password| secret_source(password, mistakes));
    let url = match &**url {
        WordOr::Word(word) => written(word, url, mistakes)?,
        WordOr::Table(reference) => secret_or(reference, url.span(), mistakes)?,
    };
    let is_file_here = store.file.as_ref().is_some_and(|file| {
        let is_here = file.as_str() == "here";
        if !is_here {
            let what = Both { en: "unknown place of the file", es: "lugar del archivo que no existe" };
            mistakes.unknown(file.span(), what, file, ["here"]);
        }
        is_here
    });
    Some(SharedStore { url, password, is_file_here })
}

/// A URL that stands in the file: everybody who reads the file reads it.
fn written(word: &str, at: &At<WordOr<SecretRef>>, mistakes: &mut Mistakes) -> Option<SecretSource> {
    let url: PostgresUrl = match word.parse() {
        Ok(url) => url,
        Err(error) => {
            let (en, es) = told(&error);
            mistakes.error(
                at.span(),
                both!("this is no address of a PostgreSQL: {en}", "esto no es la dirección de un PostgreSQL: {es}"),
                both!("write {EXAMPLE}, or where it is kept", "escriba {EXAMPLE}, o dónde se guarda"),
            );
            return None;
        }
    };
    if url.has_password() {
        mistakes.error(
            at.span(),
            both!("the password stands in the file", "la contraseña está en el archivo"),
            both!(
                "take it out of the URL, and write below it password = {{ file = \"/etc/plazo/store-password\" }}",
                "quítela de la URL, y escriba debajo password = {{ file = \"/etc/plazo/store-password\" }}"
            ),
        );
        return None;
    }
    Some(SecretSource::Plain(word.to_owned()))
}

/// What is wrong with a URL, in English and in Spanish.
fn told(error: &UrlError) -> (String, String) {
    let es = match error {
        UrlError::Scheme => "no comienza con postgres://".to_owned(),
        UrlError::Missing("user") => "no dice con qué usuario".to_owned(),
        UrlError::Missing(_) => "no dice qué base de datos".to_owned(),
        UrlError::Value { name, may_be } => format!("{name} puede ser {}", may_be.replace(" or ", " o ")),
        UrlError::Unreadable(what) => {
            format!(
                "no se puede leer: {}",
                what.replace("it is no URL", "no es una URL").replace("the parameter", "el parámetro")
            )
        }
    };
    (error.to_string(), es)
}
