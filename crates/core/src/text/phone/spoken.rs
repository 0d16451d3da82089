//! An alert read aloud by a voice: names, the channel, the time and the number of the request. Nothing that a client wrote.

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

use crate::both;
use crate::engine::policy::TargetKind;
use crate::outbox::facts::AlertFacts;
use crate::text::reader::Reader;
use crate::text::{Both, Language, format, shown, task, vocabulary};

/// A call puts alerts off for so long.
pub const PUT_OFF: TimeDelta = TimeDelta::minutes(15);
/// Letters of a name that are read.
const LONGEST_NAME: usize = 60;

const MONTHS: Both<[&str; 12]> = Both {
    en: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    es: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
};

/// What is said to whoever has pressed a key, or heard enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallWord {
    /// It is theirs now.
    Taken,
    /// Its alerts are put off.
    PutOff,
    /// It is over by now.
    Over,
    /// It was heard; there is no single request to take.
    Heard,
    /// It cannot be done by this call any more.
    Refused,
}

impl CallWord {
    /// In words.
    pub fn said(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Taken => Both { en: "It is yours. Thank you.", es: "Queda a su cargo. Gracias." },
            Self::PutOff => Both { en: "Put off for 15 minutes.", es: "Pospuesta 15 minutos." },
            Self::Over => Both { en: "It is over already. Thank you.", es: "Ya no hace falta. Gracias." },
            Self::Heard => Both { en: "Thank you.", es: "Gracias." },
            Self::Refused => Both {
                en: "That cannot be done by this call. See the alert.",
                es: "Con esta llamada no se puede. Vea el aviso.",
            },
        })
    }
}

/// One alert: who waits, for what, since when, on which channel, by when.
pub fn alert(facts: &AlertFacts, reader: &Reader<'_>) -> String {
    let (language, now) = (reader.language, shown::as_of(facts, reader.now));
    let (who, channel) =
        (format::one_line(&shown::who(facts), LONGEST_NAME), vocabulary::channel(&facts.channel, language));
    let since = span(now - facts.started_at, language);
    let short = task::short(facts.target, language);
    let is_answer = matches!(facts.target, TargetKind::Reply | TargetKind::FirstReply | TargetKind::Acknowledge);
    let waits = language.of(if is_answer {
        both!(
            "{who} has waited for an answer for {since} on {channel}.",
            "{who} espera respuesta hace {since} por {channel}."
        )
    } else {
        both!("{who}, on {channel}: {short}, since {since}.", "{who}, por {channel}: {short}, desde hace {since}.")
    });
    let due = facts.due_at.map(|due_at| {
        let at = instant(due_at, now, reader.zone, language);
        language.of(if due_at <= now {
            both!(" It was due {at}.", " Venció {at}.")
        } else {
            both!(" It is due {at}.", " Vence {at}.")
        })
    });
    let number = facts.request.0;
    let request = language.of(both!(" Request {number}.", " Solicitud {number}."));
    let begins = language.of(Both { en: "Alert of plazo. ", es: "Alerta de plazo. " });
    format!("{begins}{waits}{}{request}", due.unwrap_or_default())
}

/// A message that is no single alert.
pub fn line(line: &str, language: Language) -> String {
    let begins = language.of(Both { en: "Alert of plazo. ", es: "Alerta de plazo. " });
    format!("{begins}{}.", format::one_line(line, 200).trim_end_matches('.'))
}

/// What can be pressed.
pub const fn keys(has_request: bool, language: Language) -> &'static str {
    match (has_request, language) {
        (true, Language::Es) => {
            "Para tomarla, marque 1. Para oír otra vez, marque 2. Para posponerla 15 minutos, marque 3."
        }
        (true, Language::En) => {
            "To take it, press 1. To hear it again, press 2. To put it off for 15 minutes, press 3."
        }
        (false, Language::Es) => "Para confirmar que oyó, marque 1. Para oír otra vez, marque 2.",
        (false, Language::En) => "To say that you heard, press 1. To hear it again, press 2.",
    }
}

/// `30 minutos`, `1 hora y 20 minutos`, `2 días y 3 horas`.
fn span(span: TimeDelta, language: Language) -> String {
    let minutes = span.num_minutes().max(0);
    let units = language.of(Both {
        en: [["day", "days"], ["hour", "hours"], ["minute", "minutes"]],
        es: [["día", "días"], ["hora", "horas"], ["minuto", "minutos"]],
    });
    let numbers = [minutes / 1_440, minutes / 60 % 24, minutes % 60];
    let words = numbers.iter().zip(units).filter(|(n, _)| 0 < **n);
    let mut words: Vec<String> =
        words.map(|(n, [one, many])| format!("{n} {}", if *n == 1 { one } else { many })).take(2).collect();
    if words.is_empty() {
        words.push(format!("0 {}", units[2][1]));
    }
    words.join(language.of(Both { en: " and ", es: " y " }))
}

/// `a las 9 y 35`, `a la 1 en punto`, `el 3 de marzo a las 9 y 35`.
fn instant(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone).date_naive());
    let (hour, minute) = (local.hour(), local.minute());
    let time = match (language, minute) {
        (Language::Es, 0) => format!("{hour} en punto"),
        (Language::Es, _) => format!("{hour} y {minute}"),
        (Language::En, 0) => format!("{hour} o'clock"),
        (Language::En, 1..10) => format!("{hour} oh {minute}"),
        (Language::En, _) => format!("{hour} {minute}"),
    };
    let article = if hour == 1 { "a la" } else { "a las" };
    if local.date_naive() == today {
        return language.of(both!("at {time}", "{article} {time}"));
    }
    let (day, month) = (local.day(), language.of(MONTHS)[local.month0() as usize]);
    language.of(both!("on {day} {month} at {time}", "el {day} de {month} {article} {time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap_or_default();
        let now = at("2026-03-02T14:35:00Z");
        for (due, es, en) in [
            ("2026-03-02T14:35:00Z", "a las 9 y 35", "at 9 35"),
            ("2026-03-02T18:00:00Z", "a las 13 en punto", "at 13 o'clock"),
            ("2026-03-02T06:10:00Z", "a la 1 y 10", "at 1 10"),
            ("2026-03-02T15:05:00Z", "a las 10 y 5", "at 10 oh 5"),
            ("2026-03-03T14:35:00Z", "el 3 de marzo a las 9 y 35", "on 3 March at 9 35"),
        ] {
            let said = |language| instant(at(due), now, Tz::America__Bogota, language);
            assert_eq!((said(Language::Es), said(Language::En)), (es.to_owned(), en.to_owned()), "{due}");
        }
        for (minutes, es) in [
            (0, "0 minutos"),
            (1, "1 minuto"),
            (30, "30 minutos"),
            (80, "1 hora y 20 minutos"),
            (3_000, "2 días y 2 horas"),
        ] {
            assert_eq!(span(TimeDelta::minutes(minutes), Language::Es), es);
        }
    }
}
