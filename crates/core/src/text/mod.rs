//! PURE. What people read in operation, in Spanish and English: alerts, lists, and `sla.toml` in words.

pub mod agenda;
pub mod button;
pub mod cause;
pub mod describe;
pub mod edit;
pub mod explain;
pub mod exposure;
pub mod format;
pub mod further;
pub mod history;
pub mod invitation;
pub mod links;
mod listing;
mod notice;
pub mod palette;
pub mod phone;
pub mod place;
pub mod reader;
pub mod render;
pub mod printable;
pub mod proof;
pub mod register;
pub mod report;
pub mod shown;
mod standing;
pub mod task;
pub mod templates;
pub mod test_message;
mod update;
pub mod verdict;
pub mod violation;
pub mod vocabulary;
pub mod zone;

use serde::{Deserialize, Serialize};

/// A language in which people read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Spanish.
    #[default]
    Es,
    /// English.
    En,
}

impl Language {
    /// The language with that code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "es" => Some(Self::Es),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Its ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    /// The text of the two that is in this language.
    pub fn of<T>(self, both: Both<T>) -> T {
        match self {
            Self::Es => both.es,
            Self::En => both.en,
        }
    }
}

/// The same text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both<T = String> {
    /// English.
    pub en: T,
    /// Spanish.
    pub es: T,
}

impl Both<[&str; 2]> {
    /// So many of what is called so when it is one, and when it is another number: `1 aviso`, `2 avisos`.
    pub fn counted(self, n: usize) -> Both {
        let of = |[one, many]: [&str; 2]| format!("{n} {}", if n == 1 { one } else { many });
        Both { en: of(self.en), es: of(self.es) }
    }
}

/// Things that are counted.
pub const ALERTS: Both<[&str; 2]> = Both { en: ["alert", "alerts"], es: ["aviso", "avisos"] };
/// Requests, counted.
pub const REQUESTS: Both<[&str; 2]> = Both { en: ["request", "requests"], es: ["solicitud", "solicitudes"] };
/// Clocks, counted.
pub const CLOCKS: Both<[&str; 2]> = Both { en: ["clock", "clocks"], es: ["reloj", "relojes"] };

/// What has no other language: names, and the words of other programs.
impl From<String> for Both {
    fn from(text: String) -> Self {
        Self { en: text.clone(), es: text }
    }
}

impl From<&str> for Both {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Both<&str>> for Both {
    fn from(both: Both<&str>) -> Self {
        Self { en: both.en.to_owned(), es: both.es.to_owned() }
    }
}

/// Formats the same text in English and Spanish.
#[macro_export]
macro_rules! both {
    ($en:literal, $es:literal $(,)?) => {
        $crate::text::Both { en: format!($en), es: format!($es) }
    };
}
