//! TOML text → [`Raw`], with every mistake of form in one go.
//!
//! `serde` stops at the first mistake. What it complains of is noted, taken out of the tree, and the rest is read again.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::mistake::{Mistakes, suggestion};
use super::raw::Raw;
use crate::both;

/// More mistakes than this are not worth reading at a time.
const MOST_MISTAKES: usize = 100;

/// Reads the file as far as it can be read.
pub fn parse(source: &str, mistakes: &mut Mistakes) -> Raw {
    let (mut tree, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        mistakes.error(
            span,
            both!("this is not TOML: {message}", "esto no es TOML: {message}"),
            both!(
                "each line is `key = value` or `[section]`; text stands in quotes",
                "cada línea es `clave = valor` o `[sección]`; los textos van entre comillas"
            ),
        );
    }
    for _ in 0..MOST_MISTAKES {
        match Raw::deserialize(toml::de::Deserializer::from(tree.clone())) {
            Ok(raw) => return raw,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                explain(error.message(), span.clone(), source, mistakes);
                if !remove(tree.get_mut(), &span) {
                    break;
                }
            }
        }
    }
    Raw::default()
}

/// Turns serde's message into ours.
fn explain(message: &str, span: Range<usize>, source: &str, mistakes: &mut Mistakes) {
    let first_line = message.lines().next().unwrap_or(message);
    if let Some(rest) = first_line.strip_prefix("unknown field `") {
        let (key, known) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
        mistakes.error(span, both!("unknown key `{key}`", "clave desconocida: `{key}`"), suggestion(key, known));
        return;
    }
    if let Some((found, expected)) =
        first_line.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let (found_es, expected_es) = (spanish(found), spanish(expected));
        let text = source.get(span.clone()).unwrap_or_default();
        let remedy = if expected == "a string" && !text.contains('\n') {
            both!("put it in quotes: \"{text}\"", "póngalo entre comillas: \"{text}\"")
        } else {
            both!("write {expected} here", "escriba aquí {expected_es}")
        };
        mistakes.error(
            span,
            both!(
                "wrong type: {found}, where {expected} is expected",
                "tipo equivocado: {found_es}; se espera {expected_es}"
            ),
            remedy,
        );
        return;
    }
    mistakes.error(
        span,
        both!("{first_line}", "valor no válido: {first_line}"),
        both!("see the comments of the shipped sla.toml", "vea los comentarios del sla.toml que viene con plazo"),
    );
}

/// serde's words for types, in Spanish.
fn spanish(words: &str) -> String {
    const WORDS: [(&str, &str); 14] = [
        ("a string or a list of strings", "un texto o una lista de textos"),
        ("a table or a string", "una tabla o un texto"),
        ("a sequence", "una lista"),
        ("sequence", "lista"),
        ("a string", "un texto"),
        ("string", "texto"),
        ("a boolean", "true o false"),
        ("boolean", "valor lógico"),
        ("integer", "número entero"),
        ("floating point", "número decimal"),
        ("a map", "una tabla"),
        ("map", "tabla"),
        ("datetime", "fecha"),
        ("struct", "tabla"),
    ];
    let translated = WORDS.iter().find_map(|(en, es)| words.strip_prefix(en).map(|rest| format!("{es}{rest}")));
    translated.unwrap_or_else(|| words.to_owned())
}

/// Takes the key or value at `span` out of the tree.
fn remove(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let place = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    if let Some(key) = place.map(|(key, _)| key.clone()) {
        return table.remove(&key).is_some();
    }
    table.iter_mut().any(|(_, value)| remove_within(value, span))
}

fn remove_within(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => remove(table, span),
        DeValue::Array(items) if items.iter().any(|item| item.span() == *span) => {
            let all = std::mem::replace(items, DeArray::new());
            *items = all.into_iter().filter(|item| item.span() != *span).collect();
            true
        }
        DeValue::Array(items) => items.iter_mut().any(|item| remove_within(item, span)),
        _ => false,
    }
}
