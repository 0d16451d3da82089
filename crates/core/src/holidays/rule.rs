//! How laws fix a holiday: by a day, by what its weekday does to it, and for certain years.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};

use super::easter;
use crate::text::Both;

/// The day that a law names, before its weekday is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// Month and day of the month.
    Fixed(u32, u32),
    /// The weekday of the month that bears this number, from 1.
    Nth(u8, Weekday, u32),
    /// The last such weekday of the month.
    Last(Weekday, u32),
    /// Days after Easter Sunday, or before it where negative.
    Easter(i64),
}

/// What happens to a day that falls on a certain weekday. Arrays begin with Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weekdays {
    /// Nothing: it stays.
    Any,
    /// Its rest is moved by that many days; the day itself is worked.
    Moved([i64; 7]),
    /// That many days later or earlier is a holiday too; zero adds none.
    Added([i64; 7]),
    /// It is a holiday only on some weekdays.
    Only([bool; 7]),
}

/// To the Monday after, unless it is a Monday.
pub(super) const TO_NEXT_MONDAY: Weekdays = Weekdays::Moved([0, 6, 5, 4, 3, 2, 1]);

/// On any day but Sunday.
pub(super) const NOT_ON_SUNDAY: Weekdays = Weekdays::Only([true, true, true, true, true, true, false]);

/// One holiday of a country: a day, its names, and the law that makes it one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    day: Day,
    weekdays: Weekdays,
    name: Both<&'static str>,
    law: &'static str,
    since: i32,
    until: i32,
    /// Years from one to the next, counted from `since`.
    every: i32,
    /// Year, month and day where a decree set another date, already moved.
    instead: &'static [(i32, u32, u32)],
}

impl Rule {
    /// A holiday of every year that stays on its day. `law` is what makes it one.
    pub(super) const fn new(day: Day, es: &'static str, en: &'static str, law: &'static str) -> Self {
        Self {
            day,
            weekdays: Weekdays::Any,
            name: Both { en, es },
            law,
            since: i32::MIN,
            until: i32::MAX,
            every: 1,
            instead: &[],
        }
    }

    /// The same, with that done to certain weekdays.
    pub(super) const fn on(mut self, weekdays: Weekdays) -> Self {
        self.weekdays = weekdays;
        self
    }

    /// The same from that year on.
    pub(super) const fn since(mut self, year: i32) -> Self {
        self.since = year;
        self
    }

    /// The same in that year only.
    pub(super) const fn only(mut self, year: i32) -> Self {
        self.since = year;
        self.until = year;
        self
    }

    /// The same every so many years, the first being `first`.
    pub(super) const fn every(mut self, years: i32, first: i32) -> Self {
        self.since = first;
        self.every = years;
        self
    }

    /// The same, but on these dates (year, month, day) in these years, whatever their weekday.
    pub(super) const fn instead(mut self, dates: &'static [(i32, u32, u32)]) -> Self {
        self.instead = dates;
        self
    }

    /// Its names.
    pub(super) const fn name(&self) -> &Both<&'static str> {
        &self.name
    }

    /// The law that makes it a holiday.
    pub(super) const fn law(&self) -> &'static str {
        self.law
    }

    /// The dates of rest that the holiday of `year` gives. They may lie in the year before: a Saturday's New Year.
    pub(super) fn dates(&self, year: i32) -> impl Iterator<Item = NaiveDate> {
        self.observed(year).into_iter().flatten()
    }

    fn observed(&self, year: i32) -> [Option<NaiveDate>; 2] {
        if year < self.since || self.until < year || (self.every != 1 && (year - self.since) % self.every != 0) {
            return [None, None];
        }
        if let Some(&(_, month, day)) = self.instead.iter().find(|instead| instead.0 == year) {
            return [NaiveDate::from_ymd_opt(year, month, day), None];
        }
        let Some(date) = self.day.date(year) else { return [None, None] };
        let weekday = date.weekday().num_days_from_monday() as usize;
        let shifted = |days: i64| date.checked_add_signed(TimeDelta::days(days));
        match self.weekdays {
            Weekdays::Any => [Some(date), None],
            Weekdays::Moved(days) => [shifted(days[weekday]), None],
            Weekdays::Added(days) if days[weekday] != 0 => [Some(date), shifted(days[weekday])],
            Weekdays::Added(_) => [Some(date), None],
            Weekdays::Only(held) => [held[weekday].then_some(date), None],
        }
    }
}

impl Day {
    /// The day in `year`. `None` if that year has no such day, or chrono cannot tell it.
    fn date(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Fixed(month, day) => NaiveDate::from_ymd_opt(year, month, day),
            Self::Nth(number, weekday, month) => NaiveDate::from_weekday_of_month_opt(year, month, weekday, number),
            Self::Last(weekday, month) => {
                let week_before = NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)?;
                let last = week_before.checked_add_days(Days::new(7))?;
                Some(if last.month() == month { last } else { week_before })
            }
            Self::Easter(days) => easter::sunday(year)?.checked_add_signed(TimeDelta::days(days)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dates of a year as text, joined by a blank.
    fn dates(rule: &Rule, year: i32) -> String {
        rule.dates(year).map(|date| date.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn rule(day: Day) -> Rule {
        Rule::new(day, "Fiesta", "Feast", "a law")
    }

    #[test]
    fn the_emiliani_law_moves_to_the_next_monday_and_leaves_a_monday() {
        let epiphany = rule(Day::Fixed(1, 6)).on(TO_NEXT_MONDAY);
        for (year, date) in [
            (2020, "2020-01-06"),
            (2026, "2026-01-12"),
            (2021, "2021-01-11"),
            (2022, "2022-01-10"),
            (2023, "2023-01-09"),
            (2024, "2024-01-08"),
            (2029, "2029-01-08"),
        ] {
            assert_eq!(dates(&epiphany, year), date);
        }
        assert_eq!(dates(&rule(Day::Easter(39)).on(TO_NEXT_MONDAY), 2025), "2025-06-02");
    }

    #[test]
    fn a_day_may_be_moved_into_the_year_before() {
        let to_friday = rule(Day::Fixed(1, 1)).on(Weekdays::Moved([0, 0, 0, 0, 0, -1, 1]));
        assert_eq!(dates(&to_friday, 2028), "2027-12-31");
    }

    #[test]
    fn an_added_day_leaves_the_first_one() {
        let sunday = rule(Day::Fixed(7, 4)).on(Weekdays::Added([0, 0, 0, 0, 0, -1, 1]));
        assert_eq!(dates(&sunday, 2027), "2027-07-04 2027-07-05");
        assert_eq!(dates(&sunday, 2028), "2028-07-04");
    }

    #[test]
    fn the_last_weekday_is_the_fourth_or_the_fifth() {
        assert_eq!(dates(&rule(Day::Last(Weekday::Mon, 5)), 2026), "2026-05-25");
        assert_eq!(dates(&rule(Day::Last(Weekday::Mon, 5)), 2027), "2027-05-31");
        assert_eq!(dates(&rule(Day::Nth(3, Weekday::Mon, 11)), 2026), "2026-11-16");
    }

    #[test]
    fn years_bound_a_rule_and_a_decree_replaces_its_date() {
        let handover = rule(Day::Fixed(10, 1)).every(6, 2024);
        let held: Vec<_> = (2018..=2036).filter(|year| !dates(&handover, *year).is_empty()).collect();
        assert_eq!(held, [2024, 2030, 2036]);
        assert_eq!(dates(&rule(Day::Fixed(6, 7)).since(2024), 2023), "");
        assert_eq!(dates(&rule(Day::Fixed(11, 9)).only(2026), 2027), "");
        let moved = rule(Day::Fixed(10, 12)).on(TO_NEXT_MONDAY).instead(&[(2025, 10, 10)]);
        assert_eq!(dates(&moved, 2025), "2025-10-10");
        assert_eq!(dates(&moved, 2027), "2027-10-18");
    }
}
