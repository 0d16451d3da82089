//! `plazo export`: everything that is kept of a client, for whoever asks what it is.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::ErasureKind;
use super::find::{Found, known_by};
use crate::app::App;
use crate::engine::request_id::RequestId;
use crate::intake::json;
use crate::store::StoreError;
use crate::store::violations::ViolationFilter;

/// Violations of a request that are told.
const MOST_VIOLATIONS: u32 = 1_000;

/// What is kept of somebody.
#[derive(Debug, Serialize)]
pub struct Export {
    /// Their requests.
    pub requests: Vec<ExportedRequest>,
    /// Other requests in which they are mentioned.
    pub mentioned_in: Vec<RequestId>,
}

/// One of their requests, with all that belongs to it.
#[derive(Debug, Serialize)]
pub struct ExportedRequest {
    /// What is known of it, as `GET /v1/requests` has it.
    pub request: Value,
    /// The names of its conversations, each with its channel.
    pub threads: Vec<(String, String)>,
    /// What happened, in the form of docs/events.md.
    pub events: Vec<Value>,
    /// What was told of it, to whom, and when.
    pub told: Vec<Value>,
    /// Rules that were broken on it.
    pub violations: Vec<Value>,
}

impl App {
    /// Everything that is kept of a client, or of one request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn export(&self, words: Vec<String>, requests: Vec<RequestId>) -> Result<Export, StoreError> {
        let config = self.config();
        let known = known_by(ErasureKind::Client, &words, &config);
        let Found { whole, mentioned, .. } = self.find(ErasureKind::Client, &words, &known).await?;
        let own: BTreeSet<RequestId> = whole.into_iter().chain(requests).collect();
        let mentioned: Vec<_> = mentioned.into_iter().filter(|id| !own.contains(id)).collect();
        self.readers
            .read(move |store| {
                let mut exported = Vec::new();
                for id in own {
                    let Some(request) = store.request(id)? else { continue };
                    let filter =
                        ViolationFilter { request: Some(id), limit: MOST_VIOLATIONS, ..ViolationFilter::default() };
                    let told = store.told(id)?.into_iter().map(|told| {
                        serde_json::json!({"why": told.why, "person": told.person, "destination": told.destination,
                            "state": told.state, "at": told.at})
                    });
                    let violations = store.violations(&filter)?.into_iter().map(|row| {
                        serde_json::json!({"id": row.id, "at": row.at, "rule": row.violation.rule, "who": row.violation.who,
                            "excuse": row.excuse.map(|(excuse, ..)| excuse)})
                    });
                    exported.push(ExportedRequest {
                        request: serde_json::to_value(crate::app::view::RequestView::new(&request, &config))?,
                        threads: store.threads_of(id)?,
                        events: store.events(id)?.iter().map(json::write).collect(),
                        told: told.collect(),
                        violations: violations.collect(),
                    });
                }
                Ok(Export { requests: exported, mentioned_in: mentioned })
            })
            .await
    }
}
