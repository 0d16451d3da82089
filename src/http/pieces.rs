//! Long answers, written piece by piece: a buffer that grows takes twice the room, and what the answer is made of is gone before it is sent.

use std::convert::Infallible;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

/// Bytes of a piece.
const PIECE: usize = 64 << 10;

/// What was written so far.
#[derive(Default)]
struct Pieces {
    full: Vec<Bytes>,
    last: Vec<u8>,
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.last.extend_from_slice(bytes);
        if PIECE <= self.last.len() {
            self.full.push(std::mem::replace(&mut self.last, Vec::with_capacity(PIECE + (4 << 10))).into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value as JSON.
///
/// # Errors
///
/// If it cannot be written as JSON.
pub(super) async fn json<T: Serialize + Send + 'static>(value: T) -> serde_json::Result<Response> {
    let written = tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces::default();
        serde_json::to_writer(&mut pieces, &value)?;
        Ok(pieces)
    });
    let Pieces { mut full, last } =
        written.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    full.push(last.into());
    let length: usize = full.iter().map(Bytes::len).sum();
    let body = Body::from_stream(futures_util::stream::iter(full.into_iter().map(Ok::<_, Infallible>)));
    let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_LENGTH, length.to_string())];
    Ok((headers, body).into_response())
}
