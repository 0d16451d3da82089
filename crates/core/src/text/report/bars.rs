//! Charts: horizontal bars made of cells of a table. So they need no image that a client may hold back, follow the scheme of the
//! reader's screen, and their letters are text. What misses the standard is hollow and has its mark beside it, whatever its colour.

use serde::Serialize;

use super::Writer;
use super::number::percent;
use crate::both;
use crate::report::{By, Group};
use crate::text::{format, vocabulary};

/// Bars at most.
const MOST_BARS: usize = 5;
/// Letters of a name at most.
const LONGEST_LABEL: usize = 30;

/// Bars beside one standard.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    title: String,
    standard: String,
    bars: Vec<Bar>,
    more: usize,
}

/// A bar: its name, what stands at its end, and its cells from left to right.
#[derive(Debug, Serialize)]
struct Bar {
    label: String,
    value: String,
    met: bool,
    cells: Vec<Cell>,
}

/// A stretch of a bar; the mark of the standard has no width of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Cell {
    kind: Kind,
    /// In hundredths of the whole.
    width: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Filled,
    Hollow,
    Rest,
    /// The standard, beyond the bar's end or in a hollow one.
    Mark,
    /// The standard within a bar that is filled.
    Notch,
}

/// The cells of a bar of that length, with the standard's mark; both in hundredths of the whole.
fn cells(length: i64, mark: i64, met: bool) -> Vec<Cell> {
    let (length, mark) = (length.clamp(1, 100), mark.clamp(0, 100));
    let bar = if met { Kind::Filled } else { Kind::Hollow };
    let (before, after) = if length < mark {
        ([(bar, length), (Kind::Rest, mark - length)], [(Kind::Rest, 100 - mark), (Kind::Rest, 0)])
    } else {
        ([(bar, mark), (Kind::Rest, 0)], [(bar, length - mark), (Kind::Rest, 100 - length)])
    };
    let mark = if met && mark <= length { Kind::Notch } else { Kind::Mark };
    let all = before.into_iter().chain([(mark, 0)]).chain(after);
    all.filter(|(kind, width)| *kind == mark || 0 < *width).map(|(kind, width)| Cell { kind, width }).collect()
}

impl Writer<'_> {
    pub(super) fn charts(&self) -> Vec<Chart> {
        [self.kept_chart(), self.response_chart()].into_iter().flatten().collect()
    }

    /// Of each person, how many promises were kept; the worst first.
    fn kept_chart(&self) -> Option<Chart> {
        let mut groups: Vec<(&Group, u32)> = self
            .report
            .groups
            .iter()
            .filter(|group| group.by == By::Person)
            .filter_map(|group| Some((group, group.figures.kept.percent?)))
            .collect();
        groups.sort_by_key(|(_, part)| *part);
        let standard = self.report.standards.kept;
        let more = groups.len().saturating_sub(MOST_BARS);
        let bars: Vec<_> = groups
            .into_iter()
            .take(MOST_BARS)
            .map(|(group, part)| {
                let met = group.figures.kept.met.unwrap_or(false);
                Bar {
                    label: format::one_line(&group.name, LONGEST_LABEL),
                    value: percent(part.into(), self.language),
                    met,
                    cells: cells(i64::from(part / 100), standard.into(), met),
                }
            })
            .collect();
        (!bars.is_empty()).then(|| Chart {
            title: self.of("Promises kept, by person", "Promesas cumplidas, por persona").to_owned(),
            standard: self.language.of(both!("standard {standard}\u{a0}%", "meta {standard}\u{a0}%")),
            bars,
            more,
        })
    }

    /// The mean first response of each channel; the longest first.
    fn response_chart(&self) -> Option<Chart> {
        let in_working_time = self.report.standards.in_working_time;
        let standard = self.report.standards.first_response.num_milliseconds().max(1);
        let groups = self.report.groups.iter().filter(|group| group.by == By::Channel);
        let mut spans: Vec<(&Group, i64)> =
            groups.filter_map(|group| Some((group, group.figures.first_response.compared(in_working_time)?))).collect();
        spans.sort_by_key(|(_, ms)| std::cmp::Reverse(*ms));
        let longest = spans.iter().map(|(_, ms)| *ms).chain([standard * 5 / 4]).max()?;
        let more = spans.len().saturating_sub(MOST_BARS);
        let bars: Vec<_> = spans
            .into_iter()
            .take(MOST_BARS)
            .map(|(group, ms)| Bar {
                label: format::one_line(&vocabulary::channel(&group.key, self.language), LONGEST_LABEL),
                value: self.span(ms),
                met: ms < standard,
                cells: cells(ms * 100 / longest, standard * 100 / longest, ms < standard),
            })
            .collect();
        let most = self.span(standard);
        (!bars.is_empty()).then(|| Chart {
            title: self.of("First response, mean by channel", "Primera respuesta, promedio por canal").to_owned(),
            standard: self.language.of(both!("standard {most}", "meta {most}")),
            bars,
            more,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cells_of_a_bar_fill_the_whole_and_hold_the_mark_once() {
        for (length, mark) in
            [(0, 0), (0, 95), (48, 95), (95, 95), (98, 95), (100, 100), (100, 0), (400, 30), (-3, 120)]
        {
            for met in [true, false] {
                let cells = cells(length, mark, met);
                assert_eq!(cells.iter().map(|cell| cell.width).sum::<i64>(), 100, "{length} {mark}: {cells:?}");
                assert_eq!(
                    cells.iter().filter(|cell| matches!(cell.kind, Kind::Mark | Kind::Notch)).count(),
                    1,
                    "{cells:?}"
                );
                assert!(
                    cells.iter().all(|cell| cell.kind != if met { Kind::Hollow } else { Kind::Filled }),
                    "{cells:?}"
                );
            }
        }
    }
}
