//! The clock, against those of the servers that told the time when they answered. Mail servers do not.

use std::cmp::Reverse;

use chrono::TimeDelta;

use super::finding::{Finding, Group, Subject};
use super::house::House;
use crate::both;
use crate::text::{Both, format};

/// By so much a clock may differ: servers tell whole seconds, and an answer takes a moment.
const WARNS: TimeDelta = TimeDelta::seconds(5);
/// Beyond, what plazo says of deadlines is wrong, and signatures of calls are refused.
const FAILS: TimeDelta = TimeDelta::seconds(60);

pub(super) fn check(house: &House) -> Finding {
    let subject = Subject::new(Group::Clock, "clock", Both { en: "the clock", es: "el reloj" });
    let ahead = house.ahead();
    let Some((place, middle)) = middle(ahead.clone()) else {
        return subject.skipped_until(
            both!("no server told the time", "ningún servidor dijo la hora"),
            both!(
                "timedatectl says whether this machine sets its clock by others",
                "timedatectl dice si esta máquina ajusta su reloj con otros"
            ),
        );
    };
    let (n, span) = (ahead.len(), format::span(middle.abs()));
    if middle.abs() <= WARNS {
        return subject.ok(both!(
            "as {n} of the servers above have it ({place})",
            "como lo tienen {n} de los servidores de arriba ({place})"
        ));
    }
    let found = if middle < TimeDelta::zero() {
        both!(
            "{span} behind that of {place} (servers that told the time: {n})",
            "{span} atrasado respecto de {place} (servidores que dijeron la hora: {n})"
        )
    } else {
        both!(
            "{span} ahead of that of {place} (servers that told the time: {n})",
            "{span} adelantado respecto de {place} (servidores que dijeron la hora: {n})"
        )
    };
    let remedy = both!("sudo timedatectl set-ntp true", "sudo timedatectl set-ntp true");
    if middle.abs() <= FAILS { subject.warn(found, remedy) } else { subject.fail(found, remedy) }
}

/// The one in the middle: a single server whose own clock is wrong counts for nothing beside two that agree. Of two, the nearer one.
fn middle(mut ahead: Vec<(String, TimeDelta)>) -> Option<(String, TimeDelta)> {
    ahead.sort_by_key(|(_, by)| Reverse(by.abs()));
    let place = ahead.len() / 2;
    ahead.into_iter().nth(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_server_among_others_is_not_believed() {
        let of = |seconds: &[i64]| {
            let ahead = seconds.iter().map(|n| (n.to_string(), TimeDelta::seconds(*n))).collect();
            middle(ahead).map(|(_, by)| by.num_seconds())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[300]), Some(300));
        assert_eq!(of(&[300, 1]), Some(1));
        assert_eq!(of(&[-300, 1, 0]), Some(1));
        assert_eq!(of(&[300, 301, 0]), Some(300));
    }
}
