//! A look at a destination without a message: whether it is there, and takes what plazo proves itself with. Nobody is told anything by it,
//! and nothing is changed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, Url};

use super::hook::HookCall;
pub use super::http::innermost;
use super::http::{self, HttpAnswer};
use crate::both;
use crate::text::Both;

/// What a look found where all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// It in words.
    pub told: Both,
    /// What time it is there, as the answer said.
    pub peer_time: Option<DateTime<Utc>>,
}

/// How far a look came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeFault {
    /// Its name leads nowhere.
    Name,
    /// Nobody answers there.
    Connection,
    /// Somebody does, whose certificate is not believed, or without TLS.
    Tls,
    /// It does not take the user, password or token.
    Login,
    /// Whoever answers is not what should be there.
    Foreign,
    /// A directory cannot be written.
    Directory,
}

/// What a look found where something is amiss. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {cause}")]
pub struct ProbeError {
    /// How far it came.
    pub fault: ProbeFault,
    /// Where: host and port, or a directory.
    pub place: String,
    /// What the other end, or the system, said.
    pub cause: String,
    /// What time it is there, as the answer said.
    pub peer_time: Option<DateTime<Utc>>,
}

/// Whether a system knows who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// It does.
    Known,
    /// It does not, with its own words.
    Unknown(String),
    /// Who answered is another.
    Foreign,
}

/// How a system is looked at that is called by HTTP.
#[derive(Debug)]
pub enum PeerProbe {
    /// Its host is asked for its first page, and whatever it answers is well: it has no call that would tell nobody anything.
    Host(Url),
    /// A call that changes nothing, and what its answer means.
    Call(HookCall, fn(&HttpAnswer) -> Greeting),
    /// Its address takes no path, which each message will be told as well.
    Malformed,
}

impl PeerProbe {
    /// The call of `path` below `base`.
    pub(super) fn call(
        base: &str,
        path: &str,
        with: impl FnOnce(Url) -> HookCall,
        means: fn(&HttpAnswer) -> Greeting,
    ) -> Self {
        let url = Url::parse(&format!("{base}/{path}"));
        url.map_or(Self::Malformed, |url| Self::Call(with(url), means))
    }

    /// A look at the host of `base`.
    pub(super) fn host(base: &str) -> Self {
        Url::parse(base).map_or(Self::Malformed, Self::Host)
    }
}

/// Asks by HTTP. `name` is the system's, as people know it.
pub(super) async fn ask(
    probe: PeerProbe,
    name: &str,
    client: &Client,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Result<Probed, ProbeError> {
    match probe {
        PeerProbe::Host(url) => host(&url, client, timeout, now).await,
        PeerProbe::Malformed => {
            let (place, cause) = (name.to_owned(), "its address is malformed".to_owned());
            Err(ProbeError { fault: ProbeFault::Foreign, place, cause, peer_time: None })
        }
        PeerProbe::Call(call, means) => {
            let place = place(&call.url);
            let answer = exchange(call.request(client), &place, timeout, now).await?;
            let (status, peer_time) = (answer.status.as_u16(), answer.peer_time());
            let failed = |fault, cause| Err(ProbeError { fault, place: place.clone(), cause, peer_time });
            match means(&answer) {
                Greeting::Known => Ok(Probed {
                    told: both!("{place} answers, and knows the token", "{place} responde y conoce el token"),
                    peer_time,
                }),
                Greeting::Unknown(said) => failed(ProbeFault::Login, format!("HTTP {status}: {said}")),
                Greeting::Foreign => failed(ProbeFault::Foreign, format!("HTTP {status}")),
            }
        }
    }
}

/// Asks a host for its first page: neither path nor query of `url` are called, which may be a secret, or do something.
///
/// # Errors
///
/// [`ProbeError`] if nobody answers.
pub async fn host(url: &Url, client: &Client, timeout: Duration, now: DateTime<Utc>) -> Result<Probed, ProbeError> {
    let place = place(url);
    let mut first = url.clone();
    first.set_path("/");
    first.set_query(None);
    first.set_fragment(None);
    let answer = exchange(client.get(first), &place, timeout, now).await?;
    let status = answer.status.as_u16();
    let told =
        both!("{place} answers (HTTP {status} to its first page)", "{place} responde (HTTP {status} en su portada)");
    Ok(Probed { told, peer_time: answer.peer_time() })
}

async fn exchange(
    request: RequestBuilder,
    place: &str,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Result<HttpAnswer, ProbeError> {
    http::answered(request, timeout, now).await.map_err(|error| {
        let fault = fault_of(&error);
        ProbeError { fault, place: place.to_owned(), cause: innermost(&error), peer_time: None }
    })
}

/// Host and port of an address.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// How far a call came that was not answered.
pub fn fault_of(error: &reqwest::Error) -> ProbeFault {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if cause.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return ProbeFault::Tls;
        }
        // The client names the step by this word alone.
        if cause.to_string().starts_with("dns error") {
            return ProbeFault::Name;
        }
        source = cause.source();
    }
    ProbeFault::Connection
}
