//! The bare loop that intake is compared with: an axum handler whose rows, the same that plazo writes, are group-committed by one
//! thread. It parses nothing, finds no request, judges nothing and plans nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use plazo::engine::effect::Outcome;
use plazo::engine::event::EventId;
use plazo::engine::request_id::RequestId;
use plazo::store::{Store, StoreError, Writing};
use plazo::unit::Changes;
use plazo::unit::changes::{JournalEntry, RequestUpdate, ThreadName};

type Waiting = (Bytes, oneshot::Sender<bool>);

/// Which rows a call writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// All that plazo writes for a first message.
    Same,
    /// One row of the journal.
    Tiny,
}

/// Serves until the runtime ends.
pub(super) async fn start(
    directory: &Path,
    rows: Rows,
    outcome: Outcome,
    channel: String,
) -> anyhow::Result<SocketAddr> {
    let store = Store::open(directory)?;
    let (jobs, waiting) = sync_channel::<Waiting>(8_192);
    std::thread::spawn(move || write(&store, rows, &outcome, &channel, &waiting));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let handler = move |body: Bytes| {
        let jobs = jobs.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            let sent = jobs.try_send((body, reply)).is_ok();
            if sent && answer.await == Ok(true) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
        }
    };
    tokio::spawn(async move {
        // Ends with the runtime.
        axum::serve(listener, Router::new().route("/v1/events", post(handler))).await.ok();
    });
    Ok(address)
}

fn write(store: &Store, rows: Rows, outcome: &Outcome, channel: &str, waiting: &Receiver<Waiting>) {
    let mut n_written = 0;
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(1_023));
        let written = store.begin().and_then(|open| {
            for (body, _) in &group {
                n_written += 1;
                put(open.writing(), rows, outcome, channel, n_written, body)?;
            }
            open.commit()
        });
        for (_, reply) in group {
            // A caller that went away no longer wants to know.
            reply.send(written.is_ok()).ok();
        }
    }
}

fn put(
    writing: Writing<'_>,
    rows: Rows,
    outcome: &Outcome,
    channel: &str,
    n: i64,
    body: &Bytes,
) -> Result<(), StoreError> {
    let request = RequestId(n);
    let at = outcome.request.opened_at;
    let mut changes = Changes::default();
    changes.journal.push(JournalEntry {
        request,
        at,
        id: Some(EventId { source: "http".to_owned(), id: format!("m-{n}") }),
        type_name: "message",
        body: std::str::from_utf8(body).ok().map(Into::into),
        effects: if rows == Rows::Same { outcome.effects.clone() } else { Vec::new() },
    });
    if rows == Rows::Same {
        let (channel, thread) = (channel.to_owned(), format!("t-{n}"));
        changes.threads.push(ThreadName { channel, thread, request, moves: false });
        let mut state = outcome.request.clone();
        state.id = request;
        changes.request = Some(RequestUpdate {
            request: Arc::new(state),
            wake: outcome.wake,
            clocks: outcome.clocks.clone(),
            is_new: true,
            replaces_clocks: false,
        });
    }
    writing.save(&changes, at).map(|_| ())
}
