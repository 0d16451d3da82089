//! The doors: a TCP address, and Unix sockets by which the system itself says who calls. Whoever comes is given a place or turned
//! away (`places`); what is said on a connection is `connection`'s.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::places::{Full, Place, Places};
use crate::app::App;
use crate::app::metrics::TurnedAwayLabels;

/// Its name in the data directory, and in the directory that systemd gives a running service.
pub const SOCKET: &str = "plazo.sock";

/// After an error that would come again at once: no file may be opened, say.
const PAUSE: Duration = Duration::from_millis(500);

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Somebody at that address.
    Tcp(SocketAddr),
    /// A process of this machine that runs as that user.
    Socket {
        /// The user's number.
        uid: u32,
    },
}

const NOBODY: u32 = 65_534;

/// Something that is listened at.
pub trait Entrance: Send + Sync + 'static {
    /// A connection by it.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static;

    /// Waits for the next connection, and says whose it is.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Caller)>> + Send;

    /// Waits for the first byte of a connection, or its end, and takes nothing.
    fn spoken(stream: &Self::Stream) -> impl Future<Output = io::Result<()>> + Send;
}

impl Entrance for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Caller)> {
        let (stream, address) = self.accept().await?;
        // Answers are short, and none should wait for more to go with it. Where it cannot be set, they do.
        stream.set_nodelay(true).ok();
        Ok((stream, Caller::Tcp(address)))
    }

    async fn spoken(stream: &TcpStream) -> io::Result<()> {
        stream.readable().await
    }
}

impl Entrance for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Caller)> {
        let (stream, _) = self.accept().await?;
        // A peer that the system does not know is nobody.
        let uid = stream.peer_cred().map_or(NOBODY, |peer| peer.uid());
        Ok((stream, Caller::Socket { uid }))
    }

    async fn spoken(stream: &UnixStream) -> io::Result<()> {
        stream.readable().await
    }
}

/// Listens on a socket in a directory. Whoever reaches the directory may connect; what they may do, their user decides.
///
/// # Errors
///
/// If it cannot be made there.
pub fn listen(directory: &Path) -> io::Result<UnixListener> {
    let path = directory.join(SOCKET);
    // Left over from a process that was killed; the lock says that no other runs.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Serves the interface at all doors, which share its places.
pub struct Server {
    app: App,
    router: Router,
    places: Arc<Places>,
    /// Lines in the log on those who were turned away, and on connections that could not be accepted: one a minute each.
    full_told: DefaultDirectRateLimiter,
    errors_told: DefaultDirectRateLimiter,
}

impl Server {
    /// A server with as many places as the files that this process may open allow.
    pub fn new(app: App) -> Self {
        let each_minute = || RateLimiter::direct(Quota::per_minute(NonZeroU32::MIN));
        let router = super::router(app.clone());
        let places = Arc::new(Places::as_files_allow());
        Self { app, router, places, full_told: each_minute(), errors_told: each_minute() }
    }

    /// Serves at a door until `stop`, and then until the calls that had begun are answered.
    pub async fn serve<D: Entrance>(self: Arc<Self>, door: D, stop: CancellationToken) {
        let connections = TaskTracker::new();
        loop {
            let came = tokio::select! {
                came = door.next() => came,
                () = stop.cancelled() => break,
            };
            match came {
                Ok((stream, peer)) => match self.places.take(&peer) {
                    Ok(place) => {
                        connections.spawn(hold::<D>(stream, peer, place, self.router.clone(), stop.clone()));
                    }
                    // Closed at once: left to wait, silent ones would fill the system's queue and keep out everybody.
                    Err(full) => self.turned_away(full),
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if self.errors_told.check().is_ok() {
                        tracing::error!(%error, "no connection can be accepted for now");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = stop.cancelled() => break,
                    }
                }
            }
        }
        drop(door);
        connections.close();
        connections.wait().await;
    }

    fn turned_away(&self, full: Full) {
        let reason = full.as_str();
        self.app.metrics().turned_away.get_or_create(&TurnedAwayLabels { reason }).inc();
        if self.full_told.check().is_ok() {
            tracing::warn!(reason, most = self.places.most(), "a connection was closed at once: there are too many");
        }
    }
}

/// Whether it broke off before it was accepted; the next may be sound.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Keeps a connection and its place. One that is silent has no buffers, and ends when its first head should have come.
async fn hold<D: Entrance>(stream: D::Stream, peer: Caller, place: Place, router: Router, stop: CancellationToken) {
    let has_spoken = tokio::select! {
        spoken = tokio::time::timeout(connection::HEAD_WITHIN, D::spoken(&stream)) => matches!(spoken, Ok(Ok(()))),
        () = stop.cancelled() => false,
    };
    if has_spoken {
        // Boxed, so that a silent connection does not hold the room for it.
        Box::pin(connection::serve(stream, peer, router, stop)).await;
    }
    drop(place);
}
