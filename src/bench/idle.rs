//! What many open requests cost while nothing happens: memory, processor, and the time to be ready.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::site::{self, Process};
use super::{Row, load};
use plazo::cli::real_time;

const BATCH: usize = 500;
const WATCH: Duration = Duration::from_secs(10);
/// Linux counts processor time in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

pub(super) async fn open_requests(n: usize) -> anyhow::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("sla.toml"), site::config("ana", ""))?;
    let filling = Process::start(directory.path()).await?;
    let due_at = real_time().now() + TimeDelta::minutes(55);
    let body = move |index: usize| {
        let lines: Vec<_> = (0..BATCH).map(|line| site::message(index * BATCH + line, due_at)).collect();
        lines.join("\n")
    };
    load::post(filling.address, 4, Duration::from_secs(600), n / BATCH, body).await?;
    drop(filling);
    let process = Process::start(directory.path()).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (began, before) = (Instant::now(), processor_seconds(process.child.id())?);
    tokio::time::sleep(WATCH).await;
    let share = 100.0 * (processor_seconds(process.child.id())? - before) / began.elapsed().as_secs_f64();
    let megabytes = resident_megabytes(process.child.id())?;
    let figure = format!("{megabytes:.0} MB resident, {share:.2} % of a core");
    let work = if n < 1_000_000 { "100,000 open requests, idle" } else { "1,000,000 open requests, idle" };
    Ok(vec![Row::new(work, figure, format!("ready within {:.2} s", process.ready_after.as_secs_f64()))])
}

pub(super) fn resident_megabytes(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: f64 = line.and_then(|line| line.split_whitespace().next()).unwrap_or("0").parse()?;
    Ok(kilobytes / 1_024.0)
}

fn processor_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Fields are counted from after the command's name, which may hold spaces.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / TICKS_A_SECOND)
}
