//! Tables: on a terminal as wide as it is, elsewhere whole.

use std::fmt;
use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Color as Shade, Effects, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement};
use unicode_width::UnicodeWidthStr as _;

use super::fit::{GAP, Want, fit, shortened};

/// How a column behaves where there is too little room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) struct Column {
    least: Option<usize>,
    leaves: Option<u8>,
    is_number: bool,
}

impl Column {
    /// Shown whole, always.
    pub(in crate::cli) const WHOLE: Self = Self { least: None, leaves: None, is_number: false };

    /// A figure: shown whole, at the right.
    pub(in crate::cli) const NUMBER: Self = Self { least: None, leaves: None, is_number: true };

    /// Free text: it may be cut to so many cells.
    pub(in crate::cli) const fn text(least: usize) -> Self {
        Self { least: Some(least), ..Self::WHOLE }
    }

    /// It may be left out; the lower the number, the sooner.
    pub(in crate::cli) const fn leaves(self, turn: u8) -> Self {
        Self { leaves: Some(turn), ..self }
    }
}

/// A text in its colour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A text in a colour, which a terminal without colours leaves out.
    pub(in crate::cli) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

/// A table. Columns in which nothing stands are left out.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    headings: Vec<String>,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table. Columns without a shape of their own are free text.
    pub(in crate::cli) fn new<const N: usize>(headings: [impl Into<String>; N], columns: [Column; N]) -> Self {
        Self { headings: headings.map(Into::into).to_vec(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(in crate::cli) fn add_row(&mut self, cells: impl IntoIterator<Item = impl Into<Cell>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// As text, `available` cells wide at most; whole without that.
    fn drawn(&self, available: Option<usize>, is_styled: bool) -> String {
        let filled =
            |index: usize| self.rows.iter().any(|row| row.get(index).is_some_and(|cell| !cell.text.is_empty()));
        let indices: Vec<_> = (0..self.headings.len()).filter(|index| filled(*index)).collect();
        let wants: Vec<_> = indices.iter().map(|index| self.want(*index)).collect();
        let widths = match available {
            Some(available) => fit(&wants, available),
            None => wants.iter().map(|want| Some(want.natural)).collect(),
        };
        let shown: Vec<_> =
            indices.into_iter().zip(widths).filter_map(|(index, width)| Some((index, width?))).collect();
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if is_styled {
            // Not the blanks beside it, which are cut at the end of a line.
            table.enforce_styling().style_text_only();
        } else {
            table.force_no_tty();
        }
        let heading = |(index, width): &(usize, usize)| {
            let cell = comfy_table::Cell::new(shortened(&self.headings[*index], *width));
            if is_styled { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        table.set_header(shown.iter().map(heading));
        for row in &self.rows {
            let cell = |(index, width): &(usize, usize)| {
                row.get(*index).map_or_else(|| comfy_table::Cell::new(""), |cell| painted(cell, *width, is_styled))
            };
            table.add_row(shown.iter().map(cell));
        }
        for (place, (index, _)) in shown.iter().enumerate() {
            if let Some(column) = table.column_mut(place) {
                let gap = u16::try_from(GAP).unwrap_or(1);
                column.set_padding((0, if place + 1 == shown.len() { 0 } else { gap }));
                if self.columns[*index].is_number {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        table.trim_fmt()
    }

    fn want(&self, index: usize) -> Want {
        let heading = self.headings[index].width();
        let widest = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.text.width()).max();
        let Column { least, leaves, .. } = self.columns[index];
        Want { natural: widest.unwrap_or_default().max(heading), least: least.map(|least| least.max(heading)), leaves }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.drawn(width(), crate::cli::is_styled()))
    }
}

/// Cells in a line of the terminal behind standard output; none where it is no terminal, or does not say.
pub(in crate::cli) fn width() -> Option<usize> {
    let is_terminal = std::io::stdout().is_terminal();
    let (terminal_size::Width(width), _) =
        is_terminal.then(|| terminal_size::terminal_size_of(std::io::stdout()))??;
    (0 < width).then(|| usize::from(width))
}

fn painted(cell: &Cell, width: usize, is_styled: bool) -> comfy_table::Cell {
    let mut painted = comfy_table::Cell::new(shortened(&cell.text, width));
    if !is_styled {
        return painted;
    }
    if let Some(Shade::Ansi(colour)) = cell.style.get_fg_color() {
        painted = painted.fg(match colour {
            AnsiColor::Red => Color::DarkRed,
            AnsiColor::Yellow => Color::DarkYellow,
            AnsiColor::Green => Color::DarkGreen,
            AnsiColor::Cyan => Color::DarkCyan,
            _ => Color::Reset,
        });
    }
    let effects = cell.style.get_effects();
    let attributes = [(Effects::BOLD, Attribute::Bold), (Effects::DIMMED, Attribute::Dim)];
    for (effect, attribute) in attributes {
        if effects.contains(effect) {
            painted = painted.add_attribute(attribute);
        }
    }
    painted
}
