//! What can be wrong with an `.ics` file, in words.

use crate::both;
use crate::config::mistake::quoted;
use crate::text::Both;

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcsError {
    /// The line, from 1; 0 where it is the file as a whole.
    line: usize,
    cause: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    Unreadable(String),
    NoFile,
    TooLarge,
    NoCalendar,
    Malformed,
    Cut,
    EndsEarly,
    TooManyEvents,
    TooManyDays,
    TooManyRecurrences,
    TooMuchWork,
    NoStart,
    BadDate(String),
    BadLength(String),
    BadRule(String),
}

impl IcsError {
    pub(super) const fn new(line: usize, cause: Cause) -> Self {
        Self { line, cause }
    }

    /// Cause and remedy.
    pub fn told(&self) -> (Both, Both) {
        let (cause, remedy) = self.cause.told();
        if self.line == 0 {
            return (cause, remedy);
        }
        let (line, Both { en, es }) = (self.line, cause);
        (both!("line {line} of this file: {en}", "línea {line} de este archivo: {es}"), remedy)
    }
}

impl Cause {
    pub(super) fn told(&self) -> (Both, Both) {
        let export =
            || both!("export the calendar again as iCalendar", "exporte otra vez el calendario como iCalendar");
        let fewer = || both!("keep only the holidays in it", "deje en él solo los feriados");
        match self {
            Self::Unreadable(error) => (
                both!("it cannot be read: {error}", "no se puede leer: {error}"),
                both!(
                    "put it beside sla.toml, or write its whole path",
                    "póngalo junto a sla.toml o escriba la ruta entera"
                ),
            ),
            Self::NoFile => (
                both!("it is no regular file", "no es un archivo normal"),
                both!("name a file that ends in .ics", "indique un archivo que termine en .ics"),
            ),
            Self::TooLarge => (both!("it is larger than 1 MiB", "pasa de 1 MiB"), fewer()),
            Self::NoCalendar => (
                both!("no iCalendar begins here (BEGIN:VCALENDAR)", "aquí no empieza un iCalendar (BEGIN:VCALENDAR)"),
                export(),
            ),
            Self::Malformed => (both!("it cannot be read", "no se puede leer"), export()),
            Self::Cut => (both!("it never ends", "no termina"), export()),
            Self::EndsEarly => (
                both!(
                    "the file ends before its calendar: it may be cut",
                    "el archivo termina antes que su calendario: puede estar cortado"
                ),
                export(),
            ),
            Self::TooManyEvents => (both!("more than 10,000 events", "más de 10.000 eventos"), fewer()),
            Self::TooManyDays => {
                (both!("with it, more than 5,000 days in all", "con él, más de 5.000 días en total"), fewer())
            }
            Self::TooManyRecurrences => {
                (both!("it recurs more than 5,000 times", "se repite más de 5.000 veces"), fewer())
            }
            Self::TooMuchWork => (
                both!(
                    "what stands before it recurs very often already",
                    "lo que está antes ya se repite demasiadas veces"
                ),
                fewer(),
            ),
            Self::NoStart => (both!("it has no DTSTART", "no tiene DTSTART"), export()),
            Self::BadDate(word) => {
                let word = quoted(word);
                (
                    both!("`{word}` is no date that exists", "`{word}` no es una fecha que exista"),
                    both!("write it as 20261224", "escríbala como 20261224"),
                )
            }
            Self::BadLength(word) => {
                let word = quoted(word);
                (
                    both!("it cannot last `{word}`", "no puede durar `{word}`"),
                    both!("let it last from 1 day to 366 days", "que dure de 1 a 366 días"),
                )
            }
            Self::BadRule(why) => {
                let why = quoted(why);
                (
                    both!("it has no recurrence of days: {why}", "no se repite por días: {why}"),
                    both!("write one such as RRULE:FREQ=YEARLY", "escriba una como RRULE:FREQ=YEARLY"),
                )
            }
        }
    }
}
