//! TOML text → [`Raw`], with every mistake of form in one go.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::mistake::Mistakes;
use super::raw::Raw;
use super::{conceal, destination, form, syntax};
use crate::both;

/// What could be read of a file.
pub(super) struct Parsed {
    pub(super) raw: Raw,
    /// Whether it is TOML at all. If not, parts of it are missing for no fault of their own.
    pub(super) is_toml: bool,
}

/// Reads the file as far as it can be read.
pub(super) fn parse(source: &str, mistakes: &mut Mistakes) -> Parsed {
    for secret in conceal::secrets(source) {
        mistakes.hide(secret);
    }
    let mut tree = syntax::read(source, mistakes);
    let is_toml = mistakes.n_found() == 0;
    let mut unheeded = Mistakes::default();
    let heeded = if is_toml { mistakes } else { &mut unheeded };
    form::check(&mut tree, &super::schema(), source, heeded);
    let mut raw = Raw::deserialize(Deserializer::from(tree.clone())).unwrap_or_else(|error| {
        refuse(&error, heeded);
        readable(&tree)
    });
    for error in destination::read_own(&mut raw.destination, tree.get_ref()) {
        refuse(&error, heeded);
    }
    Parsed { raw, is_toml }
}

/// The schema allows what the types do not: to be told all the same, though without fine words.
fn refuse(error: &toml::de::Error, mistakes: &mut Mistakes) {
    mistakes.error(
        error.span().unwrap_or(0..0),
        both!("this cannot be used here", "esto no sirve aquí"),
        both!("see the comments of the shipped sla.toml", "vea los comentarios del sla.toml que viene con plazo"),
    );
}

/// The keys of the top that can be read, each by itself.
fn readable(tree: &Spanned<DeTable<'_>>) -> Raw {
    let read = |tree: DeTable<'_>| Raw::deserialize(Deserializer::from(Spanned::new(0..0, tree)));
    let is_readable = |key: &_, value: &_| read(DeTable::from_iter([(Clone::clone(key), Clone::clone(value))])).is_ok();
    let good = tree.get_ref().iter().filter(|(key, value)| is_readable(*key, *value));
    read(good.map(|(key, value)| (key.clone(), value.clone())).collect()).unwrap_or_default()
}
