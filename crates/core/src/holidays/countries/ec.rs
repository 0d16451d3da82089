//! Ecuador: Código del Trabajo art. 65, as amended by the law of 20 December 2016 (Registro Oficial, suplemento 906).
//!
//! The rest is moved, so the day itself is worked. Not counted are days off by decree that are made up for later.
//! The years before 2021 are left out, since Decreto 858 of 2015 had set theirs.

use super::Table;
use crate::holidays::rule::Day::{Easter, Fixed};
use crate::holidays::rule::{Rule, Weekdays};

/// Tuesday goes to Monday, Wednesday and Thursday to Friday, Saturday to the Friday before, Sunday to the Monday after.
const MOVABLE: Weekdays = Weekdays::Moved([0, -1, 2, 1, 0, -1, 1]);

/// 1 January and 25 December are moved off a weekend only.
const OFF_WEEKEND: Weekdays = Weekdays::Moved([0, 0, 0, 0, 0, -1, 1]);

// Two holidays in a row have a rule of their own, by which both always touch a weekend. Of Tuesday and Wednesday the
// second goes to Monday, of Wednesday and Thursday the first to Friday, of Friday and Saturday the second to Thursday,
// of Sunday and Monday the first to Tuesday.
const FIRST_OF_TWO: Weekdays = Weekdays::Moved([0, 0, 2, 0, 0, -1, 2]);
const SECOND_OF_TWO: Weekdays = Weekdays::Moved([0, 0, -2, 0, 0, -2, 1]);

/// All of them.
const LAW: &str = "Código del Trabajo art. 65, Registro Oficial S. 906 de 2016";

pub(super) static TABLE: Table = Table {
    first: 2021,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW).on(OFF_WEEKEND),
        Rule::new(Easter(-48), "Lunes de Carnaval", "Carnival Monday", LAW),
        Rule::new(Easter(-47), "Martes de Carnaval", "Carnival Tuesday", LAW),
        Rule::new(Easter(-2), "Viernes Santo", "Good Friday", LAW),
        Rule::new(Fixed(5, 1), "Día del Trabajo", "Labour Day", LAW).on(MOVABLE),
        Rule::new(Fixed(5, 24), "Batalla de Pichincha", "Battle of Pichincha", LAW).on(MOVABLE),
        Rule::new(Fixed(8, 10), "Primer Grito de Independencia", "First Cry of Independence", LAW).on(MOVABLE),
        Rule::new(Fixed(10, 9), "Independencia de Guayaquil", "Independence of Guayaquil", LAW).on(MOVABLE),
        Rule::new(Fixed(11, 2), "Día de los Difuntos", "All Souls' Day", LAW).on(FIRST_OF_TWO),
        Rule::new(Fixed(11, 3), "Independencia de Cuenca", "Independence of Cuenca", LAW).on(SECOND_OF_TWO),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW).on(OFF_WEEKEND),
    ],
};
