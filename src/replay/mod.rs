//! PURE. Replay: recorded events through the engine in virtual time, and what another file would have made of them.
//!
//! Time passes as in the daemon: the engine is asked at each wake that it wants; an event goes before a wake of the same instant.
//! Requests get their numbers from the events alone, so that two runs over the same events can be compared.

mod difference;
mod entry;
mod world;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::engine::clock::Clock;
use crate::engine::event::Event;
use crate::engine::request_id::RequestId;

pub use crate::unit::Belongs;
pub use difference::{ClockChange, Difference, Load, PersonChange, PolicyChange, RequestChange, Standing, Window};
pub use entry::{Entry, What};

/// An event, and when plazo heard of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The event.
    pub event: Arc<Event>,
    /// Whose it is.
    pub belongs: Belongs,
    /// When it was heard of: decides the order of arrival. Not before the event's own instant.
    pub heard_at: DateTime<Utc>,
}

/// Why an event had no part in a replay. The daemon would not have taken it either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Untaken {
    /// Its id was there already.
    Duplicate,
    /// A program wrote it, in answer to nothing that is known.
    Unfiled,
    /// It belongs to no request that is known, and starts none.
    UnknownRequest,
    /// It would start a request, but has no channel.
    NoChannel,
}

/// All that came of a replay.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// Verdicts, violations and alerts, as they were noticed.
    pub entries: Vec<Entry>,
    /// Every clock that ever ran, as it stands in the end.
    pub clocks: Vec<(RequestId, Clock)>,
    /// How many requests there were.
    pub n_requests: usize,
    /// Events without a part in it: their places among those given.
    pub untaken: Vec<(usize, Untaken)>,
    /// Where virtual time ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Plays `heard` and lets time pass up to `end`, that instant included. `heard` stands in the order of arrival; what arrived
/// after `end` is left out. `progress` is told how many events have been played.
pub fn play(config: &Config, heard: &[Heard], end: DateTime<Utc>, mut progress: impl FnMut(usize)) -> Run {
    let mut world = world::World::new(config);
    for (place, one) in heard.iter().enumerate() {
        if end < one.heard_at {
            break;
        }
        world.pass_to(one.heard_at);
        world.hear(place, one);
        progress(place + 1);
    }
    world.finish(end)
}
