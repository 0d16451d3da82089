//! Figures beside their standards, with the requests behind them.

use serde::Serialize;

use super::number::{elapsed, hundredths, number, percent, signed, working};
use super::{Place, Writer};
use crate::both;
use crate::engine::request_id::RequestId;
use crate::report::{Count, Excluded, Figures, Measure, Share};
use crate::text::{Both, format};

/// Requests named under a figure of a text.
const MOST_NAMED: usize = 6;
/// Requests named under a figure of a page; `plazo report --figure` has all.
const MOST_ON_PAGE: usize = 500;
/// Names longer than this are cut.
const LONGEST_NAME: usize = 60;

/// A request, and the page of it.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) link: Option<String>,
    pub(super) name: Option<String>,
}

/// A figure beside its standard.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) label: &'static str,
    pub(super) value: String,
    note: String,
    standard: Option<String>,
    pub(super) met: Option<bool>,
    pub(super) change: Option<String>,
    pub(super) better: Option<bool>,
    requests: Vec<Named>,
    more: usize,
}

impl Writer<'_> {
    pub(super) fn of<'t>(&self, en: &'t str, es: &'t str) -> &'t str {
        self.language.of(Both { en, es })
    }

    pub(super) fn main(&self, all: &Figures) -> Vec<Shown> {
        let of = |en, es| self.of(en, es);
        vec![
            self.measure(of("First response", "Primera respuesta"), &all.first_response),
            self.measure(of("Average response", "Respuesta promedio"), &all.response),
            self.measure(of("Resolution", "Solución"), &all.resolution),
            self.share(of("Promises kept", "Promesas cumplidas"), &all.kept, all.excluded.as_ref()),
            self.count(of("Without answer", "Sin respuesta"), &all.unanswered),
            self.count(of("Closed without answer", "Cerradas sin respuesta"), &all.closed_unanswered),
            self.count(of("Answered before the floor", "Respondidas antes del piso"), &all.early),
            self.count(of("Broken rules", "Reglas incumplidas"), &all.violations),
        ]
    }

    fn measure(&self, label: &'static str, measure: &Measure) -> Shown {
        let in_working_time = self.report.standards.in_working_time;
        let value = measure.compared(in_working_time).map_or_else(|| "–".to_owned(), |ms| self.span(ms));
        let other = if in_working_time { measure.mean_ms } else { measure.mean_working_ms };
        let n = measure.n;
        let other = other.map(if in_working_time { elapsed } else { working });
        let note = match (other, in_working_time) {
            (None, _) => self.of("none", "ninguna").to_owned(),
            (Some(other), true) => self.language.of(both!(
                "mean of {n} in working time; {other} elapsed",
                "promedio de {n} en tiempo laboral; {other} corridas"
            )),
            (Some(other), false) => self.language.of(both!(
                "mean of {n} in elapsed time; {other} of work",
                "promedio de {n} en tiempo corrido; {other} laborales"
            )),
        };
        let change = measure.change_ms(in_working_time);
        Shown {
            standard: measure.standard_ms.map(|ms| format!("<\u{a0}{}", self.span(ms))),
            met: measure.met,
            change: change.filter(|change| *change != 0).map(|change| signed(change, &self.span(change.abs()))),
            better: change.filter(|change| *change != 0).map(|change| change < 0),
            ..self.figure(label, value, note, &measure.requests)
        }
    }

    pub(super) fn count(&self, label: &'static str, count: &Count) -> Shown {
        let change = count.before.map(|before| number(count.n) - number(before)).filter(|change| *change != 0);
        Shown {
            standard: count.standard.map(|most| most.to_string()),
            met: count.met,
            change: change.map(|change| signed(change, &change.abs().to_string())),
            better: change.map(|change| change < 0),
            ..self.figure(label, count.n.to_string(), String::new(), &count.requests)
        }
    }

    fn share(&self, label: &'static str, share: &Share, excluded: Option<&Excluded>) -> Shown {
        let (kept, whole) = (share.kept, share.kept + share.broken);
        let mut note = self.language.of(both!("{kept} of {whole}", "{kept} de {whole}"));
        if let Some(Excluded { n, percent: part, .. }) = excluded {
            let part = part.map_or_else(|| "–".to_owned(), |part| percent(part.into(), self.language));
            note += &self.language.of(both!(
                "; {part} without the {n} let out for their reason",
                "; {part} sin las {n} que se sacaron por su razón"
            ));
        }
        let change = share.percent.zip(share.before).map(|(new, old)| i64::from(new) - i64::from(old));
        let change = change.filter(|change| *change != 0);
        Shown {
            standard: share.standard.map(|least| format!("≥\u{a0}{least}\u{a0}%")),
            met: share.met,
            change: change.map(|change| {
                let points = hundredths(change.unsigned_abs(), self.language);
                signed(change, &self.language.of(both!("{points} points", "{points} puntos")))
            }),
            better: change.map(|change| 0 < change),
            ..self.figure(
                label,
                share.percent.map_or_else(|| "–".to_owned(), |part| percent(part.into(), self.language)),
                note,
                &share.requests,
            )
        }
    }

    fn figure(&self, label: &'static str, value: String, note: String, requests: &[RequestId]) -> Shown {
        let named = self.named(requests);
        Shown {
            label,
            value,
            note,
            standard: None,
            met: None,
            change: None,
            better: None,
            more: requests.len() - named.len(),
            requests: named,
        }
    }

    /// The mean that the standard is about.
    pub(super) fn span(&self, ms: i64) -> String {
        if self.report.standards.in_working_time { working(ms) } else { elapsed(ms) }
    }

    pub(super) fn named(&self, requests: &[RequestId]) -> Vec<Named> {
        let most = if self.place == Place::Page { MOST_ON_PAGE } else { MOST_NAMED };
        requests.iter().take(most).map(|id| self.one(*id)).collect()
    }

    /// A request by number and name, with its page: the reader's own where there is one, else that of the interface.
    pub(super) fn one(&self, id: RequestId) -> Named {
        let own = (self.reader.links)(id).map(|links| links.show);
        let link = own.or_else(|| (self.place == Place::Page).then(|| format!("/v1/requests/{id}")));
        let name = self.report.names.get(&id).map(|name| format::one_line(name, LONGEST_NAME));
        Named { id: id.to_string(), link, name }
    }
}
