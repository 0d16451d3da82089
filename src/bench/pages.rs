//! The live pages: what the queue costs with few and many open requests, and what five hundred open pages cost plazo and its alerts.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;

use super::idle::resident_megabytes;
use super::site::{self, Process};
use super::{Row, alerts, load};
use plazo::app::sessions::Viewer;
use plazo::cli::real_time;

const BATCH: usize = 500;
const LOOKS: usize = 40;
const N_PAGES: usize = 500;
const CHANGES: usize = 50;
/// Pages of one session.
const OF_ONE: usize = 20;

pub(super) async fn open_pages() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (n, work) in [(1_000, "`/` with 1,000 open requests"), (100_000, "`/` with 100,000 open requests")] {
        let directory = tempfile::tempdir()?;
        let (process, cookies) = filled(directory.path(), n, 1).await?;
        let cookie = cookies.first().context("a session")?;
        // The first look fills the board; a page that is open comes after it.
        let (first, _) = look(process.address, cookie, "/").await?;
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..LOOKS {
            let (time, length) = look(process.address, cookie, "/").await?;
            (size, _) = (length, times.push(time));
        }
        let (health, _) = look(process.address, cookie, "/healthz").await?;
        let [p50, p99] = shares(&mut times, [0.5, 0.99]);
        let figure = format!("p50 {p50:.1} ms, p99 {p99:.1} ms, {:.0} kB", size as f64 / 1_000.0);
        let beside = format!("first {:.0} ms; `/healthz` {:.1} ms", milliseconds(first), milliseconds(health));
        rows.push(Row::new(work, figure, beside));
    }
    rows.push(many().await?);
    rows.push(alerts::lateness_with("1,000 alerts over a minute, without pages", "", |_| async { Ok(()) }).await?);
    let name = "1,000 alerts over a minute, beside 500 open pages";
    rows.push(
        alerts::lateness_with(name, "", |site| async move {
            let address = site.address;
            let mut cookies = Vec::new();
            for n in 0..N_PAGES.div_ceil(OF_ONE) {
                let link = site.app.sign_in_link(&Viewer::Machine(format!("bench-{n}")), "");
                cookies.push(enter(address, &link).await?);
            }
            let told = Arc::new(AtomicUsize::new(0));
            keep_open(address, &cookies, &told).await
        })
        .await?,
    );
    Ok(rows)
}

/// A daemon with so many open requests, and so many sessions.
async fn filled(directory: &Path, n: usize, n_sessions: usize) -> anyhow::Result<(Process, Vec<String>)> {
    std::fs::write(directory.join("sla.toml"), site::config("ana", ""))?;
    let process = Process::start(directory).await?;
    let due_at = real_time().now() + TimeDelta::minutes(55);
    let body = move |index: usize| {
        let lines: Vec<_> = (0..BATCH).map(|line| site::message(index * BATCH + line, due_at)).collect();
        lines.join("\n")
    };
    load::post(process.address, 4, Duration::from_secs(600), n / BATCH, body).await?;
    let cookies = sessions(directory, process.address, n_sessions).await?;
    Ok((process, cookies))
}

/// A daemon on the store of a directory, and so many sessions.
pub(super) async fn served(directory: &Path, n_sessions: usize) -> anyhow::Result<(Process, Vec<String>)> {
    let process = Process::start(directory).await?;
    let cookies = sessions(directory, process.address, n_sessions).await?;
    Ok((process, cookies))
}

async fn sessions(directory: &Path, address: SocketAddr, n: usize) -> anyhow::Result<Vec<String>> {
    let mut cookies = Vec::new();
    for place in 0..n {
        if 0 < place {
            // Two links of one user and one second are one, which works once.
            tokio::time::sleep(Duration::from_millis(1_050)).await;
        }
        let socket = UnixStream::connect(directory.join("data/plazo.sock")).await?;
        let made = exchange(socket, "POST", "/v1/page", "").await?;
        let (_, made) = made.split_once("\r\n\r\n").context("an answer")?;
        let made: serde_json::Value = serde_json::from_str(made)?;
        let url = made["url"].as_str().context("an address")?;
        let link = url.find("/a/").and_then(|at| url.get(at..)).context("a link")?;
        cookies.push(enter(address, link).await?);
    }
    Ok(cookies)
}

/// Begins a session by its link.
async fn enter(address: SocketAddr, link: &str) -> anyhow::Result<String> {
    let answer = exchange(TcpStream::connect(address).await?, "POST", link, "").await?;
    let line = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
    let cookie = line
        .and_then(|line| line.split([':', ';']).nth(1))
        .with_context(|| format!("no cookie: {}", answer.chars().take(400).collect::<String>()))?;
    Ok(cookie.trim().to_owned())
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    header: &str,
) -> anyhow::Result<String> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: text/html\r\n{header}content-length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Fetches a page: how long that took, and its length.
pub(super) async fn look(address: SocketAddr, cookie: &str, path: &str) -> anyhow::Result<(Duration, usize)> {
    let began = Instant::now();
    let stream = TcpStream::connect(address).await?;
    let answer = exchange(stream, "GET", path, &format!("cookie: {cookie}\r\n")).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{}", answer.lines().next().unwrap_or_default());
    Ok((began.elapsed(), answer.len()))
}

/// Five hundred pages, each told of changes and fetching its rows at each.
async fn keep_open(address: SocketAddr, cookies: &[String], told: &Arc<AtomicUsize>) -> anyhow::Result<JoinSet<()>> {
    let mut open = JoinSet::new();
    for cookie in cookies.iter().flat_map(|cookie| std::iter::repeat_n(cookie, OF_ONE)).take(N_PAGES) {
        let mut stream = TcpStream::connect(address).await?;
        let head = format!("GET /live HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let (cookie, told) = (cookie.to_owned(), Arc::clone(told));
        let mut lines = BufReader::new(stream).lines();
        // It hears of what changes from the end of the head on.
        while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
        open.spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("event: change") {
                    told.fetch_add(1, Ordering::Relaxed);
                    // A daemon that ends ends its pages.
                    look(address, &cookie, "/?parte=filas").await.ok();
                }
            }
        });
    }
    Ok(open)
}

/// What five hundred pages cost in memory, and when one of them shows a change.
async fn many() -> anyhow::Result<Row> {
    let directory = tempfile::tempdir()?;
    let (process, cookies) = filled(directory.path(), 1_000, N_PAGES.div_ceil(OF_ONE)).await?;
    let cookie = cookies.first().context("a session")?;
    for _ in 0..LOOKS {
        look(process.address, cookie, "/?parte=filas").await?;
    }
    let before = resident_megabytes(process.child.id())?;
    let told = Arc::new(AtomicUsize::new(0));
    let mut one = BufReader::new(TcpStream::connect(process.address).await?).lines();
    let head = format!("GET /live HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n");
    one.get_mut().write_all(head.as_bytes()).await?;
    let due_at = real_time().now() + TimeDelta::minutes(55);
    let mut shown = Vec::new();
    for n in 0..CHANGES {
        // Whoever has been told is not told again for a moment.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let began = Instant::now();
        load::post(process.address, 1, Duration::from_secs(10), 1, move |_| site::message(1_000_000 + n, due_at))
            .await?;
        while !one.next_line().await?.context("the page ended")?.contains("event: change") {}
        look(process.address, cookie, "/?parte=filas").await?;
        shown.push(began.elapsed());
    }
    let open = keep_open(process.address, &cookies, &told).await?;
    load::post(process.address, 1, Duration::from_secs(10), 1, move |_| site::message(2_000_000, due_at)).await?;
    let began = Instant::now();
    while told.load(Ordering::Relaxed) < N_PAGES && began.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let all = began.elapsed();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let megabytes = resident_megabytes(process.child.id())? - before;
    drop(open);
    let [p50, p99] = shares(&mut shown, [0.5, 0.99]);
    let figure = format!("{megabytes:.0} MB for all; a change shows after p50 {p50:.0} ms, p99 {p99:.0} ms on one");
    let beside = format!("all {} told within {:.1} s", told.load(Ordering::Relaxed), all.as_secs_f64());
    Ok(Row::new("500 open pages", figure, beside))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn shares<const N: usize>(times: &mut [Duration], wanted: [f64; N]) -> [f64; N] {
    times.sort();
    wanted.map(|share| {
        let place = (share * times.len().saturating_sub(1) as f64) as usize;
        times.get(place).map_or(f64::NAN, |time| milliseconds(*time))
    })
}
