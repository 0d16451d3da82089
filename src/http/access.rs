//! Who may call: extractors that a handler names to ask for a scope. What they give is how the caller is known.
//!
//! A token is judged wherever it comes by. Without one, the machine's own users are known by the Unix socket; over TCP a caller without
//! a token is believed only as long as nobody else can have been told of the address.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{StatusCode, Version, header};

use super::error::{Failure, HandlerResult};
use super::host;
use super::listener::Caller;
use crate::app::App;
use crate::app::metrics::RefusalLabels;
use crate::app::token::{Access, Grant, Open, Scope};
use crate::both;
use crate::text::{Both, format};

/// The caller may tell what happened.
pub(super) struct Ingest(pub(super) Grant);
/// The caller may read.
pub(super) struct Read;
/// The caller may act.
pub(super) struct Operate(pub(super) Grant);
/// Whether the caller is somebody, whatever they may do: by a token, or as a user of this machine. Nobody is refused by it.
pub(super) struct IsKnown(pub(super) bool);

/// Headers that whoever passes a call on puts into it (RFC 7239, RFC 9110 §7.6.3, and what proxies use).
const FORWARDED: [&str; 11] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "x-original-host",
    "cf-connecting-ip",
    "true-client-ip",
    "via",
];
/// How long a refused caller waits for the answer, once it was refused often.
const SLOWED: Duration = Duration::from_secs(1);

impl FromRequestParts<App> for Ingest {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        require(Scope::Ingest, parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for Operate {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        require(Scope::Operate, parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for Read {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        require(Scope::Read, parts, app).await.map(|_| Self)
    }
}

impl FromRequestParts<App> for IsKnown {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let is_known = match (bearer(parts), peer(parts)) {
            _ if app.lets_everybody_in() => true,
            (Some(token), _) => matches!(app.access(token).await, Ok(Access::Granted(_))),
            (None, peer) => matches!(peer, Some(Caller::Socket { .. })),
        };
        Ok(Self(is_known))
    }
}

async fn require(scope: Scope, parts: &Parts, app: &App) -> HandlerResult<Grant> {
    match grant(parts, app).await {
        Ok(grant) if grant.may(scope) => Ok(grant),
        Ok(grant) => {
            let (Both { en, es }, scope) = (name_of(&grant), scope.as_str());
            let detail = both!("{en} lacks the scope `{scope}`", "a {es} le falta el alcance `{scope}`");
            refuse(app, parts, "scope", &detail.en).await;
            Err(Failure::new(StatusCode::FORBIDDEN, "scope_missing", detail))
        }
        Err(failure) => {
            refuse(app, parts, failure.code(), "no token, or one that is not known").await;
            Err(failure)
        }
    }
}

/// The caller's name in a sentence.
fn name_of(grant: &Grant) -> Both {
    use crate::engine::proof::Proof;
    match &grant.proof {
        Proof::Token { name } => both!("the token `{name}`", "quien usa el token «{name}»"),
        Proof::Machine { user: Some(user) } => {
            both!("the user `{user}` of this machine", "el usuario «{user}» de esta máquina")
        }
        _ => both!("a caller without a token", "quien llama sin token"),
    }
}

async fn grant(parts: &Parts, app: &App) -> HandlerResult<Grant> {
    if app.lets_everybody_in() {
        return Ok(Grant::of_machine(None, &Scope::ALL));
    }
    if let Some(token) = bearer(parts) {
        return match app.access(token).await? {
            Access::Granted(grant) => Ok(grant),
            Access::Expired(at) => {
                let config = app.config();
                let at = format::instant(at, config.zone, config.language);
                Err(denied(
                    parts,
                    app,
                    "token_expired",
                    both!(
                        "this token ran out on {at}; make another (plazo token create)",
                        "este token venció el {at}; cree otro (plazo token create)"
                    ),
                ))
            }
            Access::Unknown => Err(denied(
                parts,
                app,
                "token_needed",
                both!(
                    "send a known token as `Authorization: Bearer …` (plazo token create)",
                    "envíe un token conocido como `Authorization: Bearer …` (plazo token create)"
                ),
            )),
        };
    }
    match peer(parts) {
        Some(Caller::Socket { uid, .. }) => Ok(of_machine(*uid, app)),
        _ => without_token(parts, app).await,
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A user of this machine, as the system tells: plazo's own and root do everything, anybody else tells what happened.
fn of_machine(uid: u32, app: &App) -> Grant {
    let scopes: &[Scope] = if uid == 0 || uid == app.own_uid() { &Scope::ALL } else { &[Scope::Ingest] };
    Grant::of_machine(Some(user_name(uid)), scopes)
}

fn user_name(uid: u32) -> String {
    let user = nix::unistd::User::from_uid(uid.into()).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

/// What a caller over TCP may do without a token.
async fn without_token(parts: &Parts, app: &App) -> HandlerResult<Grant> {
    let open = if app.is_loopback() { app.open_without_token().await? } else { Open::Nothing };
    let needed = || {
        denied(
            parts,
            app,
            "token_needed",
            both!(
                "send a known token as `Authorization: Bearer …` (plazo token create); this machine's own users need none by the Unix socket in the data directory",
                "envíe un token conocido como `Authorization: Bearer …` (plazo token create); los usuarios de esta máquina no lo necesitan por el socket Unix del directorio de datos"
            ),
        )
    };
    if open == Open::Nothing {
        return Err(needed());
    }
    is_local(parts)?;
    match open {
        Open::Everything => Ok(Grant::of_machine(None, &Scope::ALL)),
        // It proves nothing; what only starts a clock needs no proof.
        Open::Starts if parts.uri.path() == super::events::PATH => {
            Ok(Grant { proof: crate::engine::proof::Proof::NONE, scopes: vec![Scope::Ingest], binding: None })
        }
        Open::Starts | Open::Nothing => Err(needed()),
    }
}

/// Without a token, whoever calls is told where this machine's own users come in, if nobody passed the call on.
fn denied(parts: &Parts, app: &App, code: &'static str, detail: Both) -> Failure {
    let failure = Failure::new(StatusCode::UNAUTHORIZED, code, detail);
    match app.socket().filter(|_| is_local(parts).is_ok()) {
        Some(socket) => failure.with_socket(&socket),
        None => failure,
    }
}

pub(super) fn peer(parts: &Parts) -> Option<&Caller> {
    parts.extensions.get::<ConnectInfo<Caller>>().map(|info| &info.0)
}

/// Whether a script or a link of another page calls: such a call bears an `Origin`, or a browser says so (W3C, Fetch Metadata).
fn is_of_foreign_page(parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site").map(|site| site.as_bytes());
    parts.headers.contains_key(header::ORIGIN) || site.is_some_and(|site| !matches!(site, b"none" | b"same-origin"))
}

/// Whether a program of this machine calls by itself. What comes with a foreign `Host` or from a page is somebody else's script in a
/// browser; what bears a header of forwarding was passed on, and so was what speaks HTTP/1.0, as proxies do where nobody set them up.
pub(super) fn is_local(parts: &Parts) -> HandlerResult<()> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host::name(host).unwrap_or_default();
    let is_ip = name.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    let is_named_so = name == "localhost" || is_ip;
    let is_passed_on =
        FORWARDED.iter().any(|name| parts.headers.contains_key(*name)) || parts.version <= Version::HTTP_10;
    let is_peer = match peer(parts) {
        Some(Caller::Tcp(address)) => address.ip().is_loopback(),
        Some(Caller::Socket { .. }) => true,
        None => false,
    };
    if is_named_so && is_peer && !is_passed_on && !is_of_foreign_page(parts) {
        return Ok(());
    }
    let detail = both!(
        "without a token only programs of this machine are let in, no web pages, and nothing that a proxy passes on (plazo token create)",
        "sin token solo entran programas de esta máquina: ni páginas web, ni lo que un proxy reenvía (plazo token create)"
    );
    Err(Failure::new(StatusCode::FORBIDDEN, "not_local", detail))
}

/// Counts a refused call, tells the log of it within bounds, and lets whoever is refused often wait.
async fn refuse(app: &App, parts: &Parts, reason: &str, cause: &str) {
    app.metrics().refusals.get_or_create(&RefusalLabels { reason: reason.to_owned() }).inc();
    let address = match peer(parts) {
        Some(Caller::Tcp(address)) => address.ip().to_string(),
        Some(Caller::Socket { uid, .. }) => format!("user {uid}"),
        None => "here".to_owned(),
    };
    let patience = app.refusals();
    if patience.may_tell() {
        tracing::warn!(peer = address, path = parts.uri.path(), cause, "a call was refused");
    }
    if patience.is_often(&address) {
        tokio::time::sleep(SLOWED).await;
    }
}
