//! Absence: who stands in for whom, and until when (LESSONS 52).

use chrono::{DateTime, Utc};

/// Substitutes of substitutes that are asked, so that a circle ends.
const MOST_SUBSTITUTES: usize = 16;

/// Somebody is away, from an instant until another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Key of the person.
    pub person: String,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when, that instant not included.
    pub until: DateTime<Utc>,
    /// Who stands in; the lead of the person's team where it is left out.
    pub substitute: Option<String>,
}

/// Who is there for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present<'a> {
    /// That one: the person, or who stands in.
    Somebody(&'a str),
    /// Nobody whom the file names: somebody in the chain has no substitute.
    Nobody,
    /// Everybody in the chain is away, and it leads back to its beginning.
    Circle,
}

/// Follows the chain of substitutes from a person to whoever is there at `at`.
pub fn present<'a>(absences: &'a [Absence], person: &'a str, at: DateTime<Utc>) -> Present<'a> {
    let mut present = person;
    for _ in 0..MOST_SUBSTITUTES {
        match in_force(absences, present, at).map(|away| away.substitute.as_deref()) {
            None => return Present::Somebody(present),
            Some(None) => return Present::Nobody,
            Some(Some(substitute)) => present = substitute,
        }
    }
    Present::Circle
}

/// The absence of a person that counts at `at`: the one that was written last, which is the news.
pub fn in_force<'a>(absences: &'a [Absence], person: &str, at: DateTime<Utc>) -> Option<&'a Absence> {
    absences.iter().rfind(|one| one.person == person && one.from <= at && at < one.until)
}

/// Until when a person is away who is so at `at`, absences that follow each other without a gap taken as one.
pub fn until(absences: &[Absence], person: &str, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut until = in_force(absences, person, at)?.until;
    for _ in 0..MOST_SUBSTITUTES {
        match in_force(absences, person, until) {
            Some(next) => until = next.until,
            None => break,
        }
    }
    Some(until)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn away(person: &str, from: i64, until: i64, substitute: Option<&str>) -> Absence {
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let substitute = substitute.map(str::to_owned);
        Absence { person: person.to_owned(), from: at(from), until: at(until), substitute }
    }

    #[test]
    fn lessons_52_substitutes_may_be_away_too() {
        let absences = [
            away("ana", 0, 10, Some("luis")),
            away("luis", 4, 8, Some("marta")),
            away("marta", 6, 7, Some("ana")),
            away("pia", 0, 10, None),
        ];
        let present = |person, hour| present(&absences, person, DateTime::UNIX_EPOCH + TimeDelta::hours(hour));
        assert_eq!(present("ana", 0), Present::Somebody("luis"));
        assert_eq!(present("ana", 4), Present::Somebody("marta"));
        assert_eq!(present("ana", 6), Present::Circle);
        assert_eq!(present("ana", 7), Present::Somebody("marta"), "its end is not part of it");
        assert_eq!(present("ana", 10), Present::Somebody("ana"));
        assert_eq!(present("pia", 3), Present::Nobody);
    }

    #[test]
    fn lessons_52_two_absences_without_a_gap_are_one() {
        let absences = [away("ana", 0, 10, None), away("ana", 10, 12, Some("luis")), away("ana", 13, 20, None)];
        let until = |hour| until(&absences, "ana", DateTime::UNIX_EPOCH + TimeDelta::hours(hour));
        let at = |hour| Some(DateTime::UNIX_EPOCH + TimeDelta::hours(hour));
        assert_eq!([until(0), until(11), until(12), until(13)], [at(12), at(12), None, at(20)]);
    }
}
