//! The doors: a TCP address, and Unix sockets by which the system itself says who calls.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::{TcpListener, UnixListener};

/// Its name in the data directory, and in the directory that systemd gives a running service.
pub const SOCKET: &str = "plazo.sock";

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Somebody at that address.
    Tcp(SocketAddr),
    /// A process of this machine that runs as that user.
    Socket {
        /// The user's number.
        uid: u32,
    },
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self::Tcp(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        // A peer that the system does not know is nobody.
        let uid = stream.io().peer_cred().map_or(NOBODY, |peer| peer.uid());
        Self::Socket { uid }
    }
}

const NOBODY: u32 = 65_534;

/// Listens on a socket in a directory. Whoever reaches the directory may connect; what they may do, their user decides.
///
/// # Errors
///
/// If it cannot be made there.
pub fn listen(directory: &Path) -> std::io::Result<UnixListener> {
    let path = directory.join(SOCKET);
    // Left over from a process that was killed; the lock says that no other runs.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}
