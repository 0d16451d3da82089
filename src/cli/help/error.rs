//! Mistakes in the command line, in Spanish. In English, clap says them itself.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::text::Both;

/// What is wrong with a value, in both languages. Whoever parses values does not know yet who reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct Said(pub Both);

/// The mistake in Spanish; none where it is help, or of a kind that nobody makes by hand.
pub(super) fn spanish(error: &clap::Error) -> Option<String> {
    let one = |kind: ContextKind| strings(error, kind).into_iter().next().unwrap_or_default();
    let argument = one(ContextKind::InvalidArg);
    let value = one(ContextKind::InvalidValue);
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("aquí no existe «{argument}»"),
        ErrorKind::InvalidSubcommand => format!("no hay una orden «{}»", one(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => format!("falta decir qué: {}", all(error, ContextKind::ValidSubcommand)),
        ErrorKind::MissingRequiredArgument => {
            let missing = strings(error, ContextKind::InvalidArg);
            let verb = if missing.len() == 1 { "falta" } else { "faltan" };
            format!("{verb} {}", missing.join(", "))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("falta el valor de {argument}"),
        ErrorKind::InvalidValue => {
            format!("«{value}» no sirve para {argument}: {}", all(error, ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => {
            let said = error.source().and_then(|source| source.downcast_ref::<Said>());
            let why = said.map_or_else(String::new, |said| format!(": {}", said.0.es));
            format!("«{value}» no sirve para {argument}{why}")
        }
        ErrorKind::ArgumentConflict => {
            let prior = strings(error, ContextKind::PriorArg);
            if prior.iter().all(|prior| *prior == argument) {
                format!("{argument} se escribe una sola vez")
            } else {
                format!("{argument} no va junto con {}", prior.join(", "))
            }
        }
        ErrorKind::TooManyValues => format!("«{value}» sobra: {argument} no toma más valores"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("a {argument} le faltan valores"),
        ErrorKind::NoEquals => format!("{argument} se escribe con «=» y su valor"),
        ErrorKind::InvalidUtf8 => "un argumento tiene caracteres que no son UTF-8".to_owned(),
        _ => return None,
    };
    let mut text = format!("error: {what}\n");
    let meant: Vec<_> = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .flat_map(|kind| strings(error, kind))
        .map(|word| format!("«{word}»"))
        .collect();
    if !meant.is_empty() {
        text += &format!("\n  ¿quiso decir {}?\n", meant.join(" o "));
    }
    if let Some(usage) = strings(error, ContextKind::Usage).first() {
        let usage = usage.trim_start_matches("Usage:").trim();
        text += &format!("\nUso: {}\n", usage.replace("[OPTIONS]", "[OPCIONES]").replace("COMMAND", "ORDEN"));
    }
    Some(text + "\nPara saber más, agregue «--help».\n")
}

fn all(error: &clap::Error, kind: ContextKind) -> String {
    let words = strings(error, kind);
    if words.is_empty() { "vea la ayuda".to_owned() } else { format!("puede ser {}", words.join(", ")) }
}

fn strings(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}
