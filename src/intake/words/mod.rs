//! What a text's writer added: without what it quotes, signs with, or what a program put below it.
//!
//! A text is read into lines, each of which its writer made or its program quoted: in plain text by the mark `>`, in HTML by the
//! elements that mail programs quote with (`html`). What introduces a quote is told by `attribution` and `head`, what signs by
//! `signature`; `reply` goes through the lines and keeps what is left.

mod attribution;
mod head;
mod html;
mod markup;
mod reply;
mod signature;

use super::bounded::cut;
pub use html::Images;
pub use markup::{of_bbcode, of_document};
use reply::Form;

/// A text is read up to so many bytes: far more than anybody writes, and what is quoted below is of no use.
const LONGEST: usize = 1 << 20;

/// A line of a text, without what marks it as quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    text: String,
    is_quoted: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Whether a text passes another mail on: what its writer means by it stands in that.
pub fn passes_on(text: &str) -> bool {
    text.lines().any(head::passes_on)
}

/// What the writer of a plain text added, trimmed; empty if that is nothing.
#[must_use]
pub fn of_text(text: &str) -> String {
    reply::own(&marked(cut(text, LONGEST)), Form::Plain)
}

/// What the writer of an HTML text added, as lines of plain text, trimmed; empty if that is nothing.
#[must_use]
pub fn of_html(html: &str) -> String {
    reply::own(&html::read(cut(html, LONGEST)).lines, Form::Html)
}

/// All that an HTML text shows, quotes too, as lines of plain text.
#[must_use]
pub fn shown(html: &str) -> String {
    let lines = html::read(cut(html, LONGEST)).lines;
    lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The pictures that an HTML text shows, by whether its writer put them there.
#[must_use]
pub fn images(html: &str) -> Images {
    html::read(cut(html, LONGEST)).images
}

/// The lines of a plain text. `>` before a number, as in a list of prices, is no mark where nothing else is marked.
fn marked(text: &str) -> Vec<Line> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let is_marked = |line: &&str| line.trim_start().starts_with('>');
    let is_amount = |line: &str| {
        let rest = line.trim_start().trim_start_matches('>').trim_start_matches('=').trim_start();
        !line.trim_start().starts_with(">>")
            && rest.starts_with(|first: char| first.is_ascii_digit() || "$€£".contains(first))
    };
    let are_amounts = text.lines().filter(is_marked).all(is_amount) && !attribution::is_anywhere(&text);
    let line = |line: &str| match line.trim_start().strip_prefix('>') {
        Some(rest) if !are_amounts => Line { text: without_marks(rest).to_owned(), is_quoted: true },
        _ => Line { text: line.trim_end().to_owned(), is_quoted: false },
    };
    text.lines().map(line).collect()
}

fn without_marks(line: &str) -> &str {
    line.trim_start_matches(['>', ' ']).trim_end()
}
