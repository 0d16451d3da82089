//! Spain: the national holidays that every autonomous community keeps, as the BOE publishes them each autumn.
//!
//! On a Sunday a holiday is left out of that list: its Monday is for each community to take or to replace. Regional and
//! local holidays are not counted, nor is Maundy Thursday, which Catalonia and Valencia do not keep.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{NOT_ON_SUNDAY, Rule};

/// None may be replaced by a community.
const LAW: &str = "RD 2001/1983 art. 45.1 a, b y c";

pub(super) static TABLE: Table = Table {
    first: 2022,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW).on(NOT_ON_SUNDAY),
        // A community might replace it, and none does.
        Rule::new(Fixed(1, 6), "Epifanía del Señor", "Epiphany", "RD 2001/1983 art. 45.1 d").on(NOT_ON_SUNDAY),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Fixed(5, 1), "Fiesta del Trabajo", "Labour Day", LAW).on(NOT_ON_SUNDAY),
        Rule::new(Fixed(8, 15), "Asunción de la Virgen", "Assumption of Mary", LAW).on(NOT_ON_SUNDAY),
        Rule::new(Fixed(10, 12), "Fiesta Nacional de España", "National Day", LAW).on(NOT_ON_SUNDAY),
        Rule::new(Fixed(11, 1), "Todos los Santos", "All Saints' Day", LAW).on(NOT_ON_SUNDAY),
        Rule::new(Fixed(12, 6), "Día de la Constitución", "Constitution Day", LAW).on(NOT_ON_SUNDAY),
        Rule::new(Fixed(12, 8), "Inmaculada Concepción", "Immaculate Conception", LAW).on(NOT_ON_SUNDAY),
        Rule::new(Fixed(12, 25), "Natividad del Señor", "Christmas Day", LAW).on(NOT_ON_SUNDAY),
    ],
};
