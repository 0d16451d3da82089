//! How many events are taken a second, durably.

use std::time::Duration;

use chrono::TimeDelta;

use super::bare::{self, Rows};
use super::site::{self, Site};
use super::{Row, load};
use plazo::cli::real_time;
use plazo::config;
use plazo::engine::request::Request;
use plazo::engine::request_id::RequestId;
use plazo::engine::{self, Input};
use plazo::intake::json;

const SPAN: Duration = Duration::from_secs(4);
const CONNECTIONS: usize = 64;
const BATCH: usize = 100;

fn quiet() -> String {
    site::config("ana", "")
}

/// One event a request, beside the bare loop: before and after, since the machine's mood changes.
pub(super) async fn single() -> anyhow::Result<Vec<Row>> {
    let before = bare(Rows::Same).await?;
    let plazo = plazo().await?;
    let after = bare(Rows::Same).await?;
    let tiny = bare(Rows::Tiny).await?;
    let same = f64::midpoint(before, after);
    Ok(vec![Row::new(
        "durable intake, one event a request, 64 connections",
        format!("{plazo:.0}/s"),
        format!(
            "{:.0} % of the bare loop with the same rows ({same:.0}/s), {:.0} % of it with tiny rows ({tiny:.0}/s)",
            100.0 * plazo / same,
            100.0 * plazo / tiny
        ),
    )])
}

pub(super) async fn plazo() -> anyhow::Result<f64> {
    let site = Site::start(&quiet()).await?;
    let due_at = real_time().now() + TimeDelta::minutes(50);
    let rate =
        load::post(site.address, CONNECTIONS, SPAN, usize::MAX, move |index| site::message(index, due_at)).await?;
    site.end().await?;
    Ok(rate)
}

async fn bare(rows: Rows) -> anyhow::Result<f64> {
    let directory = tempfile::tempdir()?;
    let now = real_time().now();
    let due_at = now + TimeDelta::minutes(50);
    let loaded = config::read("bench".as_ref(), quiet());
    let config = loaded.config.ok_or_else(|| anyhow::anyhow!("the bench's own sla.toml is wrong"))?;
    let (event, _) = json::event(serde_json::from_str(&site::message(0, due_at))?, "http", now)?;
    let blank = Request::unopened(RequestId(1));
    let outcome = engine::advance(&blank, &config.rulebook, Input::Event(&event), now);
    let address = bare::start(directory.path(), rows, outcome, "bench".to_owned()).await?;
    load::post(address, CONNECTIONS, SPAN, usize::MAX, move |index| site::message(index, due_at)).await
}

/// A hundred events a request, one a line.
pub(super) async fn batches() -> anyhow::Result<Vec<Row>> {
    let site = Site::start(&quiet()).await?;
    let due_at = real_time().now() + TimeDelta::minutes(50);
    let body = move |index: usize| {
        let lines: Vec<_> = (0..BATCH).map(|line| site::message(index * BATCH + line, due_at)).collect();
        lines.join("\n")
    };
    let rate = load::post(site.address, 8, SPAN, usize::MAX, body).await?;
    site.end().await?;
    let figure = format!("{:.0} events/s", rate * BATCH as f64);
    Ok(vec![Row::new("the same, 100 events a request", figure, "")])
}
