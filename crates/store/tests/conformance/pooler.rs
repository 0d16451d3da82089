//! A real PgBouncer before the server, in transaction mode: each transaction may come by another connection.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use plazo_store::PostgresUrl;

use super::server::{Server, run, unprivileged};

const MISSING: &str =
    "PgBouncer is missing; install it, without starting it: apt-get install -y pgbouncer (tests/run does)";

/// One that runs until it is dropped.
pub struct Pooler {
    process: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Pooler {
    /// Starts one, and waits until it takes connections.
    pub fn start(server: &Server) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let config = directory.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=plazo\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             auth_type = any\npool_mode = transaction\nunix_socket_dir =\nmax_client_conn = 100\ndefault_pool_size = 3\n",
            server.port()
        );
        std::fs::write(&config, text).expect("written");
        let user = unprivileged();
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group)).expect("a directory for another user");
        }
        let process = run("/usr/sbin/pgbouncer".as_ref(), user)
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect(MISSING);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "{MISSING}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, port, _directory: directory }
    }

    /// The same database by way of it.
    pub fn url(&self, direct: &PostgresUrl) -> PostgresUrl {
        let direct = direct.to_string();
        let name = direct.rsplit('/').next().unwrap_or_default();
        let url = format!("postgres://plazo@127.0.0.1:{}/{name}?prepared_statements=false", self.port);
        url.parse().expect("a URL")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
