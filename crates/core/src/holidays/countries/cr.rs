//! Costa Rica: Código de Trabajo art. 148. Ley 9875 moved some in 2020–2024, each to a date that it names; since 2025
//! all stay on their day.
//!
//! The three whose pay is not obligatory are counted: nobody has to work on them either.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::Rule;

/// Where nothing else is said.
const LAW: &str = "Código de Trabajo art. 148";

pub(super) static TABLE: Table = Table {
    first: 2021,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW),
        Rule::new(Easter(-3), "Jueves Santo", "Maundy Thursday", LAW),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(
            Fixed(4, 11),
            "Día de Juan Santamaría",
            "Juan Santamaría Day",
            "Código de Trabajo art. 148, Ley 9875",
        )
        .instead(&[(2023, 4, 10), (2024, 4, 15)]),
        Rule::new(Fixed(5, 1), "Día Internacional del Trabajo", "Labour Day", "Código de Trabajo art. 148, Ley 9875")
            .instead(&[(2021, 5, 3)]),
        Rule::new(
            Fixed(7, 25),
            "Anexión del Partido de Nicoya",
            "Annexation of Nicoya",
            "Código de Trabajo art. 148, Ley 9875",
        )
        .instead(&[(2021, 7, 26), (2023, 7, 24), (2024, 7, 29)]),
        Rule::new(Fixed(8, 2), "Virgen de los Ángeles", "Our Lady of the Angels", LAW),
        // Ley 9875 named 19 August for 2024 too; a later law took that back before it came.
        Rule::new(Fixed(8, 15), "Día de la Madre", "Mother's Day", "Código de Trabajo art. 148, Ley 9875")
            .instead(&[(2023, 8, 14)]),
        Rule::new(
            Fixed(8, 31),
            "Día de la Persona Negra y la Cultura Afrocostarricense",
            "Day of the Black Person and Afro-Costa Rican Culture",
            "Ley 10.050",
        )
        .instead(&[(2021, 9, 5), (2022, 9, 4), (2023, 9, 3)]),
        Rule::new(Fixed(9, 15), "Día de la Independencia", "Independence Day", "Código de Trabajo art. 148, Ley 9875")
            .instead(&[(2021, 9, 13), (2022, 9, 19)]),
        Rule::new(Fixed(12, 1), "Día de la Abolición del Ejército", "Army Abolition Day", "Ley 9803, Ley 9875")
            .instead(&[(2021, 11, 29), (2022, 12, 5)]),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW),
    ],
};
