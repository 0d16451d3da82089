//! Pages on which the reader of an alert can act.

use serde::{Deserialize, Serialize};

use super::{Both, Language};
use crate::engine::calendar::ALWAYS;
use crate::engine::policy::TargetKind;
use crate::outbox::facts::Place;

/// The words on the buttons of an alert: take, put off twice, show.
pub const BUTTONS: Both<[&str; 4]> = Both {
    en: ["I take it", "Remind me in 15 min", "Remind me in 1 h", "Show"],
    es: ["Lo tomo", "Recordarme en 15 min", "Recordarme en 1 h", "Ver"],
};

/// The words on the button by which a reader becomes the owner.
pub const MINE: Both<&str> = Both { en: "It is mine", es: "Es mío" };

/// The words by which alerts are put off until the promise's hours begin again.
pub const OPENING: Both<&str> = Both { en: "Remind me at the next opening", es: "Recordarme al abrir" };

/// The words by which somebody says that no answer is needed.
pub const WAIVE: Both<&str> = Both { en: "It needs no answer", es: "No hace falta responder" };

/// The words by which somebody says why a promise broke.
pub const REASON: Both<&str> = Both { en: "Say why it broke", es: "Decir por qué se incumplió" };

/// Signed addresses of pages, each for one purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Links {
    /// Takes the request.
    pub take: String,
    /// Makes the reader its owner; none where the reader is no single person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// Puts its alerts off for a quarter of an hour.
    pub snooze15: String,
    /// Puts its alerts off for an hour.
    pub snooze60: String,
    /// Puts its alerts off until its hours begin again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// Shows it.
    pub show: String,
    /// Says that the client's message needs no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waive: Option<String>,
    /// Asks why the promise broke; none where the file names no reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A button: words, and the address behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it says.
    pub word: String,
    /// Where it leads.
    pub url: String,
}

impl Button {
    /// A button of its parts.
    pub fn new(word: &str, url: &str) -> Self {
        Self { word: word.to_owned(), url: url.to_owned() }
    }

    /// The button that opens a conversation where it is.
    pub fn open(place: &Place, language: Language) -> Self {
        Self::new(&super::place::label(place, language), &place.url)
    }
}

impl Links {
    /// The buttons of an alert: what the reader most probably wants comes first. `has_owner` says whether somebody answers for it.
    pub fn buttons(&self, has_owner: bool, language: Language) -> Vec<Button> {
        let [take, quarter, hour, show] = language.of(BUTTONS);
        let first = match self.own.as_ref().filter(|_| !has_owner) {
            Some(own) => Button::new(language.of(MINE), own),
            None => Button::new(take, &self.take),
        };
        vec![
            first,
            Button::new(quarter, &self.snooze15),
            Button::new(hour, &self.snooze60),
            Button::new(show, &self.show),
        ]
    }

    /// What is wanted more rarely on an alert of that kind of promise: to hear of it at the next opening, where its `calendar` ever closes,
    /// that nothing needs to be answered, and why it broke.
    pub fn also(&self, target: TargetKind, calendar: &str, is_over: bool, language: Language) -> Vec<Button> {
        let opening = self.opening.as_ref().filter(|_| calendar != ALWAYS);
        let answers = [TargetKind::Reply, TargetKind::FirstReply, TargetKind::Acknowledge];
        let waive = self.waive.as_ref().filter(|_| answers.contains(&target));
        let reason = self.reason.as_ref().filter(|_| is_over);
        let button = |words: Both<&str>, url: &String| Button::new(language.of(words), url);
        let wanted = [(OPENING, opening), (WAIVE, waive), (REASON, reason)];
        wanted.into_iter().filter_map(|(words, url)| Some(button(words, url?))).collect()
    }
}
