//! What is known while something is decided: answers to questions, given by whoever keeps the data.
//!
//! A decision asks; where an answer is missing it ends with [`Need`] and is begun again once that is known. So the rules read what they
//! want where they want it, and nothing but values passes between them and a store.

use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::HashMap;

use super::changes::Changes;
use crate::engine::clock::Clock;
use crate::engine::effect::ClockRef;
use crate::engine::event::{Event, EventId};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::silence::Silence;
use crate::outbox::written::WrittenDeed;
use crate::outbox::{Content, DeliveryId};

/// A request, as far as it is kept.
#[derive(Debug, Clone, Default)]
pub enum Kept {
    /// There is none of that number.
    #[default]
    Nowhere,
    /// There is, and it cannot be read.
    Unreadable,
    /// As it is now.
    Here(Arc<Request>),
}

impl Kept {
    /// The request, if it can be read.
    pub fn here(&self) -> Option<&Arc<Request>> {
        match self {
            Self::Here(request) => Some(request),
            Self::Nowhere | Self::Unreadable => None,
        }
    }
}

/// A message that was told of a promise and that its peer can change: the delivery, its reader, its destination.
pub type ToldMessage = (DeliveryId, Option<String>, String);

/// Something that may be asked.
pub trait Question: Clone + Eq + Hash + 'static {
    /// What is known then.
    type Answer;
    /// Where its answers are.
    fn answers(known: &Known) -> &HashMap<Self, Self::Answer>;
    /// The same, to be added to.
    fn answers_mut(known: &mut Known) -> &mut HashMap<Self, Self::Answer>;
    /// The question among all.
    fn ask(self) -> Ask;
}

macro_rules! questions {
    ($($(#[doc = $doc:literal])+ $name:ident { $($field:ident: $type:ty),* } -> $answer:ty, $answers:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Eq, Hash)]
            #[allow(missing_docs, reason = "the names say what is asked by")]
            pub struct $name { $(pub $field: $type),* }

            impl Question for $name {
                type Answer = $answer;
                fn answers(known: &Known) -> &HashMap<Self, $answer> {
                    &known.$answers
                }
                fn answers_mut(known: &mut Known) -> &mut HashMap<Self, $answer> {
                    &mut known.$answers
                }
                fn ask(self) -> Ask {
                    Ask::$name(self)
                }
            }
        )+

        /// A question that wants its answer.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each has its question's")]
        pub enum Ask { $($name($name)),+ }

        impl Known {
            /// Takes in that nothing is known to what is asked.
            pub fn learn_nothing(&mut self, ask: Ask) {
                match ask {
                    $(Ask::$name(question) => self.learn(question, <$answer>::default()),)+
                }
            }
        }

        /// Answers, by their questions.
        #[derive(Debug, Default)]
        pub struct Known {
            $($answers: HashMap<$name, $answer>,)+
            /// The last number that a request got.
            pub last_request: i64,
        }
    };
}

questions! {
    /// The request of an event that is known.
    KnownEvent { id: EventId } -> Option<RequestId>, known_events;
    /// An event that is known.
    EventOf { id: EventId } -> Option<Event>, events;
    /// Events of a source whose ids begin so, each with its request.
    EventsNamed { source: String, beginnings: Vec<String> } -> Vec<(RequestId, String)>, named_events;
    /// A request.
    RequestOf { id: RequestId } -> Kept, requests;
    /// The request to which a conversation belongs.
    RequestByThread { channel: String, thread: String } -> Option<RequestId>, threads;
    /// All events of a request, in the order in which they happened.
    EventsOf { request: RequestId } -> Arc<Vec<Event>>, histories;
    /// Every clock that a request ever had.
    ClocksOf { request: RequestId } -> Arc<Vec<Clock>>, clocks;
    /// Requests that are open with whoever has one of these words, newest first.
    OpenOfContact { words: Vec<String> } -> Vec<RequestId>, open_of_contact;
    /// Open requests that a contact opened by a channel since then, newest first.
    OpenedByContact { word: String, channel: String, since: DateTime<Utc> } -> Vec<RequestId>, opened_by_contact;
    /// Requests that are open with a client by a channel, newest first.
    OpenOfCustomer { customer: String, channel: String } -> Vec<RequestId>, open_of_customer;
    /// What destinations called their messages about a request.
    ReferencesOf { request: RequestId } -> Vec<(String, String)>, references;
    /// Whether anything is kept until its conversation begins.
    AnyParked {} -> bool, any_parked;
    /// What is kept until one of these conversations begins, in the order in which it happened.
    Parked { channel: String, threads: Vec<String> } -> Vec<Event>, parked;
    /// Requests that wait for that one.
    BlockedBy { request: RequestId } -> Vec<RequestId>, blocked;
    /// Messages about a promise that their peers can change.
    ToldOf { request: RequestId, clock: ClockRef } -> Vec<ToldMessage>, told;
    /// What was written back about a request by that way, newest first.
    WrittenBack { request: RequestId, way: String } -> Arc<Vec<WrittenDeed>>, written;
    /// What a delivery says.
    ContentOf { delivery: DeliveryId } -> Option<Content>, contents;
    /// The link to a request's conversation that a source gave last.
    LinkOf { request: RequestId } -> Option<String>, links;
    /// When plazo did not run, if that instant lies within.
    DowntimeAt { at: DateTime<Utc> } -> Option<(DateTime<Utc>, DateTime<Utc>)>, downtimes;
    /// Whether something happened to a request before that instant of which plazo heard only afterwards.
    HeardLate { request: RequestId, at: DateTime<Utc> } -> bool, heard_late;
    /// Silences that hold now.
    Silences {} -> Arc<Vec<Silence>>, silences;
    /// Until when further messages to a reader are gathered; none if the next goes at once.
    WindowOf { person: Option<String>, destination: String } -> Option<DateTime<Utc>>, windows;
    /// The name of the store, part of the ids that it gives.
    Instance {} -> Arc<str>, instance;
}

/// What must be known before it can be decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Need(pub Vec<Ask>);

impl Need {
    /// Adds a question unless its answer is known.
    pub fn unless_known<Q: Question>(&mut self, known: &Known, question: &Q) {
        if !Q::answers(known).contains_key(question) {
            self.0.push(question.clone().ask());
        }
    }

    /// Ends the decision unless everything is known.
    ///
    /// # Errors
    ///
    /// What is not.
    pub fn met(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl Known {
    /// Nothing is known but the last number that a request got.
    pub fn after(last_request: i64) -> Self {
        Self { last_request, ..Self::default() }
    }

    /// The answer to a question.
    ///
    /// # Errors
    ///
    /// The question, where it was not answered yet.
    pub fn get<Q: Question>(&self, question: Q) -> Result<&Q::Answer, Need> {
        match Q::answers(self).get(&question) {
            Some(answer) => Ok(answer),
            None => Err(Need(vec![question.ask()])),
        }
    }

    /// A request; none where there is none that can be read.
    ///
    /// # Errors
    ///
    /// The question, where it was not answered yet.
    pub fn request(&self, id: RequestId) -> Result<Option<&Arc<Request>>, Need> {
        self.get(RequestOf { id }).map(Kept::here)
    }

    /// Takes in an answer.
    pub fn learn<Q: Question>(&mut self, question: Q, answer: Q::Answer) {
        Q::answers_mut(self).insert(question, answer);
    }

    /// Forgets what changes may have made untrue, and takes over what they say themselves.
    pub fn take(&mut self, changes: &Changes) {
        if let Some(change) = &changes.request {
            let id = change.request.id;
            self.requests.insert(RequestOf { id }, Kept::Here(Arc::clone(&change.request)));
            if change.is_new {
                self.last_request = self.last_request.max(id.0);
            }
            self.clocks.clear();
            self.open_of_contact.clear();
            self.opened_by_contact.clear();
            self.open_of_customer.clear();
        }
        for entry in &changes.journal {
            if let Some(id) = &entry.id {
                self.known_events.insert(KnownEvent { id: id.clone() }, Some(entry.request));
                self.events.remove(&EventOf { id: id.clone() });
            }
            self.histories.remove(&EventsOf { request: entry.request });
            self.links.remove(&LinkOf { request: entry.request });
            self.heard_late.clear();
            self.named_events.clear();
        }
        for name in &changes.threads {
            let thread = RequestByThread { channel: name.channel.clone(), thread: name.thread.clone() };
            let known = self.threads.get(&thread).copied().flatten();
            if name.moves || known.is_none() {
                self.threads.insert(thread, Some(name.request));
            }
        }
        if !changes.alerts.is_empty() {
            // Whether a window was opened is known once the alert is written: a step that was told already opens none.
            self.windows.clear();
            self.told.clear();
            self.written.clear();
            self.references.clear();
        }
        if !changes.parked.is_empty() || !changes.unparked.is_empty() {
            self.any_parked.clear();
            self.parked.clear();
        }
        if !changes.blocks.is_empty() || !changes.unblocked.is_empty() {
            self.blocked.clear();
        }
    }
}
