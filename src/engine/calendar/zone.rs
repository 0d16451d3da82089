//! Wall-clock times of a zone as instants.

use chrono::offset::Offset as _;
use chrono::{
    DateTime, Datelike as _, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;

/// Years in which no zone changes its clock twice within [`AROUND`], as Boa Vista did in 2000; a test holds it against the
/// zones that are built in.
pub(super) const ORDERLY_YEARS: std::ops::Range<i32> = 2002..2100;
/// From before a week's Monday until after its Sunday, whatever the zone's offset from UTC.
const AROUND: (TimeDelta, TimeDelta) = (TimeDelta::days(-1), TimeDelta::days(8));

/// The instant at which the wall clock of `zone` shows that second of `date`: of two, the first; of none, the change that
/// skips it.
pub(super) fn instant(zone: Tz, date: NaiveDate, second: u32) -> DateTime<Utc> {
    to_utc(zone, NaiveDateTime::new(date, NaiveTime::MIN) + TimeDelta::seconds(second.into()))
}

/// As [`instant`], for any wall-clock time.
pub(super) fn to_utc(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
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
    let offset = |at: NaiveDateTime| zone.offset_from_utc_datetime(&at).fix().local_minus_utc();
    let before = offset(midnight + AROUND.0);
    (before == offset(midnight + AROUND.1)).then(|| TimeDelta::seconds(before.into()))
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
    fn no_zone_changes_its_clock_twice_within_a_week() {
        let step = TimeDelta::hours(12);
        let span = AROUND.1 - AROUND.0;
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
