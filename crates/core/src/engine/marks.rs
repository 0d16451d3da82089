//! Marks: since when each kind of promise has been owed on a request, and when it was last given.
//!
//! Events move marks, and clocks follow them. Stores keep marks as one flat object of instants, whose keys are `KEYS`.

use chrono::{DateTime, Utc};

use super::event::RequestKind;
use super::policy::TargetKind;

/// Since when something has been owed, and when it was last given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Since when; `None` while nothing is owed. A clock runs while it is set.
    pub owed_since: Option<DateTime<Utc>>,
    /// When it was last given, to whichever wait.
    pub given_at: Option<DateTime<Utc>>,
}

/// The marks of a request: one for each kind of promise, and instants that are no promise's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// By kind. That of the first reply stays unset, since it follows from who asked and answered first.
    promises: [Mark; TargetKind::ALL.len()],
    /// The first client message of all.
    pub first_asked_at: Option<DateTime<Utc>>,
    /// The first answer that counted.
    pub first_answered_at: Option<DateTime<Utc>>,
    /// The last client message of all.
    pub asked_at: Option<DateTime<Utc>>,
    /// When the client last said that no more help is needed (C4).
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Since when there is talk elsewhere that nobody wrote down (C6).
    pub outside_since: Option<DateTime<Utc>>,
    /// When work was last split off (C7).
    pub task_opened_at: Option<DateTime<Utc>>,
    /// When it was last written down that the talk goes on elsewhere (C4).
    pub moved_channel_at: Option<DateTime<Utc>>,
    /// When the house last asked something to which the client has said nothing since.
    pub inquired_at: Option<DateTime<Utc>>,
    /// When the house last wrote that it needs something of the client, who has said nothing since; a question is one way to say so.
    pub needed_at: Option<DateTime<Utc>>,
}

impl Marks {
    /// The mark of a kind of promise, as its clock follows it.
    pub fn of(&self, kind: TargetKind) -> Mark {
        let own = self.promises[kind as usize];
        match kind {
            // Given once and for all.
            TargetKind::FirstReply => Mark {
                owed_since: self.first_asked_at.filter(|_| self.first_answered_at.is_none()),
                given_at: self.first_answered_at,
            },
            // Whatever ends a silence begins the next.
            TargetKind::Activity => Mark { given_at: own.owed_since, ..own },
            // Whoever answers has used it.
            TargetKind::Window => Mark { given_at: self.of(TargetKind::Reply).given_at, ..own },
            _ => own,
        }
    }

    /// Whether something of that kind is owed.
    pub fn is_owed(&self, kind: TargetKind) -> bool {
        self.of(kind).owed_since.is_some()
    }

    /// Notes that something is owed since `at`. A wait that lasts already goes on.
    pub(super) fn owe(&mut self, kind: TargetKind, at: DateTime<Utc>) {
        self.promises[kind as usize].owed_since.get_or_insert(at);
    }

    /// Notes that something is owed since `at`, whatever was owed before.
    pub(super) fn owe_anew(&mut self, kind: TargetKind, at: DateTime<Utc>) {
        self.promises[kind as usize].owed_since = Some(at);
    }

    /// Notes that what was owed was given at `at`. What nobody waited for leaves no trace; the answer is whether somebody did.
    pub(super) fn give(&mut self, kind: TargetKind, at: DateTime<Utc>) -> bool {
        let mark = &mut self.promises[kind as usize];
        let was_owed = mark.owed_since.take().is_some();
        if was_owed {
            mark.given_at = Some(at);
        }
        was_owed
    }

    /// Notes that nothing is owed any more, though nothing was given.
    pub(super) fn drop(&mut self, kind: TargetKind) {
        self.promises[kind as usize].owed_since = None;
    }

    /// The client asked for something at `at`, on a request of that kind.
    pub(super) fn ask(&mut self, kind: RequestKind, at: DateTime<Utc>) {
        self.owe(TargetKind::Reply, at);
        self.owe(TargetKind::Acknowledge, at);
        self.asked_at = Some(at);
        if self.first_asked_at.is_none() {
            self.first_asked_at = Some(at);
            if kind != RequestKind::Task && self.of(TargetKind::Deliver).given_at.is_none() {
                self.owe(TargetKind::Deliver, at);
            }
        }
    }

    /// Whoever waited for an answer got it at `at`.
    pub(super) fn answer(&mut self, at: DateTime<Utc>) {
        self.drop(TargetKind::Window);
        self.give(TargetKind::Reply, at);
        if self.first_asked_at.is_some() {
            self.first_answered_at.get_or_insert(at);
        }
    }

    /// Ends the wait for an answer without one.
    pub(super) fn drop_question(&mut self) {
        self.drop(TargetKind::Reply);
        self.drop(TargetKind::Acknowledge);
        if self.first_answered_at.is_none() {
            // Whoever writes again asks for the first time again (LESSONS 20).
            self.first_asked_at = None;
        }
    }

    /// The instants that are set, under the keys by which they are known outside of the engine, in the order in which they are written.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, DateTime<Utc>)> {
        KEYS.iter().filter_map(|(key, place)| Some((*key, self.get(*place)?)))
    }

    /// Whether there is an instant of that key.
    pub fn has(&self, key: &str) -> bool {
        KEYS.iter().any(|(known, _)| *known == key)
    }

    /// Sets the instant of a key; one that is not known means nothing.
    pub fn set(&mut self, key: &str, at: DateTime<Utc>) {
        if let Some((_, place)) = KEYS.iter().find(|(known, _)| *known == key) {
            *self.get_mut(*place) = Some(at);
        }
    }

    fn get(&self, place: Place) -> Option<DateTime<Utc>> {
        match place {
            Place::Owed(kind) => self.promises[kind as usize].owed_since,
            Place::Given(kind) => self.promises[kind as usize].given_at,
            Place::FirstAsked => self.first_asked_at,
            Place::FirstAnswered => self.first_answered_at,
            Place::Asked => self.asked_at,
            Place::Confirmed => self.confirmed_at,
            Place::Outside => self.outside_since,
            Place::TaskOpened => self.task_opened_at,
            Place::MovedChannel => self.moved_channel_at,
            Place::Inquired => self.inquired_at,
            Place::Needed => self.needed_at,
        }
    }

    fn get_mut(&mut self, place: Place) -> &mut Option<DateTime<Utc>> {
        match place {
            Place::Owed(kind) => &mut self.promises[kind as usize].owed_since,
            Place::Given(kind) => &mut self.promises[kind as usize].given_at,
            Place::FirstAsked => &mut self.first_asked_at,
            Place::FirstAnswered => &mut self.first_answered_at,
            Place::Asked => &mut self.asked_at,
            Place::Confirmed => &mut self.confirmed_at,
            Place::Outside => &mut self.outside_since,
            Place::TaskOpened => &mut self.task_opened_at,
            Place::MovedChannel => &mut self.moved_channel_at,
            Place::Inquired => &mut self.inquired_at,
            Place::Needed => &mut self.needed_at,
        }
    }
}

/// Where an instant lies in [`Marks`].
#[derive(Debug, Clone, Copy)]
enum Place {
    Owed(TargetKind),
    Given(TargetKind),
    FirstAsked,
    FirstAnswered,
    Asked,
    Confirmed,
    Outside,
    TaskOpened,
    MovedChannel,
    Inquired,
    Needed,
}

/// The key under which stores keep each instant, in the order in which it is written. A key that changes stops that clock on every
/// request that is open.
const KEYS: [(&str, Place); 41] = [
    // The oldest client message that nobody answered (A1, LESSONS 16); the last answer that counted.
    ("unanswered_since", Place::Owed(TargetKind::Reply)),
    ("answered_at", Place::Given(TargetKind::Reply)),
    ("first_asked_at", Place::FirstAsked),
    ("first_answered_at", Place::FirstAnswered),
    // Since when what was asked for is owed; the last delivery.
    ("undelivered_since", Place::Owed(TargetKind::Deliver)),
    ("delivered_at", Place::Given(TargetKind::Deliver)),
    // Since when nobody owns it (C2); when it last got an owner.
    ("unowned_since", Place::Owed(TargetKind::Assign)),
    ("owned_at", Place::Given(TargetKind::Assign)),
    // Since when a task waits for its answer (D2); when it got one that says something.
    ("task_unanswered_since", Place::Owed(TargetKind::Answer)),
    ("task_answered_at", Place::Given(TargetKind::Answer)),
    // The oldest client message that nobody answered on its thread (A2, A8); the last answer on the thread.
    ("unacknowledged_since", Place::Owed(TargetKind::Acknowledge)),
    ("acknowledged_at", Place::Given(TargetKind::Acknowledge)),
    ("asked_at", Place::Asked),
    ("confirmed_at", Place::Confirmed),
    // Since when it lies in the entry inbox (C1); when it left it.
    ("unclassified_since", Place::Owed(TargetKind::Classify)),
    ("classified_at", Place::Given(TargetKind::Classify)),
    // The last thing that somebody did (B7, C3).
    ("idle_since", Place::Owed(TargetKind::Activity)),
    // Since when the client is to be asked how it goes (B5); when the client was last asked.
    ("follow_up_since", Place::Owed(TargetKind::FollowUp)),
    ("followed_up_at", Place::Given(TargetKind::FollowUp)),
    // The oldest WhatsApp message of the house that no email repeats (A6); when one last did.
    ("unreplicated_since", Place::Owed(TargetKind::Replica)),
    ("replicated_at", Place::Given(TargetKind::Replica)),
    // The oldest interaction that nobody wrote down (B1); the last log entry.
    ("unlogged_since", Place::Owed(TargetKind::Log)),
    ("logged_at", Place::Given(TargetKind::Log)),
    // When the appointment was agreed on (B2); when one took place.
    ("scheduled_since", Place::Owed(TargetKind::Appointment)),
    ("held_at", Place::Given(TargetKind::Appointment)),
    // The oldest call that broke off and was not called back (D9); when the client was called.
    ("dropped_since", Place::Owed(TargetKind::CallBack)),
    ("called_back_at", Place::Given(TargetKind::CallBack)),
    // When the claim entered its stage (D4); when it left one.
    ("hop_since", Place::Owed(TargetKind::Hop)),
    ("hopped_at", Place::Given(TargetKind::Hop)),
    // The last client message while nobody has answered.
    ("window_since", Place::Owed(TargetKind::Window)),
    // Since when something is to be made good (E4); when it was.
    ("contingency_since", Place::Owed(TargetKind::Contingency)),
    ("recovered_at", Place::Given(TargetKind::Contingency)),
    // Since when whoever holds it has not acted (LESSONS 51); when somebody last did, or handed it on.
    ("unattended_since", Place::Owed(TargetKind::Attend)),
    ("attended_at", Place::Given(TargetKind::Attend)),
    // Since when the team waits for something (LESSONS 50); when that last ended.
    ("waiting_since", Place::Owed(TargetKind::Waiting)),
    ("waited_until", Place::Given(TargetKind::Waiting)),
    ("outside_since", Place::Outside),
    ("task_opened_at", Place::TaskOpened),
    ("moved_channel_at", Place::MovedChannel),
    ("inquired_at", Place::Inquired),
    ("needed_at", Place::Needed),
];
