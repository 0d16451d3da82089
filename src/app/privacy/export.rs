//! `plazo export`: everything that is kept of a client, for whoever asks what it is.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::engine::address;
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
        self.readers
            .read(move |store| {
                let mut asked: BTreeSet<String> = BTreeSet::new();
                for word in &words {
                    asked.insert(word.clone());
                    asked.insert(address::canonical(word).into_owned());
                    let client = config.rulebook.directory.customer(word);
                    asked.extend(client.map(|client| client.key.clone()));
                }
                let mut own: BTreeSet<RequestId> = requests.into_iter().collect();
                if !asked.is_empty() {
                    own.extend(store.requests_of(&asked)?);
                }
                let looked_for: BTreeSet<String> =
                    asked.iter().filter(|word| 5 <= word.len()).map(|word| word.to_lowercase()).collect();
                let mut mentioned = BTreeSet::new();
                let mut from = Some(1).filter(|_| !looked_for.is_empty());
                while let Some(start) = from {
                    let (some, next) = store.entries_with(&looked_for, start, 20_000)?;
                    mentioned.extend(some.into_iter().filter(|id| !own.contains(id)));
                    from = next;
                }
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
                Ok(Export { requests: exported, mentioned_in: mentioned.into_iter().collect() })
            })
            .await
    }
}
