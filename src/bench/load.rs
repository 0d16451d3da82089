//! A load of HTTP calls over kept connections, as light as a client can be.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// One call.
pub(super) struct Call {
    pub(super) path: &'static str,
    /// Further headers, each with its line break.
    pub(super) header: String,
    pub(super) body: String,
}

impl From<String> for Call {
    /// Events by the interface.
    fn from(body: String) -> Self {
        Self { path: "/v1/events", header: String::new(), body }
    }
}

/// Posts bodies on `connections` connections for about `span`, or until there are none left. Returns calls a second.
pub(super) async fn post<C: Into<Call>>(
    address: SocketAddr,
    connections: usize,
    span: Duration,
    most: usize,
    body: impl Fn(usize) -> C + Send + Sync + 'static,
) -> anyhow::Result<f64> {
    let (body, next) = (Arc::new(body), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let (body, next) = (Arc::clone(&body), Arc::clone(&next));
        workers.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut n_calls = 0_usize;
            while began.elapsed() < span {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if most <= index {
                    break;
                }
                call(&mut stream, body(index).into()).await?;
                n_calls += 1;
            }
            anyhow::Ok(n_calls)
        });
    }
    let mut n_calls = 0;
    while let Some(worker) = workers.join_next().await {
        n_calls += worker??;
    }
    Ok(n_calls as f64 / began.elapsed().as_secs_f64())
}

async fn call(stream: &mut TcpStream, call: Call) -> anyhow::Result<()> {
    let Call { path, header, body } = call;
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{header}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(1_024);
    let mut buffer = [0_u8; 4_096];
    let head = loop {
        let n = stream.read(&mut buffer).await?;
        ensure!(0 < n, "the daemon closed the connection");
        answer.extend_from_slice(&buffer[..n]);
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "refused: {}", String::from_utf8_lossy(&answer));
    let length = String::from_utf8_lossy(&answer[..head])
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok())
        .context("an answer without length")?;
    while answer.len() < head + length {
        let n = stream.read(&mut buffer).await?;
        ensure!(0 < n, "the daemon closed the connection");
        answer.extend_from_slice(&buffer[..n]);
    }
    Ok(())
}
