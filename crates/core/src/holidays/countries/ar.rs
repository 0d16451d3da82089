//! Argentina: Ley 27.399, with what decrees changed in single years.
//!
//! Not counted are the "días no laborables": Maundy Thursday, the bridges for tourism, those of a faith. The law leaves
//! them to the employer (art. 4 and 5; Ley de Contrato de Trabajo art. 167).

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{Rule, Weekdays};

/// Art. 6: Tuesday and Wednesday go to the Monday before, Thursday and Friday to the one after. Since Decreto 614/2025
/// a Saturday or Sunday may be moved as well, each time by a resolution: those are dates of `instead`.
const MOVABLE: Weekdays = Weekdays::Moved([0, -1, -2, 4, 3, 0, 0]);

/// Where nothing else is said.
const LAW: &str = "Ley 27.399 art. 1";

pub(super) static TABLE: Table = Table {
    first: 2023,
    last: 2030,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW),
        Rule::new(Easter(-48), "Lunes de Carnaval", "Carnival Monday", LAW),
        Rule::new(Easter(-47), "Martes de Carnaval", "Carnival Tuesday", LAW),
        Rule::new(
            Fixed(3, 24),
            "Día de la Memoria por la Verdad y la Justicia",
            "Day of Remembrance for Truth and Justice",
            LAW,
        ),
        Rule::new(
            Fixed(4, 2),
            "Día del Veterano y de los Caídos en la Guerra de Malvinas",
            "Day of the Veterans and Fallen of the Malvinas War",
            LAW,
        ),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Fixed(5, 1), "Día del Trabajador", "Labour Day", LAW),
        Rule::new(Fixed(5, 25), "Día de la Revolución de Mayo", "May Revolution Day", LAW),
        Rule::new(
            Fixed(6, 17),
            "Paso a la Inmortalidad del General Güemes",
            "Anniversary of the Death of General Güemes",
            "Ley 27.399 art. 1 y 6",
        )
        .on(MOVABLE),
        Rule::new(
            Fixed(6, 20),
            "Paso a la Inmortalidad del General Belgrano",
            "Anniversary of the Death of General Belgrano",
            LAW,
        ),
        Rule::new(Fixed(7, 9), "Día de la Independencia", "Independence Day", LAW),
        Rule::new(
            Fixed(8, 17),
            "Paso a la Inmortalidad del General San Martín",
            "Anniversary of the Death of General San Martín",
            "Ley 27.399 art. 1 y 6",
        )
        .on(MOVABLE),
        // Sunday in 2025: Resolución 139/2025 of the Jefatura de Gabinete.
        Rule::new(
            Fixed(10, 12),
            "Día del Respeto a la Diversidad Cultural",
            "Day of Respect for Cultural Diversity",
            "Ley 27.399 art. 1 y 6",
        )
        .on(MOVABLE)
        .instead(&[(2025, 10, 10)]),
        Rule::new(Fixed(11, 9), "Visita del Papa León XIV", "Visit of Pope Leo XIV", "Decreto 1103/2026").only(2026),
        Rule::new(Fixed(11, 20), "Día de la Soberanía Nacional", "National Sovereignty Day", "Ley 27.399 art. 1 y 6")
            .on(MOVABLE),
        Rule::new(Fixed(12, 8), "Inmaculada Concepción de María", "Immaculate Conception", LAW),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW),
    ],
};
