//! Mistakes as people and programs read them: with the offending text underlined, or as rows. Secrets show in neither.

use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::mistake::{Mistake, Severity};
use crate::text::Language;

/// Longer texts are cut; nobody reads a whole section back.
const LONGEST_TEXT: usize = 400;

/// A mistake as `--json` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MistakeRow {
    /// How bad.
    pub severity: Severity,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The offending text, secrets as stars.
    pub text: String,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

/// Renders mistakes as rustc does, underlining the offending text.
pub fn render(mistakes: &[Mistake], path: &str, source: &str, language: Language, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut rendered = String::new();
    for mistake in mistakes {
        let cause = language.of(mistake.cause.clone());
        let remedy = language.of(mistake.remedy.clone());
        let level = match (mistake.severity, language) {
            (Severity::Error, _) => Level::ERROR.with_name("error"),
            (Severity::Warning, Language::En) => Level::WARNING,
            (Severity::Warning, Language::Es) => Level::WARNING.with_name("aviso"),
        };
        let help = match language {
            Language::En => Level::HELP,
            Language::Es => Level::HELP.with_name("remedio"),
        };
        // Only its own lines: to hand over the whole file for each mistake takes the square of its length.
        let span = clamped(mistake.span.clone(), source);
        let start = line_start(source, span.start);
        let end = source[span.end..].find('\n').map_or(source.len(), |length| span.end + length);
        // Of a file from Windows, the other half of the line's end is no part of the line.
        let end = end - usize::from(span.end < end && source[..end].ends_with('\r'));
        let excerpt = masked(source, start..end, &mistake.secrets);
        let line = source[..start].matches('\n').count() + 1;
        let annotation = AnnotationKind::Primary.span(span.start - start..span.end - start);
        let snippet = Snippet::source(excerpt).line_start(line).path(path).annotation(annotation);
        let report = [level.primary_title(cause).element(snippet).element(help.message(remedy))];
        // Writing to a string cannot fail.
        writeln!(rendered, "{}\n", renderer.render(&report)).ok();
    }
    rendered
}

/// Mistakes as rows.
pub fn rows(mistakes: &[Mistake], source: &str, language: Language) -> Vec<MistakeRow> {
    let row = |mistake: &Mistake| {
        let span = clamped(mistake.span.clone(), source);
        let start = line_start(source, span.start);
        MistakeRow {
            severity: mistake.severity,
            line: source[..start].matches('\n').count() + 1,
            column: source[start..span.start].chars().count() + 1,
            text: masked(source, span, &mistake.secrets),
            cause: language.of(mistake.cause.clone()),
            remedy: language.of(mistake.remedy.clone()),
        }
    };
    mistakes.iter().map(row).collect()
}

fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// That part of the source, each letter of a secret a star as wide, so that the places after it stay right.
fn masked(source: &str, part: Range<usize>, secrets: &[Range<usize>]) -> String {
    let here: Vec<_> = secrets.iter().filter(|secret| secret.start < part.end && part.start < secret.end).collect();
    if here.is_empty() {
        return source[part].to_owned();
    }
    let star = |(at, c): (usize, char)| match c.len_utf8() {
        _ if c.is_whitespace() || !here.iter().any(|secret| secret.contains(&(part.start + at))) => c,
        1 => '*',
        2 => '×',
        3 => '※',
        _ => '🞶',
    };
    source[part.clone()].char_indices().map(star).collect()
}

/// The span cut to what the renderer can take: inside the source, on character borders, and of readable length.
fn clamped(span: Range<usize>, source: &str) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end.min(start + LONGEST_TEXT)).max(start)
}
