//! Mexico: Ley Federal del Trabajo, art. 74.
//!
//! Not counted are election days (fraction IX), which are Sundays, and days that only banks or schools keep.

use chrono::Weekday::Mon;

use super::Table;
use crate::holidays::rule::Day::{Fixed, Nth};
use crate::holidays::rule::Rule;

/// All of them.
const LAW: &str = "LFT art. 74";

pub(super) static TABLE: Table = Table {
    first: 2019,
    last: 2040,
    rules: &[
        Rule::new(Fixed(1, 1), "Año Nuevo", "New Year's Day", LAW),
        Rule::new(Nth(1, Mon, 2), "Día de la Constitución", "Constitution Day", LAW),
        Rule::new(Nth(3, Mon, 3), "Natalicio de Benito Juárez", "Benito Juárez's Birthday", LAW),
        Rule::new(Fixed(5, 1), "Día del Trabajo", "Labour Day", LAW),
        Rule::new(Fixed(9, 16), "Día de la Independencia", "Independence Day", LAW),
        // Until 2018 it was on 1 December.
        Rule::new(
            Fixed(10, 1),
            "Transmisión del Poder Ejecutivo Federal",
            "Transfer of the Federal Executive Power",
            LAW,
        )
        .every(6, 2024),
        Rule::new(Nth(3, Mon, 11), "Día de la Revolución", "Revolution Day", LAW),
        Rule::new(Fixed(12, 25), "Navidad", "Christmas Day", LAW),
    ],
};
