//! How late alerts arrive, and how fast many of them go out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::site::{self, Site};
use super::{Row, load};
use plazo::cli::loopback::{smtp, webhook};
use plazo::cli::real_time;
use plazo::outbox::DeliveryState;

/// Nothing takes longer than this; what has not arrived by then is said to be missing.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// When a message arrived, and when its step was planned.
type Arrival = (DateTime<Utc>, Option<DateTime<Utc>>);
type Arrivals = Arc<Mutex<Vec<Arrival>>>;

/// The daemon beside which something goes on.
pub(super) struct Beside {
    pub(super) address: std::net::SocketAddr,
    pub(super) app: plazo::app::App,
}

/// A thousand alerts, each due at an instant of its own within a minute.
pub(super) async fn lateness() -> anyhow::Result<Vec<Row>> {
    let alone = |_| std::future::ready(Ok(()));
    Ok(vec![lateness_with("1,000 alerts over a minute: lateness at the webhook", "", alone).await?])
}

/// The same, while whatever `beside` begins goes on; `file` is what the file says for that.
pub(super) async fn lateness_with<T, F>(
    work: &'static str,
    file: &str,
    beside: impl FnOnce(Beside) -> F,
) -> anyhow::Result<Row>
where
    F: Future<Output = anyhow::Result<T>>,
{
    const N: usize = 1_000;
    let (site, arrivals) = hooked(file).await?;
    let beside = beside(Beside { address: site.address, app: site.app.clone() }).await?;
    let first = real_time().now() + TimeDelta::seconds(3);
    let due = move |index: usize| first + TimeDelta::milliseconds(60 * index as i64);
    fill(&site, N, due).await?;
    wait(&arrivals, N).await;
    drop(beside);
    let mut late: Vec<f64> = lock(&arrivals)
        .iter()
        .filter_map(|(at, planned)| Some((*at - (*planned)?).num_microseconds()? as f64 / 1_000.0))
        .collect();
    site.end().await?;
    late.sort_by(f64::total_cmp);
    let at =
        |share: f64| late.get((share * (late.len().saturating_sub(1)) as f64) as usize).copied().unwrap_or(f64::NAN);
    let figure = format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", at(0.5), at(0.99), at(1.0));
    Ok(Row::new(work, figure, format!("{} arrived", late.len())))
}

/// Ten thousand alerts due at one instant, each a webhook call and a record.
pub(super) async fn burst() -> anyhow::Result<Vec<Row>> {
    const N: usize = 10_000;
    let (site, arrivals) = hooked("").await?;
    let due_at = real_time().now() + TimeDelta::seconds(6);
    fill(&site, N, move |_| due_at).await?;
    wait(&arrivals, N).await;
    let arrived = last(&arrivals) - due_at;
    recorded(&site, N).await?;
    let done = real_time().now() - due_at;
    let figure = format!("all told within {:.2} s", arrived.as_seconds_f64());
    let beside = format!("and recorded within {:.2} s; {} arrived", done.as_seconds_f64(), lock(&arrivals).len());
    site.end().await?;
    Ok(vec![Row::new("10,000 alerts due at one instant, by webhook", figure, beside)])
}

/// A thousand mails due at one instant.
pub(super) async fn mail() -> anyhow::Result<Vec<Row>> {
    const N: usize = 1_000;
    let arrivals = Arrivals::default();
    let taken = Arc::clone(&arrivals);
    let address = smtp::start(move |_| lock(&taken).push((real_time().now(), None))).await?;
    let smtp = format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo@agencia.example\"",
        address.port()
    );
    let site = Site::start(&site::config("ana", &smtp)).await?;
    let due_at = real_time().now() + TimeDelta::seconds(3);
    fill(&site, N, move |_| due_at).await?;
    wait(&arrivals, N).await;
    let arrived = last(&arrivals) - due_at;
    site.end().await?;
    let figure = format!("all told within {:.2} s", arrived.as_seconds_f64());
    Ok(vec![Row::new("1,000 mails due at one instant", figure, format!("{} arrived", lock(&arrivals).len()))])
}

/// A daemon that tells a webhook; `file` is what its file says besides.
async fn hooked(file: &str) -> anyhow::Result<(Site, Arrivals)> {
    let arrivals = Arrivals::default();
    let taken = Arc::clone(&arrivals);
    let address = webhook::start(move |body| {
        let at = real_time().now();
        lock(&taken).push((at, planned_at(body)));
    })
    .await?;
    let hook = format!("[destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"http://{address}/\"");
    Ok((Site::start(&site::config("hook", &format!("{hook}\n{file}"))).await?, arrivals))
}

/// The step's instant, as the message's facts tell it.
pub(super) fn planned_at(body: &[u8]) -> Option<DateTime<Utc>> {
    let message: serde_json::Value = serde_json::from_slice(body).ok()?;
    message["data"]["content"]["planned_at"].as_str()?.parse().ok()
}

async fn fill(
    site: &Site,
    n: usize,
    due: impl Fn(usize) -> DateTime<Utc> + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let body = move |index: usize| site::message(index, due(index));
    load::post(site.address, 64, PATIENCE, n, body).await.map(|_| ())
}

async fn wait(arrivals: &Arrivals, n: usize) {
    let began = Instant::now();
    while lock(arrivals).len() < n && began.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn recorded(site: &Site, n: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let counts = site.app.views.count_deliveries().await?;
        if counts.iter().any(|(state, count, _)| *state == DeliveryState::Sent && usize::try_from(*count) == Ok(n)) {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn last(arrivals: &Arrivals) -> DateTime<Utc> {
    lock(arrivals).iter().map(|(at, _)| *at).max().unwrap_or_default()
}

fn lock(arrivals: &Arrivals) -> std::sync::MutexGuard<'_, Vec<Arrival>> {
    arrivals.lock().unwrap_or_else(PoisonError::into_inner)
}
