//! Which act a page offers to take back: the last one, where it is the reader's own; of whoever sees everything or leads, anybody's. Who
//! approved a reason takes that back alone.

use chrono::{DateTime, Utc};

use crate::app::sessions::Session;
use crate::config::Config;
use crate::engine::event::{self, Event, Fact};

/// The act that is last, and may be taken back by whoever is signed in.
pub(super) fn last_of<'a>(
    events: &'a [Event],
    session: &Session,
    config: &Config,
    now: DateTime<Utc>,
) -> Option<&'a Event> {
    let last = event::arrived(events).filter(|event| event.can_be_undone()).last()?;
    let directory = &config.rulebook.directory;
    let by = last.author.as_ref().and_then(|author| directory.person_of(author)).map(|person| person.key.as_str());
    let is_own = session.viewer.person().is_some_and(|key| by == Some(key));
    let answers_for_others = session.viewer.sees_all(config, now)
        || session.viewer.person().is_some_and(|key| directory.leads().any(|lead| lead == key));
    let is_decision = matches!(last.fact, Fact::Approve { .. });
    (is_own || answers_for_others && !is_decision).then_some(last)
}
