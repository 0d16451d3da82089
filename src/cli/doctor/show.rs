//! What was found, for people and for programs.

use anstyle::Style;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::finding::{Finding, State};
use crate::cli::output::{self, BLUE, DIM, GREEN, RED, YELLOW, styled};
use crate::text::printable::printable_line;
use crate::text::{Both, Language};

const STATES: [State; 4] = [State::Ok, State::Warn, State::Fail, State::Skipped];
/// Titles that are wider have their finding on the next line.
const WIDEST: usize = 24;
/// However narrow the terminal.
const NARROWEST: usize = 20;

impl State {
    const fn mark(self) -> (Style, &'static str) {
        match self {
            Self::Ok => (GREEN, "✓"),
            Self::Warn => (YELLOW, "!"),
            Self::Fail => (RED, "✗"),
            Self::Skipped => (DIM, "·"),
        }
    }

    const fn counted(self) -> Both<&'static str> {
        match self {
            Self::Ok => Both { en: "well", es: "bien" },
            Self::Warn => Both { en: "to be seen to", es: "por revisar" },
            Self::Fail => Both { en: "amiss", es: "mal" },
            Self::Skipped => Both { en: "not looked at", es: "sin mirar" },
        }
    }
}

/// Prints a line for each finding, in groups, what to do about it below it, and the count of all.
pub(super) fn lines(findings: &[Finding], language: Language) -> anyhow::Result<()> {
    let width = |finding: &Finding| language.of(finding.title.clone()).width();
    let widest = findings.iter().map(width).filter(|width| *width <= WIDEST).max().unwrap_or_default();
    let room = output::width().unwrap_or(usize::MAX);
    let mut group = None;
    for finding in findings {
        if group.replace(finding.group) != Some(finding.group) {
            output::line(&styled(BLUE, language.of(finding.group.title())))?;
        }
        line(finding, widest, room, language)?;
    }
    let counts: Vec<_> = STATES
        .into_iter()
        .map(|state| (state, findings.iter().filter(|finding| finding.state == state).count()))
        .filter(|(_, n)| 0 < *n)
        .map(|(state, n)| {
            let (style, mark) = state.mark();
            styled(style, format!("{mark} {n} {}", language.of(state.counted())))
        })
        .collect();
    output::line("")?;
    output::line(&counts.join("  "))
}

fn line(finding: &Finding, widest: usize, room: usize, language: Language) -> anyhow::Result<()> {
    let (style, mark) = finding.state.mark();
    let title = language.of(finding.title.clone());
    let indent = " ".repeat(widest + 6);
    let room = room.saturating_sub(indent.len());
    let mut texts = wrapped(&language.of(finding.found.clone()), room).into_iter();
    let first = if title.width() <= widest {
        let padding = " ".repeat(widest - title.width());
        format!("{title}{padding}  {}", texts.next().unwrap_or_default())
    } else {
        title
    };
    output::line(&format!("  {} {first}", styled(style, mark)))?;
    for text in texts {
        output::line(&format!("{indent}{text}"))?;
    }
    let Some(remedy) = &finding.remedy else { return Ok(()) };
    for (n, text) in wrapped(&language.of(remedy.clone()), room.saturating_sub(2)).into_iter().enumerate() {
        let arrow = if n == 0 { "→" } else { " " };
        output::line(&format!("{indent}{}", styled(DIM, format!("{arrow} {text}"))))?;
    }
    Ok(())
}

/// Lines of at most so many cells, broken between words alone: a path or a command must be whole to be of use.
fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let options = textwrap::Options::new(cells.max(NARROWEST)).break_words(false);
    textwrap::wrap(&printable_line(text), options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Prints the same as JSON, with the words in the file's language.
pub(super) fn json(findings: &[Finding], language: Language) -> anyhow::Result<()> {
    let check = |finding: &Finding| {
        let mut check = json!({
            "name": finding.name,
            "group": finding.group.as_str(),
            "state": finding.state.as_str(),
            "found": language.of(finding.found.clone()),
        });
        if let Some(remedy) = &finding.remedy {
            check["remedy"] = Value::String(language.of(remedy.clone()));
        }
        check
    };
    let n = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    let counts: serde_json::Map<_, _> =
        STATES.into_iter().map(|state| (state.as_str().to_owned(), json!(n(state)))).collect();
    output::json(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "counts": counts,
        "checks": findings.iter().map(check).collect::<Vec<_>>(),
    }))?;
    Ok(())
}
