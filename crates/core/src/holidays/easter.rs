//! Easter Sunday of the Western churches, on which every movable feast depends.

use chrono::NaiveDate;

/// Easter Sunday of `year` in the Gregorian calendar. `None` outside chrono's range.
///
/// The ecclesiastical computus in the form of Meeus, *Astronomical Algorithms*, chapter 8: the Sunday after the
/// Paschal full moon, which is reckoned from the year's place in the lunar cycle and not observed.
pub(super) fn sunday(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let moon_drift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_drift + 15).rem_euclid(30);
    let to_sunday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4).rem_euclid(7);
    // Two late full moons are brought forward, so that Easter never falls after 25 April.
    let brought_forward = (golden + 11 * epact + 22 * to_sunday) / 451;
    let days = u32::try_from(epact + to_sunday - 7 * brought_forward + 114).ok()?;
    NaiveDate::from_ymd_opt(year, days / 31, days % 31 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_of_known_years() {
        // The earliest and the latest possible, both kinds of correction, and the years in use.
        for (year, month, day) in [
            (1818, 3, 22),
            (1943, 4, 25),
            (1954, 4, 18),
            (1981, 4, 19),
            (2000, 4, 23),
            (2008, 3, 23),
            (2019, 4, 21),
            (2023, 4, 9),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2029, 4, 1),
            (2030, 4, 21),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
        ] {
            assert_eq!(sunday(year), NaiveDate::from_ymd_opt(year, month, day), "{year}");
        }
    }
}
