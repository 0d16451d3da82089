//! Erasing and retention while alerts go out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::{Row, alerts};
use plazo::app::App;
use plazo::app::metrics::LetGoLabels;
use plazo::app::privacy::{ErasureKind, ErasureOrder};
use plazo::cli::real_time;
use plazo::engine::event::Event;
use plazo::engine::proof::Proof;
use plazo::intake::json;
use plazo::store::imports::ImportStep;
use plazo::unit::Incoming;

/// Finished requests that are let go, and clients that are erased meanwhile.
const N_FINISHED: usize = 20_000;
const AT_ONCE: usize = 2_000;

pub(super) async fn beside_alerts() -> anyhow::Result<Vec<Row>> {
    let n = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = Arc::clone(&n);
    let mut rows = vec![alerts::lateness_with("1,000 alerts over a minute, alone", "", |_| async { Ok(()) }).await?];
    let file = "[retention]\nwords = \"1 day\"\n";
    let name = "1,000 alerts over a minute, beside retention and erasing";
    let beside = alerts::lateness_with(name, file, |site| async move {
        fill(&site.app).await?;
        let mut work = JoinSet::new();
        let (app, letting) = (site.app.clone(), Arc::clone(&counted));
        work.spawn(async move {
            // It may be going on when the measuring ends: what was let go until then is counted by the daemon's own counter.
            let counter = app.metrics().let_go.get_or_create_owned(&LetGoLabels { part: "words" });
            let counting = async {
                loop {
                    letting[0].store(usize::try_from(counter.get()).unwrap_or_default(), Ordering::Relaxed);
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            };
            let letting_go = async {
                while app.let_go().await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            };
            tokio::select! { () = counting => {}, () = letting_go => {} }
        });
        let erasing = Arc::clone(&counted);
        work.spawn(async move {
            for client in 0.. {
                let words = vec![format!("client-{client}@cliente.example")];
                let order = ErasureOrder { kind: ErasureKind::Client, words, who: None };
                if site.app.erase(order).await.is_err() {
                    break;
                }
                erasing[1].fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(work)
    });
    rows.push(beside.await?);
    let [words, erased] = [&n[0], &n[1]].map(|n| n.load(Ordering::Relaxed));
    rows.push(Row::new("let go and erased meanwhile", format!("words of {words} requests, {erased} clients"), ""));
    Ok(rows)
}

/// Requests of two days ago, each with its end.
async fn fill(app: &App) -> anyhow::Result<()> {
    let now = real_time().now();
    let at = |minutes: i64| (now - TimeDelta::days(2) + TimeDelta::minutes(minutes)).to_rfc3339();
    for begin in (0..N_FINISHED).step_by(AT_ONCE) {
        let mut incoming = Vec::new();
        for n in begin..begin + AT_ONCE {
            let client = n % (N_FINISHED / 10);
            for (kind, minutes) in [("message", 0), ("close", 10)] {
                let mut event = serde_json::json!({"id": format!("{n}-{kind}"), "source": "bench", "type": kind, "at": at(minutes),
                    "channel": "bench", "thread": format!("finished-{n}"), "text": "¿Me envían la factura de este mes?",
                    "author": {"name": format!("Cliente {client}"), "address": format!("client-{client}@cliente.example"), "kind": "customer"}});
                if kind == "message" {
                    event["direction"] = "in".into();
                } else {
                    event["author"] = serde_json::json!({"name": "Ana", "kind": "agent"});
                }
                let heard = json::heard(event, "bench", now).map_err(|error| anyhow::anyhow!(error.words().en))?;
                // Nobody ends anything without a proof.
                let event = Event { proof: Proof::Machine { user: None }, ..heard.event };
                incoming.push(Incoming::new(event, None)?.imported(now));
            }
        }
        let step = ImportStep { file: "bench".to_owned(), digest: [0; 32], n_records: 0, n_refused: 0, is_last: false };
        app.desk.import(incoming, step).await?;
    }
    Ok(())
}
