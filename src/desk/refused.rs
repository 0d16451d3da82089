//! What is not let in: acts that a rule refuses at plazo's own doors, and instants that cannot be.

use chrono::{DateTime, TimeZone as _, Utc};

use super::{DOOR, Decision};
use crate::both;
use crate::engine::clock::{Clock, ClockState};
use crate::engine::event::{Event, Fact};
use crate::engine::request::Request;
use crate::engine::{self, check};
use crate::intake::json::CLOCK_SKEW;
use crate::text::{Both, Language, format, violation, vocabulary};
use crate::unit::incoming::{Rejection, RejectionCode};
use crate::unit::known::{EventsOf, Need};

impl Decision<'_> {
    /// Why plazo's own doors do not let that happen (C4, C5, C6, D4). What another system did is a fact, and a violation.
    pub(super) fn refusal(&self, before: &Request, event: &Event) -> Option<Rejection> {
        if event.id.source != DOOR {
            return None;
        }
        let violations = check::judge(before, event, &self.config.rulebook);
        let refused: Vec<_> = violations.iter().filter(|violation| violation.check.is_refused()).collect();
        let told = |language| {
            let told: Vec<_> = refused.iter().map(|violation| violation::sentences(violation, language)).collect();
            told.join("\n")
        };
        let detail = || Both { en: told(Language::En), es: told(Language::Es) };
        (!refused.is_empty()).then(|| Rejection { code: RejectionCode::Rule, detail: detail() })
    }

    /// By plazo's own doors nothing is done to what had not begun. A source may tell of acts before it tells of the opening.
    pub(super) fn precedes_opening(&self, before: &Request, event: &Event) -> Result<Option<Rejection>, Need> {
        if event.id.source != DOOR || event.starts_request() || engine::is_in_order(before, event) {
            return Ok(None);
        }
        let events = self.known.get(EventsOf { request: before.id })?;
        let Some(began_at) = events.first().map(|first| first.at).filter(|began_at| event.at < *began_at) else {
            return Ok(None);
        };
        let request = before.id;
        let at = |language| format::dated(began_at, self.config.zone, language);
        let detail = Both {
            en: format!("{request} began on {}; nothing can have been done to it before", at(Language::En)),
            es: format!("{request} empezó el {}; antes no se le pudo hacer nada", at(Language::Es)),
        };
        Ok(Some(Rejection { code: RejectionCode::BeforeOpening, detail }))
    }

    pub(super) fn implausible(&self, at: DateTime<Utc>) -> Option<Rejection> {
        let earliest = Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).single()?;
        let now = self.now;
        if now + CLOCK_SKEW < at {
            let detail = both!(
                "`at` ({at}) lies in the future; here it is {now}",
                "`at` ({at}) está en el futuro; aquí es {now}"
            );
            return Some(Rejection { code: RejectionCode::AtInFuture, detail });
        }
        let detail = both!("`at` ({at}) lies before the year 2000", "`at` ({at}) es anterior al año 2000");
        (at < earliest).then_some(Rejection { code: RejectionCode::AtTooOld, detail })
    }

    /// By plazo's own doors no promise that broke is mended by a wait that is dated back to before (A5), or by a word that nobody needed an answer:
    /// why it broke is said by a reason. What another system did then, and is heard of late, is a fact.
    pub(super) fn mends_what_broke(&self, before: &Request, after: &Request, event: &Event) -> Option<Rejection> {
        if event.id.source != DOOR || !matches!(event.fact, Fact::Wait { .. } | Fact::Waive { .. }) {
            return None;
        }
        let broke = |state| matches!(state, ClockState::Breached | ClockState::MetLate);
        let is_broken = |request: &Request, clock: &Clock| {
            request.clocks.iter().any(|other| other.name() == clock.name() && broke(other.state))
        };
        let mended = before.clocks.iter().find(|clock| {
            let is_older = clock.breached_at.is_some_and(|breached_at| event.at <= breached_at);
            is_older && broke(clock.state) && !is_broken(after, clock)
        })?;
        let (request, broke_at) = (before.id, mended.breached_at?);
        let at = |language| format::dated(broke_at, self.config.zone, language);
        let detail = Both {
            en: format!(
                "{request}: the promise to {} broke on {}; what is dated back to before does not mend it. Say why it broke by \
                 `plazo reason {request} NAME`",
                vocabulary::task(mended.kind, Language::En),
                at(Language::En),
            ),
            es: format!(
                "{request}: la promesa de {} se incumplió el {}; lo que se anota con fecha anterior no la remedia. El motivo se dice con \
                 `plazo reason {request} NOMBRE`",
                vocabulary::task(mended.kind, Language::Es),
                at(Language::Es),
            ),
        };
        Some(Rejection { code: RejectionCode::Rule, detail })
    }
}
