//! History: what happened to a request, as reports count it. Folded from its events, like the ledger.

use chrono::{DateTime, Utc};

use super::effect::{Effect, Ignored};
use super::event::{self, Event, Fact};
use super::ledger::{Held, Holdings};
use super::marks::Marks;
use super::policy::TargetKind;
use super::progress;
use super::proof::Proof;
use super::request::{Phase, Request};
use super::request_id::RequestId;
use super::rulebook::Rulebook;

/// A client who waited, from the oldest unanswered message on (LESSONS 16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when, and by whom it was answered: a person's key, where one is known.
    pub answered: Option<(DateTime<Utc>, Option<String>)>,
    /// When it ended without an answer, because the conversation was closed or merged.
    pub given_up_at: Option<DateTime<Utc>>,
    /// Whether nothing had been answered on the request before.
    pub is_first: bool,
    /// Whoever owned the request at its end, or owns it now.
    pub owner: Option<String>,
}

/// A closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the client was waiting, or never answered.
    pub unattended: bool,
    /// Whoever owned the request.
    pub owner: Option<String>,
}

/// Something that was asked for and is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Opening, or the last re-opening.
    pub from: DateTime<Utc>,
    /// Delivery, or the closing of what was answered.
    pub at: DateTime<Utc>,
    /// Whoever owned the request.
    pub owner: Option<String>,
}

/// That somebody said that a message needs no answer, and was taken at his word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a person's key, else the name that was given.
    pub who: Option<String>,
    /// How it is known who.
    pub proof: Proof,
    /// Why.
    pub reason: String,
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The request as it is at the end.
    pub request: Request,
    /// When its client waited, in order.
    pub waits: Vec<Wait>,
    /// Its closings.
    pub closings: Vec<Closing>,
    /// Its resolutions.
    pub resolutions: Vec<Resolution>,
    /// Answers that were not needed.
    pub waivers: Vec<Waiver>,
    /// In whose hands it was, up to the end.
    pub held: Vec<Held>,
    /// To whom its time is counted from an instant on: its owner, and while it waits without one, whoever let it wait.
    pub charged: Vec<(DateTime<Utc>, Option<String>)>,
}

/// The histories of a request up to each of those instants, which follow each other, and without what happened at it. One pass over its
/// events, in the order in which they happened, gives them all.
pub fn up_to<const N: usize>(
    id: RequestId,
    events: &[Event],
    rulebook: &Rulebook,
    ends: [DateTime<Utc>; N],
) -> [History; N] {
    let mut history = History::unopened(id);
    let mut holdings = Holdings::default();
    let mut events = event::arrived(events).peekable();
    ends.map(|end| {
        while let Some(event) = events.next_if(|event| event.at < end) {
            holdings.end_wait(&mut history.request, rulebook, event.at);
            history.take(event, rulebook);
            holdings.note(&history.request, rulebook, event.at);
        }
        let mut seen = history.clone();
        seen.held = holdings.clone().up_to(&mut seen.request, rulebook, end);
        seen
    })
}

/// What an event may change of a request, as it was before it.
struct Before {
    phase: Phase,
    marks: Marks,
    owner: Option<String>,
    opened_at: DateTime<Utc>,
}

impl History {
    fn unopened(id: RequestId) -> Self {
        Self {
            request: Request::unopened(id),
            waits: Vec::new(),
            closings: Vec::new(),
            resolutions: Vec::new(),
            waivers: Vec::new(),
            held: Vec::new(),
            charged: Vec::new(),
        }
    }

    /// To whom time was counted at an instant.
    pub fn charged_at(&self, at: DateTime<Utc>) -> Option<&str> {
        self.charged.iter().rfind(|(from, _)| *from <= at).and_then(|(_, whom)| whom.as_deref())
    }

    /// The parts of a span by whom they are counted to.
    pub fn charged_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (Option<&str>, DateTime<Utc>, DateTime<Utc>)> {
        let ends = self.charged.iter().skip(1).map(|(at, _)| *at).chain([DateTime::<Utc>::MAX_UTC]);
        let parts = self
            .charged
            .iter()
            .zip(ends)
            .map(move |((begins, whom), ends)| (whom.as_deref(), from.max(*begins), to.min(ends)));
        parts.filter(|(_, from, to)| from < to)
    }

    fn take(&mut self, event: &Event, rulebook: &Rulebook) {
        let request = &self.request;
        let (phase, marks, opened_at) = (request.phase, request.marks.clone(), request.opened_at);
        let before = Before { phase, marks, owner: request.owner.clone(), opened_at };
        let mut effects: Vec<Effect> = Vec::new();
        progress::apply(&mut self.request, event, rulebook, &mut effects);
        let is_idle = effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. }));
        if !effects.contains(&Effect::Ignored { why: Ignored::AsksNothing }) {
            self.note(before, event, rulebook);
        }
        if let Fact::Waive { reason, .. } = &event.fact
            && !is_idle
        {
            self.waivers.push(Waiver::of(event, reason, rulebook));
        }
        self.charge(event, phase, rulebook);
    }

    fn charge(&mut self, event: &Event, before: Phase, rulebook: &Rulebook) {
        let last = self.charged.last().and_then(|(_, whom)| whom.clone());
        let waits = self.request.phase == Phase::Waiting;
        let whom = match &self.request.owner {
            Some(owner) => Some(owner.clone()),
            None if waits && before != Phase::Waiting => said_by(event, rulebook),
            None if waits => last.clone(),
            None => None,
        };
        if self.charged.is_empty() || whom != last {
            self.charged.push((event.at, whom));
        }
    }

    fn note(&mut self, before: Before, event: &Event, rulebook: &Rulebook) {
        let (old, new) = (&before.marks, &self.request.marks);
        let (old_reply, reply) = (old.of(TargetKind::Reply), new.of(TargetKind::Reply));
        let owner = self.request.owner.clone().or(before.owner);
        let has_moved = reply.owed_since != old_reply.owed_since;
        let open = self.waits.last_mut().filter(|wait| wait.answered.is_none() && wait.given_up_at.is_none());
        if let Some(wait) = open.filter(|_| old_reply.owed_since.is_some() && has_moved) {
            if reply.given_at == Some(event.at) && reply.given_at != old_reply.given_at {
                let by = event.author.as_ref().and_then(|author| rulebook.directory.person_of(author));
                wait.answered = Some((event.at, by.map(|person| person.key.clone()).or_else(|| owner.clone())));
            } else {
                wait.given_up_at = Some(event.at);
            }
            wait.owner.clone_from(&owner);
        }
        if let Some(from) = reply.owed_since.filter(|_| has_moved) {
            let is_first = new.first_answered_at.is_none();
            self.waits.push(Wait { from, answered: None, given_up_at: None, is_first, owner: owner.clone() });
        }
        let was_live = before.phase.is_live() || before.phase == Phase::Unopened;
        if was_live && self.request.phase == Phase::Closed {
            let was_asked = old.first_asked_at.is_some() || old.asked_at.is_some();
            let is_waived = matches!(event.fact, Fact::Waive { .. });
            let unattended =
                !is_waived && (old.is_owed(TargetKind::Reply) || (was_asked && old.first_answered_at.is_none()));
            self.closings.push(Closing { at: event.at, unattended, owner: owner.clone() });
        }
        let delivery = new.of(TargetKind::Deliver);
        let is_done = old.is_owed(TargetKind::Deliver) && delivery.owed_since.is_none();
        if is_done && delivery.given_at == Some(event.at) {
            self.resolutions.push(Resolution { from: before.opened_at, at: event.at, owner });
        }
    }
}

/// Who says something: a person's key, else the name that was given.
fn said_by(event: &Event, rulebook: &Rulebook) -> Option<String> {
    let known = event.author.as_ref().and_then(|author| rulebook.directory.person_of(author));
    let named = || event.author.as_ref().and_then(|author| author.name.clone().or_else(|| author.address.clone()));
    known.map(|person| person.key.clone()).or_else(named)
}

impl Waiver {
    fn of(event: &Event, reason: &str, rulebook: &Rulebook) -> Self {
        let who = said_by(event, rulebook);
        Self { at: event.at, who, proof: event.proof.clone(), reason: reason.to_owned() }
    }
}
