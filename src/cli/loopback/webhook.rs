//! A webhook that takes everything.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tokio::net::TcpListener;

/// Takes calls on a free port until the runtime ends.
pub async fn start(take: impl Fn(&[u8]) + Send + Sync + 'static) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let take = Arc::new(take);
    let router = Router::new().fallback(post(move |body: Bytes| {
        take(&body);
        std::future::ready("ok")
    }));
    tokio::spawn(async move {
        // Ends with the runtime.
        axum::serve(listener, router).await.ok();
    });
    Ok(address)
}
