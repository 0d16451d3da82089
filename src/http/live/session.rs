//! Who looks at a page: whoever's cookie names a session, or a wall whose link only shows.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use cookie::{Cookie, SameSite};
use sha2::{Digest as _, Sha256};

use super::{is_secure, sign_in};
use crate::app::App;
use crate::app::sessions::{LASTS, Session};
use crate::config::Config;

/// The cookie's name.
const NAME: &str = "plazo_session";

/// Somebody who is signed in. Whoever is not gets the page that asks for an address.
pub(super) struct SignedIn(pub(super) Session);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match of(parts, app).await {
            Some(session) => Ok(Self(session)),
            None => Err(sign_in::page(app, &parts.uri)),
        }
    }
}

/// The session that a call bears, if it holds.
pub(in crate::http) async fn of(parts: &Parts, app: &App) -> Option<Session> {
    let words = parts.headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let own = words.flat_map(Cookie::split_parse).flatten().find(|cookie| cookie.name() == NAME)?;
    app.session(own.value()).await.ok().flatten()
}

/// The word of what was done a moment ago, as an address bears it: with a seal of the session, so that nobody else's link says that something
/// was done.
pub(super) fn sealed(session: &Session, word: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("done\n{}\n{word}", session.form)));
    format!("{word}.{}", &digest[..12])
}

/// The word that an address bears, if its seal is the session's.
pub(super) fn unsealed<'a>(session: &Session, given: Option<&'a str>) -> Option<&'a str> {
    let given = given?;
    let (word, _) = given.rsplit_once('.')?;
    (sealed(session, word) == given).then_some(word)
}

/// The header that begins a session in a browser.
pub(in crate::http) fn cookie(word: &str, config: &Config) -> String {
    let cookie = Cookie::build((NAME, word.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(config))
        .max_age(cookie::time::Duration::seconds(LASTS.num_seconds()));
    cookie.build().to_string()
}

/// The header that ends it.
pub(super) fn no_cookie(config: &Config) -> String {
    let cookie = Cookie::build((NAME, "")).path("/").http_only(true).same_site(SameSite::Lax).secure(is_secure(config));
    cookie.max_age(cookie::time::Duration::ZERO).build().to_string()
}
