//! One connection: HTTP/1 by hyper, and a watch that ends it when a head does not come whole or nothing moves any more.
//!
//! hyper's own timer for heads runs from the end of the answer before, so that it cannot tell a client that keeps a connection for
//! later from one that dribbles. It bounds the former; the watch knows when a head began, and when bytes last went either way.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::listener::Caller;

/// From the first byte of a head to its last, and from the connection to the first byte.
pub(super) const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// A connection on which nothing moves for so long ends: one that was kept for another call, or a reader who stands still. No
/// call takes as long as that (`http::TIMEOUT`).
const IDLE: Duration = Duration::from_secs(60);
/// Who takes longer for an answer gives up the place to somebody else: a page of a megabyte comes over a poor line in that time.
const TAKEN_WITHIN: Duration = Duration::from_secs(120);
const MOST_HEADERS: usize = 64;
/// A head's bytes, and those of a body that wait to be taken.
const LARGEST_HEAD: usize = 16 << 10;

/// HTTP/1 only: nobody speaks HTTP/2 without TLS, and the proxies that have TLS speak HTTP/1 to us.
fn protocol() -> Builder {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_headers(MOST_HEADERS).max_buf_size(LARGEST_HEAD);
    builder
}

/// Answers calls on a connection until it ends; after `stop`, only the one that has begun.
pub(super) async fn serve<S>(stream: S, peer: Caller, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let watch = Arc::new(Watch::new());
    let watched = TokioIo::new(Watched { stream, watch: Arc::clone(&watch) });
    let seen = Arc::clone(&watch);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer.clone()));
        seen.head_came();
        // All clones share the routes.
        let (answer, seen) = (router.clone().oneshot(request), Arc::clone(&seen));
        async move {
            let answer = answer.await;
            seen.answered();
            answer
        }
    });
    let mut connection = pin!(protocol().serve_connection(watched, service));
    let mut sleep = pin!(tokio::time::sleep_until(watch.deadline()));
    let mut is_stopping = false;
    loop {
        tokio::select! {
            // The watch looks after the connection has moved.
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            () = watch.overdue(sleep.as_mut()) => return,
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// What was seen of a connection. The times are the machine's, which nobody sets.
struct Watch(Mutex<Seen>);

struct Seen {
    moved_at: Instant,
    /// When the head began that has not come whole.
    head_since: Option<Instant>,
    /// Whether a call is being worked on: what comes in is its body.
    is_answering: bool,
    /// Since when bytes go out that have not all been taken.
    sending_since: Option<Instant>,
}

impl Watch {
    /// A watch of a connection whose first byte is there.
    fn new() -> Self {
        let now = Instant::now();
        Self(Mutex::new(Seen { moved_at: now, head_since: Some(now), is_answering: false, sending_since: None }))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) {
        let (now, mut seen) = (Instant::now(), self.seen());
        seen.moved_at = now;
        if !seen.is_answering {
            seen.head_since.get_or_insert(now);
        }
    }

    fn wrote(&self) {
        let (now, mut seen) = (Instant::now(), self.seen());
        seen.moved_at = now;
        seen.sending_since.get_or_insert(now);
        // A head that came while the answer before it still goes out is not waited for yet.
        seen.head_since = seen.head_since.map(|_| now);
    }

    fn flushed(&self) {
        self.seen().sending_since = None;
    }

    fn head_came(&self) {
        let mut seen = self.seen();
        seen.is_answering = true;
        seen.head_since = None;
    }

    fn answered(&self) {
        self.seen().is_answering = false;
    }

    /// When the connection ends if nothing more is seen.
    fn deadline(&self) -> Instant {
        let seen = self.seen();
        let idle = seen.moved_at + IDLE;
        let head = seen.head_since.map(|since| since + HEAD_WITHIN);
        let taken = seen.sending_since.map(|since| since + TAKEN_WITHIN);
        [head, taken].into_iter().flatten().fold(idle, Instant::min)
    }

    /// Waits for the deadline, wherever it moves. Whatever moves it wakes the task that waits here.
    async fn overdue(&self, mut sleep: Pin<&mut Sleep>) {
        std::future::poll_fn(|context| {
            let deadline = self.deadline();
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }
}

/// A stream whose bytes are seen by a watch.
struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
}

impl<S> Watched<S> {
    fn note(&self, wrote: &Poll<io::Result<usize>>) {
        if matches!(wrote, Poll::Ready(Ok(n)) if 0 < *n) {
            self.watch.wrote();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n_before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if n_before < buffer.filled().len() {
            self.watch.read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(&wrote);
        wrote
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note(&wrote);
        wrote
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.watch.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
