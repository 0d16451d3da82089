//! `plazo test-notify`: a message the whole way, and what the peer answered (LESSONS 37).

use std::time::Duration;

use serde_json::json;

use super::client::Client;
use super::output::{self, GREEN, RED, styled};
use super::{Exit, Global, Outcome};

/// How long the answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A person, by key, name or address, or a destination
    to: String,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let client = Client::writing(global)?;
    let sent = client.post("/v1/test-notify", &json!({ "to": args.to })).await?;
    let mut exit = Exit::Done;
    for id in sent["deliveries"].as_array().into_iter().flatten() {
        let path = format!("/v1/deliveries/{id}");
        let settled = tokio::time::timeout(PATIENCE, async {
            loop {
                let delivery = client.get(&path).await?;
                // A try that failed says why at once; the rest of its tries need no waiting for.
                if !delivery["finished_at"].is_null() || !delivery["answer"].is_null() {
                    return anyhow::Ok(delivery);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        let delivery = match settled.await {
            Ok(delivery) => delivery?,
            Err(_) => client.get(&path).await?,
        };
        let text = |field: &str| delivery[field].as_str().unwrap_or_default().to_owned();
        let is_sent = delivery["state"] == "sent";
        if !is_sent {
            exit = Exit::Found;
        }
        let style = if is_sent { GREEN } else { RED };
        output::line(&format!("{}  {}  {}", text("destination"), styled(style, text("state")), text("answer")))?;
    }
    Ok(exit)
}
