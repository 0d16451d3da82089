//! Who may call: extractors that a handler names to ask for a scope.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::error::Failure;
use crate::app::App;
use crate::app::token::{Access, Scope};

/// The caller may send events.
pub(super) struct Ingest;
/// The caller may read.
pub(super) struct Read;
/// The caller may act.
pub(super) struct Operate;

macro_rules! extractor {
    ($name:ident) => {
        impl FromRequestParts<App> for $name {
            type Rejection = Failure;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
                require(Scope::$name, parts, app).await.map(|()| Self)
            }
        }
    };
}

extractor!(Ingest);
extractor!(Read);
extractor!(Operate);

async fn require(scope: Scope, parts: &Parts, app: &App) -> Result<(), Failure> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = bearer.map(|(_, token)| token.trim());
    match app.access(token).await? {
        Access::Open => is_local(parts),
        Access::Granted(scopes) if scopes.contains(&scope) => Ok(()),
        Access::Granted(_) => Err(Failure::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            format!("this token lacks the scope `{}`", scope.as_str()),
        )),
        Access::Denied => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "token_needed",
            "send a known token as `Authorization: Bearer …` (plazo token create)",
        )),
    }
}

/// Without tokens only this machine is trusted. A page in its browser is not: what comes with a foreign `Host` or an `Origin` is
/// somebody else's script.
fn is_local(parts: &Parts) -> Result<(), Failure> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = if host.ends_with(']') { host } else { host.rsplit_once(':').map_or(host, |(name, _)| name) };
    let is_loopback =
        name == "localhost" || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if is_loopback && !parts.headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let detail = "without a token only programs of this machine are let in, and no web pages (plazo token create)";
    Err(Failure::new(StatusCode::FORBIDDEN, "not_local", detail))
}
