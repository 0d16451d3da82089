//! kill -9 at random instants amid import, retention, erasing and backup; and whether the same again makes it whole.
//!
//! `PLAZO_BENCH_KILLS=100 plazo bench kills` kills each so often, `PLAZO_BENCH_SEED` begins another run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Row;
use super::random::Random;
use super::site::Process;
use plazo::cli::real_time;
use plazo::store::Store;
use plazo::store::keeping::Retained;

/// Kills of each, where nobody says how many.
const N_KILLS: usize = 25;
/// Finished requests of each of two clients.
const N_REQUESTS: usize = 300;
const ROSA: &str = "rosa.quiroga@andina.example";
const COPIES: &str = "copies";

/// What is cut off.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Import,
    Retention,
    Erase,
    Backup,
}

impl Deed {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Import, "kill -9 amid import"),
        (Self::Retention, "kill -9 amid retention"),
        (Self::Erase, "kill -9 amid erasing"),
        (Self::Backup, "kill -9 amid backup"),
    ];

    /// The command that does it; none where the daemon does.
    const fn command(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Import => Some(&["import", "history.ndjson"]),
            Self::Erase => Some(&["erase", "--client", ROSA, "--yes"]),
            Self::Backup => Some(&["backup", "copies/", "--keep", "2"]),
            Self::Retention => None,
        }
    }
}

pub(super) async fn amid_keeping() -> anyhow::Result<Vec<Row>> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse()).transpose();
    let n_kills = number("PLAZO_BENCH_KILLS")?.unwrap_or(N_KILLS);
    let mut random = Random::new(number("PLAZO_BENCH_SEED")?.unwrap_or(1) as u64);
    let empty = tempfile::tempdir()?;
    fs::write(empty.path().join("sla.toml"), FILE_OF_PROMISES)?;
    let n_events = write_history(&empty.path().join("history.ndjson"), real_time().now())?;
    let full = copied(empty.path())?;
    run(full.path(), &["import", "history.ndjson"])?;
    let mut rows = Vec::new();
    for (deed, work) in Deed::ALL {
        let template = if matches!(deed, Deed::Import) { empty.path() } else { full.path() };
        let whole = begin(deed, &copied(template)?, None).await?;
        let mut n_amid = 0;
        for _ in 0..n_kills {
            let site = copied(template)?;
            let after = whole.mul_f64(f64::from(random.u32(1_000)) / 1_000.0);
            n_amid += usize::from(begin(deed, &site, Some(after)).await? < whole);
            let context = || format!("{work}, after {after:?}");
            // One whose tables were just being made is made by the next run.
            if Store::open_reader(&site.path().join("data")).is_ok() {
                run(site.path(), &["verify"]).with_context(context)?;
            }
            begin(deed, &site, None).await.with_context(context)?;
            run(site.path(), &["verify"]).with_context(context)?;
            is_whole(deed, site.path(), n_events).with_context(context)?;
        }
        let figure = format!("{n_kills} kills, {n_amid} of them amid it: nothing lost, nothing left");
        rows.push(Row::new(work, figure, format!("{:.2} s where nobody kills it", whole.as_secs_f64())));
    }
    Ok(rows)
}

/// Does it, and kills whoever does it after a while. How long it took, or was let live.
async fn begin(deed: Deed, site: &TempDir, killed_after: Option<Duration>) -> anyhow::Result<Duration> {
    let Some(args) = deed.command() else { return let_go(site.path(), killed_after).await };
    let mut child = command(site.path(), args).spawn()?;
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            // Killed after its receipt was written: nobody of that name is known any more.
            let is_done = status.success() || matches!(deed, Deed::Erase) && status.code() == Some(2);
            ensure!(is_done, "plazo {} ended with {status}", args.join(" "));
            return Ok(killed_after.map_or_else(|| began.elapsed(), |_| Duration::MAX));
        }
        if killed_after.is_some_and(|after| after <= began.elapsed()) {
            child.kill()?;
            child.wait()?;
            return Ok(Duration::ZERO);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The same of what the daemon does.
async fn let_go(site: &Path, killed_after: Option<Duration>) -> anyhow::Result<Duration> {
    let mut process = Process::start(site).await?;
    let began = Instant::now();
    let asking = async {
        let mut socket = tokio::net::UnixStream::connect(site.join("data/plazo.sock")).await?;
        let head = "POST /v1/let-go HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
        socket.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        anyhow::Ok(())
    };
    let Some(after) = killed_after else {
        asking.await?;
        return Ok(began.elapsed());
    };
    let was_killed = tokio::time::timeout(after, asking).await.is_err();
    process.child.kill()?;
    process.child.wait()?;
    Ok(if was_killed { Duration::ZERO } else { Duration::MAX })
}

/// Whether everything is as if nobody had been killed.
fn is_whole(deed: Deed, site: &Path, n_events: usize) -> anyhow::Result<()> {
    let data = site.join("data");
    let store = Store::open_reader(&data)?;
    let mut n_kept = 0;
    store.each_event(|_, _, _| n_kept += 1)?;
    ensure!(n_kept == n_events, "{n_kept} of {n_events} events are there");
    ensure!(store.count_deliveries()?.is_empty(), "somebody was told");
    match deed {
        Deed::Import => {}
        Deed::Retention => {
            let left = store.to_let_go(Retained::Words, real_time().now(), 1)?;
            ensure!(left.is_empty(), "words of {left:?} are left");
        }
        Deed::Erase => {
            ensure!(store.erasures()?.len() == 1, "one receipt was to be there");
            for file in fs::read_dir(&data)? {
                let bytes = fs::read(file?.path())?.to_ascii_lowercase();
                let word = ROSA.as_bytes();
                ensure!(!bytes.windows(word.len()).any(|window| window == word), "{ROSA} is left");
            }
        }
        Deed::Backup => {
            let mut copies: Vec<PathBuf> = fs::read_dir(site.join(COPIES))?.flatten().map(|file| file.path()).collect();
            copies.sort();
            let copy = copies.last().context("a copy")?.display().to_string();
            let elsewhere = tempfile::tempdir()?;
            fs::copy(site.join("sla.toml"), elsewhere.path().join("sla.toml"))?;
            run(elsewhere.path(), &["restore", &copy])?;
            run(elsewhere.path(), &["verify"])?;
            let mut n_restored = 0;
            Store::open_reader(&elsewhere.path().join("data"))?.each_event(|_, _, _| n_restored += 1)?;
            ensure!(n_restored == n_events, "{n_restored} of {n_events} events came back");
        }
    }
    Ok(())
}

fn command(site: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "plazo".into()));
    command.current_dir(site).args(args).args(["--config", "sla.toml", "--data", "data"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(site: &Path, args: &[&str]) -> anyhow::Result<()> {
    let output = command(site, args).stdout(Stdio::piped()).stderr(Stdio::piped()).output()?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "plazo {}: {}", args.join(" "), String::from_utf8_lossy(&said));
    Ok(())
}

/// The same directory anew, one level of it and its data.
fn copied(from: &Path) -> anyhow::Result<TempDir> {
    let to = tempfile::tempdir()?;
    for part in ["", "data"] {
        let (from, to) = (from.join(part), to.path().join(part));
        if !from.is_dir() {
            continue;
        }
        fs::create_dir_all(&to)?;
        for file in fs::read_dir(from)? {
            let file = file?;
            if file.file_type()?.is_file() {
                fs::copy(file.path(), to.join(file.file_name()))?;
            }
        }
    }
    Ok(to)
}

/// Finished requests of two clients, ten days old. How many events they are.
fn write_history(path: &Path, now: DateTime<Utc>) -> anyhow::Result<usize> {
    let mut lines = Vec::new();
    for n in 0..N_REQUESTS {
        for (name, address) in [("Rosa Quiroga", ROSA), ("Pedro Gil", "pedro.gil@sol.example")] {
            // Three minutes apart: who sends thirty mails in an hour writes to the last of their requests.
            let at = now - TimeDelta::days(10) + TimeDelta::minutes(3 * i64::try_from(n)?);
            for (kind, after) in [("message", 0), ("deliver", 40), ("close", 50)] {
                let mut event = serde_json::json!({"id": format!("{address}-{n}-{kind}"), "source": "before", "type": kind,
                    "at": (at + TimeDelta::minutes(after)).to_rfc3339(), "channel": "email", "thread": format!("hilo-{name}-{n}"),
                    "author": {"name": "Laura", "kind": "agent"}});
                if kind == "message" {
                    event["direction"] = "in".into();
                    event["text"] = "¿Me envían la factura a Calle 45?".into();
                    event["author"] = serde_json::json!({"name": name, "address": address, "kind": "customer"});
                }
                lines.push(event.to_string());
            }
        }
    }
    fs::write(path, lines.join("\n"))?;
    Ok(lines.len())
}

const FILE_OF_PROMISES: &str = r#"language = "es"
timezone = "America/Bogota"
[calendar.oficina]
hours = { mon-fri = "08:00-18:00" }
[person.laura]
name = "Laura"
email = "laura@agencia.example"
[escalation]
e = [{ at = "due", tell = ["laura"] }]
[[policy]]
name = "mesa"
match = { kind = "request" }
reply = { within = "20m", calendar = "oficina", escalation = "e" }
deliver = { within = "48h", escalation = "e" }
[retention]
words = "3 days"
"#;
