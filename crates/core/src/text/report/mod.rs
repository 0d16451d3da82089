//! Reports in words: the mail says in two screens of a telephone what weighs most; the page and the text have everything.

mod bars;
mod brief;
mod csv;
mod fair;
mod figure;
mod labels;
mod number;
mod whole;

use chrono::{DateTime, Datelike as _, Utc};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::templates::Texts;
use super::{Both, Language, format, vocabulary};
use crate::both;
use crate::report::Report;
use crate::text::reader::Reader;

pub use csv::csv;

/// Where a report is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// As text, with the first rows of each table.
    Text,
    /// In a browser, with everything in it.
    Page,
}

/// That figures lack what was let go before that day.
pub fn let_go(until: &str) -> Both {
    both!(
        "Not whole: of what ended before {until}, entries have been let go ([retention]). The reports of those weeks were kept as they were.",
        "Incompleto: de lo que terminó antes del {until} ya no se guardan las entradas ([retention]). Los informes de esas semanas se conservaron como eran."
    )
}

struct Writer<'a> {
    report: &'a Report,
    reader: &'a Reader<'a>,
    language: Language,
    place: Place,
}

/// What the templates of its mail see.
pub(super) fn mailed(report: &Report, reader: &Reader<'_>) -> Value {
    Writer { report, reader, language: reader.language, place: Place::Text }.brief()
}

/// What the templates of all of it see.
pub(super) fn whole(report: &Report, reader: &Reader<'_>, is_page: bool) -> Value {
    let place = if is_page { Place::Page } else { Place::Text };
    Writer { report, reader, language: reader.language, place }.everything()
}

/// A report as a page of its own.
pub fn page(report: &Report, texts: &Texts, reader: &Reader<'_>) -> String {
    texts.shared("report-page.html", &whole(report, reader, true)).unwrap_or_default()
}

/// A report as plain text.
pub fn plain(report: &Report, texts: &Texts, reader: &Reader<'_>) -> String {
    texts.shared("report-page.txt", &whole(report, reader, false)).unwrap_or_default()
}

impl Writer<'_> {
    fn everything(&self) -> Value {
        let report = self.report;
        let figures = report.all().map(|all| self.main(all)).unwrap_or_default();
        context! {
            title => self.title(),
            back => self.reader.list.clone(),
            from => self.day(report.period.from),
            to => self.last_day(),
            calendar => vocabulary::calendar(&report.calendar, self.language),
            in_working_time => report.standards.in_working_time,
            is_met => !figures.iter().any(|figure| figure.met == Some(false)),
            sentences => self.sentences(),
            charts => Serde(self.charts()),
            figures => Serde(figures),
            percentiles => report.all().map(|all| self.percentiles(all)).unwrap_or_default(),
            sections => self.sections(),
            worst => self.worst(),
            holders => self.holders(),
            rules => self.rules(),
            closings => Serde(self.closings()),
            orphans => self.orphans(),
            waived => self.waived(),
            reasons => self.reasons(),
            still => self.still(),
            kept_waiting => self.kept_waiting(),
            punctuality => self.punctuality(),
            t => labels::labels(self.language),
        }
    }

    /// `Informe semanal`, with the file's own name for it where that says more.
    fn title(&self) -> String {
        let period = self.report.period;
        let name = format::one_line(&self.report.name.replace(['-', '_'], " "), 60);
        let (title, usual): (_, &[&str]) = match (period.to - period.from).num_hours() {
            // A day or a week in which clocks change has an hour more or less.
            23..=25 => (both!("Daily report", "Informe diario"), &["daily", "diario", "day", "dia", "día"]),
            167..=169 => (both!("Weekly report", "Informe semanal"), &["weekly", "semanal", "week", "semana"]),
            _ => (both!("Report", "Informe"), &["report", "informe"]),
        };
        let title = self.language.of(title);
        let says_no_more = name == "plazo" || usual.contains(&name.to_lowercase().as_str());
        if says_no_more { title } else { format!("{title} · {name}") }
    }

    /// `semana del 16 nov`.
    fn period(&self) -> String {
        let period = self.report.period;
        let (from, to) = (self.day(period.from), self.last_day());
        self.language.of(match (period.to - period.from).num_hours() {
            23..=25 => both!("{from}", "{from}"),
            167..=169 => {
                let local = period.from.with_timezone(&self.reader.zone).date_naive();
                let date = format::date(local, self.language);
                let date = date.split_once(' ').map_or(date.as_str(), |(_, date)| date);
                both!("week of {date}", "semana del {date}")
            }
            _ => both!("{from} – {to}", "{from} – {to}"),
        })
    }

    /// The days of a period, by the reader's zone.
    fn day(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.reader.zone).date_naive();
        let date = format::date(local, self.language);
        let is_present = local.year() == self.reader.now.with_timezone(&self.reader.zone).year();
        if is_present { date } else { format!("{date} {}", local.year()) }
    }

    fn last_day(&self) -> String {
        self.day(self.report.period.to - chrono::TimeDelta::seconds(1))
    }
}
