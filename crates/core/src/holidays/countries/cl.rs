//! Chile: one law for almost each holiday.
//!
//! Not counted are election days (a Sunday as a rule), 31 December (banks), and holidays of a region.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{Rule, Weekdays};

/// Ley 19.668: Tuesday to Thursday go to the Monday of their week, Friday to the Monday after.
const MOVED_TO_MONDAY: Weekdays = Weekdays::Moved([0, -1, -2, -3, 3, 0, 0]);

/// Ley 20.299: Tuesday goes to the Friday before, Wednesday to the Friday of its week.
const MOVED_TO_FRIDAY: Weekdays = Weekdays::Moved([0, -4, 2, 0, 0, 0, 0]);

const ON_MONDAY: Weekdays = Weekdays::Only([true, false, false, false, false, false, false]);
const ON_FRIDAY: Weekdays = Weekdays::Only([false, false, false, false, true, false, false]);
const ON_MONDAY_OR_FRIDAY: Weekdays = Weekdays::Only([true, false, false, false, true, false, false]);

/// Where nothing else is said: the list that later laws amend.
const LAW: &str = "Ley 2.977";

pub(super) static TABLE: Table = Table {
    first: 2023,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW),
        Rule::new(Fixed(1, 2), "Feriado adicional de Año Nuevo", "Additional New Year's Holiday", "Ley 20.983")
            .on(ON_MONDAY),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Easter(-1), "Sábado Santo", "Holy Saturday", LAW),
        Rule::new(Fixed(5, 1), "Día Nacional del Trabajo", "Labour Day", "Código del Trabajo art. 35"),
        Rule::new(Fixed(5, 21), "Día de las Glorias Navales", "Navy Day", LAW),
        // The winter solstice by Chilean time: to 2040 it comes on 20 June in leap years and the years after them.
        Rule::new(
            Fixed(6, 21),
            "Día Nacional de los Pueblos Indígenas",
            "National Day of Indigenous Peoples",
            "Ley 21.357",
        )
        .instead(&[
            (2024, 6, 20),
            (2025, 6, 20),
            (2028, 6, 20),
            (2029, 6, 20),
            (2032, 6, 20),
            (2033, 6, 20),
            (2036, 6, 20),
            (2037, 6, 20),
            (2040, 6, 20),
        ]),
        Rule::new(Fixed(6, 29), "San Pedro y San Pablo", "Saints Peter and Paul", "Ley 18.432, Ley 19.668")
            .on(MOVED_TO_MONDAY),
        Rule::new(Fixed(7, 16), "Virgen del Carmen", "Our Lady of Mount Carmel", "Ley 20.148"),
        Rule::new(Fixed(8, 15), "Asunción de la Virgen", "Assumption of Mary", LAW),
        Rule::new(
            Fixed(9, 17),
            "Feriado adicional de Fiestas Patrias",
            "Additional National Holiday",
            "Ley 20.215, Ley 20.983",
        )
        .on(ON_MONDAY_OR_FRIDAY),
        Rule::new(Fixed(9, 18), "Independencia Nacional", "Independence Day", LAW),
        Rule::new(Fixed(9, 19), "Día de las Glorias del Ejército", "Army Day", LAW),
        Rule::new(Fixed(9, 20), "Feriado adicional de Fiestas Patrias", "Additional National Holiday", "Ley 20.215")
            .on(ON_FRIDAY),
        Rule::new(Fixed(10, 12), "Encuentro de Dos Mundos", "Meeting of Two Worlds", "Ley 3.810, Ley 19.668")
            .on(MOVED_TO_MONDAY),
        Rule::new(
            Fixed(10, 31),
            "Día de las Iglesias Evangélicas y Protestantes",
            "Day of the Evangelical and Protestant Churches",
            "Ley 20.299",
        )
        .on(MOVED_TO_FRIDAY),
        Rule::new(Fixed(11, 1), "Todos los Santos", "All Saints' Day", LAW),
        Rule::new(Fixed(12, 8), "Inmaculada Concepción", "Immaculate Conception", LAW),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW),
    ],
};
