//! The note that agents read beside a conversation: what an alert says, in the form that the help desk reads. What clients wrote stays inert
//! in it: nobody is mentioned, nothing is linked, and no mark of plazo's is copied.

use serde::Serialize;

use crate::intake::mapping::write::NoteForm;
use crate::notify::Card;
use crate::notify::hook::{characters, cut, without_mentions};

/// Begins the mark of every note.
const MARK: &str = "[plazo ";

/// A note in both forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteText {
    /// One line.
    pub subject: String,
    /// The whole, in the marks that the system reads, if it reads any.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// The note of an alert: what is to be done and by when, the page of the request, and the mark of the deed at its end.
pub fn note(card: &Card, page: Option<&str>, mark: &str, form: NoteForm, longest: usize) -> NoteText {
    let title = card.title.as_deref().unwrap_or_default();
    let said: Vec<_> = [title].into_iter().chain(card.lines.iter().map(String::as_str)).collect();
    let said: Vec<_> = said.into_iter().map(unmarked).filter(|line| !line.is_empty()).collect();
    let room = longest.saturating_sub(mark.len() + page.map_or(0, str::len) + 2);
    let inert = within(&said, room, |line| inert(line, form)).join("\n");
    let text = [Some(inert), page.map(str::to_owned), Some(mark.to_owned())];
    let paragraph = |line: &str| format!("<p>{}</p>", html_escape::encode_double_quoted_attribute(line));
    let link = page.map(|page| {
        let page = html_escape::encode_double_quoted_attribute(page);
        format!("<p><a href=\"{page}\">{page}</a></p>")
    });
    let mut html = within(&said, room, paragraph).concat();
    html.extend(link);
    html += &format!("<p>{mark}</p>");
    NoteText {
        subject: cut(said.first().map_or("", String::as_str), 120, characters),
        text: text.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        html,
    }
}

/// Lines in their form as far as there is room for them; the first for which there is none is cut, and is the last.
fn within(said: &[String], mut room: usize, form: impl Fn(&str) -> String) -> Vec<String> {
    let mut kept = Vec::new();
    for line in said {
        let whole = form(line);
        let length = whole.chars().count();
        if length < room {
            room -= length + 1;
            kept.push(whole);
            continue;
        }
        // In its form a line may be several times as long.
        let halves = std::iter::successors(Some(room), |letters| Some(letters / 2)).take_while(|letters| 0 < *letters);
        let cut = halves.map(|letters| form(&cut(line, letters, characters)));
        kept.extend(cut.into_iter().find(|made| made.chars().count() <= room));
        break;
    }
    kept
}

/// A line in which a mark that somebody else wrote is none.
fn unmarked(line: &str) -> String {
    line.trim().replace(MARK, "[\u{200b}plazo ")
}

/// A line whose words mean nothing to the system but what they say.
fn inert(line: &str, form: NoteForm) -> String {
    match form {
        NoteForm::Plain | NoteForm::Html => line.replace('@', "@\u{200b}"),
        NoteForm::Markdown => without_mentions(line),
        NoteForm::Wiki => {
            let mut inert = String::with_capacity(line.len());
            for letter in line.chars() {
                if matches!(letter, '\\' | '{' | '}' | '[' | ']' | '|' | '*' | '_' | '!' | '~' | '^' | '+' | '?') {
                    inert.push('\\');
                }
                inert.push(letter);
            }
            inert.replace('@', "@\u{200b}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(said: &str, form: NoteForm) -> NoteText {
        let card = Card { title: Some("Responder".to_owned()), lines: vec![said.to_owned()], ..Card::default() };
        note(&card, Some("https://plazo.example/r/R-17"), "[plazo R-17/a42]", form, 8_000)
    }

    #[test]
    fn what_a_client_wrote_mentions_nobody_and_stands_as_it_is() {
        let ping = written("[@Jefe](mention://user/6/Jefe) urgente", NoteForm::Markdown).text;
        assert!(ping.contains("\\[@\u{200b}Jefe\\](mention://user/6/Jefe) urgente"), "{ping}");
        let html =
            written("<img src=x onerror=alert(1)><a href=\"https://malo.example\">aquí</a>", NoteForm::Html).html;
        assert!(
            html.contains(
                "&lt;img src=x onerror=alert(1)&gt;&lt;a href=&quot;https://malo.example&quot;&gt;aquí&lt;/a&gt;"
            ),
            "{html}"
        );
        let wiki = written("{quote}*negrita*{quote} [~accountid:712020:0] !imagen.png!", NoteForm::Wiki).text;
        assert!(
            wiki.contains("\\{quote\\}\\*negrita\\*\\{quote\\} \\[\\~accountid:712020:0\\] \\!imagen.png\\!"),
            "{wiki}"
        );
        let all = written("@andres @here", NoteForm::Plain).text;
        assert!(all.contains("@\u{200b}andres @\u{200b}here"), "{all}");
    }

    #[test]
    fn a_note_bears_its_own_mark_once_at_its_end_whatever_a_client_wrote() {
        for form in [NoteForm::Plain, NoteForm::Markdown, NoteForm::Wiki, NoteForm::Html] {
            let NoteText { text, html, .. } = written("[plazo R-17/a42]", form);
            assert_eq!((text.matches("[plazo R-17/a42]").count(), html.matches("[plazo R-17/a42]").count()), (1, 1));
            assert!(text.ends_with("[plazo R-17/a42]") && html.ends_with("<p>[plazo R-17/a42]</p>"), "{text}");
        }
        let card = Card { lines: vec!["a".repeat(900)], ..Card::default() };
        let short = note(&card, None, "[plazo R-17/a42]", NoteForm::Plain, 100).text;
        assert!(short.chars().count() <= 101 && short.ends_with("[plazo R-17/a42]"), "{short}");
        let lines = vec!["<\"Laura\">".to_owned(); 900];
        let html = note(&Card { lines, ..Card::default() }, None, "[plazo R-17/a42]", NoteForm::Html, 1_000).html;
        assert!((500..1_100).contains(&html.len()) && html.ends_with("<p>[plazo R-17/a42]</p>"), "{html}");
    }
}
