//! Connections that plazo opens and by which events come, so that it needs no public address: Slack's Socket Mode
//! (docs.slack.dev, "Using Socket Mode") and channels of topics (developer.genesys.cloud, "Notifications").

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sources::{Failure, backoff, failure, note_failure, pause};
use crate::app::App;
use crate::intake::api::{ApiCall, ApiClient};
use crate::intake::mapping::expression::{self, Expression};
use crate::intake::mapping::{Channel, HOOK, Socket, SocketKind};
use crate::intake::source::Source;
use crate::intake::tls;

/// The largest frame; no event of Slack comes near.
const LARGEST_FRAME: usize = 4 << 20;
/// A connection that ended before that did not hold.
const HOLDS_FOR: TimeDelta = TimeDelta::seconds(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// Either system says something at least every half minute: a connection that is silent for so long is dead.
const DEAD_AFTER: Duration = Duration::from_secs(90);

/// A socket that is about to close goes on bringing what happens until then, for no longer than this.
const DRAINED_WITHIN: Duration = Duration::from_secs(90);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What comes over Slack's socket.
#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    envelope_id: Option<String>,
    #[serde(default)]
    payload: Value,
}

/// How a socket came to its end.
enum Ended {
    /// The other side wants another one.
    Renew,
    /// It closes soon; until then it goes on to bring what happens.
    Closing(Box<Stream>),
}

/// Keeps a socket open until `stop`.
pub(super) async fn run(app: App, source: Arc<Source>, api: Arc<ApiClient>, stop: CancellationToken) {
    let Some(socket) = &source.settings.mapping.socket else { return };
    let draining = TaskTracker::new();
    let mut failures = 0;
    while !stop.is_cancelled() {
        let (began, mut n_taken) = (app.now(), 0_usize);
        let ended = tokio::select! {
            ended = follow(&app, &source, &api, socket, &mut n_taken) => ended,
            () = stop.cancelled() => break,
        };
        // Either system ends each connection now and then, and says so; one that held or brought something had nothing wrong with it.
        failures = if n_taken == 0 && app.now() - began < HOLDS_FOR { failures + 1 } else { 0 };
        let wait = match ended {
            Ok(Ended::Closing(old)) => {
                draining.spawn(drain(app.clone(), Arc::clone(&source), old, stop.clone()));
                // One that closes as soon as it is open would be opened without end.
                if HOLDS_FOR <= app.now() - began { TimeDelta::zero() } else { backoff(0) }
            }
            Ok(Ended::Renew) if failures == 0 => continue,
            Ok(Ended::Renew) => backoff(failures),
            Err((after, cause)) => {
                note_failure(&app, &source.settings.name, &cause).await;
                backoff(failures).max(after.unwrap_or(TimeDelta::zero()))
            }
        };
        pause(app.time().real(wait), &stop).await;
    }
    draining.close();
    draining.wait().await;
}

/// Opens a socket and takes what comes for as long as it holds.
async fn follow(
    app: &App,
    source: &Source,
    api: &ApiClient,
    socket: &Socket,
    n_taken: &mut usize,
) -> Result<Ended, Failure> {
    let mut stream = connect(app, source, api, socket).await?;
    app.feeds.source_reached(&source.settings.name).await.map_err(|error| (None, error.to_string()))?;
    match &socket.kind {
        SocketKind::Slack => {
            acknowledge(app, source, &mut stream, n_taken).await.map(|()| Ended::Renew).map_err(|cause| (None, cause))
        }
        SocketKind::Channel(channel) => {
            let listening = listen(app, source, &mut stream, channel.closing.as_ref(), n_taken);
            listening.await.map(|()| Ended::Closing(Box::new(stream))).map_err(|cause| (None, cause))
        }
    }
}

async fn connect(app: &App, source: &Source, api: &ApiClient, socket: &Socket) -> Result<Stream, Failure> {
    let now = app.now();
    let url = match &socket.kind {
        SocketKind::Slack => api.socket_url(&socket.open, now).await.map_err(failure)?,
        SocketKind::Channel(settings) => {
            let Channel { address, subscribe, .. } = settings.as_ref();
            let channel = api.call(&ApiCall::post(&socket.open, None), now).await.map_err(failure)?;
            let scope = source.subscription_scope(now).with("body", expression::variable(channel));
            let failed = |field: &str, problem: String| (None, format!("`{field}` of [socket] fails: {problem}"));
            let path = subscribe.path.word(&scope).map_err(|problem| failed("subscribe.path", problem))?;
            let topics = subscribe.body.of(&scope).map_err(|problem| failed("subscribe.body", problem))?;
            let call = ApiCall::post(path, Some(expression::json(&topics)));
            api.call(&call, now).await.map_err(failure)?;
            let address = address.word(&scope).map_err(|problem| failed("address", problem))?;
            api.safe_socket(&address).map_err(failure)?
        }
    };
    let failed = |cause: String| (None, format!("the socket cannot be opened: {cause}"));
    let connector = Connector::Rustls(tls::client_config(None).map_err(failed)?);
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST_FRAME)).max_frame_size(Some(LARGEST_FRAME));
    let opening = tokio_tungstenite::connect_async_tls_with_config(url, Some(config), false, Some(connector));
    match tokio::time::timeout(CONNECT_WITHIN, opening).await {
        Ok(Ok((stream, _))) => Ok(stream),
        // Its text could hold the address, which is a secret.
        Ok(Err(_)) => Err(failed("the server refused".to_owned())),
        Err(_) => Err(failed("no answer in time".to_owned())),
    }
}

/// The next text that comes.
async fn next(stream: &mut Stream) -> Result<Utf8Bytes, String> {
    loop {
        let frame = tokio::time::timeout(DEAD_AFTER, stream.next()).await;
        let frame = frame.map_err(|_| "the socket went silent".to_owned())?;
        let frame = frame.ok_or("the socket was closed")?.map_err(|error| format!("the socket broke: {error}"))?;
        if let Message::Text(text) = frame {
            return Ok(text);
        }
    }
}

/// Takes what comes over Slack's socket until Slack wants a new one.
async fn acknowledge(app: &App, source: &Source, stream: &mut Stream, n_taken: &mut usize) -> Result<(), String> {
    loop {
        let text = next(stream).await?;
        let Ok(envelope) = serde_json::from_str::<Envelope>(&text) else { continue };
        if envelope.kind == "disconnect" {
            return Ok(());
        }
        let Some(id) = envelope.envelope_id else { continue };
        // What is not acknowledged comes again.
        take(app, source, envelope.payload, &text).await?;
        let taken = Message::text(json!({ "envelope_id": id }).to_string());
        *n_taken += 1;
        stream.send(taken).await.map_err(|error| format!("the socket broke: {error}"))?;
    }
}

/// Takes what comes over a channel until it says that it closes.
async fn listen(
    app: &App,
    source: &Source,
    stream: &mut Stream,
    closing: Option<&Expression>,
    n_taken: &mut usize,
) -> Result<(), String> {
    loop {
        let text = next(stream).await?;
        let Ok(payload) = serde_json::from_str::<Value>(&text) else { continue };
        let scope = source.subscription_scope(app.now()).with("body", expression::variable(payload.clone()));
        take(app, source, payload, &text).await?;
        *n_taken += 1;
        if closing.is_some_and(|closing| closing.holds(&scope)) {
            return Ok(());
        }
    }
}

/// Takes what an old channel still brings while the next one is opened. What both tell counts once.
async fn drain(app: App, source: Arc<Source>, mut old: Box<Stream>, stop: CancellationToken) {
    let mut n_taken = 0;
    let listening = listen(&app, &source, &mut old, None, &mut n_taken);
    tokio::select! {
        // However it ends, the next one is open.
        _ = tokio::time::timeout(DRAINED_WITHIN, listening) => {}
        () = stop.cancelled() => {}
    }
}

async fn take(app: &App, source: &Source, payload: Value, text: &str) -> Result<(), String> {
    let config = app.config();
    let mut facts = source.of_answer(HOOK, payload, Value::Null, &config.rulebook.directory, app.now());
    let presses = std::mem::take(&mut facts.presses);
    let name = &source.settings.name;
    app.feeds.take_facts(name, facts, text.as_bytes()).await.map_err(|error| error.to_string())?;
    app.feeds.answer_presses(name, presses).await.map_err(|error| error.to_string())?;
    Ok(())
}
