//! What `plazo bench` measures: a part of the program, not of the library that it measures.
//!
//! A temporary store, loopback receivers, gathering switched off: one alert, one call.

mod alerts;
mod bare;
mod crash;
mod flood;
mod hooks;
mod idle;
mod intake;
mod keeping;
mod kills;
mod load;
mod pages;
mod random;
mod site;
mod years;

use plazo::cli::bench::{Row, Work};

/// Measures one kind of work.
pub(crate) fn measure(work: Work) -> anyhow::Result<Vec<Row>> {
    // A runtime each: what one leaves behind does not disturb the next.
    tokio::runtime::Runtime::new()?.block_on(async {
        match work {
            Work::Intake => intake::single().await,
            Work::Hooks => hooks::signed().await,
            Work::Batches => intake::batches().await,
            Work::Lateness => alerts::lateness().await,
            Work::Burst => alerts::burst().await,
            Work::Mail => alerts::mail().await,
            Work::Idle => idle::open_requests(100_000).await,
            Work::Million => idle::open_requests(1_000_000).await,
            Work::Keeping => keeping::beside_alerts().await,
            Work::Years => years::behind().await,
            Work::Pages => pages::open_pages().await,
            Work::Kills => kills::amid_keeping().await,
            Work::Crash => crash::kill_amid_alerts().await,
            Work::Flood => flood::held_alerts().await,
            Work::Silent => flood::silent_connections().await,
        }
    })
}
