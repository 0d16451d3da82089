//! United States: the federal holidays of 5 U.S.C. 6103.
//!
//! Not counted are Inauguration Day, kept in and around Washington only, and days on which a president closed the
//! offices of the government.

use chrono::Weekday::{Mon, Thu};

use super::Table;
use crate::holidays::rule::Day::{Fixed, Last, Nth};
use crate::holidays::rule::{Rule, Weekdays};

/// A Saturday gives the Friday before as well (5 U.S.C. 6103(b)), a Sunday the Monday after (Executive Order 11582).
/// The day itself stays a holiday, which is felt by those who work on weekends.
const OBSERVED: Weekdays = Weekdays::Added([0, 0, 0, 0, 0, -1, 1]);

/// All of them.
const LAW: &str = "5 U.S.C. 6103";

pub(super) static TABLE: Table = Table {
    first: 1986,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW).on(OBSERVED),
        Rule::new(Nth(3, Mon, 1), "Natalicio de Martin Luther King", "Birthday of Martin Luther King, Jr.", LAW),
        Rule::new(Nth(3, Mon, 2), "Natalicio de Washington", "Washington's Birthday", LAW),
        Rule::new(Last(Mon, 5), "Día de los Caídos", "Memorial Day", LAW),
        Rule::new(
            Fixed(6, 19),
            "Día de la Emancipación (Juneteenth)",
            "Juneteenth National Independence Day",
            "5 U.S.C. 6103, Public Law 117-17",
        )
        .on(OBSERVED)
        .since(2021),
        Rule::new(Fixed(7, 4), "Día de la Independencia", "Independence Day", LAW).on(OBSERVED),
        Rule::new(Nth(1, Mon, 9), "Día del Trabajo", "Labor Day", LAW),
        Rule::new(Nth(2, Mon, 10), "Día de Colón", "Columbus Day", LAW),
        Rule::new(Fixed(11, 11), "Día de los Veteranos", "Veterans Day", LAW).on(OBSERVED),
        Rule::new(Nth(4, Thu, 11), "Día de Acción de Gracias", "Thanksgiving Day", LAW),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW).on(OBSERVED),
    ],
};
