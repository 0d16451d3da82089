//! What is done by itself in the background: the disk is watched, and what has been kept for long enough is let go.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::sources::pause;
use crate::app::App;
use crate::app::disk::DiskChange;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often what has been kept for long enough is let go, and the disk's growth noted: not at once after the start, when there is
/// more urgent work.
const FIRST: u32 = 60;
const EACH: u32 = 3_600;
/// The name under which one of several daemons looks for what was put aside while another opened its conversation.
const PARKED: &str = "parked";
/// The name under which one of several daemons lets go what was kept for long enough.
const KEEPING: &str = "keeping";

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut seconds = EACH - FIRST;
    while !stop.is_cancelled() {
        match app.watch_disk().await {
            Ok(DiskChange::Same) => {}
            Ok(DiskChange::Closed) => {
                tracing::error!("the disk is almost full: no event is taken until there is room; what is due goes out");
            }
            Ok(DiskChange::GaveUp) => {
                tracing::error!("the disk is full: the reserve was given up, so that what is due goes out");
            }
            Ok(DiskChange::Opened) => tracing::info!("there is room on the disk again: events are taken"),
            Err(error) => tracing::debug!(%error, "the disk cannot be looked at"),
        }
        if app.share().is_some()
            && app.is_own(PARKED)
            && let Err(error) = app.desk.take_parked_late().await
        {
            tracing::debug!(%error, "what was put aside too late was not looked for");
        }
        seconds += 1;
        if EACH <= seconds {
            seconds = 0;
            let (app, stop) = (app.clone(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = keep_house(&app) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        pause(LOOK_EVERY, &stop).await;
    }
}

async fn keep_house(app: &App) {
    if !app.is_own(KEEPING) {
        return;
    }
    if let Err(error) = app.note_disk().await {
        tracing::debug!(%error, "the disk's growth was not noted");
    }
    app.erase_wanted().await;
    match app.let_go().await {
        Ok(let_go) if let_go == Default::default() => {}
        Ok(let_go) => tracing::info!(?let_go, "kept for long enough"),
        Err(error) => tracing::warn!(%error, "what was kept for long enough is still there"),
    }
}
