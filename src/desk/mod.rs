//! PURE. The unit of work as a value: what becomes of an event, of the passing of time, of an edit of the file.
//!
//! [`decide`] takes what is known and gives what is to be written, or says what it must know first. It reads no clock and no store; the
//! daemon, a replay and the plan of an edit call it alike. What follows from a change is not done on the way but listed
//! ([`Changes::then`]), and decided next (`unit::Agenda`).

mod alert;
mod announce;
mod confirm;
mod event;
mod facts;
mod find;
mod follow;
mod invite;
mod mail;
mod news;
pub mod place;
mod reason;
mod refused;
mod time;
mod violation;
mod write_back;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::unit::{Changes, Decided, Input, Known, Need, Output};

pub use facts::headline;

pub use alert::{gathers, may_wait, present, replaced, waits};
pub use announce::{addressed, addressed_at_step, announcement, announcement_by, operator_notice, stand_in_notice};
pub use write_back::{Ticket, asked_for, deeds_of, order, ticket_of};

/// The source of what people do at plazo's own interface.
pub const DOOR: &str = "action";
/// The source of what they do by the links of alerts.
pub const LINK_DOOR: &str = "link";
/// The source of what they do by answering the mail of an alert.
pub const REPLY_DOOR: &str = "reply";
/// The source of events that plazo itself brings about.
pub const OWN_SOURCE: &str = "plazo";

/// Decides what becomes of an input at `now`, by what is known and by the file.
pub fn decide(known: &Known, input: &Input, config: &Config, now: DateTime<Utc>) -> Decided {
    let mut decision = Decision { known, config, now, changes: Changes::default() };
    match decision.take(input) {
        Ok(output) => Decided::Done(Box::new(decision.changes), output),
        Err(need) => Decided::Need(need),
    }
}

/// One decision on its way.
struct Decision<'a> {
    known: &'a Known,
    config: &'a Config,
    now: DateTime<Utc>,
    changes: Changes,
}

impl Decision<'_> {
    fn take(&mut self, input: &Input) -> Result<Output, Need> {
        match input {
            Input::Event(incoming) => return self.apply(incoming).map(Output::Applied),
            Input::Own { incoming, .. } => return self.apply_own(incoming).map(Output::Applied),
            Input::Recorded { event, belongs } => return self.replay(event, *belongs).map(Output::Applied),
            Input::Tick { request, hold } => return self.tick(*request, *hold).map(Output::Moved),
            Input::Replan { request, tell } => return self.replan(*request, *tell).map(Output::Moved),
            Input::Alert { request, alert, hold } => self.tell(request, alert, *hold)?,
            Input::News { request, clock, news } => self.tell_news(*request, *clock, news)?,
            Input::Update { delivery, person, destination, news } => {
                self.update(*delivery, person.as_deref(), destination, news)?;
            }
            Input::Follow { request, incoming, is_elsewhere } => {
                self.follow(request, &incoming.event, *is_elsewhere)?
            }
            Input::Record(violation) => {
                let mut violation = (**violation).clone();
                if self.config.retention.keeps_no_words {
                    violation.violation.finding.let_words_go();
                }
                self.changes.violations.push(violation);
            }
            Input::Climb(violated) => self.climb(violated)?,
            Input::Unpark { channel, threads, request } => self.unpark(channel, threads, *request)?,
        }
        Ok(Output::Nothing)
    }
}
