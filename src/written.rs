//! Values as `sla.toml` writes them, with their places in it, and the forms in which one can be written: a list or its only item, a
//! table or a word, the place of a secret. What they mean is for those who asked for them.

use std::fmt;
use std::ops::{Deref, DerefMut, Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, MapAccess, SeqAccess, Visitor, value};
use serde::{Deserialize, Deserializer};

/// A value and its place in the file, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct At<T>(toml::Spanned<T>);

impl<T> At<T> {
    /// Where it stands.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<T> Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.get_ref()
    }
}

impl<T> DerefMut for At<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A list, or its only item.
#[derive(Debug, Clone, Default)]
pub struct OneOrMany<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the list stands, or its only item.
    pub span: Range<usize>,
}

impl<'de> Deserialize<'de> for OneOrMany<At<String>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        enum Words {
            One(String),
            Many(Vec<At<String>>),
        }
        struct WordsVisitor;
        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Words, E> {
                Ok(Words::One(word.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words::Many(words))
            }
        }
        impl<'de> Deserialize<'de> for Words {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(WordsVisitor)
            }
        }
        let whole = toml::Spanned::<Words>::deserialize(deserializer)?;
        let span = whole.span();
        let items = match whole.into_inner() {
            Words::One(word) => vec![At(toml::Spanned::new(span.clone(), word))],
            Words::Many(words) => words,
        };
        Ok(Self { items, span })
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMany".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A table, or one word that stands for it (`"none"`, `"24x7"`, an address).
#[derive(Debug, Clone)]
pub enum WordOr<T> {
    /// The word.
    Word(String),
    /// The table.
    Table(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = WordOr<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table or a string")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
                Ok(WordOr::Word(word.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(value::MapAccessDeserializer::new(map)).map(WordOr::Table)
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for WordOr<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WordOr".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}

/// A word, or a list of words and of tables that say more.
#[derive(Debug, Clone, Default)]
pub struct WordOrList<T> {
    /// The items.
    pub items: Vec<At<WordOr<T>>>,
    /// Where the list stands, or the word.
    pub span: Range<usize>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOrList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        enum Ways<T> {
            One(String),
            Many(Vec<At<WordOr<T>>>),
        }
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Ways<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
                Ok(Ways::One(word.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Ways::Many(items))
            }
        }
        impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ways<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Either(std::marker::PhantomData))
            }
        }
        let whole = toml::Spanned::<Ways<T>>::deserialize(deserializer)?;
        let span = whole.span();
        let items = match whole.into_inner() {
            Ways::One(word) => vec![At(toml::Spanned::new(span.clone(), WordOr::Word(word)))],
            Ways::Many(items) => items,
        };
        Ok(Self { items, span })
    }
}

impl<T: JsonSchema> JsonSchema for WordOrList<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WordOrList".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<WordOr<T>>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": item }] })
    }
}

/// Where a secret is kept: exactly one of the three.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecretRef {
    /// A systemd credential.
    pub credential: Option<At<String>>,
    /// An environment variable.
    pub env: Option<At<String>>,
    /// A file.
    pub file: Option<At<String>>,
}
