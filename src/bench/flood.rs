//! What a flood costs: two hundred thousand alerts held for one reader, and connections that say nothing.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::TimeDelta;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::idle::resident_megabytes;
use super::site::{self, Process};
use super::{Row, load};
use plazo::cli::real_time;

const N_ALERTS: usize = 200_000;
const BATCH: usize = 500;
const N_SILENT: usize = 400;
/// The daemon needs no longer to get through it.
const PATIENCE: Duration = Duration::from_secs(600);

/// One reader who is told of everything at its start, once a minute.
fn config() -> String {
    let held = "[alerts]\ngather = true\nwindow = \"20s\"\nin_flight = 64\n";
    site::config("ana", "").replace("[alerts]\ngather = false\nwindow = \"0s\"\n", held)
}

/// Alerts that fall due while their reader is told of others already: they are held, gathered and told of in one message.
pub(super) async fn held_alerts() -> anyhow::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("sla.toml"), config())?;
    let process = Process::start(directory.path()).await?;
    let idle = resident_megabytes(process.child.id())?;
    let due_at = real_time().now() - TimeDelta::seconds(1);
    let body = move |index: usize| {
        let lines: Vec<_> = (0..BATCH).map(|line| site::message(index * BATCH + line, due_at)).collect();
        lines.join("\n")
    };
    let began = Instant::now();
    load::post(process.address, 4, PATIENCE, N_ALERTS / BATCH, body).await?;
    let filled_after = began.elapsed();
    let mut most = idle;
    while began.elapsed() < PATIENCE {
        most = most.max(resident_megabytes(process.child.id())?);
        let metrics = get(process.address, "/metrics").await?;
        let of_state = |state: &str| figure(&metrics, &format!("plazo_deliveries{{state=\"{state}\"}}"));
        let waits =
            of_state("held") + of_state("pending") + of_state("leased") + figure(&metrics, "plazo_queue_length");
        if waits == 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let metrics = get(process.address, "/metrics").await?;
    let longest = figure(&metrics, "plazo_writer_longest_hold_seconds") * 1_000.0;
    let told = format!("writer held {longest:.0} ms at most, {:.0} MB above idle", most - idle);
    let beside = format!(
        "all told after {:.0} s, {:.0} s of them intake",
        began.elapsed().as_secs_f64(),
        filled_after.as_secs_f64()
    );
    Ok(vec![Row::new("200,000 alerts held for one reader", told, beside)])
}

/// Connections that never say a word: what one costs, and when it is ended.
pub(super) async fn silent_connections() -> anyhow::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("sla.toml"), site::config("ana", ""))?;
    let process = Process::start(directory.path()).await?;
    // The first calls make what is made once.
    for _ in 0..20 {
        get(process.address, "/healthz").await?;
    }
    let before = resident_megabytes(process.child.id())?;
    let began = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..N_SILENT {
        silent.push(TcpStream::connect(process.address).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let kilobytes = (resident_megabytes(process.child.id())? - before) * 1_024.0 / N_SILENT as f64;
    let mut last = silent.pop().context("none was opened")?;
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, last.read_to_end(&mut answer)).await?.ok();
    let ended_after = began.elapsed().as_secs_f64();
    let figure = format!("{:.1} kB each, ended after {ended_after:.1} s", kilobytes.max(0.0));
    Ok(vec![Row::new("400 silent connections", figure, "")])
}

async fn get(address: std::net::SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A figure of Prometheus' text; 0 where it is not told.
fn figure(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}
