//! Lines → what their writer added.

use std::borrow::Cow;

use super::head::Head;
use super::{Line, attribution, head, signature};

/// What is left of the lines without quotes, what introduces them, and signatures. Runs of somebody's own between quotes are kept, in
/// their order.
///
/// A quote that nothing marks goes on to the end. Where nothing stands above it, an attribution leaves what follows, since people write
/// below what they answer; a mail's head does not, unless that mail is passed on: then it is what was said.
pub(super) fn own(lines: &[Line]) -> String {
    let mut runs: Vec<Vec<&Line>> = vec![Vec::new()];
    let mut was_introduced = false;
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        if line.is_quoted {
            let is_first = index == 0 || !lines[index - 1].is_quoted;
            if is_first && says_something(&runs) && head::is_quoted(lines, index) {
                break;
            }
            new_run(&mut runs);
            index += 1;
            continue;
        }
        if head::is_answer_above(&line.text) {
            if says_something(&runs) {
                break;
            }
            index += 1;
            continue;
        }
        if let Some(end) = attribution::end(lines, index) {
            was_introduced = true;
            new_run(&mut runs);
            index = end;
            match marks_after(lines, end) {
                Marks::Usual => {}
                Marks::Other(after) => index = after,
                Marks::None if says_something(&runs) => break,
                Marks::None => {}
            }
            continue;
        }
        if let Some(Head { end, is_forward }) = head::at(lines, index) {
            was_introduced = true;
            new_run(&mut runs);
            index = end;
            let is_marked = matches!(marks_after(lines, end), Marks::Usual) || is_attribution_next(lines, end);
            if !is_marked && (says_something(&runs) || !is_forward) {
                break;
            }
            continue;
        }
        if let Some(run) = runs.last_mut() {
            run.push(line);
        }
        index += 1;
    }
    let text = joined(runs);
    if text.is_empty() && !was_introduced && lines.iter().any(|line| line.is_quoted) && !has_attribution_within(lines) {
        // Marks that nothing introduces, and nothing else: somebody's own way to write.
        let as_written = |line: &Line| match line.is_quoted {
            true => format!("> {}", line.text),
            false => line.text.clone(),
        };
        return lines.iter().map(as_written).collect::<Vec<_>>().join("\n").trim().to_owned();
    }
    text
}

fn new_run(runs: &mut Vec<Vec<&Line>>) {
    if runs.last().is_some_and(|run| !run.is_empty()) {
        runs.push(Vec::new());
    }
}

fn says_something(runs: &[Vec<&Line>]) -> bool {
    runs.iter().any(|run| !signature::without(run.clone()).is_empty())
}

fn has_attribution_within(lines: &[Line]) -> bool {
    lines.iter().any(|line| attribution::is_anywhere(&line.text))
}

/// Some programs write both a title and an attribution.
fn is_attribution_next(lines: &[Line], from: usize) -> bool {
    let next = (from..lines.len()).find(|index| !lines[*index].is_blank());
    next.is_some_and(|next| attribution::end(lines, next).is_some())
}

/// How what follows an attribution is marked.
enum Marks {
    Usual,
    /// By a bar or a name before each line, up to there.
    Other(usize),
    None,
}

fn marks_after(lines: &[Line], from: usize) -> Marks {
    let Some(first) = (from..lines.len()).find(|index| !lines[*index].is_blank()) else { return Marks::None };
    if lines[first].is_quoted {
        return Marks::Usual;
    }
    let is_bar = |line: &Line| line.text.trim_start().starts_with('|');
    if is_bar(&lines[first]) {
        let end = (first..lines.len()).find(|index| !is_bar(&lines[*index]) && !lines[*index].is_blank());
        return Marks::Other(end.unwrap_or(lines.len()));
    }
    Marks::None
}

/// The runs without their signatures; empty lines come one at a time.
fn joined(runs: Vec<Vec<&Line>>) -> String {
    let mut text = String::new();
    for run in runs {
        for line in signature::without(run) {
            let line = line.text.trim_end();
            if !line.is_empty() || !text.is_empty() && !text.ends_with("\n\n") {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text.trim().to_owned()
}

/// The text up to so many bytes, between letters.
pub(super) fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Borrowed(&text[..end])
}
