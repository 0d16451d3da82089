//! Which act a page offers to take back: the last one, where it is the reader's own; of whoever sees everything or leads, anybody's. Who
//! approved a reason takes that back alone.

use chrono::{DateTime, Utc};

use crate::app::sessions::Session;
use crate::config::Config;
use crate::engine::event::{self, Event, EventId, Fact};

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

/// The id of the fact at that place of a form that was sent, `once` being the form's own number: what one form does is known as one act.
pub(super) fn id_in_form(once: &str, deed: &str, place: usize) -> String {
    format!("{once}:{deed}:{place}")
}

/// The form of which an event was made, if it was made of one: all of its id but its place.
fn form_of(id: &EventId) -> Option<(&str, &str)> {
    let (form, place) = id.id.rsplit_once(':')?;
    let (once, _) = form.split_once(':')?;
    place.parse::<usize>().ok()?;
    uuid::Uuid::parse_str(once).ok()?;
    Some((&id.source, form))
}

/// All that was done with an act by the same form and still stands, the last first.
pub(super) fn whole_of<'a>(events: &'a [Event], act: &'a Event) -> Vec<&'a Event> {
    let Some(form) = form_of(&act.id) else { return vec![act] };
    let standing = event::arrived(events).filter(|event| event.can_be_undone() && form_of(&event.id) == Some(form));
    let mut acts: Vec<&Event> = standing.collect();
    acts.reverse();
    acts
}
