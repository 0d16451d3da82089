//! What only the whole report has: tables by team, person, client, channel and inbox, percentiles, rules, and whose hands time went
//! through.

use std::cmp::Reverse;

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::figure::{Named, Shown};
use super::number::{compact, elapsed, lateness, number, percent, signed, working};
use super::{Place, Writer};
use crate::both;
use crate::engine::check::Association;
use crate::report::{By, Count, Figures, Group, Measure};
use crate::text::{format, violation, vocabulary};

/// Rows of a table of a text.
const MOST_ROWS: usize = 12;

/// A row of a table by team, person, client, channel or inbox.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
    requests: Vec<Named>,
}

#[derive(Debug, Serialize)]
struct Cell {
    value: String,
    met: Option<bool>,
}

impl Writer<'_> {
    pub(super) fn percentiles(&self, all: &Figures) -> Vec<Vec<String>> {
        let row = |label: &str, measure: &Measure| {
            let shown = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), |ms| compact(ms, self.language));
            let cells = [measure.p50_working_ms, measure.p90_working_ms, measure.p50_ms, measure.p90_ms];
            std::iter::once(label.to_owned()).chain(cells.map(shown)).collect()
        };
        vec![
            row(self.of("First response", "Primera respuesta"), &all.first_response),
            row(self.of("Response", "Respuesta"), &all.response),
            row(self.of("Resolution", "Solución"), &all.resolution),
        ]
    }

    pub(super) fn sections(&self) -> Vec<Value> {
        let titles = [
            (By::Team, self.of("By team", "Por equipo")),
            (By::Person, self.of("By person", "Por persona")),
            (By::Client, self.of("By client", "Por cliente")),
            (By::Channel, self.of("By channel", "Por canal")),
            (By::Inbox, self.of("By inbox", "Por bandeja")),
        ];
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let section = |(by, title): (By, &str)| {
            let mut groups: Vec<&Group> = self.report.groups.iter().filter(|group| group.by == by).collect();
            groups.sort_by_key(|group| worst_first(group));
            let more = groups.len().saturating_sub(most);
            let rows: Vec<Row> = groups.into_iter().take(most).map(|group| self.row(group)).collect();
            (!rows.is_empty()).then(|| context! { title, rows => Serde(rows), more })
        };
        titles.into_iter().filter_map(section).collect()
    }

    fn row(&self, group: &Group) -> Row {
        let figures = &group.figures;
        let in_working_time = self.report.standards.in_working_time;
        let span_of = |measure: &Measure| Cell {
            value: measure.compared(in_working_time).map_or_else(|| "–".to_owned(), |ms| compact(ms, self.language)),
            met: measure.met,
        };
        let count_of = |count: &Count| Cell { value: count.n.to_string(), met: count.met.filter(|_| 0 < count.n) };
        let mut behind = figures.kept.requests.clone();
        behind.extend(&figures.response.requests);
        behind.extend(&figures.unanswered.requests);
        behind.sort();
        behind.dedup();
        let name =
            if group.by == By::Channel { vocabulary::channel(&group.key, self.language) } else { group.name.clone() };
        Row {
            name: format::one_line(&name, 40),
            cells: vec![
                span_of(&figures.first_response),
                span_of(&figures.response),
                span_of(&figures.resolution),
                Cell {
                    value: figures
                        .kept
                        .percent
                        .map_or_else(|| "–".to_owned(), |part| percent(part.into(), self.language)),
                    met: figures.kept.met,
                },
                count_of(&figures.unanswered),
                Cell { value: figures.violations.n.to_string(), met: None },
            ],
            requests: if self.place == Place::Page { self.named(&behind) } else { Vec::new() },
        }
    }

    pub(super) fn worst(&self) -> Vec<Value> {
        let rows = self.report.worst.iter().map(|worst| {
            let who = [worst.client.as_deref(), worst.subject.as_deref()].into_iter().flatten().collect::<Vec<_>>();
            context! {
                request => Serde(self.one(worst.request)),
                who => format::one_line(&who.join(" · "), 70),
                owner => worst.owner.clone(),
                from => format::instant(worst.from, self.reader.zone, self.language),
                working => working(worst.working_ms),
                elapsed => elapsed(worst.ms),
                answered => worst.answered,
            }
        });
        rows.collect()
    }

    pub(super) fn holders(&self) -> Vec<Value> {
        let name = |holder: &str| match holder {
            "nobody" => self.of("nobody", "nadie").to_owned(),
            "client" => self.of("the client", "el cliente").to_owned(),
            other => other.to_owned(),
        };
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let rows = self.report.holders.iter().take(most).map(|row| {
            context! {
                name => row.name.clone().unwrap_or_else(|| name(&row.holder)),
                n => row.n,
                working => working(row.working_ms),
                elapsed => elapsed(row.ms),
            }
        });
        rows.collect()
    }

    pub(super) fn rules(&self) -> Vec<Value> {
        let most = if self.place == Place::Page { usize::MAX } else { 4 };
        let rows = self.report.violations.iter().map(|rule| {
            let broken: Vec<_> = rule
                .broken
                .iter()
                .take(most)
                .map(|broken| {
                    context! {
                        request => Serde(self.one(broken.request)),
                        who => broken.who.clone(),
                        what => self.language.of(violation::what(&broken.violation.finding)),
                        excuse => broken.excuse.clone(),
                    }
                })
                .collect();
            let change = rule.before.map(|before| number(rule.n) - number(before)).filter(|change| *change != 0);
            context! {
                rule => rule.rule.clone(),
                n => rule.n,
                n_excused => rule.n_excused,
                change => change.map(|change| signed(change, &change.abs().to_string())),
                better => change.map(|change| change < 0),
                more => rule.n - broken.len(),
                broken,
            }
        });
        rows.collect()
    }

    pub(super) fn closings(&self) -> Vec<Shown> {
        let closings = &self.report.closings;
        vec![
            self.count(self.of("Closed", "Cerradas"), &closings.closed),
            self.count(self.of("Closed without being attended", "Cerradas sin atender"), &closings.unattended),
            self.count(self.of("Wrong closings", "Mal cerradas"), &closings.wrong),
        ]
    }

    pub(super) fn orphans(&self) -> Vec<Value> {
        let name = |association: &Association| match association {
            Association::Contact => self.of("contact", "contacto"),
            Association::Customer => self.of("company", "empresa"),
            Association::Ticket => self.of("ticket", "tiquete"),
        };
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let rows = self.report.orphans.iter().take(most).map(|orphan| {
            let missing: Vec<_> = orphan.missing.iter().map(name).collect();
            context! { request => Serde(self.one(orphan.request)), missing => missing.join(", ") }
        });
        rows.collect()
    }

    /// Who said how often that no answer was needed, and of which requests.
    pub(super) fn waived(&self) -> Vec<Value> {
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let nobody = self.of("somebody", "alguien");
        let rows = self.report.waived.iter().map(|one| {
            let answers = one.answers.iter().take(most);
            let answers: Vec<_> = answers
                .map(|row| context! { request => Serde(self.one(row.request)), reason => row.reason.clone() })
                .collect();
            context! {
                who => one.who.clone().unwrap_or_else(|| nobody.to_owned()),
                n => one.n,
                more => one.n - answers.len(),
                answers,
            }
        });
        rows.collect()
    }

    pub(super) fn punctuality(&self) -> String {
        let own = &self.report.punctuality;
        if own.n == 0 {
            return self.of("plazo sent no alert.", "plazo no envió avisos.").to_owned();
        }
        let seconds = |ms| lateness(ms, self.language);
        let (n, p50, p99, max) = (own.n, seconds(own.p50_ms), seconds(own.p99_ms), seconds(own.max_ms));
        let crate::text::Both { en, es } = crate::text::ALERTS.counted(n);
        self.language.of(both!(
            "plazo sent {en}; late by {p50} (half of them at most), {p99} (99 of 100), {max} (the latest).",
            "plazo envió {es}; con un retraso de {p50} (la mitad, a lo sumo), {p99} (99 de cada 100), {max} (el mayor)."
        ))
    }
}

/// What is worst stands first: below the standard, by how many promises broke and how many clients wait; then by how much there was.
pub(super) fn worst_first(group: &Group) -> (bool, Reverse<usize>, Reverse<usize>) {
    let figures = &group.figures;
    let n = figures.response.n + figures.kept.kept + figures.kept.broken;
    (figures.kept.met != Some(false), Reverse(figures.kept.broken + figures.unanswered.n), Reverse(n))
}
