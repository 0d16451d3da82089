//! Wall-clock times of a zone as instants.

use chrono::offset::Offset as _;
use chrono::{
    DateTime, Datelike as _, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;

/// Years in which no zone changes its clock and changes it back between two [`LOOKS`]; a test holds it against the zones that
/// are built in.
const ORDERLY_YEARS: std::ops::Range<i32> = 1971..2100;
/// From before a week's Monday until after its Sunday, whatever the zone's offset from UTC. Gaza's clocks changed twice within
/// a week, hence the one in the middle.
const LOOKS: [TimeDelta; 3] = [TimeDelta::hours(-24), TimeDelta::hours(84), TimeDelta::hours(192)];

/// The instant at which the wall clock of `zone` shows that second of `date`: of two, the first; of none, the change that
/// skips it.
pub(super) fn instant(zone: Tz, date: NaiveDate, second: u32) -> DateTime<Utc> {
    to_utc(zone, NaiveDateTime::new(date, NaiveTime::MIN) + TimeDelta::seconds(second.into()))
}

/// As `instant`, for any wall-clock time.
pub fn to_utc(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => end_of_gap(zone, local),
    }
}

/// The zone's offset, if it is the same from before to after the seven days that begin with `monday`.
pub(super) fn steady_offset(zone: Tz, monday: NaiveDate) -> Option<TimeDelta> {
    if !ORDERLY_YEARS.contains(&monday.year()) {
        return None;
    }
    let midnight = NaiveDateTime::new(monday, NaiveTime::MIN);
    let [before, middle, after] =
        LOOKS.map(|look| zone.offset_from_utc_datetime(&(midnight + look)).fix().local_minus_utc());
    (before == middle && middle == after).then(|| TimeDelta::seconds(before.into()))
}

/// The instant of the clock change that skips `local`: the first whose wall clock shows `local` or later.
fn end_of_gap(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    // Offsets lie within a day of UTC, and a zone skips a day at most, so the change lies within two days.
    let mut before = local.and_utc() - TimeDelta::days(2);
    let mut after = local.and_utc() + TimeDelta::days(2);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if middle.with_timezone(&zone).naive_local() < local { before = middle } else { after = middle }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_zone_changes_its_clock_twice_between_two_looks() {
        let step = TimeDelta::hours(12);
        let span = LOOKS[1] - LOOKS[0];
        let begin = NaiveDate::from_ymd_opt(ORDERLY_YEARS.start, 1, 1).expect("a date").and_time(NaiveTime::MIN) - span;
        let end = NaiveDate::from_ymd_opt(ORDERLY_YEARS.end, 1, 1).expect("a date").and_time(NaiveTime::MIN) + span;
        for zone in chrono_tz::TZ_VARIANTS {
            let offset = |at: NaiveDateTime| zone.offset_from_utc_datetime(&at).fix().local_minus_utc();
            let (mut at, mut last, mut changed_at) = (begin, offset(begin), begin - span - span);
            while at < end {
                at += step;
                let now = offset(at);
                if now != last {
                    assert!(span < at - changed_at, "{zone} changes its clock about {changed_at} and {at}");
                    (last, changed_at) = (now, at);
                }
            }
        }
    }
}
