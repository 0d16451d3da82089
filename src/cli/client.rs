//! The way to plazo: the HTTP interface of a running daemon, or the same interface over the store when none runs.

use anyhow::{Context as _, anyhow};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Global, absolute, real_time};
use crate::app::App;
use crate::{daemon, http, net};

/// A daemon that does not answer for so long hangs.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
const LARGEST_ANSWER: usize = 64 << 20;

/// The interface said no.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Refused {
    detail: String,
    /// Whether the same call would be refused again.
    pub(super) is_final: bool,
}

pub(super) enum Client {
    Daemon { base: String, token: Option<String>, client: reqwest::Client },
    Store(Router),
}

impl Client {
    /// A client for reading: of the daemon, or of the store.
    pub(super) fn reading(global: &Global) -> anyhow::Result<Self> {
        if let Some(base) = base(global) {
            return Self::daemon(base, global);
        }
        let directory = global.data();
        let config = global.load().with_context(|| {
            format!("no daemon runs, and {} cannot be used; see plazo check", global.config.display())
        })?;
        let app = App::open_reading(&directory, config, real_time()).map_err(|error| {
            anyhow!("no daemon runs, and there is no store to read in {}: {error}", absolute(&directory).display())
        })?;
        Ok(Self::Store(http::router(app)))
    }

    /// A client for writing, which only a daemon does.
    pub(super) fn writing(global: &Global) -> anyhow::Result<Self> {
        let base = base(global).ok_or_else(|| {
            anyhow!(
                "no daemon runs on {}. Start it: plazo run --config {} (or: systemctl start plazo)",
                absolute(&global.data()).display(),
                global.config.display()
            )
        })?;
        Self::daemon(base, global)
    }

    fn daemon(base: String, global: &Global) -> anyhow::Result<Self> {
        let client = net::clients().context("cannot set up HTTP")?.any().clone();
        Ok(Self::Daemon { base, token: global.token.clone(), client })
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, Vec::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, body.to_string().into_bytes()).await
    }

    pub(super) async fn post_raw(&self, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        self.call(Method::POST, path, body).await
    }

    /// An answer that is no JSON, such as a table.
    pub(super) async fn text(&self, path: &str) -> anyhow::Result<String> {
        let (status, bytes) = self.answer(Method::GET, path, Vec::new()).await?;
        if status.is_success() {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        Err(refused(&bytes, status).into())
    }

    async fn call(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let (status, bytes) = self.answer(method, path, body).await?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        if !status.is_success() {
            return Err(refused(&bytes, status).into());
        }
        serde_json::from_slice(&bytes).with_context(|| format!("the answer ({status}) is not JSON"))
    }

    async fn answer(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        Ok(match self {
            Self::Daemon { base, token, client } => {
                let mut request = client.request(method, format!("{base}{path}"));
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                let request = request.header(header::CONTENT_TYPE, "application/json").timeout(PATIENCE).body(body);
                let response = request.send().await.with_context(|| format!("the daemon at {base} does not answer"))?;
                (response.status(), response.bytes().await?.to_vec())
            }
            Self::Store(router) => {
                let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
                let response = router.clone().oneshot(request.body(Body::from(body))?).await?;
                let status = response.status();
                (status, to_bytes(response.into_body(), LARGEST_ANSWER).await?.to_vec())
            }
        })
    }
}

fn refused(bytes: &[u8], status: StatusCode) -> Refused {
    let problem: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let detail = problem["detail"].as_str().map_or_else(|| format!("the answer is {status}"), str::to_owned);
    Refused { detail, is_final: status.is_client_error() }
}

fn base(global: &Global) -> Option<String> {
    let running = || daemon::running_address(&global.data()).map(|address| format!("http://{address}"));
    global.url.clone().map(|url| url.trim_end_matches('/').to_owned()).or_else(running)
}
