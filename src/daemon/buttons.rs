//! Clicks on buttons of alerts: what they did is answered in place.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::intake::source::Source;
use crate::net::Clients;
use crate::text::button::{self, Press};

/// Slack takes answers of this address only; another would be told what is none of its business.
const SLACK: &str = "https://hooks.slack.com/";
const TIMEOUT: Duration = Duration::from_secs(10);

/// Answers clicks until `stop`.
pub(super) async fn run(app: App, clients: Clients, stop: CancellationToken) {
    let Some(mut presses) = app.feeds.take_presses() else { return };
    loop {
        let pressed = tokio::select! {
            () = stop.cancelled() => return,
            pressed = presses.recv() => pressed,
        };
        let Some((source, press)) = pressed else { return };
        let Some(source) = app.feeds.sources().get(&source).cloned() else { continue };
        if let Err(error) = answer(&app, &clients, &source, &press).await {
            // What was clicked is done; only the message does not show it.
            tracing::warn!(source = source.settings.name, %error, "a button could not be answered");
        }
    }
}

async fn answer(app: &App, clients: &Clients, source: &Source, press: &Press) -> anyhow::Result<()> {
    let is_theirs = |base: &String| press.to.strip_prefix(base.as_str()).is_some_and(|rest| rest.starts_with('/'));
    if !press.to.starts_with(SLACK) && !source.settings.api.base.as_ref().is_some_and(is_theirs) {
        anyhow::bail!("the address to answer is not Slack's");
    }
    let Ok(id) = press.request.parse() else { return Ok(()) };
    let config = app.config();
    let request = app.views.request(id).await?;
    let reader = (config.zone, config.language);
    let body = button::answer(press, id, request.as_ref(), &config.rulebook.directory, reader, app.now());
    let url = reqwest::Url::parse(&press.to)?;
    let client = clients.of(&url, source.settings.private)?;
    let sent = client.post(url).json(&body).timeout(TIMEOUT).send().await;
    // The address is a secret for half an hour.
    sent.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url)?;
    Ok(())
}
