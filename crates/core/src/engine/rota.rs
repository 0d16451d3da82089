//! Rotations: who is on duty at an instant, by turns, overrides and absences.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::calendar::{Calendar, zone};

/// How often a turn may be passed on, so that a rota where everybody is away ends.
const MOST_TURNS: usize = 64;
/// A rota is not counted back or forth further than this many days.
const MOST_DAYS: i64 = 366 * 50;

/// People who are on duty in turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Rota {
    /// Name in `sla.toml`.
    pub name: String,
    /// Keys of people, in the order of their turns.
    pub people: Vec<String>,
    /// When turns change.
    pub handover: Handover,
    /// The day on which the first one's turn begins.
    pub since: NaiveDate,
    /// The zone of all its times.
    pub zone: Tz,
    /// Of a daily one: turns change on its working days only, and whoever began a day off keeps it until the next working day.
    pub calendar: Option<Arc<Calendar>>,
    /// Who is on duty at certain times whatever the turns say; the last one that holds wins.
    pub overrides: Vec<Override>,
    /// Who is away, and who stands in.
    pub away: Vec<Away>,
}

/// When turns change, by the wall clock of the rota's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// Each day at that time.
    Daily(NaiveTime),
    /// Each week on that day at that time.
    Weekly(Weekday, NaiveTime),
}

/// Somebody on duty out of turn, from an instant until another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when, that instant not included.
    pub until: DateTime<Utc>,
    /// Key of the person.
    pub person: String,
}

/// Somebody away, whole days of the rota's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// Key of the person.
    pub person: String,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// Who stands in; whoever has the next turn where it is left out.
    pub substitute: Option<String>,
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Key of the person.
    pub person: String,
    /// Until when, at the latest.
    pub until: DateTime<Utc>,
}

impl Rota {
    /// Who is on duty at `at`; nobody where the rota has not begun, or everybody is away.
    pub fn on_duty(&self, at: DateTime<Utc>) -> Option<&str> {
        if let Some(out_of_turn) = self.overrides.iter().rfind(|one| one.from <= at && at < one.until) {
            return Some(&out_of_turn.person);
        }
        let day = self.day_of_turn(at)?;
        let turn = self.turn(day)?;
        self.present(turn, at.with_timezone(&self.zone).date_naive())
    }

    /// Who is on duty at `at`, and until when that is settled.
    pub fn turn_at(&self, at: DateTime<Utc>) -> Option<Turn> {
        let person = self.on_duty(at)?.to_owned();
        let mut until = self.next_change(at);
        while self.on_duty(until).is_some_and(|next| next == person) && until < at + chrono::TimeDelta::days(400) {
            until = self.next_change(until);
        }
        Some(Turn { person, until })
    }

    /// The next instant at which somebody else may be on duty.
    pub(super) fn next_change(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let local = at.with_timezone(&self.zone).date_naive();
        let days = (0..=1).filter_map(|n| local.checked_add_days(Days::new(n)));
        let midnights = days.clone().map(|day| zone::to_utc(self.zone, NaiveDateTime::new(day, NaiveTime::MIN)));
        let handovers = days.map(|day| self.handover_on(day));
        let overrides = self.overrides.iter().flat_map(|one| [one.from, one.until]);
        let changes = midnights.chain(handovers).chain(overrides).filter(|change| at < *change);
        changes.min().unwrap_or(at + chrono::TimeDelta::days(1))
    }

    fn time(&self) -> NaiveTime {
        match self.handover {
            Handover::Daily(time) | Handover::Weekly(_, time) => time,
        }
    }

    fn handover_on(&self, day: NaiveDate) -> DateTime<Utc> {
        zone::to_utc(self.zone, NaiveDateTime::new(day, self.time()))
    }

    /// The day whose hand-over began the turn that runs at `at`. Compared as instants: a clock that is set back hands nothing back.
    fn day_of_turn(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let mut day = at.with_timezone(&self.zone).date_naive();
        if at < self.handover_on(day) {
            day = day.pred_opt()?;
        }
        if let Handover::Weekly(weekday, _) = self.handover {
            let back = day.weekday().days_since(weekday);
            day = day.checked_sub_days(Days::new(back.into()))?;
        }
        Some(day)
    }

    /// The number of the turn that began on `day`.
    fn turn(&self, day: NaiveDate) -> Option<usize> {
        let days = (day - self.since).num_days();
        match (self.handover, &self.calendar) {
            (Handover::Weekly(weekday, _), _) => {
                let first = self.since.checked_sub_days(Days::new(self.since.weekday().days_since(weekday).into()))?;
                usize::try_from((day - first).num_days() / 7).ok().filter(|_| first <= day)
            }
            (Handover::Daily(_), None) => usize::try_from(days).ok(),
            (Handover::Daily(_), Some(calendar)) => {
                if !(0..MOST_DAYS).contains(&days) {
                    return None;
                }
                let working = self.since.iter_days().take_while(|one| *one <= day);
                let n_turns = working.filter(|one| calendar.is_working_day(*one)).count();
                Some(n_turns.saturating_sub(1))
            }
        }
    }

    /// Whoever has that turn, or stands in.
    fn present(&self, turn: usize, day: NaiveDate) -> Option<&str> {
        let n_people = self.people.len();
        let mut next = turn;
        let mut person = self.people.get(turn.checked_rem(n_people)?)?;
        for _ in 0..MOST_TURNS {
            let away = self.away.iter().find(|away| away.person == *person && away.from <= day && day <= away.until);
            let Some(away) = away else { return Some(person) };
            match &away.substitute {
                Some(substitute) => person = substitute,
                None => {
                    next += 1;
                    person = self.people.get(next % n_people)?;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use chrono_tz::America::{Bogota, Santiago};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    fn at(zone: Tz, text: &str) -> DateTime<Utc> {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap_or_default();
        zone.from_local_datetime(&local).earliest().map(|at| at.to_utc()).unwrap_or_default()
    }

    fn rota(zone: Tz, handover: Handover) -> Rota {
        Rota {
            name: "guardia".to_owned(),
            people: ["ana", "luis", "marta"].map(str::to_owned).to_vec(),
            handover,
            since: day("2026-01-05"),
            zone,
            calendar: None,
            overrides: Vec::new(),
            away: Vec::new(),
        }
    }

    fn eight() -> NaiveTime {
        NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default()
    }

    #[test]
    fn a_weekly_turn_ends_at_its_hour_of_its_day() {
        let rota = rota(Bogota, Handover::Weekly(Weekday::Mon, eight()));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-05 07:59")), None);
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-05 08:00")), Some("ana"));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-12 07:59")), Some("ana"));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-12 08:00")), Some("luis"));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-26 08:00")), Some("ana"), "the turns begin again");
        let turn = rota.turn_at(at(Bogota, "2026-01-13 12:00"));
        assert_eq!(turn, Some(Turn { person: "luis".to_owned(), until: at(Bogota, "2026-01-19 08:00") }));
    }

    #[test]
    fn a_daily_turn_passes_over_days_off() {
        let mut rota = rota(Bogota, Handover::Daily(eight()));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-10 09:00")), Some("marta"), "Saturday is the sixth day");
        let hours = super::super::calendar::Hours::new(8 * 3_600, 18 * 3_600).into_iter().collect::<Vec<_>>();
        let week: [Vec<_>; 7] = std::array::from_fn(|n| if n < 5 { hours.clone() } else { Vec::new() });
        let calendar = Calendar::new("office", Bogota, week, [].into());
        rota.calendar = Some(Arc::new(calendar));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-09 09:00")), Some("luis"), "Friday is the fifth working day");
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-11 09:00")), Some("luis"), "who has Friday has the weekend");
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-12 09:00")), Some("marta"));
    }

    #[test]
    fn the_wall_clock_decides_whatever_the_offset_is() {
        // Santiago's clocks went back on 2026-04-05 at 00:00, so that 23:30 of the 4th comes twice.
        let late = NaiveTime::from_hms_opt(23, 30, 0).unwrap_or_default();
        let rota = rota(Santiago, Handover::Daily(late));
        let first = at(Santiago, "2026-04-04 23:30");
        let before = first - chrono::TimeDelta::minutes(1);
        let (one, next) = (rota.on_duty(before).map(str::to_owned), rota.on_duty(first).map(str::to_owned));
        assert_ne!(one, next);
        for minutes in [20, 40, 60, 80] {
            let later = first + chrono::TimeDelta::minutes(minutes);
            assert_eq!(rota.on_duty(later).map(str::to_owned), next, "nothing is handed back {minutes} minutes later");
        }
        // And forward on 2026-09-06 at 00:00: a hand-over in the gap comes at its end.
        let rota = Rota { handover: Handover::Daily(NaiveTime::from_hms_opt(0, 30, 0).unwrap_or_default()), ..rota };
        let end_of_gap = at(Santiago, "2026-09-06 01:00");
        assert_ne!(rota.on_duty(end_of_gap), rota.on_duty(end_of_gap - chrono::TimeDelta::minutes(1)));
    }

    #[test]
    fn overrides_and_absences_go_before_turns() {
        let mut rota = rota(Bogota, Handover::Weekly(Weekday::Mon, eight()));
        rota.overrides.push(Override {
            from: at(Bogota, "2026-01-06 18:00"),
            until: at(Bogota, "2026-01-07 08:00"),
            person: "marta".to_owned(),
        });
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-06 18:00")), Some("marta"));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-07 08:00")), Some("ana"));
        let away = |person: &str, substitute: Option<&str>| Away {
            person: person.to_owned(),
            from: day("2026-01-08"),
            until: day("2026-01-09"),
            substitute: substitute.map(str::to_owned),
        };
        rota.away.push(away("ana", None));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-08 12:00")), Some("luis"), "the next in turn stands in");
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-10 12:00")), Some("ana"));
        rota.away.push(away("luis", Some("marta")));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-08 12:00")), Some("marta"));
        rota.away.push(away("marta", Some("luis")));
        assert_eq!(rota.on_duty(at(Bogota, "2026-01-08 12:00")), None, "nobody is left");
    }
}
