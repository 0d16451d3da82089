//! Mistakes in `sla.toml`: each with its place, cause and remedy, all of them at once.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::both;
use crate::text::{Both, Language};

/// How bad a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
}

/// A mistake as `--json` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MistakeRow {
    /// How bad.
    pub severity: Severity,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The offending text.
    pub text: String,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

/// The mistakes found so far, in one file.
#[derive(Debug, Clone, Default)]
pub struct Mistakes {
    found: Vec<Mistake>,
}

impl Mistakes {
    /// Adds an error.
    pub fn error(&mut self, span: Range<usize>, cause: Both, remedy: Both) {
        self.found.push(Mistake { severity: Severity::Error, span, cause, remedy });
    }

    /// Adds a warning.
    pub fn warning(&mut self, span: Range<usize>, cause: Both, remedy: Both) {
        self.found.push(Mistake { severity: Severity::Warning, span, cause, remedy });
    }

    /// Adds an error about a name that the file does not define, suggesting the nearest that it does.
    pub fn unknown<'a>(
        &mut self,
        span: Range<usize>,
        what: Both<&str>,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let (en, es) = (what.en, what.es);
        self.error(span, both!("unknown {en} `{name}`", "{es} desconocido: `{name}`"), suggestion(name, known));
    }

    /// All mistakes in the order of the file.
    pub fn sorted(mut self) -> Vec<Mistake> {
        self.found.sort_by_key(|mistake| (mistake.span.start, mistake.severity == Severity::Warning));
        self.found.dedup();
        self.found
    }
}

/// "Did you mean …", or the list of what is known.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Both {
    let known: Vec<_> = known.into_iter().collect();
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(likeness, _)| 0.75 <= *likeness)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        Some((_, nearest)) => both!("did you mean `{nearest}`?", "¿quiso decir `{nearest}`?"),
        None if known.is_empty() => both!("none is defined yet", "todavía no hay ninguno definido"),
        None => {
            let list = known.join("`, `");
            both!("known: `{list}`", "conocidos: `{list}`")
        }
    }
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
            (Severity::Error, Language::En) => Level::ERROR,
            (Severity::Error, Language::Es) => Level::ERROR.with_name("error"),
            (Severity::Warning, Language::En) => Level::WARNING,
            (Severity::Warning, Language::Es) => Level::WARNING.with_name("aviso"),
        };
        let help = match language {
            Language::En => Level::HELP,
            Language::Es => Level::HELP.with_name("remedio"),
        };
        let span = clamped(mistake.span.clone(), source);
        let snippet = Snippet::source(source).path(path).annotation(AnnotationKind::Primary.span(span));
        let report = [level.primary_title(cause).element(snippet).element(help.message(remedy))];
        rendered.push_str(&renderer.render(&report));
        rendered.push_str("\n\n");
    }
    rendered
}

/// Mistakes as rows.
pub fn rows(mistakes: &[Mistake], source: &str, language: Language) -> Vec<MistakeRow> {
    let row = |mistake: &Mistake| {
        let span = clamped(mistake.span.clone(), source);
        let before = &source[..span.start];
        MistakeRow {
            severity: mistake.severity,
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            text: source[span].to_owned(),
            cause: language.of(mistake.cause.clone()),
            remedy: language.of(mistake.remedy.clone()),
        }
    };
    mistakes.iter().map(row).collect()
}

/// The span cut to what the renderer can take: inside the source and on character borders.
fn clamped(span: Range<usize>, source: &str) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
