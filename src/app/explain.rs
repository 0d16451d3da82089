//! Explaining a request: what the store knows of it, derived by the engine under the revisions that planned its clocks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::views::Views;
use crate::config::{self, Config};
use crate::engine::clock::Clock;
use crate::engine::event::{self, Event};
use crate::engine::explain::{Explanation, Sent, explain};
use crate::engine::ledger::{Holder, Ledger};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;
use crate::store::deliveries::StepDelivery;
use crate::store::{Store, StoreError};

/// All that the store knows of a request.
struct Known {
    request: Request,
    clocks: Vec<Clock>,
    events: Vec<Event>,
    deliveries: Vec<StepDelivery>,
    /// The file as it was, by revision.
    revisions: BTreeMap<i64, String>,
}

impl Views {
    /// Explains a request; `None` if there is none of that number.
    pub async fn explain(&self, id: RequestId) -> Result<Option<Explanation>, StoreError> {
        let config = self.core.config();
        let now = self.core.now();
        let current = config.rulebook.revision;
        self.readers
            .look(move |store| Ok(known(store, id, current)?.map(|known| explained(&known, &config, now))))
            .await
    }
}

fn known(store: &Store, id: RequestId, current: i64) -> Result<Option<Known>, StoreError> {
    let Some(request) = store.request(id)? else { return Ok(None) };
    let clocks = store.clocks(id)?;
    let mut revisions = BTreeMap::new();
    for revision in clocks.iter().map(|clock| clock.revision).filter(|revision| *revision != current) {
        if !revisions.contains_key(&revision)
            && let Some(text) = store.revision_text(revision)?
        {
            revisions.insert(revision, text);
        }
    }
    let events = event::arrived(&store.events(id)?).cloned().collect();
    let deliveries = store.step_deliveries(id)?;
    Ok(Some(Known { request, clocks, events, deliveries, revisions }))
}

fn explained(known: &Known, config: &Config, now: DateTime<Utc>) -> Explanation {
    let rulebooks: BTreeMap<i64, Rulebook> = known
        .revisions
        .iter()
        .filter_map(|(revision, text)| {
            let read = config::read(&config.directory.join("sla.toml"), text.clone());
            Some((*revision, Rulebook { revision: *revision, ..read.config?.rulebook }))
        })
        .collect();
    let rulebook_of = |revision| rulebooks.get(&revision);
    let mut explanation = explain(&known.request, &known.clocks, &known.events, &config.rulebook, rulebook_of, now);
    for story in &mut explanation.clocks {
        for step in &mut story.steps {
            let of_step = |delivery: &&StepDelivery| {
                delivery.kind == story.kind.as_str() && delivery.cycle == story.cycle && delivery.step == step.step
            };
            step.sent = known.deliveries.iter().filter(of_step).map(|delivery| sent(delivery, config)).collect();
        }
    }
    name_holders(&mut explanation.ledger, config);
    explanation
}

fn sent(delivery: &StepDelivery, config: &Config) -> Sent {
    let person = delivery.person.as_ref();
    let name = person.map(|key| config.name_of(key).to_owned());
    Sent {
        to: name.unwrap_or_else(|| delivery.destination.clone()),
        by: delivery.destination.clone(),
        state: delivery.state.as_str().to_owned(),
        at: delivery.finished_at,
    }
}

/// Puts people's names in the place of their keys.
fn name_holders(ledger: &mut Ledger, config: &Config) {
    let holders = ledger.held.iter_mut().map(|held| &mut held.holder);
    for holder in holders.chain(ledger.totals.iter_mut().map(|total| &mut total.holder)) {
        if let Holder::Owner { owner, .. } = holder
            && let Some(person) = config.rulebook.directory.person(owner)
        {
            owner.clone_from(&person.name);
        }
    }
}
