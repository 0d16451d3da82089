//! Who would be told of a request, when and by what: what the ladders say, tried without telling anybody.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::views::Views;
use crate::config::Config;
use crate::desk;
use crate::engine::effect::Why;
use crate::engine::explain::{self, Upcoming};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::write_back::WriteBack;
use crate::outbox::writing::{WriteDeed, way_to};
use crate::outbox::{HeldFor, silence};
use crate::store::{Store, StoreError};

/// A step that is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteStep {
    /// The promise: `reply`, `deliver`, …
    pub clock: &'static str,
    /// The step, as `sla.toml` writes it.
    pub step: String,
    /// `warning`, `breach`, `escalation` or `attention`.
    pub why: &'static str,
    /// Its instant, as things stand.
    pub at: DateTime<Utc>,
    /// Who is told by what.
    pub told: Vec<RouteWay>,
}

/// One reader and one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteWay {
    /// Key of the person; none where a destination itself is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Keys of those who are away, in whose place the person is told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_place_of: Vec<String>,
    /// Name of the destination.
    pub destination: String,
    /// What is done there, where it is a source into which plazo writes back: `note`, `tag:NAME`, `assign:ROLE`, `priority:NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
    /// Destinations that take over if that one cannot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<String>,
    /// Why it would wait: `silence`, `quiet` or `daily`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_for: Option<&'static str>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_until: Option<DateTime<Utc>>,
}

impl Views {
    /// The steps of a request that are still to come; none if there is no such request.
    pub async fn route(&self, id: RequestId) -> Result<Option<Vec<RouteStep>>, StoreError> {
        let (config, now) = (self.core.config(), self.core.now());
        self.readers
            .look(move |store| {
                let Some(request) = store.request(id)? else { return Ok(None) };
                let silences = store.holding_silences(now)?;
                let mut steps = Vec::new();
                for upcoming in explain::upcoming(&request, &config.rulebook, now) {
                    let why = Why::of_step(upcoming.step);
                    let at = upcoming.at.max(now);
                    let recipients = desk::present(&request, why, &upcoming.recipients, &config, at);
                    let replaced = desk::replaced(&request, (upcoming.clock.kind, upcoming.step), &config, at);
                    let told = desk::addressed_at_step(&recipients, upcoming.step, &config, at).into_iter().map(
                        |(person, destination)| {
                            let silence = silence::longest(&silences, &request, person.as_deref(), &config.rulebook);
                            let silenced = silence.filter(|silence| at < silence.until);
                            let may_wait = desk::may_wait(&request, why);
                            let waits = silenced
                                .map(|silence| (HeldFor::Silence, silence.until))
                                .or_else(|| desk::waits(may_wait, person.as_deref(), &destination, &config, at));
                            let fallback = config.destinations.get(&destination).map(|own| own.fallback.clone());
                            let stands_in = replaced.iter().filter(|one| one.by.is_some() && one.by == person);
                            RouteWay {
                                in_place_of: stands_in.map(|one| one.person.clone()).collect(),
                                person,
                                does: None,
                                fallback: fallback.unwrap_or_default(),
                                destination,
                                held_for: waits.map(|(cause, _)| cause.as_str()),
                                held_until: waits.map(|(_, until)| until),
                            }
                        },
                    );
                    let mut told: Vec<_> = told.collect();
                    told.extend(written(store, &request, &upcoming, &config, at)?);
                    steps.push(RouteStep {
                        clock: upcoming.clock.kind.as_str(),
                        step: upcoming.step.to_string(),
                        why: why.as_str(),
                        at,
                        told,
                    });
                }
                steps.sort_by_key(|step| step.at);
                Ok(Some(steps))
            })
            .await
    }
}

/// What the step would write back.
fn written(
    store: &Store,
    request: &Request,
    upcoming: &Upcoming,
    config: &Config,
    at: DateTime<Utc>,
) -> Result<Vec<RouteWay>, StoreError> {
    let deeds = desk::deeds_of(request, (upcoming.clock, upcoming.step), config);
    if deeds.is_empty() {
        return Ok(Vec::new());
    }
    let Some(ticket) = desk::ticket_of(&store.events(request.id)?, config) else { return Ok(Vec::new()) };
    let whose = (request, upcoming.clock.kind, Why::of_step(upcoming.step));
    let fallback = config.sources.get(&ticket.source).map(|source| source.write.fallback.clone()).unwrap_or_default();
    let way = |deed: &WriteBack| {
        let order = desk::order(deed, whose, &ticket, config, at)?;
        Some(RouteWay {
            fallback: if order.doubles() { fallback.clone() } else { Vec::new() },
            person: match order {
                WriteDeed::Assign { person } => person,
                _ => None,
            },
            in_place_of: Vec::new(),
            destination: way_to(&ticket.source),
            does: Some(deed.to_string()),
            held_for: None,
            held_until: None,
        })
    };
    Ok(deeds.into_iter().filter_map(way).collect())
}
