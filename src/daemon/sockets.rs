//! Slack's Socket Mode: plazo opens the connection by which events come, so that it needs no public address
//! (docs.slack.dev, "Using Socket Mode").

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use super::sources::{backoff, note_failure, pause};
use crate::app::App;
use crate::intake::api::{Api, ApiError};
use crate::intake::mapping::HOOK;
use crate::intake::source::Source;
use crate::intake::tls;

/// The largest frame; no event of Slack comes near.
const LARGEST_FRAME: usize = 4 << 20;
/// A connection that ended before that did not hold.
const HOLDS_FOR: TimeDelta = TimeDelta::seconds(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// Slack pings every few seconds: a connection that is silent for so long is dead.
const DEAD_AFTER: Duration = Duration::from_secs(90);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What comes over the socket.
#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    envelope_id: Option<String>,
    #[serde(default)]
    payload: Value,
}

/// Keeps a socket open until `stop`.
pub(super) async fn run(app: App, source: Arc<Source>, api: Arc<Api>, path: String, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let (began, mut n_taken) = (app.now(), 0_usize);
        let ended = tokio::select! {
            ended = follow(&app, &source, &api, &path, &mut n_taken) => ended,
            () = stop.cancelled() => return,
        };
        // Slack ends each connection now and then, and says so; one that held or brought something had nothing wrong with it.
        failures = if n_taken == 0 && app.now() - began < HOLDS_FOR { failures + 1 } else { 0 };
        let wait = match ended {
            Ok(()) if failures == 0 => continue,
            Ok(()) => backoff(failures),
            Err((after, cause)) => {
                note_failure(&app, &source.settings.name, &cause).await;
                backoff(failures).max(after.unwrap_or(TimeDelta::zero()))
            }
        };
        pause(app.time().real(wait), &stop).await;
    }
}

/// Opens a socket and takes what comes for as long as it holds.
async fn follow(
    app: &App,
    source: &Source,
    api: &Api,
    path: &str,
    n_taken: &mut usize,
) -> Result<(), (Option<TimeDelta>, String)> {
    let mut socket = connect(app, api, path).await?;
    app.source_reached(&source.settings.name).await.map_err(|error| (None, error.to_string()))?;
    listen(app, source, &mut socket, n_taken).await.map_err(|cause| (None, cause))
}

async fn connect(app: &App, api: &Api, path: &str) -> Result<Socket, (Option<TimeDelta>, String)> {
    let url = api.socket_url(path, app.now()).await.map_err(|error| match error {
        ApiError::Later { after, cause } => (after, cause),
        ApiError::Gone { cause } => (None, cause),
    })?;
    let failed = |cause: String| (None, format!("the socket cannot be opened: {cause}"));
    let connector = Connector::Rustls(tls::client_config(None).map_err(failed)?);
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST_FRAME)).max_frame_size(Some(LARGEST_FRAME));
    let opening = tokio_tungstenite::connect_async_tls_with_config(url, Some(config), false, Some(connector));
    match tokio::time::timeout(CONNECT_WITHIN, opening).await {
        Ok(Ok((socket, _))) => Ok(socket),
        // Its text could hold the address, which is a secret.
        Ok(Err(_)) => Err(failed("the server refused".to_owned())),
        Err(_) => Err(failed("no answer in time".to_owned())),
    }
}

/// Takes what comes until the other side wants a new connection.
async fn listen(app: &App, source: &Source, socket: &mut Socket, n_taken: &mut usize) -> Result<(), String> {
    loop {
        let frame = tokio::time::timeout(DEAD_AFTER, socket.next()).await;
        let frame = frame.map_err(|_| "the socket went silent".to_owned())?;
        let frame = frame.ok_or("the socket was closed")?.map_err(|error| format!("the socket broke: {error}"))?;
        let Message::Text(text) = frame else { continue };
        let Ok(envelope) = serde_json::from_str::<Envelope>(&text) else { continue };
        if envelope.kind == "disconnect" {
            return Ok(());
        }
        let Some(id) = envelope.envelope_id else { continue };
        let config = app.config();
        let mut facts = source.of_answer(HOOK, envelope.payload, Value::Null, &config.rulebook.directory, app.now());
        let presses = std::mem::take(&mut facts.presses);
        let name = &source.settings.name;
        // What is not acknowledged comes again.
        app.take_facts(name, facts, text.as_bytes()).await.map_err(|error| error.to_string())?;
        app.answer_presses(name, presses);
        let taken = Message::text(json!({ "envelope_id": id }).to_string());
        *n_taken += 1;
        socket.send(taken).await.map_err(|error| format!("the socket broke: {error}"))?;
    }
}
