//! Panama: Código de Trabajo art. 46 and 47.
//!
//! Not counted are Carnival Monday and 4 November, on which only banks and offices of the state close.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{Rule, Weekdays};

/// Art. 47: where a holiday falls on a Sunday, the Monday after is a day of rest too.
const SUNDAY_AND_MONDAY: Weekdays = Weekdays::Added([0, 0, 0, 0, 0, 0, 1]);

/// Where nothing else is said.
const LAW: &str = "Código de Trabajo art. 46 y 47";

pub(super) static TABLE: Table = Table {
    first: 2023,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW).on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(1, 9), "Día de los Mártires", "Martyrs' Day", LAW).on(SUNDAY_AND_MONDAY),
        Rule::new(Easter(-47), "Martes de Carnaval", "Carnival Tuesday", LAW),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Fixed(5, 1), "Día del Trabajo", "Labour Day", LAW).on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(7, 1), "Toma de posesión presidencial", "Presidential Inauguration", LAW)
            .on(SUNDAY_AND_MONDAY)
            .every(5, 2024),
        Rule::new(Fixed(11, 3), "Separación de Panamá de Colombia", "Separation from Colombia", LAW)
            .on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(11, 5), "Día de Colón", "Colón Day", "Ley 55 de 2001").on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(11, 10), "Primer Grito de Independencia", "First Cry of Independence", LAW)
            .on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(11, 28), "Independencia de Panamá de España", "Independence from Spain", LAW)
            .on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(12, 8), "Día de la Madre", "Mother's Day", LAW).on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(12, 20), "Día de Duelo Nacional", "National Day of Mourning", "Ley 291 de 2022")
            .on(SUNDAY_AND_MONDAY),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW).on(SUNDAY_AND_MONDAY),
    ],
};
