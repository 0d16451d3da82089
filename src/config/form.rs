//! Compares the tree with the schema that `plazo schema` prints: unknown keys and values of a wrong type, all in one pass.
//!
//! What is wrong is told and made harmless: a misspelt key is read as the one that was probably meant, a wrong value gives
//! way to an empty one at the same place, of which nothing more is told. So what refers to it still finds it.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::mistake::{Mistakes, nearest, quoted, suggestion};
use super::{remedy, spanish};
use crate::both;
use crate::text::Both;

type Node<'i> = Spanned<DeValue<'i>>;

/// What the schema wants at a place.
pub(super) struct Shape<'s> {
    /// Whether a text will do, be it instead of the rest.
    pub(super) text: bool,
    /// What else will do.
    pub(super) other: Option<Kind<'s>>,
}

/// A form of value other than text.
pub(super) enum Kind<'s> {
    /// True or false.
    Flag,
    /// A whole number within these bounds.
    Number(i64, i64),
    /// A list of what this wants.
    List(&'s Value),
    /// A table whose keys it names, or any if it names none.
    Table(&'s Value),
    /// The table that says where a secret is kept.
    Secret(&'s Value),
}

/// One pass over a file.
struct Pass<'a, 's> {
    schema: &'s Value,
    source: &'a str,
    mistakes: &'a mut Mistakes,
    /// Keys from the top to where the pass stands.
    path: Vec<String>,
}

/// Tells what in `tree` the schema does not allow, and makes it harmless.
pub(super) fn check(tree: &mut Spanned<DeTable<'_>>, schema: &Value, source: &str, mistakes: &mut Mistakes) {
    let span = tree.span();
    Pass { schema, source, mistakes, path: Vec::new() }.table(tree.get_mut(), &span, schema);
}

impl<'s> Pass<'_, 's> {
    /// Whether the table is without fault.
    fn table(&mut self, table: &mut DeTable<'_>, span: &Range<usize>, wanted: &'s Value) -> bool {
        let is_clean = match wanted["properties"].as_object() {
            Some(known) => {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                self.name_keys(table, &names, wanted) & self.values(table, |key| known.get(key))
            }
            None => self.values(table, |_| wanted.get("additionalProperties")),
        };
        if !is_clean {
            self.mistakes.mark_flawed(span.clone());
        }
        is_clean
    }

    /// Replaces unknown keys by the ones that were probably meant.
    fn name_keys(&mut self, table: &mut DeTable<'_>, names: &[&str], wanted: &'s Value) -> bool {
        let unknown: Vec<_> = table.keys().filter(|key| !names.contains(&key.get_ref().as_ref())).cloned().collect();
        for key in &unknown {
            let name = key.get_ref();
            let quoted = quoted(name);
            let cause = both!("unknown key `{quoted}`", "clave desconocida: `{quoted}`");
            let elsewhere = self.elsewhere(name, names);
            let is_elsewhere = elsewhere.is_some();
            let remedy = elsewhere.unwrap_or_else(|| suggestion(name, names.iter().copied()));
            self.mistakes.error(key.span(), cause, remedy);
            let Some(value) = table.remove(key) else { continue };
            if self.may_hold_secret(wanted) && !value.get_ref().is_table() {
                self.mistakes.hide(value.span());
            }
            let meant = nearest(name, names.iter().copied()).filter(|_| !is_elsewhere);
            let Some(meant) = meant else { continue };
            if !table.keys().any(|key| key.get_ref() == meant) {
                self.mistakes.silence(value.span());
                table.insert(Spanned::new(key.span(), meant.to_owned().into()), value);
            }
        }
        unknown.is_empty()
    }

    /// Where a key of the top belongs that stands in a section; it may bear its Spanish name.
    fn elsewhere(&self, name: &str, names: &[&str]) -> Option<Both> {
        let top = self.schema["properties"].as_object().filter(|_| !self.path.is_empty())?;
        if spanish::meant(name, names.iter().copied()).is_some() {
            return None;
        }
        let known = || top.keys().map(String::as_str);
        let key = known().find(|key| *key == name).or_else(|| spanish::meant(name, known()))?;
        Some(match self.shape(&top[key]).other {
            Some(Kind::Table(_)) => both!(
                "[{key}] is a section of its own; begin it on a line of its own",
                "[{key}] es una sección propia; empiécela en otra línea"
            ),
            Some(Kind::List(_)) if key == "policy" => both!(
                "[[policy]] is a section of its own; begin it on a line of its own",
                "[[policy]] es una sección propia; empiécela en otra línea"
            ),
            _ => both!(
                "`{key}` belongs at the top, before the first [section]",
                "`{key}` va al comienzo, antes de la primera [sección]"
            ),
        })
    }

    fn values(&mut self, table: &mut DeTable<'_>, wanted: impl Fn(&str) -> Option<&'s Value>) -> bool {
        let mut is_clean = true;
        for (key, value) in table.iter_mut() {
            if let Some(wanted) = wanted(key.get_ref()) {
                self.path.push(key.get_ref().to_string());
                is_clean &= self.value(value, wanted);
                self.path.pop();
            }
        }
        is_clean
    }

    fn value(&mut self, value: &mut Node<'_>, wanted: &'s Value) -> bool {
        // What a mapping wants to know is its own affair.
        if wanted.as_bool() == Some(true) {
            return true;
        }
        let shape = self.shape(wanted);
        let span = value.span();
        match (value.get_mut(), &shape.other) {
            (DeValue::String(_), _) if shape.text => return true,
            (DeValue::Boolean(_), Some(Kind::Flag)) => return true,
            (DeValue::Integer(number), Some(Kind::Number(least, most))) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                if number.is_ok_and(|number| (*least..=*most).contains(&number)) {
                    return true;
                }
            }
            (DeValue::Array(items), Some(Kind::List(wanted))) => {
                return items.iter_mut().fold(true, |is_clean, item| self.value(item, wanted) & is_clean);
            }
            (DeValue::Table(table), Some(Kind::Table(wanted) | Kind::Secret(wanted))) => {
                return self.table(table, &span, wanted);
            }
            _ => {}
        }
        if matches!(shape.other, Some(Kind::Secret(_))) {
            self.mistakes.hide(span.clone());
        }
        let cause = cause(value.get_ref(), &shape);
        let text = self.source.get(span.clone()).unwrap_or_default();
        let remedy = remedy::of(value.get_ref(), text, &shape, &self.path);
        self.mistakes.error(span, cause, remedy);
        *value.get_mut() = harmless(&shape);
        false
    }

    /// Follows references, and leaves out that a key need not be there.
    fn shape(&self, wanted: &'s Value) -> Shape<'s> {
        if let Some(reference) = wanted["$ref"].as_str() {
            let node = reference.strip_prefix('#').and_then(|path| self.schema.pointer(path)).unwrap_or(wanted);
            let is_secret = reference.contains("SecretRef");
            let kind = if is_secret { Kind::Secret(node) } else { Kind::Table(node) };
            return Shape { text: false, other: Some(kind) };
        }
        if let Some(any_of) = wanted["anyOf"].as_array() {
            let shapes = any_of.iter().filter(|node| node["type"] != "null").map(|node| self.shape(node));
            return shapes.fold(Shape { text: false, other: None }, |all, one| Shape {
                text: all.text || one.text,
                other: all.other.or(one.other),
            });
        }
        let name = wanted["type"].as_str().or_else(|| wanted["type"][0].as_str());
        let bound = |key: &str| wanted[key].as_i64();
        let other = match name.unwrap_or_default() {
            "boolean" => Some(Kind::Flag),
            "integer" => Some(Kind::Number(bound("minimum").unwrap_or(0), bound("maximum").unwrap_or(u32::MAX.into()))),
            "array" => Some(Kind::List(&wanted["items"])),
            "object" => Some(Kind::Table(wanted)),
            _ => None,
        };
        Shape { text: other.is_none(), other }
    }

    fn may_hold_secret(&self, wanted: &'s Value) -> bool {
        let is_reference = wanted["properties"].get("credential").is_some();
        let keys = wanted["properties"].as_object().into_iter().flatten();
        is_reference || keys.map(|(_, node)| self.shape(node)).any(|shape| matches!(shape.other, Some(Kind::Secret(_))))
    }
}

fn cause(found: &DeValue<'_>, shape: &Shape<'_>) -> Both {
    if let (DeValue::Integer(_), Some(Kind::Number(least, most))) = (found, &shape.other) {
        // Zero is within reach of the type, but nowhere of use.
        let least = (*least).max(1);
        return if *most < i64::from(u32::MAX) {
            both!("the number must lie between {least} and {most}", "el número debe estar entre {least} y {most}")
        } else {
            both!("the number is below {least} or much too large", "el número es menor que {least} o demasiado grande")
        };
    }
    let found = match found {
        DeValue::String(_) => Both { en: "text", es: "un texto" },
        DeValue::Integer(_) => Both { en: "a number", es: "un número" },
        DeValue::Float(_) => Both { en: "a decimal number", es: "un número decimal" },
        DeValue::Boolean(_) => Both { en: "true or false", es: "true o false" },
        DeValue::Datetime(_) => Both { en: "a date without quotes", es: "una fecha sin comillas" },
        DeValue::Array(_) => Both { en: "a list", es: "una lista" },
        DeValue::Table(_) => Both { en: "a table of keys", es: "una tabla de claves" },
    };
    let wanted = match (&shape.other, shape.text) {
        (None, _) => Both { en: "text", es: "un texto" },
        (Some(Kind::Flag), _) => Both { en: "true or false", es: "true o false" },
        (Some(Kind::Number(..)), _) => Both { en: "a whole number", es: "un número entero" },
        (Some(Kind::List(_)), true) => Both { en: "text or a list of texts", es: "un texto o una lista de textos" },
        (Some(Kind::List(_)), false) => Both { en: "a list", es: "una lista" },
        (Some(Kind::Table(_)), true) => Both { en: "text or a table of keys", es: "un texto o una tabla de claves" },
        (Some(Kind::Table(_)), false) => Both { en: "a table of keys", es: "una tabla de claves" },
        (Some(Kind::Secret(_)), _) => Both { en: "the place of a secret", es: "el lugar de un secreto" },
    };
    Both {
        en: format!("wrong type: {}, where {} is expected", found.en, wanted.en),
        es: format!("tipo equivocado: {}; se espera {}", found.es, wanted.es),
    }
}

/// An empty value of the form that is wanted.
fn harmless<'i>(shape: &Shape<'_>) -> DeValue<'i> {
    match &shape.other {
        None => DeValue::String("".into()),
        Some(Kind::Flag) => DeValue::Boolean(false),
        // The only number that the reader lets others make.
        Some(Kind::Number(..)) => DeValue::Integer(toml::de::DeInteger::default()),
        Some(Kind::List(_)) => DeValue::Array(DeArray::new()),
        Some(Kind::Table(_) | Kind::Secret(_)) => DeValue::Table(DeTable::new()),
    }
}
