//! Lines → what their writer added.

use super::head::{self, Head};
use super::{Line, attribution, signature};

/// What is left of the lines without quotes, what introduces them, and signatures. Runs of somebody's own between quotes are kept, in
/// their order.
///
/// A quote that nothing marks goes on to the end. Where nothing stands above it, an attribution leaves what follows, since people write
/// below what they answer; a mail's head does not, unless that mail is passed on: then it is what was said.
pub(super) fn own(lines: &[Line], form: Form) -> String {
    let mut runs = Runs::default();
    let mut was_introduced = false;
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        if line.is_quoted {
            let is_first = index == 0 || !lines[index - 1].is_quoted;
            if is_first && runs.say_something() && head::is_quoted(lines, index) {
                break;
            }
            runs.close();
            index += 1;
            continue;
        }
        if head::is_answer_above(&line.text) {
            if runs.say_something() {
                break;
            }
            index += 1;
            continue;
        }
        if let Some(end) = attribution::end(lines, index) {
            was_introduced = true;
            runs.close();
            index = end;
            match marks_after(lines, end) {
                Marks::Usual => {}
                Marks::Other(after) => index = after,
                Marks::None if runs.say_something() => break,
                Marks::None => {}
            }
            continue;
        }
        if let Some(Head { end, is_forward }) = head::at(lines, index) {
            was_introduced = true;
            runs.close();
            index = end;
            let is_marked = matches!(marks_after(lines, end), Marks::Usual) || is_attribution_next(lines, end);
            if !is_marked && (runs.say_something() || !is_forward) {
                break;
            }
            continue;
        }
        runs.open.push(line);
        index += 1;
    }
    let text = runs.joined();
    if form == Form::Plain
        && text.is_empty()
        && !was_introduced
        && lines.iter().any(|line| line.is_quoted)
        && !has_attribution_within(lines)
    {
        // Marks that nothing introduces, and nothing else: somebody's own way to write.
        let as_written = |line: &Line| match line.is_quoted {
            true => format!("> {}", line.text),
            false => line.text.clone(),
        };
        return lines
            .iter()
            .map(|line| as_written(line).trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned();
    }
    text
}

/// How the lines are known to be quoted: by marks, which people may write too, or by elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Html,
}

/// Runs of somebody's own lines, each judged once, when a quote ends it.
#[derive(Default)]
struct Runs<'l> {
    closed: Vec<Vec<&'l Line>>,
    open: Vec<&'l Line>,
    said: bool,
}

impl<'l> Runs<'l> {
    fn close(&mut self) {
        let run = signature::without(std::mem::take(&mut self.open));
        self.said |= !run.is_empty();
        if !run.is_empty() {
            self.closed.push(run);
        }
    }

    /// Whether something was said so far.
    fn say_something(&mut self) -> bool {
        if !self.said && !self.open.is_empty() {
            self.said = !signature::without(self.open.clone()).is_empty();
        }
        self.said
    }

    /// The runs without their signatures; empty lines come one at a time.
    fn joined(mut self) -> String {
        self.close();
        let mut text = String::new();
        for line in self.closed.into_iter().flatten() {
            let line = line.text.trim_end();
            if !line.is_empty() || !text.is_empty() && !text.ends_with("\n\n") {
                text.push_str(line);
                text.push('\n');
            }
        }
        text.trim().to_owned()
    }
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
