//! Pages on which the reader of an alert can act.

use serde::Serialize;

use super::{Both, Language};

/// The words on the buttons of an alert: take, put off twice, show.
pub const BUTTONS: Both<[&str; 4]> =
    Both { en: ["I take it", "In 15 min", "In 1 h", "Show"], es: ["Lo tomo", "En 15 min", "En 1 h", "Ver"] };

/// Signed addresses of pages, each for one purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Links {
    /// Takes the request.
    pub take: String,
    /// Puts its alerts off for a quarter of an hour.
    pub snooze15: String,
    /// Puts its alerts off for an hour.
    pub snooze60: String,
    /// Shows it.
    pub show: String,
}

impl Links {
    /// Words and addresses, in the order of [`BUTTONS`].
    pub fn buttons(&self, language: Language) -> [(&'static str, &str); 4] {
        let [take, quarter, hour, show] = language.of(BUTTONS);
        [(take, &self.take), (quarter, &self.snooze15), (hour, &self.snooze60), (show, &self.show)]
    }
}
