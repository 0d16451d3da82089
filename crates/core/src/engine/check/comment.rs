//! Descriptive comments (C5): context, actions done, next steps, missing data, external channel, each begun by its label.

use serde::{Deserialize, Serialize};

use super::phrases::normalised;

/// The parts of a descriptive comment (C5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is told by its label")]
pub enum Part {
    Context,
    Actions,
    NextSteps,
    MissingData,
    ExternalChannel,
}

impl Part {
    /// All five, in the order of the rule.
    pub const ALL: [Self; 5] =
        [Self::Context, Self::Actions, Self::NextSteps, Self::MissingData, Self::ExternalChannel];

    /// The word in event JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Actions => "actions",
            Self::NextSteps => "next_steps",
            Self::MissingData => "missing_data",
            Self::ExternalChannel => "external_channel",
        }
    }

    /// The labels that begin it in a comment, in Spanish and in English.
    pub const fn labels(self) -> [&'static str; 2] {
        match self {
            Self::Context => ["Contexto", "Context"],
            Self::Actions => ["Acciones", "Actions"],
            Self::NextSteps => ["Próximos pasos", "Next steps"],
            Self::MissingData => ["Datos faltantes", "Missing data"],
            Self::ExternalChannel => ["Canal externo", "External channel"],
        }
    }
}

/// The parts that `text` has: a label, a colon, and something said before the next label.
pub fn parts(text: &str) -> Vec<Part> {
    let text = normalised(text);
    let mut labels: Vec<(usize, usize, Part)> = Vec::new();
    for part in Part::ALL {
        for label in part.labels() {
            let label = format!("{}:", normalised(label));
            labels.extend(text.match_indices(&label).map(|(at, label)| (at, at + label.len(), part)));
        }
    }
    labels.sort_by_key(|(at, ..)| *at);
    let says = |place: usize| {
        let (_, from, part) = labels[place];
        let to = labels.get(place + 1).map_or(text.len(), |(at, ..)| *at);
        let said = text.get(from..to).unwrap_or_default();
        said.chars().any(char::is_alphanumeric).then_some(part)
    };
    let mut found: Vec<Part> = (0..labels.len()).filter_map(says).collect();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c5_kept_by_a_comment_with_its_five_parts() {
        let whole = "Contexto: cliente con dos cuentas. ACCIONES: se llamó. Proximos pasos: migrar. \
                     Datos faltantes: ninguno. Canal externo: WhatsApp directo";
        assert_eq!(parts(whole), Part::ALL);
        assert_eq!(parts("Context: two accounts\nActions: -\nNext steps: migrate"), [Part::Context, Part::NextSteps]);
        assert_eq!(parts("hablé con ella"), []);
    }
}
