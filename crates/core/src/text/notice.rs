//! Notices: what the operator, or whoever did something by mail, should know. They are made of paragraphs; what points into a file
//! keeps its columns.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::further::Further;
use super::reader::Reader;
use super::render::{Rendered, preformatted};
use super::templates::Texts;
use super::{Language, format, vocabulary};
use crate::both;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::ApprovalFacts;

/// A stretch of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Stretch {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Words.
    Words,
    /// Lines of a file with marks below them, which stand in columns.
    Picture,
    /// An address by itself, shown as it is.
    Address,
}

/// The message of a notice; `subject` is one line.
pub(super) fn render(subject: &str, text: &str, texts: &Texts, reader: &Reader<'_>) -> Rendered {
    let context = shown(subject, text, reader.language);
    Rendered {
        subject: format!("[plazo] {subject}"),
        text: text.to_owned(),
        html: texts.shared("notice.html", &context).unwrap_or_else(|| preformatted(text)),
        attachments: Vec::new(),
    }
}

/// The message that asks whether a breach is let out of the figures.
pub(super) fn approval(facts: &ApprovalFacts, texts: &Texts, reader: &Reader<'_>) -> Rendered {
    let (id, reason) = (facts.request, &facts.reason);
    let subject =
        reader.language.of(both!("{id}: does the breach count? {reason}", "{id}: ¿cuenta el incumplimiento? {reason}"));
    let task = vocabulary::task(facts.clock.kind, reader.language);
    let at = format::instant(facts.breached_at, reader.zone, reader.language);
    let nobody = || reader.language.of(both!("Somebody", "Alguien"));
    let who = facts.who.clone().unwrap_or_else(nobody);
    let about: Vec<&str> = [facts.client.as_deref(), facts.subject.as_deref()].into_iter().flatten().collect();
    let about =
        if about.is_empty() { String::new() } else { format!(" ({})", format::one_line(&about.join(" · "), 80)) };
    let words = match format::one_line(&facts.text, 300) {
        words if words.is_empty() => String::new(),
        words => reader.language.of(both!(": \"{words}\"", ": «{words}»")),
    };
    let how = match (reader.further)(&Further::Approve(facts.request, facts.clock)) {
        Some(address) => address,
        None => {
            let promise = facts.clock.kind.as_str();
            format!("plazo approve {id} --promise {promise}\nplazo approve {id} --promise {promise} --refuse")
        }
    };
    let text = reader.language.of(both!(
        "The promise of {id}{about} to {task} broke on {at}. {who} says why: {reason}{words}.\n\nIf you agree, it leaves the figures; the report shows them with and without, and names you. Until you decide, it counts as broken.\n\n{how}",
        "La promesa de {id}{about} de {task} se incumplió el {at}. {who} dice por qué: {reason}{words}.\n\nSi usted está de acuerdo, sale de las cifras; el informe las muestra con y sin ella, y le nombra. Mientras no decida, cuenta como incumplida.\n\n{how}"
    ));
    render(&subject, &text, texts, reader)
}

/// The message with a link anew.
pub(super) fn link(deed: &str, request: RequestId, texts: &Texts, reader: &Reader<'_>) -> Rendered {
    let about = match request {
        RequestId(0) => String::new(),
        request => format!(" · {request}"),
    };
    if deed.starts_with(SIGN_IN) {
        return sign_in(deed, request, texts, reader);
    }
    let subject = reader.language.of(both!("your new link{about}", "su enlace nuevo{about}"));
    let address = (reader.further)(&Further::Again(deed.to_owned(), request)).unwrap_or_default();
    let text = reader.language.of(both!(
        "You asked for a new link on the page of one that was too old. Here it is:\n\n{address}\n\nIf it was not you, do nothing: without this message nobody can use it.",
        "En la página de un enlace vencido se pidió uno nuevo. Aquí está:\n\n{address}\n\nSi no fue usted, no haga nada: sin este mensaje nadie puede usarlo."
    ));
    render(&subject, &text, texts, reader)
}

/// How the deed of a link begins that begins a session of the pages; the page that was wanted follows.
const SIGN_IN: &str = "signin";

fn sign_in(deed: &str, request: RequestId, texts: &Texts, reader: &Reader<'_>) -> Rendered {
    let subject = reader.language.of(both!("come in", "entrar"));
    let address = (reader.further)(&Further::Again(deed.to_owned(), request)).unwrap_or_default();
    let text = reader.language.of(both!(
        "Open this to see the queue of plazo in your browser. It works once, within fifteen minutes:\n\n{address}\n\nIf you did not ask for it, do nothing: without this message nobody gets in under your name.",
        "Abra esto para ver la cola de plazo en su navegador. Sirve una sola vez, durante quince minutos:\n\n{address}\n\nSi usted no lo pidió, no haga nada: sin este mensaje nadie entra con su nombre."
    ));
    render(&subject, &text, texts, reader)
}

/// What its template sees.
pub(super) fn shown(subject: &str, text: &str, language: Language) -> Value {
    context! { lang => language.code(), subject, stretches => Serde(stretches(text)) }
}

fn stretches(text: &str) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut is_new = true;
    for line in text.lines() {
        if line.trim().is_empty() {
            is_new = true;
            continue;
        }
        let kind = kind(line);
        match found.last_mut().filter(|last| last.kind == kind && kind != Kind::Address && !is_new) {
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            None => found.push(Stretch { kind, text: line.to_owned() }),
        }
        is_new = false;
    }
    found
}

/// By its margin: `  --> sla.toml:3:5`, `   |`, ` 3 | zone = "Bogota"`.
fn kind(line: &str) -> Kind {
    let begins = line.trim_start();
    let after_number = begins.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let has_margin = after_number.trim_start().starts_with(['|', '│']) && (after_number != begins || begins != line);
    let is_address =
        (line.starts_with("https://") || line.starts_with("http://")) && !line.contains(char::is_whitespace);
    match () {
        () if has_margin || begins.starts_with("--> ") || begins.starts_with("::: ") => Kind::Picture,
        () if is_address => Kind::Address,
        () => Kind::Words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_kept_for_what_points_into_a_file_and_for_nothing_else() {
        let text = "The file is wrong.\nThe old one stays.\n\nerror: no such zone\n --> sla.toml:3:8\n  |\n3 | zone = \"Bogota\"\n  |        ^^^^^^^^\n\nhttps://plazo.example/a/x\n3 of 4 | nothing";
        let kinds: Vec<_> = stretches(text).into_iter().map(|one| (one.kind, one.text.lines().count())).collect();
        let expected = [(Kind::Words, 2), (Kind::Words, 1), (Kind::Picture, 4), (Kind::Address, 1), (Kind::Words, 1)];
        assert_eq!(kinds, expected);
    }
}
