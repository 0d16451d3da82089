//! What `[destination.NAME]` says, word for word: a few keys that all have, and those that its type alone has, which are its
//! transport's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Map;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use crate::notify::{self, Kind};
use crate::written::{At, OneOrMany};

/// The keys that all have, in the order of the alphabet.
const SHARED: [&str; 3] = ["fallback", "language", "type"];

/// A destination: what all have, and what its type alone has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Destination {
    /// What all have.
    pub shared: Shared,
    /// What its type has besides; none where nobody knows the type. Read by `read_own`.
    #[serde(skip)]
    pub own: Option<notify::Config>,
    /// The keys besides those that all have, and where their values stand, in bytes; of a list, its first item.
    #[serde(skip)]
    pub own_keys: Vec<(String, Range<usize>)>,
}

/// Where alerts can go besides people's mail.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Shared {
    /// "slack", "teams", "google-chat", "discord", "mattermost", "rocket-chat", "matrix", "zulip", "telegram", "whatsapp", "ntfy",
    /// "pushover", "pagerduty", "jsm-ops", "webhook", "glpi", "clickup", "email" or "file".
    #[serde(rename = "type")]
    pub kind: Option<At<String>>,
    /// "es" or "en".
    pub language: Option<At<String>>,
    /// Destinations that are told what this one could not be, in order.
    pub fallback: Option<OneOrMany<At<String>>>,
}

/// The keys of every type: which of them the one at hand has is no business of a schema, and told better by `resolve`.
impl JsonSchema for Destination {
    fn schema_name() -> Cow<'static, str> {
        "Destination".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut whole = Shared::json_schema(generator);
        let keys: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.keys(generator)).collect();
        let whole_keys = whole.ensure_object().entry("properties").or_insert_with(|| Map::new().into());
        for (key, schema) in keys {
            whole_keys[key] = schema;
        }
        whole.insert("additionalProperties".to_owned(), false.into());
        whole
    }
}

/// Reads what of each destination's table is its type's own, which cannot be read before the type is known. `tree` is the whole file.
/// Returns what the schema allows and the types do not.
pub(super) fn read_own(destinations: &mut BTreeMap<At<String>, At<Destination>>, tree: &DeTable<'_>) -> Vec<Error> {
    let tables = tree.get("destination").and_then(|tables| tables.get_ref().as_table());
    let tables = tables.into_iter().flatten();
    let tables: BTreeMap<_, _> = tables.map(|(name, table)| (name.get_ref().as_ref(), table)).collect();
    let mut errors = Vec::new();
    for (name, destination) in destinations {
        let Some(whole) = tables.get(name.as_str()) else { continue };
        let Some(table) = whole.get_ref().as_table() else { continue };
        let own = table.iter().filter(|(key, _)| !SHARED.contains(&key.get_ref().as_ref()));
        let own = own.filter_map(|(key, value)| Some((key.get_ref().to_string(), place(value)?)));
        destination.own_keys = own.collect();
        let Some(kind) = destination.shared.kind.as_ref().and_then(|word| Kind::named(word)) else { continue };
        match notify::Config::read(kind, Deserializer::from(Spanned::new(whole.span(), table.clone()))) {
            Ok(own) => destination.own = Some(own),
            Err(error) => errors.push(error),
        }
    }
    errors
}

/// Where something is told of a value; none of an empty list, which says nothing.
fn place(value: &Spanned<DeValue<'_>>) -> Option<Range<usize>> {
    match value.get_ref().as_array() {
        Some(items) => items.first().map(Spanned::span),
        None => Some(value.span()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_told_of_and_no_shared_key_is_a_type_s_own() {
        let mut generator = SchemaGenerator::default();
        let shared = Shared::json_schema(&mut generator);
        let keys: Vec<_> = shared.get("properties").and_then(|keys| keys.as_object()).into_iter().flatten().collect();
        assert!(keys.iter().map(|(key, _)| key.as_str()).eq(SHARED), "{keys:?}");
        let told = shared.pointer("/properties/type/description").and_then(|text| text.as_str()).unwrap_or_default();
        for kind in Kind::ALL {
            assert!(told.contains(&format!("\"{}\"", kind.as_str())), "{}", kind.as_str());
            let own = kind.keys(&mut generator);
            assert!(!SHARED.iter().any(|key| own.contains_key(*key)), "{}", kind.as_str());
        }
    }
}
