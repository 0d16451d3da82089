//! The rules of each country, as data; `docs/holidays.md` says the same in words.

mod ar;
mod cl;
mod co;
mod cr;
mod ec;
mod es;
mod gt;
mod mx;
mod pa;
mod pe;
mod us;

use super::Country;
use super::rule::Rule;

/// What is known of a country.
pub(super) struct Table {
    /// The first year in which the rules hold.
    pub(super) first: i32,
    /// The last year for which they are taken to hold.
    pub(super) last: i32,
    /// Its holidays, roughly in the order of the year.
    pub(super) rules: &'static [Rule],
}

/// What is known of `country`.
pub(super) const fn table(country: Country) -> &'static Table {
    match country {
        Country::Ar => &ar::TABLE,
        Country::Cl => &cl::TABLE,
        Country::Co => &co::TABLE,
        Country::Cr => &cr::TABLE,
        Country::Ec => &ec::TABLE,
        Country::Es => &es::TABLE,
        Country::Gt => &gt::TABLE,
        Country::Mx => &mx::TABLE,
        Country::Pa => &pa::TABLE,
        Country::Pe => &pe::TABLE,
        Country::Us => &us::TABLE,
    }
}
