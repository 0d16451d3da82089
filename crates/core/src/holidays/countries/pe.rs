//! Peru: Decreto Legislativo 713, art. 6, and the laws that added to it.
//!
//! None is moved. Not counted are the "días no laborables", which are for the state and made up for later, and Easter
//! Sunday, which the law does not name.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::Rule;

/// Where nothing else is said.
const LAW: &str = "Decreto Legislativo 713 art. 6";

pub(super) static TABLE: Table = Table {
    first: 2022,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW),
        Rule::new(Easter(-3), "Jueves Santo", "Maundy Thursday", LAW),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Fixed(5, 1), "Día del Trabajo", "Labour Day", LAW),
        Rule::new(Fixed(6, 7), "Batalla de Arica y Día de la Bandera", "Battle of Arica and Flag Day", "Ley 31788")
            .since(2024),
        Rule::new(Fixed(6, 29), "San Pedro y San Pablo", "Saints Peter and Paul", LAW),
        Rule::new(Fixed(7, 23), "Día de la Fuerza Aérea", "Air Force Day", "Ley 31822").since(2023),
        Rule::new(Fixed(7, 28), "Fiestas Patrias", "Independence Day", LAW),
        Rule::new(Fixed(7, 29), "Fiestas Patrias", "Independence Day", LAW),
        Rule::new(Fixed(8, 6), "Batalla de Junín", "Battle of Junín", "Ley 31530"),
        Rule::new(Fixed(8, 30), "Santa Rosa de Lima", "Saint Rose of Lima", LAW),
        Rule::new(Fixed(10, 8), "Combate de Angamos", "Battle of Angamos", LAW),
        Rule::new(Fixed(11, 1), "Todos los Santos", "All Saints' Day", LAW),
        Rule::new(Fixed(12, 8), "Inmaculada Concepción", "Immaculate Conception", LAW),
        Rule::new(Fixed(12, 9), "Batalla de Ayacucho", "Battle of Ayacucho", "Ley 31381"),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW),
    ],
};
