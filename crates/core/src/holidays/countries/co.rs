//! Colombia: Ley 51 de 1983 (the "Ley Emiliani"), and one holiday of 2026.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{Rule, TO_NEXT_MONDAY};

/// Kept on its day.
const KEPT: &str = "Ley 51 de 1983 art. 1";
/// Moved to the next Monday.
const MOVED: &str = "Ley 51 de 1983 art. 1 y 2";

pub(super) static TABLE: Table = Table {
    first: 1984,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", KEPT),
        Rule::new(Fixed(1, 6), "Reyes Magos", "Epiphany", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Fixed(3, 19), "San José", "Saint Joseph's Day", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Easter(-3), "Jueves Santo", "Maundy Thursday", KEPT),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", KEPT),
        Rule::new(Fixed(5, 1), "Día del Trabajo", "Labour Day", KEPT),
        Rule::new(Easter(39), "Ascensión del Señor", "Ascension Day", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Easter(60), "Corpus Christi", "Corpus Christi", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Easter(68), "Sagrado Corazón de Jesús", "Sacred Heart", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Fixed(6, 29), "San Pedro y San Pablo", "Saints Peter and Paul", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(
            Fixed(7, 9),
            "Nuestra Señora del Rosario de Chiquinquirá",
            "Our Lady of the Rosary of Chiquinquirá",
            "Ley 2578 de 2026 art. 6, Ley 51 de 1983",
        )
        .on(TO_NEXT_MONDAY)
        .since(2026),
        Rule::new(Fixed(7, 20), "Día de la Independencia", "Independence Day", KEPT),
        Rule::new(Fixed(8, 7), "Batalla de Boyacá", "Battle of Boyacá", KEPT),
        Rule::new(Fixed(8, 15), "Asunción de la Virgen", "Assumption of Mary", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Fixed(10, 12), "Día de la Raza", "Columbus Day", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Fixed(11, 1), "Todos los Santos", "All Saints' Day", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Fixed(11, 11), "Independencia de Cartagena", "Independence of Cartagena", MOVED).on(TO_NEXT_MONDAY),
        Rule::new(Fixed(12, 8), "Inmaculada Concepción", "Immaculate Conception", KEPT),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", KEPT),
    ],
};
