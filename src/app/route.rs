//! Who would be told of a request, when and by what: what the ladders say, tried without telling anybody.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{App, decide};
use crate::engine::effect::Why;
use crate::engine::explain;
use crate::engine::request_id::RequestId;
use crate::store::StoreError;
use crate::text::alert::HeldFor;

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
    /// Name of the destination.
    pub destination: String,
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

impl App {
    /// The steps of a request that are still to come; none if there is no such request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn route(&self, id: RequestId) -> Result<Option<Vec<RouteStep>>, StoreError> {
        let (config, now) = (self.config(), self.now());
        self.read(move |store| {
            let Some(request) = store.request(id)? else { return Ok(None) };
            let mut steps = Vec::new();
            for upcoming in explain::upcoming(&request, &config.rulebook, now) {
                let why = Why::of_step(upcoming.step);
                let at = upcoming.at.max(now);
                let recipients = decide::present(&request, why, &upcoming.recipients, &config, at);
                let told = decide::addressed(&recipients, &config).into_iter().map(|(person, destination)| {
                    let silencing = store.silencing(id, &request.facets, person.as_deref(), now)?;
                    let silenced = silencing.filter(|silencing| at < silencing.until);
                    let may_wait = decide::may_wait(&request, why);
                    let waits = silenced
                        .map(|silencing| (HeldFor::Silence, silencing.until))
                        .or_else(|| decide::waits(may_wait, person.as_deref(), &destination, &config, at));
                    let fallback = config.destinations.get(&destination).map(|own| own.fallback.clone());
                    Ok::<_, StoreError>(RouteWay {
                        person,
                        fallback: fallback.unwrap_or_default(),
                        destination,
                        held_for: waits.map(|(cause, _)| cause.as_str()),
                        held_until: waits.map(|(_, until)| until),
                    })
                });
                steps.push(RouteStep {
                    clock: upcoming.clock.kind.as_str(),
                    step: upcoming.step.to_string(),
                    why: why.as_str(),
                    at,
                    told: told.collect::<Result<_, StoreError>>()?,
                });
            }
            steps.sort_by_key(|step| step.at);
            Ok(Some(steps))
        })
        .await
    }
}
