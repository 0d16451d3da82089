//! Tables, colours and JSON on standard output.

mod fit;
mod table;

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{Exit, Outcome};
use crate::text::printable::is_printable;

pub(super) use fit::{shortened, wrapped};
pub(super) use table::{Cell, Column, Table, width};

pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const BLUE: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();

/// Prints a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Outcome {
    let mut out = Escaped(std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock()));
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    out.0.write_all(b"\n")?;
    out.0.flush()?;
    Ok(Exit::Done)
}

/// JSON on its way out. What it does not escape steers a terminal too; escaped, it is the same to programs.
struct Escaped<W>(W);

impl<W: std::io::Write> std::io::Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // JSON is written in whole letters.
        let text = std::str::from_utf8(bytes).map_err(std::io::Error::other)?;
        if text.chars().all(is_printable) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        for letter in text.chars() {
            if is_printable(letter) {
                write!(self.0, "{letter}")?;
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(self.0, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Prints a line; colours are left out where the output takes none.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(())
}

/// Prints many lines at once.
pub(super) fn lines(lines: impl Iterator<Item = String>) -> anyhow::Result<()> {
    // A buffer around `anstream` would not do: it passes each line on by itself, a system call or two a line.
    let is_plain = anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never;
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    for line in lines {
        if is_plain {
            writeln!(out, "{}", anstream::adapter::strip_str(&line))?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The text in a colour.
pub(super) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The colour of a state word.
pub(super) fn state_style(state: &str) -> Style {
    match state {
        "breached" | "met_late" | "dead" | "overdue" | "breach" | "escalation" => RED,
        "running" | "pending" | "leased" | "held" | "warning" | "attention" => YELLOW,
        "met" | "sent" => GREEN,
        "paused" | "waiting" => BLUE,
        _ => Style::new(),
    }
}
