//! Events on their way in, and what became of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::request_id::RequestId;
use crate::text::Both;

/// An event on its way in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The event.
    pub event: Event,
    /// The request that it names, if it names one; else its threads find it.
    pub request: Option<RequestId>,
    /// When it was imported, where it is history that was not plazo's.
    pub imported_at: Option<DateTime<Utc>>,
    /// The event as JSON, for the journal.
    body: Arc<str>,
}

impl Incoming {
    /// An event whose request is found by its threads, or opened.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON, which its types rule out.
    pub fn new(event: Event, request: Option<RequestId>) -> serde_json::Result<Self> {
        let body = serde_json::to_string(&event)?.into();
        Ok(Self { event, request, imported_at: None, body })
    }

    /// An event of plazo's own, whose words are plazo's.
    pub fn own(event: Event, request: Option<RequestId>) -> Self {
        // Its types rule out that it fails; the event is what counts, and the journal shows that its words are missing.
        let body = serde_json::to_string(&event).unwrap_or_default().into();
        Self { event, request, imported_at: None, body }
    }

    /// The same as history, imported at that instant.
    #[must_use]
    pub fn imported(self, at: DateTime<Utc>) -> Self {
        Self { imported_at: Some(at), ..self }
    }

    /// The event as JSON.
    pub fn body(&self) -> &Arc<str> {
        &self.body
    }
}

/// Why an event was not taken. The caller can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// What kind of mistake it is.
    pub code: RejectionCode,
    /// A sentence for people.
    pub detail: Both,
}

/// Kinds of mistakes for which an event is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionCode {
    /// It belongs to no request that is known, and starts none.
    UnknownRequest,
    /// It belongs to a request that is kept and cannot be read.
    Unreadable,
    /// Something is missing without which it cannot start a request.
    MissingField,
    /// It says that it happens in the future.
    AtInFuture,
    /// It says that it happened before there was anything to count.
    AtTooOld,
    /// It says that it was done to a request that had not begun.
    BeforeOpening,
    /// A rule does not let it happen by plazo's own doors (C4, C5, C6, D4).
    Rule,
    /// It failed within plazo and is kept aside.
    Quarantined,
    /// Its source is plazo's own, or a source or mailbox of the file.
    SourceReserved,
    /// Its token does not allow acts.
    ScopeMissing,
    /// Its token does not allow events of this type.
    TypeNotAllowed,
    /// Nothing shows who did it.
    ProofNeeded,
}

impl RejectionCode {
    /// The word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownRequest => "unknown_request",
            Self::Unreadable => "unreadable_request",
            Self::MissingField => "missing_field",
            Self::AtInFuture => "at_in_future",
            Self::AtTooOld => "at_too_old",
            Self::BeforeOpening => "before_opening",
            Self::Rule => "refused",
            Self::Quarantined => "quarantined",
            Self::SourceReserved => "source_reserved",
            Self::ScopeMissing => "scope_missing",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::ProofNeeded => "proof_needed",
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It is in the journal, and this is what it caused.
    Accepted {
        /// Its request.
        request: RequestId,
        /// What it caused.
        effects: Vec<Effect>,
    },
    /// It was known already (LESSONS 25).
    Duplicate {
        /// Its request.
        request: RequestId,
    },
    /// It came from a program and belongs to no request: nothing is to be done about it.
    Unfiled,
    /// It was not taken.
    Rejected(Rejection),
}
