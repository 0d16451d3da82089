//! What a message tells, frozen when it was decided: plain data, kept with the message and shown by `text`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ViolationId;
use crate::engine::check::Violation;
use crate::engine::derivation::Derivation;
use crate::engine::effect::{ClockRef, Why};
use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;

/// What an alert says, frozen with the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertFacts {
    /// The request.
    pub request: RequestId,
    /// Which promise.
    pub target: TargetKind,
    /// The clock's cycle.
    pub cycle: u32,
    /// Why it goes out.
    pub why: Why,
    /// The step, as `sla.toml` writes it.
    pub step: String,
    /// Id of the written rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The policy.
    pub policy: String,
    /// The channel.
    pub channel: String,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The person at the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// By what the contact is told from others of that name: address, number, user id or conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_by: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Key of the owner, by which the owner among the readers is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_key: Option<String>,
    /// Whether a colleague asked: the contact is nobody of the client's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_colleague: bool,
    /// Where the conversation is, by the link that its source gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When the change of the file was taken that made it due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
    /// When the clock started.
    pub started_at: DateTime<Utc>,
    /// When the promise ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Whether it is late.
    #[serde(default)]
    pub late: bool,
    /// The calendar in which time is spent.
    pub calendar: String,
    /// How the end of the promise follows from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<Derivation>,
    /// The next step and its instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<(String, DateTime<Utc>)>,
    /// From when to when plazo did not run, where that made it late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// In how much time the client is promised what was asked for, such as `48 h` (rule A11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<String>,
    /// The template of the reply that fits, where the policy names one (B6, E4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_text: Option<String>,
    /// Who is told in the place of somebody who is away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<StandIn>,
}

/// One who is told in another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// Key of whoever is told.
    pub person: String,
    /// Name of whoever is away.
    pub for_whom: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl AlertFacts {
    /// Whether the other one tells of the same promise.
    pub const fn promise(&self) -> (RequestId, TargetKind, u32) {
        (self.request, self.target, self.cycle)
    }
}

/// What became of a promise of which somebody was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What.
    pub what: NewsKind,
    /// Who did it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What can become of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewsKind {
    /// Somebody takes care of it.
    Taken,
    /// It is kept.
    Met,
    /// It is kept, too late.
    MetLate,
    /// It is no longer owed.
    Over,
}

/// An entry of a list of open requests (rule D1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRequest {
    /// The request.
    pub request: RequestId,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Age in days of the list's calendar zone; the day of opening is day 0.
    pub age_days: i64,
    /// When its next promise ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
}

/// What is told of a violation, frozen when it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationFacts {
    /// Its number.
    pub id: ViolationId,
    /// The request.
    pub request: RequestId,
    /// When the rule was broken.
    pub at: DateTime<Utc>,
    /// What was broken, and the evidence.
    #[serde(flatten)]
    pub violation: Violation,
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The channel.
    pub channel: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Name.
    pub name: String,
    /// Email address.
    pub email: String,
}

/// What an invitation says, frozen when it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The request.
    pub request: RequestId,
    /// The same for every invitation to the same appointment.
    pub uid: String,
    /// How often it was agreed on anew; a calendar takes the highest.
    pub sequence: u32,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it was agreed on.
    pub decided_at: DateTime<Utc>,
    /// Whether it is called off.
    pub cancelled: bool,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Everybody who takes part.
    pub attendees: Vec<Attendee>,
    /// The address that the mail comes from, in whose name the calendar is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

/// What a test message says, frozen when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestFacts {
    /// Who asked for it: a name, or how that is known. Empty where neither is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The name of the machine on which plazo runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// A page of another system on which a conversation can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its address, with https.
    pub url: String,
    /// The system's name, where the address tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
}

/// A breach for which somebody gave a reason that takes it out of the figures, if whoever reads this agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalFacts {
    /// The request.
    pub request: RequestId,
    /// The promise.
    pub clock: ClockRef,
    /// When it broke.
    pub breached_at: DateTime<Utc>,
    /// Name of the reason.
    pub reason: String,
    /// What was said to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Name of whoever gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What the request is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::check::{Association, CheckKind, Finding, LogField, Part};
    use crate::engine::event::Ground;

    /// One of each.
    fn findings() -> Vec<Finding> {
        let word = || "chat".to_owned();
        let all = vec![
            Finding::NotAuthorised,
            Finding::Automatic,
            Finding::SaysNothing,
            Finding::OffThread,
            Finding::LeftOut { missing: vec![word()] },
            Finding::InternalTalk,
            Finding::OffChannel { channel: word() },
            Finding::NotReplicated,
            Finding::NotLogged,
            Finding::LogIncomplete { missing: vec![LogField::Reason] },
            Finding::TooMany { items: 11, at_most: 10 },
            Finding::ParkedUnanswered,
            Finding::ParkedUnasked,
            Finding::ParkedOften { waits: 4, at_most: 3 },
            Finding::Blocked { by: vec![RequestId(5)] },
            Finding::SameContact { others: vec![RequestId(5)] },
            Finding::Unfounded { waiting: true, claimed: Some(Ground::Answered) },
            Finding::Undescribed { missing: vec![Part::ALL[0]] },
            Finding::OutsideUnrecorded,
            Finding::Orphan { missing: vec![Association::Contact] },
            Finding::ForbiddenPromise { words: word() },
            Finding::Repeated,
            Finding::WrongQueue { inbox: word(), belongs: word() },
            Finding::NumberMissing { stage: word() },
        ];
        // A new one belongs into the list: its number is one of the list's length.
        let number = |finding: &Finding| match finding {
            Finding::NotAuthorised | Finding::Automatic | Finding::SaysNothing | Finding::OffThread => 4,
            Finding::LeftOut { .. } | Finding::InternalTalk | Finding::OffChannel { .. } | Finding::NotReplicated => 4,
            Finding::NotLogged | Finding::LogIncomplete { .. } | Finding::TooMany { .. } | Finding::Repeated => 4,
            Finding::ParkedUnanswered | Finding::ParkedUnasked | Finding::ParkedOften { .. } => 3,
            Finding::Blocked { .. } | Finding::SameContact { .. } | Finding::Unfounded { .. } => 3,
            Finding::Undescribed { .. } | Finding::OutsideUnrecorded | Finding::Orphan { .. } => 3,
            Finding::ForbiddenPromise { .. } | Finding::WrongQueue { .. } | Finding::NumberMissing { .. } => 3,
        };
        assert_eq!(
            all.iter().map(number).filter(|n| *n == 4).count() + all.iter().map(number).filter(|n| *n == 3).count(),
            24
        );
        all
    }

    #[test]
    fn what_is_told_of_each_finding_can_be_read_again() {
        for finding in findings() {
            let violation = Violation {
                check: CheckKind::Official,
                rule: "A10".to_owned(),
                who: Some("laura".to_owned()),
                finding,
            };
            let facts = ViolationFacts {
                id: ViolationId(1),
                request: RequestId(7),
                at: DateTime::UNIX_EPOCH,
                violation,
                owner: Some("Laura".to_owned()),
                client: Some("Oso".to_owned()),
                channel: "whatsapp".to_owned(),
                subject: Some("Guía".to_owned()),
            };
            let written = serde_json::to_string(&facts).expect("JSON");
            let read = serde_json::from_str::<ViolationFacts>(&written);
            assert_eq!(read.unwrap_or_else(|error| panic!("{error}: {written}")), facts);
        }
    }
}
