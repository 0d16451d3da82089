//! Guatemala: Código de Trabajo art. 127.
//!
//! Not counted are the afternoons of 24 and 31 December, and the feast of each town: 15 August is that of the capital.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{Rule, Weekdays};

/// Decreto 19-2018: Tuesday and Wednesday go to the Monday before, Thursday to Sunday to the Monday after. It was for
/// 1 May and 20 October as well, until the Corte de Constitucionalidad annulled that in April 2020 (5536-2018).
const TO_A_MONDAY: Weekdays = Weekdays::Moved([0, -1, -2, 4, 3, 2, 1]);

/// Where nothing else is said.
const LAW: &str = "Código de Trabajo art. 127";

pub(super) static TABLE: Table = Table {
    first: 2021,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW),
        Rule::new(Easter(-3), "Jueves Santo", "Maundy Thursday", LAW),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Easter(-1), "Sábado Santo", "Holy Saturday", LAW),
        Rule::new(Fixed(5, 1), "Día del Trabajo", "Labour Day", LAW),
        Rule::new(Fixed(6, 30), "Día del Ejército", "Army Day", "Código de Trabajo art. 127, Decreto 19-2018")
            .on(TO_A_MONDAY),
        Rule::new(Fixed(9, 15), "Día de la Independencia", "Independence Day", LAW),
        Rule::new(Fixed(10, 20), "Día de la Revolución", "Revolution Day", LAW),
        Rule::new(Fixed(11, 1), "Todos los Santos", "All Saints' Day", LAW),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW),
    ],
};
