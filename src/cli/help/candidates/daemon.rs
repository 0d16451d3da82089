//! Numbers of what is there: asked of the daemon, or of the store where none runs.

use std::time::Duration;

use serde_json::Value;

use super::{Candidates, asked, described};
use crate::cli::client::Client;
use crate::cli::runtime;

/// Who presses TAB does not wait longer.
const PATIENCE: Duration = Duration::from_millis(800);

/// Open requests, each with what it is about.
pub(super) fn requests() -> Candidates {
    listed("/v1/requests?state=open&limit=100", "requests", "subject")
}

/// Messages that could not be sent: the others cannot be sent again or dropped.
pub(super) fn deliveries() -> Candidates {
    listed("/v1/deliveries?state=dead&limit=100", "deliveries", "person")
}

pub(super) fn silences() -> Candidates {
    listed("/v1/silences", "silences", "why")
}

pub(super) fn absences() -> Candidates {
    listed("/v1/away", "away", "name")
}

pub(super) fn sessions() -> Candidates {
    listed("/v1/sessions", "sessions", "name")
}

/// Those to which nothing is said yet.
pub(super) fn violations() -> Candidates {
    listed("/v1/violations?open=true", "violations", "request")
}

/// The `id` of each row that is answered, with a word on what it is.
fn listed(query: &str, rows: &str, about: &str) -> Candidates {
    let page = runtime().ok().and_then(|runtime| {
        runtime.block_on(async {
            let client = Client::reading(&asked()).ok()?;
            tokio::time::timeout(PATIENCE, client.get(query)).await.ok()?.ok()
        })
    });
    let rows = page.as_ref().and_then(|page| page[rows].as_array()).into_iter().flatten();
    rows.filter_map(|row| {
        let id = match &row["id"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        Some(described(id, row[about].as_str().unwrap_or_default()))
    })
    .collect()
}
