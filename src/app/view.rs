//! A request as the API and the tables show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Config;
use crate::engine::clock::{Cancelled, Clock};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestView {
    /// `R-17`.
    pub id: String,
    /// `open`, `waiting`, `closed` or `merged`.
    pub state: String,
    /// `request`, `task`, `claim` or `call`.
    pub kind: String,
    /// `whatsapp`, `email`, …
    pub channel: String,
    /// The client's name.
    pub customer: Option<String>,
    /// The person at the client.
    pub contact: Option<String>,
    /// By what the contact is told from others of that name: address, number or user id.
    pub contact_by: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// The owner's name.
    pub owner: Option<String>,
    /// Its inbox.
    pub inbox: Option<String>,
    /// Its priority.
    pub priority: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Opening, or the last re-opening.
    pub opened_at: DateTime<Utc>,
    /// The earliest end of a promise.
    pub due_at: Option<DateTime<Utc>>,
    /// Alerts wait until then.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Of a formal claim: its stage.
    pub stage: Option<String>,
    /// Of a formal claim: the number under which it is tracked.
    pub number: Option<String>,
    /// The request off which it was split.
    pub parent: Option<String>,
    /// Requests that must be done first.
    pub blocked_by: Vec<String>,
    /// When a call or session was agreed on that did not take place yet.
    pub appointment_at: Option<DateTime<Utc>>,
    /// The latest clock of each kind.
    pub clocks: Vec<ClockView>,
}

/// One promise running on a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// `reply`, `deliver`, …
    pub kind: String,
    /// First, second, … of its kind.
    pub cycle: u32,
    /// `running`, `paused`, `met`, `breached`, `met_late` or `cancelled`.
    pub state: String,
    /// The policy that promised.
    pub policy: String,
    /// Id of the written rule.
    pub rule: Option<String>,
    /// Its start.
    pub started_at: DateTime<Utc>,
    /// Its end; none while paused.
    pub due_at: Option<DateTime<Utc>>,
    /// When it broke.
    pub breached_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Why it ended without a verdict: `closed`, `merged`, `no_policy`, `not_owed` or `never_open`.
    #[schema(value_type = Option<String>)]
    pub cancelled_because: Option<Cancelled>,
    /// When somebody took it.
    pub acked_at: Option<DateTime<Utc>>,
    /// Until when it is taken; left out where that was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acked_until: Option<DateTime<Utc>>,
    /// Answered before the floor.
    pub early: bool,
    /// Steps told so far, as `sla.toml` writes them.
    pub told: Vec<String>,
}

impl RequestView {
    /// The request as `config` names its people.
    pub fn new(request: &Request, config: &Config) -> Self {
        let directory = &config.rulebook.directory;
        let person = |word: &String| directory.name_of(word).to_owned();
        let client = |word: &String| directory.customer_name(word).to_owned();
        Self {
            id: request.id.to_string(),
            state: request.phase.as_str().to_owned(),
            kind: request.facets.kind.as_str().to_owned(),
            channel: request.facets.channel.clone(),
            customer: request.facets.customer.as_ref().map(client),
            contact: request.contact.clone(),
            contact_by: request.contact_by(),
            subject: request.subject.clone(),
            owner: request.owner.as_ref().map(person),
            inbox: request.facets.inbox.clone(),
            priority: request.facets.priority.clone(),
            tags: request.facets.tags.clone(),
            opened_at: request.opened_at,
            due_at: request.due_at(),
            snoozed_until: request.snoozed_until,
            stage: request.facets.stage.clone(),
            number: request.number.clone(),
            parent: request.parent.map(|parent| parent.to_string()),
            blocked_by: request.blockers.iter().map(ToString::to_string).collect(),
            appointment_at: request
                .appointment
                .as_ref()
                .filter(|_| request.marks.is_owed(TargetKind::Appointment))
                .map(|appointment| appointment.at),
            clocks: request.clocks.iter().map(|clock| ClockView::new(clock, request, config)).collect(),
        }
    }
}

impl ClockView {
    fn new(clock: &Clock, request: &Request, config: &Config) -> Self {
        let target = config.rulebook.target(clock.kind, &request.facets);
        let told = clock.settled.iter().filter(|step| step.outcome == crate::engine::clock::StepOutcome::Told);
        Self {
            kind: clock.kind.as_str().to_owned(),
            cycle: clock.cycle,
            state: clock.state.as_str().to_owned(),
            policy: clock.policy.clone(),
            rule: target.and_then(|(_, target)| target.rule.clone()),
            started_at: clock.started_at,
            due_at: clock.due_at,
            breached_at: clock.breached_at,
            stopped_at: clock.stopped_at,
            cancelled_because: clock.cancelled_because,
            acked_at: clock.acked_at,
            acked_until: clock.acked_until,
            early: clock.early,
            told: told.map(|step| step.step.to_string()).collect(),
        }
    }
}
