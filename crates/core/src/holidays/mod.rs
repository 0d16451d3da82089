//! PURE. National holidays that are built in: which dates of a year are days of rest by a country's law.
//!
//! Counted is a day on which the law gives rest to everybody in the country. Not counted are days that the employer
//! chooses, that only banks or offices of the state keep, half days, election days, and those of a region or a town:
//! a holiday too few warns early, one too many warns late. `docs/holidays.md` lists the rules, their laws, and what is
//! left out. Laws change, so each country is known for some years only ([`Country::years`]); outside them the
//! answer is empty, and whether that is an error is for the caller to say.

mod countries;
mod easter;
mod rule;

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use crate::text::Both;

/// A country whose national holidays are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Country {
    /// Argentina.
    Ar,
    /// Chile.
    Cl,
    /// Colombia.
    Co,
    /// Costa Rica.
    Cr,
    /// Ecuador.
    Ec,
    /// Spain: only what the whole country keeps.
    Es,
    /// Guatemala.
    Gt,
    /// Mexico.
    Mx,
    /// Panama.
    Pa,
    /// Peru.
    Pe,
    /// United States: federal holidays.
    Us,
}

/// A holiday of a certain year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The date of rest, moved as the law has it.
    pub date: NaiveDate,
    /// What is celebrated. A day that a holiday adds beside itself bears the same name.
    pub name: Both<&'static str>,
    /// The law that makes it a day of rest, as that country cites it.
    pub law: &'static str,
}

impl Country {
    /// Every country, in the order of their codes.
    pub const ALL: [Self; 11] =
        [Self::Ar, Self::Cl, Self::Co, Self::Cr, Self::Ec, Self::Es, Self::Gt, Self::Mx, Self::Pa, Self::Pe, Self::Us];

    /// The country with that ISO 3166-1 code of two capital letters.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|country| country.code() == code)
    }

    /// Its ISO 3166-1 code of two letters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ar => "AR",
            Self::Cl => "CL",
            Self::Co => "CO",
            Self::Cr => "CR",
            Self::Ec => "EC",
            Self::Es => "ES",
            Self::Gt => "GT",
            Self::Mx => "MX",
            Self::Pa => "PA",
            Self::Pe => "PE",
            Self::Us => "US",
        }
    }

    /// First and last year for which its holidays are known. A law of tomorrow may still change a year to come.
    pub const fn years(self) -> RangeInclusive<i32> {
        let table = countries::table(self);
        table.first..=table.last
    }
}

/// The holidays of a year, in order; empty outside [`Country::years`]. Several on one date are all given.
///
/// A date belongs to the year in which it lies: where the New Year of 2028 is kept on 31 December 2027, it is in 2027.
pub fn of(country: Country, year: i32) -> Vec<Holiday> {
    if !country.years().contains(&year) {
        return Vec::new();
    }
    let mut holidays = Vec::new();
    for rule in countries::table(country).rules {
        // Rest may be moved over New Year, in either direction.
        for date in (year - 1..=year + 1).flat_map(|named_year| rule.dates(named_year)) {
            if date.year() == year {
                holidays.push(Holiday { date, name: rule.name().clone(), law: rule.law() });
            }
        }
    }
    holidays.sort_by_key(|holiday| holiday.date);
    holidays
}
