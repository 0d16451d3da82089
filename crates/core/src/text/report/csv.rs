//! Reports for spreadsheets.

use super::number::{hundredths, number};
use crate::engine::request_id::RequestId;
use crate::report::{Count, Measure, Report, Share};
use crate::text::{Language, register};

/// A report as CSV: a figure of a group a line. Spans are in milliseconds; `value` is what the standard is about; of
/// breaches that were let out of the figures it is the share kept without them.
pub fn csv(report: &Report) -> String {
    let heading = [
        "by",
        "key",
        "name",
        "figure",
        "n",
        "mean_ms",
        "mean_working_ms",
        "p50_ms",
        "p90_ms",
        "value",
        "standard",
        "met",
        "before",
        "requests",
    ];
    let rows = report.groups.iter().flat_map(|group| {
        let figures = &group.figures;
        let line = |figure: &str, cells: [String; 9], requests: &[RequestId]| {
            let mut row = vec![group.by.as_str().to_owned(), group.key.clone(), group.name.clone(), figure.to_owned()];
            row.extend(cells);
            row.push(requests.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
            row
        };
        let text = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
        let met = |met: Option<bool>| met.map(|met| met.to_string()).unwrap_or_default();
        let measure = |figure: &str, one: &Measure| {
            let value = one.compared(report.standards.in_working_time);
            let spans = [one.mean_ms, one.mean_working_ms, one.p50_ms, one.p90_ms, value, one.standard_ms].map(text);
            let [mean, working, p50, p90, value, standard] = spans;
            let cells =
                [one.n.to_string(), mean, working, p50, p90, value, standard, met(one.met), text(one.before_ms)];
            line(figure, cells, &one.requests)
        };
        let count = |figure: &str, one: &Count| {
            let none = String::new;
            let standard = text(one.standard.map(Into::into));
            let before = text(one.before.map(number));
            let cells =
                [one.n.to_string(), none(), none(), none(), none(), one.n.to_string(), standard, met(one.met), before];
            line(figure, cells, &one.requests)
        };
        let share = |figure: &str, one: &Share| {
            let none = String::new;
            let part = |part: Option<u32>| part.map(|part| hundredths(part.into(), Language::En)).unwrap_or_default();
            let n = (one.kept + one.broken).to_string();
            let standard = text(one.standard.map(Into::into));
            let cells =
                [n, none(), none(), none(), none(), part(one.percent), standard, met(one.met), part(one.before)];
            line(figure, cells, &one.requests)
        };
        let excluded = figures.excluded.as_ref().map(|one| {
            let none = String::new;
            let without = one.percent.map(|part| hundredths(part.into(), Language::En)).unwrap_or_default();
            let standard = text(figures.kept.standard.map(Into::into));
            line(
                "excluded",
                [one.n.to_string(), none(), none(), none(), none(), without, standard, met(one.met), none()],
                &[],
            )
        });
        let mut lines = vec![
            measure("first_response", &figures.first_response),
            measure("response", &figures.response),
            measure("resolution", &figures.resolution),
            share("kept", &figures.kept),
            count("unanswered", &figures.unanswered),
            count("closed_unanswered", &figures.closed_unanswered),
            count("early", &figures.early),
            count("violations", &figures.violations),
        ];
        let place = lines.iter().position(|line| line[3] == "unanswered").unwrap_or(lines.len());
        excluded.into_iter().for_each(|line| lines.insert(place, line));
        lines
    });
    register::table(&heading, rows)
}
