//! How a promise came out, in words.

use super::{Both, Language};
use crate::engine::clock::{Cancelled, ClockState};

/// A clock's state.
pub const fn state(state: ClockState, language: Language) -> &'static str {
    let both = match state {
        ClockState::Running => Both { en: "running", es: "en curso" },
        ClockState::Paused => Both { en: "paused", es: "en pausa" },
        ClockState::Met => Both { en: "kept", es: "cumplido" },
        ClockState::Breached => Both { en: "broken", es: "vencido" },
        ClockState::MetLate => Both { en: "kept late", es: "cumplido tarde" },
        ClockState::Cancelled => Both { en: "cancelled", es: "cancelado" },
        ClockState::Waived => Both { en: "waived", es: "no hacía falta" },
    };
    match language {
        Language::Es => both.es,
        Language::En => both.en,
    }
}

/// Why a clock ended without a verdict.
pub const fn cancelled(why: Cancelled, language: Language) -> &'static str {
    let both = match why {
        Cancelled::Closed => Both { en: "the request was closed", es: "la solicitud se cerró" },
        Cancelled::Merged => Both { en: "the request is part of another", es: "la solicitud es parte de otra" },
        Cancelled::NoPolicy => Both { en: "no policy promises it any more", es: "ninguna política lo promete ya" },
        Cancelled::NotOwed => Both { en: "it is not owed any more", es: "ya no se debe" },
        Cancelled::NeverOpen => Both { en: "its calendar never opens", es: "su calendario no abre nunca" },
        Cancelled::Waived => {
            Both { en: "somebody said that it needs no answer", es: "alguien dijo que no hacía falta responder" }
        }
    };
    match language {
        Language::Es => both.es,
        Language::En => both.en,
    }
}
