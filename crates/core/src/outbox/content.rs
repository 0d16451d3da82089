//! What one message says.

use serde::{Deserialize, Serialize};

use super::HeldFor;
use super::facts::{AlertFacts, ApprovalFacts, Invitation, ListedRequest, News, TestFacts, ViolationFacts};
use super::writing::WriteFacts;
use crate::engine::request_id::RequestId;
use crate::report::Report;

/// What one message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// One alert.
    Alert(Box<AlertFacts>),
    /// What became of something that was told (edited in place, resolved, commented on).
    Update {
        /// What was told.
        about: Box<AlertFacts>,
        /// What became of it.
        news: News,
    },
    /// What was held back and gathered, breaches first (LESSONS 28, 29).
    Digest {
        /// The alerts.
        alerts: Vec<AlertFacts>,
        /// Rules that were broken.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        violations: Vec<ViolationFacts>,
        /// Why they come together.
        #[serde(default)]
        cause: HeldFor,
        /// How many more there are; some may be over by now.
        #[serde(default, skip_serializing_if = "is_zero")]
        n_more: usize,
    },
    /// A broken rule.
    Violation(Box<ViolationFacts>),
    /// The morning's list (rule D1).
    List {
        /// Its name in `sla.toml`.
        name: String,
        /// The rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// The entries, oldest first.
        requests: Vec<ListedRequest>,
    },
    /// A report (rules C9, C10, E5).
    Report(Box<Report>),
    /// An invitation to a call or session (rule B2).
    Invitation(Box<Invitation>),
    /// A link anew, for whoever asked on the page of one that was too old.
    Link {
        /// What it is for, as links have it.
        deed: String,
        /// The request.
        request: RequestId,
    },
    /// A test of the way to somebody.
    Test(Box<TestFacts>),
    /// Something to be written back to where the conversation lives.
    Write(Box<WriteFacts>),
    /// Somebody is asked to let a breach out of the figures.
    Approval(Box<ApprovalFacts>),
    /// Something that the operator should know.
    Notice {
        /// One line.
        subject: String,
        /// The whole text.
        text: String,
    },
}

impl Content {
    /// The one request that it is about.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Alert(about) | Self::Update { about, .. } => Some(about.request),
            Self::Violation(facts) => Some(facts.request),
            Self::Invitation(invitation) => Some(invitation.request),
            Self::Approval(facts) => Some(facts.request),
            Self::Write(facts) => Some(facts.about.request),
            Self::Digest { .. }
            | Self::List { .. }
            | Self::Report(_)
            | Self::Link { .. }
            | Self::Test(_)
            | Self::Notice { .. } => None,
        }
    }

    /// The word of a webhook's `type`: `sla.warning`, `sla.breach`, …
    pub fn type_name(&self) -> String {
        match self {
            Self::Alert(facts) => format!("sla.{}", facts.why.as_str()),
            Self::Update { .. } => "sla.update".to_owned(),
            Self::Violation(_) => "sla.violation".to_owned(),
            Self::Digest { .. } => "sla.digest".to_owned(),
            Self::List { .. } => "sla.list".to_owned(),
            Self::Report(_) => "sla.report".to_owned(),
            Self::Invitation(_) => "sla.invitation".to_owned(),
            Self::Approval(_) => "sla.approval".to_owned(),
            Self::Write(_) => "sla.write".to_owned(),
            Self::Link { .. } => "plazo.link".to_owned(),
            Self::Test(_) => "plazo.test".to_owned(),
            Self::Notice { .. } => "plazo.notice".to_owned(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}
