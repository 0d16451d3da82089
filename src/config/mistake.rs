//! Mistakes in `sla.toml`: each with its place, cause and remedy, all of them at once. How they look is `show`'s business.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::spanish;
use crate::both;
use crate::text::Both;

pub use super::show::{MistakeRow, render, rows};

/// More mistakes than this are not worth reading at a time.
pub const MOST_TOLD: usize = 100;
/// With more mistakes than this, or more names, the nearest name is not sought: the time would grow with their product.
const MOST_COMPARED: usize = 500;
/// More names than this are no help.
const MOST_SUGGESTED: usize = 12;
/// Of what the file says, this many characters are quoted.
const LONGEST_QUOTE: usize = 40;

/// How bad a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can, but hardly says what was meant.
    Warning,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// How bad.
    pub severity: Severity,
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub cause: Both,
    /// What to do.
    pub remedy: Both,
    /// Where the file holds secrets; shown as stars, also beside the place of the mistake. The same for all of a file.
    pub(super) secrets: Arc<[Range<usize>]>,
}

/// The mistakes found so far, in one file.
#[derive(Debug, Clone, Default)]
pub struct Mistakes {
    found: Vec<Mistake>,
    /// Places of which something was told. A second mistake there would be a consequence of the first.
    told: HashSet<Range<usize>>,
    /// Tables with a mistake somewhere inside.
    flawed: HashSet<Range<usize>>,
    secrets: Vec<Range<usize>>,
}

/// The mistakes of a file, as far as they are told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) mistakes: Vec<Mistake>,
    pub(super) n_errors: usize,
    pub(super) n_warnings: usize,
}

impl Mistakes {
    /// Adds an error, unless something was told of the place before.
    pub fn error(&mut self, span: Range<usize>, cause: Both, remedy: Both) {
        self.add(Severity::Error, span, cause, remedy);
    }

    /// Adds a warning, unless something was told of the place before.
    pub fn warning(&mut self, span: Range<usize>, cause: Both, remedy: Both) {
        self.add(Severity::Warning, span, cause, remedy);
    }

    fn add(&mut self, severity: Severity, span: Range<usize>, cause: Both, remedy: Both) {
        if self.told.insert(span.clone()) {
            self.push(severity, span, cause, remedy);
        }
    }

    fn push(&mut self, severity: Severity, span: Range<usize>, cause: Both, remedy: Both) {
        self.found.push(Mistake { severity, span, cause, remedy, secrets: Arc::default() });
    }

    /// Adds an error about a key that the table at `table` lacks. Several keys may be missing at one place; where the table
    /// itself is wrong, none is.
    pub fn missing(&mut self, table: &Range<usize>, place: Range<usize>, key: &str, example: &str) {
        if self.told.contains(table) || self.told.contains(&place) {
            return;
        }
        let cause = both!("`{key}` is missing", "falta `{key}`");
        self.push(Severity::Error, place, cause, both!("add {key} = {example}", "agregue {key} = {example}"));
    }

    /// Adds an error about a name that the file does not define, suggesting the nearest that it does.
    pub fn unknown<'a>(
        &mut self,
        span: Range<usize>,
        what: Both<&str>,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let (en, es, quoted) = (what.en, what.es, quoted(name));
        let most = if self.found.len() < MOST_COMPARED { MOST_COMPARED } else { MOST_SUGGESTED + 1 };
        let remedy = suggestion(name, known.into_iter().take(most));
        self.error(span, both!("{en} `{quoted}`", "{es}: `{quoted}`"), remedy);
    }

    /// How many were found so far.
    pub(super) fn n_found(&self) -> usize {
        self.found.len()
    }

    /// Marks a place as wrong, so that nothing more is told of it.
    pub(super) fn silence(&mut self, span: Range<usize>) {
        self.told.insert(span);
    }

    /// Whether something was told of exactly this place.
    pub(super) fn is_told(&self, span: &Range<usize>) -> bool {
        self.told.contains(span)
    }

    /// Notes that the table at `span` holds a mistake.
    pub(super) fn mark_flawed(&mut self, span: Range<usize>) {
        self.flawed.insert(span);
    }

    /// Whether the table at `span` holds a mistake, so that what it lacks says nothing.
    pub(super) fn is_flawed(&self, span: &Range<usize>) -> bool {
        self.flawed.contains(span) || self.told.contains(span)
    }

    /// Notes that a secret stands at `span`.
    pub(super) fn hide(&mut self, span: Range<usize>) {
        self.secrets.push(span);
    }

    /// What is told: at most [`MOST_TOLD`], errors first where there are more, in the order of the file; and their true number.
    pub(super) fn told(mut self) -> Told {
        let n_errors = self.found.iter().filter(|mistake| mistake.severity == Severity::Error).count();
        let n_warnings = self.found.len() - n_errors;
        self.found.sort_by_key(|mistake| (mistake.severity, mistake.span.start));
        let n_more = self.found.len().saturating_sub(MOST_TOLD);
        let rest = self.found.split_off(self.found.len() - n_more);
        self.found.sort_by_key(|mistake| (mistake.span.start, mistake.severity));
        if let Some(first) = rest.into_iter().next() {
            self.found.push(Mistake {
                cause: both!("{n_more} more mistakes, from here on", "{n_more} errores o avisos más, desde aquí"),
                remedy: both!("correct those above and check again", "corrija los de arriba y revise otra vez"),
                ..first
            });
        }
        let secrets: Arc<[_]> = self.secrets.into();
        for mistake in &mut self.found {
            mistake.secrets = Arc::clone(&secrets);
        }
        Told { mistakes: self.found, n_errors, n_warnings }
    }
}

/// The name among `known` that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<_> = known.into_iter().collect();
    if let Some(meant) = spanish::meant(name, known.iter().copied()) {
        return Some(meant);
    }
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| 0.75 <= *likeness)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, nearest)| nearest)
}

/// "Did you mean …", or the list of what is known.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Both {
    let known: Vec<_> = known.into_iter().collect();
    if let Some(nearest) = nearest(name, known.iter().copied()) {
        let nearest = quoted(nearest);
        return both!("did you mean `{nearest}`?", "¿quiso decir `{nearest}`?");
    }
    if known.is_empty() {
        return both!("none is defined yet", "todavía no hay nada definido");
    }
    let list: Vec<_> = known.iter().take(MOST_SUGGESTED).map(|name| quoted(name)).collect();
    let list = list.join("`, `");
    let more = if known.len() <= MOST_SUGGESTED { "" } else { ", …" };
    both!("known: `{list}`{more}", "se conocen: `{list}`{more}")
}

/// What the file says, cut to what a sentence can bear.
pub(super) fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
