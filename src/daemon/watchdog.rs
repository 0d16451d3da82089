//! Feeds systemd's watchdog while alerts can be decided: the timer comes around, or waits for a writer that works. It is a task of its own,
//! so that much work, which ends, is not taken for a standstill, which starting anew mends (LESSONS 58).

use tokio_util::sync::CancellationToken;

use super::service;
use crate::app::App;

pub(super) async fn run(app: App, stop: CancellationToken) {
    let Some(every) = service::watchdog_interval() else { return };
    let mut last = app.pulse().look();
    while !stop.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stop.cancelled() => return,
        }
        if app.pulse().is_alive_since(last) {
            service::watchdog();
        } else {
            tracing::error!("the timer stands still; the watchdog is not fed");
        }
        last = app.pulse().look();
    }
}
