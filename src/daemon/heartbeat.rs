//! The dead-man's switch: an address is called while an audit finds nothing overdue, so that somebody else notices silence.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::sources::pause;
use crate::app::App;
use crate::config::Heartbeat;
use crate::net::Clients;

const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a change of the file is looked for, where no heartbeat is wanted.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Beats until `stop`.
pub(super) async fn run(app: App, clients: Clients, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let config = app.config();
        let Some(heartbeat) = &config.heartbeat else {
            pause(LOOK_EVERY, &stop).await;
            continue;
        };
        if !app.is_own("heartbeat") {
            pause(LOOK_EVERY, &stop).await;
            continue;
        }
        match audit(&app).await {
            Ok(()) => {
                if let Err(error) = beat(heartbeat, &clients).await {
                    tracing::warn!(%error, "the heartbeat was not taken");
                }
            }
            Err(cause) => tracing::warn!(cause, "no heartbeat"),
        }
        pause(heartbeat.every, &stop).await;
    }
}

/// What keeps the heartbeat still.
async fn audit(app: &App) -> Result<(), String> {
    if app.is_failing() {
        return Err("the store cannot be written".to_owned());
    }
    match app.outbox.count_overdue().await {
        Ok(0) => Ok(()),
        Ok(n) => Err(format!("{n} alerts are overdue and not sent")),
        Err(error) => Err(error.to_string()),
    }
}

async fn beat(heartbeat: &Heartbeat, clients: &Clients) -> anyhow::Result<()> {
    let url = heartbeat.url.read()?;
    let url = reqwest::Url::parse(url.expose()).map_err(|_| anyhow::anyhow!("its address is malformed"))?;
    let client = clients.of(&url, heartbeat.private)?;
    let sent = client.get(url).timeout(TIMEOUT).send().await;
    // Whoever knows the address can beat in our name.
    sent.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url)?;
    Ok(())
}
