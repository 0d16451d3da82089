//! The mail of a report: a subject with the figure first, three sentences, six figures, two charts and the five longest waits.

use std::cmp::Reverse;

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::figure::Shown;
use super::labels::labels;
use super::number::{elapsed, percent, working};
use super::whole::worst_first;
use super::{Writer, let_go};
use crate::both;
use crate::report::{By, Group};
use crate::text::further::Further;
use crate::text::{format, vocabulary};

/// The longest waits that are named.
const MOST_WAITS: usize = 5;

impl Writer<'_> {
    pub(super) fn brief(&self) -> Value {
        let figures = self.report.all().map(|all| self.main(all)).unwrap_or_default();
        let is_met = !figures.iter().any(|figure| figure.met == Some(false));
        // Of the eight, two are for the page: what was closed unanswered, and early answers among colleagues.
        let mut shown: Vec<Shown> =
            figures.into_iter().enumerate().filter(|(n, _)| !matches!(n, 5 | 6)).map(|(_, figure)| figure).collect();
        shown.sort_by_key(|figure| figure.met != Some(false));
        context! {
            t => labels(self.language),
            title => self.title(),
            subject => self.subject(is_met),
            from => self.day(self.report.period.from),
            to => self.last_day(),
            is_met,
            sentences => self.sentences(),
            figures => Serde(shown),
            charts => Serde(self.charts()),
            waits => self.waits(),
            link => (self.reader.further)(&Further::Report(self.report.name.clone(), self.report.period)),
        }
    }

    /// `✗ 66,9 % cumplido (meta 95) · 17 sin responder · semana del 16 nov`.
    fn subject(&self, is_met: bool) -> String {
        let Some(all) = self.report.all() else { return self.title() };
        let kept = all.kept.percent.map(|part| {
            let (part, standard) = (percent(part.into(), self.language), self.report.standards.kept);
            self.language.of(both!("{part} kept (standard {standard})", "{part} cumplido (meta {standard})"))
        });
        let kept = kept.unwrap_or_else(|| self.of("nothing fell due", "nada vencía").to_owned());
        let n = all.unanswered.n;
        let unanswered = self.language.of(both!("{n} without answer", "{n} sin responder"));
        let mark = if is_met { '✓' } else { '✗' };
        format!("{mark} {kept} · {unanswered} · {}", self.period())
    }

    /// How many promises were kept, what weighs most, what has become better or worse, and what is missing.
    pub(super) fn sentences(&self) -> Vec<String> {
        [self.how_many(), self.what_weighs(), self.compared(), self.let_go()].into_iter().flatten().collect()
    }

    fn let_go(&self) -> Option<String> {
        let until = self.day(self.report.let_go_until?);
        Some(self.language.of(let_go(&until)))
    }

    fn how_many(&self) -> Option<String> {
        let share = &self.report.all()?.kept;
        let (kept, whole) = (share.kept, share.kept + share.broken);
        Some(self.language.of(match whole {
            0 => both!("No promise fell due.", "No venció ninguna promesa."),
            1 if kept == 1 => both!("The one promise was kept.", "La única promesa se cumplió."),
            1 => both!("The one promise was broken.", "La única promesa no se cumplió."),
            _ if kept == whole => both!("All {whole} promises were kept.", "Las {whole} promesas se cumplieron."),
            _ => both!("Of {whole} promises, {kept} were kept.", "De {whole} promesas se cumplieron {kept}."),
        }))
    }

    /// The place and the person with most of what went wrong.
    fn what_weighs(&self) -> Option<String> {
        let all = self.report.all()?;
        let is_missed = |group: &&Group| group.figures.kept.met == Some(false);
        let among = |by: By| self.report.groups.iter().filter(move |group| group.by == by);
        let place = among(By::Channel).filter(is_missed).min_by_key(|group| worst_first(group)).and_then(|group| {
            let (name, part) = (vocabulary::channel(&group.key, self.language), group.figures.kept.percent?);
            Some(format!("{} ({})", format::one_line(&name, 40), percent(part.into(), self.language)))
        });
        let waiting = |group: &&Group| 0 < group.figures.unanswered.n;
        let person = among(By::Person).filter(waiting).max_by_key(|group| group.figures.unanswered.n);
        let person = person.map(|group| {
            let (name, n) = (format::one_line(&group.name, 40), group.figures.unanswered.n);
            self.language.of(both!("{name} ({n} without answer)", "{name} ({n} sin responder)"))
        });
        let person = person.or_else(|| {
            let group = among(By::Person).filter(is_missed).min_by_key(|group| worst_first(group))?;
            let (name, part) = (format::one_line(&group.name, 40), group.figures.kept.percent?);
            Some(format!("{name} ({})", percent(part.into(), self.language)))
        });
        let named: Vec<String> = place.into_iter().chain(person).collect();
        let named = named.join(self.of(" and ", " y "));
        match named.is_empty() {
            false => Some(self.language.of(both!("What weighs most: {named}.", "Lo que más pesa: {named}."))),
            true if all.kept.met == Some(true) => {
                Some(self.of("Nobody is below the standard.", "Nadie está por debajo de la meta.").to_owned())
            }
            true => None,
        }
    }

    /// The figure that has gained most, and the one that has lost most, beside the period before.
    fn compared(&self) -> Option<String> {
        let all = self.report.all()?;
        let in_working_time = self.report.standards.in_working_time;
        let main = self.main(all);
        let measures = [&all.first_response, &all.response, &all.resolution];
        if measures.iter().all(|measure| measure.before_ms.is_none()) && all.kept.before.is_none() {
            return None;
        }
        // By how much of what it was: spans and counts are not of one kind.
        let weight = |measure: &crate::report::Measure| {
            let (change, before) = (measure.change_ms(in_working_time)?, measure.before_ms?);
            Some(Reverse(change.abs() * 1_000 / before.max(1)))
        };
        let mut changed: Vec<(&Shown, Reverse<i64>)> =
            main.iter().zip(measures).filter_map(|(figure, measure)| Some((figure, weight(measure)?))).collect();
        changed.sort_by_key(|(_, weight)| *weight);
        let kept = main.get(3).filter(|figure| figure.change.is_some());
        let named = |better: bool| {
            let of_spans = changed.iter().map(|(figure, _)| *figure);
            let figure = of_spans.chain(kept).find(|figure| figure.better == Some(better))?;
            let (label, change) = (figure.label.to_lowercase(), figure.change.as_deref()?);
            Some(if better {
                self.language.of(both!("better in {label} ({change})", "mejor en {label} ({change})"))
            } else {
                self.language.of(both!("worse in {label} ({change})", "peor en {label} ({change})"))
            })
        };
        let words: Vec<String> = [named(true), named(false)].into_iter().flatten().collect();
        let words = words.join(", ");
        let period = self.report.period;
        let before = match (period.to - period.from).num_hours() {
            23..=25 => self.of("the day before", "el día anterior"),
            167..=169 => self.of("the week before", "la semana anterior"),
            _ => self.of("the period before", "el período anterior"),
        };
        Some(self.language.of(if words.is_empty() {
            both!("As in {before}.", "Igual que {before}.")
        } else {
            let beside = before.strip_prefix("el ").map_or_else(|| format!("a {before}"), |rest| format!("al {rest}"));
            both!("Beside {before}: {words}.", "Frente {beside}: {words}.")
        }))
    }

    fn waits(&self) -> Vec<Value> {
        let rows = self.report.worst.iter().take(MOST_WAITS).map(|worst| {
            let who = [worst.client.as_deref(), worst.subject.as_deref()].into_iter().flatten().collect::<Vec<_>>();
            let span =
                if self.report.standards.in_working_time { working(worst.working_ms) } else { elapsed(worst.ms) };
            context! {
                request => Serde(self.one(worst.request)),
                who => format::one_line(&who.join(" · "), 60),
                owner => worst.owner.as_deref().map(|owner| format::one_line(owner, 40)),
                span,
                answered => worst.answered,
            }
        });
        rows.collect()
    }
}
