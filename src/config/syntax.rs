//! TOML text → tree. One mistake per statement: what a forgotten bracket does to the lines after it is not told.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use toml::Spanned;
use toml::de::{DeTable, Error};

use super::mistake::{Mistakes, quoted};
use super::usual;
use crate::both;
use crate::text::Both;

/// The most statements in which mistakes are sought: each costs another reading of the rest of the file.
const MOST_STATEMENTS: usize = 20;

/// A line that can begin a statement: `[section]` or `key = …`. One that ends in a comma goes on with a list or table.
static STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*(?:\[{1,2}[A-Za-z_][^\[\],=\n]*\]{0,2}|[\w."'-]+[ \t]*=[^\n]*[^,\s])[ \t\r]*(?:#.*)?$"#)
        .ok()
});

/// Reads the text as far as it is TOML.
pub(super) fn read<'s>(source: &'s str, mistakes: &mut Mistakes) -> Spanned<DeTable<'s>> {
    let (tree, mut errors) = DeTable::parse_recoverable(source);
    let mut offset = 0;
    for _ in 0..MOST_STATEMENTS {
        errors.sort_by_key(|error| place(error).start);
        let Some(last) = tell(&errors, source, offset, mistakes) else { break };
        let after = source[last..].find('\n').map_or(source.len(), |length| last + length);
        let next = STATEMENT.as_ref().and_then(|statement| statement.find_at(source, after));
        let Some(next) = next else { break };
        offset = next.start();
        errors = DeTable::parse_recoverable(&source[offset..]).1;
    }
    tree
}

/// Tells the errors up to the first that derails the reading, and returns where that one stands.
fn tell(errors: &[Error], source: &str, offset: usize, mistakes: &mut Mistakes) -> Option<usize> {
    let mut doubled = 0;
    for error in errors {
        let span = place(error);
        let span = offset + span.start..offset + span.end;
        let is_duplicate = error.message().starts_with("duplicate key");
        // In a section that stands twice, its keys do too.
        if is_duplicate && span.start < doubled {
            continue;
        }
        let text = source.get(span.clone()).unwrap_or_default();
        let (cause, remedy) = in_spanish(source, &span).unwrap_or_else(|| words(error.message(), text));
        mistakes.error(visible(span.clone(), error.message(), source), cause, remedy);
        if !is_duplicate {
            return Some(span.start.min(source.len()));
        }
        let line = source[..span.start].rfind('\n').map_or(0, |end| end + 1);
        if source[line..].trim_start().starts_with('[') {
            doubled = source[span.end..].find("\n[").map_or(source.len(), |length| span.end + length);
        }
    }
    None
}

fn place(error: &Error) -> Range<usize> {
    error.span().unwrap_or(0..0)
}

/// What to underline: a text without its last quote from the first one on, and not the nothing at the end of a line.
fn visible(span: Range<usize>, message: &str, source: &str) -> Range<usize> {
    let before = source.get(..span.start).unwrap_or(source).trim_end_matches(['\n', '\r']);
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    if is_unclosed_text(message)
        && let Some(quote) = before[line..].rfind(['"', '\''])
    {
        return line + quote..before.len();
    }
    // What lacks a comma is the value before it, which may stand on another line, before comments.
    if message.contains("comma") && message.contains("missing") {
        let mut end = source.get(..span.start).unwrap_or(source).trim_end();
        while let Some(comment) = comment(end) {
            end = end[..comment].trim_end();
        }
        let start = end.char_indices().next_back().map_or(0, |(at, _)| at);
        return start..end.len();
    }
    let is_nothing = source.get(span.clone()).is_none_or(|text| text.trim().is_empty());
    match before.chars().next_back() {
        Some(last) if is_nothing && before.len() < span.start => before.len() - last.len_utf8()..before.len(),
        _ => span,
    }
}

/// What to say of a Spanish name with an accent, which TOML does not take as it is: the key that it stands for.
fn in_spanish(source: &str, span: &Range<usize>) -> Option<(Both, Both)> {
    let is_edge = |letter: char| letter.is_whitespace() || "[]{}=,.\"'#".contains(letter);
    let start = source.get(..span.start)?.rfind(is_edge).map_or(0, |edge| edge + 1);
    let length = source.get(start..)?.find(is_edge).unwrap_or(source.len() - start);
    let name = &source[start..start + length];
    let key = usual::word(name).filter(|_| !name.is_ascii())?;
    let name = quoted(name);
    Some((
        both!("unknown name `{name}`", "nombre desconocido: `{name}`"),
        both!("did you mean `{key}`?", "¿quiso decir `{key}`?"),
    ))
}

/// Where the comment begins in which `text` ends, if it does: after the last quote of the line, if it has any.
fn comment(text: &str) -> Option<usize> {
    let line = text.rfind('\n').map_or(0, |end| end + 1);
    let bare = text[line..].rfind(['"', '\'']).map_or(line, |quote| line + quote + 1);
    text[bare..].find('#').map(|at| bare + at)
}

fn is_unclosed_text(message: &str) -> bool {
    ["invalid basic string", "invalid literal string", "multi-line"].iter().any(|words| message.contains(words))
}

/// The reader's sentence, and ours for it. The ones that hands produce have words of their own.
fn words(message: &str, text: &str) -> (Both, Both) {
    let has = |words: &str| message.contains(words);
    if has("duplicate key") {
        return (
            both!("this name stands here a second time", "este nombre está aquí por segunda vez"),
            both!(
                "keep one of the two, or give this one another name",
                "deje uno de los dos, o póngale otro nombre a este"
            ),
        );
    }
    if has("missing value") || (has("must be quoted") && text.trim().is_empty()) {
        return (
            both!("nothing stands after `=`", "no hay nada después de `=`"),
            both!("write the value, such as \"text\", 5 or true", "escriba el valor, como \"texto\", 5 o true"),
        );
    }
    let is_word = text.starts_with(char::is_alphabetic) && has("invalid");
    if has("must be quoted") || has("opening quote") || (is_word && !has("key")) {
        return (
            both!("text without quotes", "texto sin comillas"),
            both!("put it in straight quotes: \"…\"", "póngalo entre comillas rectas: \"…\""),
        );
    }
    if is_unclosed_text(message) {
        return (
            both!("the quotes are not closed", "faltan las comillas de cierre"),
            both!(
                "end the text with the same quotes with which it begins, on the same line",
                "cierre el texto con las mismas comillas con que empieza, en la misma línea"
            ),
        );
    }
    if has("unquoted key") || has("invalid key") {
        return (
            both!("a name with a character that needs quotes", "un nombre con un carácter que exige comillas"),
            both!(
                "put the name in quotes, or use only a-z, 0-9, _ and - in it",
                "ponga el nombre entre comillas, o use en él solo a-z, 0-9, _ y -"
            ),
        );
    }
    if has("escape") || has("unicode") {
        return (
            both!(
                "`\\` begins a special character that does not exist",
                "`\\` empieza un carácter especial que no existe"
            ),
            both!(
                "write \\\\ for a backslash, or put the text in single quotes: '…'",
                "escriba \\\\ para una barra invertida, o ponga el texto entre comillas simples: '…'"
            ),
        );
    }
    if has("key with no value") || has("missing assignment") {
        return (
            both!("`=` is missing after the name", "falta `=` después del nombre"),
            both!("write name = \"value\"", "escriba nombre = \"valor\""),
        );
    }
    if has("comma") && has("missing") {
        return (
            both!(
                "a comma or a closing bracket is missing after this",
                "después de esto falta una coma o un corchete de cierre"
            ),
            both!(
                "write a comma between two values, and ] or }} after the last",
                "escriba una coma entre dos valores, y ] o }} después del último"
            ),
        );
    }
    if has("unclosed") || has("opening") || has("table open") || has("in array") {
        return (
            both!("a bracket is missing or stands alone", "falta un corchete o una llave, o sobra"),
            both!("to each [ belongs a ], to each {{ a }}", "a cada [ le corresponde un ], y a cada {{ un }}"),
        );
    }
    if has("recursion") {
        return (
            both!("too deeply nested", "hay demasiados niveles, uno dentro de otro"),
            both!(
                "no value of this file has more than four levels",
                "ningún valor de este archivo tiene más de cuatro niveles"
            ),
        );
    }
    if has("cannot extend") {
        return (
            both!("this section has a value already", "esta sección ya tiene un valor"),
            both!("write all of it in one place", "escríbala toda en un solo lugar"),
        );
    }
    (
        both!("this line cannot be read: {message}", "esta línea no se puede leer"),
        both!(
            "each line is `key = value` or `[section]`; text stands in quotes",
            "cada línea es `clave = valor` o `[sección]`; los textos van entre comillas"
        ),
    )
}
