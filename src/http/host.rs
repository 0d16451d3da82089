//! The `Host` of a call, by which one without a token is judged (`access`).

use super::error::{Failure, HandlerResult};
use crate::both;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Refuses a call that names its host twice, or in no form that there is (RFC 9112 §3.2): a proxy may have read the one, and we the
/// other.
pub(super) async fn one_only(request: Request, next: Next) -> HandlerResult<Response> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_sound = match (hosts.next(), hosts.next()) {
        (None, _) => true,
        (Some(host), None) => host.to_str().is_ok_and(|host| name(host).is_some()),
        (Some(_), Some(_)) => false,
    };
    if is_sound {
        return Ok(next.run(request).await);
    }
    let detail = both!(
        "send one `Host`: a name or an address, and a number after a colon if there is a port",
        "envíe un solo `Host`: un nombre o una dirección, y un número después de dos puntos si hay puerto"
    );
    Err(Failure::new(StatusCode::BAD_REQUEST, "bad_host", detail))
}

/// The name in a `Host`, without its port; none where what follows is no port. Addresses of IPv6 keep their brackets.
pub(super) fn name(host: &str) -> Option<&str> {
    let end = if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, rest) = host.split_at(end);
    let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_sound = rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.is_empty() || is_number(port));
    is_sound.then_some(name)
}
