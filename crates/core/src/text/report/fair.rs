//! What makes figures fair, in words: why promises broke, how long requests stood still, what was kept only since they did.

use chrono::TimeDelta;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::number::{elapsed, percent, working};
use super::{Place, Writer};
use crate::both;
use crate::engine::reasons::ReasonState;
use crate::text::{format, vocabulary};

/// Rows of a table of a text.
const MOST_ROWS: usize = 12;

impl Writer<'_> {
    /// Each reason with its breaches, who gave it and who let them out of the figures.
    pub(super) fn reasons(&self) -> Vec<Value> {
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let rows = self.report.reasons.iter().map(|reason| {
            let breaches = reason.breaches.iter().take(most).map(|row| {
                context! {
                    request => Serde(self.one(row.request)),
                    promise => vocabulary::task(row.promise, self.language),
                    at => format::instant(row.at, self.reader.zone, self.language),
                    who => row.who.clone(),
                    text => format::one_line(&row.text, 120),
                    state => vocabulary::reason_state(row.state, self.language),
                    is_refused => row.state == ReasonState::Refused,
                    approved_by => row.approved_by.clone(),
                }
            });
            let breaches: Vec<_> = breaches.collect();
            context! {
                name => format::one_line(&reason.name, 60),
                n => reason.n,
                n_excluded => reason.n_excluded,
                n_awaiting => reason.n_awaiting,
                more => reason.n - breaches.len(),
                breaches,
            }
        });
        rows.collect()
    }

    /// Whose requests stood still for whom, and what part of their time that was.
    pub(super) fn still(&self) -> Vec<Value> {
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let rows = self.report.still.iter().take(most).map(|still| {
            context! {
                who => still.who.clone().unwrap_or_else(|| self.of("nobody", "nadie").to_owned()),
                on => still.name.clone().unwrap_or_else(|| self.of("the client", "el cliente").to_owned()),
                n => still.n,
                share => percent(still.share.into(), self.language),
                working => working(still.working_ms),
                elapsed => elapsed(still.ms),
            }
        });
        rows.collect()
    }

    /// `R-17 …: entregar, cumplida después de 21 días de espera`.
    pub(super) fn kept_waiting(&self) -> Vec<Value> {
        let rows = self.report.kept_waiting.iter().map(|kept| {
            let waited = format::span(TimeDelta::milliseconds(kept.ms));
            let promise = vocabulary::task(kept.promise, self.language);
            context! {
                request => Serde(self.one(kept.request)),
                what => self.language.of(both!(
                    "{promise}: kept, after {waited} of waiting",
                    "{promise}: cumplida, después de {waited} de espera"
                )),
                who => kept.who.clone(),
            }
        });
        rows.collect()
    }
}
