//! A daemon to measure: in this process for throughput, as a child for what only a process has.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use plazo::app::App;
use plazo::cli::real_time;
use plazo::daemon::{self, Options};

/// The promise of every request here; its only step is at the end.
pub(super) const WITHIN: TimeDelta = TimeDelta::hours(1);

/// A `sla.toml` with one promise, told to `tell`; `more` defines it.
pub(super) fn config(tell: &str, more: &str) -> String {
    format!(
        "language = \"en\"\ntimezone = \"UTC\"\n[alerts]\ngather = false\nwindow = \"0s\"\n\
         [person.ana]\nname = \"Ana\"\nemail = \"ana@agencia.example\"\n\
         [[policy]]\nname = \"bench\"\nmatch = {{ channel = \"bench\" }}\n\
         reply = {{ within = \"1h\", escalation = \"at-the-end\" }}\n\
         [escalation]\nat-the-end = [{{ at = \"due\", tell = [\"{tell}\"] }}]\n{more}\n"
    )
}

/// A daemon in this process.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    pub(super) app: App,
    stop: CancellationToken,
    daemon: JoinHandle<anyhow::Result<()>>,
    _directory: TempDir,
}

impl Site {
    pub(super) async fn start(config: &str) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("sla.toml");
        std::fs::write(&path, config)?;
        let stop = CancellationToken::new();
        let options = Options {
            config: path,
            data: directory.path().join("data"),
            listen: Some(([127, 0, 0, 1], 0).into()),
            time: real_time(),
            styled: false,
        };
        let (ready, is_ready) = oneshot::channel();
        let running = daemon::run(options, stop.clone(), move |address, app| {
            // Whoever waits for it is below.
            ready.send((address, app.clone())).ok();
        });
        let daemon = tokio::spawn(running);
        let Ok((address, app)) = is_ready.await else {
            daemon.await??;
            anyhow::bail!("the daemon did not start");
        };
        Ok(Self { address, app, stop, daemon, _directory: directory })
    }

    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.daemon.await?
    }
}

/// A daemon as a process of its own.
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) address: SocketAddr,
    /// From the start of the process until it served.
    pub(super) ready_after: Duration,
}

impl Process {
    /// Starts `plazo run` in a directory that has a `sla.toml`, and waits until it serves.
    pub(super) async fn start(directory: &Path) -> anyhow::Result<Self> {
        let data = directory.join("data");
        let began = Instant::now();
        let child = Command::new(std::env::current_exe()?)
            .arg("run")
            .arg("--config")
            .arg(directory.join("sla.toml"))
            .arg("--data")
            .arg(&data)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut process = Self { child, address: ([127, 0, 0, 1], 0).into(), ready_after: Duration::ZERO };
        while began.elapsed() < Duration::from_secs(60) {
            if let Some(address) = daemon::running_address(&data)
                && tokio::net::TcpStream::connect(address).await.is_ok()
            {
                process.address = address;
                process.ready_after = began.elapsed();
                return Ok(process);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process.child.kill().context("the daemon did not start")?;
        anyhow::bail!("the daemon did not start")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A client's message whose promise ends at `due_at`.
pub(super) fn message(id: usize, due_at: DateTime<Utc>) -> String {
    let at = (due_at - WITHIN).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!(
        "{{\"id\":\"m-{id}\",\"type\":\"message\",\"channel\":\"bench\",\"thread\":\"t-{id}\",\"direction\":\"in\",\
         \"at\":\"{at}\",\"author\":{{\"name\":\"Luisa\",\"kind\":\"customer\"}},\"text\":\"hola\"}}"
    )
}
