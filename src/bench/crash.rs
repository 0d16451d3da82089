//! kill -9 amid many alerts, and what the next start makes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::site::{self, Process};
use super::{Row, load};
use plazo::cli::loopback::webhook;
use plazo::cli::real_time;
use plazo::store::Store;

const N: usize = 5_000;
/// The process is killed when so many have been told.
const KILL_AT: usize = 1_500;
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(1);

pub(super) async fn kill_amid_alerts() -> anyhow::Result<Vec<Row>> {
    let told: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let taken = Arc::clone(&told);
    let address = webhook::start(move |body| {
        let message: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let request = message["data"]["content"]["request"].to_string();
        *taken.lock().unwrap_or_else(PoisonError::into_inner).entry(request).or_default() += 1;
    })
    .await?;
    let n_told = || told.lock().unwrap_or_else(PoisonError::into_inner).len();
    let directory = tempfile::tempdir()?;
    let hook = format!("[destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"http://{address}/\"");
    std::fs::write(directory.path().join("sla.toml"), site::config("hook", &hook))?;
    let mut process = Process::start(directory.path()).await?;
    let due_at = real_time().now() + TimeDelta::seconds(4);
    load::post(process.address, 64, PATIENCE, N, move |index| site::message(index, due_at)).await?;
    let began = Instant::now();
    while n_told() < KILL_AT && began.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    process.child.kill()?;
    drop(process);
    let process = Process::start(directory.path()).await?;
    let ready = Instant::now();
    while n_told() < N && ready.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let last_after = ready.elapsed();
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let n_doubled: usize = told.values().map(|n| n - 1).sum();
    let store = Store::open_reader(&directory.path().join("data"))?;
    let n_marked: i64 = store.count_deliveries()?.iter().map(|(_, _, in_doubt)| in_doubt).sum();
    drop(process);
    let figure = format!("{} lost, {n_doubled} doubled", N - told.len().min(N));
    let beside =
        format!("{n_marked} marked as possibly doubled; the last told {:.2} s after ready", last_after.as_secs_f64());
    Ok(vec![Row::new("kill -9 amid 5,000 alerts, restart", figure, beside)])
}
